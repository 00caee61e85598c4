"""What customers owe and what was paid of it: dues, payments, and the cash on its way to finance (E-15, W-5.1).

due ──payments cover it──▶ collected ──cash counted, proof seen──▶ confirmed
│ └───────────────waive──▶ waived         (a reversal leads back to due)
└──the fee was wrong──▶ void

handover: open ──confirm──▶ confirmed
└──withdraw──▶ withdrawn
"""

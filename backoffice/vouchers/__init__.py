"""Service vouchers 服务凭证 and visits: dispatch, the work on site, the signature, and the way into the archive.

    issued ──complete (signed)──▶ signed ──take back──▶ returned ──write off / archive──▶ archived
      │ └──customer refuses───────────────────────────────▲  ▲                                │
      │                           │                           └──undo write-off (same day)────┘
      └──────────void─────────────┴──▶ void

Acts on the call that need its voucher: dispatch, reassign, cancel, arrive, revisit, complete, report unsigned, confirm
or decline unsigned, customer refuses, write off, undo. Acts on the voucher: take back, archive, void.
Acts on the visit: correct.
"""

"""Parts sales: parts that are supplied without a visit, at cost after the warranty (E-30, S-1.2).

draft ──deliver──▶ delivered ──take back, in whole──▶ reversed
└──void──▶ void
"""

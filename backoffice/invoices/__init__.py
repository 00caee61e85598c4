"""Invoices: requested for dues, issued on the tax platform and recorded here, delivered, corrected (E-16, W-5.5).

    requested ──issue──▶ issued ──deliver──▶ delivered
        └──reject──▶ rejected   └──red, in whole──┴──▶ red_issued

The application records what the tax platform issued; it does not connect to it. Whether an invoice is paid is computed
from its dues.
"""

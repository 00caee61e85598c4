"""Notes and files of an invoice; the issued invoice itself may be one of them (G-04, G-10)."""

from backoffice.core import remarks
from backoffice.core.permissions import Permission
from backoffice.invoices.models import Invoice

note, attach = remarks.declare(
    "invoice", Invoice,
    (Permission.INVOICE_ISSUE, Permission.INVOICE_REQUEST, Permission.INVOICE_REQUEST_OWN),
)  # fmt: skip

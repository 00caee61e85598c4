"""The printed paper of invoices: the sheet with which one is requested (F-20)."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from backoffice.core.money import capitals
from backoffice.core.permissions import Permission
from backoffice.ui.printing import Paper, Personal, print_form

from .models import Invoice, InvoiceDue, InvoiceState


@print_form(
    "F-20", Invoice, label=_l("Invoice request"), paper=Paper.A4, template="invoices/print_request.html",
    permission=Permission.INVOICE_READ,
    load=(
        joinedload(Invoice.requested_by), joinedload(Invoice.issued_by), joinedload(Invoice.red_of),
        selectinload(Invoice.lines), selectinload(Invoice.covers).joinedload(InvoiceDue.due),
    ),
)  # fmt: skip
def request_sheets(invoices: Sequence[Invoice], personal: Personal) -> list[dict[str, Any]]:
    """Buyer, lines, totals and the dues; the buyer in full for whoever has to type it into the tax platform."""
    return [
        {
            **{
                name: personal.full(invoice, name)
                for name in ("title", "buyer_address", "buyer_phone", "bank_account", "email")
            },
            "capitals": capitals(invoice.gross_total),
            "dues": "、".join(cover.due.number for cover in invoice.covers),
            "void": invoice.state.label if invoice.state is InvoiceState.REJECTED else "",
        }
        for invoice in invoices
    ]  # fmt: skip

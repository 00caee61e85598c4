"""An invoice is issued on the tax platform, recorded here with its number, and delivered (W-5.5, X-05)."""

from collections.abc import Mapping
from datetime import date, datetime

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, notices
from backoffice.core.acts import act, check_after
from backoffice.core.errors import MissingInput
from backoffice.core.permissions import Permission
from backoffice.core.texts import clean
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.invoices.rules import DeliveryWay, check_day, check_number
from backoffice.organisation.models import User

from .checks import write_issued

ISSUED = notices.kind("invoice.issued", _l("Invoice %(number)s was issued under number %(invoice_no)s."))


@act(
    "invoice.issue", Invoice, permission=Permission.INVOICE_ISSUE, label=_l("Issue"), rule="W-5.5",
    sources=[InvoiceState.REQUESTED], target=InvoiceState.ISSUED, tone="primary", order=10,
)  # fmt: skip
def issue(
    invoice: Invoice, *, by: User, at: datetime, invoice_no: str = "", invoice_code: str = "",
    issued_on: date | None = None, numbers: Mapping[int, tuple[str, str]] | None = None,
) -> None:  # fmt: skip
    """Record the number under which the tax platform issued it, and the day; from then on it is never edited.

    numbers: of several invoices in bulk, (number, code) by their keys.
    """
    typed = (invoice_no, invoice_code) if numbers is None else numbers.get(invoice.id, ("", ""))
    if not typed[0].strip():
        raise MissingInput(_l("Enter the invoice number."), rule="X-05", field="invoice_no")
    day = check_day(issued_on, clock.local(invoice.requested_at).date(), clock.today())
    number, code = check_number(invoice.medium, *typed, day)
    write_issued(
        invoice, by, state=InvoiceState.ISSUED, invoice_no=number, invoice_code=code, issued_on=day,
        issued_by_id=by.id,
    )  # fmt: skip
    if invoice.requested_by_id != by.id:
        notices.send(ISSUED, [invoice.requested_by_id], invoice, number=invoice.number, invoice_no=number)


@act(
    "invoice.deliver", Invoice, permission=Permission.INVOICE_ISSUE, label=_l("Deliver"), rule="E-16",
    sources=[InvoiceState.ISSUED], target=InvoiceState.DELIVERED, tone="primary", order=20,
)  # fmt: skip
def deliver(invoice: Invoice, *, by: User, at: datetime, way: DeliveryWay | None = None, tracking_no: str = "") -> None:
    """Note how and when it went to the customer."""
    if way is None:
        raise MissingInput(_l("Choose how it is delivered."), rule="E-16", field="way")
    if invoice.issued_on is not None:
        check_after(at, clock.day_start(invoice.issued_on), _l("Issued"))
    invoice.delivered_via, invoice.delivered_at = way, at
    invoice.tracking_no = clean(tracking_no, 60, "tracking_no")

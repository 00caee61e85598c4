"""What the acts on invoices check and take alike: the buyer, the lines, and the dues that become free."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from backoffice.core import alike
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, Remedy, RuleViolated
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor
from backoffice.core.texts import clean
from backoffice.customers.models import CustomerKind
from backoffice.customers.rules import check_email
from backoffice.fees.rules import TaxNature
from backoffice.invoices import queries
from backoffice.invoices.models import Invoice, InvoiceDue, InvoiceLine
from backoffice.invoices.rules import InvoiceKind, InvoiceMedium, Item, check_buyer, taxed
from backoffice.receivables.workflow.dues import lock_dues
from backoffice.settings import queries as settings

#: The buyer's facts besides kind and medium, with their longest texts.
_TEXTS = {
    "buyer_address": 200, "buyer_phone": 40, "bank_name": 120, "bank_account": 40, "email": 120, "remark": 200,
}  # fmt: skip


def buyer_facts(
    customer_kind: CustomerKind, kind: InvoiceKind | None, medium: InvoiceMedium | None, title: str, tax_id: str,
    **texts: str,
) -> dict[str, Any]:  # fmt: skip
    """What an invoice says of its buyer, checked (X-04, X-06): the columns of `Invoice`."""
    title = clean(title, 120, "title")
    code = check_buyer(kind, title, tax_id, is_company=customer_kind is CustomerKind.COMPANY)
    if medium is None:
        raise MissingInput(_l("Choose on what it is issued."), rule="X-05", field="medium")
    facts = {field: clean(texts.get(field, ""), longest, field) for field, longest in _TEXTS.items()}
    try:
        check_email(facts["email"])
    except MissingInput as refusal:
        refusal.field = "email"
        raise
    return {"kind": kind, "medium": medium, "title": title, "tax_id": code, **facts}


def rate_of(nature: TaxNature) -> Decimal:
    """The rate in percent that the settings give for the nature today (C-15); it is copied onto the line."""
    return settings.amount(f"C-15-{nature.value}")


def line_of(branch_id: int, position: int, item: Item, rate: Decimal, due_id: int | None = None) -> InvoiceLine:
    """A line with its net and tax (X-03)."""
    parts = taxed(item.amount, rate)
    return InvoiceLine(
        branch_id=branch_id, position=position, due_id=due_id, name=item.name, tax_nature=item.tax_nature,
        quantity=item.quantity, unit=item.unit, unit_price=item.unit_price, rate=rate, net=parts.net, tax=parts.tax,
        gross=parts.gross,
    )  # fmt: skip


def totals_of(lines: Iterable[InvoiceLine]) -> dict[str, Decimal]:
    """The sums of the lines: the columns of `Invoice`."""
    lines = list(lines)
    return {f"{part}_total": sum((getattr(line, part) for line in lines), NOTHING) for part in ("net", "tax", "gross")}


def free_dues(invoice: Invoice) -> None:
    """Let the dues of an invoice be free for another one; what is pending in the session is flushed."""
    covers = [cover for cover in invoice.covers if cover.is_live]
    dues = lock_dues(cover.due_id for cover in covers)
    with alike.together():
        for cover in covers:
            cover.is_live = False
        for due in dues:
            due.is_invoiced = False
        db.session.flush()


def cover(invoice_branch: int, due_id: int, amount: Decimal) -> InvoiceDue:
    """That an invoice covers a due."""
    return InvoiceDue(branch_id=invoice_branch, due_id=due_id, amount=amount, is_live=True)


def write_issued(invoice: Invoice, by: Actor, *, invoice_no: str, invoice_code: str, **facts: Any) -> None:
    """Write an invoice with its number, which is recorded once (X-05), and flush.

    Raises RuleViolated naming the other invoice to whoever sees it. Of two that write one number at once, one wins.
    """
    other = queries.with_number(invoice_no, invoice_code)
    if other is None:
        try:
            with db.session.begin_nested():
                for name, value in {"invoice_no": invoice_no, "invoice_code": invoice_code, **facts}.items():
                    setattr(invoice, name, value)
                db.session.add(invoice)
                db.session.flush()
        except IntegrityError as error:
            if "invoice_no" not in str(error.orig):
                raise
            other = queries.with_number(invoice_no, invoice_code)
        else:
            return
    raise _number_is_taken(other, by)


def _number_is_taken(other: Invoice | None, by: Actor) -> RuleViolated:
    if other is None or not queries.sees(other, by):
        return RuleViolated(_l("This invoice number is recorded already."), rule="X-05", field="invoice_no")
    return RuleViolated(
        _l("This invoice number is recorded on %(number)s already.", number=other.number), rule="X-05",
        field="invoice_no", remedy=Remedy(_l("Open the invoice"), "invoices.details_view", {"id": other.id}),
    )  # fmt: skip

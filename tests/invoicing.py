"""Makers of invoices for tests, past the acts where a test needs a state at once."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from backoffice.core import clock
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Role
from backoffice.fees.rules import TaxNature
from backoffice.invoices.models import LIVE, Invoice, InvoiceDue, InvoiceLine, InvoiceState
from backoffice.invoices.rules import DeliveryWay, InvoiceKind, InvoiceMedium, taxed
from backoffice.receivables.models import Due
from tests import factories as make
from tests.money import make_due

_counter = iter(range(1, 10**9))
#: A tax id whose check digit fits.
TAX_ID = "91350100M000100Y43"


def digital_no(n: int | None = None, year: int | None = None) -> str:
    """A number as the tax platform gives them; another one at each call."""
    return f"{(year or clock.today().year) % 100:02}33{2:02}{n or next(_counter):014}"


def company(**over: Any) -> Any:
    """A customer to whom any kind of invoice can be issued."""
    return make.make_customer(**{"credit_code": TAX_ID, "invoice_title": "杭州江南水务有限公司"} | over)


def buyer(**over: Any) -> dict[str, Any]:
    """What a request says of its buyer."""
    return {"kind": InvoiceKind.NORMAL, "title": "杭州江南水务有限公司", "tax_id": TAX_ID} | over


def make_invoice(
    state: InvoiceState = InvoiceState.REQUESTED, due: Due | None = None, rate: str = "13.00", **over: Any
) -> Invoice:
    """An invoice for one due in that state; a wholly red one has no red invoice beside it."""
    due = due or make_due(customer=company())
    branch_id = due.branch_id
    lines = []
    for place, one in enumerate(due.lines, 1):
        parts = taxed(one.amount, Decimal(rate))
        lines.append(
            InvoiceLine(
                branch_id=branch_id, position=place, due_id=due.id, name=one.name, tax_nature=one.tax_nature,
                quantity=one.quantity, unit=one.unit, unit_price=one.unit_price, rate=Decimal(rate), net=parts.net,
                tax=parts.tax, gross=parts.gross,
            )
        )  # fmt: skip
    by_id = over.pop("requested_by_id", None) or make.make_user(Role.ASSISTANT).id
    live = state in LIVE
    facts: dict[str, Any] = {
        "number": f"KPHZ-T-{next(_counter):05}", "branch_id": branch_id, "state": state,
        "customer_id": due.customer_id, "customer_kind": due.customer_kind, "customer_name": due.customer_name,
        "requested_at": clock.now(), "requested_by_id": by_id, "issue_due_at": clock.now() + timedelta(days=1),
        "medium": InvoiceMedium.DIGITAL, **buyer(), **sums(lines),
    }  # fmt: skip
    if state in (InvoiceState.ISSUED, InvoiceState.DELIVERED, InvoiceState.RED_ISSUED):
        facts |= {"invoice_no": digital_no(), "issued_on": clock.today(),
                  "issued_by_id": make.make_user(Role.FINANCE).id}  # fmt: skip
    if state is InvoiceState.DELIVERED:
        facts |= {"delivered_via": DeliveryWay.HAND, "delivered_at": clock.now()}
    if state is InvoiceState.REJECTED:
        facts["reject_reason"] = "wrong title"
    if state is InvoiceState.RED_ISSUED:
        facts["red_total"] = facts["gross_total"]
    due.is_invoiced = live
    invoice = Invoice(**(facts | over))
    invoice.lines = lines
    invoice.covers = [InvoiceDue(branch_id=branch_id, due_id=due.id, amount=due.amount, is_live=live)]
    return make.saved(invoice)


def make_red(original: Invoice, amount: str | None = None, **over: Any) -> Invoice:
    """The red invoice of the first line of another one, written past the acts; the original is not touched."""
    first = original.lines[0]
    gross = -(Decimal(amount) if amount else first.gross)
    parts = taxed(gross, first.rate)
    line = InvoiceLine(
        branch_id=original.branch_id, position=first.position, name=first.name, tax_nature=first.tax_nature,
        quantity=Decimal(-1), unit_price=-gross, rate=first.rate, net=parts.net, tax=parts.tax, gross=gross,
    )  # fmt: skip
    facts: dict[str, Any] = {
        "number": f"KPHZ-T-{next(_counter):05}", "branch_id": original.branch_id, "state": InvoiceState.ISSUED,
        "customer_id": original.customer_id, "customer_kind": original.customer_kind,
        "customer_name": original.customer_name, "requested_at": clock.now(),
        "requested_by_id": original.requested_by_id, "issue_due_at": clock.now(), "is_red": True,
        "red_of_id": original.id, "red_confirmation_no": "C1", "red_reason": "x", "invoice_no": digital_no(),
        "issued_on": clock.today(), "issued_by_id": original.requested_by_id, **buyer(), **sums([line]),
    }  # fmt: skip
    red = Invoice(**(facts | over))
    red.lines = [line]
    return make.saved(red)


def sums(lines: list[InvoiceLine]) -> dict[str, Decimal]:
    """The totals of lines."""
    return {f"{part}_total": sum((getattr(one, part) for one in lines), NOTHING) for part in ("net", "tax", "gross")}


def job_items(*amounts: str) -> list[tuple[str, TaxNature, str]]:
    """Items of a due: labour, a part, travel, …; one below 0 is a discount."""
    natures = (TaxNature.REPAIR, TaxNature.PARTS, TaxNature.MAINTENANCE, TaxNature.INSTALLATION, TaxNature.OTHER)
    return [
        ("Discount" if amount.startswith("-") else f"Item {n}", natures[n % len(natures)], amount)
        for n, amount in enumerate(amounts)
    ]


def today() -> date:
    """The office's day."""
    return clock.today()

"""Red invoices: they take an issued one back, in part or whole; an invoice is never edited (X-05, W-5.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, notices
from backoffice.core.acts import act
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.money import NOTHING, check_above_zero
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import fold_code, given
from backoffice.customers.models import Customer
from backoffice.fees.rules import TaxNature
from backoffice.invoices import queries
from backoffice.invoices.models import Invoice, InvoiceLine, InvoiceState
from backoffice.invoices.rules import (
    InvoiceKind,
    InvoiceMedium,
    Item,
    check_day,
    check_number,
    check_rate,
    part_of,
)
from backoffice.organisation.models import User
from backoffice.organisation.queries import assistant_ids, supervisor_ids
from backoffice.organisation.workflow.numbers import take_number

from .checks import buyer_facts, free_dues, line_of, rate_of, totals_of, write_issued

TAKEN_BACK = notices.kind(
    "invoice.red", _l("Invoice %(number)s was wholly taken back by red invoice %(red)s. Its dues are free again.")
)
#: Lines of a red invoice whose original was issued elsewhere, at most.
MOST_LINES = 100
_BUYER = (
    "kind", "medium", "title", "tax_id", "buyer_address", "buyer_phone", "bank_name", "bank_account", "email",
    "customer_id", "customer_kind", "customer_name",
)  # fmt: skip


@dataclass(frozen=True)
class RedLine:
    """A line that is taken back: amount with tax above 0; rate in percent, none: that of the nature today."""

    name: str
    tax_nature: TaxNature | None
    amount: Decimal | None
    rate: Decimal | None = None


def _blue(invoice: Invoice, by: Actor) -> None:
    if invoice.is_red:
        raise RuleViolated(_l("A red invoice is not taken back itself."), rule="X-05")


@act(
    "invoice.red", Invoice, permission=Permission.INVOICE_ISSUE, label=_l("Red invoice"), rule="W-5.5",
    sources=[InvoiceState.ISSUED, InvoiceState.DELIVERED], guards=[_blue], bulk=False, tone="danger", order=70,
    also=[(Invoice, state, InvoiceState.RED_ISSUED) for state in (InvoiceState.ISSUED, InvoiceState.DELIVERED)],
)  # fmt: skip
def red(
    invoice: Invoice, *, by: User, at: datetime, invoice_no: str = "", invoice_code: str = "",
    issued_on: date | None = None, red_confirmation_no: str = "", reason: str = "",
    amounts: Mapping[int, Decimal] | None = None,
) -> Invoice:  # fmt: skip
    """Record the red invoice that takes this one back; returns it, issued, with a number of its own (N-11).

    amounts: what is taken back of lines, by their numbers, with tax above 0; none: all that is left. Each line keeps
    its rate. An invoice that is wholly taken back covers its dues no longer.
    """
    facts = _red_facts(by, at, red_confirmation_no, reason)
    day = check_day(issued_on, invoice.issued_on, clock.today())
    number, code = _number(invoice.medium, invoice_no, invoice_code, day)
    lines = _lines_of_part(invoice, amounts)
    totals = totals_of(lines)
    made = Invoice(
        number=take_number("N-11", invoice.branch_id), branch_id=invoice.branch_id, red_of_id=invoice.id,
        lines=lines, **{name: getattr(invoice, name) for name in _BUYER}, **totals, **facts,
    )  # fmt: skip
    write_issued(made, by, invoice_no=number, invoice_code=code, issued_on=day)
    left = invoice.gross_total - invoice.red_total + totals["gross_total"]
    if left == 0:
        free_dues(invoice)
        invoice.state = InvoiceState.RED_ISSUED
        people = [invoice.requested_by_id, *assistant_ids(invoice.branch_id), *supervisor_ids(invoice.branch_id)]
        notices.send(TAKEN_BACK, people, invoice, number=invoice.number, red=made.number)
    invoice.red_total = invoice.gross_total - left
    return made


@act(
    "invoice.record_external_red", Invoice, permission=Permission.INVOICE_ISSUE,
    label=_l("Red invoice for one issued elsewhere"), rule="E-16", creates=True, bulk=False,
)  # fmt: skip
def record_external_red(
    *, by: User, at: datetime, customer: Customer | None = None, external_original_no: str = "",
    kind: InvoiceKind | None = None, medium: InvoiceMedium | None = InvoiceMedium.DIGITAL, title: str = "",
    tax_id: str = "", invoice_no: str = "", invoice_code: str = "", issued_on: date | None = None,
    red_confirmation_no: str = "", reason: str = "", lines: Sequence[RedLine] = (),
) -> Invoice:  # fmt: skip
    """Record the red invoice for an original that was issued outside this system (E-16)."""
    if customer is None:
        raise MissingInput(_l("Choose the customer."), rule="E-16", field="customer")
    _check_branch(customer, by)
    original = fold_code(
        given(external_original_no, 40, "external_original_no", _l("Enter the number of the original."), rule="E-16")
    )
    _check_is_elsewhere(original, by)
    title, tax_id = title.strip() or customer.invoice_title or customer.name, tax_id.strip() or customer.credit_code
    buyer = buyer_facts(customer.kind, kind, medium, title, tax_id)
    facts = _red_facts(by, at, red_confirmation_no, reason)
    day = check_day(issued_on, None, clock.today())
    number, code = _number(buyer["medium"], invoice_no, invoice_code, day)
    made_of = _typed_lines(customer.branch_id, lines)
    made = Invoice(
        number=take_number("N-11", customer.branch_id), branch_id=customer.branch_id, customer_id=customer.id,
        customer_kind=customer.kind, customer_name=customer.name, external_original_no=original, lines=made_of,
        **buyer, **totals_of(made_of), **facts,
    )  # fmt: skip
    write_issued(made, by, invoice_no=number, invoice_code=code, issued_on=day)
    return made


def _red_facts(by: User, at: datetime, red_confirmation_no: str, reason: str) -> dict[str, Any]:
    confirmation = given(
        red_confirmation_no, 40, "red_confirmation_no", _l("Enter the number of the red-information confirmation."),
        rule="X-05",
    )  # fmt: skip
    return {
        "is_red": True, "state": InvoiceState.ISSUED, "red_confirmation_no": fold_code(confirmation),
        "red_reason": given(reason, 300, "reason", _l("Say why."), rule="W-5.5"), "requested_at": at,
        "requested_by_id": by.id, "issue_due_at": at, "issued_by_id": by.id,
    }  # fmt: skip


def _number(medium: InvoiceMedium, invoice_no: str, invoice_code: str, day: date) -> tuple[str, str]:
    if not invoice_no.strip():
        raise MissingInput(_l("Enter the invoice number."), rule="X-05", field="invoice_no")
    return check_number(medium, invoice_no, invoice_code, day)


def _lines_of_part(invoice: Invoice, amounts: Mapping[int, Decimal] | None) -> list[InvoiceLine]:
    """The red lines, each at the place of the line that it takes back; the original is locked."""
    taken = queries.taken_back(invoice)
    every = {line.position: line for line in queries.lines_of(invoice)}
    left = {place: line.gross - taken.get(place, NOTHING) for place, line in every.items()}
    if amounts is None:
        amounts = {place: amount for place, amount in left.items() if amount > 0}
    if not amounts:
        raise MissingInput(_l("Enter what is taken back of which line."), rule="W-5.5", field="amounts")
    for place, amount in amounts.items():
        if place not in every:
            raise MissingInput(_l("There is no line %(place)s.", place=place), rule="W-5.5", field="amounts")
        check_above_zero(amount, "amounts", rule="W-5.5")
        if amount > left[place]:
            raise RuleViolated(
                _l("Of line %(place)s only ¥%(left)s are left to be taken back.", place=place,
                   left=f"{left[place]:,.2f}"),
                rule="W-5.5", field="amounts",
            )  # fmt: skip
    return [_red_line(every[place], amount) for place, amount in sorted(amounts.items())]


def _red_line(line: InvoiceLine, amount: Decimal) -> InvoiceLine:
    quantity = line.quantity if amount == line.gross else part_of(line.quantity, amount, line.gross)
    item = Item(line.name, line.tax_nature, -quantity, line.unit, line.unit_price, -amount)
    made = line_of(line.branch_id, line.position, item, line.rate, line.due_id)
    made.tax_class = line.tax_class
    return made


def _typed_lines(branch_id: int, lines: Sequence[RedLine]) -> list[InvoiceLine]:
    if not lines:
        raise MissingInput(_l("Enter at least one line."), rule="E-16", field="lines")
    if len(lines) > MOST_LINES:
        raise MissingInput(_l("At most %(most)s lines fit here.", most=MOST_LINES), rule="E-16", field="lines")
    made = []
    for n, line in enumerate(lines):
        name = given(line.name, 300, f"lines-{n}-name", _l("Enter what it is."), rule="E-16")
        if line.tax_nature is None:
            raise MissingInput(_l("Choose the nature."), rule="X-02", field=f"lines-{n}-tax_nature")
        amount = check_above_zero(line.amount, f"lines-{n}-amount", rule="E-16")
        rate = rate_of(line.tax_nature) if line.rate is None else check_rate(line.rate, f"lines-{n}-rate")
        item = Item(name, line.tax_nature, Decimal(-1), "", amount, -amount)
        made.append(line_of(branch_id, n + 1, item, rate))
    return made


def _check_is_elsewhere(original: str, by: User) -> None:
    """Raises RuleViolated where the original is in this system: its red invoice is recorded on its own page."""
    here = queries.with_number_alone(original, by)
    if here is not None:
        raise RuleViolated(
            _l("This invoice is here as %(number)s. Record its red invoice on its own page.", number=here.number),
            rule="E-16", field="external_original_no",
            remedy=Remedy(_l("Open the invoice"), "invoices.details_view", {"id": here.id}),
        )  # fmt: skip


def _check_branch(customer: Customer, by: User) -> None:
    if customer.branch_id != by.branch_id and not by.sees_all_money:
        raise NotPermitted(_l("Choose one of your own branch."), rule="P-1", field="customer")

"""An invoice is requested for dues; until it is issued its buyer, rates and fate may change (W-5.5)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.core import deadlines, notices
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.deadlines import CalendarKind
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean, given
from backoffice.fees.rules import TaxNature
from backoffice.invoices import queries
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.invoices.rules import (
    InvoiceKind,
    InvoiceMedium,
    Item,
    blue_items,
    check_rate,
    positions,
    taxed,
)
from backoffice.organisation.models import User
from backoffice.organisation.queries import assistant_ids, supervisor_ids
from backoffice.organisation.workflow.numbers import take_number
from backoffice.receivables.models import Due, DueState
from backoffice.receivables.queries import is_own, only_own
from backoffice.settings import queries as settings

from .checks import buyer_facts, cover, free_dues, line_of, rate_of, totals_of

REJECTED = notices.kind("invoice.rejected", _l("Invoice request %(number)s was rejected: %(reason)s"))
_NONE_LEFT = (DueState.WAIVED, DueState.VOID)
_RIGHTS = (Permission.INVOICE_REQUEST, Permission.INVOICE_REQUEST_OWN)
#: Names of customers that one sentence lists.
_NAMED = 5


def _own_due(due: Due, by: Actor) -> None:
    if not by.can(Permission.INVOICE_REQUEST) and not only_own(by) and not is_own(due, by):
        raise NotPermitted(_l("You may request invoices for your own jobs only."), rule="P-3")


def _to_be_invoiced(due: Due, by: Actor) -> None:
    if due.state in _NONE_LEFT:
        raise RuleViolated(
            _l("Due %(number)s is “%(state)s”: there is nothing to invoice.", number=due.number,
               state=due.state.label),
            rule="W-5.5",
        )  # fmt: skip
    if due.is_invoiced:
        raise RuleViolated(
            _l("Due %(number)s is on an invoice already.", number=due.number), rule="W-5.5",
            remedy=Remedy(_l("Open its invoices"), "invoices.index_view", {"due": due.id}),
        )  # fmt: skip


def check_one_customer(dues: Sequence[Due]) -> None:
    """Raises RuleViolated naming the customers where the dues belong to several, or to several branches (E-16)."""
    if len({due.customer_id for due in dues}) > 1:
        names = list(dict.fromkeys(due.customer.number for due in dues))
        listed = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
        raise RuleViolated(
            _l("One invoice is for one customer; these dues belong to several: %(customers)s.", customers=listed),
            rule="E-16",
        )  # fmt: skip
    if len({due.branch_id for due in dues}) > 1:
        raise RuleViolated(_l("One invoice is for dues of one branch."), rule="E-16")


@act(
    "invoice.request", Due, permission=_RIGHTS, label=_l("Request an invoice"), rule="W-5.5", joint=True,
    guards=[_own_due, _to_be_invoiced], order=30,
)  # fmt: skip
def request(
    dues: Sequence[Due], *, by: User, at: datetime, kind: InvoiceKind | None = None,
    medium: InvoiceMedium | None = InvoiceMedium.DIGITAL, title: str = "", tax_id: str = "", buyer_address: str = "",
    buyer_phone: str = "", bank_name: str = "", bank_account: str = "", email: str = "", remark: str = "",
) -> Invoice:  # fmt: skip
    """Ask finance for one invoice for one or several dues of one customer; it is due within TL-15.

    The lines are copied from the dues, discounts spread over them (`rules.blue_items`), each with the rate of its
    nature today: neither is ever derived again (X-01). Returns the invoice with its number (N-11).
    """
    check_one_customer(dues)
    first = dues[0]
    facts = buyer_facts(
        first.customer_kind, kind, medium, title, tax_id, buyer_address=buyer_address, buyer_phone=buyer_phone,
        bank_name=bank_name, bank_account=bank_account, email=email, remark=remark,
    )  # fmt: skip
    items = _items(dues)
    rates = {nature: rate_of(nature) for nature in {item.tax_nature for _, item in items}}
    lines = [
        line_of(first.branch_id, place, item, rates[item.tax_nature], due_id)
        for place, (due_id, item) in enumerate(items, 1)
    ]
    invoice = Invoice(
        number=take_number("N-11", first.branch_id), branch_id=first.branch_id, state=InvoiceState.REQUESTED,
        customer_id=first.customer_id, customer_kind=first.customer_kind, customer_name=first.customer_name,
        requested_at=at, requested_by_id=by.id, issue_due_at=deadlines.after_days(
            at, settings.integer("TL-15"), CalendarKind.WORKING_DAYS, settings.calendar()
        ),
        lines=lines, covers=[cover(first.branch_id, due.id, due.amount) for due in dues], **totals_of(lines), **facts,
    )  # fmt: skip
    db.session.add(invoice)
    for due in dues:
        due.is_invoiced = True
    return invoice


def _items(dues: Sequence[Due]) -> list[tuple[int, Item]]:
    """What stands on the lines: (key of the due, item), due by due."""
    by_due: dict[int, list[Item]] = {due.id: [] for due in dues}
    for line in queries.lines_of_dues(by_due):
        by_due[line.due_id].append(
            Item(line.name, line.tax_nature, line.quantity, line.unit, line.unit_price, line.amount)
        )
    return [(key, item) for key, items in by_due.items() for item in blue_items(items)]


def _may_edit(invoice: Invoice, by: Actor) -> None:
    if invoice.requested_by_id != by.id and not by.can(Permission.INVOICE_ISSUE):
        raise NotPermitted(_l("Only finance and whoever requested it may change the request."), rule="P-3")


@act(
    "invoice.edit_request", Invoice, permission=(*_RIGHTS, Permission.INVOICE_ISSUE), label=_l("Edit the request"),
    rule="W-5.5", sources=[InvoiceState.REQUESTED], guards=[_may_edit], bulk=False, order=40,
)  # fmt: skip
def edit_request(
    invoice: Invoice, *, by: User, at: datetime, kind: InvoiceKind | None = None, medium: InvoiceMedium | None = None,
    title: str = "", tax_id: str = "", buyer_address: str = "", buyer_phone: str = "", bank_name: str = "",
    bank_account: str = "", email: str = "", remark: str = "",
) -> None:  # fmt: skip
    """Correct the buyer's data while the invoice is only requested."""
    facts = buyer_facts(
        invoice.customer_kind, kind, medium, title, tax_id, buyer_address=buyer_address, buyer_phone=buyer_phone,
        bank_name=bank_name, bank_account=bank_account, email=email, remark=remark,
    )  # fmt: skip
    for field, value in facts.items():
        setattr(invoice, field, value)


@act(
    "invoice.set_rates", Invoice, permission=Permission.INVOICE_ISSUE, label=_l("Set nature and rate"), rule="X-02",
    sources=[InvoiceState.REQUESTED], bulk=False, order=50,
)  # fmt: skip
def set_rates(
    invoice: Invoice, *, by: User, at: datetime, lines: str = "", tax_nature: TaxNature | None = None,
    rate: Decimal | None = None, tax_class: str = "",
) -> None:  # fmt: skip
    """Let finance decide on nature, rate and tax class of lines before the invoice is issued (X-02).

    lines: their numbers, `1-3, 7`; "" for all. rate: percent; none: that of the nature today. What the customer pays
    stays as it is, net and tax are taken apart anew.
    """
    every = queries.lines_of(invoice)
    chosen = set(positions(lines, len(every)))
    code = clean(tax_class, 30, "tax_class")
    if tax_nature is None and rate is None and not code:
        raise MissingInput(_l("Enter a nature, a rate or a tax class."), rule="X-02", field="tax_nature")
    if rate is None and tax_nature is not None:
        rate = rate_of(tax_nature)
    for line in every:
        if line.position not in chosen:
            continue
        line.tax_nature = tax_nature or line.tax_nature
        line.tax_class = code or line.tax_class
        if rate is not None:
            parts = taxed(line.gross, check_rate(rate))
            line.rate, line.net, line.tax = rate, parts.net, parts.tax
    for field, value in totals_of(every).items():
        setattr(invoice, field, value)


@act(
    "invoice.reject", Invoice, permission=Permission.INVOICE_ISSUE, label=_l("Reject"), rule="W-5.5",
    sources=[InvoiceState.REQUESTED], target=InvoiceState.REJECTED, tone="danger", order=60,
)  # fmt: skip
def reject(invoice: Invoice, *, by: User, at: datetime, reason: str = "") -> None:
    """Send a request back with the reason; its dues are free again, and both desks are told.

    By when an invoice for them has to be requested stays as it was (TL-07).
    """
    reason = given(reason, 300, "reason", _l("Say why."), rule="W-5.5")
    free_dues(invoice)
    invoice.reject_reason = reason
    people = [invoice.requested_by_id, *assistant_ids(invoice.branch_id), *supervisor_ids(invoice.branch_id)]
    notices.send(REJECTED, people, invoice, number=invoice.number, reason=reason)

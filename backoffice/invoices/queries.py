"""Who sees which invoices, what they cover, whether it is paid, and which wait for whom."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, or_, select, type_coerce

from backoffice.core import clock
from backoffice.core.db import Money, db
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped, visible
from backoffice.organisation.queries import in_branch_of_money
from backoffice.receivables.models import Due, DueLine, DueState
from backoffice.receivables.queries import only_own, own_dues

from .models import Invoice, InvoiceDue, InvoiceLine, InvoiceState
from .rules import InvoiceKind


def _own(by: Actor) -> ColumnElement[bool]:
    """Condition: of a due of an own job, or requested by oneself."""
    covered = select(InvoiceDue.invoice_id).where(InvoiceDue.due_id.in_(select(Due.id).where(own_dues(by))))
    return or_(Invoice.requested_by_id == by.id, Invoice.id.in_(covered))


@scoped(Invoice)
def visible_invoices(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician those of his own jobs; finance at the headquarters all; an administrator none (P-1)."""
    if not by.can(Permission.INVOICE_READ):
        return false()
    here = in_branch_of_money(Invoice, by)
    return and_(here, _own(by)) if only_own(by) else here


def _of_visible(model: Any, by: Actor) -> ColumnElement[bool]:
    if not by.can(Permission.INVOICE_READ):
        return false()
    here = in_branch_of_money(model, by)
    return and_(here, model.invoice_id.in_(select(Invoice.id).where(_own(by)))) if only_own(by) else here


@scoped(InvoiceDue)
def visible_covers(by: Actor) -> ColumnElement[bool]:
    """What the visible invoices cover."""
    return _of_visible(InvoiceDue, by)


@scoped(InvoiceLine)
def visible_invoice_lines(by: Actor) -> ColumnElement[bool]:
    """The lines of the visible invoices."""
    return _of_visible(InvoiceLine, by)


# -- what an invoice covers --------------------------------------------------------------------------------------------


def with_dues(due_ids: Iterable[int] | Select[int]) -> ColumnElement[bool]:
    """Condition: the invoice covers, or has covered, one of these dues."""
    return Invoice.id.in_(select(InvoiceDue.invoice_id).where(InvoiceDue.due_id.in_(due_ids)))


def with_calls(call_ids: Iterable[int]) -> ColumnElement[bool]:
    """Condition: the invoice covers, or has covered, a due of one of these calls."""
    return with_dues(select(Due.id).where(Due.call_id.in_(call_ids)))


def in_invoices(invoice_ids: Iterable[int]) -> ColumnElement[bool]:
    """Condition: the due is covered, or was covered, by one of these invoices."""
    return Due.id.in_(select(InvoiceDue.due_id).where(InvoiceDue.invoice_id.in_(invoice_ids)))


def lines_of_dues(due_ids: Iterable[int]) -> list[DueLine]:
    """The lines of these dues, due by due, in the order in which they stand there."""
    query = select(DueLine).where(DueLine.due_id.in_(due_ids)).order_by(DueLine.due_id, DueLine.position)
    return list(db.session.scalars(query))


def lines_of(invoice: Invoice, most: int | None = None) -> list[InvoiceLine]:
    """The lines of an invoice, the first `most` of them when given."""
    query = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
    return list(db.session.scalars(query.limit(most)))


def taken_back(invoice: Invoice) -> dict[int, Decimal]:
    """What red invoices have taken back of each line of an invoice: position and amount above 0."""
    query = (
        select(InvoiceLine.position, func.sum(InvoiceLine.gross))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.red_of_id == invoice.id)
        .group_by(InvoiceLine.position)
    )
    return {position: -gross for position, gross in db.session.execute(query)}


def _live_covers() -> Any:
    table = Invoice.__table__
    return and_(InvoiceDue.invoice_id == table.c.id, InvoiceDue.is_live)


def open_amount() -> Any:
    """Expression over the table of invoices: what is still to be paid of the dues that an invoice covers."""
    settled = Due.state.in_((DueState.WAIVED, DueState.VOID))
    unpaid = case((settled, literal(NOTHING, Money())), else_=Due.amount - Due.paid_amount)
    total = type_coerce(func.coalesce(func.sum(type_coerce(unpaid, Money())), literal(NOTHING, Money())), Money())
    return (
        select(total)
        .select_from(InvoiceDue)
        .join(Due, Due.id == InvoiceDue.due_id)
        .where(_live_covers())
        .correlate(Invoice.__table__)
        .scalar_subquery()
    )


def open_of(invoice: Invoice) -> Decimal:
    """What is still to be paid of the dues that the invoice covers, in yuan."""
    found: Decimal = db.session.scalar(select(open_amount()).where(Invoice.id == invoice.id)) or NOTHING
    return found


def is_open() -> ColumnElement[bool]:
    """Condition: something is still to be paid of what the invoice covers."""
    unpaid = exists().where(_live_covers(), Due.id == InvoiceDue.due_id, Due.state == DueState.DUE)
    return unpaid.correlate(Invoice.__table__)


def is_paid() -> ColumnElement[bool]:
    """Condition: it covers something, and nothing of that is still to be paid."""
    return and_(exists().where(_live_covers()).correlate(Invoice.__table__), ~is_open())


# -- what waits --------------------------------------------------------------------------------------------------------


def is_late() -> ColumnElement[bool]:
    """Condition: requested, and not issued in time (TL-15)."""
    return and_(Invoice.state == InvoiceState.REQUESTED, Invoice.issue_due_at < clock.now())


def is_to_request_again() -> ColumnElement[bool]:
    """Condition: rejected, and one of its dues is on no invoice yet (W-5.5)."""
    free = exists().where(
        InvoiceDue.invoice_id == Invoice.id, Due.id == InvoiceDue.due_id, ~Due.is_invoiced,
        Due.state.not_in((DueState.WAIVED, DueState.VOID)),
    )  # fmt: skip
    return and_(Invoice.state == InvoiceState.REJECTED, free.correlate(Invoice))


def count_where(condition: ColumnElement[bool], by: Actor) -> Select[Any]:
    """How many visible invoices fulfil the condition."""
    return select(func.count()).select_from(Invoice).where(condition, visible_invoices(by))


def with_number(invoice_no: str, invoice_code: str) -> Invoice | None:
    """The invoice on which this number is recorded, whoever may see it."""
    query = select(Invoice).where(Invoice.invoice_no == invoice_no, Invoice.invoice_code == invoice_code)
    return db.session.scalar(query)


def sees(invoice: Invoice, by: Actor) -> bool:
    """Whether the person sees the invoice."""
    return db.session.scalar(select(Invoice.id).where(Invoice.id == invoice.id, visible(Invoice, by))) is not None


def last_kind(customer_id: int) -> InvoiceKind | None:
    """The kind of the invoice that was last requested for a customer."""
    query = select(Invoice.kind).where(Invoice.customer_id == customer_id, ~Invoice.is_red)
    return db.session.scalar(query.order_by(Invoice.id.desc()).limit(1))


def count_uninvoiced(customer_id: int, but: Iterable[int], by: Actor) -> int:
    """How many other dues of a customer the person sees that are on no invoice and neither waived nor void."""
    query = select(func.count()).where(
        Due.customer_id == customer_id, Due.id.not_in(but), ~Due.is_invoiced,
        Due.state.not_in((DueState.WAIVED, DueState.VOID)), visible(Due, by),
    )  # fmt: skip
    return db.session.scalar(query) or 0


def with_number_alone(invoice_no: str, by: Actor) -> Invoice | None:
    """A visible invoice with this number, whatever its code."""
    query = select(Invoice).where(Invoice.invoice_no == invoice_no, visible(Invoice, by)).order_by(Invoice.id)
    return db.session.scalar(query.limit(1))

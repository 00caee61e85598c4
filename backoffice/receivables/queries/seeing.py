"""Who sees which dues, payments and handovers (P-1)."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select

from backoffice.calls.models import ServiceCall
from backoffice.calls.queries import own_jobs
from backoffice.core.db import db
from backoffice.core.once import once
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch_of_money
from backoffice.receivables.models import CashHandover, Due, DueLine, Payment, PaymentShare


def only_own(by: Actor) -> bool:
    """Whether the person sees the money of his own jobs only: a technician (P-1)."""
    return by.role is Role.TECHNICIAN and not by.can(Permission.CASH_READ)


def own_dues(by: Actor) -> ColumnElement[bool]:
    """Condition: to be collected by this technician, or of one of his jobs."""
    return or_(Due.technician_id == by.id, Due.call_id.in_(select(ServiceCall.id).where(own_jobs(by))))


def is_own(due: Due, by: Actor) -> bool:
    """Whether the person is to collect the due, or it is of one of his jobs."""
    if due.technician_id == by.id:
        return True
    query = select(exists().where(Due.id == due.id, own_dues(by)))
    return due.call_id is not None and once(("is_own_due", due.id, by.id), lambda: bool(db.session.scalar(query)))


@scoped(Due)
def visible_dues(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician those of his own jobs; finance at the headquarters all; an administrator none (P-1)."""
    if not by.can(Permission.DUE_READ):
        return false()
    here = in_branch_of_money(Due, by)
    return and_(here, own_dues(by)) if only_own(by) else here


@scoped(DueLine)
def visible_due_lines(by: Actor) -> ColumnElement[bool]:
    """The lines of the visible dues."""
    return _of_visible(DueLine, by)


@scoped(Payment)
def visible_payments(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician what he received himself; finance at the headquarters all (P-1)."""
    if not by.can(Permission.DUE_READ):
        return false()
    if only_own(by):  # wherever he was when he received it: it is in his hand
        return or_(Payment.received_by_id == by.id, Payment.holder_id == by.id)
    return in_branch_of_money(Payment, by)


@scoped(PaymentShare)
def visible_shares(by: Actor) -> ColumnElement[bool]:
    """The shares in the visible dues."""
    return _of_visible(PaymentShare, by)


def _of_visible(model: Any, by: Actor) -> ColumnElement[bool]:
    if not by.can(Permission.DUE_READ):
        return false()
    here = in_branch_of_money(model, by)
    return and_(here, model.due_id.in_(select(Due.id).where(own_dues(by)))) if only_own(by) else here


@scoped(CashHandover)
def visible_handovers(by: Actor) -> ColumnElement[bool]:
    """Own branch for whoever may read cash; whoever collects, his own; finance at the headquarters all (P-1)."""
    if by.can(Permission.CASH_READ):
        return in_branch_of_money(CashHandover, by)
    if by.can(Permission.CASH_READ_OWN):
        return CashHandover.collector_id == by.id
    return false()

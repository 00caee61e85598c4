"""Who sees which dues, payments and handovers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select

from backoffice.calls.models import ServiceCall
from backoffice.calls.queries import own_jobs
from backoffice.core.db import db
from backoffice.core.once import know, once
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch_of_money

from .models import CashHandover, Due, DueLine, DueState, Payment, PaymentShare
from .rules import DueSource


def only_own(by: Actor) -> bool:
    """Whether the person sees the money of his own jobs only: a technician (P-1)."""
    return by.role is Role.TECHNICIAN and not by.can(Permission.CASH_READ)


def own_dues(by: Actor) -> ColumnElement[bool]:
    """Condition: to be collected by this technician, or of one of his jobs."""
    return or_(Due.technician_id == by.id, Due.call_id.in_(select(ServiceCall.id).where(own_jobs(by))))


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
    here = in_branch_of_money(Payment, by)
    own = or_(Payment.received_by_id == by.id, Payment.holder_id == by.id)
    return and_(here, own) if only_own(by) else here


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


def due_of_call(call_id: int) -> Due | None:
    """What is due for the job of a call, or None: nothing was charged yet, or nothing has to be paid."""
    query = select(Due).where(Due.call_id == call_id, Due.source == DueSource.JOB, Due.state != DueState.VOID)
    return once(("due_of_call", call_id), lambda: db.session.scalar(query))


def know_dues(calls: Sequence[ServiceCall]) -> None:
    """Find the dues of all these calls at once, before `due_of_call` is asked for each (bulk acts)."""
    keys = [call.id for call in calls]
    query = select(Due).where(Due.call_id.in_(keys), Due.source == DueSource.JOB, Due.state != DueState.VOID)
    found = {due.call_id: due for due in db.session.scalars(query)}
    for key in keys:
        know(("due_of_call", key), found.get(key))

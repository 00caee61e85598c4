"""Payments: reversed, in hand, late, and those whose proof finance has still to see."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import aliased, joinedload

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Actor
from backoffice.receivables.models import Payment, PaymentShare
from backoffice.receivables.rules import PaymentMethod, late_before
from backoffice.settings import queries as settings

from .seeing import visible_payments


@cache
def was_reversed(payment: Any = Payment) -> ColumnElement[bool]:
    """Condition: another payment has reversed it; that most reverse none is said, so that those are not read."""
    reversal = aliased(Payment)
    reverses = and_(reversal.reversal_of_id == payment.id, reversal.reversal_of_id.is_not(None))
    return exists().where(reverses).correlate(payment)


def reversal_of(payment: Payment) -> Payment | None:
    """The payment that has reversed it, or None."""
    return db.session.scalar(select(Payment).where(Payment.reversal_of_id == payment.id))


def to_check() -> ColumnElement[bool]:
    """Condition: no cash, and finance has not seen its proof yet (W-5.1)."""
    unseen = and_(Payment.checked_at.is_(None), Payment.method != PaymentMethod.CASH)
    return and_(unseen, Payment.reversal_of_id.is_(None), ~was_reversed())


def in_hand() -> ColumnElement[bool]:
    """Condition: cash that somebody holds; his handover of it, if there is one, is not confirmed."""
    return and_(~Payment.is_handed_over, Payment.holder_id.is_not(None))


def free_in_hand() -> ColumnElement[bool]:
    """Condition: cash that somebody holds and has not put on a handover."""
    return and_(in_hand(), Payment.handover_id.is_(None))


def is_late(at: datetime | None = None) -> ColumnElement[bool]:
    """Condition: cash that should have been handed over by now (TL-14); what was reversed is no cash any more."""
    return and_(
        free_in_hand(), Payment.received_at < late_moment(at), Payment.reversal_of_id.is_(None), ~was_reversed()
    )


def late_moment(at: datetime | None = None) -> datetime:
    """Cash received before this moment is late at `at`, by default now (TL-14)."""
    return late_before(at or clock.now(), settings.integer("TL-14"), settings.calendar())


def shares_with_dues(payment: Payment) -> list[PaymentShare]:
    """The shares of a payment with their dues."""
    query = select(PaymentShare).where(PaymentShare.payment_id == payment.id).options(joinedload(PaymentShare.due))
    return list(db.session.scalars(query.order_by(PaymentShare.id)))


def payments_of(customer_ids: Sequence[int], since: datetime, by: Actor) -> dict[int, list[Payment]]:
    """What these customers paid since then and the person sees, reversals among it, by its time: one statement."""
    query = select(Payment).where(
        Payment.customer_id.in_(customer_ids), Payment.received_at >= since, visible_payments(by)
    )
    found: dict[int, list[Payment]] = {}
    for payment in db.session.scalars(query.order_by(Payment.received_at, Payment.id)):
        found.setdefault(payment.customer_id, []).append(payment)
    return found


def with_due(due_ids: Iterable[int]) -> ColumnElement[bool]:
    """Condition: the payment has a share in one of these dues."""
    return Payment.id.in_(select(PaymentShare.payment_id).where(PaymentShare.due_id.in_(list(due_ids))))


def count_to_check(by: Actor) -> Select[Any]:
    """How many payments wait for this person to see their proof; nobody checks his own (P-4)."""
    return select(func.count()).select_from(Payment).where(to_check_by(by), visible_payments(by))


def to_check_by(by: Actor) -> ColumnElement[bool]:
    """Condition: its proof is to be seen, and by this person it may be (P-4)."""
    return and_(to_check(), Payment.received_by_id != by.id)


def count_in_hand(by: Actor) -> Select[Any]:
    """How many cash payments the person holds and has not put on a handover."""
    return select(func.count()).select_from(Payment).where(free_in_hand(), Payment.holder_id == by.id)

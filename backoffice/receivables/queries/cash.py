"""The cash that each person holds, and its way to finance (E-15, TL-14)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import selectinload

from backoffice.core.db import db
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor
from backoffice.organisation.models import User
from backoffice.receivables.models import CashHandover, HandoverState, Payment, PaymentShare

from .payments import free_in_hand, in_hand, is_late, late_moment, was_reversed
from .seeing import visible_handovers, visible_payments


@dataclass(frozen=True)
class CashInHand:
    """What somebody holds: the amount, since when the oldest of it, and whether that is too long (TL-14)."""

    user_id: int
    amount: Decimal
    since: datetime | None
    is_late: bool


def latest_count(user_id: Any, column: Any) -> ColumnElement[Any]:
    """A column of the person's latest confirmed handover, as a scalar in another statement."""
    latest = select(column).where(CashHandover.collector_id == user_id, CashHandover.state == HandoverState.CONFIRMED)
    return latest.order_by(CashHandover.id.desc()).limit(1).scalar_subquery()


def cash_in_hand(people: Select[Any] | Iterable[int]) -> dict[int, CashInHand]:
    """What each of these people holds, by his key, those with nothing left out: one statement over indexes.

    people: keys, or a select of keys. Cash in hand = the unconfirmed cash held − the difference of the latest count:
    what was missing then stays with him. Since: of what is on no handover; cash that was missing counts from its count.
    """
    keys = people if isinstance(people, Select) else list(people)
    held = Payment.holder_id == User.id
    amount = select(func.sum(Payment.amount)).where(held, in_hand()).scalar_subquery()
    since = (
        select(func.min(Payment.received_at))
        .where(held, free_in_hand(), Payment.reversal_of_id.is_(None), ~was_reversed())
        .scalar_subquery()
    )
    waiting = exists().where(CashHandover.collector_id == User.id, CashHandover.state == HandoverState.OPEN)
    query = select(
        User.id, amount, since, latest_count(User.id, CashHandover.difference),
        latest_count(User.id, CashHandover.confirmed_at), waiting,
    ).where(User.id.in_(keys))  # fmt: skip
    late, found = late_moment(), {}
    for key, cash, oldest, difference, counted_at, is_waiting in db.session.execute(query):
        moments = [oldest] if oldest is not None else []
        if difference is not None and difference < 0 and not is_waiting:
            moments.append(counted_at)
        first = min(moments, default=None)
        one = CashInHand(key, (cash or NOTHING) - (difference or NOTHING), first, first is not None and first < late)
        if one.amount or first is not None:
            found[key] = one
    return found


def cash_of(user_id: int) -> CashInHand:
    """What one person holds."""
    return cash_in_hand([user_id]).get(user_id) or CashInHand(user_id, NOTHING, None, is_late=False)


def late_cash(by: Actor) -> Select[Any]:
    """How many payments in cash are late in the branches that the person sees (W-5.6)."""
    return select(func.count()).select_from(Payment).where(is_late(), visible_payments(by))


def held_by(user_id: int) -> Select[Payment]:
    """The cash payments that a person holds and has not put on a handover, the oldest first."""
    return select(Payment).where(free_in_hand(), Payment.holder_id == user_id).order_by(Payment.received_at, Payment.id)


def open_handover(user_id: int) -> CashHandover | None:
    """The handover of this person that waits to be counted, or None."""
    query = select(CashHandover).where(CashHandover.collector_id == user_id, CashHandover.state == HandoverState.OPEN)
    return db.session.scalar(query)


def latest_confirmed(user_id: int) -> CashHandover | None:
    """The person's handover that was confirmed last, or None."""
    query = select(CashHandover).where(
        CashHandover.collector_id == user_id, CashHandover.state == HandoverState.CONFIRMED
    )
    return db.session.scalar(query.order_by(CashHandover.id.desc()).limit(1))


def count_to_confirm(by: Actor) -> Select[Any]:
    """How many handovers wait to be counted by this person; nobody counts his own (P-4)."""
    return select(func.count()).select_from(CashHandover).where(to_confirm_by(by), visible_handovers(by))


def to_confirm_by(by: Actor) -> ColumnElement[bool]:
    """Condition: waits to be counted, and by this person it may be (P-4)."""
    return and_(CashHandover.state == HandoverState.OPEN, CashHandover.collector_id != by.id)


def lines_of(handover: CashHandover) -> list[Payment]:
    """The payments on a handover with their dues, the oldest first."""
    query = select(Payment).where(Payment.handover_id == handover.id).order_by(Payment.received_at, Payment.id)
    return list(db.session.scalars(query.options(selectinload(Payment.shares).joinedload(PaymentShare.due))))

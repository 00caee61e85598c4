"""The cash that each person holds, and its way to finance (E-15, TL-14)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import selectinload

from backoffice.core.db import db
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor
from backoffice.core.plans import plan
from backoffice.organisation.models import User
from backoffice.organisation.queries import in_branch_of_money
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


def cash_in_hand(people: Iterable[int]) -> dict[int, CashInHand]:
    """What each of these people holds, by his key, those with nothing left out.

    One statement over two indexes, another one each where cash was missing or given back. Cash in hand = the
    unconfirmed cash held − the difference of the latest count: what was missing then stays with him. Since: of what is
    on no handover; cash that was missing counts from its count.
    """
    return _read(_in_hand_of_keys(), {"people": list(people)})


def cash_in_hand_of(by: Actor | None) -> dict[int, CashInHand]:
    """The same of everyone in the branches whose money the person sees, or of everyone."""
    people = select(User.id)

    def build() -> CompoundSelect[Any]:
        return _in_hand(people if by is None else people.where(in_branch_of_money(User, by)))

    return _read(plan("receivables.cash", by, build), {})


def _read(query: CompoundSelect[Any], values: dict[str, Any]) -> dict[int, CashInHand]:
    late, amounts, moments, reversed_of, missing = late_moment(), defaultdict[int, Decimal](Decimal), {}, [], {}
    for key, amount, since, least, counted_at in db.session.execute(query, values):
        amounts[key] += amount
        if least is not None and least < 0:
            reversed_of.append(key)
        elif since is not None:
            moments[key] = since
        elif counted_at is not None and amount > 0:
            missing[key] = counted_at
    if reversed_of:
        moments |= _since(reversed_of)
    for key in missing.keys() - _on_their_way(missing):
        moments[key] = min(missing[key], moments.get(key, missing[key]))
    found = {key: CashInHand(key, amounts[key], moments.get(key), moments.get(key, late) < late) for key in amounts}
    return {key: one for key, one in found.items() if one.amount or one.since is not None}


def _since(people: Collection[int]) -> dict[int, datetime]:
    """When the oldest payment that each of them holds free and that was not reversed was received."""
    free = and_(free_in_hand(), Payment.reversal_of_id.is_(None), ~was_reversed(), Payment.holder_id.in_(people))
    query = select(Payment.holder_id, func.min(Payment.received_at)).where(free).group_by(Payment.holder_id)
    return {key: since for key, since in db.session.execute(query) if key is not None}


def _on_their_way(people: Collection[int]) -> set[int]:
    """Those of these people whose handover, with what was missing on it, waits to be counted."""
    if not people:
        return set()
    query = select(CashHandover.collector_id).where(CashHandover.state == HandoverState.OPEN)
    return set(db.session.scalars(query.where(CashHandover.collector_id.in_(people))))


@cache
def _in_hand_of_keys() -> CompoundSelect[Any]:
    return _in_hand(bindparam("people", expanding=True))


def _in_hand(people: Any) -> CompoundSelect[Any]:
    """Of the cash that they hold (person, amount, since, smallest payment, None), the two of what is on no handover.

    Of what the latest count has left with them (person, amount, None, None, its time).
    """
    is_free = Payment.handover_id.is_(None)
    held = (
        select(
            Payment.holder_id, func.sum(Payment.amount), func.min(case((is_free, Payment.received_at))),
            func.min(case((is_free, Payment.amount))), cast(null(), CashHandover.confirmed_at.type),
        )
        .where(in_hand(), Payment.holder_id.in_(people))
        .group_by(Payment.holder_id)
    )  # fmt: skip
    left = select(
        CashHandover.collector_id, -CashHandover.difference, cast(null(), Payment.received_at.type),
        cast(null(), Payment.amount.type), CashHandover.confirmed_at,
    ).where(
        CashHandover.is_latest, CashHandover.difference != literal_column("0"), CashHandover.collector_id.in_(people)
    )  # fmt: skip
    return union_all(held, left)


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
    return db.session.scalar(select(CashHandover).where(CashHandover.collector_id == user_id, CashHandover.is_latest))


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

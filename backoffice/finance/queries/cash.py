"""Cash in hand by person: what he received and did not hand over, and what a count left with him (W-5.6, TL-14)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor
from backoffice.finance.rules import late_before
from backoffice.organisation.models import User
from backoffice.organisation.queries import in_branch_of_money
from backoffice.receivables.models import CashHandover, HandoverState, Payment
from backoffice.settings import queries as settings


def late_limit(at: datetime) -> datetime:
    """Cash that was received before this moment should have been handed over by `at` (TL-14)."""
    return late_before(at, settings.integer("TL-14"), settings.calendar())


@dataclass(frozen=True)
class InHand:
    """What one person holds."""

    person_id: int
    name: str
    #: payments that are in no confirmed handover, and how many
    held: Decimal
    count: int
    #: when the oldest of those was received that he has not handed over yet
    oldest: datetime | None
    last_id: int | None
    last_confirmed_at: datetime | None
    #: what the last count missed (below 0) or had too much
    difference: Decimal
    #: the handover that waits to be counted
    open_id: int | None
    open_number: str
    is_late: bool

    @property
    def amount(self) -> Decimal:
        """Cash in hand: all that was received less all that was counted."""
        return self.held - self.difference


def _held() -> Any:
    """Sums of the cash that is in no confirmed handover, by holder; read from one partial index.

    The oldest is that of what was neither handed over nor reversed.
    """
    reversal = aliased(Payment)
    reversed_since = select(reversal.id).where(reversal.reversal_of_id == Payment.id).exists()
    with_him = Payment.handover_id.is_(None) & (Payment.amount > 0) & ~reversed_since
    return (
        select(
            Payment.holder_id, func.sum(Payment.amount).label("held"), func.count().label("number"),
            func.min(Payment.received_at).filter(with_him).label("oldest"),
        )
        .where(Payment.holder_id.is_not(None), ~Payment.is_handed_over)
        .group_by(Payment.holder_id)
    )  # fmt: skip


def _statement(people: ColumnElement[bool]) -> Select[Any]:
    held = _held().where(Payment.holder_id.in_(select(User.id).where(people))).subquery()
    last, waiting, one = aliased(CashHandover), aliased(CashHandover), aliased(CashHandover)
    latest = (
        select(one.id)
        .where(one.collector_id == User.id, one.state == HandoverState.CONFIRMED)
        .order_by(one.confirmed_at.desc(), one.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            User.id, User.real_name, held.c.held, held.c.number, held.c.oldest, last.id, last.confirmed_at,
            last.difference, waiting.id, waiting.number,
        )
        .outerjoin(held, held.c.holder_id == User.id)
        .outerjoin(last, last.id == latest)
        .outerjoin(waiting, (waiting.collector_id == User.id) & (waiting.state == HandoverState.OPEN))
        .where(people, or_(held.c.holder_id.is_not(None), last.difference != NOTHING, waiting.id.is_not(None)))
        .order_by(User.id)
    )  # fmt: skip


def _read(people: ColumnElement[bool], at: datetime) -> list[InHand]:
    limit = late_limit(at)
    found = []
    for key, name, held, number, oldest, last_id, confirmed, difference, open_id, open_number in db.session.execute(
        _statement(people)
    ):
        rest = difference or NOTHING
        since = min((moment for moment in (oldest, confirmed if rest < 0 and open_id is None else None) if moment),
                    default=None)  # fmt: skip
        found.append(
            InHand(key, name, held or NOTHING, number or 0, since, last_id, confirmed, rest, open_id, open_number or "",
                   since is not None and since < limit and (held or NOTHING) - rest > 0)
        )  # fmt: skip
    return found


def in_hand(by: Actor) -> list[InHand]:
    """Everyone of the visible branches who holds cash, or whose count left something with him; one statement."""
    return _read(in_branch_of_money(User, by), clock.now())


def of_person(person_id: int) -> InHand | None:
    """What this person holds; None where it is nothing."""
    found = _read(User.id == person_id, clock.now())
    return found[0] if found else None


def late(at: datetime) -> list[InHand]:
    """Everyone in all branches who is late with his cash at that moment (TL-14)."""
    return [one for one in _read(User.id.is_not(None), at) if one.is_late]

"""Cash in hand by person, with his last handover and the one that waits to be counted (W-5.6, R-06)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from backoffice.core.db import db
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor
from backoffice.organisation.models import User
from backoffice.receivables.models import CashHandover, HandoverState
from backoffice.receivables.queries import CashInHand, cash_in_hand_of
from backoffice.receivables.rules import left_over


@dataclass(frozen=True)
class Holder:
    """A person who holds cash."""

    cash: CashInHand
    name: str
    branch_id: int
    #: his handover that was counted last
    last_id: int | None
    last_confirmed_at: datetime | None
    #: what that count left with him: missing cash above 0, surplus below
    carried: Decimal
    #: the handover that waits to be counted
    open_id: int | None


def holders(by: Actor) -> list[Holder]:
    """Everyone of the visible branches who holds cash, by name; two statements."""
    return _with_counts(cash_in_hand_of(by))


def late_holders() -> list[Holder]:
    """Everyone in all branches who is late with his cash now (TL-14)."""
    return _with_counts({key: one for key, one in cash_in_hand_of(None).items() if one.is_late})


def _with_counts(found: dict[int, CashInHand]) -> list[Holder]:
    rows = db.session.execute(_counts(), {"people": list(found)})
    return [
        Holder(found[key], name, branch_id, last_id, confirmed_at, left_over(difference or NOTHING), open_id)
        for key, name, branch_id, last_id, confirmed_at, difference, open_id in rows
    ]


@cache
def _counts() -> Any:
    last, waiting = aliased(CashHandover), aliased(CashHandover)
    is_open = (waiting.collector_id == User.id) & (waiting.state == HandoverState.OPEN)
    return (
        select(
            User.id, User.real_name, User.branch_id, last.id, last.confirmed_at, last.difference, waiting.id
        )
        .select_from(User)
        .outerjoin(last, (last.collector_id == User.id) & last.is_latest)
        .outerjoin(waiting, is_open)
        .where(User.id.in_(bindparam("people", expanding=True)))
        .order_by(User.real_name, User.id)
    )  # fmt: skip

"""Where each call of a day stands when the day ends, by the register and by the vouchers (W-7).

Everything is derived from when things happened, so that the same question about the same day has the same answer
later, unless something was entered for that day since.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, literal_column, or_, select, union_all
from sqlalchemy.orm import aliased

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db, enum_type
from backoffice.reports.rules import Standing
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher

#: Written out, so that SQLite sees that the partial index of open calls fits.
_OPEN = and_(
    ServiceCall.state != literal_column(f"'{CallState.CLOSED.value}'"),
    ServiceCall.state != literal_column(f"'{CallState.CANCELLED.value}'"),
)


def members(branch_id: int, day: date) -> Select[Any]:
    """Keys of the calls of the day: received by its end, and neither written off nor cancelled before it (W-7).

    Three ranges of indexes: what is open now, what was written off since its beginning, what was cancelled since.
    """
    start, end = clock.day_start(day), clock.day_end(day)
    here = (ServiceCall.branch_id == branch_id, ServiceCall.received_at < end, ~ServiceCall.is_history)
    return select(
        union_all(
            select(ServiceCall.id).where(*here, _OPEN),
            select(ServiceCall.id).where(*here, ServiceCall.closed_at >= start),
            select(ServiceCall.id).where(*here, ServiceCall.cancelled_at >= start, ServiceCall.closed_at.is_(None)),
        ).subquery().c.id
    )  # fmt: skip


def count_members(branch_id: int, day: date) -> int:
    """How many calls the register has for the day; it knows nothing of vouchers."""
    return db.session.scalar(select(func.count()).select_from(members(branch_id, day).subquery())) or 0


def standings(branch_id: int, day: date, keys: Iterable[int] | None = None) -> Select[Any]:
    """Select (key, number, standing) of the calls of the day; None where register and voucher contradict each other.

    keys: only these of them.
    """
    end = clock.day_end(day)
    voucher, other = aliased(ServiceVoucher), aliased(ServiceVoucher)
    alive = (
        select(func.max(other.id))
        .where(
            other.call_id == ServiceCall.id, other.issued_at < end,
            or_(other.voided_at.is_(None), other.voided_at >= end),
        )
        .correlate(ServiceCall)
        .scalar_subquery()
    )  # fmt: skip
    query = (
        select(ServiceCall.id, ServiceCall.number, _standing(voucher, end).label("standing"))
        .outerjoin(voucher, voucher.id == alive)
        .where(ServiceCall.id.in_(members(branch_id, day)))
        .order_by(ServiceCall.received_at, ServiceCall.id)
    )
    return query if keys is None else query.where(ServiceCall.id.in_(list(keys)))


def _standing(voucher: Any, end: Any) -> ColumnElement[Any]:
    def by_then(moment: Any) -> ColumnElement[bool]:
        return and_(moment.is_not(None), moment < end)

    closed, cancelled = by_then(ServiceCall.closed_at), by_then(ServiceCall.cancelled_at)
    completed, dispatched = by_then(ServiceCall.completed_at), by_then(ServiceCall.dispatched_at)
    signed = by_then(voucher.signed_at)
    taken = and_(signed, voucher.onsite_result == OnsiteResult.TAKEN_AWAY)

    def is_(standing: Standing) -> Any:
        return literal(standing, enum_type(Standing))

    return case(
        (and_(closed, by_then(voucher.archived_at)), is_(Standing.WRITTEN_OFF)),
        (closed, None),
        (cancelled, is_(Standing.CANCELLED)),
        (and_(completed, by_then(voucher.returned_at)), is_(Standing.NOT_WRITTEN_OFF)),
        (and_(completed, signed), is_(Standing.NOT_BACK)),
        (completed, None),
        (and_(dispatched, taken), is_(Standing.IN_REPAIR)),
        (and_(dispatched, voucher.id.is_not(None)), is_(Standing.UNFINISHED)),
        (dispatched, None),
        (voucher.id.is_(None), is_(Standing.NOT_DISPATCHED)),
        else_=None,
    )


def where_they_stand(branch_id: int, day: date) -> dict[int, tuple[str, Standing | None]]:
    """Number and standing of every call of the day, by its key; one statement."""
    return {row.id: (row.number, row.standing) for row in db.session.execute(standings(branch_id, day))}


def sums(branch_id: int, day: date) -> dict[Standing | None, int]:
    """How many calls of the day stand in each column; what stands in none is counted under None."""
    query = standings(branch_id, day).order_by(None).subquery()
    found: dict[Standing | None, int] = dict(
        db.session.execute(select(query.c.standing, func.count()).group_by(query.c.standing)).all()
    )
    return {standing: found.get(standing, 0) for standing in (*Standing, None)}

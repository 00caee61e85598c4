"""That the aggregates say what the events say, day by day; stale days, which nobody reads, are left out."""

from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select

from backoffice.core import clock
from backoffice.core.invariants import invariant

from .counting import facts as counting
from .models import AGE_COLUMNS, SUMS, FigureBacklog, FigureDay, FigureResponse, FigureSum, Grain, Stale
from .rules import Kind


def _days(what: Stale) -> Any:
    return counting.kept_days(~exists().where(counting.overlaps(what)).correlate(FigureDay))


def _differing(counted: Any, told: Any) -> Select[int, str]:
    """The days on which the two selects, whose first column is the day, do not have the same rows."""
    counted, told = counted.subquery(), told.subquery()
    more = select(counted).except_(select(told)).subquery()
    fewer = select(told).except_(select(counted)).subquery()
    broken = or_(FigureDay.day.in_(select(more.c.day)), FigureDay.day.in_(select(fewer.c.day)))
    return select(FigureDay.id, FigureDay.day).where(broken)  # type: ignore[return-value]


@invariant(FigureDay, rule="K-01", says="The sums of the day are not those of its calls, items and reports.")
def has_the_sums_of_its_events() -> Select[int, str]:
    """Rows that only one side has make the day differ."""
    days = _days(Stale.SUMS)
    facts = counting.facts(days, clock.now())
    counted = counting.all_kinds(lambda kind: counting.sums_of(facts, kind))
    columns = (FigureSum.branch_id, FigureSum.kind, FigureSum.key, *(getattr(FigureSum, name) for name in SUMS))
    told = select(FigureSum.start_on.label("day"), *columns).where(
        FigureSum.grain == Grain.DAY, FigureSum.start_on.in_(select(days.c.day))
    )
    return _differing(counted, told)


@invariant(FigureDay, rule="K-03", says="The response times of the day are not those of its calls.")
def has_the_times_of_its_calls() -> Select[int, str]:
    """By minutes, so that medians are exact."""
    days = _days(Stale.SUMS)
    columns = (FigureResponse.branch_id, FigureResponse.minutes, FigureResponse.calls)
    told = select(FigureResponse.start_on.label("day"), *columns).where(
        FigureResponse.grain == Grain.DAY, FigureResponse.start_on.in_(select(days.c.day))
    )
    return _differing(counting.response_facts(days, clock.now()), told)


@invariant(FigureDay, rule="K-07", says="The backlog of the day is not that of the calls open at its end.")
def has_the_calls_open_at_its_end() -> Select[int, str]:
    """By age, at the midnight that ends it."""
    days = _days(Stale.BACKLOG)
    facts = counting.open_facts(days, select(func.min(FigureDay.end_at)).scalar_subquery())
    counted = counting.all_kinds(lambda kind: counting.backlog_of(facts, kind))
    columns = (FigureBacklog.branch_id, FigureBacklog.kind, FigureBacklog.key)
    ages = (getattr(FigureBacklog, name) for name in AGE_COLUMNS)
    told = select(FigureBacklog.day, *columns, *ages).where(FigureBacklog.day.in_(select(days.c.day)))
    return _differing(counted, told)


@invariant(FigureSum, rule="K-01", says="The sums of the month are not those of its days.")
def month_has_the_sums_of_its_days() -> Select[int, str]:
    """Asked for the total of each branch; the others are rolled up by the same statement."""
    month, day = FigureSum.__table__.alias("month"), FigureSum.__table__.alias("day")
    following = FigureSum.__table__.alias("following")
    later = (
        select(func.min(following.c.start_on))
        .where(
            following.c.branch_id == month.c.branch_id, following.c.kind == Kind.ALL,
            following.c.grain == Grain.MONTH, following.c.start_on > month.c.start_on,
        )
        .scalar_subquery()
    )  # fmt: skip
    inside = and_(
        day.c.branch_id == month.c.branch_id, day.c.grain == Grain.DAY, day.c.kind == month.c.kind,
        day.c.key == month.c.key, day.c.start_on >= month.c.start_on, or_(later.is_(None), day.c.start_on < later),
    )  # fmt: skip
    differs = or_(*(month.c[name] != func.coalesce(func.sum(day.c[name]), 0) for name in SUMS))
    return (
        select(month.c.id, func.min(month.c.start_on))
        .select_from(month.outerjoin(day, inside))
        .where(month.c.grain == Grain.MONTH, month.c.kind == Kind.ALL)
        .group_by(*month.c)
        .having(differs)
    )

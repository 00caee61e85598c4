"""Counting from the events: the one formula by which aggregates are made, read live where they are stale, and checked.

Everything counts over days that come as rows with their beginning and end: those of `FigureDay`, or days at hand.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    values,
)  # fmt: skip

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import clock
from backoffice.core.db import UtcDateTime, enum_type
from backoffice.figures.models import AGE_COLUMNS, SUMS, FigureDay, FigureSum, FigureTouch, Stale
from backoffice.figures.rules import AGES, Kind

from .sources import RESPONSE, SOURCES, Source, minutes_of

Conditions = Callable[[Source], Sequence[ColumnElement[bool]]]
_COLUMNS = ("start_at", "end_at", *(f"since_{days}" for days in AGES))
_KINDS = enum_type(Kind)
_TYPES: dict[str, Any] = {"day": Date(), **dict.fromkeys(_COLUMNS, UtcDateTime())}
#: Up to so many days stand in a statement one by one.
_FEW = 40


def everything(source: Source) -> Sequence[ColumnElement[bool]]:
    """No condition."""
    return ()


def day_row(day: date) -> dict[str, Any]:
    """A day as `FigureDay` keeps it."""
    end = clock.day_end(day)
    ages = {f"since_{days}": end - timedelta(days=days) for days in AGES}
    return {"day": day, "start_at": clock.day_start(day), "end_at": end} | ages


def days_at_hand(days: Iterable[date], last: date | None = None) -> Any:
    """These days as rows, in the statement itself; at least one is needed.

    last: the last of them goes on to the end of that day, as the days to come do, on which little can be counted yet.
    """
    found = [day_row(day) for day in sorted(days)]
    if last is not None:
        found[-1]["end_at"] = max(found[-1]["end_at"], clock.day_end(last))
    if len(found) <= _FEW:  # a statement that is compiled once for so many days
        selects = [select(*(literal(value, _TYPES[name]).label(name) for name, value in one.items())) for one in found]
        return union_all(*selects).cte("days_at_hand") if len(selects) > 1 else selects[0].cte("days_at_hand")
    rows = [tuple(one.values()) for one in found]
    columns: list[Any] = [column(name, kind) for name, kind in _TYPES.items()]
    return values(*columns, name="days_at_hand").data(rows).cte("days_at_hand")


def kept_days(*conditions: ColumnElement[bool]) -> Any:
    """The days whose aggregates are made, as rows."""
    names = ("day", *_COLUMNS)
    return select(*(getattr(FigureDay, name) for name in names)).where(*conditions).cte()  # several in one check


def key_of(kind: Kind, facts: Any) -> Any:
    """The key under which facts are told for a kind."""
    columns = {Kind.TECHNICIAN: facts.c.technician, Kind.ZONE: facts.c.zone, Kind.MODEL: facts.c.model}
    return func.coalesce(columns[kind], "") if kind in columns else literal("", String(20))


def facts(days: Any, now: datetime, conditions: Conditions = everything) -> Any:
    """Every sum by day, branch, technician, zone and model."""
    parts = []
    for source in SOURCES:
        technician, zone, model = source.keys()
        sums = [
            func.sum(literal_column(str(expression)) if isinstance(expression, int) else expression)
            if (expression := source.sums.get(name)) is not None
            else literal_column("0")
            for name in SUMS
        ]
        query = select(
            days.c.day.label("day"), source.branch.label("branch_id"), technician.label("technician"),
            zone.label("zone"), model.label("model"), *(one.label(name) for one, name in zip(sums, SUMS, strict=True)),
        )  # fmt: skip
        query = query.select_from(days).join(source.model, source.within(days.c.start_at, days.c.end_at, days.c.day))
        query = source.joined(query).where(source.where(now), *conditions(source))
        parts.append(query.group_by(days.c.day, source.branch, technician, zone, model))
    return union_all(*parts).cte("facts")


def sums_of(facts: Any, kind: Kind) -> Select[Any]:
    """(day, branch, kind, key, sums) of one kind."""
    key = key_of(kind, facts)
    group = (facts.c.day, facts.c.branch_id, *([key] if kind is not Kind.ALL else []))
    sums = [cast(func.sum(facts.c[name]), facts_type(name)).label(name) for name in SUMS]
    query = select(
        facts.c.day.label("day"), facts.c.branch_id.label("branch_id"), literal(kind, _KINDS).label("kind"),
        cast(key, String(20)).label("key"), *sums,
    )  # fmt: skip
    return query.group_by(*group)


def facts_type(name: str) -> Any:
    """Type of a column of sums; a sum of the database is wider."""
    return FigureSum.__table__.c[name].type


def all_kinds(select_of: Callable[[Kind], Select[Any]]) -> Any:
    """One select out of those of each kind."""
    return union_all(*(select_of(kind) for kind in Kind))


def response_facts(days: Any, now: datetime, conditions: Conditions = everything) -> Select[Any]:
    """(day, branch, minutes, calls): how many calls were first reached after so many minutes."""
    minutes = minutes_of(ServiceCall.received_at, ServiceCall.first_arrived_at)
    query = select(
        days.c.day.label("day"), RESPONSE.branch.label("branch_id"), minutes.label("minutes"),
        cast(func.count(), Integer).label("calls"),
    )  # fmt: skip
    return (
        query.select_from(days)
        .join(ServiceCall, RESPONSE.within(days.c.start_at, days.c.end_at, days.c.day))
        .where(RESPONSE.where(now), *conditions(RESPONSE))
        .group_by(days.c.day, RESPONSE.branch, minutes)
    )


def open_facts(days: Any, first: Any, conditions: Sequence[ColumnElement[bool]] = ()) -> Any:
    """Open calls by age at the midnight that ends each day, by branch, technician, zone and model (K-07).

    first: the earliest of those midnights. A call is open from when it came in until it is written off or cancelled.
    """
    technician, zone, model = RESPONSE.keys()
    ended = func.coalesce(ServiceCall.closed_at, ServiceCall.cancelled_at)
    calls = union_all(
        *(
            select(
                ServiceCall.received_at, ended.label("ended_at"), ServiceCall.branch_id, technician.label("technician"),
                zone.label("zone"), model.label("model"),
            ).where(condition, *conditions)
            for condition in (
                and_(ServiceCall.closed_at.is_(None), ServiceCall.cancelled_at.is_(None), open_state()),
                and_(ServiceCall.closed_at >= first),
                and_(ServiceCall.cancelled_at >= first, ServiceCall.closed_at.is_(None)),
            )
        )
    ).subquery("open_calls")  # fmt: skip
    inside = and_(
        calls.c.received_at < days.c.end_at, or_(calls.c.ended_at.is_(None), calls.c.ended_at >= days.c.end_at)
    )
    ages = ages_of(calls.c.received_at, [days.c[f"since_{age}"] for age in AGES])
    columns = (days.c.day, calls.c.branch_id, calls.c.technician, calls.c.zone, calls.c.model)
    query = select(*columns, *(func.sum(one).label(name) for name, one in ages.items()))
    return query.select_from(calls).join(days, inside).group_by(*columns).cte("open_facts")


def open_state() -> ColumnElement[bool]:
    """Written out, so that SQLite sees that the partial index of open calls fits."""
    return and_(
        ServiceCall.state != literal_column(f"'{CallState.CLOSED.value}'"),
        ServiceCall.state != literal_column(f"'{CallState.CANCELLED.value}'"),
    )


def ages_of(received_at: Any, since: Sequence[Any]) -> dict[str, Any]:
    """1 in the column of its age and 0 in the others, by the moments from which on a call is so young (K-07)."""
    found, previous = {}, None
    for name, moment in zip(AGE_COLUMNS, (*since, None), strict=True):
        terms = [] if moment is None else [received_at >= moment]
        terms += [] if previous is None else [received_at < previous]
        found[name] = case((and_(*terms), 1), else_=0)
        previous = moment
    return found


def backlog_of(facts: Any, kind: Kind) -> Select[Any]:
    """(day, branch, kind, key, ages) of one kind."""
    key = key_of(kind, facts)
    group = (facts.c.day, facts.c.branch_id, *([key] if kind is not Kind.ALL else []))
    ages = [cast(func.sum(facts.c[name]), Integer).label(name) for name in AGE_COLUMNS]
    query = select(
        facts.c.day.label("day"), facts.c.branch_id.label("branch_id"), literal(kind, _KINDS).label("kind"),
        cast(key, String(20)).label("key"), *ages,
    )  # fmt: skip
    return query.group_by(*group)


def overlaps(what: Stale) -> Any:
    """Condition between a day and a mark: the mark makes the day stale."""
    if what is Stale.SUMS:
        within = and_(FigureTouch.since < FigureDay.end_at, FigureTouch.until > FigureDay.start_at)
        return and_(FigureTouch.what == what, or_(FigureTouch.on_day == FigureDay.day, within))
    return and_(
        FigureTouch.what == what, FigureTouch.since <= FigureDay.end_at,
        or_(FigureTouch.until.is_(None), FigureTouch.until >= FigureDay.end_at),
    )  # fmt: skip

"""Making the aggregates: the days that are missing and those that are stale, or all of them from a day on (J-10)."""

from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, insert, literal, select, text

from backoffice.core import clock, jobs
from backoffice.core.db import db, enum_type
from backoffice.figures.counting import facts as counting
from backoffice.figures.models import (
    AGE_COLUMNS,
    SUMS,
    FigureBacklog,
    FigureDay,
    FigureResponse,
    FigureSum,
    FigureTouch,
    Grain,
)  # fmt: skip
from backoffice.figures.queries import standing
from backoffice.figures.rules import month_end, months_of

#: Days that one round of statements makes.
CHUNK = 100
#: Held while aggregates are written, so that two refreshes follow each other.
_LOCK = 20261201
_DAY = timedelta(days=1)
_GRAIN = enum_type(Grain)


@jobs.job("J-10", _l("Snapshot of the backlog, and the figures of the day that is over"), when="0 0 * * *")
def snapshot(day: date, at: datetime) -> int:
    """Make the aggregates of every day that is over; returns of how many days."""
    return refresh()


@jobs.job("J-10-touched", _l("Count again the days of which something has changed"), when="5-55/10 * * * *")
def recount(day: date, at: datetime) -> int:
    """Make stale aggregates anew; returns of how many days."""
    return refresh()


def rebuild(first: date | None = None) -> int:
    """Make the days from `first` on anew from the events, without one all; returns of how many days.

    The caller commits.
    """
    if first is None:
        _lock()
        db.session.execute(delete(FigureDay))
    return refresh(again_from=first)


def refresh(again_from: date | None = None) -> int:
    """Make what is missing up to yesterday, what is stale, and every day from `again_from` on; returns of how many.

    The marks are taken away before anything is counted: what changes meanwhile leaves a new one. The caller commits.
    """
    _lock()
    marks = db.session.execute(
        delete(FigureTouch).returning(FigureTouch.what, FigureTouch.since, FigureTouch.until, FigureTouch.on_day)
    ).all()
    stale = standing.touched(marks)
    kept, yesterday = standing.kept(), clock.today() - _DAY
    if kept is None:
        _clear()
        fresh = _between(standing.earliest(), yesterday)
        again = set()
    else:
        before = min(stale.sums | stale.backlog, default=kept[0])
        fresh = _between(before, kept[0] - _DAY) + _between(kept[1] + _DAY, yesterday)
        again = set(_between(max(again_from, kept[0]), kept[1])) if again_from is not None else set()
    if fresh:
        db.session.execute(insert(FigureDay), [counting.day_row(day) for day in fresh])
    there = set(fresh) if kept is None else {*fresh, *_between(*kept)}
    sums = sorted({*fresh, *again, *(stale.sums & there)})
    backlog = sorted({*fresh, *again, *(stale.backlog & there)})
    for days in _chunks(sums):
        _make_sums(days)
    for days in _chunks(backlog):
        _make_backlog(days)
    for month in months_of(sums):
        _roll_up(month)
    return len({*sums, *backlog})


def _lock() -> None:
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _between(first: date | None, last: date) -> list[date]:
    return [] if first is None else [first + n * _DAY for n in range((last - first).days + 1)]


def _chunks(days: list[date]) -> list[tuple[date, ...]]:
    return [tuple(days[start : start + CHUNK]) for start in range(0, len(days), CHUNK)]


def _clear() -> None:
    for model in (FigureSum, FigureResponse, FigureBacklog):
        db.session.execute(delete(model))


def _make_sums(days: tuple[date, ...]) -> None:
    """Count the sums and response times of these days, which `FigureDay` has."""
    now, among = clock.now(), counting.kept_days(FigureDay.day.in_(days))
    facts = counting.facts(among, now)
    told = counting.all_kinds(lambda kind: counting.sums_of(facts, kind)).subquery()
    columns = ("branch_id", "kind", "key", *SUMS)
    _replace(
        FigureSum, FigureSum.grain == Grain.DAY, FigureSum.start_on.in_(days),
        columns=("grain", "start_on", *columns),
        query=select(literal(Grain.DAY, _GRAIN), told.c.day, *(told.c[name] for name in columns)),
    )  # fmt: skip
    times = counting.response_facts(among, now).subquery()
    timed = ("branch_id", "minutes", "calls")
    _replace(
        FigureResponse, FigureResponse.grain == Grain.DAY, FigureResponse.start_on.in_(days),
        columns=("grain", "start_on", *timed),
        query=select(literal(Grain.DAY, _GRAIN), times.c.day, *(times.c[name] for name in timed)),
    )  # fmt: skip


def _make_backlog(days: tuple[date, ...]) -> None:
    """Count the open calls at the ends of these days."""
    among = counting.kept_days(FigureDay.day.in_(days))
    facts = counting.open_facts(among, clock.day_end(days[0]))
    told = counting.all_kinds(lambda kind: counting.backlog_of(facts, kind)).subquery()
    columns = ("day", "branch_id", "kind", "key", *AGE_COLUMNS)
    _replace(FigureBacklog, FigureBacklog.day.in_(days), columns=columns, query=select(*(told.c[n] for n in columns)))


def _roll_up(month: date) -> None:
    """Sum the days of a month that have aggregates."""
    for model, names, keys in (
        (FigureSum, SUMS, ("branch_id", "kind", "key")), (FigureResponse, ("calls",), ("branch_id", "minutes")),
    ):  # fmt: skip
        table: Any = model
        days = (table.grain == Grain.DAY, table.start_on >= month, table.start_on <= month_end(month))
        group = [getattr(table, name) for name in keys]
        sums = [func.sum(getattr(table, name)) for name in names]
        start = literal(month, table.start_on.type)
        _replace(
            table,
            table.grain == Grain.MONTH,
            table.start_on == month,
            columns=("grain", "start_on", *keys, *names),
            query=select(literal(Grain.MONTH, _GRAIN), start, *group, *sums).where(*days).group_by(*group),
        )


def _replace(model: Any, *conditions: Any, columns: tuple[str, ...], query: Any) -> None:
    db.session.execute(delete(model).where(*conditions), execution_options={"synchronize_session": False})
    db.session.execute(insert(model).from_select(list(columns), query))

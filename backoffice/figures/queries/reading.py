"""The figures of a period: aggregates where they are good, else the events; a fixed number of statements."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import and_, false, func, or_, select, union_all

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.figures.counting import facts as counting
from backoffice.figures.models import SUMS, FigureResponse, FigureSum, Grain
from backoffice.figures.rules import Kind, Period, percentile

from .asking import Asked, Pieces
from .standing import Standing, standing

Sums = Counter[str]


@dataclass
class Reading:
    """What was read: the sums of the period and of the one before, of its days or months, and of each key."""

    asked: Asked
    standing: Standing
    total: Sums = field(default_factory=Counter)
    before: Sums = field(default_factory=Counter)
    #: by day, or by the first of a month
    series: dict[date, Sums] = field(default_factory=dict)
    #: by key of the kind that was asked for
    parts: dict[str, Sums] = field(default_factory=dict)
    #: how many calls were reached after so many minutes
    minutes: Mapping[int, int] = field(default_factory=dict)

    @property
    def median(self) -> int | None:
        """Half of the calls were reached in so many minutes (K-03)."""
        return percentile(self.minutes, 50)

    @property
    def ninetieth(self) -> int | None:
        """Nine in ten were (K-03)."""
        return percentile(self.minutes, 90)


def read(asked: Asked, by: Kind = Kind.ALL) -> Reading:
    """All sums that a page of figures shows; `by` says by what they are broken down besides."""
    period = asked.period
    found = Reading(asked, standing())
    unit = (lambda day: day) if period.is_daily else (lambda day: day.replace(day=1))
    found.series = {unit(day): Counter() for day in period.days}
    kept = asked.kept_as
    pieces = {
        one: Pieces.of(one, found.standing, kept=kept is not None, by_month=one is not period or not period.is_daily)
        for one in (period, period.before)
    }
    split = by is not Kind.ALL
    breaks = Pieces.of(period, found.standing, kept=kept == (Kind.ALL, "") and split, by_month=True)
    if kept is not None:
        for row in db.session.execute(_kept_sums(asked, kept, pieces.values())):
            _add(found, period, row.start_on, unit, row)
    if split and (breaks.months or breaks.days):
        query = _kept(asked, by, [breaks], FigureSum.key).group_by(FigureSum.key)
        for row in db.session.execute(query):
            _into(found.parts.setdefault(row.key, Counter()), row)
    for row in _live(asked, by, [*pieces.values()], breaks if split else None):
        if row.kind is Kind.ALL:
            if row.day in pieces[period].live or row.day in pieces[period.before].live:
                _add(found, period, row.day, unit, row)
        elif row.day in breaks.live:
            _into(found.parts.setdefault(row.key, Counter()), row)
    found.minutes = _minutes(asked, found.standing)
    return found


def _into(sums: Sums, row: Any) -> None:
    for name in SUMS:
        sums[name] += int(getattr(row, name) or 0)


def _add(found: Reading, period: Period, day: date, unit: Any, row: Any) -> None:
    if period.first <= day <= period.last:
        _into(found.total, row)
        _into(found.series[unit(day)], row)
    else:
        _into(found.before, row)


def _in_pieces(model: Any, pieces: Iterable[Pieces]) -> Any:
    months = [month for one in pieces for month in one.months]
    days = [day for one in pieces for day in one.days]
    return or_(
        and_(model.grain == Grain.MONTH, model.start_on.in_(months)) if months else false(),
        and_(model.grain == Grain.DAY, model.start_on.in_(days)) if days else false(),
    )


def _kept(asked: Asked, kind: Kind, pieces: Iterable[Pieces], *columns: Any) -> Any:
    sums = [func.sum(getattr(FigureSum, name)).label(name) for name in SUMS]
    return select(*columns, *sums).where(
        FigureSum.branch_id.in_(asked.branches), FigureSum.kind == kind, _in_pieces(FigureSum, pieces)
    )


def _kept_sums(asked: Asked, kept: tuple[Kind, str], pieces: Iterable[Pieces]) -> Any:
    kind, key = kept
    query = _kept(asked, kind, list(pieces), FigureSum.start_on, FigureSum.grain).where(FigureSum.key == key)
    return query.group_by(FigureSum.grain, FigureSum.start_on)


def _live(asked: Asked, by: Kind, pieces: list[Pieces], breaks: Pieces | None) -> list[Any]:
    """Rows of the days that are counted from the events, of all together and of each key."""
    parts = [*pieces, *([breaks] if breaks is not None else [])]
    days = {day for one in parts for day in one.live}
    if not days:
        return []
    last = max((one.last for one in parts if one.last is not None), default=None)
    facts = counting.facts(counting.days_at_hand(days, last), clock.now(), asked.conditions)
    kinds = [Kind.ALL] if breaks is None else [Kind.ALL, by]
    return list(db.session.execute(union_all(*(counting.sums_of(facts, kind) for kind in kinds))))


def _minutes(asked: Asked, known: Standing) -> dict[int, int]:
    """How many calls of the period were reached after so many minutes; limited to anything, out of the calls."""
    kept = asked.kept_as == (Kind.ALL, "")
    pieces = Pieces.of(asked.period, known, kept=kept, by_month=True)
    found: Counter[int] = Counter()
    if pieces.months or pieces.days:
        query = (
            select(FigureResponse.minutes, func.sum(FigureResponse.calls))
            .where(FigureResponse.branch_id.in_(asked.branches), _in_pieces(FigureResponse, [pieces]))
            .group_by(FigureResponse.minutes)
        )
        found.update({minutes: int(calls) for minutes, calls in db.session.execute(query)})
    if pieces.live:
        days = counting.days_at_hand(pieces.live)
        query = counting.response_facts(days, clock.now(), asked.conditions)
        for row in db.session.execute(query):
            found[row.minutes] += row.calls
    return dict(found)

"""How far the aggregates reach, and which of their days are stale."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import exists, func, or_, select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.figures.counting.sources import SOURCES
from backoffice.figures.models import FigureDay, FigureTouch, Stale

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """The days from `first` to `last` have aggregates, of which those that are stale do not count."""

    first: date | None = None
    last: date | None = None
    sums: frozenset[date] = frozenset()
    backlog: frozenset[date] = frozenset()
    #: nothing happened before `first`, so that there is nothing to count either
    is_whole: bool = False

    def has_sums(self, day: date) -> bool:
        """Whether the sums of the day follow from the events as they are."""
        return self._reaches(day) and day not in self.sums

    def has_backlog(self, day: date) -> bool:
        """Whether the backlog at the end of the day does."""
        return self._reaches(day) and day not in self.backlog

    def _reaches(self, day: date) -> bool:
        if self.first is None or self.last is None or not day <= self.last < clock.today():
            return False
        return self.first <= day or self.is_whole


@dataclass(frozen=True)
class Marks:
    """Days of which something has changed, out of marks that were taken away."""

    sums: set[date] = field(default_factory=set)
    backlog: set[date] = field(default_factory=set)


def kept() -> tuple[date, date] | None:
    """The first and the last day that have aggregates; those between have them too."""
    first, last = db.session.execute(select(func.min(FigureDay.day), func.max(FigureDay.day))).one()
    return None if first is None else (first, last)


def standing() -> Standing:
    """How the aggregates stand now; three statements."""
    reach = kept()
    # put on days here: joined in the database, every mark would meet every day
    marks = select(FigureTouch.what, FigureTouch.since, FigureTouch.until, FigureTouch.on_day).distinct()
    stale = touched(db.session.execute(marks))
    if reach is None:
        return Standing()
    first, last = reach
    earlier = or_(FigureTouch.since < clock.day_start(first), FigureTouch.on_day < first)
    is_whole = not db.session.scalar(select(exists().where(earlier)))
    return Standing(first, last, frozenset(stale.sums), frozenset(stale.backlog), is_whole)


def touched(marks: Iterable[Any]) -> Marks:
    """The days that marks make stale, up to today."""
    found, today = Marks(), clock.today()
    for mark in marks:
        if mark.on_day is not None:
            found.sums.add(mark.on_day)
            continue
        first = clock.local(mark.since).date()
        last = today if mark.until is None else min(clock.local(mark.until).date(), today)
        days = {first + n * _DAY for n in range((last - first).days + 1)}
        (found.sums if mark.what is Stale.SUMS else found.backlog).update(days)
    return found


def earliest() -> date | None:
    """The first day on which anything happened that is counted; None where nothing has."""
    days = []
    for source in SOURCES:
        found = db.session.scalar(select(func.min(source.moment)))
        if found is not None:
            days.append(found if source.is_daily else clock.local(found).date())
    return min(days, default=None)

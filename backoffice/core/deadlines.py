"""Due times on a calendar that is passed in (G-11). Pure functions; nothing is read here.

A due time is met by anything that happens at it or before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask_babel import lazy_gettext as _l

from . import clock
from .states import LabelledEnum


class CalendarKind(LabelledEnum):
    """How a limit counts."""

    ALWAYS = "24x7", _l("Round the clock")
    CALENDAR_DAYS = "calendar_days", _l("Calendar days")
    WORKING_DAYS = "working_days", _l("Working days")


@dataclass(frozen=True)
class Calendar:
    """Days off and make-up workdays that differ from Monday to Friday."""

    days_off: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        """Whether people work on `day`: a make-up workday wins over a weekend, a holiday over a weekday."""
        if day in self.workdays:
            return True
        return day.weekday() < 5 and day not in self.days_off


@dataclass(frozen=True)
class WorkingHours:
    """When the office is at work: on its workdays from `opens` to before `closes`, on the wall clock."""

    calendar: Calendar
    opens: time
    closes: time

    def is_open(self, at: datetime) -> bool:
        """Whether people are at work at that moment."""
        wall = clock.local(at)
        return self.calendar.is_workday(wall.date()) and self.opens <= wall.time() < self.closes

    def next_open(self, at: datetime) -> datetime:
        """`at` itself while people are at work, else the next opening."""
        if self.is_open(at):
            return at
        day = clock.local(at).date()
        while True:
            opening = clock.from_local(datetime.combine(day, self.opens))
            if opening > at and self.calendar.is_workday(day):
                return opening
            day += timedelta(days=1)


def after_minutes(start: datetime, minutes: int) -> datetime:
    """The moment `minutes` after `start`, round the clock."""
    return start + timedelta(minutes=minutes)


def after_days(start: datetime, days: int, kind: CalendarKind, calendar: Calendar) -> datetime:
    """The end (24:00, office's zone) of the day that lies `days` days after the day of `start`.

    Working days: only workdays count; with 0 days it is the end of that day, or of the next workday when it is none.
    Round the clock: `days` times 24 hours after `start`.
    """
    if kind is CalendarKind.ALWAYS:
        return start + timedelta(days=days)
    day = clock.local(start).date()
    if kind is CalendarKind.CALENDAR_DAYS:
        return clock.day_end(day + timedelta(days=days))
    left = days
    while left or not calendar.is_workday(day):
        day += timedelta(days=1)
        if left and calendar.is_workday(day):
            left -= 1
    return clock.day_end(day)


def minutes_left(due: datetime, at: datetime) -> int:
    """Whole minutes from `at` to `due`; negative when it is past."""
    return int((due - at).total_seconds() // 60)


def share_used(start: datetime, due: datetime, at: datetime) -> float:
    """Part of the limit that has run by `at`: 0 at the start, 1 when due, more afterwards."""
    total = (due - start).total_seconds()
    return (at - start).total_seconds() / total if total > 0 else 1.0


def share_reached(start: datetime, due: datetime, percent: int, kind: CalendarKind, calendar: Calendar) -> datetime:
    """The moment at which `percent` of the time from `start` to `due` has run; beyond 100 it lies after `due`.

    Of a limit in working days only the workdays count, each with its 24 hours: nothing runs over a weekend.
    """
    if kind is not CalendarKind.WORKING_DAYS:
        return start + (due - start) * percent / 100
    if percent == 100:
        return due
    total = sum((end - begin for begin, end in _workdays(start, due, calendar)), timedelta())
    left = total * percent / 100
    begin, end = start, start
    for begin, end in _workdays(start, None, calendar):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    return end


def _workdays(start: datetime, until: datetime | None, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of workdays from `start` on, up to `until`; without it for the next ten years."""
    day = clock.local(start).date()
    for _ in range(3660):
        begin, end = max(start, clock.day_start(day)), clock.day_end(day)
        if until is not None:
            if begin >= until:
                return
            end = min(end, until)
        if calendar.is_workday(day):
            yield begin, end
        day += timedelta(days=1)

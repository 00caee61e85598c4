"""When a job is due, as cron writes it: minute, hour, day of the month, month, day of the week, on the office's clock.

Numbers, `*`, lists, ranges and steps are understood, names are not. Where both the day of the month and the day of the
week are given, a day has to be both. Pure functions; nothing is read here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from backoffice.core import clock

#: How far back and ahead a due moment is looked for; a schedule without one in that time is none.
_DAYS = 366
_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@dataclass(frozen=True)
class Schedule:
    """The times of a day and the days on which a job is due."""

    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def has(self, day: date) -> bool:
        """Whether it is due on that day at all; Sunday is 0."""
        return day.day in self.days and day.month in self.months and day.isoweekday() % 7 in self.weekdays

    def last(self, at: datetime) -> datetime | None:
        """The latest due moment at `at` or before; None where there was none for a year."""
        return next(self._back(at), None)

    def next(self, at: datetime) -> datetime | None:
        """The first due moment after `at`; None where there is none for a year."""
        first = clock.local(at).date()
        for n in range(_DAYS):
            day = first + timedelta(days=n)
            for one in self.times if self.has(day) else ():
                moment = clock.from_local(datetime.combine(day, one))
                if moment > at:
                    return moment
        return None

    def between(self, after: datetime, until: datetime, most: int) -> list[datetime]:
        """The due moments after `after` up to `until`, in order; of more than `most` the latest ones."""
        found: list[datetime] = []
        for moment in self._back(until):
            if moment <= after or len(found) == most:
                break
            found.append(moment)
        return found[::-1]

    def _back(self, at: datetime) -> Iterator[datetime]:
        last = clock.local(at).date()
        for n in range(_DAYS):
            day = last - timedelta(days=n)
            for one in reversed(self.times) if self.has(day) else ():
                moment = clock.from_local(datetime.combine(day, one))
                if moment <= at:
                    yield moment


def parse(text: str) -> Schedule:
    """The schedule that `text` writes; raises ValueError for anything else."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text!r} has not five fields")
    minutes, hours, days, months, weekdays = (
        _numbers(field, low, high) for field, (low, high) in zip(fields, _FIELDS, strict=True)
    )
    times = tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes))
    return Schedule(times, days, months, frozenset(day % 7 for day in weekdays))


def _numbers(field: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = _number(first, field)
            end = _number(last, field) if dash else (high if slash else start)
        by = _number(step, field) if slash else 1
        if not (low <= start <= end <= high) or by < 1:
            raise ValueError(f"{field!r} does not lie between {low} and {high}")
        found.update(range(start, end + 1, by))
    return frozenset(found)


def _number(text: str, field: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{field!r} is no number, range or step")
    return int(text)

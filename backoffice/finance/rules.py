"""Rules of the finance desk on plain values: how old a receivable is, and what counts as late."""

from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, deadlines
from backoffice.core.deadlines import Calendar, CalendarKind
from backoffice.core.states import LabelledEnum


class Age(LabelledEnum):
    """For how many days a due is past the day from which it counts as outstanding (R-06, K-16)."""

    NOT_PAST = "0", _l("Not past due")
    TO_30 = "1", _l("1–30 days")
    TO_60 = "31", _l("31–60 days")
    TO_90 = "61", _l("61–90 days")
    OVER_90 = "91", _l("Over 90 days")


_OLDEST = {Age.NOT_PAST: 0, Age.TO_30: 30, Age.TO_60: 60, Age.TO_90: 90}
_YOUNGEST = {Age.TO_30: 1, Age.TO_60: 31, Age.TO_90: 61, Age.OVER_90: 91}


def due_days(age: Age, today: date) -> tuple[date | None, date | None]:
    """(first, last) `due_on` of the dues of that age, both included; None where there is no end."""
    oldest, youngest = _OLDEST.get(age), _YOUNGEST.get(age)
    return (
        None if oldest is None else today - timedelta(days=oldest),
        None if youngest is None else today - timedelta(days=youngest),
    )


def age_of(due_on: date, today: date) -> Age:
    """The age of a due."""
    days = (today - due_on).days
    return next(age for age in reversed(Age) if age is Age.NOT_PAST or days >= _YOUNGEST[age])


def late_before(at: datetime, days: int, calendar: Calendar) -> datetime:
    """What began before this moment, with `days` working days of time, is late at `at` (TL-14).

    The limit is met by anything that happens at it or before.
    """
    day = clock.local(at).date()
    while deadlines.after_days(clock.day_start(day), days, CalendarKind.WORKING_DAYS, calendar) >= at:
        day -= timedelta(days=1)
    return clock.day_end(day)


def months_back(today: date, count: int) -> list[date]:
    """The first days of the last so many months, the running one last."""
    first = today.replace(day=1)
    found = [first]
    while len(found) < count:
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found[::-1]

"""Working time over the real holidays of 2019 to 2026, against a calculation that knows nothing of the product (G-11).

The calculation here walks every single hour and keeps a table of days; the product steps from day to day.
"""

import csv
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from random import Random

import pytest

from backoffice.core.deadlines import Calendar, CalendarKind, WorkingHours, after_days, share_reached

pytestmark = pytest.mark.no_app

#: The office's clock, which has no summer time.
CHINA = timezone(timedelta(hours=8))
FIRST, LAST = date(2019, 1, 1), date(2026, 12, 31)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def notices(shared_data: Callable[[str], Path]) -> dict[date, str]:
    """Day -> off or work, as the State Council's notices say."""
    with shared_data("cn_holidays.csv").open(encoding="utf-8", newline="") as file:
        return {date.fromisoformat(row["date"]): row["kind"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def calendar(notices: dict[date, str]) -> Calendar:
    """The same as the product keeps it."""
    days = {kind: frozenset(day for day, said in notices.items() if said == kind) for kind in ("off", "work")}
    return Calendar(days["off"], days["work"])


@pytest.fixture(scope="module")
def workdays(notices: dict[date, str]) -> list[date]:
    """Every day of the eight years and some more on which people work, one after the other."""
    every = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 400)]
    return [day for day in every if notices.get(day, "off" if day.isoweekday() in (6, 7) else "work") == "work"]


def _moments(count: int, seed: int) -> list[datetime]:
    dice, span = Random(seed), (LAST - FIRST).days * 86_400
    start = datetime.combine(FIRST, time(), CHINA)
    return [(start + timedelta(seconds=dice.randrange(span))).astimezone(UTC) for _ in range(count)]


def test_every_day_is_what_the_notice_says(calendar: Calendar, workdays: list[date]) -> None:
    """2,922 days one by one: holidays on weekdays, make-up workdays on weekends, and all the others."""
    kept = [day for n in range((LAST - FIRST).days + 1) if calendar.is_workday(day := FIRST + timedelta(days=n))]
    assert kept == [day for day in workdays if day <= LAST]


@pytest.mark.parametrize("days", [0, 1, 2, 3, 7, 20])
def test_limits_in_working_days_end_where_the_table_says(calendar: Calendar, workdays: list[date], days: int) -> None:
    """TL-04, TL-15: counted from the day of the start, a start on a day off counts from the workday before."""
    for start in _moments(2000, days):
        day = start.astimezone(CHINA).date()
        passed = bisect_right(workdays, day)  # workdays up to and with that day
        place = passed + days - 1 if days or workdays[passed - 1] == day else passed
        end = datetime.combine(workdays[place], time(), CHINA) + timedelta(days=1)
        assert after_days(start, days, CalendarKind.WORKING_DAYS, calendar) == end


def test_shares_of_working_time_are_counted_hour_by_hour(calendar: Calendar, workdays: list[date]) -> None:
    """Section 9: half of a limit has run when half of its hours on workdays have; nothing runs over a holiday."""
    working = set(workdays)
    for start in (moment.replace(minute=0, second=0) for moment in _moments(150, 7)):
        due = after_days(start, 2, CalendarKind.WORKING_DAYS, calendar)
        hours = [
            at for n in range(int((due - start) / HOUR)) if (at := start + n * HOUR).astimezone(CHINA).date() in working
        ]
        half = share_reached(start, due, 50, CalendarKind.WORKING_DAYS, calendar)
        whole, rest = divmod(len(hours), 2)
        assert half in {hours[whole] + rest * HOUR / 2, hours[whole - 1] + HOUR}, (start, due)
        over = share_reached(start, due, 150, CalendarKind.WORKING_DAYS, calendar)
        beyond, at = timedelta(), due
        while beyond < len(hours) * HOUR / 2:
            if at.astimezone(CHINA).date() in working:
                beyond += HOUR / 2
            at += HOUR / 2
        assert over == at, (start, due)


def test_next_opening_is_found_minute_by_minute(calendar: Calendar, workdays: list[date]) -> None:
    """C settings: what waits for working hours waits for the first minute at which people work."""
    working, office = set(workdays), WorkingHours(calendar, time(8, 30), time(17, 30))
    for start in _moments(60, 11):
        at = start
        while not (
            at.astimezone(CHINA).date() in working and time(8, 30) <= at.astimezone(CHINA).time() < time(17, 30)
        ):
            at = (at + timedelta(minutes=1)).replace(second=0)
        assert office.next_open(start) == at
        assert office.is_open(start) == (at == start)

"""The kernel's pure parts: due times, number patterns, money, masks, enums."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core import clock, masking, numbering
from backoffice.core.deadlines import Calendar, CalendarKind, after_days, after_minutes, minutes_left, share_used
from backoffice.core.errors import RuleViolated
from backoffice.core.money import parse_amount, round_fen
from backoffice.settings.holidays_cn import DAYS

CHINA = Calendar(frozenset(on for on, _, works in DAYS if not works), frozenset(on for on, _, works in DAYS if works))
wall = datetime.fromisoformat  # a time on the wall, without zone
MOMENTS = st.datetimes(wall("2025-01-01"), wall("2026-11-01"), timezones=st.just(UTC))


def at(day: date, hour: int = 9) -> datetime:
    """That hour of the day in Shanghai."""
    return clock.from_local(wall(f"{day}T{hour:02}:00"))


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 3, 2), 1, date(2026, 3, 3)),  # Monday to Tuesday
        (date(2026, 3, 6), 1, date(2026, 3, 9)),  # Friday to Monday
        (date(2026, 3, 7), 0, date(2026, 3, 9)),  # Saturday: the next workday
        (date(2026, 3, 7), 1, date(2026, 3, 9)),
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # the Saturday before the Spring Festival is worked
        (date(2026, 2, 14), 1, date(2026, 2, 24)),  # then nine days off
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # National Day
    ],
)
def test_working_days_skip_holidays_and_count_make_up_days(start: date, days: int, end: date) -> None:
    """G-11, E-33: the office's calendar with China's holidays and make-up workdays."""
    assert after_days(at(start), days, CalendarKind.WORKING_DAYS, CHINA) == clock.day_end(end)


def test_calendar_days_end_at_midnight_of_the_office() -> None:
    """G-11: 24:00 in Shanghai, not in UTC."""
    late = clock.from_local(wall("2026-03-02T23:59"))
    due = after_days(late, 3, CalendarKind.CALENDAR_DAYS, CHINA)
    assert clock.local(due) == clock.local(clock.from_local(wall("2026-03-06")))


@given(MOMENTS, st.integers(0, 40))
def test_working_days_against_a_walk_day_by_day(start: datetime, days: int) -> None:
    """The due day is a workday, and just `days` workdays lie between it and the day of the start."""
    due = after_days(start, days, CalendarKind.WORKING_DAYS, CHINA)
    last = clock.local(due - timedelta(seconds=1)).date()
    first = clock.local(start).date()
    assert CHINA.is_workday(last)
    between = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    worked = sum(CHINA.is_workday(day) for day in between)
    assert worked == (days if days or CHINA.is_workday(first) else 1)
    assert due > start


@given(MOMENTS, st.integers(0, 20_000))
def test_round_the_clock_counts_every_minute(start: datetime, minutes: int) -> None:
    """TL-01: at night and on holidays too."""
    due = after_minutes(start, minutes)
    assert minutes_left(due, start) == minutes
    assert minutes_left(due, due + timedelta(seconds=1)) == -1
    assert share_used(start, due, due) == 1.0


def test_round_the_clock_in_days() -> None:
    """G-11."""
    start = at(date(2026, 3, 6))
    assert after_days(start, 2, CalendarKind.ALWAYS, CHINA) == start + timedelta(days=2)


@pytest.mark.parametrize(
    ("pattern", "serial", "number", "period"),
    [
        ("KH{B}{seq:06}", 123, "KHHZ000123", ""),
        ("XM{B}-{yyyy}-{seq:03}", 14, "XMHZ-2026-014", "2026"),
        ("JX{B}-{yyyymmdd}-{seq:03}", 7, "JXHZ-20260312-007", "20260312"),
        ("PZ{B}-{yyyymm}-{seq:04}", 1, "PZHZ-202603-0001", "202603"),
        ("KS{B}-{yy}{mm}{seq:03}", 5, "KSHZ-2603005", "202603"),
        ("JX{B}-{yyyymmdd}-{seq:03}", 1000, "JXHZ-20260312-1000", "20260312"),
    ],
)
def test_patterns_give_the_rule_books_numbers(pattern: str, serial: int, number: str, period: str) -> None:
    """N-00, N-01 to N-13: examples of the rule book; an overflowing serial widens."""
    day = date(2026, 3, 12)
    assert numbering.render(numbering.check_pattern(pattern), "HZ", day, serial) == number
    assert numbering.period_of(pattern, day) == period


@pytest.mark.parametrize(
    "pattern", ["", "JX{seq:03}", "JX{B}", "{B}{seq:03}{seq:03}", "{B}{x}{seq:03}", "{B} {seq:03}", "{B}{seq}", "{"]
)
def test_unfit_patterns_are_refused(pattern: str) -> None:
    """N-00."""
    with pytest.raises(RuleViolated):
        numbering.check_pattern(pattern)


@pytest.mark.parametrize(
    "typed", ["NaN", "Infinity", "-Infinity", "1e308", "12.345", "-1", "abc", "", "10000000000", "１２x"]
)
def test_amounts_that_are_none_are_refused(typed: str) -> None:
    """G-01: finite, exact to the fen, in range."""
    with pytest.raises(RuleViolated):
        parse_amount(typed)


def test_amounts() -> None:
    """G-01."""
    assert parse_amount(" 1,234.50 ") == Decimal("1234.50")
    assert parse_amount("0") == 0
    assert round_fen(Decimal("0.005")) == Decimal("0.01")


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138****5678"), ("0571-88886678", "0571-****678"), ("010-12345678", "010-****678"),
        ("12", "****"), ("+49 30 1234567", "****567"),
    ],
)  # fmt: skip
def test_phones_are_masked(phone: str, masked: str) -> None:
    """X-20."""
    assert masking.mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("浙江省杭州市西湖区文三路1号", "浙江省杭州市西湖区****"), ("浙江省德清县武康镇", "浙江省德清县****"),
        ("Bend, Oregon", "Bend, ****"), ("杭州市西湖区", "杭州市西湖区"),
    ],
)  # fmt: skip
def test_addresses_are_masked_down_to_the_district(address: str, masked: str) -> None:
    """X-20."""
    assert masking.mask_address(address) == masked


def test_names_are_masked() -> None:
    """X-20."""
    assert masking.mask_name("王小明") == "王**"
    assert masking.mask("name", None) == ""


def test_frozen_clock_refuses_a_naive_moment() -> None:
    """G-01: moments are aware."""
    with pytest.raises(ValueError, match="aware"), clock.freeze(wall("2026-01-01")):
        pass

"""Sharing a payment out, and when cash is late, on plain values."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core import clock
from backoffice.core.deadlines import Calendar
from backoffice.receivables.rules import age_bounds, age_of, allocate, late_before, left_over

FEN = st.integers(1, 10**9).map(lambda fen: Decimal(fen) / 100)


@given(st.lists(FEN, min_size=1, max_size=30), st.data())
def test_shares_add_up_and_cover_the_first(opens: list[Decimal], data: st.DataObject) -> None:
    """E-15: any amount up to all that is open is shared out to the fen; only the last share is a part."""
    amount = data.draw(st.integers(1, int(sum(opens) * 100))) / Decimal(100)
    shares = allocate(amount, opens)
    assert sum(shares) == amount
    reached = [n for n, share in enumerate(shares) if share]
    assert reached == list(range(len(reached)))
    assert all(shares[n] == opens[n] for n in reached[:-1])
    assert all(share <= one for share, one in zip(shares, opens, strict=True))


@pytest.mark.parametrize(("now", "days", "last_late_day"), [
    ("2026-11-24 09:00", 1, "2026-11-22"),  # Tuesday: the weekend had until the end of Monday
    ("2026-11-25 00:00", 1, "2026-11-23"),
    ("2026-11-24 23:59", 0, "2026-11-23"),
    ("2026-11-23 12:00", 1, "2026-11-19"),  # Monday: Friday's has until tonight
    ("2026-10-12 09:00", 1, "2026-10-08"),  # holidays had until the end of the Friday after them
])  # fmt: skip
def test_cash_is_late_once_its_working_days_are_over(now: str, days: int, last_late_day: str) -> None:
    """TL-14: the end of the working day counts, holidays and weekends do not."""
    holidays = Calendar(days_off=frozenset(date(2026, 10, day) for day in range(1, 9)))
    moment = late_before(clock.from_local(datetime.fromisoformat(now)), days, holidays)
    assert clock.local(moment - clock.RESOLUTION).date().isoformat() == last_late_day


@pytest.mark.parametrize(("days", "age"), [(-1, ""), (0, ""), (1, "1"), (30, "1"), (31, "31"), (90, "61"), (91, "91"),
                                           (4000, "91")])  # fmt: skip
def test_ages_leave_no_day_out(days: int, age: str) -> None:
    """R-05: each day past belongs to just one age, and its bounds say the same."""
    today = date(2026, 11, 24)
    due_on = date.fromordinal(today.toordinal() - days)
    assert age_of(due_on, today) == age
    if age:
        first, last = age_bounds(age, today)
        assert due_on <= last
        assert first is None or due_on >= first


def test_what_was_missing_stays() -> None:
    """E-15: missing cash is carried above 0, a surplus below."""
    assert left_over(Decimal(-20)) == Decimal(20)
    assert left_over(Decimal("5.50")) == Decimal("-5.50")
    assert left_over(None) == left_over(Decimal(0)) == 0

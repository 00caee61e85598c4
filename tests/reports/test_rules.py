"""Spans of a day, gaps, overlaps, minutes (E-17)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.calls.rules import ServiceType
from backoffice.core import clock
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.reports.rules import (
    MOST_MINUTES,
    Span,
    WorkType,
    check_day,
    check_minutes,
    due_at,
    gaps,
    overlaps,
    span_of_day,
    within,
    work_type_of,
)

DAY = date(2026, 11, 30)  # the last of a month
START = clock.day_start(DAY)


def span(start: float, end: float) -> Span:
    return Span(START + timedelta(minutes=start), START + timedelta(minutes=end))


def test_work_over_midnight_is_split() -> None:
    """E-17: each day has its own part, also over the end of a month; nothing is counted twice."""
    begun, ended = START + timedelta(hours=22), START + timedelta(hours=27, minutes=30)
    here, there = within(DAY, begun, ended), within(DAY + timedelta(days=1), begun, ended)
    assert here is not None
    assert there is not None
    assert (here.minutes, there.minutes) == (120, 210)
    assert here.end == there.start == clock.day_end(DAY)
    assert within(DAY - timedelta(days=1), begun, ended) is None
    assert within(DAY, clock.day_end(DAY), ended) is None, "midnight begins the next day"


def test_short_visit_counts_as_a_minute() -> None:
    """E-17: somebody was there, however short."""
    assert within(DAY, START, START) == Span(START, START)
    assert Span(START, START + timedelta(seconds=20)).minutes == 1


spans = st.lists(
    st.tuples(st.integers(0, 1400), st.integers(1, 300)).map(lambda pair: span(pair[0], pair[0] + pair[1])), max_size=8
)


@given(spans)
def test_gaps_and_overlaps_against_the_minutes_of_the_day(found: list[Span]) -> None:
    """E-17: minute by minute, a gap is covered by none, an overlap by two or more, and both are found whole."""
    covered = [sum(1 for one in found if one.start <= START + timedelta(minutes=m) < one.end) for m in range(1800)]
    inside = range(0)
    if found:
        first = int((min(one.start for one in found) - START).total_seconds() // 60)
        inside = range(first, int((max(one.end for one in found) - START).total_seconds() // 60))

    def minutes(of: list[Span]) -> set[int]:
        return {m for m in range(1800) for one in of if one.start <= START + timedelta(minutes=m) < one.end}

    assert minutes(gaps(found)) == {m for m in inside if covered[m] == 0}
    assert minutes(overlaps(found)) == {m for m in inside if covered[m] > 1}


def test_times_of_a_typed_line() -> None:
    """E-17: both or none; midnight as an end is the day's end; an end before the start is the next day's report."""
    assert span_of_day(DAY, None, None) is None
    assert span_of_day(DAY, time(22), time()) == span(22 * 60, 24 * 60)
    for start, end, field in ((time(8), None, "end"), (None, time(8), "start"), (time(9), time(8), "end")):
        with pytest.raises(MissingInput) as refusal:
            span_of_day(DAY, start, end)
        assert refusal.value.field == field


@pytest.mark.parametrize("minutes", [0, -1, MOST_MINUTES + 1, 61])
def test_minutes_out_of_range_are_refused(minutes: int) -> None:
    """E-17: at least one, at most a day, at most from start to end."""
    with pytest.raises(MissingInput):
        check_minutes(minutes, span(0, 60))
    assert check_minutes(None, span(0, 60)) == 60
    assert check_minutes(45, span(0, 60)) == 45
    assert check_minutes(0, None, least=0) == 0
    with pytest.raises(MissingInput):
        check_minutes(None, None)


def test_a_day_has_24_hours() -> None:
    """E-17: exactly 24 hours are possible, a minute more is not."""
    check_day(MOST_MINUTES)
    with pytest.raises(RuleViolated):
        check_day(MOST_MINUTES + 1)


def test_work_types_are_the_service_types() -> None:
    """S-3.1: A, B and C of the jobs; an undecided job has none yet."""
    assert [work_type_of(one) for one in ServiceType] == [WorkType.PAID, WorkType.CONTRACT, WorkType.FREE, None]
    assert work_type_of(None) is None


def test_grace_ends_on_the_next_morning() -> None:
    """TL-08: ten o'clock of the next day, whatever day that is."""
    assert due_at(DAY, 10) == datetime(2026, 12, 1, 2, tzinfo=UTC)

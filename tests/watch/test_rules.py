"""Schedules, shares of limits, working hours and texts: pure arithmetic, checked against plainer ways to reckon it."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core import clock, jobs
from backoffice.core.deadlines import Calendar, CalendarKind, WorkingHours, share_reached
from backoffice.core.masking import mask_email
from backoffice.organisation.rules import clean_email
from backoffice.settings.holidays_cn import DAYS
from backoffice.watch import rules
from backoffice.watch.models import MessageState, Told

REAL = Calendar(
    frozenset(on for on, _name, works in DAYS if not works), frozenset(on for on, _name, works in DAYS if works)
)
FIRST, LAST = min(on for on, *_ in DAYS), max(on for on, *_ in DAYS)
MOMENTS = st.datetimes(
    datetime.combine(FIRST, time()), datetime.combine(LAST, time()) - timedelta(days=40)
).map(lambda wall: clock.from_local(wall.replace(second=0, microsecond=0)))  # fmt: skip


def at(text):
    return clock.from_local(datetime.fromisoformat(text))


# -- schedules ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "now", "last", "following"),
    [
        ("0 8 * * *", "2026-03-02 08:00", "2026-03-02 08:00", "2026-03-03 08:00"),
        ("0 8 * * *", "2026-03-02 07:59", "2026-03-01 08:00", "2026-03-02 08:00"),
        ("* * * * *", "2026-03-02 07:59", "2026-03-02 07:59", "2026-03-02 08:00"),
        ("*/20 9-10 * * *", "2026-03-02 12:00", "2026-03-02 10:40", "2026-03-03 09:00"),
        ("30 0 1 * *", "2026-03-31 12:00", "2026-03-01 00:30", "2026-04-01 00:30"),
        ("0 9 * * 1,5", "2026-03-04 12:00", "2026-03-02 09:00", "2026-03-06 09:00"),
        ("0 9 * * 7", "2026-03-04 12:00", "2026-03-01 09:00", "2026-03-08 09:00"),
        ("0 0 29 2 *", "2026-03-04 12:00", None, None),
    ],
)
def test_due_moments_are_those_of_cron(when, now, last, following):
    """J: on the office's wall clock, up to and including the moment itself."""
    schedule = jobs.parse(when)
    assert schedule.last(at(now)) == (at(last) if last else None)
    assert schedule.next(at(now)) == (at(following) if following else None)


@pytest.mark.parametrize(
    "wrong", ["", "* * * *", "60 * * * *", "a * * * *", "5-1 * * * *", "*/0 * * * *", "-1 * * * *"]
)
def test_what_is_no_schedule_is_refused_at_start(wrong):
    with pytest.raises(ValueError, match=r"fields|between|number"):
        jobs.parse(wrong)


def test_missed_moments_come_in_order_and_not_without_end():
    schedule = jobs.parse("55 23 * * *")
    found = schedule.between(at("2026-03-01 23:55"), at("2026-03-04 12:00"), 31)
    assert found == [at("2026-03-02 23:55"), at("2026-03-03 23:55")]
    assert len(schedule.between(at("2024-03-01 23:55"), at("2026-03-04 12:00"), 31)) == 31


# -- limits over real holidays -----------------------------------------------------------------------------------------


def _hours_of_workdays(start, end):
    """Independent: hour by hour, whether the hour lies on a workday."""
    count, one = 0, start
    while one < end:
        day = clock.local(one).date()
        works = {on: works for on, _name, works in DAYS}.get(day, day.weekday() < 5)
        count += works
        one += timedelta(hours=1)
    return count


@given(MOMENTS, st.integers(1, 400), st.sampled_from([25, 50, 100, 150, 200]))
def test_the_share_of_a_limit_in_working_days_counts_workdays_only(start, hours, percent):
    """TL-04, TL-05: over real holidays and make-up workdays, counted hour by hour in another way."""
    start = start.replace(minute=0)
    due = start + timedelta(hours=hours)
    reached = share_reached(start, due, percent, CalendarKind.WORKING_DAYS, REAL)
    whole = _hours_of_workdays(start, due)
    if percent == 100:
        assert reached == due
    elif whole:
        run = _hours_of_workdays(start, reached.replace(minute=0, second=0, microsecond=0))
        run += (reached - reached.replace(minute=0, second=0, microsecond=0)) / timedelta(hours=1)
        assert run == pytest.approx(whole * percent / 100)


@given(MOMENTS, st.integers(1, 10_000), st.integers(1, 1000))
def test_the_share_of_a_limit_round_the_clock_is_a_plain_share(start, minutes, percent):
    """TL-01: microseconds count."""
    due = start + timedelta(minutes=minutes)
    reached = share_reached(start, due, percent, CalendarKind.ALWAYS, REAL)
    assert abs((reached - start).total_seconds() - minutes * 60 * percent / 100) < 1e-5


@given(MOMENTS, st.sampled_from([(time(8), time(18)), (time(9, 30), time(17, 15)), (time(0), time.max)]))
def test_the_next_opening_is_the_first_minute_at_which_somebody_is_there(moment, hours):
    """C-55, C-56: minute by minute, over weekends, real holidays and make-up workdays."""
    office = WorkingHours(REAL, *hours)
    named = {on: works for on, _name, works in DAYS}
    found, one = office.next_open(moment), moment
    for _ in range(20 * 1440):
        wall = clock.local(one)
        if named.get(wall.date(), wall.weekday() < 5) and hours[0] <= wall.time() < hours[1]:
            break
        one += timedelta(minutes=1)
    assert found == one
    assert office.is_open(found)


# -- texts -------------------------------------------------------------------------------------------------------------


def test_what_leaves_the_house_names_nobody():
    """X-20: numbers and times stay; names, reasons and whatever else was typed do not."""
    text = rules.outside("%(by)s escalates call %(number)s: %(reason)s (%(percent)s %%)",
                         {"by": "王芳", "number": "JX1", "reason": "张三 13800001111", "percent": 50})  # fmt: skip
    assert text == "… escalates call JX1: … (50 %)"
    assert rules.outside("%(number)s %(missing)s", None) == "… …"


@pytest.mark.parametrize("text", ["a\r\nBcc: x@y.cn", "a\0b", "a\u2028b", "长" * 5000, "\ud800", "😀" * 300])
def test_a_header_is_one_short_line_that_can_be_encoded(text):
    """No header can be injected."""
    line = rules.one_line(text)
    line.encode("utf-8")
    assert len(line) <= rules.LONGEST_SUBJECT
    assert not set(line) & set("\r\n\0\u2028")


def test_a_body_is_cut_where_it_is_too_long():
    assert len(rules.body(["x" * 5000] * 3)) == rules.LONGEST_TEXT
    assert rules.body(["a\r\nb", "", "c"]) == "a b\n\nc"


def test_pauses_grow_and_end():
    assert [int(rules.pause_after(n).total_seconds() // 60) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize(
    "wrong", ["a", "a@b", "a@b.c\nBcc: d@e.cn", "a b@c.cn", "<a@b.cn>", "王@b.cn", "a@b..cn", "a@" + "b" * 300 + ".cn"]
)
def test_what_is_no_address_is_refused(wrong):
    with pytest.raises(Exception, match="e-mail"):
        clean_email(wrong)


def test_addresses_are_kept_and_masked():
    assert clean_email("  wang.fang@example.com.cn ") == "wang.fang@example.com.cn"
    assert clean_email(None) == ""
    assert mask_email("wang@example.com") == "w***@example.com"
    assert mask_email("x") == "***"


def test_roles_and_states_agree_with_the_kernel():
    assert [one for one in Told if one.role is None] == [Told.RESPONSIBLE]
    assert MessageState.UNCLEAR.is_final is False
    assert datetime(2026, 1, 1, tzinfo=UTC)

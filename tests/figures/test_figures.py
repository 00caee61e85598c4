"""K-01 to K-09, K-13 and K-15 of generated days against the same counted in Python, with and without aggregates."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from backoffice.calls.models import CallState, CancelReason, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.figures.queries import backlog
from backoffice.figures.queries.asking import Asked
from backoffice.figures.queries.figures import FIGURES
from backoffice.figures.queries.reading import read
from backoffice.figures.queries.standing import standing
from backoffice.figures.rules import Kind, Period, Span, percentile, period
from backoffice.figures.workflow import refresh
from backoffice.organisation.models import Zone
from tests import factories as make
from tests.figures.office import Office, anew, backlog_anew

FIRST = date(2026, 9, 20)
NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
PERIODS = (
    period(Span.MONTH, date(2026, 10, 5)), period(Span.YEAR, date(2026, 10, 5)), period(Span.QUARTER, FIRST),
    period(Span.DAY, date(2026, 10, 31)), Period(Span.RANGE, date(2026, 9, 25), date(2026, 11, 1)),
    period(Span.MONTH, date(2026, 11, 2)), Period(Span.RANGE, date(2026, 5, 1), date(2026, 12, 31)),
)  # fmt: skip


@pytest.fixture
def office() -> Office:
    with clock.freeze(NOON):
        return Office(7, FIRST, 43)


@pytest.mark.parametrize("kept", [False, True])
def test_figures_of_generated_days(office: Office, kept: bool) -> None:
    """K-01 to K-06, K-08, K-09, K-13, K-15: each sum, by branch, technician, zone and model."""
    with clock.freeze(NOON):
        if kept:
            refresh()
            office.calls.append(office.call())  # and something changes afterwards
            office.calls[0].carry_over_count += 1
            db.session.flush()
        everywhere = [one.id for one in office.branches]
        person = office.technicians[everywhere[0]][0].id
        chosen = [
            {}, {"technician": person}, {"zone": Zone.CITY}, {"model_id": office.models[0].id},
            {"zone": Zone.SUBURB, "model_id": office.models[1].id},
        ]  # fmt: skip
        for one in PERIODS:
            for branches in (everywhere, everywhere[:1]):
                for limits in chosen:
                    found = read(Asked(one, tuple(branches), **limits), Kind.TECHNICIAN)
                    expected, times = anew(one.first, one.last, branches, **limits)
                    assert +found.total == +expected, (one, limits)
                    assert +found.before == +anew(one.before.first, one.before.last, branches, **limits)[0]
                    assert found.minutes == times
                    values = sorted(times.elements())
                    if values:
                        assert found.median == values[(len(values) - 1) // 2]
                        assert found.ninetieth == values[-(-len(values) * 9 // 10) - 1]
                    summed = sum(found.series.values(), type(found.total)())
                    assert +summed == +found.total
                    parts = sum(found.parts.values(), type(found.total)())
                    assert +parts == +found.total
                    for key, sums in found.parts.items():
                        if key and not limits.get("technician"):
                            alone = anew(one.first, one.last, branches, **limits | {"technician": int(key)})[0]
                            assert +sums == +alone


@pytest.mark.parametrize("kept", [False, True])
def test_the_backlog_of_generated_days(office: Office, kept: bool) -> None:
    """K-07: the open calls by age at every midnight; what changes afterwards is in it."""
    with clock.freeze(NOON):
        if kept:
            refresh()
            office.calls.append(office.call())
        everywhere = [one.id for one in office.branches]
        days = [FIRST + timedelta(days=n) for n in range(43)]
        found = backlog.at_ends_of(days, Asked(PERIODS[0], tuple(everywhere)), standing())
        for day in days:
            assert +found[day] == +backlog_anew(day, everywhere), day
        assert sum(backlog.now(Asked(PERIODS[0], tuple(everywhere))).values()) == sum(
            one.closed_at is None and one.cancelled_at is None for one in office.calls
        ) + sum(card.state == "in_repair" for card in _others(office))


def _others(office: Office) -> list[ServiceCall]:
    known = {one.id for one in office.calls}
    return [one for one in db.session.scalars(select(ServiceCall)) if one.id not in known]


def test_a_percentile_is_the_value_of_its_rank() -> None:
    """K-03: nearest rank, and nothing for nothing."""
    assert percentile({}, 50) is None
    assert percentile({5: 1}, 90) == 5
    assert [percentile({1: 1, 2: 1, 3: 1, 4: 1}, one) for one in (25, 50, 75, 90, 100)] == [1, 2, 3, 4, 4]


# -- borders -----------------------------------------------------------------------------------------------------------

NINE = datetime(2026, 10, 30, 1, tzinfo=UTC)  # nine o'clock of a Friday in Shanghai


def of(one: Period, **limits: object) -> dict[str, int]:
    """The sums of branch HZ, those above 0."""
    return dict(+read(Asked(one, (make.make_branch().id,), **limits)).total)


@pytest.mark.parametrize("kept", [False, True])
def test_exactly_at_the_limit_is_a_hit(kept: bool) -> None:
    """Scenario 1: a city call of 09:00, due at 10:00: 09:59 and 10:00 are hits, 10:01 is none (TL-01, TL-02, K-02)."""
    with clock.freeze(NINE):
        for minute in (59, 60, 61):
            call = make.make_call(CallState.ON_SITE, received_at=NINE)
            call.dispatched_at = call.first_arrived_at = NINE + timedelta(minutes=minute)
        db.session.flush()
    with clock.freeze(NINE + timedelta(days=2)):
        if kept:
            refresh()
        found = of(period(Span.DAY, date(2026, 10, 30)))
    assert (found["dispatch_due"], found["dispatch_hit"]) == (3, 2)
    assert (found["arrival_due"], found["arrival_hit"]) == (3, 2)


def test_what_is_not_due_yet_is_no_miss() -> None:
    """K-01, K-02: a waiting call counts once its time is past; one that was reached early counts at once."""
    today = period(Span.DAY, date(2026, 10, 30))
    with clock.freeze(NINE):
        make.make_call(received_at=NINE)
        make.make_call(CallState.ON_SITE, received_at=NINE)
    for minutes, due, hit in ((30, 1, 1), (60, 1, 1), (61, 2, 1)):
        with clock.freeze(NINE + timedelta(minutes=minutes)):
            found = of(today)
            assert (found["dispatch_due"], found["dispatch_hit"]) == (due, hit)
            assert (found["arrival_due"], found["arrival_hit"]) == (due, hit)


@pytest.mark.parametrize(("minutes", "due"), [(59, 0), (60, 1), (61, 1)])
def test_cancelled_before_it_was_due(minutes: int, due: int) -> None:
    """K-01: what was cancelled before its dispatch was due is left out; K-02 leaves out whatever was cancelled."""
    with clock.freeze(NINE):
        make.make_call(CallState.CANCELLED, received_at=NINE, cancelled_at=NINE + timedelta(minutes=minutes))
    with clock.freeze(NINE + timedelta(days=1)):
        found = of(period(Span.DAY, date(2026, 10, 30)))
    assert (found.get("dispatch_due", 0), found.get("dispatch_hit", 0), found.get("arrival_due", 0)) == (due, 0, 0)


@pytest.mark.parametrize("kept", [False, True])
def test_midnight_and_the_end_of_the_month(kept: bool) -> None:
    """K-08, K-01: one minute before midnight is the old month, midnight the new one; due times have their own day."""
    midnight = clock.day_start(date(2026, 11, 1))
    with clock.freeze(midnight + timedelta(hours=1)):
        for minutes in (-1, 0):
            make.make_call(received_at=midnight + timedelta(minutes=minutes))
    with clock.freeze(midnight + timedelta(days=3)):
        if kept:
            refresh()
        october, november = (period(Span.MONTH, date(2026, month, 1)) for month in (10, 11))
        assert (of(october)["received"], of(november)["received"]) == (1, 1)
        assert (of(october).get("dispatch_due", 0), of(november)["dispatch_due"]) == (0, 2)
        days = [date(2026, 10, 31), date(2026, 11, 1)]
        ages = backlog.at_ends_of(days, Asked(november, (make.make_branch().id,)), standing())
        assert [dict(+one) for one in ages.values()] == [{"d1": 1}, {"d1": 1, "d3": 1}]


@pytest.mark.parametrize("kept", [False, True])
def test_a_technician_who_changes_branch_in_mid_month(kept: bool) -> None:
    """P-1: what he did at the old branch stays its own; each branch counts its calls."""
    hangzhou, shanghai = make.make_branch("HZ"), make.make_branch("SH")
    person = make.make_user(Role.TECHNICIAN, hangzhou)
    with clock.freeze(NINE):
        make.make_call(CallState.COMPLETED, hangzhou, technician=person, received_at=NINE - timedelta(days=10))
        person.branch_id = shanghai.id
        for _ in range(2):
            make.make_call(CallState.COMPLETED, shanghai, technician=person, received_at=NINE - timedelta(days=1))
        if kept:
            refresh()
        month = period(Span.MONTH, date(2026, 10, 1))
        done = [read(Asked(month, (key,), technician=person.id)).total["done"] for key in (hangzhou.id, shanghai.id)]
        assert done == [1, 2]
        assert read(Asked(month, (hangzhou.id, shanghai.id), technician=person.id)).total["done"] == 3
        for branch, count in ((hangzhou, 1), (shanghai, 2)):
            parts = read(Asked(month, (branch.id,)), Kind.TECHNICIAN).parts
            assert parts[str(person.id)]["done"] == count


def test_nothing_is_not_nought() -> None:
    """K-01 and on: without anything to count there is no share."""
    found = read(Asked(period(Span.MONTH, date(2020, 1, 1)), (make.make_branch().id,)))
    assert all(one.value(found.total) is None for one in FIGURES.values())
    assert found.median is None


def test_history_is_outside_the_first_four() -> None:
    """W-1.14: calls of an older system count for K-05 to K-08 only; an import that was taken back for nothing."""
    with clock.freeze(NINE):
        make.make_call(CallState.CLOSED, received_at=NINE, is_history=True)
        make.make_call(CallState.CANCELLED, received_at=NINE, is_history=True, completed_at=NINE,
                       cancel_reason=CancelReason.IMPORT_UNDONE)  # fmt: skip
    with clock.freeze(NINE + timedelta(days=1)):
        found = of(period(Span.DAY, date(2026, 10, 30)))
    assert found == {"done": 1, "done_seconds": 1200, "received": 1}


def test_an_undone_write_off_and_a_late_entry_are_seen() -> None:
    """K-07: the snapshot of a midnight follows what the events say of it."""
    with clock.freeze(NINE):
        call = make.make_call(CallState.CLOSED, received_at=NINE - timedelta(days=4))
    days = [date(2026, 10, day) for day in (27, 28, 29)]
    asked = Asked(period(Span.MONTH, days[0]), (make.make_branch().id,))

    def told() -> list[int]:
        return [one.total() for one in backlog.at_ends_of(days, asked, standing()).values()]

    with clock.freeze(NINE):
        refresh()
        assert told() == [0, 0, 0]
        make.make_call(received_at=clock.day_start(days[1]))
        assert told() == [0, 1, 1]
        db.session.execute(update(type(call)).where(type(call).id == call.id).values(closed_at=None, state="completed"))
        assert told() == [1, 2, 2]
        refresh()
        assert told() == [1, 2, 2]

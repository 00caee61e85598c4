"""K-01 to K-09, K-13 and K-15 of generated days against the same counted in Python, with and without aggregates."""

from datetime import UTC, date, datetime, timedelta

import pytest

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.figures.queries import backlog
from backoffice.figures.queries.asking import Asked
from backoffice.figures.queries.reading import read
from backoffice.figures.queries.standing import standing
from backoffice.figures.rules import Kind, Period, Span, percentile, period
from backoffice.figures.workflow import refresh
from backoffice.organisation.models import Zone
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


def _others(office: Office) -> list:
    from sqlalchemy import select

    from backoffice.calls.models import ServiceCall

    known = {one.id for one in office.calls}
    return [one for one in db.session.scalars(select(ServiceCall)) if one.id not in known]


def test_a_percentile_is_the_value_of_its_rank() -> None:
    """K-03: nearest rank, and nothing for nothing."""
    assert percentile({}, 50) is None
    assert percentile({5: 1}, 90) == 5
    assert [percentile({1: 1, 2: 1, 3: 1, 4: 1}, one) for one in (25, 50, 75, 90, 100)] == [1, 2, 3, 4, 4]

"""K-05 and K-07 of a city's real call log, brought in as history, against the same counted from the file."""

import csv
import gzip
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import insert

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.figures.queries import backlog
from backoffice.figures.queries.asking import Asked
from backoffice.figures.queries.reading import read
from backoffice.figures.queries.standing import standing
from backoffice.figures.rules import Period, Span, period
from backoffice.figures.workflow import refresh
from tests import factories as make

COUNT = 6000


def moments(path: Path) -> list[tuple[datetime, datetime]]:
    """When each of the first calls was opened and closed; those that are open count as closed at once, as imported."""
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in islice(csv.DictReader(file), COUNT):
            opened = datetime.fromisoformat(row["open_dt"]).replace(tzinfo=UTC)
            closed = datetime.fromisoformat(row["closed_dt"]).replace(tzinfo=UTC) if row["closed_dt"] else opened
            found.append((opened, max(opened, closed)))
    return found


@pytest.mark.parametrize("kept", [False, True])
def test_the_call_log_of_boston(shared_data: Callable[[str], Path], kept: bool) -> None:
    """K-05 of each month; K-07 at every midnight, by age, bursts and old calls included."""
    calls = moments(shared_data("service_calls_boston.csv.gz"))
    with clock.freeze(datetime(2026, 3, 2, tzinfo=UTC)):
        first = make.make_call(CallState.CLOSED, is_history=True)
        pattern = {c.name: getattr(first, c.key) for c in ServiceCall.__table__.c if c.name != "id"}
        own = {"received_at", "completed_at", "closed_at", "number", "dispatched_at", "first_arrived_at"}
        plain = {name: value for name, value in pattern.items() if name not in own}
        rows = [
            plain | {"number": f"B{place}", "received_at": start, "completed_at": end, "closed_at": end,
                     "dispatched_at": None, "first_arrived_at": None}
            for place, (start, end) in enumerate(calls)
        ]  # fmt: skip
        db.session.execute(insert(ServiceCall), rows)
        if kept:
            refresh()
        branch = (make.make_branch().id,)
        months = sorted({clock.local(end).date().replace(day=1) for _, end in calls})
        assert len(months) > 3
        for month in months[:24]:
            one = period(Span.MONTH, month)
            found = read(Asked(one, branch)).total
            took = [end - start for start, end in calls if one.first <= clock.local(end).date() <= one.last]
            assert found["done"] == len(took)
            assert found["done_seconds"] == sum(round(span.total_seconds()) for span in took)
        span = Period(Span.RANGE, clock.local(calls[0][0]).date(), clock.local(calls[0][0]).date() + timedelta(days=60))
        told = backlog.at_ends_of(span.days, Asked(span, branch), standing())
        for day in span.days:
            assert dict(+told[day]) == dict(open_at_end(day, calls)), day


def open_at_end(day: date, calls: list[tuple[datetime, datetime]]) -> Counter[str]:
    moment = clock.day_end(day)
    ages = [moment - start for start, end in calls if start < moment <= end]
    names = [next((f"d{n}" for n in (1, 3, 7, 15, 30) if age <= timedelta(days=n)), "more") for age in ages]
    return Counter(names)

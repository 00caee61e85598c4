"""The aggregates say what the events say, whatever people do and in whatever order."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from backoffice.core import clock, invariants
from backoffice.core.db import db
from backoffice.factory import load_features
from backoffice.figures.models import FigureBacklog, FigureDay, FigureSum, FigureTouch
from backoffice.figures.workflow import rebuild, refresh
from tests.repairs.histories import History
from tests.repairs.office import open_office
from tests.repairs.walking import step

load_features()
STEPS = st.lists(st.binary(min_size=12, max_size=12).map(int.from_bytes), min_size=2, max_size=10)
OURS = [one for one in invariants.REGISTRY.values() if one.model in (FigureDay, FigureSum)]


def broken() -> list[Any]:
    """What the invariants of the aggregates find."""
    db.session.flush()
    return [(one.key, *row) for one in OURS for row in db.session.execute(one.broken())]


def told() -> Any:
    """All that the aggregates say, without their keys."""
    db.session.flush()
    found = []
    for model in (FigureSum, FigureBacklog):
        columns = [column for column in model.__table__.c if column.name != "id"]
        found.append(sorted(map(str, db.session.execute(select(*columns)))))
    return found


@pytest.mark.parametrize("share", range(2))
def test_whatever_people_do_the_aggregates_follow(share: int) -> None:
    """K-01 to K-15: after any history, before and after a refresh and from scratch, the same figures."""
    office = open_office()

    @seed(share)
    @settings(max_examples=40, deadline=None, database=None, derandomize=False,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(STEPS, STEPS, st.integers(0, 3))
    def walk(first: list[int], second: list[int], days: int) -> None:
        before = db.session.begin_nested()
        history = History(office)
        try:
            for number in first:
                step(history, number)
            with clock.freeze(history.moment + timedelta(days=2)):
                refresh()
                assert not broken()
            history.moment += timedelta(days=days)
            for number in second:
                step(history, number)
            with clock.freeze(history.moment + timedelta(days=2)):
                assert not broken(), "a day that is stale is not marked"
                refresh()
                assert not broken()
                found = told()
                rebuild()
                assert told() == found
                assert not db.session.scalar(select(func.count()).select_from(FigureTouch))
        finally:
            before.rollback()
            note("\n".join(history.log))

    walk()

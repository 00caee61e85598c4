"""Two people, and two hosts, at the same time, with real connections (W-7, J-04)."""

import pytest
from sqlalchemy import func, select

from backoffice.calls.models import ServiceCall
from backoffice.core import clock, jobs
from backoffice.core.db import db
from backoffice.core.errors import IllegalTransition
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.reconciliation import workflow
from backoffice.reconciliation.models import DayBook, DayLine, DayState, UndoneLine
from tests import factories as make
from tests.evening import make_book
from tests.fixtures_live import LiveDatabase
from tests.test_concurrency import at_once

pytestmark = pytest.mark.no_app


def test_of_two_supervisors_one_closes_the_day(live_database: LiveDatabase) -> None:
    """W-7, G-06: the second is told that it is closed; each call stands in it once."""
    with live_database.app.app_context():
        calls = [make.make_call(received_at=clock.day_start(clock.today())).id for _ in range(3)]
        supervisors = [make.make_user(Role.SUPERVISOR).id for _ in range(4)]
        book = make_book(DayState.CHECKED).id
        db.session.commit()

    def close(n: int) -> int:
        by = db.session.get_one(User, supervisors[n])
        db.session.rollback()
        closed = workflow.close(book, by=by)
        db.session.commit()
        return int(closed.closing)

    results = at_once(live_database, 4, close)
    assert sum(result == 1 for result in results) == 1, results
    assert sum(isinstance(result, IllegalTransition) for result in results) == 3, results
    with live_database.app.app_context():
        lines = db.session.scalars(select(DayLine.call_id).where(DayLine.book_id == book)).all()
        assert set(calls) <= set(lines)
        assert len(lines) == len(set(lines)) == db.session.get_one(DayBook, book).members


def test_two_hosts_carry_over_once(live_database: LiveDatabase) -> None:
    """J-04: whoever is first; every call has one line and is counted once, supervisors are told once."""
    with live_database.app.app_context():
        branch = make.make_branch("ZZ")
        calls = [make.make_call(branch=branch, received_at=clock.day_start(clock.today())).id for _ in range(5)]
        supervisor = make.make_user(Role.SUPERVISOR, branch).id
        db.session.commit()

    def run(n: int) -> int:
        count = jobs.run("J-04")
        db.session.commit()
        return count

    results = at_once(live_database, 3, run)
    assert all(isinstance(result, int) for result in results), results
    with live_database.app.app_context():
        lines = select(UndoneLine.call_id, func.count()).where(UndoneLine.call_id.in_(calls))
        assert dict(db.session.execute(lines.group_by(UndoneLine.call_id)).all()) == dict.fromkeys(calls, 1)
        counts = select(ServiceCall.carry_over_count).where(ServiceCall.id.in_(calls))
        assert db.session.scalars(counts).all() == [1] * 5
        morning = db.session.scalars(select(UndoneLine.deliver_on).limit(1)).one()

    def deliver(n: int) -> int:
        told = jobs.run("J-04-morning", morning)
        db.session.commit()
        return told

    at_once(live_database, 2, deliver)
    with live_database.app.app_context():
        told = select(func.count()).where(Notice.kind == "undone.delivered", Notice.user_id == supervisor)
        assert db.session.scalar(told) == 1

"""J-03: every morning, once a day for each card."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from backoffice.core import clock, jobs
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.repairs.models import CardState
from tests import factories as make
from tests.custody import make_card


def test_due_and_late_cards_are_told_once_a_day():
    """J-03, TL-06: the technician of both, the supervisor of the late one; others are left alone."""
    supervisor, now = make.make_user(Role.SUPERVISOR), clock.now()
    today = clock.day_end(clock.today())
    due = make_card(planned_finish_at=today)
    late = make_card(CardState.REPAIRING, planned_finish_at=now - timedelta(days=2))
    make_card(planned_finish_at=today + timedelta(days=3))
    make_card(CardState.REPAIRED, planned_finish_at=now - timedelta(days=2))
    assert jobs.run("J-03") == 2
    assert jobs.run("J-03") == 0
    told = {(n.kind, n.subject_id, n.user_id) for n in db.session.scalars(select(Notice))}
    assert told == {
        ("repair.due", due.id, due.technician_id), ("repair.overdue", late.id, late.technician_id),
        ("repair.overdue", late.id, supervisor.id),
    }  # fmt: skip
    with clock.freeze(now + timedelta(days=1)):
        assert jobs.run("J-03") == 2


def test_the_command_lists_and_runs(app: Flask):
    """Runnable by hand."""
    make_card(planned_finish_at=clock.now() - timedelta(days=1))
    db.session.commit()
    runner = app.test_cli_runner()
    assert "J-03" in runner.invoke(args=["job"]).output
    assert runner.invoke(args=["job", "J-03"]).output == "J-03: 1 records.\n"
    wrong = runner.invoke(args=["job", "J-99"])
    assert wrong.exit_code == 1
    assert "J-03" in wrong.output

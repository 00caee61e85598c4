"""The book of runs: due once, run once, taken up again where it broke off (J)."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from backoffice.core import clock, jobs
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, NotPermitted
from backoffice.core.jobs import JOBS, Job, JobRun, RunState
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.watch import cli, workflow
from backoffice.watch.workflow import running
from tests import factories as make
from tests.watch.conftest import at


@pytest.fixture
def only(monkeypatch):
    """`only(run, when=…)`: the one job that there is, J-98; what it was run for stands in the list that comes back."""
    ran = []

    def declare(run=lambda day, moment: 3, when="0 8 * * *", **over):
        def noted(day, moment):
            ran.append(day.isoformat())
            return run(day, moment)

        monkeypatch.setattr(jobs.declared, "JOBS", JOBS)
        for key in list(JOBS):
            monkeypatch.delitem(JOBS, key)
        monkeypatch.setitem(JOBS, "J-98", Job("J-98", "Test", when, noted, **over))
        return ran

    return declare


def run_at(text):
    with clock.freeze(at(text)):
        return workflow.run_due()


def book():
    db.session.expire_all()
    return [
        (run.day.isoformat(), run.attempt, run.state.value)
        for run in db.session.scalars(select(JobRun).order_by(JobRun.id))
    ]


def test_a_job_runs_once_for_each_time_it_is_due(only):
    ran = only()
    assert run_at("2026-03-02 08:00") == 1
    assert run_at("2026-03-02 08:00") == 0
    assert run_at("2026-03-03 07:59:59") == 0
    assert run_at("2026-03-03 08:00:30") == 1
    assert ran == ["2026-03-02", "2026-03-03"]
    db.session.expire_all()
    run = db.session.scalars(select(JobRun)).first()
    assert (run.found, run.error, run.state) == (3, "", RunState.DONE)
    assert run.host


def test_after_an_outage_the_latest_is_run_or_every_day(only):
    """The worker was down for three days."""
    ran = only()
    run_at("2026-03-02 08:00")
    run_at("2026-03-05 12:00")
    assert ran == ["2026-03-02", "2026-03-05"]
    ran.clear()
    only(every_day=True)
    run_at("2026-03-08 12:00")
    assert ran == ["2026-03-06", "2026-03-07", "2026-03-08"]


def test_a_clock_that_is_set_back_runs_nothing_again(only):
    ran = only()
    run_at("2026-03-05 08:00")
    assert [run_at(text) for text in ("2026-03-04 09:00", "2026-03-05 07:00", "2026-03-05 08:00")] == [0, 0, 0]
    assert ran == ["2026-03-05"]


def test_midnight_and_the_end_of_a_month(only):
    ran = only(when="0 0 1 * *")
    run_at("2026-03-31 23:59")
    run_at("2026-04-01 00:00")
    assert ran == ["2026-03-01", "2026-04-01"]


def test_a_job_killed_half_way_is_marked_and_run_again(only):
    """What it had written is taken back with the run; a second attempt does it all."""

    def killed(day, moment):
        make.make_user(username="half")
        raise SystemExit

    ran = only(killed)
    with pytest.raises(SystemExit):
        run_at("2026-03-02 08:00")
    db.session.rollback()
    assert book() == [("2026-03-02", 1, "running")]
    only()
    assert run_at("2026-03-02 08:00:20") == 0  # perhaps another host is just locking it
    assert run_at("2026-03-02 08:01") == 1
    assert book() == [("2026-03-02", 1, "interrupted"), ("2026-03-02", 2, "done")]
    assert ran == ["2026-03-02", "2026-03-02"]
    assert db.session.scalar(select(User.id).where(User.username == "half")) is None


def test_a_job_that_never_ends_well_fails_in_the_end_and_is_told(only):
    admin = make.make_user(Role.ADMIN)
    only()
    moment = at("2026-03-02 08:00")
    with clock.freeze(moment):
        running.write_down(moment)
    for n in range(running.MOST_ATTEMPTS):
        then = moment + timedelta(minutes=n)
        assert running.take(then) is not None
    assert running.take(moment + timedelta(hours=1)) is None
    assert [state for *_, state in book()] == ["interrupted"] * (running.MOST_ATTEMPTS - 1) + ["failed"]
    assert db.session.scalars(select(Notice.user_id).where(Notice.kind == "job.failed")).all() == [admin.id]


def test_a_fault_of_a_job_is_written_down_and_told(only):
    def broken(day, moment):
        raise ValueError("nothing to divide")

    admin = make.make_user(Role.ADMIN)
    only(broken)
    assert run_at("2026-03-02 08:00") == 0
    db.session.expire_all()
    run = db.session.scalars(select(JobRun)).one()
    assert (run.state, run.error) == (RunState.FAILED, "ValueError: nothing to divide")
    assert db.session.scalars(select(Notice.user_id)).all() == [admin.id]
    assert run_at("2026-03-02 08:05") == 0


def test_a_fault_of_the_database_leaves_the_run_to_the_next_worker(only):
    def gone(day, moment):
        raise OperationalError("x", {}, Exception("gone"))

    only(gone)
    with pytest.raises(OperationalError):
        run_at("2026-03-02 08:00")
    only()
    assert run_at("2026-03-02 08:02") == 1


def test_the_administrator_asks_for_a_run(only):
    """Runnable by hand by AD, for any day that is not in the future."""
    ran = only()
    run_at("2026-03-02 08:00")
    admin = make.make_user(Role.ADMIN)
    with clock.freeze(at("2026-03-02 09:00")):
        run = workflow.ask(by=admin, job="J-98", day=at("2026-02-27 12:00").date())
        for wrong in ({"job": "J-98"}, {"job": "J-99"}, {"job": "J-98", "day": at("2026-03-03 12:00").date()}):
            with pytest.raises(BackofficeError):
                workflow.ask(by=admin, **wrong)
        with pytest.raises(NotPermitted):
            workflow.ask(by=make.make_user(Role.MANAGER), job="J-98")
        db.session.commit()
        assert workflow.run_due() == 1
    assert ran == ["2026-03-02", "2026-02-27"]
    assert run.asked_by_id == admin.id
    assert run_at("2026-03-03 08:00") == 1


def test_old_runs_that_found_nothing_are_forgotten(only):
    only(lambda day, moment: 0, when="* * * * *")
    run_at("2026-03-02 08:00")
    run_at("2026-03-05 08:00")
    running.tidy(at("2026-03-05 08:00"))
    assert [day for day, *_ in book()] == ["2026-03-05"]


def test_every_declared_job_has_a_schedule_and_the_sweep_runs_every_minute():
    assert JOBS["J-01"].when == "* * * * *"
    assert all(job.schedule.next(clock.now()) for job in JOBS.values())


def test_the_worker_goes_on_after_errors_and_ends_when_asked(app: Flask, monkeypatch):
    """It survives a database that is gone, waits longer each time, and ends after the step at hand."""
    stop, rounds, waits = threading.Event(), [], []

    def one_round(app, stopped):
        rounds.append(1)
        if len(rounds) < 3:
            raise OperationalError("x", {}, Exception("gone"))
        if len(rounds) == 3:
            raise ValueError("x")
        if len(rounds) == 5:
            stop.set()
        return {}

    monkeypatch.setattr(cli, "one_round", one_round)
    monkeypatch.setattr(stop, "wait", waits.append)
    monkeypatch.setattr(cli, "BETWEEN", [])
    cli.work(app, stop)
    assert waits == [5.0, 10.0, 20.0, 60.0, 60.0]


def test_the_commands_run(app: Flask):
    runner = app.test_cli_runner()
    assert runner.invoke(args=["sweep"]).output == "0 steps told.\n"
    assert "steps told" not in runner.invoke(args=["worker", "--help"]).output
    assert [state for *_, state in book()] == ["done"]


def test_what_a_command_runs_stands_in_the_book_and_takes_no_turn(app: Flask, only):
    """Run by hand, for a day of its own, it moves nothing of the schedule: what was missed is made up all the same."""
    ran = only(every_day=True)
    run_at("2026-03-02 08:00")
    with clock.freeze(at("2026-03-04 07:00")):
        assert app.test_cli_runner().invoke(args=["job", "J-98", "--day", "2026-02-27"]).output == "J-98: 3 records.\n"
    run_at("2026-03-04 08:00")
    assert ran == ["2026-03-02", "2026-02-27", "2026-03-03", "2026-03-04"]
    assert [day for day, *_ in book()] == ran


def test_a_fault_of_a_job_fails_the_command(app: Flask, only):
    def run(day, moment):
        raise ValueError("no good")

    only(run)
    answer = app.test_cli_runner().invoke(args=["job", "J-98"])
    assert answer.exit_code == 1
    assert "ValueError: no good" in answer.output
    assert [state for *_, state in book()] == ["failed"]


def test_every_job_of_the_house_is_in_one_list():
    """J: those of contracts, repairs and money, the sweep, those of the evening, the figures, and prepared files."""
    figures = {"J-10", "J-10-touched", "J-11"}
    rest = {"J-01", "J-02", "J-03", "J-04", "J-04-morning", "J-09", "TL-09", "W-6.3", "C-58"}
    assert rest | figures == set(JOBS)


def test_a_run_that_waits_longest_is_first(only):
    only()
    db.session.execute(update(JobRun).values(host="x"))
    assert running.take(clock.now()) is None

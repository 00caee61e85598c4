"""Several workers on the same records, with real connections, real commits and real kills."""

import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

import config
from backoffice.calls.models import ServiceCall
from backoffice.core import clock, jobs
from backoffice.core.db import db
from backoffice.core.jobs import JOBS, Job, JobRun, RunState
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.vouchers import workflow as vouchers
from backoffice.watch import workflow
from backoffice.watch.models import Told, WatchMark
from backoffice.watch.workflow.outbox import configure
from tests import factories as make
from tests.fixtures_live import LiveDatabase
from tests.test_concurrency import at_once
from tests.watch.conftest import at
from tests.watch.receivers import MailServer, running

pytestmark = pytest.mark.no_app
BEGIN = at("2026-03-02 09:00")


def _office(count, spread=timedelta()):
    """A supervisor, a manager and calls that came in one after the other; (supervisor, manager, calls)."""
    workflow.ensure_ladder()
    people = make.make_user(Role.SUPERVISOR), make.make_user(Role.MANAGER)
    customer, symptom = make.make_customer(), make.make_symptom()
    unit = make.make_unit(customer)
    for n in range(count):
        make.make_call(received_at=BEGIN + spread * n, customer=customer, unit=unit, fault_symptom_id=symptom.id)
    db.session.commit()
    keys = db.session.scalars(select(ServiceCall.id)).all()
    return people[0].id, people[1].id, set(keys)


def _told():
    query = select(Notice.subject_id, Notice.user_id, Notice.params)
    found = db.session.execute(query.where(Notice.kind.startswith("watch.")))
    return Counter((subject, person, params["percent"]) for subject, person, params in found)


def test_six_sweeps_at_once_tell_everybody_once(live_database: LiveDatabase):
    with live_database.app.app_context():
        boss, gm, calls = _office(60)

    def sweep_now(n):
        workflow.sweep()
        return n

    with clock.freeze(BEGIN + timedelta(minutes=90)):
        at_once(live_database, 6, sweep_now)
    with live_database.app.app_context():
        assert _told() == Counter({(call, who, part): 1 for call in calls for who, part in ((boss, 100), (gm, 150))})


def test_dispatch_and_sweep_do_not_pass_each_other_by(live_database: LiveDatabase):
    """A call is told of before its dispatch or not at all: each notice is older than the dispatch of its call."""
    with live_database.app.app_context():
        boss, _gm, calls = _office(40)
        technician = make.make_user(Role.TECHNICIAN).id
        db.session.commit()
    turn = sorted(calls)

    def work(n):
        if n % 2:
            workflow.sweep()
            return 0
        by, to = (db.session.get(vouchers.dispatching.User, key) for key in (boss, technician))
        db.session.rollback()
        for call in turn[n // 2 :: 2]:
            vouchers.dispatch(call, by=by, technician=to)
            db.session.commit()
        return 1

    with clock.freeze(BEGIN + timedelta(minutes=30)):
        assert at_once(live_database, 4, work) == [1, 0, 1, 0]
    with live_database.app.app_context():
        found = db.session.execute(select(Notice.kind, Notice.subject_id, Notice.user_id))
        counts = Counter((kind, subject, person) for kind, subject, person in found)
        assert set(counts.values()) == {1}
        marked = select(WatchMark.subject_id).where(WatchMark.limit_key == "TL-01", WatchMark.is_skipped.is_(False))
        told = set(db.session.scalars(select(Notice.subject_id).where(Notice.kind == "watch.TL-01.ahead")))
        assert set(db.session.scalars(marked)) == told


@pytest.mark.postgresql
def test_two_workers_killed_at_random_moments_two_hundred_times(live_database: LiveDatabase, instance):
    """Every notice exactly once: none twice, and after a last sweep none is missing."""
    rounds = 200
    with live_database.app.app_context():
        boss, gm, calls = _office(120, timedelta(seconds=61))
    url = live_database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.watch.killing", url, str(instance), str(rounds), "7", BEGIN.isoformat()]
    done = subprocess.run(command, cwd=config.ROOT, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > rounds // 2  # many were really cut off in their work
    with live_database.app.app_context():
        during = _told()
        with clock.freeze(BEGIN + timedelta(minutes=rounds + 300)):
            workflow.sweep()
        counts = _told()
        assert set(counts.values()) == {1}
        assert len(during) > len(calls)  # most was told while workers were dying
        by_mark = Counter(
            (subject, gm if told is Told.MANAGER else boss, percent)
            for subject, told, percent in db.session.execute(
                select(WatchMark.subject_id, WatchMark.told, WatchMark.percent).where(WatchMark.is_skipped.is_(False))
            )
        )
        assert counts == by_mark
        assert {(call, boss, 100) for call in calls} | {(call, gm, 150) for call in calls} <= set(counts)


def test_of_many_hosts_one_runs_the_job(live_database: LiveDatabase, monkeypatch):
    """Each due time once, whoever comes first."""
    ran, lock = [], threading.Lock()

    def run(day, moment):
        with lock:
            ran.append(day)
        return 1

    for key in list(JOBS):
        monkeypatch.delitem(JOBS, key)
    monkeypatch.setitem(jobs.JOBS, "J-97", Job("J-97", "Test", "0 8 * * *", run))
    for day in range(3):
        with clock.freeze(at("2026-03-02 08:00") + timedelta(days=day)):
            at_once(live_database, 5, lambda n: workflow.run_due())
    assert len(ran) == 3
    with live_database.app.app_context():
        assert db.session.scalars(select(JobRun.state)).all() == [RunState.DONE] * 3


def test_of_many_senders_one_sends_each_message(live_database: LiveDatabase):
    with live_database.app.app_context(), running(MailServer()) as server:
        workflow.ensure_ladder()
        make.make_user(Role.SUPERVISOR, email="w@example.com", notify_by_email=True, locale="en")
        customer = make.make_customer()
        numbers = {make.make_call(received_at=BEGIN, customer=customer).number for _ in range(30)}
        db.session.commit()
        configure(
            {"host": "127.0.0.1", "port": server.port, "tls": "none", "user": "", "password": "",
             "sender": "s@example.com"},
            "", (), lambda table, key: "",
        )  # fmt: skip
        try:
            with clock.freeze(BEGIN + timedelta(minutes=30)):
                workflow.sweep()
                at_once(live_database, 4, lambda n: workflow.send_due())
        finally:
            configure(None, "", (), lambda table, key: "")
        assert len(server.received) == 30
        assert all(sum(number in text for text in server.received) == 1 for number in numbers)

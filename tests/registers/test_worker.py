"""Who makes the files: the worker between its rounds, and the command."""

import threading
import time

import pytest
from sqlalchemy import select

from backoffice.calls.models import CallState
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.registers.models import ExportRun, ExportState
from backoffice.registers.workflow import files, making
from backoffice.watch import cli
from tests import factories as make
from tests.fixtures_live import LiveDatabase
from tests.registers.making import make_run, many_calls

pytestmark = pytest.mark.no_app


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "_folder", tmp_path / "exports")


def _states():
    query = select(ExportRun.state).order_by(ExportRun.id)
    found = db.session.scalars(query.execution_options(populate_existing=True)).all()
    db.session.rollback()
    return list(found)


def test_the_worker_makes_files_between_its_rounds(live_database: LiveDatabase, monkeypatch):
    """C-57: a file that takes several rounds is put aside for each of them and goes on after it."""
    app, stop, rounds = live_database.app, threading.Event(), []
    monkeypatch.setattr(making, "PIECE", 5)
    monkeypatch.setattr(cli, "one_round", lambda app, stop: rounds.append(1))
    monkeypatch.setattr(cli, "GLANCE", 0.05)
    real = files.keep
    monkeypatch.setattr(files, "keep", lambda file, content: (time.sleep(0.02), real(file, content))[1])
    with app.app_context():
        person = make.make_user(Role.SUPERVISOR)
        many_calls(150, CallState.CANCELLED)
        make_run(person)
        db.session.commit()
        worker = threading.Thread(target=cli.work, args=(app, stop), kwargs={"every": 0.2})
        worker.start()
        try:
            for _ in range(600):
                if _states() == [ExportState.READY]:
                    break
                time.sleep(0.05)
        finally:
            stop.set()
            worker.join(20)
        assert _states() == [ExportState.READY]
        assert len(rounds) > 2


def test_the_command_makes_what_waits(live_database: LiveDatabase):
    """C-57: `flask exports`, and `flask worker --once`, leave nothing waiting."""
    app = live_database.app
    with app.app_context():
        person = make.make_user(Role.SUPERVISOR)
        make.make_call()
        make_run(person)
        make_run(person, register="nonsense")
        db.session.commit()
    answer = app.test_cli_runner().invoke(args=["exports"])
    assert answer.output.strip() == "2 files made."
    with app.app_context():
        assert _states() == [ExportState.READY, ExportState.FAILED]
        make_run(db.session.get(type(person), person.id))
        db.session.commit()
    answer = app.test_cli_runner().invoke(args=["worker", "--once"])
    assert "runs" in answer.output, answer.output
    with app.app_context():
        assert _states() == [ExportState.READY, ExportState.FAILED, ExportState.READY]

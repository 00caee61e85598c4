"""Several workers on the same files, with real connections, real commits and real kills."""

import io
import subprocess
import sys
from collections import Counter

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

import config
from backoffice.calls.models import CallState
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.registers.models import ExportRun, ExportState, FileFormat
from backoffice.registers.workflow import files, make_waiting, making
from tests import factories as make
from tests.fixtures_live import LiveDatabase
from tests.registers.making import make_run, many_calls
from tests.test_concurrency import at_once

pytestmark = pytest.mark.no_app
ORDER = "sort=number"


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "_folder", tmp_path / "exports")


def _whole(app, username, kind):
    client = app.test_client()
    client.post("/login", data={"username": username, "password": "demo"})
    answer = client.post(f"/calls/export/?{ORDER}", data={"as": kind}, buffered=True)
    assert answer.status_code == 200
    return answer.data


def _cells(data):
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(data)).active.iter_rows()]


def _check(app, username, number):
    """Every file is ready once, and each is the streamed one."""
    runs = db.session.scalars(select(ExportRun).execution_options(populate_existing=True)).all()
    assert [run.state for run in runs] == [ExportState.READY] * number
    whole = {kind: _whole(app, username, kind.value) for kind in FileFormat}
    for run in runs:
        made = files.path_of(run.stored_name).read_bytes()
        assert run.size == len(made)
        if run.format is FileFormat.CSV:
            assert made == whole[FileFormat.CSV]
        else:
            assert _cells(made) == _cells(whole[FileFormat.XLSX])
    told = Counter(db.session.scalars(select(Notice.subject_id).where(Notice.kind == "export.ready")))
    assert told == Counter({run.id: 1 for run in runs})
    query = select(AuditEntry.id).where(AuditEntry.act == "service_call.export", AuditEntry.ip == "")
    assert len(db.session.scalars(query).all()) == number


def test_six_makers_at_once_make_each_file_once(live_database: LiveDatabase, monkeypatch):
    """C-57: whoever comes first has it; the others have another, or nothing to do."""
    monkeypatch.setattr(making, "PIECE", 10)
    with live_database.app.app_context():
        person = make.make_user(Role.SUPERVISOR)
        username = person.username
        many_calls(120, CallState.CANCELLED)
        for kind in (FileFormat.CSV, FileFormat.XLSX, FileFormat.CSV):
            make_run(person, kind, ORDER)
        db.session.commit()
    made = at_once(live_database, 6, lambda n: make_waiting())
    assert sum(made) == 3
    with live_database.app.app_context():
        _check(live_database.app, username, 3)


def test_makers_killed_at_random_moments_leave_the_same_file(live_database: LiveDatabase, instance, tmp_path):
    """C-57: two at a time, killed again and again; the file goes on behind its last checkpoint and is the same."""
    with live_database.app.app_context():
        person = make.make_user(Role.SUPERVISOR)
        username = person.username
        many_calls(1500, CallState.CANCELLED)  # no clock runs on them that would change the words
        for kind in FileFormat:
            make_run(person, kind, ORDER)
        db.session.commit()
    url = live_database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.registers.killing", url, str(instance), str(tmp_path), "7"]
    done = subprocess.run(command, cwd=config.ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5  # many were really cut off in their work
    with live_database.app.app_context():
        _check(live_database.app, username, 2)

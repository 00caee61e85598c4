"""Files that are prepared in the background: the same as those that are sent at once, for whoever asked, once."""

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.customers.models import CustomerKind
from backoffice.organisation.models import Branch
from backoffice.registers import queries, rules
from backoffice.registers.models import ExportProblem, ExportRun, ExportState, FileFormat
from backoffice.registers.workflow import ask, clear, files, make_next, make_waiting, making, withdraw
from backoffice.ui import registry
from tests import factories as make
from tests.registers.making import make_ready, make_run, many_calls

AsRole = Callable[[Any], FlaskClient]
EXPORTERS = [Role.ASSISTANT, Role.SUPERVISOR, Role.MANAGER, Role.SALES, Role.FINANCE]


def reread(run: ExportRun) -> ExportRun:
    return db.session.get(ExportRun, run.id, populate_existing=True)


def content(run: ExportRun) -> bytes:
    return files.path_of(run.stored_name).read_bytes()


def cells(data: bytes) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(data)).active.iter_rows()]


def streamed(client: FlaskClient, path: str = "/calls/", query: str = "", kind: str = "csv") -> Any:
    return client.post(f"{path}export/{query}", data={"as": kind}, buffered=True)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(making, "PIECE", 7)
    monkeypatch.setattr(files, "_folder", tmp_path / "exports")


# -- from the list to the file -----------------------------------------------------------------------------------------


def test_a_list_that_is_too_long_is_offered_in_the_background_and_taken_there(as_role: AsRole) -> None:
    """C-57: refused with the offer, asked for with the list's filters, made, told, taken, and all in the trail."""
    supervisor = make.make_user(Role.SUPERVISOR)
    many_calls(20)
    client = as_role(supervisor)
    whole = streamed(client, query="?state=registered").data
    make.set_setting("C-57", "10")
    refused = streamed(client, query="?state=registered")
    assert refused.status_code == 409
    assert "more than 10 are not waited for" in refused.text
    offer = re.search(r'href="(/exports/new/[^"]+)"', refused.text)[1].replace("&amp;", "&")
    page = client.get(offer)
    assert "Calls: State: Registered" in page.text
    form = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)[1] for name in ("register", "address")}
    answer = client.post("/exports/new/", data=form | {"format": "csv", "client_key": "k" * 22})
    assert answer.status_code == 302
    run = db.session.scalars(select(ExportRun)).one()
    assert (run.state, run.user_id, run.locale) == (ExportState.WAITING, supervisor.id, "en")
    assert "/take/" not in client.get(answer.location).text
    assert client.get(f"/exports/progress/?id={run.id}").json["is_open"]
    assert make_waiting() == 1
    assert (reread(run).state, run.rows_done, run.rows_total) == (ExportState.READY, 20, 20)
    taken = client.post("/exports/take/", data={"id": run.id, "client_key": "t" * 22}, buffered=True)
    assert taken.data == whole
    assert taken.headers["Cache-Control"] == "no-store"
    assert taken.headers["Content-Type"].startswith("text/csv")
    notice = db.session.scalars(select(Notice).where(Notice.user_id == supervisor.id)).one()
    assert notice.text.startswith("Your file is ready: 20 records")
    entries = {e.act: e for e in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))}
    assert entries["service_call.export"].note == "20 records · CSV · State: Registered"
    assert entries["service_call.export"].user_id == supervisor.id
    assert {"export_run.ask", "export_run.take"} <= set(entries)
    assert client.get("/exports/").status_code == client.get("/audit/").status_code == 200


def test_a_file_within_the_limit_is_sent_at_once(as_role: AsRole) -> None:
    """C-57: up to the limit nothing has changed."""
    many_calls(10)
    make.set_setting("C-57", "10")
    assert streamed(as_role(make.make_user(Role.SUPERVISOR))).status_code == 200


@pytest.mark.parametrize("address", ["", "sort=number", "sort=number&desc=1", "q=ISG50", "sort=technician_id",
                                     "sort=received_at&desc=1"])  # fmt: skip
def test_the_file_is_the_streamed_one_to_the_byte(as_role: AsRole, address: str) -> None:
    """C-57: the same rows in the same order; the workbook has the same cells; a text is never a formula."""
    supervisor = make.make_user(Role.SUPERVISOR)
    many_calls(40)
    client = as_role(supervisor)
    for kind in FileFormat:
        run = make_run(supervisor, kind, address)
        assert make_waiting() == 1
        assert reread(run).state is ExportState.READY, run.problem
        whole = streamed(client, query=f"?{address or 'all=1'}", kind=kind.value).data
        assert run.size == len(content(run))
        if kind is FileFormat.CSV:
            assert content(run) == whole
            assert b"'=" in whole
        else:
            assert cells(content(run)) == cells(whole)
            assert all(
                c.data_type != "f" for r in load_workbook(io.BytesIO(content(run))).active.iter_rows() for c in r
            )


@pytest.mark.parametrize("role", EXPORTERS, ids=lambda role: role.value)
def test_every_list_of_every_role_is_prepared_as_it_is_sent(as_role: AsRole, role: Role) -> None:
    """P-1, X-20: whatever list the role may open, in its scope and with its masks; nothing of another branch."""
    me = make.make_user(role)
    for _ in range(3):
        make.make_call(customer=make.make_customer(name="王小明", phone="13987654321", kind=CustomerKind.INDIVIDUAL,
                                                   default_salesperson_id=me.id), salesperson_id=me.id)  # fmt: skip
    there = make.make_customer(make.make_branch("SH"), name="机密水厂", phone="13399998888")
    make.make_call(branch=db.session.get(Branch, there.branch_id), customer=there)
    client = as_role(me)
    for view in registry.views():
        if not hasattr(view, "list_filters") or view.endpoint in ("audit", "exports"):  # these grow meanwhile
            continue
        path = f"{view.url.rstrip('/')}/"
        whole = streamed(client, path, "?all=1")
        run = make_run(me, register=view.endpoint)
        assert make_waiting() == 1
        if whole.status_code == 403:
            assert (reread(run).state, run.problem) == (ExportState.FAILED, ExportProblem.NO_RIGHT), view.endpoint
            continue
        assert reread(run).state is ExportState.READY, view.endpoint
        assert content(run) == whole.data, view.endpoint
        assert not re.search("机密|13399998888|13987654321|王小明", content(run).decode()), view.endpoint


def test_the_file_is_in_the_language_of_whoever_asked(as_role: AsRole) -> None:
    """G-01: header and states in Chinese, whatever the worker speaks."""
    reader = make.make_user(Role.SUPERVISOR, locale="zh_Hans_CN")
    make.make_call()
    run = make_run(reader, locale="zh_Hans_CN")
    make_waiting()
    header, row = csv.reader(io.StringIO(content(reread(run)).decode("utf-8-sig"), newline=""))
    assert "状态" in header
    assert streamed(as_role(reader)).data == content(run)
    assert row


def test_an_empty_list_gives_a_file_with_its_header() -> None:
    """C-57: nothing found is an answer too."""
    run = make_run(make.make_user(Role.SUPERVISOR))
    make_waiting()
    assert reread(run).rows_total == 0
    assert len(content(run).decode("utf-8-sig").splitlines()) == 1


def test_what_is_entered_after_the_beginning_is_left_out() -> None:
    """C-57: a list that grows meanwhile does not run away."""
    run = make_run(make.make_user(Role.SUPERVISOR), address="sort=number")
    many_calls(20)
    assert not make_next(lambda: True)
    many_calls(2, model_text="late")
    make_waiting()
    assert reread(run).rows_done == 20
    assert b"late" not in content(run)


# -- who may -----------------------------------------------------------------------------------------------------------


def test_the_rights_at_the_time_of_making_decide() -> None:
    """P-1, P-7: whoever has been deactivated or has lost the right gets no file, and is told why."""
    gone, lost, moved = (make.make_user(Role.SUPERVISOR) for _ in range(3))
    make.make_call()
    runs = [make_run(gone), make_run(lost), make_run(moved)]
    gone.is_active = False
    lost.role = Role.TECHNICIAN
    moved.branch_id = make.make_branch("SH").id
    db.session.commit()
    assert make_waiting() == 3
    assert [reread(run).problem for run in runs] == [ExportProblem.NOT_ACTIVE, ExportProblem.NO_RIGHT, None]
    assert runs[2].rows_done == 0
    assert db.session.scalar(select(Notice.kind).where(Notice.user_id == lost.id)) == "export.failed"


def test_a_right_that_is_lost_half_way_leaves_no_file() -> None:
    """P-7: it is looked at again before the file is ready."""
    person = make.make_user(Role.SUPERVISOR)
    many_calls(20)
    run = make_run(person)
    assert not make_next(lambda: True)
    assert reread(run).rows_done == 7
    person.is_active = False
    db.session.commit()
    make_waiting()
    assert reread(run).problem is ExportProblem.NOT_ACTIVE


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_nobody_else_sees_or_takes_the_file(as_role: AsRole, role: Role) -> None:
    """P-1: a file holds what its person may see; a colleague of the same branch gets 404 or 403."""
    run = make_run(make.make_user(Role.SUPERVISOR))
    make_waiting()
    client = as_role(make.make_user(role))
    for answer in (client.get(f"/exports/details/?id={run.id}"), client.get(f"/exports/progress/?id={run.id}"),
                   client.post("/exports/take/", data={"id": run.id})):  # fmt: skip
        assert answer.status_code in (403, 404)
        assert "\ufeff" not in answer.text
    assert "Calls" not in client.get("/exports/?all=1").text.partition("<tbody>")[2].partition("</tbody>")[0]


def test_a_file_is_taken_only_while_it_is_there_and_one_may(as_role: AsRole) -> None:
    """C-58, P-7: not before it is ready, not after its days, not without the right, not when it is missing."""
    person = make.make_user(Role.SUPERVISOR)
    waiting = make_run(person)
    client = as_role(person)
    assert client.post("/exports/take/", data={"id": waiting.id}).status_code == 409
    make_waiting()
    files.drop(waiting.stored_name)
    answer = client.post("/exports/take/", data={"id": waiting.id})
    assert answer.status_code == 409
    assert "missing from the store" in answer.text
    old = make_ready(person, expires_at=clock.now() - timedelta(days=1))
    assert client.post("/exports/take/", data={"id": old.id}).status_code == 409
    strange = make_ready(person, register="number_series", expires_at=clock.now() + timedelta(days=1))
    person.role = Role.ASSISTANT
    db.session.commit()
    assert client.post("/exports/take/", data={"id": strange.id}).status_code == 409


def test_asking_is_checked_by_the_act() -> None:
    """C-57: no list, no format, no right, too many at once; what the list does not know is left out."""
    person = make.make_user(Role.SUPERVISOR)
    for register in ("", "nonsense", "login", "number_series' --", "jobs"):
        with pytest.raises(MissingInput):
            ask(by=person, register=register, format=FileFormat.CSV)
    with pytest.raises(MissingInput):
        ask(by=person, register="service_calls", format="pdf")
    with pytest.raises(NotPermitted):
        ask(by=make.make_user(Role.TECHNICIAN), register="service_calls", format=FileFormat.CSV)
    with pytest.raises(MissingInput):
        ask(by=person, register="service_calls", format=FileFormat.CSV,
            address="&".join(f"customer={n}" for n in range(1_000_000_000, 1_000_000_600)))  # fmt: skip
    run = ask(by=person, register="service_calls", format=FileFormat.CSV,
              address="state=registered&state=nonsense&page=9&evil=1&sort=phone")  # fmt: skip
    assert run.address == "state=registered&state=nonsense"
    db.session.flush()
    for _ in range(rules.MOST_OPEN - 1):
        ask(by=person, register="service_calls", format=FileFormat.CSV)
        db.session.flush()
    with pytest.raises(RuleViolated):
        ask(by=person, register="service_calls", format=FileFormat.CSV)


def test_a_list_that_has_grown_too_long_fails_with_its_reason() -> None:
    """C-43: the limit of a file holds in the background too."""
    make.set_setting("C-43", "5")
    many_calls(6)
    run = make_run(make.make_user(Role.SUPERVISOR))
    make_waiting()
    assert (reread(run).state, run.problem) == (ExportState.FAILED, ExportProblem.TOO_MANY)


# -- its course --------------------------------------------------------------------------------------------------------


def test_put_aside_and_gone_on_with_it_is_the_same_file(as_role: AsRole) -> None:
    """C-57: after every piece put aside, like by one with other work, and in between written to by one that dies."""
    person = make.make_user(Role.SUPERVISOR)
    many_calls(30)
    for kind in FileFormat:
        run = make_run(person, kind, "sort=number")
        rounds = 0
        while not make_next(lambda: True):
            rounds += 1
            path = files.path_of(run.stored_name)
            path.write_bytes(path.read_bytes() + "half a row 水".encode()[:-1])
        assert rounds == 4
        whole = streamed(as_role(person), query="?sort=number", kind=kind.value).data
        same = content(run) == whole if kind is FileFormat.CSV else cells(content(run)) == cells(whole)
        assert same


def test_a_part_file_that_is_gone_is_begun_anew(as_role: AsRole) -> None:
    """C-57: another disk, or somebody who tidied up: the file is whole all the same."""
    person = make.make_user(Role.SUPERVISOR)
    many_calls(30)
    run = make_run(person)
    make_next(lambda: True)
    files.drop(run.stored_name)
    make_waiting()
    assert content(run) == streamed(as_role(person)).data


def test_a_worker_that_is_gone_is_succeeded_and_after_five_it_has_failed() -> None:
    """C-57: a claim lapses, also when the clock is set back; what always breaks off is given up."""
    run = make_run(make.make_user(Role.SUPERVISOR))
    now = clock.now()
    lost = {"state": ExportState.RUNNING, "started_at": now, "claim": "gone"}
    for beat in (now - rules.LEASE - timedelta(seconds=9), now + rules.LEASE + timedelta(minutes=9)):
        making._set(run.id, **lost, beat_at=beat)
        db.session.commit()
        assert db.session.scalar(queries.to_make(clock.now()).with_only_columns(ExportRun.id)) == run.id
    making._set(run.id, **lost, beat_at=now)
    db.session.commit()
    assert not make_next()
    making._set(run.id, **lost, beat_at=now - timedelta(hours=1), attempts=rules.MOST_ATTEMPTS - 1)
    db.session.commit()
    assert not make_next()
    assert (reread(run).state, run.problem) == (ExportState.FAILED, ExportProblem.BROKEN)


def test_whoever_has_lost_his_claim_writes_no_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """C-57: a slow worker whose file was taken over or deleted stops at the next piece."""
    person = make.make_user(Role.SUPERVISOR)
    many_calls(30)
    run = make_run(person)

    def taken_over() -> bool:
        making._set(run.id, claim="another")
        db.session.commit()
        return False

    assert not make_next(taken_over)
    assert (reread(run).rows_done, run.claim) == (7, "another")


def test_the_file_is_deleted_when_it_is_no_longer_wanted(as_role: AsRole) -> None:
    """C-58: on request in any state; the worker stops; the job removes file and part file, and only those."""
    person = make.make_user(Role.SUPERVISOR)
    many_calls(20)
    half, whole = make_run(person), make_run(person, FileFormat.XLSX)
    make_next(lambda: True)
    assert make_waiting() == 2
    under_way = make_run(person)
    make_next(lambda: True)
    assert withdraw(half.id, by=person).state is ExportState.EXPIRED
    withdraw(under_way.id, by=person)
    db.session.commit()
    assert make_waiting() == 0
    assert clear(clock.today(), clock.now()) == 2
    assert files.path_of(half.stored_name) is None
    assert files.path_of(whole.stored_name) is not None
    assert as_role(person).post("/exports/take/", data={"id": half.id}).status_code == 409


def test_the_job_deletes_what_was_kept_long_enough(frozen_clock: Any) -> None:
    """C-58: seven days, counted in whole days of the office; twice is once."""
    run = make_run(make.make_user(Role.SUPERVISOR))
    make_waiting()
    assert clear(clock.today(), clock.now()) == 0
    frozen_clock.advance(days=7)
    assert clear(clock.today(), clock.now()) == 0
    frozen_clock.advance(days=1)
    assert clear(clock.today(), clock.now()) == 1
    assert clear(clock.today(), clock.now()) == 0
    assert reread(run).state is ExportState.EXPIRED


def test_a_fault_of_ours_is_told_and_leaves_the_next_file_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """C-57: the reason is a sentence, the trace stays in the log."""
    person = make.make_user(Role.SUPERVISOR)
    bad, good = make_run(person), make_run(person, register="customers")
    real = making.lists.source.opened
    monkeypatch.setattr(making.lists.source, "opened",
                        lambda run, by, until: real(run, by, until) if run.id != bad.id else 1 / 0)  # fmt: skip
    assert make_waiting() == 2
    assert (reread(bad).problem, reread(good).state) == (ExportProblem.BROKEN, ExportState.READY)


def test_the_statements_of_a_piece_do_not_grow(count_statements: Callable[[], AbstractContextManager[Any]]) -> None:
    """SPEED: a piece is one reading statement and one checkpoint, whatever the list."""
    person = make.make_user(Role.SUPERVISOR)
    many_calls(7)
    make_run(person)
    with count_statements() as short:
        make_waiting()
    many_calls(70, customer=make.make_customer())
    make_run(person)
    with count_statements() as long:
        make_waiting()
    pieces = 10
    assert long.count - short.count <= 2 * pieces, f"{short}\n{long}"

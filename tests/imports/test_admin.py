"""The page “Import” and `flask import`."""

import io
import os
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select

from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.imports import drafts
from backoffice.imports.models import ImportRow, ImportRun, RunState
from backoffice.imports.workflow import KEPT_DAYS, sweep
from backoffice.products.models import InstalledUnit, ProductModel
from backoffice.ui.importing import running
from tests import factories as make
from tests.imports.books import book_of
from tests.imports.files import csv_of, drive_page, latest_run, staged, through_the_page, upload_page


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def plan_url(run: ImportRun) -> str:
    return f"/import/plan/?id={run.id}"


def run_url(run: ImportRun) -> str:
    return f"/import/details/?id={run.id}"


@pytest.fixture
def assistant(as_role: Any) -> Any:
    return as_role(make.make_user(Role.ASSISTANT))


@pytest.fixture
def supervisor(as_role: Any) -> Any:
    return as_role(make.make_user(Role.SUPERVISOR))


# -- the page ----------------------------------------------------------------------------------------------------------


def test_upload_try_import(assistant: Any) -> None:
    content = csv_of("客户名称,电话", "江南水务,0571-88886666", "宁波泵站,")
    where = upload_page(assistant, content).headers["Location"]
    run = latest_run()
    assert where == plan_url(run)
    page = assistant.get(where).text
    assert "客户名称" in page
    assert "江南水务" in page
    plan = {"column-name": "客户名称", "column-phone": "电话", "encoding": "utf-8", "separator": ","}
    tried = assistant.post("/import/plan/", data=plan | {"id": run.id, "do": "try"})
    assert (tried.status_code, tried.headers["Location"]) == (302, run_url(run))
    assert "data-drive" in assistant.get(run_url(run)).text
    assert drive_page(assistant, run.id)[-1]["at"] == 2
    page = assistant.get(run_url(run)).text
    assert "2 rows good" in page
    assert count(Customer) == 0, "a try leaves nothing"
    begun = assistant.post("/import/do/", data={"id": run.id, "do": "begin", "client_key": "a" * 16})
    assert begun.status_code == 302
    again = assistant.post("/import/do/", data={"id": run.id, "do": "begin", "client_key": "a" * 16})
    assert again.status_code == 302, "a form sent twice begins once"
    drive_page(assistant, run.id)
    assert count(Customer) == 2
    assert "2 rows imported" in assistant.get(run_url(run)).text
    assert "list.csv" in assistant.get("/import/").text
    cells = db.session.scalars(select(ImportRow.cells).where(ImportRow.run_id == run.id))
    assert list(cells) == [None, None], "the cells are dropped as soon as they are in (X-20)"


def test_without_scripts_a_button_goes_on(assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    monkeypatch.setattr("backoffice.imports.admin.PATIENCE_SECONDS", 0.0)
    upload_page(assistant, csv_of("name", *(f"Customer {n}" for n in range(5))))
    run = latest_run()
    assistant.post("/import/plan/", data={"column-name": "name", "good_rows_only": "1", "id": run.id, "do": "import"})
    counts = []
    for _ in range(3):
        assert assistant.post("/import/drive/", data={"id": run.id}).headers["Location"] == run_url(run)
        counts.append(count(Customer))
    assert counts == [2, 4, 5]
    assert 'value="5"' not in assistant.get(run_url(run)).text


def test_refused_rows_stop_it_and_can_be_corrected_and_sent_again(assistant: Any) -> None:
    run = through_the_page(
        assistant, "customers", csv_of("name,phone", "A,", "=B,123", "C,13800001234"),
        {"column-name": "name", "column-phone": "phone"},
    )  # fmt: skip
    assert (run.state, run.good, run.refused, count(Customer)) == (RunState.TRIED, 2, 1, 0)
    page = assistant.get(run_url(run)).text
    assert "1 row refused" in page
    assert "Enter a mobile number" in page
    refused = assistant.post("/import/refused/", data={"id": run.id, "as": "csv"}, buffered=True)
    assert refused.headers["Content-Disposition"].startswith("attachment")
    assert "'=B" in refused.text
    answer = assistant.post("/import/refused/", data={"id": run.id, "as": "xlsx"}, buffered=True)
    book = load_workbook(io.BytesIO(answer.data))
    assert [cell.value for cell in book.active[2]][2:] == ["=B", "123"]
    assert book.active["C2"].data_type == "s", "a text, not a formula"
    noted = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "import_run.export"))
    assert [entry.note for entry in noted] == ["1 · CSV", "1 · XLSX"], "G-04"
    assistant.post("/import/do/", data={"id": run.id, "do": "begin_good"})
    drive_page(assistant, run.id)
    assert set(db.session.scalars(select(Customer.name))) == {"A", "C"}
    corrected = refused.data.replace(b",123", b",13900001111")
    again = through_the_page(assistant, "customers", corrected, {"column-name": "name", "column-phone": "phone"})
    assert (again.state, again.header) == (RunState.DONE, ["name", "phone"])
    assert set(db.session.scalars(select(Customer.name))) == {"A", "C", "=B"}


def test_columns_constants_joins_and_cells_that_stand_for_others(supervisor: Any) -> None:
    content = csv_of("id,type,scheme,ward,year,a,b,st", "1,ISG,None,Natta,2010,x,y,broken", "2,ISG,Dam,Natta,0,x,,ok",
                     "3,,Dam,Natta,1900,,,ok")  # fmt: skip
    plan = {
        "column-serial_no": "id", "column-model": "type", "set-model": "UNKNOWN", "column-customer": "scheme",
        "else-customer": "ward", "column-commissioned_on": "year", "year_as_first_day": "1", "unknown_years": "0, 1900",
        "column-place": "a", "else-place": "b", "way-place": "and", "column-status": "st",
        "values-status": "broken = scrapped\r\nok = in_use", "create_models": "1", "create_customers": "1",
    }  # fmt: skip
    run = through_the_page(supervisor, "units", content, plan)
    assert run.state is RunState.DONE
    units = list(db.session.scalars(select(InstalledUnit).order_by(InstalledUnit.serial_no)))
    assert [u.customer.name for u in units] == ["Natta", "Dam", "Dam"]
    assert [u.model.code for u in units] == ["ISG", "ISG", "UNKNOWN"]
    assert [u.commissioned_on.year if u.commissioned_on else None for u in units] == [2010, None, None]
    assert [u.place for u in units] == ["x y", "x", ""]
    assert [u.status.value for u in units] == ["scrapped", "in_use", "in_use"]
    upload_page(supervisor, content.replace(b"1,ISG", b"9,ISG"), "units")
    page = supervisor.get(plan_url(latest_run())).text
    assert "broken = scrapped" in page, "the mapping last used for a kind is remembered"
    plan |= {"id": latest_run().id, "do": "try", "values-status": "broken"}
    wrong = supervisor.post("/import/plan/", data=plan)
    assert wrong.status_code == 422
    assert "cell = value" in wrong.text


def test_another_encoding_and_another_sheet_are_read_again(assistant: Any) -> None:
    upload_page(assistant, csv_of("name;phone", "A;", "B;"))
    run = latest_run()
    answer = assistant.post("/import/plan/", data={"id": run.id, "separator": ",", "encoding": "utf-8", "do": "read"})
    assert answer.headers["Location"] == plan_url(run)
    db.session.refresh(run)
    assert (run.header, run.separator) == (["name;phone"], ",")
    book = book_of(["name"], ["A"], more={"two": [["名称", "x"], ["甲", "1"], ["乙", "2"]]})
    upload_page(assistant, book, name="b.xlsx")
    run = latest_run()
    assert ">two</option>" in assistant.get(plan_url(run)).text
    assistant.post("/import/plan/", data={"id": run.id, "sheet": "two", "do": "try"})
    db.session.refresh(run)
    assert (run.header, run.rows, run.sheet) == (["名称", "x"], 2, "two")


@pytest.mark.parametrize(
    ("content", "status"), [(b"", 422), (b"\x89PNG\r\n\x1a\n", 409), (b"name\n" + b"x" * 996, 422)]
)
def test_files_that_are_none_are_refused(
    assistant: Any, content: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.imports.admin.MOST_BYTES", 1000)
    answer = upload_page(assistant, content, name="" if not content else "x.csv")
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert count(ImportRun) == 0


def test_wrong_columns_kinds_and_steps_are_refused(assistant: Any) -> None:
    upload_page(assistant, csv_of("name", "A"))
    run = latest_run()
    answer = assistant.post(
        "/import/plan/", data={"id": run.id, "column-name": "other", "column-branch_id": "name", "do": "try"}
    )
    assert answer.status_code == 422
    assert "Name" in answer.text
    assert upload_page(assistant, csv_of("name", "A"), "users").status_code == 422
    assert upload_page(assistant, csv_of("code", "A"), "models").status_code == 403, "models are the supervisor's"
    assert upload_page(assistant, csv_of("x", "A"), "calls").status_code == 403, "W-1.14"
    for step, status in {"begin": 400, "undo": 409, "resume": 409, "stop": 409, "drop": 400, "": 400}.items():
        assert assistant.post("/import/do/", data={"id": run.id, "do": step}).status_code == status, step
    assert assistant.post("/import/do/", data={"id": run.id, "do": "discard"}).status_code == 302
    assert count(ImportRow) == 0


def test_a_run_is_its_uploaders(assistant: Any, as_role: Any) -> None:
    """P-1: nobody else opens it, not even in the same branch, and no other branch sees its refused rows."""
    run = through_the_page(
        assistant, "customers", csv_of("name,phone", "王小明,123"), {"column-name": "name", "column-phone": "phone"}
    )
    others = [make.make_user(Role.SUPERVISOR), make.make_user(Role.SUPERVISOR, make.make_branch("SH")),
              make.make_user(Role.ASSISTANT, make.make_branch("SH"))]  # fmt: skip
    for other in map(as_role, others):
        assert other.get(run_url(run)).status_code == 404
        assert other.get(plan_url(run)).status_code == 404
        for path in ("plan", "do", "drive", "refused"):
            sent = {"id": run.id, "do": "discard", "as": "csv", "column-name": "name"}
            assert other.post(f"/import/{path}/", data=sent).status_code == 404, path
        assert "list.csv" not in other.get("/import/").text
    for key in ("x", "..", "0", "99999999999"):
        assert assistant.get(f"/import/details/?id={key}").status_code == 404
    db.session.refresh(run)
    assert run.state is RunState.TRIED


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.ASSISTANT, Role.SUPERVISOR, Role.FINANCE}])
def test_the_page_is_not_for_everybody(as_role: Any, role: Role) -> None:
    client = as_role(make.make_user(role))
    assert client.get("/import/").status_code == 403
    assert upload_page(client, csv_of("name", "A")).status_code == 403


def test_markup_in_the_file_is_text_on_the_page(assistant: Any) -> None:
    content = csv_of("name,<b>note</b>", "<script>alert(1)</script>,x")
    upload_page(assistant, content, name="<img src=x>.csv")
    run = latest_run()
    pages = [assistant.get(plan_url(run)).text]
    plan = {"id": run.id, "column-name": "<b>note</b>", "column-phone": "name", "do": "try"}
    assistant.post("/import/plan/", data=plan)
    drive_page(assistant, run.id)
    pages += [assistant.get(run_url(run)).text, assistant.get("/import/").text]
    for text in pages:
        assert "<script>alert" not in text
        assert "<b>note" not in text
        assert "<img src=x>" not in text


def test_two_windows_do_not_drive_one_run(assistant: Any, monkeypatch: pytest.MonkeyPatch, frozen_clock: Any) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    upload_page(assistant, csv_of("name", *(f"Customer {n}" for n in range(7))))
    run = latest_run()
    assistant.post("/import/plan/", data={"column-name": "name", "good_rows_only": "1", "id": run.id, "do": "import"})

    def drive(window: str) -> Any:
        return assistant.post(
            "/import/drive/", data={"id": run.id, "driver": window}, headers={"X-Requested-With": "fetch"}
        )  # fmt: skip

    assert drive("one").get_json()["at"] == 2
    refused = drive("two")
    assert (refused.status_code, "another window" in refused.get_json()["error"]) == (409, True)
    assert drive("one").get_json()["at"] == 4
    frozen_clock.advance(seconds=11)
    assert drive("two").get_json()["at"] == 6, "the first window was closed"
    assert drive("one").status_code == 409
    assert drive("two").get_json()["moving"] is False
    assert count(Customer) == 7


def test_stop_and_go_on(assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    upload_page(assistant, csv_of("name", *(f"Customer {n}" for n in range(5))))
    run = latest_run()
    assistant.post("/import/plan/", data={"column-name": "name", "good_rows_only": "1", "id": run.id, "do": "import"})
    assistant.post("/import/drive/", data={"id": run.id, "driver": "w"}, headers={"X-Requested-With": "fetch"})
    assert assistant.post("/import/do/", data={"id": run.id, "do": "stop"}).status_code == 302
    assert assistant.post("/import/drive/", data={"id": run.id}).status_code == 302
    assert count(Customer) == 2, "a run that is stopped is not driven"
    assert assistant.post("/import/do/", data={"id": run.id, "do": "resume"}).status_code == 302
    drive_page(assistant, run.id)
    assert count(Customer) == 5


def test_old_rows_and_files_are_dropped(assistant: Any, frozen_clock: Any, tmp_path: Path) -> None:
    """X-20: what nobody goes on with is removed, and the page says so."""
    run = through_the_page(
        assistant, "customers", csv_of("name,phone", "A,1"), {"column-name": "name", "column-phone": "phone"}
    )
    assert f"kept for {KEPT_DAYS} days" in assistant.get(run_url(run)).text
    frozen_clock.advance(days=KEPT_DAYS, minutes=1)
    other = make.make_user(Role.ASSISTANT)
    db.session.commit()

    assert sweep(by=other) == [run.id]
    staged("customers", csv_of("name", "B"), other)
    db.session.commit()
    assert list(db.session.scalars(select(ImportRow.cells).where(ImportRow.run_id == run.id))) == [None]
    name = drafts.store(tmp_path, b"name")
    assert drafts.load(tmp_path, name) == b"name"
    old = frozen_clock.now.timestamp() - drafts.KEPT_SECONDS - 1
    os.utime(tmp_path / name, (old, old))
    drafts.store(tmp_path, b"other")
    assert drafts.load(tmp_path, name) is None


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(app: Flask, tmp_path: Path) -> Any:
    def run(content: bytes, *arguments: str) -> Any:
        path = tmp_path / "file.csv"
        path.write_bytes(content)
        kind, *rest = arguments
        db.session.commit()  # the command takes back its own work only
        return app.test_cli_runner().invoke(args=["import", kind, str(path), *rest])

    return run


def test_command_imports_in_the_name_of_a_person(run: Any) -> None:
    by = make.make_user(Role.ASSISTANT)
    answer = run(
        csv_of("名称,住址", "江南,文三路", encoding="gb18030"),
        "customers",
        "--as",
        by.username,
        "--map",
        "address=住址",
    )
    assert answer.exit_code == 0, answer.output
    assert "1 rows read, 1 imported, 0 refused" in answer.output
    (customer,) = db.session.scalars(select(Customer))
    assert (customer.address, customer.created_by_id, customer.branch_id) == ("文三路", by.id, by.branch_id)


def test_command_takes_the_branchs_one_supervisor(run: Any) -> None:
    supervisor = make.make_user(Role.SUPERVISOR)
    answer = run(csv_of("code", "A"), "models", "--branch", "hz")
    assert answer.exit_code == 0, answer.output
    assert db.session.scalar(select(ProductModel.created_by_id)) == supervisor.id
    make.make_user(Role.SUPERVISOR)
    assert "--as USERNAME" in run(csv_of("code", "B"), "models", "--branch", "HZ").output
    assert run(csv_of("code", "B"), "models").exit_code == 1
    assert run(csv_of("code", "B"), "models", "--as", "nobody").exit_code == 1


def test_command_dry_run_takes_everything_back(run: Any) -> None:
    by = make.make_user(Role.SUPERVISOR)
    content = csv_of("sn,型号,客户,date", "1,NEW,江南,03/01/2011")
    options = ["units", "--as", by.username, "--create-models", "--create-customers", "--date-order", "mdy",
               "--map", "commissioned_on=date", "--set", "order_no=O-7", "--value", "model:NEW=ISG50"]  # fmt: skip
    answer = run(content, *options, "--dry-run")
    assert "1 would be imported" in answer.output, answer.output
    assert (count(InstalledUnit), count(Customer), count(ProductModel)) == (0, 0, 0)
    answer = run(content, *options)
    assert answer.exit_code == 0, answer.output
    (unit,) = db.session.scalars(select(InstalledUnit))
    assert (unit.model.code, unit.order_no, str(unit.commissioned_on)) == ("ISG50", "O-7", "2011-03-01")


def test_command_is_all_or_nothing_unless_told(run: Any, tmp_path: Path) -> None:
    by = make.make_user()
    content = csv_of("name,phone", "A,", "B,123")
    answer = run(content, "customers", "--as", by.username)
    assert answer.exit_code == 1
    assert "row 3: phone: Enter a mobile number" in answer.output
    assert count(Customer) == 0
    refused = tmp_path / "refused.csv"
    answer = run(content, "customers", "--as", by.username, "--good-rows", str(refused))
    assert answer.exit_code == 0, answer.output
    assert count(Customer) == 1
    assert re.search(r"^3,.*B,123$", refused.read_text("utf-8-sig"), re.MULTILINE)


@pytest.mark.parametrize(
    "options",
    [["--map", "name"], ["--map", "name=nothing"], ["--map", "owner=name"], ["--set", "branch_id=2"], ["--value", "x"],
     ["--value", "branch_id:1=2"]],
)  # fmt: skip
def test_command_refuses_what_does_not_fit(run: Any, options: list[str]) -> None:
    by = make.make_user()
    answer = run(csv_of("name", "A"), "customers", "--as", by.username, *options)
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: "), answer.output
    assert count(Customer) == 0


def test_command_asks_for_the_right_of_the_person(run: Any) -> None:
    by = make.make_user(Role.MANAGER)
    answer = run(csv_of("name", "A"), "customers", "--as", by.username)
    assert answer.exit_code == 1
    assert "P-3" in answer.output

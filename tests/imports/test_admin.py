"""The page “Import” and `flask import`."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.imports import drafts
from backoffice.products.models import InstalledUnit, ProductModel
from tests import factories as make
from tests.imports.files import csv_of


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def upload(client: Any, content: bytes, kind: str = "customers", name: str = "list.csv") -> Any:
    return client.post("/import/", data={"kind": kind, "file": (io.BytesIO(content), name)})


@pytest.fixture
def assistant(as_role: Any) -> Any:
    return as_role(make.make_user(Role.ASSISTANT))


@pytest.fixture
def supervisor(as_role: Any) -> Any:
    return as_role(make.make_user(Role.SUPERVISOR))


# -- the page ----------------------------------------------------------------------------------------------------------


def test_upload_try_import(assistant: Any) -> None:
    content = csv_of("客户名称,电话", "江南水务,0571-88886666", "宁波泵站,")
    where = upload(assistant, content).headers["Location"]
    page = assistant.get(where).get_data(as_text=True)
    assert "客户名称" in page
    assert "江南水务" in page
    plan = {"column-name": "客户名称", "column-phone": "电话", "encoding": "utf-8", "separator": ","}
    before = count(AuditEntry)
    tried = assistant.post(where, data=plan | {"do": "try"})
    assert tried.status_code == 200
    assert "2 rows good" in tried.get_data(as_text=True)
    assert (count(Customer), count(AuditEntry)) == (0, before), "a try leaves nothing"
    done = assistant.post(where, data=plan | {"do": "import", "client_key": "a" * 16})
    assert (done.status_code, done.headers["Location"]) == (302, where)
    assert count(Customer) == 2
    assert "2 rows imported" in assistant.get(where).get_data(as_text=True)
    again = assistant.post(where, data=plan | {"do": "import", "client_key": "a" * 16})
    assert again.status_code in {200, 302}
    assert count(Customer) == 2, "a form sent twice writes once"


def test_refused_rows_stop_it_and_can_be_fetched(assistant: Any) -> None:
    where = upload(assistant, csv_of("name,phone", "A,", "=B,123")).headers["Location"]
    plan = {"column-name": "name", "column-phone": "phone"}
    answer = assistant.post(where, data=plan | {"do": "import"})
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "1 row refused" in page
    assert "Enter a mobile number" in page
    assert count(Customer) == 0
    refused = assistant.get(where + "refused.csv")
    assert refused.headers["Content-Disposition"].startswith("attachment")
    assert "'=B" in refused.get_data(as_text=True)
    answer = assistant.post(where, data=plan | {"do": "import", "good_rows_only": "1"})
    assert answer.status_code == 302
    assert [c.name for c in db.session.scalars(select(Customer))] == ["A"]
    assert assistant.get(where + "refused.csv").status_code == 200


def test_second_column_constant_and_options(supervisor: Any) -> None:
    content = csv_of("id,type,scheme,ward,year", "1,ISG,None,Natta,2010", "2,ISG,Dam,Natta,0", "3,,Dam,Natta,1900")
    where = upload(supervisor, content, "units").headers["Location"]
    plan = {
        "column-serial_no": "id", "column-model": "type", "set-model": "UNKNOWN", "column-customer": "scheme",
        "else-customer": "ward", "column-commissioned_on": "year", "year_as_first_day": "1", "unknown_years": "0, 1900",
        "create_models": "1", "create_customers": "1", "do": "import",
    }  # fmt: skip
    assert supervisor.post(where, data=plan).status_code == 302
    units = list(db.session.scalars(select(InstalledUnit).order_by(InstalledUnit.serial_no)))
    assert [u.customer.name for u in units] == ["Natta", "Dam", "Dam"]
    assert [u.model.code for u in units] == ["ISG", "ISG", "UNKNOWN"]
    assert [u.commissioned_on.year if u.commissioned_on else None for u in units] == [2010, None, None]


@pytest.mark.parametrize(
    ("content", "status"), [(b"", 422), (b"\x89PNG\r\n\x1a\n", 409), (b"name\n" + b"x" * 996, 422)]
)
def test_files_that_are_none_are_refused(
    assistant: Any, content: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.imports.admin.MOST_BYTES", 1000)
    answer = upload(assistant, content, name="" if not content else "x.csv")
    assert answer.status_code == status
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_wrong_columns_and_kinds_are_left_out(assistant: Any) -> None:
    where = upload(assistant, csv_of("name", "A")).headers["Location"]
    answer = assistant.post(where, data={"column-name": "other", "column-branch_id": "name", "do": "try"})
    assert answer.status_code == 422
    assert "Name" in answer.get_data(as_text=True)
    assert upload(assistant, csv_of("name", "A"), "users").status_code == 422
    assert upload(assistant, csv_of("code", "A"), "models").status_code == 403, "models are the supervisor's"


def test_a_file_is_its_uploaders(assistant: Any, as_role: Any) -> None:
    """P-1: nobody else opens it, not even in the same branch."""
    where = upload(assistant, csv_of("name,phone", "A,1")).headers["Location"]
    other = as_role(make.make_user(Role.SUPERVISOR))
    for path in (where, where + "refused.csv"):
        assert other.get(path).status_code == 404
    assert other.post(where, data={"column-name": "name", "do": "import"}).status_code == 404
    for token in ("x", "..", "0" * 32, "%2e%2e%2fsecret_key"):
        assert assistant.get(f"/import/{token}/").status_code == 404


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.ASSISTANT, Role.SUPERVISOR}])
def test_the_page_is_not_for_everybody(as_role: Any, role: Role) -> None:
    client = as_role(make.make_user(role))
    assert client.get("/import/").status_code == 403
    assert upload(client, csv_of("name", "A")).status_code == 403


def test_markup_in_the_file_is_text_on_the_page(assistant: Any) -> None:
    content = csv_of("name,<b>note</b>", "<script>alert(1)</script>,x")
    where = upload(assistant, content, name="<img src=x>.csv").headers["Location"]
    for page in (assistant.get(where), assistant.post(where, data={"column-name": "name", "do": "try"})):
        text = page.get_data(as_text=True)
        assert "<script>alert" not in text
        assert "<b>note" not in text
        assert "<img src=x>" not in text


def test_old_files_are_dropped(tmp_path: Path, frozen_clock: Any) -> None:
    import os

    draft = drafts.store(tmp_path, b"name\nA\n", user_id=1, kind="customers", name="a.csv")
    assert drafts.find(tmp_path, draft.token, 1) == draft
    assert drafts.find(tmp_path, draft.token, 2) is None
    old = frozen_clock.now.timestamp() - drafts.KEPT_SECONDS - 1
    for path in tmp_path.iterdir():
        os.utime(path, (old, old))
    drafts.store(tmp_path, b"name\nB\n", user_id=1, kind="customers", name="b.csv")
    assert drafts.find(tmp_path, draft.token, 1) is None


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

"""Runs: taken back, killed half-way and continued, and past calls as history."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import config
from backoffice.calls import queries as call_queries
from backoffice.calls.models import CallState, CancelReason, ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.calls.workflow import import_history, note
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, IllegalTransition, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.numbering import NumberSeries
from backoffice.core.permissions import Role
from backoffice.customers.models import Contact, Customer
from backoffice.imports import queries
from backoffice.imports.models import ImportMade, ImportRow, MadeState, RunState
from backoffice.imports.workflow import undo
from backoffice.products.models import InstalledUnit, ProductModel, UnitStatus
from backoffice.products.queries import units_matching
from backoffice.products.workflow import edit
from backoffice.ui.importing import running
from backoffice.vouchers.models import ServiceVoucher
from backoffice.vouchers.workflow import undo_write_off
from tests import factories as make
from tests.imports.files import bring_in, csv_of, drive, reasons


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def by() -> Any:
    return make.make_user(Role.SUPERVISOR)


def take_back(result: Any, by: Any) -> None:
    undo(result.run, by=by)
    drive(result.run, by)


# -- contacts ----------------------------------------------------------------------------------------------------------


def test_contacts_find_their_customer_by_number_name_and_phone(by: Any) -> None:
    """E-04: one of them is the first to speak to, and nobody comes in twice."""
    customer = make.make_customer(name="江南水务（集团）", phone="0571-88886666", phone_digits="057188886666")
    content = csv_of(
        "客户,联系人,电话,职务,主要联系人",
        "江南水务(集团),王一,13800000001,站长,是",
        f"{customer.number},王二,13800000002,,是",
        "0571 8888 6666,王三,13800000003,,",
        f"{customer.number},王 一,138-0000-0001,,",
        "nobody,王四,13800000004,,",
        f"{customer.number},,13800000005,,",
    )
    result = bring_in("contacts", content, by, good_rows_only=True)
    assert [(row, column) for row, column, _ in reasons(result)] == [(5, "联系人"), (6, "客户"), (7, "联系人")]
    found = list(db.session.scalars(select(Contact).order_by(Contact.id)))
    assert [(c.name, c.is_primary) for c in found] == [("王一", True), ("王二", False), ("王三", False)]
    assert found[0].title == "站长"
    assert {c.customer_id for c in found} == {customer.id}
    again = bring_in("contacts", content, by, try_only=True)
    assert len(again.refused) == 6


# -- taking back -------------------------------------------------------------------------------------------------------


def test_what_nothing_depends_on_is_taken_back_and_may_come_again(by: Any) -> None:
    """G-03: void and inactive, never deleted; serial and old numbers are free."""
    units = csv_of("sn,型号,客户", "A1,M1,甲", "A2,M1,乙", "A3,M2,乙")
    options = ("create_models", "create_customers")
    first = bring_in("units", units, by, options=options)
    take_back(first, by)
    assert (first.run.state, first.run.undone, first.run.kept) == (RunState.UNDONE, 7, 0)
    assert set(db.session.scalars(select(InstalledUnit.status))) == {UnitStatus.VOID}
    assert set(db.session.scalars(select(ProductModel.is_active))) == {False}
    assert set(db.session.scalars(select(Customer.is_active))) == {False}
    assert list(db.session.scalars(units_matching("A1", by))) == []
    again = bring_in("units", units, by, options=options)
    assert again.is_clean
    assert [(u.serial_no, u.customer.name) for u in db.session.scalars(units_matching("A1", by))] == [("A1", "甲")]
    assert (count(InstalledUnit), count(ProductModel), count(Customer)) == (6, 2, 4), "models are offered again"
    take_back(again, by)
    assert again.run.undone == 7


def test_old_numbers_of_customers_are_free_again(by: Any) -> None:
    content = csv_of("name,code", "甲,7", "乙,8")
    take_back(bring_in("customers", content, by), by)
    again = bring_in("customers", content, by)
    assert again.is_clean
    assert [p.message for p in again.warnings if "no longer active" in p.message], "the former one is named"


def test_what_was_changed_or_is_used_stays_with_its_reason(by: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    result = bring_in("units", csv_of("sn,型号,客户", "A1,M1,甲", "A2,M1,乙", "A3,M1,丙", "A4,M2,丁"), by,
                      options=("create_models", "create_customers"))  # fmt: skip
    units = {u.serial_no: u for u in db.session.scalars(select(InstalledUnit))}
    edit(units["A1"], by=by, remark="checked")
    make.make_call(customer=units["A2"].customer, unit=units["A2"], area=make.make_area())
    make.make_project(customer=units["A3"].customer, area_id=make.make_area().id)
    take_back(result, by)
    kept = {(one.table_name, one.row_number): one.reason for one in queries.kept_records(result.run, 100)}
    assert kept == {
        ("installed_unit", 2): "It was changed since.", ("installed_unit", 3): "A call depends on it.",
        ("product_model", 2): "A unit depends on it.", ("customer", 2): "A unit depends on it.",
        ("customer", 3): kept["customer", 3], ("customer", 4): "A project depends on it.",
    }  # fmt: skip
    assert "depends on it" in kept["customer", 3]
    assert units["A3"].status is UnitStatus.VOID
    assert units["A4"].model.is_active is False
    assert (result.run.undone, result.run.kept) == (4, 6)
    assert set(db.session.scalars(select(ImportMade.state))) == {MadeState.UNDONE, MadeState.KEPT}
    with pytest.raises(IllegalTransition):
        undo(result.run, by=by)


def test_nothing_is_taken_back_of_a_run_that_brought_nothing(by: Any) -> None:
    result = bring_in("customers", csv_of("name,phone", "A,1"), by, good_rows_only=True)
    with pytest.raises(RuleViolated, match="nothing"):
        undo(result.run, by=by)


# -- past calls --------------------------------------------------------------------------------------------------------

CALLS = csv_of(
    "编号,接报时间,结案时间,客户名称,故障类别,故障描述,区域,电话,服务类别",
    'A-1,2019-03-01 08:00,2019-03-02 17:30,甲厂,other,"不出水\n漏水",西湖,0571-1,免费',
    "A-2,2019-03-01,2019-03-01 10:00,甲厂,other,=1+1,西湖,,",
    "A-3,2024-12-31 23:59,2025-01-01 00:01,乙厂,other,,西湖,,",
)


@pytest.fixture
def office(by: Any) -> Any:
    make.make_area(name="西湖")
    make.make_symptom(code="other")
    return by


def test_past_calls_come_in_as_history(office: Any) -> None:
    """W-1.14: closed with the original times, the old number beside ours, no voucher, no notice, no gate."""
    result = bring_in("calls", CALLS, office, options=("create_customers",))
    assert result.is_clean
    first, second, third = db.session.scalars(select(ServiceCall).order_by(ServiceCall.id))
    assert [c.number for c in (first, second, third)] == ["JXHZ-20190301-001", "JXHZ-20190301-002", "JXHZ-20241231-001"]
    assert [c.old_number for c in (first, second, third)] == ["A-1", "A-2", "A-3"]
    assert (first.state, first.is_history, first.service_type) == (CallState.CLOSED, True, ServiceType.FREE)
    assert clock.local(first.received_at).isoformat() == "2019-03-01T08:00:00+08:00"
    assert clock.local(first.closed_at).isoformat() == "2019-03-02T17:30:00+08:00"
    assert [c.fault_text for c in (first, second, third)] == ["不出水\n漏水", "=1+1", ""]
    assert (count(ServiceVoucher), count(Notice)) == (0, 0)
    assert not list(db.session.scalars(select(NumberSeries).where(NumberSeries.period == f"{clock.today():%Y%m%d}")))
    for waiting in (call_queries.to_dispatch, call_queries.to_write_off, call_queries.to_decide):
        assert db.session.scalar(waiting(office)) == 0
    with pytest.raises(RuleViolated, match="history"):
        undo_write_off(first, by=office, reason="r")
    again = bring_in("calls", CALLS, office, try_only=True)
    assert {p.message for p in again.problems} == {f"There already: call {c.number} has this old number."
                                                   for c in (first, second, third)}  # fmt: skip
    take_back(result, office)
    assert {(c.state, c.cancel_reason, c.closed_at) for c in (first, second, third)} == {
        (CallState.CANCELLED, CancelReason.IMPORT_UNDONE, None)
    }
    assert bring_in("calls", CALLS, office, options=("create_customers",)).is_clean, "the old numbers are free"


def test_a_past_call_that_was_noted_stays(office: Any) -> None:
    result = bring_in("calls", CALLS, office, options=("create_customers",))
    first = db.session.scalars(select(ServiceCall).order_by(ServiceCall.id).limit(1)).one()
    note(first, by=office, note="asked again")
    take_back(result, office)
    assert (first.state, result.run.kept) == (CallState.CLOSED, 2)
    assert [one.reason for one in queries.kept_records(result.run, 10)][1] == "Something was done with it."


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"closed_at": None}, "closed_at"), ({"received_at": None}, "received_at"), ({"customer": None}, "customer"),
        ({"fault_symptom": None}, "fault_symptom"), ({"area": "other"}, "customer"),
        ({"closed_at": "early"}, "closed_at"),
        ({"closed_at": "future"}, "closed_at"), ({"fault_text": "x" * 9000}, "fault_text"), ({"phone": "\0"}, "phone"),
    ],
)  # fmt: skip
def test_what_a_past_call_needs(office: Any, change: dict[str, Any], field: str) -> None:
    now = clock.now()
    moments = {"early": now - make.timedelta(days=20), "future": now + make.timedelta(days=1)}
    area = make.make_area(make.make_branch("SH"))
    row = {
        "customer": make.make_customer(), "fault_symptom": make.make_symptom(),
        "received_at": now - make.timedelta(days=9), "closed_at": now - make.timedelta(days=8),
    }  # fmt: skip
    for name, value in change.items():
        row[name] = area if value == "other" else moments.get(value, value) if isinstance(value, str) else value
    (refusal,) = import_history(by=office, rows=[row])
    assert isinstance(refusal, BackofficeError)
    assert refusal.field == field


def test_history_is_marked_on_every_page(office: Any, as_role: Any) -> None:
    """W-1.14: in the list, on the record, in the file, and the old number finds it."""
    bring_in("calls", CALLS, office, options=("create_customers",))
    client = as_role(office)
    call = db.session.scalars(select(ServiceCall).order_by(ServiceCall.id).limit(1)).one()
    assert ">history</span>" in client.get("/calls/").text
    page = client.get(f"/calls/details/?id={call.id}").text
    assert "outside all figures" in page
    assert "A-1" in page
    assert "TL-01" not in page
    assert client.get("/search/?q=A-1").headers["Location"] == f"/calls/details/?id={call.id}"
    assert call.number in client.get("/calls/?q=A-1").text
    assert call.number not in client.get("/calls/?history=without").text
    exported = client.post("/calls/export/", data={"as": "csv"}, buffered=True).text
    assert "history" in exported
    assert "A-1" in exported


# -- killed half-way ---------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from backoffice.factory import create_app
from backoffice.imports.workflow import running
from backoffice.ui.importing import running as chunks
chunks.CHUNK = 50
whole = running._note_rows
left = [int(sys.argv[1])]
def note(*args, **kwargs):
    whole(*args, **kwargs)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)  # within the transaction of a chunk
running._note_rows = note
create_app().test_cli_runner().invoke(args=sys.argv[2:], catch_exceptions=False)
"""


def test_killed_half_way_and_continued_gives_every_row_once(live_database: Any, instance: Path, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes(csv_of("name", *(f"Customer {n}" for n in range(420))))
    with live_database.app.app_context():
        username = make.make_user(Role.ASSISTANT).username
        db.session.commit()
    environ = os.environ | {"DATABASE_URL": live_database.url, "INSTANCE_DIR": str(instance)}
    environ["PYTHONPATH"] = str(config.ROOT)
    command = ["import", "customers", str(path), "--as", username, "--good-rows", str(tmp_path / "refused.csv")]
    died = subprocess.run(
        [sys.executable, "-c", KILLED, "4", *command], env=environ, cwd=config.ROOT, timeout=120, check=False,
        capture_output=True,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-2000:]
    with live_database.app.app_context():
        assert count(Customer) == 150, "three chunks were committed, the fourth died"
        done = db.session.scalar(select(func.count()).select_from(ImportRow).where(ImportRow.cells.is_(None)))
        assert done == 150
        key = db.session.scalars(select(ImportRow.run_id).limit(1)).one()
    began = time.monotonic()
    done_now = subprocess.run(
        [sys.executable, "-c", KILLED, "-1", "import", "--resume", str(key), "--as", username], env=environ,
        cwd=config.ROOT, timeout=120, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done_now.returncode == 0
    assert time.monotonic() - began < 90
    with live_database.app.app_context():
        names = list(db.session.scalars(select(Customer.name)))
        assert sorted(names) == sorted(f"Customer {n}" for n in range(420)), "exactly once"
        numbers = list(db.session.scalars(select(Customer.number).order_by(Customer.id)))
        assert numbers == [f"KHHZ{n:06}" for n in range(1, 421)], "no gap"

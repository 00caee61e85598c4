"""Demo data: made once, by the acts, with the shapes of a real register."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice.calls.models import CallState, CancelReason, Priority, ServiceCall
from backoffice.commands import DEMO_ACCOUNTS, ensure_demo
from backoffice.contracts.models import ContractState, ServiceContract
from backoffice.contracts.queries import ending, visits_used, waiting
from backoffice.contracts.rules import FeeMode
from backoffice.core import acts, clock
from backoffice.core.attachments import Attachment, AttachmentKind, path_of
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.jobs import JOBS, JobRun
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.customers.models import Contact, Customer, CustomerKind, Project
from backoffice.customers.rules import check_credit_code
from backoffice.demo.calls import HOURS, WEEKDAYS
from backoffice.demo.stock import credit_code
from backoffice.goods.models import GoodsReceipt, ReceiptState
from backoffice.organisation.models import Absence, Branch, Delegation, ServiceArea, User
from backoffice.papers.models import BlockState, PaperBlock, PaperKind, PaperSheet, SheetState
from backoffice.parts.models import MovementKind, Part, StockMovement
from backoffice.parts.queries import below_minimum
from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel, UnitStatus
from backoffice.products.rules import WarrantyState
from backoffice.reconciliation.models import DayBook, DayState, UndoneLine, UndoneState
from backoffice.repairs.models import CardState, RepairCard
from backoffice.reports.models import DailyReport, ReportLine, ReportState, SummaryState, SupervisorReport
from backoffice.vouchers.models import ServiceVoucher, SignatureMode, Visit, VoucherState
from backoffice.watch.models import ChatRobot, LadderStep, OutboxMessage, Told, WatchMark
from tests.databases import Databases
from tests.fixtures_app import WORKER, close, make_app
from tests.fixtures_live import LiveDatabase

pytestmark = pytest.mark.no_app


@pytest.fixture(scope="module")
def demo_app(databases: Databases, instance: Path) -> Iterator[Flask]:
    """An office whose empty database was filled."""
    name = f"demo_{WORKER}"
    app = make_app(databases.create(name), instance, TESTING=True, WTF_CSRF_ENABLED=False)
    try:
        assert ensure_demo(app)
        yield app
    finally:
        close(app)
        databases.drop(name)


@pytest.fixture
def demo(demo_app: Flask) -> Iterator[Flask]:
    with demo_app.app_context():
        yield demo_app
        db.session.rollback()


def rows(model, *conditions):
    return db.session.scalars(select(model).where(*conditions)).all()


def calls_of(code):
    return rows(ServiceCall, ServiceCall.branch_id == select(Branch.id).where(Branch.code == code).scalar_subquery())


def test_a_second_time_does_nothing(demo):
    before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    db.session.rollback()
    assert ensure_demo(demo) is False
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_it_can_be_made_in_the_evening_of_a_day_whose_revisits_meet_a_leave(databases, instance):
    """E-31: a technician who comes again next week agrees on a day on which he is there."""
    name = f"evening_{WORKER}"
    app = make_app(databases.create(name), instance, TESTING=True)
    try:
        with clock.freeze(datetime(2026, 11, 24, 12, 16, 17, tzinfo=UTC)):
            assert ensure_demo(app)
        with app.app_context():
            away = {
                (a.user_id, a.from_on + timedelta(days=n))
                for a in rows(Absence)
                for n in range((a.to_on - a.from_on).days + 1)
            }
            agreed = {
                (c.technician_id, clock.local(c.next_visit_at).date())
                for c in rows(ServiceCall, ServiceCall.next_visit_at.is_not(None))
            }
            assert agreed
            assert not agreed & away
    finally:
        close(app)
        databases.drop(name)


def test_what_must_hold_holds(demo):
    """The acts have left nothing that contradicts itself."""
    told = demo.test_cli_runner().invoke(args=["check"])
    assert told.exit_code == 0, told.output


def test_the_command_refuses_a_filled_database(demo):
    answer = demo.test_cli_runner().invoke(args=["demo"])
    assert answer.exit_code == 1
    assert "not empty" in answer.output


def test_production_refuses(demo, monkeypatch):
    monkeypatch.setitem(demo.config, "MODE", "production")
    with pytest.raises(RuntimeError, match="demo mode only"):
        ensure_demo(demo)
    answer = demo.test_cli_runner().invoke(args=["demo"])
    assert answer.exit_code == 1
    assert "demo mode only" in answer.output


def test_every_account_logs_in(demo):
    assert {branch for _, _, branch in DEMO_ACCOUNTS} == {"HQ", "HZ", "SH"}
    assert {user.username for user in rows(User)} == {username for username, _, _ in DEMO_ACCOUNTS}
    for username, _, _ in DEMO_ACCOUNTS:
        client = demo.test_client()
        answer = client.post("/login", data={"username": username, "password": "demo"})
        assert answer.status_code == 303, username
        assert client.get("/").status_code == 200, username


def test_accounts_are_marked_and_cover_every_role(demo):
    users = rows(User)
    assert all(user.is_demo for user in users)
    by_branch = {code: {u.role for u in users if u.branch.code == code} for code in ("HQ", "HZ", "SH")}
    assert by_branch["HQ"] == {Role.ADMIN, Role.MANAGER, Role.FINANCE}
    assert by_branch["HZ"] == by_branch["SH"] == set(Role) - {Role.ADMIN}
    assert all(user.skills for user in users if user.role is Role.TECHNICIAN)


def test_places_people_and_models(demo):
    """E-03, TL-01, TL-02: every zone has its usual limits."""
    areas = rows(ServiceArea)
    assert {(a.zone.value, a.dispatch_limit_min, a.arrival_limit_min) for a in areas} == {
        ("city", 60, 60), ("suburb", 120, 120), ("intercity", 240, 240)
    }  # fmt: skip
    assert len(rows(ProductModel)) >= 15
    assert len(rows(FaultSymptom)) == 10
    today = clock.today()
    absences = rows(Absence)
    assert any(a.to_on < today for a in absences)
    assert any(a.from_on > today for a in absences)
    assert all(d.to_on < today for d in rows(Delegation))
    assert db.session.scalar(select(func.count()).where(AuditEntry.on_behalf_of_id.is_not(None)))


def test_customers_are_as_untidy_as_real_ones(demo):
    customers = rows(Customer)
    names = [customer.name for customer in customers]
    assert 75 <= len(customers) <= 100
    assert {customer.kind for customer in customers} == set(CustomerKind)
    assert any(not customer.phone for customer in customers)
    assert max(Counter(c.phone_digits for c in customers if c.phone).values()) >= 3
    assert any("\u0600" <= character <= "\u06ff" for name in names for character in name)
    assert any("Ａ" <= character <= "Ｚ" for name in names for character in name)
    assert any(len(name) > 40 for name in names)
    assert any(len(name) == 1 for name in names)
    assert any("<" in name for name in names)
    assert any(customer.is_overseas for customer in customers)
    assert any(not customer.is_active for customer in customers)
    assert len(rows(Project)) >= 8
    assert len(rows(Contact)) >= 20


def test_credit_codes_fit(demo):
    """X-06"""
    assert check_credit_code(credit_code(7)) == credit_code(7)
    codes = [customer.credit_code for customer in rows(Customer) if customer.credit_code]
    assert len(codes) == len(set(codes)) > 10


def test_units_have_the_gaps_of_real_ones(demo):
    units = rows(InstalledUnit)
    assert 300 <= len(units) <= 360
    unknown = sum(unit.commissioned_on is None for unit in units) / len(units)
    assert 0.25 <= unknown <= 0.45
    verdicts = Counter(unit.verdict(clock.today()).state for unit in units)
    assert all(verdicts[state] > 10 for state in WarrantyState)
    assert max(Counter(unit.customer_id for unit in units).values()) >= 40
    assert {unit.status for unit in units} >= {UnitStatus.IN_USE, UnitStatus.SCRAPPED, UnitStatus.RETURNED}
    assert any(unit.warranty_extension_days for unit in units)
    assert any(unit.serial_no != unit.serial_folded for unit in units)


@pytest.mark.parametrize(("code", "least"), [("HZ", 200), ("SH", 50)])
def test_calls_come_in_every_state(demo, code, least):
    calls = calls_of(code)
    assert least <= len(calls) <= least * 1.3
    states = {call.state for call in calls}
    assert states >= {CallState.REGISTERED, CallState.ON_SITE, CallState.COMPLETED, CallState.CLOSED}
    numbers = [(call.number, call.created_at) for call in sorted(calls, key=lambda c: c.number)]
    assert [moment for _, moment in numbers] == sorted(moment for _, moment in numbers)


def test_some_calls_are_late_and_each_area_has_its_own_rate(demo):
    """TL-02: about a fifth of the arrivals; a flat rate would look wrong."""
    arrived = [call for call in calls_of("HZ") if call.first_arrived_at]
    late = [call for call in arrived if call.first_arrived_at > call.arrival_due_at]
    assert 0.10 <= len(late) / len(arrived) <= 0.32
    counts, late_counts = Counter(c.area_id for c in arrived), Counter(c.area_id for c in late)
    rates = [late_counts[area] / count for area, count in counts.items() if count >= 10]
    assert max(rates) - min(rates) > 0.15


def test_faults_come_back(demo):
    """C-11: about one call in six."""
    calls = rows(ServiceCall)
    repeats = [call for call in calls if call.repeat_of]
    assert 0.08 <= len(repeats) / len(calls) <= 0.28
    for call in repeats:
        assert call.unit_id == call.repeat_of.unit_id
        assert timedelta() <= call.received_at - call.repeat_of.received_at <= timedelta(days=30)


def test_the_odd_kinds_are_there(demo):
    calls = calls_of("HZ")
    texts = [call.fault_text for call in calls]
    assert max(map(len, texts)) > 1000
    assert min(map(len, texts)) <= 2
    assert any("<num>" in text for text in texts)
    assert any(ord(character) > 0xFFFF for text in texts for character in text)
    assert any(call.is_entered_late and call.late_reason for call in calls)
    assert any(call.priority is Priority.URGENT for call in calls)
    assert {call.escalated_to for call in calls} >= {Role.SUPERVISOR, Role.MANAGER}
    assert {call.cancel_reason for call in calls} >= {CancelReason.DUPLICATE, CancelReason.REFUSED}
    assert any(call.proposed_type for call in calls)
    assert any(call.confirmed_cause for call in calls)
    assert any(not call.state.is_final and call.received_at < clock.now() - timedelta(days=365) for call in calls)


def test_vouchers_wait_at_every_desk(demo):
    now = clock.now()
    vouchers = rows(ServiceVoucher)
    assert {voucher.state for voucher in vouchers} == set(VoucherState)
    assert any(v.state is VoucherState.SIGNED and v.return_due_at < now for v in vouchers)
    assert any(v.state is VoucherState.RETURNED and v.write_off_due_at and v.write_off_due_at < now for v in vouchers)
    assert any(voucher.is_waiting_unsigned for voucher in vouchers)
    assert any(voucher.unsigned_confirmed_by for voucher in vouchers)
    replaced = [voucher for voucher in vouchers if voucher.replaced_by]
    assert any(voucher.paper_no for voucher in vouchers)
    assert len({voucher.replaced_by.technician_id == voucher.technician_id for voucher in replaced}) == 2
    assert max(len(voucher.visits) for voucher in vouchers) >= 2


def test_paper_is_accounted_for(demo):
    """E-10: sheets in every state, and the report names what is missing and who held it."""
    sheets = rows(PaperSheet)
    assert {sheet.state for sheet in sheets} == set(SheetState)
    assert {block.state for block in rows(PaperBlock)} >= {BlockState.OPEN, BlockState.RETURNED}
    assert all(sheet.holder_id for sheet in sheets if sheet.state is SheetState.MISSING)
    for kind, model, void in (
        (PaperKind.VOUCHER, ServiceVoucher, VoucherState.VOID), (PaperKind.RECEIPT, GoodsReceipt, ReceiptState.VOID),
        (PaperKind.CARD, RepairCard, CardState.VOID),
    ):  # fmt: skip
        used = {(s.subject_id, s.number) for s in sheets if s.state is SheetState.USED and s.kind is kind}
        assert used == {(doc.id, doc.paper_no) for doc in rows(model) if doc.paper_no and doc.state is not void}
        assert used


def test_contracts_stand_in_every_state(demo):
    """E-09, W-1.6: in both branches; jobs were done under one, one ends soon, one waits for the manager."""
    for branch in rows(Branch, Branch.code.in_(("HZ", "SH"))):
        here = ServiceContract.branch_id == branch.id
        assert {contract.state for contract in rows(ServiceContract, here)} == set(ContractState), branch.code
        assert {contract.fee_mode for contract in rows(ServiceContract, here)} == set(FeeMode)
        assert rows(ServiceContract, here, ending())
        assert rows(ServiceContract, here, waiting())
        done = [call for call in calls_of(branch.code) if call.contract_id and call.state is CallState.CLOSED]
        assert len({call.contract_id for call in done}) >= 1
        (used,) = rows(ServiceContract, here, ServiceContract.customer_no == "WX-2025-017")
        assert visits_used(used, clock.today()) >= 2


def test_today_has_calls_whose_clocks_run(demo):
    now = clock.now()
    waiting = [call for call in calls_of("HZ") if call.state is CallState.REGISTERED]
    states = {call.dispatch_clock.state(now) for call in waiting}
    assert "over" in states
    assert states & {"running", "near"}
    assert any(c.state is CallState.DISPATCHED and c.arrival_clock.state(now) != "met" for c in calls_of("HZ"))


def test_nothing_lies_in_the_future_or_before_its_cause(demo):
    """G-04"""
    now = clock.now()
    for entry in rows(AuditEntry):
        assert entry.event_at <= entry.at <= now
        assert entry.act in acts.REGISTRY or entry.act.endswith(
            (".install", ".add", ".attach", ".login", ".billing", ".carry")
        )
    for call in rows(ServiceCall):
        steps = [call.received_at, call.dispatched_at, call.first_arrived_at, call.completed_at, call.closed_at]
        known = [step for step in steps if step]
        assert known == sorted(known)
        assert known[-1] <= now
    for visit in rows(Visit):
        assert (visit.departed_at or visit.arrived_at) <= visit.arrived_at <= (visit.left_at or now)


def test_nobody_is_sent_while_away(demo):
    """W-1.2, E-31"""
    absences = rows(Absence)
    for voucher in rows(ServiceVoucher):
        day = clock.local(voucher.issued_at).date()
        assert not any(a.user_id == voucher.technician_id and a.from_on <= day <= a.to_on for a in absences)


def test_every_change_of_a_call_has_its_act(demo):
    """G-04: the trail of a closed call tells the whole way."""
    call = next(c for c in calls_of("HZ") if c.state is CallState.CLOSED)
    trail = select(AuditEntry.act).where(AuditEntry.subject_type == "service_call", AuditEntry.subject_id == call.id)
    told = set(db.session.scalars(trail))
    assert told >= {"call.register", "call.dispatch", "call.arrive", "call.complete", "call.write_off"}


def test_signatures_and_photos_are_real_files(demo):
    attached = rows(Attachment)
    assert {one.kind for one in attached} >= {AttachmentKind.PHOTO, AttachmentKind.SCAN, AttachmentKind.SIGNATURE}
    assert all(path_of(one).stat().st_size == one.size for one in attached[:20])
    signed = {one.subject_id for one in attached if one.subject_type == "service_voucher"}
    for voucher in rows(ServiceVoucher, ServiceVoucher.signature_mode == SignatureMode.ON_SCREEN):
        assert (voucher.id in signed) is (voucher.state is not VoucherState.VOID)  # else the replacement has it


def test_the_evenings_are_told(demo):
    """W-6, W-7: reports in every state, one missing; days that were closed, and calls that were carried over."""
    assert {report.state for report in rows(DailyReport)} == set(ReportState)
    assert any(report.of_supervisor for report in rows(DailyReport))
    assert any(line.is_corrected for line in rows(ReportLine))
    assert {report.state for report in rows(SupervisorReport)} >= {SummaryState.SUBMITTED, SummaryState.REVIEWED}
    assert {book.state for book in rows(DayBook)} >= {DayState.OPEN, DayState.CLOSED}
    assert {line.state for line in rows(UndoneLine)} == set(UndoneState)


def test_the_worker_has_been_at_work(demo):
    """TL, J: steps of the ladder were taken, every job stands in the book, and nothing waits to leave the house."""
    assert {mark.told for mark in rows(WatchMark)} >= {Told.RESPONSIBLE, Told.ASSISTANT, Told.SUPERVISOR}
    assert {run.job for run in rows(JobRun)} == set(JOBS) - {"C-58"}, "no file was prepared that could be deleted"
    assert rows(LadderStep)
    assert not any(robot.is_active for robot in rows(ChatRobot))
    assert not rows(OutboxMessage)


def test_only_fresh_notices_are_unread(demo):
    unread = rows(Notice, Notice.read_at.is_(None))
    assert unread
    assert all(notice.created_at > clock.now() - timedelta(days=1, minutes=10) for notice in unread)


def test_stores_and_bags_are_filled_and_some_parts_run_short(demo):
    """E-07: every kind of movement that there is so far, nothing below zero, and parts below their minimum."""
    parts = rows(Part)
    assert len(parts) >= 40
    assert {m.kind for m in rows(StockMovement)} == set(MovementKind) - {MovementKind.RETURNED}
    place = (StockMovement.branch_id, StockMovement.part_id, StockMovement.holder_id)
    totals = db.session.execute(select(*place, func.sum(StockMovement.quantity)).group_by(*place)).all()
    assert all(total >= 0 for *_, total in totals)
    assert len({holder for _, _, holder, total in totals if holder and total}) >= 4
    for branch in rows(Branch, Branch.code.in_(("HZ", "SH"))):
        low = rows(Part, below_minimum(branch.id))
        assert 4 <= len(low) <= 20, [part.code for part in low]


def test_the_curves_are_whole():
    assert len(HOURS) == 24
    assert len(WEEKDAYS) == 7


def test_two_processes_that_start_at_once_make_it_once(live_database: LiveDatabase):
    gate, made, problems = threading.Barrier(2), [], []

    def start() -> None:
        gate.wait(30)
        try:
            made.append(ensure_demo(live_database.app))
        except Exception as error:  # noqa: BLE001 - shown by the assert
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not problems
    assert sorted(made) == [False, True]
    with live_database.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == len(DEMO_ACCOUNTS)

"""The acts of the call register."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from backoffice.calls import workflow
from backoffice.calls.models import CallState, Channel, Priority, ServiceCall
from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import attachments, clock
from backoffice.core.attachments import AttachmentKind
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import (
    IllegalTransition,
    MissingInput,
    NotPermitted,
    RecordNotFound,
    RuleViolated,
    StaleDocument,
)  # fmt: skip
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.organisation.models import Zone
from backoffice.products.models import UnitStatus
from backoffice.products.rules import SymptomFamily
from tests import factories as make
from tests.pictures import png


def facts(customer=None, **over):
    """What an assistant types for an ordinary call."""
    customer = customer or make.make_customer()
    return {"customer": customer, "model_text": "ISG50-160", "fault_symptom": make.make_symptom(),
            "fault_text": "开机不出水", **over}  # fmt: skip


def test_register_keeps_the_four_facts_and_starts_both_clocks(frozen_clock):
    """W-1.1, S-3.2, TL-01, TL-02: number, snapshot, due times copied from the area, supervisor told at once."""
    customer = make.make_customer(name="杭州江南水务有限公司", phone="13812345678", address="西湖区文三路1号")
    customer.area.dispatch_limit_min = 45
    supervisor = make.make_user(Role.SUPERVISOR)
    assistant = make.make_user(Role.ASSISTANT)
    call = workflow.register(by=assistant, **facts(customer))
    assert call.number == "JXHZ-20260302-001"
    assert (call.customer_name, call.address) == ("杭州江南水务有限公司", "西湖区文三路1号")
    assert (call.phone, call.model_text) == ("13812345678", "ISG50-160")
    assert call.state is CallState.REGISTERED
    assert call.received_at == frozen_clock.now
    assert call.dispatch_due_at == frozen_clock.now + timedelta(minutes=45)
    assert call.arrival_due_at == frozen_clock.now + timedelta(minutes=60)
    assert call.reported_to_supervisor_at == frozen_clock.now
    assert call.created_by_id == assistant.id
    notice = db.session.scalars(select(Notice).where(Notice.user_id == supervisor.id)).one()
    assert call.number in notice.text
    assert (notice.subject_type, notice.subject_id) == ("service_call", call.id)


def test_later_changes_of_area_and_customer_leave_the_call_alone():
    """ARCHITECTURE: parameters are copied; the snapshot stays as it was on the phone."""
    customer = make.make_customer(name="甲")
    call = workflow.register(by=make.make_user(), **facts(customer))
    due = call.dispatch_due_at
    customer.name, customer.address = "乙", "elsewhere"
    customer.area.dispatch_limit_min = 1
    db.session.flush()
    db.session.refresh(call)
    assert (call.customer_name, call.dispatch_due_at, call.dispatch_limit_min) == ("甲", due, 60)


@pytest.mark.parametrize("field", ["customer", "fault_symptom", "fault_text", "model_text"])
def test_register_names_the_missing_fact(field):
    """W-1.1: a refusal names the field that is missing, and nothing is written."""
    values = facts()
    values[field] = None if field in ("customer", "fault_symptom") else " "
    with pytest.raises(MissingInput) as refusal:
        workflow.register(by=make.make_user(), **values)
    assert refusal.value.field == field
    assert db.session.scalar(select(func.count()).select_from(ServiceCall)) == 0


@pytest.mark.parametrize(("field", "gone"), [("phone", {"phone": ""}), ("address", {"address": ""}),
                                             ("area", {"area_id": None})])  # fmt: skip
def test_register_asks_for_what_the_customer_record_lacks(field, gone):
    """E-04: phone and address are required at the first call, though not on import."""
    customer = make.make_customer(**gone)
    with pytest.raises(MissingInput) as refusal:
        workflow.register(by=make.make_user(), **facts(customer))
    assert refusal.value.field == field


def test_register_makes_a_customer_that_is_not_known_yet():
    """S-3.2: nothing is typed twice; the new customer gets phone, address and area of the call."""
    area = make.make_area()
    call = workflow.register(
        by=make.make_user(), **facts(customer=None) | {"customer": None}, new_customer_name="新客户有限公司",
        phone="0571-88886666", address="余杭区", area=area,
    )  # fmt: skip
    assert call.customer.name == "新客户有限公司"
    assert call.customer.number.startswith("KHHZ")
    assert call.customer.phone == "0571-88886666"


def test_register_after_the_fact_keeps_the_real_time_and_wants_a_reason(frozen_clock):
    """E-08, G-04: received_at is the event, the audit keeps both times, beyond 30 minutes a reason is asked."""
    happened = frozen_clock.now - timedelta(hours=3)
    with pytest.raises(MissingInput) as refusal:
        workflow.register(by=make.make_user(), at=happened, **facts())
    assert refusal.value.field == "reason"
    call = workflow.register(by=make.make_user(), at=happened, reason="停电, 手工登记", **facts())
    assert call.received_at == happened
    assert call.dispatch_due_at == happened + timedelta(hours=1)
    assert call.is_entered_late
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.subject_type == "service_call", AuditEntry.subject_id == call.id)
    ).one()
    assert (entry.event_at, entry.at, entry.is_late) == (happened, frozen_clock.now, True)


def test_register_refuses_the_future(frozen_clock):
    """G-04: future times are refused."""
    with pytest.raises(RuleViolated) as refusal:
        workflow.register(by=make.make_user(), at=frozen_clock.now + timedelta(minutes=1), **facts())
    assert refusal.value.field == "at"


def test_numbers_run_per_branch_and_day_and_come_back_after_a_rollback(frozen_clock):
    """N-03: one sequence per branch and day, gap-free; a rolled back act gives its number back."""
    assistant, other = make.make_user(), make.make_user(branch=make.make_branch("SH"))
    assert workflow.register(by=assistant, **facts()).number == "JXHZ-20260302-001"
    foreign = make.make_customer(make.make_branch("SH"))
    assert workflow.register(by=other, **facts(foreign)).number == "JXSH-20260302-001"
    taken_back = db.session.begin_nested()
    workflow.register(by=assistant, **facts())
    taken_back.rollback()
    assert workflow.register(by=assistant, **facts()).number == "JXHZ-20260302-002"
    frozen_clock.advance(days=1)
    assert workflow.register(by=assistant, **facts()).number == "JXHZ-20260303-001"


def test_number_pattern_is_a_setting():
    """N-00: format strings are settings."""
    make.set_setting("N-03", "T{B}{seq:02}")
    assert workflow.register(by=make.make_user(), **facts()).number == "THZ01"


def test_service_type_is_proposed_from_the_warranty():
    """W-1.6: in warranty free, out of it paid, no evidence or no unit undecided; the reason is kept."""
    customer = make.make_customer()
    today = clock.today()
    units = {
        ServiceType.FREE: make.make_unit(customer),
        ServiceType.PAID: make.make_unit(customer, commissioned_on=today - timedelta(days=800)),
        ServiceType.UNDECIDED: make.make_unit(customer, commissioned_on=None),
    }
    for expected, unit in units.items():
        call = workflow.register(by=make.make_user(), **facts(customer, unit=unit, model_text=""))
        assert call.service_type is expected
        assert call.model_text == unit.model.code
        assert call.service_type_why
    assert workflow.register(by=make.make_user(), **facts(customer)).service_type is ServiceType.UNDECIDED


def test_repeat_is_proposed_for_same_unit_and_symptom_family():
    """E-08, C-11: the clerk is asked once, with the earlier call named; both answers are kept."""
    customer = make.make_customer()
    unit = make.make_unit(customer)
    symptom = make.make_symptom(family=SymptomFamily.SEALING)
    earlier = make.make_call(CallState.CLOSED, customer=customer, unit=unit, fault_symptom_id=symptom.id)
    values = facts(customer, unit=unit, fault_symptom=make.make_symptom(family=SymptomFamily.SEALING))
    with pytest.raises(MissingInput) as refusal:
        workflow.register(by=make.make_user(), **values)
    assert refusal.value.field == "is_repeat"
    assert earlier.number in str(refusal.value)
    assert workflow.register(by=make.make_user(), **values, is_repeat=False).repeat_of is None
    assert workflow.register(by=make.make_user(), **values, is_repeat=True).repeat_of is not None
    other = facts(customer, unit=unit, fault_symptom=make.make_symptom(family=SymptomFamily.CONTROL))
    assert workflow.register(by=make.make_user(), **other).repeat_of is None


def test_repeat_window_ends_after_its_days():
    """C-11: 30 days."""
    customer = make.make_customer()
    unit = make.make_unit(customer)
    symptom = make.make_symptom()
    make.make_call(CallState.CLOSED, customer=customer, unit=unit, fault_symptom_id=symptom.id,
                   received_at=clock.now() - timedelta(days=31))  # fmt: skip
    assert workflow.register(by=make.make_user(), **facts(customer, unit=unit, fault_symptom=symptom)).repeat_of is None


def test_unit_of_another_customer_is_refused():
    """E-08: the unit belongs to the customer of the call."""
    with pytest.raises(RuleViolated) as refusal:
        workflow.register(by=make.make_user(), **facts(unit=make.make_unit()))
    assert refusal.value.field == "unit"


def test_area_of_another_branch_is_refused():
    """G-02, P-1."""
    with pytest.raises(NotPermitted):
        workflow.register(by=make.make_user(), **facts(area=make.make_area(make.make_branch("SH"))))


def test_edit_with_another_area_takes_its_limits():
    """TL-01, TL-02: the corrected area brings its own limits, counted from the call."""
    call = make.make_call()
    area = make.make_area(zone=Zone.INTERCITY)
    workflow.edit(
        call, by=make.make_user(), contact_name="", phone=call.phone, address="新地址", model_text="X",
        fault_symptom=call.fault_symptom, fault_text="t", area=area, priority=Priority.URGENT,
    )  # fmt: skip
    assert call.dispatch_due_at == call.received_at + timedelta(hours=4)
    assert (call.zone, call.address, call.priority) == (Zone.INTERCITY, "新地址", Priority.URGENT)


def test_salesperson_edits_own_calls_only():
    """P-3: SA C R, U own."""
    seller = make.make_user(Role.SALES)
    call = make.make_call()
    values = {"contact_name": "", "phone": call.phone, "address": "a", "model_text": "m", "fault_text": "t",
              "fault_symptom": call.fault_symptom, "area": call.area, "priority": Priority.NORMAL}  # fmt: skip
    with pytest.raises(NotPermitted):
        workflow.edit(call, by=seller, **values)
    own = workflow.register(by=seller, channel=Channel.SALESPERSON, **facts())
    workflow.edit(own, by=seller, **values)
    assert own.address == "a"


def test_closed_call_cannot_be_edited():
    """P-3: edit before lock."""
    call = make.make_call(CallState.CLOSED)
    with pytest.raises(IllegalTransition):
        workflow.edit(call, by=make.make_user(), contact_name="", phone="", address="", model_text="",
                      fault_symptom=None, fault_text="", area=None, priority=Priority.NORMAL)  # fmt: skip


def test_stale_version_is_told():
    """G-06: of two people on one record the second is told, not overwritten."""
    call = make.make_call()
    seen = call.version
    workflow.escalate(call, by=make.make_user(), reason="help", version=seen)
    with pytest.raises(StaleDocument):
        workflow.note(call, by=make.make_user(), note="x", version=seen)


def test_foreign_branch_is_not_found():
    """P-1: a call of another branch does not exist for the person."""
    call = make.make_call(branch=make.make_branch("SH"))
    with pytest.raises(RecordNotFound):
        workflow.note(call, by=make.make_user(), note="x")


def test_link_unit_settles_the_type():
    """W-1.6: undecided until the unit is linked on site."""
    technician = make.make_user(Role.TECHNICIAN)
    call = make.make_call(CallState.ON_SITE, technician=technician, unit=None, service_type=ServiceType.UNDECIDED)
    workflow.link_unit(call, by=technician, unit=make.make_unit(call.customer))
    assert call.service_type is ServiceType.FREE


def test_technician_asks_and_supervisor_decides_the_type():
    """W-1.6: TE proposes, SS decides with a reason."""
    technician, supervisor = make.make_user(Role.TECHNICIAN), make.make_user(Role.SUPERVISOR)
    call = make.make_call(CallState.ON_SITE, technician=technician, service_type=ServiceType.PAID)
    workflow.propose_type(call, by=technician, service_type=ServiceType.FREE, reason="保修卡在场")
    assert call.service_type is ServiceType.PAID
    assert call.proposed_type is ServiceType.FREE
    with pytest.raises(NotPermitted):
        workflow.decide_type(call, by=technician, service_type=ServiceType.FREE, reason="x")
    with pytest.raises(MissingInput):
        workflow.decide_type(call, by=supervisor, service_type=ServiceType.FREE, reason=" ")
    workflow.decide_type(call, by=supervisor, service_type=ServiceType.FREE, reason="发票为证")
    assert (call.service_type, call.proposed_type) == (ServiceType.FREE, None)
    assert call.service_type_decided_by_id == supervisor.id


def test_contract_service_needs_a_contract():
    """W-1.6: B needs a valid contract, and says so; tests/contracts has the rest."""
    call = make.make_call(CallState.ON_SITE)
    with pytest.raises(RuleViolated) as refusal:
        workflow.decide_type(call, by=make.make_user(Role.SUPERVISOR), service_type=ServiceType.CONTRACT, reason="x")
    assert refusal.value.rule == "W-1.6"


def test_confirmed_misuse_needs_a_photo():
    """G-07: at least one photo and the supervisor's confirmation."""
    call = make.make_call(CallState.ON_SITE)
    supervisor = make.make_user(Role.SUPERVISOR)
    decision = {"service_type": ServiceType.PAID, "reason": "缺水运行", "cause": FaultCause.MISUSE}
    with pytest.raises(MissingInput) as refusal:
        workflow.decide_type(call, by=supervisor, **decision)
    assert refusal.value.remedy is not None
    photo = attachments.prepare("a.png", png())
    workflow.attach(call, by=supervisor, files=[photo], kind=AttachmentKind.PHOTO)
    workflow.decide_type(call, by=supervisor, **decision)
    assert call.confirmed_cause is FaultCause.MISUSE


def test_escalation_climbs_and_is_taken_over():
    """W-1.15: assistant and technician to the supervisor, supervisor to the manager; the queue is left by an answer."""
    assistant, supervisor = make.make_user(), make.make_user(Role.SUPERVISOR)
    manager = make.make_user(Role.MANAGER)
    call = make.make_call()
    workflow.escalate(call, by=assistant, reason="客户催得急")
    assert call.escalated_to is Role.SUPERVISOR
    with pytest.raises(NotPermitted):
        workflow.take_over(call, by=manager, note="x")
    workflow.escalate(call, by=supervisor, reason="需要总部支援")
    assert call.escalated_to is Role.MANAGER
    told = db.session.scalars(select(Notice.user_id).where(Notice.kind == "call.escalated")).all()
    assert told == [supervisor.id, manager.id]
    workflow.take_over(call, by=manager, note="我来联系")
    assert call.escalated_to is None
    assert call.state is CallState.REGISTERED


def test_note_writes_only_the_trail():
    """G-04: a note is an entry that nobody can change; the record keeps its version."""
    call = make.make_call()
    version = call.version
    workflow.note(call, by=make.make_user(), note="客户说下午有人")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "call.note")).one()
    assert (entry.note, entry.subject_id, call.version) == ("客户说下午有人", call.id, version)


def test_audit_masks_personal_data():
    """G-04, X-20: the trail holds no phone number in full."""
    customer = make.make_customer(phone="13912345678")
    workflow.register(by=make.make_user(), **facts(customer))
    trail = str(db.session.scalars(select(AuditEntry.changes)).all())
    assert "13912345678" not in trail
    assert "139****5678" in trail


def test_customer_of_the_same_number_is_not_made_twice():
    """A known customer is used as he is."""
    before = db.session.scalar(select(func.count()).select_from(Customer))
    customer = make.make_customer()
    workflow.register(by=make.make_user(), **facts(customer))
    assert db.session.scalar(select(func.count()).select_from(Customer)) == before + 1


def test_inactive_customer_and_scrapped_unit_are_refused_with_the_way_there():
    """E-04, E-06: a call needs an active customer and a unit that is still at work."""
    with pytest.raises(RuleViolated) as refusal:
        workflow.register(by=make.make_user(), **facts(make.make_customer(is_active=False)))
    assert (refusal.value.field, refusal.value.remedy.endpoint) == ("customer", "customers.details_view")
    unit = make.make_unit(status=UnitStatus.SCRAPPED)
    with pytest.raises(RuleViolated) as refusal:
        workflow.register(by=make.make_user(), **facts(unit.customer, unit=unit))
    assert refusal.value.field == "unit"


@pytest.mark.parametrize(("field", "value"), [("contact_name", "x" * 61), ("remark", "x" * 501), ("remark", "a\0b")])
def test_too_long_and_broken_texts_are_refused_on_both_databases(field, value):
    """G-05: not only the form checks lengths; the flush does, before one database cuts and the other breaks."""
    with pytest.raises(MissingInput) as refusal:
        workflow.register(by=make.make_user(), **facts(), **{field: value})
    assert refusal.value.field == field

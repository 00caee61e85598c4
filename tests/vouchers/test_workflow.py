"""The acts on vouchers and visits: the main job from dispatch to the archive."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from backoffice.calls import workflow as calls
from backoffice.calls.models import CallState, CancelReason
from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import attachments, clock
from backoffice.core.attachments import Attachment, AttachmentKind
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import IllegalTransition, MissingInput, NotPermitted, RecordNotFound, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.organisation.models import Skill
from backoffice.settings.models import Holiday, HolidayKind
from backoffice.vouchers import workflow
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher, SignatureMode, VisitResult, VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.pictures import png


def findings(**over):
    """What a technician writes about an ordinary repair."""
    return {"onsite_result": OnsiteResult.FIXED, "work_done": "更换机械密封", "fault_cause": FaultCause.PRODUCT,
            "labour_minutes": 40, **over}  # fmt: skip


def signed(**over):
    """Findings with a signature on the screen."""
    return findings(signature_mode=SignatureMode.ON_SCREEN, signature=attachments.prepare("s.png", png()),
                    signed_by="张三", **over)  # fmt: skip


@pytest.fixture
def people():
    """One person of each role at branch HZ."""
    return {role: make.make_user(role) for role in Role}


def on_site(technician, **over):
    return make.make_call(CallState.ON_SITE, technician=technician, **over)


def test_walk_from_call_to_archive(frozen_clock, people):
    """S-3.3, W-1.1 to W-1.8: free, fixed on site, signed, returned, written off, archived."""
    customer = make.make_customer()
    call = calls.register(
        by=people[Role.ASSISTANT], customer=customer, unit=make.make_unit(customer), fault_symptom=make.make_symptom(),
        fault_text="不出水",
    )  # fmt: skip
    frozen_clock.advance(minutes=20)
    workflow.dispatch(call, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN])
    voucher = live_voucher(call)
    assert (call.state, voucher.state) == (CallState.DISPATCHED, VoucherState.ISSUED)
    assert voucher.number == "PZHZ-202603-0001"
    assert call.dispatched_at == frozen_clock.now
    frozen_clock.advance(minutes=39)
    workflow.arrive(call, by=people[Role.TECHNICIAN])
    assert call.arrival_clock.state(frozen_clock.now) == "met"
    frozen_clock.advance(minutes=50)
    workflow.complete(call, by=people[Role.TECHNICIAN], **signed())
    assert (call.state, voucher.state) == (CallState.COMPLETED, VoucherState.SIGNED)
    assert voucher.visits[0].left_at == frozen_clock.now
    assert voucher.service_type is ServiceType.FREE
    for role in (Role.TECHNICIAN, Role.SUPERVISOR):
        with pytest.raises(NotPermitted):
            workflow.write_off(call, by=people[role], location="A-1")
    with pytest.raises(RuleViolated) as refusal:
        workflow.write_off(call, by=people[Role.ASSISTANT], location="A-1")
    assert refusal.value.remedy.params == {"id": voucher.id}
    frozen_clock.advance(hours=2)
    workflow.take_back(voucher, by=people[Role.ASSISTANT])
    workflow.write_off(call, by=people[Role.ASSISTANT], location="A-1")
    assert (call.state, voucher.state) == (CallState.CLOSED, VoucherState.ARCHIVED)
    assert call.closed_at == voucher.archived_at == frozen_clock.now
    assert voucher.archive_location == "A-1"


def test_dispatch_tells_the_technician_and_the_helper(people):
    """W-1.2: creates the voucher and notifies."""
    helper = make.make_user(Role.TECHNICIAN)
    call = make.make_call()
    workflow.dispatch(
        call, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN], helpers=[helper], paper_no="No 0815"
    )
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.kind == "voucher.issued")))
    assert told == {people[Role.TECHNICIAN].id, helper.id}
    assert live_voucher(call).paper_no == "No 0815"
    calls.note(call, by=helper, note="the helper sees the job")


@pytest.mark.parametrize("fault", ["inactive", "branch", "role", "absent", "none"])
def test_dispatch_refuses_the_wrong_person(people, fault):
    """W-1.2: technician active, same branch, not absent."""
    technician = {
        "inactive": lambda: make.make_user(Role.TECHNICIAN, is_active=False),
        "branch": lambda: make.make_user(Role.TECHNICIAN, make.make_branch("SH")),
        "role": lambda: make.make_user(Role.SALES),
        "absent": lambda: make.make_absence(make.make_user(Role.TECHNICIAN)).user,
        "none": lambda: None,
    }[fault]()
    call = make.make_call()
    with pytest.raises((RuleViolated, MissingInput)) as refusal:
        workflow.dispatch(call, by=people[Role.SUPERVISOR], technician=technician)
    assert refusal.value.field == "technician"
    assert live_voucher(call) is None


def test_dispatch_over_the_limit_is_recorded_not_blocked(frozen_clock, people):
    """W-1.2, TL-01."""
    call = make.make_call(received_at=frozen_clock.now - timedelta(hours=3))
    workflow.dispatch(call, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN])
    assert call.dispatch_clock.state(frozen_clock.now) == "missed"


def test_lacking_skill_warns_only(people):
    """W-1.2: the wanted skill warns only."""
    call = make.make_call(wanted_skill=Skill.ELECTRICAL_ENGINEER)
    workflow.dispatch(call, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN])
    assert call.state is CallState.DISPATCHED


def test_bulk_dispatch_reports_each_record(people):
    """ARCHITECTURE: every record reported as done or refused with its reason; numbers without gaps."""
    ready = [make.make_call() for _ in range(3)]
    done = make.make_call(CallState.DISPATCHED)
    foreign = make.make_call(branch=make.make_branch("SH"))
    ids = [ready[0].id, done.id, ready[1].id, foreign.id, ready[2].id]
    outcomes = workflow.dispatch.bulk(ids, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN])
    assert [o.id for o in outcomes] == ids
    assert [type(o.error) for o in outcomes] == [
        type(None), IllegalTransition, type(None), RecordNotFound, type(None)
    ]  # fmt: skip
    numbers = sorted(live_voucher(call).number[-4:] for call in ready)
    assert numbers == ["0001", "0002", "0003"]
    later = make.make_call()
    workflow.dispatch(later, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN])
    assert live_voucher(later).number.endswith("0004")


def test_bulk_refusal_inside_the_body_leaves_the_others_done(people):
    """ARCHITECTURE: when one body refuses, the others are still done, one by one."""
    ready, early = make.make_call(), make.make_call(received_at=clock.now() - timedelta(seconds=1))
    outcomes = workflow.dispatch.bulk(
        [early.id, ready.id], by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN],
        at=clock.now() - timedelta(seconds=30),
    )  # fmt: skip
    assert [o.error is None for o in outcomes] == [False, True]
    assert (early.state, ready.state) == (CallState.REGISTERED, CallState.DISPATCHED)
    assert live_voucher(ready).number.endswith("0001")


def test_arrival_is_the_technicians_own(people):
    """W-1.3: TE own; another technician does not even find the job."""
    call = make.make_call(CallState.DISPATCHED, technician=people[Role.TECHNICIAN])
    with pytest.raises(RecordNotFound):
        workflow.arrive(call, by=make.make_user(Role.TECHNICIAN))
    workflow.arrive(call, by=people[Role.TECHNICIAN])
    assert call.state is CallState.ON_SITE


def test_arrival_before_dispatch_is_refused(frozen_clock, people):
    """G-04: events keep their order."""
    call = make.make_call(CallState.DISPATCHED, technician=people[Role.TECHNICIAN])
    with pytest.raises(RuleViolated) as refusal:
        workflow.arrive(call, by=people[Role.TECHNICIAN], at=call.dispatched_at - timedelta(minutes=1))
    assert refusal.value.field == "at"


def test_paper_entered_later_is_judged_by_its_real_time(frozen_clock, people):
    """TL-02, G-04: typed in hours later, the arrival counts when it happened, and the entry is marked late."""
    call = make.make_call(CallState.DISPATCHED, technician=people[Role.TECHNICIAN])
    arrived = call.received_at + timedelta(minutes=40)
    frozen_clock.advance(hours=5)
    workflow.arrive(call, by=people[Role.TECHNICIAN], at=arrived)
    assert call.first_arrived_at == arrived
    assert call.arrival_clock.state(frozen_clock.now) == "met"
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.act == "call.arrive", AuditEntry.subject_id == call.id,
                                 AuditEntry.subject_type == "service_call")
    ).one()  # fmt: skip
    assert (entry.event_at, entry.at, entry.is_late) == (arrived, frozen_clock.now, True)


def test_supervisor_corrects_the_arrival_with_a_reason(frozen_clock, people):
    """W-1.3: SS may correct with reason; the arrival clock follows."""
    call = on_site(people[Role.TECHNICIAN])
    visit = live_voucher(call).visits[0]
    earlier = call.received_at + timedelta(minutes=6)
    with pytest.raises(NotPermitted):
        workflow.correct_visit(visit, by=people[Role.TECHNICIAN], reason="x", arrived_at=earlier)
    with pytest.raises(MissingInput):
        workflow.correct_visit(visit, by=people[Role.SUPERVISOR], reason="", arrived_at=earlier)
    workflow.correct_visit(visit, by=people[Role.SUPERVISOR], reason="忘记点击", arrived_at=earlier)
    assert call.first_arrived_at == earlier
    with pytest.raises(RuleViolated):
        workflow.correct_visit(
            visit, by=people[Role.SUPERVISOR], reason="x", arrived_at=call.received_at - timedelta(minutes=1)
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [("onsite_result", None), ("work_done", " "), ("fault_cause", None), ("signature", None), ("signed_by", ""),
     ("signature_mode", None), ("signature_mode", SignatureMode.UNSIGNED)],
)  # fmt: skip
def test_completion_names_what_is_missing(people, field, value):
    """W-1.4: result, cause, work and signature."""
    call = on_site(people[Role.TECHNICIAN])
    with pytest.raises(MissingInput) as refusal:
        workflow.complete(call, by=people[Role.TECHNICIAN], **signed() | {field: value})
    assert refusal.value.field == field


def test_signed_on_paper_needs_the_scan(people):
    """signed on paper with a scan."""
    call = on_site(people[Role.TECHNICIAN])
    values = findings(signature_mode=SignatureMode.ON_PAPER, signed_by="李四")
    with pytest.raises(MissingInput) as refusal:
        workflow.complete(call, by=people[Role.TECHNICIAN], **values)
    assert refusal.value.field == "scan"
    workflow.complete(call, by=people[Role.TECHNICIAN], **values, scan=attachments.prepare("p.png", png()))
    kept = db.session.scalars(select(Attachment).where(Attachment.subject_type == "service_voucher")).one()
    assert kept.kind is AttachmentKind.SCAN


def test_goods_taken_away_are_refused_in_plain_words(people):
    """W-1.5: needs the goods receipt, which is not kept here yet; the refusal says so."""
    call = on_site(people[Role.TECHNICIAN])
    with pytest.raises(RuleViolated) as refusal:
        workflow.complete(call, by=people[Role.TECHNICIAN], **signed(onsite_result=OnsiteResult.TAKEN_AWAY))
    assert refusal.value.rule == "W-1.5"
    assert "receipt" in str(refusal.value)


def test_paid_job_is_refused_in_plain_words(people):
    """W-1.4: fees are not kept here yet; the refusal says so and why the job is not free."""
    unit = make.make_unit(commissioned_on=clock.today() - timedelta(days=900))
    call = on_site(people[Role.TECHNICIAN], customer=unit.customer, unit=unit, service_type=ServiceType.PAID,
                   service_type_reason="Out of warranty: delivered long ago")  # fmt: skip
    with pytest.raises(RuleViolated) as refusal:
        workflow.complete(call, by=people[Role.TECHNICIAN], **signed())
    assert "fee" in str(refusal.value)
    assert "Out of warranty" in str(refusal.value)


def test_undecided_job_is_refused_with_the_way_out(people):
    """W-1.6: no unit linked: link it; warranty unknown: the supervisor decides."""
    technician = people[Role.TECHNICIAN]
    call = on_site(technician, unit=None, service_type=ServiceType.UNDECIDED)
    with pytest.raises(RuleViolated) as refusal:
        workflow.complete(call, by=technician, **signed())
    assert refusal.value.remedy.params["name"] == "link_unit"
    calls.link_unit(call, by=technician, unit=make.make_unit(call.customer, commissioned_on=None))
    with pytest.raises(RuleViolated) as refusal:
        workflow.complete(call, by=technician, **signed())
    assert refusal.value.remedy.params["name"] == "propose_type"
    calls.decide_type(call, by=people[Role.SUPERVISOR], service_type=ServiceType.FREE, reason="客户出示验收单")
    workflow.complete(call, by=technician, **signed())
    assert call.state is CallState.COMPLETED


def test_misuse_is_not_free_without_the_supervisor(people):
    """G-07: misuse excludes free repair inside warranty."""
    call = on_site(people[Role.TECHNICIAN])
    with pytest.raises(RuleViolated) as refusal:
        workflow.complete(call, by=people[Role.TECHNICIAN], **signed(fault_cause=FaultCause.MISUSE))
    assert (refusal.value.rule, refusal.value.field) == ("G-07", "fault_cause")


def test_asked_for_type_blocks_until_decided(people):
    """W-1.6: a change waits for the supervisor."""
    call = on_site(people[Role.TECHNICIAN])
    calls.propose_type(call, by=people[Role.TECHNICIAN], service_type=ServiceType.PAID, reason="人为损坏")
    with pytest.raises(RuleViolated):
        workflow.complete(call, by=people[Role.TECHNICIAN], **signed())


def test_free_by_the_record_needs_a_warranty_that_still_says_so(people):
    """W-1.6: C outside warranty always needs the supervisor, also when the unit's dates were corrected since."""
    call = on_site(people[Role.TECHNICIAN])
    call.unit.commissioned_on = clock.today() - timedelta(days=1000)
    db.session.flush()
    with pytest.raises(RuleViolated):
        workflow.complete(call, by=people[Role.TECHNICIAN], **signed())


def test_unsigned_job_waits_for_the_supervisor(people):
    """W-1.4: unsigned with reason and SS's confirmation."""
    technician, supervisor = people[Role.TECHNICIAN], people[Role.SUPERVISOR]
    call = on_site(technician)
    with pytest.raises(RuleViolated):
        workflow.confirm_unsigned(call, by=supervisor)
    with pytest.raises(MissingInput):
        workflow.report_unsigned(call, by=technician, **findings(), reason="")
    workflow.report_unsigned(call, by=technician, **findings(), reason="客户已离开")
    assert call.state is CallState.ON_SITE
    with pytest.raises(RuleViolated):
        workflow.report_unsigned(call, by=technician, **findings(), reason="again")
    with pytest.raises(NotPermitted):
        workflow.confirm_unsigned(call, by=technician)
    workflow.decline_unsigned(call, by=supervisor, reason="请再联系")
    with pytest.raises(RuleViolated):
        workflow.confirm_unsigned(call, by=supervisor)
    workflow.report_unsigned(call, by=technician, **findings(), reason="客户拒签")
    workflow.confirm_unsigned(call, by=supervisor)
    voucher = live_voucher(call)
    assert (call.state, voucher.state) == (CallState.COMPLETED, VoucherState.SIGNED)
    assert voucher.unsigned_confirmed_by_id == supervisor.id


def test_deputy_does_not_confirm_his_own_unsigned_job(people):
    """P-4: a technician who stands in for the supervisor still does not confirm what he did himself."""
    technician = people[Role.TECHNICIAN]
    call = on_site(technician)
    workflow.report_unsigned(call, by=technician, **findings(), reason="客户已离开")
    make.make_delegation(people[Role.SUPERVISOR], technician)
    technician.deputise([(people[Role.SUPERVISOR].id, Role.SUPERVISOR)])
    with pytest.raises(NotPermitted) as refusal:
        workflow.confirm_unsigned(call, by=technician)
    assert refusal.value.rule == "P-4"


def test_revisit_keeps_the_voucher_and_the_first_arrival(frozen_clock, people):
    """W-1.7, TL-03: same voucher, extra visit, the agreed time."""
    technician = people[Role.TECHNICIAN]
    call = on_site(technician)
    first = call.first_arrived_at
    with pytest.raises(MissingInput):
        workflow.revisit(call, by=technician, reason="缺配件", next_visit_at=None)
    with pytest.raises(RuleViolated):
        workflow.revisit(call, by=technician, reason="缺配件", next_visit_at=frozen_clock.now - timedelta(hours=1))
    workflow.revisit(call, by=technician, reason="缺配件", next_visit_at=frozen_clock.now + timedelta(days=1))
    voucher = live_voucher(call)
    assert (call.state, voucher.state) == (CallState.DISPATCHED, VoucherState.ISSUED)
    assert voucher.visits[0].result is VisitResult.REVISIT
    frozen_clock.advance(days=1)
    workflow.arrive(call, by=technician)
    workflow.complete(call, by=technician, **signed())
    assert len(voucher.visits) == 2
    assert call.first_arrived_at == first
    assert call.next_visit_at is None


def test_revisit_on_a_day_off_is_refused(frozen_clock, people):
    """E-31: a day off is no day to go."""
    technician, tomorrow = people[Role.TECHNICIAN], clock.today() + timedelta(days=1)
    make.make_absence(technician, from_on=tomorrow, to_on=tomorrow)
    call = on_site(technician)
    with pytest.raises(RuleViolated) as refusal:
        workflow.revisit(call, by=technician, reason="缺配件", next_visit_at=frozen_clock.now + timedelta(days=1))
    assert (refusal.value.rule, refusal.value.field) == ("E-31", "next_visit_at")


def test_reassign_before_a_visit_voids_and_issues(people):
    """W-1.12: old voucher void, its number stays, a new one is issued."""
    call = make.make_call(CallState.DISPATCHED, technician=people[Role.TECHNICIAN])
    old, other = live_voucher(call), make.make_user(Role.TECHNICIAN)
    with pytest.raises(MissingInput):
        workflow.reassign(call, by=people[Role.SUPERVISOR], technician=other, reason="")
    with pytest.raises(RuleViolated):
        workflow.reassign(call, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN], reason="x")
    workflow.reassign(call, by=people[Role.SUPERVISOR], technician=other, reason="路上堵车")
    new = live_voucher(call)
    assert (old.state, old.void_reason, old.replaced_by_id) == (VoucherState.VOID, "路上堵车", new.id)
    assert (new.state, new.technician_id, call.technician_id) == (VoucherState.ISSUED, other.id, other.id)
    told = set(db.session.scalars(select(Notice.user_id)))
    assert told == {people[Role.TECHNICIAN].id, other.id}


def test_reassign_after_a_visit_keeps_the_voucher(frozen_clock, people):
    """W-1.12: the voucher stays, its technician changes, both are kept."""
    call = on_site(people[Role.TECHNICIAN])
    voucher, other = live_voucher(call), make.make_user(Role.TECHNICIAN)
    workflow.reassign(call, by=people[Role.SUPERVISOR], technician=other, reason="需要电工")
    assert live_voucher(call) is voucher
    assert (call.state, voucher.technician_id) == (CallState.DISPATCHED, other.id)
    assert voucher.visits[0].technician_id == people[Role.TECHNICIAN].id
    assert voucher.visits[0].result is VisitResult.HANDED_ON
    workflow.arrive(call, by=other)
    workflow.complete(call, by=other, **signed())
    assert call.state is CallState.COMPLETED


@pytest.mark.parametrize("state", [CallState.REGISTERED, CallState.DISPATCHED])
def test_cancel_voids_the_voucher(people, state):
    """W-1.10: reason; voucher void."""
    call = make.make_call(state)
    workflow.cancel(call, by=people[Role.SUPERVISOR], cancel_reason=CancelReason.SOLVED_BY_PHONE)
    assert (call.state, call.cancel_reason) == (CallState.CANCELLED, CancelReason.SOLVED_BY_PHONE)
    states = set(db.session.scalars(select(ServiceVoucher.state)))
    assert states <= {VoucherState.VOID}


def test_duplicate_names_the_other_call(people):
    """W-1.10: duplicate (of which call)."""
    call, other = make.make_call(), make.make_call()
    supervisor = people[Role.SUPERVISOR]
    with pytest.raises(MissingInput):
        workflow.cancel(call, by=supervisor, cancel_reason=CancelReason.DUPLICATE)
    with pytest.raises(RuleViolated):
        workflow.cancel(call, by=supervisor, cancel_reason=CancelReason.DUPLICATE, duplicate_of=call)
    with pytest.raises(MissingInput):
        workflow.cancel(call, by=supervisor, cancel_reason=CancelReason.OTHER)
    workflow.cancel(call, by=supervisor, cancel_reason=CancelReason.DUPLICATE, duplicate_of=other)
    assert call.duplicate_of_id == other.id


def test_customer_refuses_on_site(people):
    """W-1.13: nothing to charge, reason; the voucher comes back without signature and is archived."""
    call = on_site(people[Role.TECHNICIAN])
    workflow.refuse(call, by=people[Role.SUPERVISOR], reason="嫌贵")
    voucher = live_voucher(call)
    assert (call.state, voucher.state) == (CallState.CANCELLED, VoucherState.RETURNED)
    assert voucher.visits[0].result is VisitResult.REFUSED
    assert voucher.write_off_due_at is not None
    workflow.archive(voucher, by=people[Role.ASSISTANT], location="B-2")
    assert voucher.state is VoucherState.ARCHIVED


def test_voucher_of_a_completed_call_is_archived_by_the_write_off_only(people):
    """W-2: automatic with W-1.8."""
    call = make.make_call(CallState.COMPLETED, voucher_state=VoucherState.RETURNED)
    with pytest.raises(RuleViolated):
        workflow.archive(live_voucher(call), by=people[Role.ASSISTANT], location="A")


def test_write_off_needs_the_place(people):
    """W-2: archived with location."""
    call = make.make_call(CallState.COMPLETED, voucher_state=VoucherState.RETURNED)
    with pytest.raises(MissingInput) as refusal:
        workflow.write_off(call, by=people[Role.ASSISTANT], location=" ")
    assert refusal.value.field == "location"


def test_undo_of_a_write_off_on_the_same_day_only(frozen_clock, people):
    """W-1.11: same day, reason; voucher archived to returned."""
    call = make.make_call(CallState.CLOSED)
    supervisor = people[Role.SUPERVISOR]
    with pytest.raises(MissingInput):
        workflow.undo_write_off(call, by=supervisor, reason="")
    workflow.undo_write_off(call, by=supervisor, reason="勾错了")
    assert (call.state, call.closed_at) == (CallState.COMPLETED, None)
    assert live_voucher(call).state is VoucherState.RETURNED
    workflow.write_off(call, by=people[Role.ASSISTANT], location="A-2")
    frozen_clock.advance(days=1)
    with pytest.raises(RuleViolated) as refusal:
        workflow.undo_write_off(call, by=supervisor, reason="late")
    assert refusal.value.rule == "W-1.11"


@pytest.mark.parametrize("state", [CallState.DISPATCHED, CallState.ON_SITE, CallState.COMPLETED])
def test_void_replaces_a_wrong_voucher(people, state):
    """W-2: void with reason, number stays; the replacement takes over visits, findings and signature."""
    call = make.make_call(state)
    old = live_voucher(call)
    before, visits = old.state, len(old.visits)
    kept = attachments.attach(
        old, attachments.prepare("s.png", png()), AttachmentKind.SIGNATURE, by=people[Role.TECHNICIAN]
    )
    workflow.void(old, by=people[Role.SUPERVISOR], reason="写错", paper_no="P-2")
    new = live_voucher(call)
    assert (old.state, old.replaced_by_id) == (VoucherState.VOID, new.id)
    assert (new.state, new.paper_no, new.technician_id) == (before, "P-2", old.technician_id)
    db.session.refresh(new)
    assert len(new.visits) == visits
    if state is CallState.COMPLETED:
        assert (new.signed_at, new.work_done) == (old.signed_at, old.work_done)
        assert [file.id for file in attachments.of(new)] == [kept.id]
        assert attachments.of(old) == []
        workflow.take_back(new, by=people[Role.ASSISTANT])
        workflow.write_off(call, by=people[Role.ASSISTANT], location="A")
        assert call.state is CallState.CLOSED


def test_voucher_is_due_back_on_the_next_working_day(frozen_clock, people):
    """TL-04, TL-05, E-33: holidays are skipped, make-up workdays count."""
    friday = frozen_clock.now + timedelta(days=4)
    frozen_clock.set(friday)
    saturday = clock.today() + timedelta(days=1)
    monday = clock.today() + timedelta(days=3)
    make.saved(Holiday(on=monday, kind=HolidayKind.DAY_OFF, name="清明"))
    call = on_site(people[Role.TECHNICIAN])
    workflow.complete(call, by=people[Role.TECHNICIAN], **signed())
    voucher = live_voucher(call)
    assert voucher.return_due_at == clock.day_end(monday + timedelta(days=1))
    make.saved(Holiday(on=saturday, kind=HolidayKind.WORKDAY, name="补班"))
    other = on_site(people[Role.TECHNICIAN])
    workflow.complete(other, by=people[Role.TECHNICIAN], **signed())
    assert live_voucher(other).return_due_at == clock.day_end(saturday)
    workflow.take_back(voucher, by=people[Role.ASSISTANT])
    assert voucher.write_off_due_at == clock.day_end(clock.today())


def test_only_one_live_voucher_per_call(people):
    """The database itself refuses a second live voucher."""
    call = make.make_call(CallState.DISPATCHED)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        make.make_voucher(call)


def test_deputy_acts_on_behalf(people):
    """P-6: a deputy dispatches with the supervisor's right, and the trail says on whose behalf."""
    deputy = people[Role.ASSISTANT]
    make.make_delegation(people[Role.SUPERVISOR], deputy)
    call = make.make_call()
    workflow.dispatch(call, by=deputy, technician=people[Role.TECHNICIAN])
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "call.dispatch")).all()
    assert {entry.on_behalf_of_id for entry in entries} == {people[Role.SUPERVISOR].id}
    assert {entry.user_id for entry in entries} == {deputy.id}


def test_paper_number_is_used_once(people):
    """E-10: paper_no is unique."""
    first, second = make.make_call(), make.make_call()
    workflow.dispatch(first, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN], paper_no="A1")
    with pytest.raises(RuleViolated) as refusal:
        workflow.dispatch(second, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN], paper_no="A1")
    assert refusal.value.field == "paper_no"
    assert db.session.scalar(select(func.count()).select_from(ServiceVoucher)) == 1

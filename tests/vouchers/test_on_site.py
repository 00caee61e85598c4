"""Visits, findings, signature (W-1.3 to W-1.7, W-1.13)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from backoffice.calls import workflow as calls
from backoffice.calls.models import CallState
from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import attachments, clock
from backoffice.core.attachments import Attachment, AttachmentKind
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RecordNotFound, RuleViolated
from backoffice.core.permissions import Role
from backoffice.fees.queries import sheet_of
from backoffice.receivables.queries import due_of_call
from backoffice.vouchers import workflow
from backoffice.vouchers.models import OnsiteResult, SignatureMode, VisitResult, VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.pictures import png
from tests.vouchers.jobs import findings, on_site, signed


def test_arrival_is_the_technicians_own(people):
    """W-1.3: TE own; another technician does not even find the job."""
    call = make.make_call(CallState.DISPATCHED, technician=people[Role.TECHNICIAN])
    with pytest.raises(RecordNotFound):
        workflow.arrive(call, by=make.make_user(Role.TECHNICIAN))
    workflow.arrive(call, by=people[Role.TECHNICIAN])
    assert call.state is CallState.ON_SITE


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


def test_paid_job_completes_with_its_fee_settled(people):
    """W-1.4, W-5.2: what it costs is settled with the signature, and due."""
    unit = make.make_unit(commissioned_on=clock.today() - timedelta(days=900))
    call = on_site(people[Role.TECHNICIAN], customer=unit.customer, unit=unit, service_type=ServiceType.PAID,
                   service_type_reason="Out of warranty: delivered long ago")  # fmt: skip
    workflow.complete(call, by=people[Role.TECHNICIAN], **signed())
    assert call.state is CallState.COMPLETED
    assert sheet_of(call.id).total == due_of_call(call.id).amount == Decimal("80.00")


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

"""The walk to the archive: take back, write off, undo, void (W-1.8, W-1.11, W-2)."""

from datetime import timedelta

import pytest

from backoffice.calls import workflow as calls
from backoffice.calls.models import CallState
from backoffice.calls.rules import ServiceType
from backoffice.core import attachments, clock
from backoffice.core.attachments import AttachmentKind
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Role
from backoffice.settings.models import Holiday, HolidayKind
from backoffice.vouchers import workflow
from backoffice.vouchers.models import VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.pictures import png
from tests.vouchers.jobs import on_site, signed


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
    make.make_block(people[Role.SUPERVISOR], prefix="P", first_no=1, width=1, count=3)
    workflow.void(old, by=people[Role.SUPERVISOR], reason="写错", paper_no="P-2")
    new = live_voucher(call)
    assert (old.state, old.replaced_by_id) == (VoucherState.VOID, new.id)
    assert (new.state, new.paper_no, new.technician_id) == (before, "P2", old.technician_id)
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

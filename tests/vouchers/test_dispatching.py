"""Dispatch, reassign, cancel (W-1.2, W-1.10, W-1.12)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from backoffice.calls import workflow as calls
from backoffice.calls.models import CallState, CancelReason
from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import IllegalTransition, MissingInput, RecordNotFound, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.organisation.models import Skill
from backoffice.vouchers import workflow
from backoffice.vouchers.models import ServiceVoucher, VisitResult, VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.vouchers.jobs import on_site, signed


def test_dispatch_tells_the_technician_and_the_helper(people):
    """W-1.2: creates the voucher and notifies."""
    helper = make.make_user(Role.TECHNICIAN)
    make.make_block(people[Role.TECHNICIAN], prefix="", first_no=815, width=4)
    call = make.make_call()
    workflow.dispatch(
        call, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN], helpers=[helper], paper_no="No 0815"
    )
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.kind == "voucher.issued")))
    assert told == {people[Role.TECHNICIAN].id, helper.id}
    assert live_voucher(call).paper_no == "0815"
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


def test_arrival_before_dispatch_is_refused(frozen_clock, people):
    """G-04: events keep their order."""
    call = make.make_call(CallState.DISPATCHED, technician=people[Role.TECHNICIAN])
    with pytest.raises(RuleViolated) as refusal:
        workflow.arrive(call, by=people[Role.TECHNICIAN], at=call.dispatched_at - timedelta(minutes=1))
    assert refusal.value.field == "at"


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
    make.make_block(people[Role.TECHNICIAN], prefix="A", first_no=1, width=1, count=3)
    workflow.dispatch(first, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN], paper_no="A1")
    with pytest.raises(RuleViolated) as refusal:
        workflow.dispatch(second, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN], paper_no="A1")
    assert refusal.value.field == "paper_no"
    assert live_voucher(first).number in str(refusal.value.message)
    assert db.session.scalar(select(func.count()).select_from(ServiceVoucher)) == 1

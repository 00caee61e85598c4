"""Visits: arrive, agree on another visit, the customer refuses, correct the times (W-1.3, W-1.7, W-1.13)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import CallState, CancelReason, ServiceCall
from backoffice.calls.workflow import own_job
from backoffice.core import clock, notices
from backoffice.core.acts import act, check_after
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.organisation.models import User
from backoffice.organisation.queries import is_absent, supervisor_ids
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher, Visit, VisitResult, VoucherState
from backoffice.vouchers.queries import voucher_of

from .charging import ENDING_CHECKS
from .dispatching import write_off_due
from .signing import not_waiting

REVISIT = notices.kind("voucher.revisit", _l("Job %(number)s needs another visit on %(next)s: %(reason)s"))


@act(
    "call.arrive",
    ServiceCall,
    permission=Permission.CALL_WORK,
    label=_l("Arrived"),
    rule="W-1.3",
    sources=[CallState.DISPATCHED],
    target=CallState.ON_SITE,
    guards=[own_job],
    tone="primary",
    bulk=False,
    order=11,
)
def arrive(call: ServiceCall, *, by: User, at: datetime, departed_at: datetime | None = None) -> None:
    """Stamp the arrival; the first one meets the arrival clock (TL-02). A correction is the supervisor's."""
    check_after(at, call.dispatched_at, _l("Dispatched"))
    if departed_at is not None and departed_at > at:
        raise RuleViolated(_l("The departure lies after the arrival."), rule="W-1.3", field="departed_at")
    voucher = voucher_of(call)
    voucher.visits.append(Visit(branch_id=call.branch_id, technician_id=by.id, departed_at=departed_at, arrived_at=at))
    call.first_arrived_at = call.first_arrived_at or at
    call.next_visit_at = None


@act(
    "call.revisit",
    ServiceCall,
    permission=Permission.CALL_WORK,
    label=_l("Another visit"),
    rule="W-1.7",
    sources=[CallState.ON_SITE],
    target=CallState.DISPATCHED,
    guards=[own_job, not_waiting],
    bulk=False,
    order=16,
)
def revisit(call: ServiceCall, *, by: User, at: datetime, reason: str, next_visit_at: datetime | None) -> None:
    """Leave unfinished and agree on the next time (TL-03); the voucher stays, the first-time fix is lost."""
    if not reason.strip():
        raise MissingInput(_l("Say what is missing for the repair."), rule="W-1.7", field="reason")
    if next_visit_at is None:
        raise MissingInput(_l("Agree on the next time with the customer."), rule="W-1.7", field="next_visit_at")
    if next_visit_at <= at:
        raise RuleViolated(_l("The next visit lies after this one."), rule="W-1.7", field="next_visit_at")
    if is_absent(by.id, clock.local(next_visit_at).date()):
        raise RuleViolated(
            _l("You are absent on that day. Agree on another day, or ask the supervisor to reassign the job."),
            rule="E-31", field="next_visit_at",
        )  # fmt: skip
    voucher = voucher_of(call)
    visit = voucher.open_visit
    if visit is not None:
        check_after(at, visit.arrived_at, _l("Arrived"))
        visit.left_at, visit.result, visit.note = at, VisitResult.REVISIT, reason.strip()[:500]
    call.next_visit_at = next_visit_at
    shown = clock.local(next_visit_at).strftime("%m-%d %H:%M")
    notices.send(REVISIT, supervisor_ids(call.branch_id), call, number=call.number, reason=reason, next=shown)


@act(
    "call.refuse",
    ServiceCall,
    permission=Permission.CALL_CANCEL,
    label=_l("Customer refuses"),
    rule="W-1.13",
    sources=[CallState.ON_SITE],
    target=CallState.CANCELLED,
    also=[(ServiceVoucher, VoucherState.ISSUED, VoucherState.RETURNED)],
    tone="danger",
    bulk=False,
    order=76,
)
def refuse(call: ServiceCall, *, by: User, at: datetime, reason: str) -> None:
    """The customer refuses service or price on site and nothing is charged: the call ends, the voucher comes back."""
    if not reason.strip():
        raise MissingInput(_l("Write down what the customer refused and why."), rule="W-1.13", field="reason")
    for check in ENDING_CHECKS:
        check(call)
    voucher = voucher_of(call)
    visit = voucher.open_visit
    if visit is not None:
        check_after(at, visit.arrived_at, _l("Arrived"))
        visit.left_at, visit.result, visit.note = at, VisitResult.REFUSED, reason.strip()[:500]
    voucher.onsite_result, voucher.state, voucher.returned_at = OnsiteResult.REFUSED, VoucherState.RETURNED, at
    voucher.write_off_due_at = write_off_due(at)
    call.cancel_reason, call.cancelled_at = CancelReason.REFUSED, at


@act(
    "visit.correct",
    Visit,
    permission=Permission.CALL_CORRECT,
    label=_l("Correct the times"),
    rule="W-1.3",
    bulk=False,
)
def correct_visit(
    visit: Visit, *, by: User, at: datetime, reason: str, arrived_at: datetime | None,
    left_at: datetime | None = None,
) -> None:  # fmt: skip
    """The supervisor corrects pressed times with a reason; the arrival clock follows the corrected time."""
    voucher = visit.voucher
    call = voucher.call
    if voucher.state in (VoucherState.ARCHIVED, VoucherState.VOID):
        raise RuleViolated(_l("Archived and void vouchers can only be read."), rule="W-2")
    if not reason.strip():
        raise MissingInput(_l("Give the reason for the correction."), rule="W-1.3", field="reason")
    if arrived_at is None:
        raise MissingInput(_l("Enter the time of arrival."), rule="W-1.3", field="arrived_at")
    check_after(arrived_at, call.received_at, _l("Received"))
    if arrived_at > clock.now() or (left_at is not None and left_at > clock.now()):
        raise RuleViolated(_l("The time lies in the future."), rule="G-04", field="arrived_at")
    if left_at is not None and left_at < arrived_at:
        raise RuleViolated(_l("The departure from the site lies before the arrival."), rule="W-1.3", field="left_at")
    if visit.left_at is not None and left_at is None:
        raise MissingInput(_l("Enter the time of leaving."), rule="W-1.3", field="left_at")
    if visit.left_at is None and left_at is not None:
        raise RuleViolated(_l("The visit has not ended yet."), rule="W-1.3", field="left_at")
    if visit.departed_at is not None and visit.departed_at > arrived_at:
        visit.departed_at = None
    visit.arrived_at, visit.left_at = arrived_at, left_at
    call.first_arrived_at = min(v.arrived_at for v in voucher.visits)

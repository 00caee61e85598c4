"""The supervisor's acts: dispatch, reassign, cancel (W-1.2, W-1.10, W-1.12)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import NOT_CHOSEN, CallState, CancelReason, ServiceCall
from backoffice.core import clock, deadlines, notices, numbering
from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.deadlines import CalendarKind
from backoffice.core.errors import MissingInput, Remedy, RuleViolated
from backoffice.core.once import once
from backoffice.core.permissions import Permission, Role
from backoffice.organisation.models import Branch, User
from backoffice.organisation.queries import is_absent
from backoffice.papers import workflow as papers
from backoffice.papers.models import PaperKind
from backoffice.settings import queries as settings
from backoffice.vouchers.models import ServiceVoucher, VisitResult, VoucherState
from backoffice.vouchers.queries import know_vouchers, live_voucher, voucher_of

from .charging import ENDING_CHECKS, KNOW_ENDING

ISSUED = notices.kind("voucher.issued", _l("Job %(number)s is yours: %(model)s, arrive by %(due)s."))
TAKEN_FROM = notices.kind("voucher.taken_from", _l("Job %(number)s has been handed to %(technician)s: %(reason)s"))
CANCELLED = notices.kind("call.cancelled", _l("Call %(number)s is cancelled. %(reason)s"))


def check_technician(technician: User | None, call: ServiceCall, at: datetime) -> User:
    """The technician himself; raises MissingInput or RuleViolated unless he is active, of the branch and present."""
    if technician is None:
        raise MissingInput(_l("Choose a technician."), rule="W-1.2", field="technician")
    if technician.role is not Role.TECHNICIAN or not technician.is_active:
        raise RuleViolated(
            _l("%(name)s is not an active technician.", name=technician.real_name), rule="W-1.2", field="technician"
        )
    if technician.branch_id != call.branch_id:
        raise RuleViolated(
            _l("%(name)s belongs to another branch.", name=technician.real_name), rule="W-1.2", field="technician"
        )
    if is_absent(technician.id, clock.local(at).date()):
        raise RuleViolated(
            _l("%(name)s is absent on that day. Choose somebody else, or correct the absence.",
               name=technician.real_name),
            rule="W-1.2", field="technician", remedy=Remedy(_l("Absences"), "absences.index_view"),
        )  # fmt: skip
    return technician


def lacks_skill(technician: User, call: ServiceCall) -> bool:
    """Whether the wanted skill is missing; that warns and does not block (W-1.2)."""
    return call.wanted_skill is not None and call.wanted_skill.value not in (technician.skills or [])


def new_voucher(
    call: ServiceCall, paper_no: str, *, at: datetime, people: Collection[int], **facts: Any
) -> ServiceVoucher:
    """A voucher for `call` with the next number (N-05), perhaps on a pre-numbered sheet of one of these people.

    Raises RuleViolated when that sheet cannot be used (E-10).
    """
    paper = papers.free_number(ServiceVoucher, paper_no)
    branch = once(("branch", call.branch_id), lambda: db.session.get_one(Branch, call.branch_id))
    number = numbering.take(
        "N-05", settings.pattern("N-05"), branch_id=branch.id, branch_code=branch.code, day=clock.today()
    )
    voucher = ServiceVoucher(branch_id=call.branch_id, call=call, number=number, paper_no=paper, **facts)
    db.session.add(voucher)
    papers.use_sheet(PaperKind.VOUCHER, paper, branch_id=call.branch_id, people=people, subject=voucher, at=at)
    return voucher


def _issue(
    call: ServiceCall, technician: User, helpers: Sequence[User], at: datetime, paper_no: str, by: User
) -> ServiceVoucher:
    voucher = new_voucher(
        call, paper_no, at=at, people={technician.id, by.id}, state=VoucherState.ISSUED, technician=technician,
        issued_at=at, helpers=[h for h in helpers if h.id != technician.id],
    )  # fmt: skip
    call.technician = technician
    notices.send(
        ISSUED, [technician.id, *(h.id for h in voucher.helpers)], call, number=call.number, model=call.model_text,
        due=clock.local(call.arrival_due_at).strftime("%m-%d %H:%M"),
    )  # fmt: skip
    return voucher


@act(
    "call.dispatch",
    ServiceCall,
    permission=Permission.CALL_DISPATCH,
    label=_l("Dispatch"),
    rule="W-1.2",
    sources=[CallState.REGISTERED],
    target=CallState.DISPATCHED,
    also=papers.USING,
    tone="primary",
    order=10,
)
def dispatch(
    call: ServiceCall, *, by: User, at: datetime, technician: User | None, helpers: Sequence[User] = (),
    paper_no: str = "",
) -> None:  # fmt: skip
    """Send a technician: the voucher is issued and he is told. Over the limit is recorded, not blocked."""
    technician = check_technician(technician, call, at)
    for helper in helpers:
        check_technician(helper, call, at)
    check_after(at, call.received_at, _l("Received"))
    _issue(call, technician, helpers, at, paper_no, by)
    call.dispatched_at = at


@act(
    "call.reassign",
    ServiceCall,
    permission=Permission.CALL_DISPATCH,
    label=_l("Reassign"),
    rule="W-1.12",
    sources=[CallState.DISPATCHED, CallState.ON_SITE],
    target=CallState.DISPATCHED,
    also=[(ServiceVoucher, VoucherState.ISSUED, VoucherState.VOID), *papers.USING, *papers.SPOILING],
    order=20,
)
def reassign(
    call: ServiceCall, *, by: User, at: datetime, technician: User | None, reason: str,
    helpers: Sequence[User] = (), paper_no: str = "",
) -> None:  # fmt: skip
    """Hand the job to another technician. Before any visit the old voucher is void; afterwards it goes along."""
    if not reason.strip():
        raise MissingInput(_l("Say why the job changes hands."), rule="W-1.12", field="reason")
    technician = check_technician(technician, call, at)
    for helper in helpers:
        check_technician(helper, call, at)
    if technician.id == call.technician_id:
        raise RuleViolated(
            _l("%(name)s has this job already.", name=technician.real_name), rule="W-1.12", field="technician"
        )
    check_after(at, call.dispatched_at, _l("Dispatched"))
    voucher = voucher_of(call)
    notices.send(
        TAKEN_FROM, [call.technician_id], call, number=call.number, technician=technician.real_name, reason=reason
    )
    if voucher.visits:
        if visit := voucher.open_visit:
            check_after(at, visit.arrived_at, _l("Arrived"))
            visit.left_at, visit.result = at, VisitResult.HANDED_ON
        voucher.technician = technician
        voucher.helpers = [h for h in helpers if h.id != technician.id]
        call.technician = technician
        notices.send(
            ISSUED, [technician.id], call, number=call.number, model=call.model_text,
            due=clock.local(call.arrival_due_at).strftime("%m-%d %H:%M"),
        )  # fmt: skip
        return
    void_voucher(voucher, at, reason)
    db.session.flush()  # the old voucher must be void before another may be live
    voucher.replaced_by = _issue(call, technician, helpers, at, paper_no, by)


def write_off_due(returned_at: datetime) -> datetime:
    """When a voucher that came back at that moment is to be written off or archived (TL-05)."""
    days = settings.integer("TL-05")
    return deadlines.after_days(returned_at, days, CalendarKind.WORKING_DAYS, settings.calendar())


def void_voucher(voucher: ServiceVoucher, at: datetime, reason: str) -> None:
    """Mark a voucher void; its number stays, and that of its sheet (G-03)."""
    voucher.state, voucher.voided_at, voucher.void_reason = VoucherState.VOID, at, reason.strip()[:300]
    written = "" if reason in list(CancelReason) else reason
    papers.spoil_sheet(PaperKind.VOUCHER, voucher.paper_no, at=at, reason=written)


def _know_papers(calls: Sequence[ServiceCall]) -> None:
    """Find the vouchers of all these calls at once, and what was used for them (bulk acts)."""
    know_vouchers(calls)
    for know in KNOW_ENDING:
        know(calls)


@act(
    "call.cancel",
    ServiceCall,
    permission=Permission.CALL_CANCEL,
    label=_l("Cancel"),
    rule="W-1.10",
    sources=[CallState.REGISTERED, CallState.DISPATCHED],
    target=CallState.CANCELLED,
    also=[(ServiceVoucher, VoucherState.ISSUED, VoucherState.VOID), *papers.SPOILING],
    prepare=_know_papers,
    tone="danger",
    order=75,
)
def cancel(
    call: ServiceCall, *, by: User, at: datetime, cancel_reason: CancelReason | None,
    duplicate_of: ServiceCall | None = None, note: str = "",
) -> None:  # fmt: skip
    """End a call without service. A duplicate names the other call; other reasons are written down."""
    if cancel_reason is None or cancel_reason in NOT_CHOSEN:
        raise MissingInput(_l("Choose the reason."), rule="W-1.10", field="cancel_reason")
    if cancel_reason is CancelReason.DUPLICATE:
        if duplicate_of is None:
            raise MissingInput(_l("Which call is it a duplicate of?"), rule="W-1.10", field="duplicate_of")
        if duplicate_of.id == call.id:
            raise RuleViolated(_l("A call cannot be its own duplicate."), rule="W-1.10", field="duplicate_of")
        call.duplicate_of = duplicate_of
    if cancel_reason is CancelReason.OTHER and not note.strip():
        raise MissingInput(_l("Write down the reason."), rule="W-1.10", field="note")
    check_after(at, call.received_at, _l("Received"))
    for check in ENDING_CHECKS:
        check(call)
    call.cancel_reason, call.cancelled_at = cancel_reason, at
    voucher = live_voucher(call)
    if voucher is not None:
        void_voucher(voucher, at, note.strip() or cancel_reason.value)
    notices.send(CANCELLED, [call.technician_id], call, number=call.number, reason=note)

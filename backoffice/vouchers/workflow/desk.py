"""The desk's acts: the voucher comes back, is written off and archived (W-1.8, W-1.11, W-2)."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.queries import know_contracts
from backoffice.core import attachments, clock, notices
from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.organisation.models import User
from backoffice.papers import workflow as papers
from backoffice.vouchers.models import ServiceVoucher, VoucherState
from backoffice.vouchers.queries import know_calls, know_vouchers, voucher_of

from .charging import KNOW_MONEY, MONEY_CHECKS
from .dispatching import new_voucher, void_voucher, write_off_due

UNDONE = notices.kind("call.write_off_undone", _l("The write-off of call %(number)s was undone: %(reason)s"))
VOIDED = notices.kind("voucher.void", _l("Voucher %(number)s is void; %(replacement)s takes its place: %(reason)s"))


def _goods_are_back(voucher: ServiceVoucher, by: Actor) -> None:
    if voucher.state is VoucherState.SIGNED and voucher.call.state is CallState.IN_REPAIR:
        raise RuleViolated(
            _l("Goods of this voucher are still with us. It comes back when the customer has signed for each of them."),
            rule="W-2",
            remedy=Remedy(_l("Open the call"), "service_calls.details_view", {"id": voucher.call_id}),
        )  # fmt: skip


@act(
    "voucher.take_back",
    ServiceVoucher,
    permission=Permission.VOUCHER_RETURN,
    label=_l("Take back"),
    rule="W-2",
    sources=[VoucherState.SIGNED],
    target=VoucherState.RETURNED,
    guards=[_goods_are_back],
    prepare=know_calls,
    tone="primary",
    order=10,
)
def take_back(voucher: ServiceVoucher, *, by: User, at: datetime) -> None:
    """The assistant has the signed voucher, on paper or as a copy; it is to be written off the same day (TL-05)."""
    check_after(at, voucher.signed_at, _l("Signed"))
    voucher.returned_at, voucher.returned_to_id = at, by.id
    voucher.write_off_due_at = write_off_due(at)


def _money_is_in_order(call: ServiceCall, by: Actor) -> None:
    for check in MONEY_CHECKS:
        check(call, by)


def _know_calls_papers(calls: Sequence[ServiceCall]) -> None:
    """Find the vouchers and the contracts of all these calls at once (bulk acts)."""
    know_vouchers(calls)
    know_contracts(calls)
    for know in KNOW_MONEY:
        know(calls)


def _voucher_is_back(call: ServiceCall, by: Actor) -> None:
    voucher = voucher_of(call)
    open_voucher = Remedy(_l("Open the voucher"), "service_vouchers.details_view", {"id": voucher.id})
    if voucher.state is not VoucherState.RETURNED:
        raise RuleViolated(
            _l("Voucher %(number)s is “%(state)s”. Take it back first.", number=voucher.number,
               state=voucher.state.label),
            rule="W-1.8", remedy=open_voucher,
        )  # fmt: skip
    if voucher.signed_at is None:
        raise RuleViolated(
            _l("Voucher %(number)s carries no signature.", number=voucher.number), rule="W-1.8", remedy=open_voucher
        )


@act(
    "call.write_off",
    ServiceCall,
    permission=Permission.CALL_WRITE_OFF,
    label=_l("Write off"),
    rule="W-1.8",
    sources=[CallState.COMPLETED],
    target=CallState.CLOSED,
    also=[(ServiceVoucher, VoucherState.RETURNED, VoucherState.ARCHIVED)],
    guards=[_voucher_is_back, _money_is_in_order],
    prepare=_know_calls_papers,
    tone="primary",
    order=17,
)
def write_off(call: ServiceCall, *, by: User, at: datetime, location: str) -> None:
    """Strike the call off the register and archive its voucher at `location`."""
    voucher = voucher_of(call)
    check_after(at, voucher.returned_at, _l("Returned"))
    _archive(voucher, by, at, location, "W-1.8")
    call.closed_at = at


def _archive(voucher: ServiceVoucher, by: User, at: datetime, location: str, rule: str) -> None:
    if not location.strip():
        raise MissingInput(_l("Where is the voucher kept?"), rule=rule, field="location")
    voucher.state, voucher.archived_at, voucher.archived_by_id = VoucherState.ARCHIVED, at, by.id
    voucher.archive_location = location.strip()[:60]


def _call_is_cancelled(voucher: ServiceVoucher, by: Actor) -> None:
    if voucher.state is VoucherState.RETURNED and voucher.call.state is not CallState.CANCELLED:
        raise RuleViolated(
            _l("This voucher is archived when its call is written off."), rule="W-2",
            remedy=Remedy(_l("Open the call"), "service_calls.details_view", {"id": voucher.call_id}),
        )  # fmt: skip


@act(
    "voucher.archive",
    ServiceVoucher,
    permission=Permission.VOUCHER_RETURN,
    label=_l("Archive"),
    rule="W-2",
    sources=[VoucherState.RETURNED],
    target=VoucherState.ARCHIVED,
    guards=[_call_is_cancelled],
    prepare=know_calls,
    order=20,
)
def archive(voucher: ServiceVoucher, *, by: User, at: datetime, location: str) -> None:
    """Archive the voucher of a call that the customer refused on site (W-1.13)."""
    check_after(at, voucher.returned_at, _l("Returned"))
    _archive(voucher, by, at, location, "W-2")


def _written_off_here(call: ServiceCall, by: Actor) -> None:
    if call.is_history:
        raise RuleViolated(
            _l("This call is history from an older system; nothing was written off here."), rule="W-1.14"
        )


def _written_off_today(call: ServiceCall, by: Actor) -> None:
    if call.closed_at is not None and clock.local(call.closed_at).date() != clock.today():
        raise RuleViolated(
            _l("A write-off can be undone only on the same day. Register a new call instead."), rule="W-1.11",
            remedy=Remedy(_l("Register call"), "service_calls.create_view"),
        )  # fmt: skip


@act(
    "call.undo_write_off",
    ServiceCall,
    permission=Permission.CALL_UNDO_WRITE_OFF,
    label=_l("Undo the write-off"),
    rule="W-1.11",
    sources=[CallState.CLOSED],
    target=CallState.COMPLETED,
    also=[(ServiceVoucher, VoucherState.ARCHIVED, VoucherState.RETURNED)],
    guards=[_written_off_here, _written_off_today],
    tone="danger",
    bulk=False,
    order=77,
)
def undo_write_off(call: ServiceCall, *, by: User, at: datetime, reason: str) -> None:
    """Take back a wrong write-off on the same day; the voucher leaves the archive again."""
    if not reason.strip():
        raise MissingInput(_l("Say why the write-off was wrong."), rule="W-1.11", field="reason")
    voucher = voucher_of(call)
    notices.send(UNDONE, [voucher.archived_by_id], call, number=call.number, reason=reason)
    voucher.state, voucher.archived_at, voucher.archived_by_id = VoucherState.RETURNED, None, None
    voucher.archive_location = ""
    call.closed_at = None


@act(
    "voucher.void",
    ServiceVoucher,
    permission=Permission.VOUCHER_VOID,
    label=_l("Void and replace"),
    rule="W-2",
    sources=[VoucherState.ISSUED, VoucherState.SIGNED],
    target=VoucherState.VOID,
    also=[*papers.USING, *papers.SPOILING],
    tone="danger",
    bulk=False,
    order=80,
)
def void(voucher: ServiceVoucher, *, by: User, at: datetime, reason: str, paper_no: str = "") -> None:
    """Void a wrongly written voucher. Its number stays; a new one takes over its visits, findings and signature."""
    if not reason.strip():
        raise MissingInput(_l("Say why the voucher is void."), rule="W-2", field="reason")
    call = voucher.call
    replacement = reissue(voucher, paper_no, at=at, reason=reason, people={voucher.technician_id, by.id})
    notices.send(
        VOIDED, [voucher.technician_id], call, number=voucher.number, replacement=replacement.number, reason=reason
    )


#: Facts that a replacement takes over.
_FINDINGS = ("service_type", "onsite_result", "work_done", "fault_cause", "labour_minutes", "path")
_SIGNATURE = (
    "signature_mode", "signed_by", "signed_at", "unsigned_reason", "unsigned_confirmed_by_id", "return_due_at",
)  # fmt: skip
#: What hangs on a voucher and goes along when another takes its place: (old, new); upper features add to it.
FOLLOWERS: list[Callable[[ServiceVoucher, ServiceVoucher], None]] = []


def reissue(
    voucher: ServiceVoucher, paper_no: str, *, at: datetime, reason: str, people: Collection[int],
    unsigned: bool = False,
) -> ServiceVoucher:  # fmt: skip
    """Void a voucher and let a new one take over its visits, findings and signature, and what else hangs on it.

    unsigned: only the visits go along; the new voucher is issued, to be signed anew.
    """
    state, visits = voucher.state, list(voucher.visits)
    void_voucher(voucher, at, reason)
    db.session.flush()  # the old voucher must be void before another may be live
    copied = ("technician_id", "issued_at") if unsigned else ("technician_id", "issued_at", *_FINDINGS, *_SIGNATURE)
    replacement = new_voucher(
        voucher.call, paper_no, at=at, people=people, state=VoucherState.ISSUED if unsigned else state,
        helpers=list(voucher.helpers), **{name: getattr(voucher, name) for name in copied},
    )  # fmt: skip
    for visit in visits:
        visit.voucher = replacement
    voucher.replaced_by = replacement
    db.session.flush()  # the files need its key
    if not unsigned:
        for file in attachments.of(voucher):
            file.subject_id = replacement.id
        for follow in FOLLOWERS:
            follow(voucher, replacement)
    return replacement

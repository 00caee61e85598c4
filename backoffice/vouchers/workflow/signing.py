"""The customer's signature, or the supervisor's word for it (W-1.4)."""

from datetime import datetime, timedelta
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import FaultCause
from backoffice.calls.workflow import own_job
from backoffice.core import attachments, clock, deadlines, notices
from backoffice.core.acts import act
from backoffice.core.attachments import AttachmentKind, Upload
from backoffice.core.deadlines import CalendarKind
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.organisation.models import User
from backoffice.organisation.queries import supervisor_ids
from backoffice.settings import queries as settings
from backoffice.vouchers.models import CollectionPath, OnsiteResult, ServiceVoucher, SignatureMode, VoucherState
from backoffice.vouchers.queries import live_voucher, voucher_of

from .charging import COMPLETED as COMPLETING
from .charging import FEE_CHECKS, Findings
from .findings import check_decided, check_findings, record_findings

UNSIGNED = notices.kind("voucher.unsigned", _l("Job %(number)s is done but not signed, please confirm: %(reason)s"))
UNSIGNED_CONFIRMED = notices.kind("voucher.unsigned_confirmed", _l("Job %(number)s is completed without signature."))
UNSIGNED_DECLINED = notices.kind("voucher.unsigned_declined", _l("Job %(number)s: get the signature. %(reason)s"))
COMPLETED = notices.kind("call.completed", _l("Call %(number)s is completed; the voucher is due back by %(due)s."))


def checked_signature(
    signature_mode: SignatureMode | None, signed_by: str, signature: Upload | None, scan: Upload | None, *,
    rule: str = "W-1.4", remedy: Remedy | None = None, name_field: str = "signed_by",
) -> tuple[Upload, AttachmentKind]:  # fmt: skip
    """The picture of a signature, on the screen or on paper, and what it is; raises MissingInput for what is missing.

    remedy: where a job goes that nobody signs. name_field: the field for the name of whoever signed.
    """
    if signature_mode is None or signature_mode is SignatureMode.UNSIGNED:
        message = _l("The customer signs on the screen or on paper.")
        if remedy is not None:
            message = _l(
                "The customer signs on the screen or on paper. Without a signature, report it to the supervisor."
            )
        raise MissingInput(message, rule=rule, field="signature_mode", remedy=remedy)
    on_screen = signature_mode is SignatureMode.ON_SCREEN
    image = signature if on_screen else scan
    if image is None:
        raise MissingInput(
            _l("The customer has not signed yet.") if on_screen else _l("Add a photo or scan of the signed paper."),
            rule=rule, field="signature" if on_screen else "scan",
        )  # fmt: skip
    if not signed_by.strip():
        raise MissingInput(_l("Write the name of the person who signed."), rule=rule, field=name_field)
    return image, AttachmentKind.SIGNATURE if on_screen else AttachmentKind.SCAN


def job_done(call: ServiceCall, voucher: ServiceVoucher, *, by: User, at: datetime) -> None:
    """The job is over: the signed voucher is due back (TL-04), and what it costs is settled (W-5).

    The assistants need not be told, the list does it.
    """
    voucher.return_due_at = deadlines.after_days(
        at, settings.integer("TL-04"), CalendarKind.WORKING_DAYS, settings.calendar()
    )
    call.completed_at = at
    due = clock.local(voucher.return_due_at - timedelta(minutes=1)).strftime("%m-%d")
    notices.send(COMPLETED, [call.created_by_id, call.technician_id], call, number=call.number, due=due)
    for settle in COMPLETING:
        settle(call, voucher, by, at)


def _finish(call: ServiceCall, voucher: ServiceVoucher, *, by: User, at: datetime) -> None:
    voucher.state, voucher.signed_at = VoucherState.SIGNED, at
    job_done(call, voucher, by=by, at=at)


def not_waiting(call: ServiceCall, by: Actor) -> None:
    """Guard: no report without signature waits for the supervisor; raises RuleViolated."""
    voucher = live_voucher(call)
    if voucher is not None and voucher.is_waiting_unsigned:
        raise RuleViolated(_l("It waits for the supervisor, because it is not signed."), rule="W-1.4")


def _waiting(call: ServiceCall, by: Actor) -> None:
    voucher = live_voucher(call)
    if voucher is None or not voucher.is_waiting_unsigned:
        raise RuleViolated(_l("No report without signature waits for confirmation."), rule="W-1.4")


def _not_own_report(call: ServiceCall, by: Actor) -> None:
    if call.technician_id == by.id:
        raise NotPermitted(_l("Whoever did the job does not confirm it; ask the supervisor himself."), rule="P-4")


@act(
    "call.complete",
    ServiceCall,
    permission=Permission.CALL_WORK,
    label=_l("Complete and sign"),
    rule="W-1.4",
    sources=[CallState.ON_SITE],
    target=CallState.COMPLETED,
    also=[(ServiceVoucher, VoucherState.ISSUED, VoucherState.SIGNED)],
    guards=[own_job],
    tone="primary",
    bulk=False,
    order=12,
)
def complete(
    call: ServiceCall, *, by: User, at: datetime, onsite_result: OnsiteResult | None, work_done: str,
    fault_cause: FaultCause | None, signed_by: str, signature_mode: SignatureMode | None,
    labour_minutes: int | None = None, path: CollectionPath | None = None, signature: Upload | None = None,
    scan: Upload | None = None, seen_total: Decimal | None = None,
) -> None:  # fmt: skip
    """Finish the job with the customer's signature, on the screen or on paper with its scan.

    seen_total: the fee that technician and customer have seen; another one is not signed for.
    """
    unsigned = Remedy(
        _l("Report without signature"), "service_calls.act_view", {"name": "report_unsigned", "id": call.id}
    )
    if signature_mode is not None:
        check_findings(call, onsite_result, work_done, fault_cause, labour_minutes)
    image, kind = checked_signature(signature_mode, signed_by, signature, scan, remedy=unsigned)
    found = Findings(onsite_result, labour_minutes, path, seen_total)
    voucher = record_findings(call, at, found, work_done, fault_cause)
    voucher.signature_mode, voucher.signed_by, voucher.unsigned_reason = signature_mode, signed_by.strip(), ""
    attachments.attach(voucher, image, kind, by=by)
    _finish(call, voucher, by=by, at=at)


@act(
    "call.report_unsigned",
    ServiceCall,
    permission=Permission.CALL_WORK,
    label=_l("Report without signature"),
    rule="W-1.4",
    sources=[CallState.ON_SITE],
    guards=[own_job, not_waiting],
    bulk=False,
    order=14,
)
def report_unsigned(
    call: ServiceCall, *, by: User, at: datetime, onsite_result: OnsiteResult | None, work_done: str,
    fault_cause: FaultCause | None, reason: str, labour_minutes: int | None = None,
    path: CollectionPath | None = None, seen_total: Decimal | None = None,
) -> None:  # fmt: skip
    """The work is done and nobody signs: the supervisor has to confirm it before the call completes."""
    if not reason.strip():
        raise MissingInput(_l("Say why the customer did not sign."), rule="W-1.4", field="reason")
    found = Findings(onsite_result, labour_minutes, path, seen_total)
    voucher = record_findings(call, at, found, work_done, fault_cause)
    voucher.unsigned_reason, voucher.signature_mode = reason.strip()[:300], SignatureMode.UNSIGNED
    notices.send(UNSIGNED, supervisor_ids(call.branch_id), call, number=call.number, reason=reason)


@act(
    "call.confirm_unsigned",
    ServiceCall,
    permission=Permission.VOUCHER_CONFIRM_UNSIGNED,
    label=_l("Confirm without signature"),
    rule="W-1.4",
    sources=[CallState.ON_SITE],
    target=CallState.COMPLETED,
    also=[(ServiceVoucher, VoucherState.ISSUED, VoucherState.SIGNED)],
    guards=[_waiting, _not_own_report],
    tone="primary",
    bulk=False,
    order=13,
)
def confirm_unsigned(call: ServiceCall, *, by: User, at: datetime) -> None:
    """The supervisor accepts the missing signature; the voucher counts as signed."""
    voucher = voucher_of(call)
    check_decided(call, voucher.fault_cause)
    for check in FEE_CHECKS:
        check(call, Findings(voucher.onsite_result, voucher.labour_minutes, voucher.path))
    voucher.unsigned_confirmed_by_id = by.id
    _finish(call, voucher, by=by, at=at)
    notices.send(UNSIGNED_CONFIRMED, [call.technician_id], call, number=call.number)


@act(
    "call.decline_unsigned",
    ServiceCall,
    permission=Permission.VOUCHER_CONFIRM_UNSIGNED,
    label=_l("Send back for the signature"),
    rule="W-1.4",
    sources=[CallState.ON_SITE],
    guards=[_waiting],
    bulk=False,
    order=15,
)
def decline_unsigned(call: ServiceCall, *, by: User, at: datetime, reason: str) -> None:
    """The supervisor wants the signature; the technician goes on."""
    if not reason.strip():
        raise MissingInput(_l("Say what the technician should do."), rule="W-1.4", field="reason")
    voucher = voucher_of(call)
    voucher.signature_mode, voucher.unsigned_reason = None, ""
    notices.send(UNSIGNED_DECLINED, [call.technician_id], call, number=call.number, reason=reason)

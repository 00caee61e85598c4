"""What has to hold before a job counts as done: findings, service type, cause (W-1.4, W-1.6, G-07)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import ServiceCall
from backoffice.calls.rules import NOT_FREE, FaultCause, ServiceType, differs_from_warranty
from backoffice.core.acts import check_after
from backoffice.core.errors import MissingInput, Remedy, RuleViolated
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher, VisitResult
from backoffice.vouchers.queries import voucher_of

from .charging import FEE_CHECKS, Findings


def check_decided(call: ServiceCall, cause: FaultCause | None) -> None:
    """Raises the reason why the service type of the job is not settled, given its cause (W-1.6, G-07)."""
    view = {"id": call.id}
    decide = Remedy(_l("Ask for a decision"), "service_calls.act_view", {"name": "propose_type", **view})
    if call.proposed_type is not None:
        raise RuleViolated(
            _l("The supervisor has not decided yet on the service type that was asked for."), rule="W-1.6"
        )
    if call.service_type is ServiceType.UNDECIDED:
        if call.unit is None:
            raise RuleViolated(
                _l("The service type is undecided, because no unit is linked. Link the unit by its serial number, or"
                   " let the supervisor decide."),
                rule="W-1.6",
                remedy=Remedy(_l("Link the unit"), "service_calls.act_view", {"name": "link_unit", **view}),
            )  # fmt: skip
        raise RuleViolated(
            _l("The service type is undecided, because no date that starts the warranty is known. The supervisor"
               " decides, with a reason."),
            rule="W-1.6", remedy=decide,
        )  # fmt: skip
    if call.service_type_decided_by_id is None and differs_from_warranty(call.service_type, call.warranty_state_now()):
        raise RuleViolated(
            _l("The unit is no longer in warranty on the day of the call. Only the supervisor may make it free.")
            if call.service_type is ServiceType.FREE
            else _l("The unit is not out of warranty on the day of the call. Only the supervisor may make it paid."),
            rule="W-1.6", remedy=decide,
        )  # fmt: skip
    if call.service_type is ServiceType.FREE and cause in NOT_FREE and call.confirmed_cause is not cause:
        raise RuleViolated(
            _l("“%(cause)s” is not repaired free of charge. Attach a photo and let the supervisor decide.",
               cause=cause.label if cause else ""),
            rule="G-07", field="fault_cause", remedy=decide,
        )  # fmt: skip


def check_findings(
    call: ServiceCall, result: OnsiteResult | None, work_done: str, cause: FaultCause | None, minutes: int | None
) -> None:
    """Raises the first thing that is missing or not possible among the findings (W-1.4).

    A customer who refuses owes a fee or nothing: only a job that is not free completes with that.
    """
    if result is None:
        raise MissingInput(_l("Choose the result."), rule="W-1.4", field="onsite_result")
    if result is OnsiteResult.TAKEN_AWAY:
        raise RuleViolated(
            _l("Use “Take goods away” for that: it writes the receipt and the repair card as well."), rule="W-1.5",
            field="onsite_result",
        )  # fmt: skip
    if result is OnsiteResult.REVISIT:
        raise RuleViolated(_l("Use “Another visit” for that."), rule="W-1.7", field="onsite_result")
    if result is OnsiteResult.REFUSED and call.costs_nothing:
        raise RuleViolated(
            _l("When the customer refuses, the supervisor ends the call. Escalate it to him."), rule="W-1.13",
            field="onsite_result",
        )  # fmt: skip
    if not work_done.strip():
        raise MissingInput(_l("Write down what was done."), rule="W-1.4", field="work_done")
    if cause is None:
        raise MissingInput(_l("Choose the cause."), rule="W-1.4", field="fault_cause")
    if minutes is not None and not 0 <= minutes <= 14400:
        raise RuleViolated(_l("Minutes lie between 0 and 14,400."), rule="E-10", field="labour_minutes")


def record_findings(
    call: ServiceCall, at: datetime, found: Findings, work_done: str, cause: FaultCause | None
) -> ServiceVoucher:
    """Check and write the findings, and end the visit; returns the voucher."""
    check_findings(call, found.result, work_done, cause, found.minutes)
    check_decided(call, cause)
    for check in FEE_CHECKS:
        check(call, found)
    voucher = end_visit(call, at)
    voucher.onsite_result, voucher.work_done, voucher.fault_cause = found.result, work_done.strip(), cause
    voucher.labour_minutes, voucher.service_type, voucher.path = found.minutes, call.service_type, found.path
    return voucher


def end_visit(call: ServiceCall, at: datetime) -> ServiceVoucher:
    """The technician leaves: the open visit ends; returns the voucher."""
    voucher = voucher_of(call)
    visit = voucher.open_visit
    if visit is not None:
        check_after(at, visit.arrived_at, _l("Arrived"))
        visit.left_at, visit.result = at, VisitResult.DONE
    return voucher

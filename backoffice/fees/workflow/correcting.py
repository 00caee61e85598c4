"""A wrong service type is corrected after the signature, and the fee with it (W-1.6)."""

from collections.abc import Callable
from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import NOT_FREE, ServiceType
from backoffice.calls.workflow import checked_type, write_type
from backoffice.core import notices
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.locking import locked_one
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.fees.models import FeeSheet
from backoffice.fees.queries import extras_of, job_of
from backoffice.fees.rules import Rates
from backoffice.organisation.models import User
from backoffice.repairs.queries import cards_of_call
from backoffice.vouchers.models import ServiceVoucher
from backoffice.vouchers.queries import voucher_of

from .checks import no_hands_on, not_of_the_job
from .settling import copy_fee, current_sheet, new_sheet

CORRECTED = notices.kind("fee.corrected", _l("Job %(number)s is now “%(type)s”, its fee ¥%(total)s. %(reason)s"))

#: What follows when a fee takes the place of another (none: nothing was settled): (old, new, voucher, by, at, reason).
#: They raise the reason why it may not; the moves that they make are joined to the act.
RECHARGED: list[Callable[[FeeSheet | None, FeeSheet, ServiceVoucher, User, datetime, str], None]] = []


def _of_this_office(call: ServiceCall, by: Actor) -> None:
    if call.is_history:
        raise RuleViolated(_l("This call is history from an older system."), rule="W-1.14")


@act(
    "call.correct_type", ServiceCall, permission=Permission.FEE_CORRECT, label=_l("Correct the service type"),
    rule="W-1.6", sources=[CallState.COMPLETED], guards=[_of_this_office, not_of_the_job], tone="danger", bulk=False,
    order=63,
)  # fmt: skip
def correct_type(
    call: ServiceCall, *, by: User, at: datetime, service_type: ServiceType | None, reason: str
) -> FeeSheet:
    """Put a wrong service type right after the signature, with a reason; a new fee takes the place of the old one.

    It is computed from the same facts, prices and rates. What was due is void, and the new fee becomes due; not where
    something was paid or invoiced already. Returns the new fee sheet.
    """
    reason = given(reason, 300, "reason", _l("Give the reason for the correction."), lines=True, rule="W-1.6")
    service_type, contract = checked_type(call, service_type)
    if service_type is call.service_type and contract is call.contract:
        raise RuleViolated(_l("The job has this service type already."), rule="W-1.6", field="service_type")
    voucher = locked_one(ServiceVoucher, voucher_of(call).id)
    if service_type is ServiceType.FREE:
        _check_cause(call, voucher)
    no_hands_on(call, by)
    old = current_sheet(call)
    write_type(call, service_type, contract, by=by, reason=reason)
    voucher.service_type = service_type
    new = _next_sheet(call, old, reason)
    job = job_of(call, voucher, extras=extras_of(new), rates=_rates_of(old))
    copy_fee(
        new, job, at=at, chosen=old.path if old is not None else voucher.path, result=voucher.onsite_result
    )  # fmt: skip
    for follow in RECHARGED:
        follow(old, new, voucher, by, at, reason)
    notices.send(
        CORRECTED, [call.technician_id], call, number=call.number, type=str(service_type.label),
        total=f"{new.total:,.2f}", reason=reason,
    )  # fmt: skip
    return new


def _check_cause(call: ServiceCall, voucher: ServiceVoucher) -> None:
    """Raises RuleViolated where a cause was found that excludes free repair, and nobody had confirmed it (G-07)."""
    for cause in (voucher.fault_cause, *(card.fault_cause for card in cards_of_call(call.id))):
        if cause is not None and cause in NOT_FREE and cause is not call.confirmed_cause:
            raise RuleViolated(
                _l("“%(cause)s” was found, which is not repaired free of charge.", cause=cause.label), rule="G-07",
                field="service_type",
            )  # fmt: skip


def _next_sheet(call: ServiceCall, old: FeeSheet | None, reason: str) -> FeeSheet:
    """A sheet that takes over what was added and taken off by hand; the old one is not current any more."""
    if old is None:
        return new_sheet(call)
    old.is_current = False
    db.session.flush()  # before another may be current
    new = new_sheet(call)
    for name in _BY_HAND:
        setattr(new, name, getattr(old, name))
    new.replaces, new.replaced_reason = old, reason
    return new


#: What stands on a sheet by hand.
_BY_HAND = (
    "other_amount", "other_reason", "discount_percent", "discount_reason", "discount_by_id", "discount_at",
    "discount_limit", "discount_role",
)  # fmt: skip


def _rates_of(sheet: FeeSheet | None) -> Rates | None:
    """The rates of the time when it was settled; None where nothing was."""
    if sheet is None or sheet.hourly_rate is None or sheet.travel_rate is None:
        return None
    return Rates(sheet.hourly_rate, sheet.travel_rate)

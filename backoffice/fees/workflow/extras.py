"""What is added to the fee of a job by hand, and what is taken off it, until the job is completed (W-5.2)."""

from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.calls.workflow import own_job
from backoffice.core import notices
from backoffice.core.acts import act
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.money import NOTHING, check_amount
from backoffice.core.permissions import GRANTS, Actor, Permission, Role
from backoffice.core.texts import clean, given
from backoffice.fees.rules import check_percent
from backoffice.organisation.models import User
from backoffice.settings import queries as settings
from backoffice.vouchers.workflow import not_waiting

from .checks import no_hands_on, not_of_the_job
from .settling import sheet_to_write_on

DISCOUNTED = notices.kind("fee.discounted", _l("Job %(number)s: a discount of %(percent)s %% was given. %(reason)s"))
DISCOUNT_TAKEN_BACK = notices.kind("fee.discount_taken_back", _l("Job %(number)s: the discount was taken back."))

#: States of a call that somebody works on and that is not completed.
_AT_WORK = (CallState.DISPATCHED, CallState.ON_SITE, CallState.IN_REPAIR)


def _own_or_supervisor(call: ServiceCall, by: Actor) -> None:
    if not by.can(Permission.CALL_CORRECT):
        own_job(call, by)
        not_waiting(call, by)


def _not_free(call: ServiceCall, by: Actor) -> None:
    if call.service_type is ServiceType.FREE:
        raise RuleViolated(_l("The job is free: it costs nothing."), rule="W-5.2")


@act(
    "call.add_fee", ServiceCall, permission=(Permission.CALL_WORK, Permission.CALL_CORRECT), label=_l("Other fee"),
    rule="W-5.2", sources=_AT_WORK, guards=[_own_or_supervisor, _not_free], bulk=False, order=64,
)  # fmt: skip
def add_fee(call: ServiceCall, *, by: User, at: datetime, amount: Decimal | None, reason: str = "") -> None:
    """Add what comes to the fee besides labour, travel and parts, with its reason; 0 takes it off again."""
    if amount is None:
        raise MissingInput(_l("Enter the amount; 0 takes it off again."), rule="W-5.2", field="amount")
    check_amount(amount, "amount")
    if amount:
        reason = given(reason, 300, "reason", _l("Say what it is for."), rule="W-5.2")
    sheet = sheet_to_write_on(call)
    sheet.other_amount, sheet.other_reason = (amount, reason) if amount else (NOTHING, "")


@act(
    "call.discount", ServiceCall, permission=(Permission.FEE_DISCOUNT, Permission.FEE_DISCOUNT_LARGE),
    label=_l("Discount"), rule="W-5.2", sources=_AT_WORK, guards=[not_of_the_job, _not_free], bulk=False, order=66,
)  # fmt: skip
def discount(call: ServiceCall, *, by: User, at: datetime, percent: Decimal | None, reason: str = "") -> None:
    """Take so many percent off the fee, with a reason; up to C-54 the supervisor, beyond it the manager.

    0 takes a discount back. Never by whoever does the job (P-4). The technician is told.
    """
    percent, limit = check_percent(percent, "percent"), settings.amount("C-54")
    if percent > limit and not by.can(Permission.FEE_DISCOUNT_LARGE):
        raise RuleViolated(
            _l("More than %(limit)s %% is for the manager to give.", limit=f"{limit.normalize():f}"), rule="W-5.2",
            field="percent",
        )  # fmt: skip
    reason = (
        given(reason, 300, "reason", _l("Give the reason for the discount."), lines=True, rule="W-5.2")
        if percent
        else clean(reason, 300, "reason", lines=True)
    )
    no_hands_on(call, by)
    sheet = sheet_to_write_on(call)
    sheet.discount_percent, sheet.discount_reason = percent, reason if percent else ""
    sheet.discount_by, sheet.discount_at = (by, at) if percent else (None, None)
    sheet.discount_limit, sheet.discount_role = (limit, _role_of(by, percent > limit)) if percent else (NOTHING, None)
    told = {"number": call.number, "percent": f"{percent.normalize():f}", "reason": reason}
    notices.send(DISCOUNTED if percent else DISCOUNT_TAKEN_BACK, [call.technician_id], call, **told)


def _role_of(by: User, is_large: bool) -> Role:
    """In which role the person gives it: his own, or that of the one he stands in for (P-6)."""
    right = Permission.FEE_DISCOUNT_LARGE if is_large else Permission.FEE_DISCOUNT
    return next(role for role in (by.role, *sorted(by.roles)) if right in GRANTS[role])

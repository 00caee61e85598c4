"""What holds for parts used on site and for fees (E-07, W-5.2)."""

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.contracts.models import ServiceContract
from backoffice.contracts.rules import PERIOD_MONTHS
from backoffice.core.invariants import invariant
from backoffice.core.permissions import GRANTS, Permission, Role
from backoffice.parts.invariants import lines_tell_the_stock

from .models import FeeLine, FeeSheet, SitePart
from .rules import FeeKind

lines_tell_the_stock(SitePart, ServiceCall, SitePart.call_id, stands="stands_on_its_call")

#: Of a sheet its call's number.
_NAMED = select(FeeSheet.id, ServiceCall.number).join(ServiceCall, ServiceCall.id == FeeSheet.call_id)
_LARGE = tuple(role for role in Role if Permission.FEE_DISCOUNT_LARGE in GRANTS[role])


@invariant(FeeSheet, rule="W-5.2", says="Its sums are not those of its lines.")
def is_the_sum_of_its_lines() -> Select[int, str]:
    """A settled fee is the sum of its lines, in total and by kind."""
    sums = {
        FeeSheet.labour_fee: (FeeKind.LABOUR,), FeeSheet.travel_fee: (FeeKind.TRAVEL,),
        FeeSheet.parts_fee: (FeeKind.PART,), FeeSheet.other_fee: (FeeKind.OTHER, FeeKind.VISIT),
    }  # fmt: skip
    wrong = [kept.is_distinct_from(_sum(*kinds)) for kept, kinds in sums.items()]
    off = _sum(FeeKind.DISCOUNT) + FeeSheet.discount != Decimal(0)
    return _NAMED.where(FeeSheet.settled_at.is_not(None), or_(*wrong, off, FeeSheet.total != _sum(*FeeKind)))


def _sum(*kinds: FeeKind) -> Any:
    """The sum of a sheet's lines of these kinds."""
    lines = select(func.coalesce(func.sum(FeeLine.amount), Decimal(0)))
    return lines.where(FeeLine.sheet_id == FeeSheet.id, FeeLine.kind.in_(kinds)).correlate(FeeSheet).scalar_subquery()


@invariant(FeeSheet, rule="W-5.2", says="It has lines, and is not settled.")
def has_lines_once_settled() -> Select[int, str]:
    """Only a settled fee has lines."""
    lines = select(FeeLine.id).where(FeeLine.sheet_id == FeeSheet.id).correlate(FeeSheet).exists()
    return _NAMED.where(FeeSheet.settled_at.is_(None), lines)


@invariant(FeeSheet, rule="W-1.6", says="Its service type is not that of its job.")
def has_the_type_of_its_job() -> Select[int, str]:
    """The current settled fee is that of the job's service type."""
    return _NAMED.where(
        FeeSheet.is_current, FeeSheet.settled_at.is_not(None), FeeSheet.service_type != ServiceCall.service_type
    )


@invariant(FeeSheet, rule="W-1.4", says="It is settled, and its job is not completed.")
def is_settled_with_its_job() -> Select[int, str]:
    """A fee is settled when its job is completed, not before."""
    return _NAMED.where(
        FeeSheet.settled_at.is_not(None), ServiceCall.state.not_in((CallState.COMPLETED, CallState.CLOSED))
    )


@invariant(ServiceCall, rule="W-1.4", says="It is completed and costs a fee, and none was settled.")
def has_its_fee_once_completed() -> Select[int, str]:
    """A job that is paid, or paid by the visit, is not completed without a fee.

    Nothing of the kind was completed before fees were kept; those that cost nothing may be older than their sheets.
    """
    settled = and_(FeeSheet.call_id == ServiceCall.id, FeeSheet.is_current, FeeSheet.settled_at.is_not(None))
    return (
        select(ServiceCall.id, ServiceCall.number)
        .outerjoin(ServiceContract, ServiceContract.id == ServiceCall.contract_id)
        .outerjoin(FeeSheet, settled)
        .where(
            ServiceCall.state.in_((CallState.COMPLETED, CallState.CLOSED)), ~ServiceCall.is_history, _costs(),
            FeeSheet.id.is_(None),
        )
    )  # fmt: skip


def _costs() -> ColumnElement[bool]:
    by_visit = and_(
        ServiceCall.service_type == ServiceType.CONTRACT, not_(ServiceContract.fee_mode.in_(list(PERIOD_MONTHS)))
    )
    return or_(ServiceCall.service_type == ServiceType.PAID, by_visit)


@invariant(FeeSheet, rule="W-5.2", says="Its discount is larger than whoever gave it may give.")
def is_discounted_by_one_who_may() -> Select[int, str]:
    """Beyond the supervisor's limit of that moment only the manager, or his deputy, gives a discount."""
    return _NAMED.where(
        FeeSheet.discount_percent > FeeSheet.discount_limit, FeeSheet.discount_role.is_not(None),
        FeeSheet.discount_role.not_in(_LARGE),
    )  # fmt: skip

"""Jobs of every service type at which a technician is."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.contracts.rules import FeeMode
from backoffice.core import clock
from backoffice.core.permissions import Role
from backoffice.organisation.models import User, Zone
from tests import factories as make


def paid(technician: User, state: CallState = CallState.ON_SITE, **over: Any) -> ServiceCall:
    """A paid job in a suburb: out of warranty, 50 yuan for the way."""
    customer = over.pop("customer", None) or make.make_customer(area=make.make_area(zone=Zone.SUBURB))
    unit = make.make_unit(customer, commissioned_on=clock.today() - timedelta(days=900))
    return make.make_call(
        state, technician=technician, customer=customer, unit=unit, service_type=ServiceType.PAID, **over
    )


def under_contract(
    technician: User, mode: FeeMode = FeeMode.PER_VISIT, fee: str = "180.00", *, parts_included: bool = False,
    state: CallState = CallState.ON_SITE, **over: Any,
) -> ServiceCall:  # fmt: skip
    """A job under a contract of that kind."""
    unit = make.make_unit(commissioned_on=clock.today() - timedelta(days=900))
    contract = make.make_contract(
        customer=unit.customer, units=[unit], fee_mode=mode, fee_amount=Decimal(fee), parts_included=parts_included
    )
    return make.make_call(
        state, technician=technician, customer=unit.customer, unit=unit, service_type=ServiceType.CONTRACT,
        contract_id=contract.id, **over,
    )  # fmt: skip


def in_store(cost: str = "80.00", quantity: int = 10) -> Any:
    """A part of which so many are in the store."""
    return make.make_movement(make.make_part(cost_price=Decimal(cost)), quantity).part


def staff() -> dict[Role, User]:
    """One person of each role at branch HZ."""
    return {role: make.make_user(role) for role in Role}

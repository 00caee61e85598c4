"""What holds for the call register alone."""

from sqlalchemy import Select, select

from backoffice.core.invariants import invariant, unique_numbers

from .models import ServiceCall
from .rules import ServiceType

unique_numbers(ServiceCall, "N-03")


@invariant(ServiceCall, rule="W-1.6", says="It is contract service, but names no contract.")
def names_its_contract() -> Select[int, str]:
    """Contract service of our own register stands under a contract; what an older system has done does not."""
    return select(ServiceCall.id, ServiceCall.number).where(
        ServiceCall.service_type == ServiceType.CONTRACT, ServiceCall.contract_id.is_(None), ~ServiceCall.is_history
    )

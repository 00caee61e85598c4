"""What holds for contracts: no number twice, and no unit under two of them on one day."""

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import aliased

from backoffice.core.invariants import invariant, unique_numbers

from .models import ServiceContract, contract_unit, last_day

unique_numbers(ServiceContract, "N-04")


@invariant(ServiceContract, rule="E-09", says="Another contract covers one of its units on one of its days.")
def covers_its_units_alone() -> Select[int, str]:
    """Of two approved contracts with a unit in common one ends before the other begins."""
    other, mine, theirs = aliased(ServiceContract), contract_unit.alias(), contract_unit.alias()
    begins_before_it_ends = and_(
        ServiceContract.start_on <= last_day(), other.start_on <= last_day(other),
        ServiceContract.start_on <= last_day(other), other.start_on <= last_day(),
    )  # fmt: skip
    return (
        select(ServiceContract.id, ServiceContract.number)
        .distinct()
        .join(mine, mine.c.contract_id == ServiceContract.id)
        .join(theirs, and_(theirs.c.unit_id == mine.c.unit_id, theirs.c.contract_id != mine.c.contract_id))
        .join(other, other.id == theirs.c.contract_id)
        .where(
            ServiceContract.activated_at.is_not(None), other.activated_at.is_not(None), begins_before_it_ends,
        )
    )  # fmt: skip

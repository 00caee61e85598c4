"""Drafting contracts, and drafting the one that follows on another (E-09)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.contracts import queries
from backoffice.contracts.models import ContractState, ServiceContract
from backoffice.contracts.rules import FeeMode, check_fee, check_term, check_visits, following_term
from backoffice.core import clock, numbering
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean
from backoffice.customers.models import Customer
from backoffice.customers.workflow import check_in_use
from backoffice.organisation.models import Branch, User
from backoffice.products.models import InstalledUnit
from backoffice.settings import queries as settings

from .checks import check_count, check_units

#: Facts that the follow-on contract takes over.
_TAKEN_OVER = ("customer_no", "fee_mode", "fee_amount", "parts_included", "visits_per_year", "terms")


def _facts(
    customer_no: str, start_on: date | None, end_on: date | None, fee_mode: FeeMode | None, fee_amount: Decimal | None,
    parts_included: bool, visits_per_year: int | None, terms: str,
) -> dict[str, Any]:  # fmt: skip
    first, last = check_term(start_on, end_on)
    mode, amount = check_fee(fee_mode, fee_amount)
    return {
        "customer_no": clean(customer_no, 60, "customer_no"), "start_on": first, "end_on": last, "fee_mode": mode,
        "fee_amount": amount, "parts_included": parts_included, "visits_per_year": check_visits(visits_per_year),
        "terms": clean(terms, 10_000, "terms", lines=True),
    }  # fmt: skip


def _add(branch_id: int, customer: Customer, units: list[InstalledUnit], facts: dict[str, Any]) -> ServiceContract:
    contract = ServiceContract(branch_id=branch_id, state=ContractState.DRAFT, customer=customer, **facts)
    check_count(len(units))
    check_units(contract, units)
    contract.units = units
    branch = db.session.get_one(Branch, branch_id)
    contract.number = numbering.take(
        "N-04", settings.pattern("N-04"), branch_id=branch.id, branch_code=branch.code, day=clock.today()
    )
    db.session.add(contract)
    return contract


@act(
    "contract.create", ServiceContract, permission=Permission.CONTRACT_WRITE, label=_l("Draft a contract"),
    rule="E-09", creates=True, bulk=False,
)  # fmt: skip
def create(
    *, by: User, at: datetime, customer: Customer | None = None, customer_no: str = "", start_on: date | None = None,
    end_on: date | None = None, fee_mode: FeeMode | None = None, fee_amount: Decimal | None = None,
    parts_included: bool = False, visits_per_year: int | None = None, terms: str = "",
    units: Sequence[InstalledUnit] = (), all_units: bool = False,
) -> ServiceContract:  # fmt: skip
    """Write down what is to be agreed with a customer of the own branch; it holds once the manager has approved it.

    all_units: besides `units` those of the customer that are at work.
    """
    if customer is None:
        raise MissingInput(_l("Choose the customer."), rule="E-09", field="customer")
    if customer.branch_id != by.branch_id:
        raise NotPermitted(_l("Choose one of your own branch."), rule="P-1", field="customer")
    check_in_use(customer, "E-09")
    facts = _facts(
        customer_no, start_on, end_on, fee_mode, fee_amount, parts_included, visits_per_year, terms
    )  # fmt: skip
    chosen = [*units, *(db.session.scalars(queries.all_units_of(customer)) if all_units else ())]
    return _add(customer.branch_id, customer, list(dict.fromkeys(chosen)), facts)


@act(
    "contract.edit", ServiceContract, permission=Permission.CONTRACT_WRITE, label=_l("Edit"), rule="E-09",
    sources=[ContractState.DRAFT], bulk=False, order=80,
)  # fmt: skip
def edit(
    contract: ServiceContract, *, by: User, at: datetime, customer_no: str = "", start_on: date | None = None,
    end_on: date | None = None, fee_mode: FeeMode | None = None, fee_amount: Decimal | None = None,
    parts_included: bool = False, visits_per_year: int | None = None, terms: str = "",
) -> None:  # fmt: skip
    """Change a draft; whose it is never changes. What was approved is not edited: it is terminated, or renewed."""
    facts = _facts(
        customer_no, start_on, end_on, fee_mode, fee_amount, parts_included, visits_per_year, terms
    )  # fmt: skip
    for field, value in facts.items():
        setattr(contract, field, value)


def _not_renewed(contract: ServiceContract, by: Actor) -> None:
    following = queries.follower_of(contract)
    if following is not None:
        raise RuleViolated(
            _l("Contract %(number)s follows on this one already.", number=following.number), rule="E-09",
            remedy=Remedy(_l("Open the contract"), "service_contracts.details_view", {"id": following.id}),
        )  # fmt: skip


@act(
    "contract.renew", ServiceContract, permission=Permission.CONTRACT_WRITE, label=_l("Renew"), rule="E-09",
    sources=[ContractState.ACTIVE, ContractState.EXPIRED], guards=[_not_renewed], bulk=False, order=20,
)  # fmt: skip
def renew(contract: ServiceContract, *, by: User, at: datetime) -> ServiceContract:
    """Draft the contract that follows on this one without gap, with its terms and those units that it may still cover.

    Returns the draft, which is edited, gets its own paper and is approved like any other.
    """
    customer = contract.customer.survivor
    check_in_use(customer, "E-09")
    start_on, end_on = following_term(contract.start_on, contract.end_on)
    facts = {field: getattr(contract, field) for field in _TAKEN_OVER}
    units = [
        unit for unit in contract.units
        if unit.customer_id == customer.id and unit.status not in queries.NOT_COVERED
    ]  # fmt: skip
    return _add(
        contract.branch_id, customer, units, facts | {"start_on": start_on, "end_on": end_on, "renews": contract}
    )

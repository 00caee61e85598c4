"""The manager's approval, with which a contract begins to hold (E-09, P-4)."""

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l

from backoffice.contracts import queries
from backoffice.contracts.models import ContractState, ServiceContract
from backoffice.core import clock, notices
from backoffice.core.acts import act
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.customers.workflow import check_in_use
from backoffice.organisation.models import User
from backoffice.organisation.queries import supervisor_ids
from backoffice.settings import queries as settings

from .checks import check_covers_alone

ACTIVATED = notices.kind("contract.active", _l("Contract %(number)s is approved and holds until %(day)s."))


def _not_own(contract: ServiceContract, by: Actor) -> None:
    if queries.was_written_by(contract, by):
        raise NotPermitted(_l("You have written on this contract: somebody else approves it."), rule="P-4")


def _has_paper(contract: ServiceContract, by: Actor) -> None:
    if not queries.has_file(contract):
        raise MissingInput(
            _l("The signed contract has to be attached first."), rule="E-09",
            remedy=Remedy(_l("Attach a file"), "service_contracts.act_view", {"name": "attach", "id": contract.id}),
        )  # fmt: skip


@act(
    "contract.activate", ServiceContract, permission=Permission.CONTRACT_APPROVE, label=_l("Approve"), rule="E-09",
    sources=[ContractState.DRAFT], target=ContractState.ACTIVE, guards=[_not_own, _has_paper], bulk=False,
    tone="primary", order=10,
)  # fmt: skip
def activate(contract: ServiceContract, *, by: User, at: datetime) -> None:
    """Let the contract hold; no unit of it is covered by another one on any of its days."""
    check_in_use(contract.customer, "E-09")
    if contract.end_on < clock.today():
        raise RuleViolated(_l("The last day of this contract is past."), rule="E-09", field="end_on")
    if not contract.units:
        raise MissingInput(
            _l("Enter at least one unit."), rule="E-09", field="units",
            remedy=Remedy(_l("Add units"), "service_contracts.act_view", {"name": "add_units", "id": contract.id}),
        )  # fmt: skip
    check_covers_alone(contract, contract.units)
    contract.activated_at, contract.activated_by_id = at, by.id
    contract.remind_from = contract.end_on - timedelta(days=settings.integer("C-53"))
    notices.send(
        ACTIVATED, [contract.created_by_id, *supervisor_ids(contract.branch_id)], contract, number=contract.number,
        day=contract.end_on.isoformat(),
    )  # fmt: skip

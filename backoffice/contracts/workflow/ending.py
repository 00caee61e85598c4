"""How a contract ends: by its day, or before it with a reason (E-09)."""

from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l

from backoffice.contracts.models import ContractState, ServiceContract
from backoffice.core import clock
from backoffice.core.acts import act
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean
from backoffice.organisation.models import User


def _is_over(contract: ServiceContract, by: Actor) -> None:
    if contract.end_on >= clock.today():
        raise RuleViolated(
            _l("This contract holds up to and including %(day)s.", day=contract.end_on.isoformat()), rule="E-09"
        )


@act(
    "contract.expire", ServiceContract, permission=Permission.CONTRACT_WRITE, label=_l("Mark as expired"),
    rule="E-09", sources=[ContractState.ACTIVE], target=ContractState.EXPIRED, guards=[_is_over], order=60,
)  # fmt: skip
def expire(contract: ServiceContract, *, by: User, at: datetime) -> None:
    """Its last day is past. The job of every night does the same (J-09); what it covers follows from its days alone."""


@act(
    "contract.terminate", ServiceContract, permission=Permission.CONTRACT_TERMINATE, label=_l("Terminate"),
    rule="E-09", sources=[ContractState.DRAFT, ContractState.ACTIVE], target=ContractState.TERMINATED, bulk=False,
    tone="danger", order=70,
)  # fmt: skip
def terminate(
    contract: ServiceContract, *, by: User, at: datetime, last_on: date | None = None, reason: str = ""
) -> None:
    """End an active contract before its end, or drop a draft, with a reason.

    last_on: the last day on which an active one holds; the day before its first day where it is never to hold. A draft
    has none. Jobs that were taken under it keep their service type.
    """
    contract.end_reason = clean(reason, 300, "reason", lines=True)
    if not contract.end_reason:
        raise MissingInput(_l("Say why."), rule="E-09", field="reason")
    if contract.state is ContractState.DRAFT:
        if last_on is not None:
            raise RuleViolated(_l("A draft has no last day: it never held."), rule="E-09", field="last_on")
        return
    if last_on is None:
        raise MissingInput(_l("Enter the last day on which it holds."), rule="E-09", field="last_on")
    earliest = contract.start_on - timedelta(days=1)
    if not earliest <= last_on <= contract.end_on:
        raise RuleViolated(
            _l("Enter a day from %(first)s to %(last)s.", first=earliest.isoformat(), last=contract.end_on.isoformat()),
            rule="E-09", field="last_on",
        )  # fmt: skip
    contract.terminated_on = last_on

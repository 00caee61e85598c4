"""Which units a contract covers (E-09): the draft's by whoever drafts, the active one's by the supervisor."""

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.contracts import queries
from backoffice.contracts.models import ContractState, ServiceContract
from backoffice.core import audit
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean
from backoffice.organisation.models import User
from backoffice.products.models import InstalledUnit

from .checks import check_count, check_covers_alone, check_units, chosen

_RIGHTS = (Permission.CONTRACT_WRITE, Permission.CONTRACT_CHANGE)
#: As many serial numbers stand in a line of the trail.
_NAMED = 60


def _may_change(contract: ServiceContract, by: Actor) -> None:
    right = Permission.CONTRACT_WRITE if contract.state is ContractState.DRAFT else Permission.CONTRACT_CHANGE
    if contract.state in (ContractState.DRAFT, ContractState.ACTIVE) and not by.can(right):
        raise NotPermitted(_l("The units of an active contract are changed by the supervisor."), rule="P-3")


def _note(contract: ServiceContract, sign: str, units: list[InstalledUnit], reason: str) -> None:
    """What the trail says: the serial numbers, since a link between two records is no column, and the reason."""
    what = audit.occasion()
    if what is not None:
        serials = ", ".join(unit.serial_no for unit in units[:_NAMED]) + (" …" if len(units) > _NAMED else "")
        words = " · ".join(part for part in (f"{sign}{len(units)}: {serials}", reason) if part)
        what.notes[contract.__tablename__, contract.id] = words[:2000]


def _reason(contract: ServiceContract, reason: str) -> str:
    kept = clean(reason, 300, "reason", lines=True)
    if contract.state is ContractState.ACTIVE and not kept:
        raise MissingInput(_l("Say why the units of an active contract change."), rule="E-09", field="reason")
    return kept


@act(
    "contract.add_units", ServiceContract, permission=_RIGHTS, label=_l("Add units"), rule="E-09",
    sources=[ContractState.DRAFT, ContractState.ACTIVE], guards=[_may_change], bulk=False, order=30,
)  # fmt: skip
def add_units(
    contract: ServiceContract, *, by: User, at: datetime, units: Sequence[InstalledUnit] = (), all_units: bool = False,
    reason: str = "",
) -> None:  # fmt: skip
    """Let the contract cover more units of its customer; with a reason, and for its whole term, once it is active."""
    more = db.session.scalars(queries.all_units_of(contract.customer)) if all_units else ()
    there = set(contract.units)
    new = [unit for unit in chosen([*units, *more]) if unit not in there]
    if not new:
        raise RuleViolated(_l("These units are in the contract already."), rule="E-09", field="units")
    reason = _reason(contract, reason)
    check_count(len(there) + len(new))
    if contract.state is ContractState.ACTIVE:
        check_covers_alone(contract, new)
    else:
        check_units(contract, new)
    contract.units = [*contract.units, *new]
    _note(contract, "+", new, reason)


@act(
    "contract.remove_units", ServiceContract, permission=_RIGHTS, label=_l("Remove units"), rule="E-09",
    sources=[ContractState.DRAFT, ContractState.ACTIVE], guards=[_may_change], bulk=False, order=31,
)  # fmt: skip
def remove_units(
    contract: ServiceContract, *, by: User, at: datetime, units: Sequence[InstalledUnit] = (), reason: str = ""
) -> None:
    """Let the contract cover fewer units; with a reason once it is active, which keeps one at least."""
    gone = chosen(units)
    there = set(contract.units)
    for unit in gone:
        if unit not in there:
            raise RuleViolated(
                _l("Unit %(serial)s is not in the contract.", serial=unit.serial_no), rule="E-09", field="units"
            )
    reason = _reason(contract, reason)
    left = [unit for unit in contract.units if unit not in set(gone)]
    if contract.state is ContractState.ACTIVE and not left:
        raise RuleViolated(
            _l("An active contract covers one unit at least. Terminate it instead."), rule="E-09", field="units"
        )
    contract.units = left
    _note(contract, "−", gone, reason)

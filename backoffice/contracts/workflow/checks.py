"""What the acts on contracts check alike."""

from collections.abc import Collection, Iterable

from flask_babel import lazy_gettext as _l

from backoffice.contracts import queries
from backoffice.contracts.models import ServiceContract
from backoffice.contracts.rules import MOST_UNITS
from backoffice.core.errors import MissingInput, Remedy, RuleViolated
from backoffice.core.locking import locked
from backoffice.products.models import InstalledUnit


def check_units(contract: ServiceContract, units: Iterable[InstalledUnit]) -> None:
    """Raises RuleViolated unless the units are the customer's and neither scrapped nor void (E-09)."""
    for unit in units:
        view = Remedy(_l("Open the unit"), "units.details_view", {"id": unit.id})
        if unit.customer_id != contract.customer.id:
            raise RuleViolated(
                _l("Unit %(serial)s belongs to another customer.", serial=unit.serial_no), rule="E-09", field="units",
                remedy=view,
            )  # fmt: skip
        if unit.status in queries.NOT_COVERED:
            raise RuleViolated(
                _l("Unit %(serial)s is “%(status)s”.", serial=unit.serial_no, status=unit.status.label), rule="E-09",
                field="units", remedy=view,
            )  # fmt: skip


def check_count(count: int) -> None:
    """Raises RuleViolated for more units than a contract may have."""
    if count > MOST_UNITS:
        raise RuleViolated(
            _l("A contract covers at most %(most)s units, these are %(count)s.", most=MOST_UNITS, count=count),
            rule="E-09", field="units",
        )  # fmt: skip


def check_covers_alone(contract: ServiceContract, units: Collection[InstalledUnit]) -> None:
    """Raises RuleViolated where another contract covers one of the units on a day of this one (E-09).

    The units are locked first, so that of two who ask at once the second sees what the first has written.
    """
    there = locked(InstalledUnit, [unit.id for unit in units])
    check_units(contract, there)
    found = queries.overlapping(contract, there)
    if found is not None:
        serial, number = found
        raise RuleViolated(
            _l("Unit %(serial)s is covered by contract %(number)s on a day of this one.", serial=serial,
               number=number),
            rule="E-09", field="units",
        )  # fmt: skip


def chosen(units: Iterable[InstalledUnit]) -> list[InstalledUnit]:
    """The units without doubles, in their order; raises MissingInput for none."""
    found = list(dict.fromkeys(units))
    if not found:
        raise MissingInput(_l("Enter at least one unit."), rule="E-09", field="units")
    return found

"""Input pages of the acts on contracts, and the look-up of contracts."""

import re
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from wtforms import BooleanField
from wtforms.validators import ValidationError

from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import fold_code
from backoffice.customers.models import Customer
from backoffice.products.models import InstalledUnit
from backoffice.ui import remarks
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import (
    EnumField,
    LocalDateField,
    LookupField,
    MoneyField,
    Required,
    TextBlock,
    TextLine,
    WholeNumberField,
)  # fmt: skip
from backoffice.ui.formatters import listed
from backoffice.ui.guards import actor
from backoffice.ui.lookups import lookup

from . import queries
from .models import ContractState, ServiceContract
from .rules import MOST_UNITS, MOST_VISITS, FeeMode

_BETWEEN = re.compile(r"[\n,;，；、]+")
#: As many serial numbers are named in one sentence.
_NAMED = 12


@lookup(
    "service_contracts", model=ServiceContract, permission=Permission.CONTRACT_READ,
    label=lambda contract: f"{contract.number} · {contract.customer.masked_name}",
)  # fmt: skip
def find_contracts(term: str, by: Actor, customer: int | None = None) -> Select[Any]:
    """Contracts by number, the customer's own number or the customer, of one customer when it is chosen."""
    return queries.matching(term, by, customer)


class UnitsField(TextBlock):
    """Units of one customer by their serial numbers, one a line; `units` are those that were found."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, max=61 * MOST_UNITS, **kwargs)
        self.units: list[InstalledUnit] = []

    def pre_validate(self, form: Any) -> None:
        """Find them; refuse numbers that none of the customer's units has."""
        super().pre_validate(form)
        by, owner = actor(), form.owner()
        typed = {fold_code(one)[:240]: one.strip() for one in _BETWEEN.split(self.data or "") if one.strip()}
        if by is None or owner is None or not typed:
            return
        if len(typed) > MOST_UNITS:
            raise ValidationError(gettext("A contract covers at most %(most)s units, these are %(count)s.",
                                          most=MOST_UNITS, count=len(typed)))  # fmt: skip
        found = {unit.serial_folded: unit for unit in queries.units_of(owner, typed, by)}
        if unknown := [words for serial, words in typed.items() if serial not in found]:
            more = " …" if len(unknown) > _NAMED else ""
            raise ValidationError(
                gettext("The customer has no unit with this serial number: %(serials)s",
                        serials=listed(unknown[:_NAMED]) + more)
            )  # fmt: skip
        self.units = [found[serial] for serial in typed]


class _Facts(ActForm):
    customer_no = TextLine(_l("Number at the customer's"), max=60, description=_l("The customer's own, if he has one"))
    start_on = LocalDateField(_l("First day"), [Required()])
    end_on = LocalDateField(_l("Last day"), [Required()], description=_l("This day is covered too"))
    fee_mode = EnumField(_l("The fee is paid"), FeeMode)
    fee_amount = MoneyField(_l("Fee"), [Required()], description=_l("In yuan, for a year, a quarter or a visit"))
    parts_included = BooleanField(_l("Parts are included"))
    visits_per_year = WholeNumberField(
        _l("Visits a year"), min=1, max=MOST_VISITS, description=_l("Empty where no number is agreed")
    )
    terms = TextBlock(_l("Terms"), max=10_000, description=_l("What else is agreed"))


class _Units(ActForm):
    units = UnitsField(_l("Units"), description=_l("Serial numbers, one a line"))

    _customer: Customer | None = None

    def prefill(self, docs: Sequence[ServiceContract], by: Actor) -> None:
        """Whose units they are."""
        if docs:
            self._customer = docs[0].customer

    def owner(self) -> Customer | None:
        """The customer whose units are meant."""
        return self._customer

    def inputs(self) -> dict[str, Any]:
        """The units that were found."""
        return super().inputs() | {"units": self.units.units}


@form_for("contract.create")
class CreateForm(_Facts, _Units):
    """A new contract: with whom, from when to when, for what fee, for which units."""

    customer = LookupField(_l("Customer"), [Required()], lookup="customers")
    all_units = BooleanField(_l("All units of the customer that are at work"))

    def owner(self) -> Customer | None:
        """The customer that was chosen."""
        chosen: Customer | None = self.customer.data
        return chosen

    def __iter__(self) -> Any:
        """The customer first, the units before the terms."""
        last = ("units", "all_units", "terms")
        names = ["customer", *(name for name in self._fields if name != "customer" and name not in last), *last]
        return iter([self._fields[name] for name in names])


@form_for("contract.edit")
class EditForm(_Facts):
    """Changes of a draft."""


@form_for("contract.add_units")
class AddUnitsForm(_Units):
    """Which units the contract covers too."""

    all_units = BooleanField(_l("All units of the customer that are at work"))
    reason = TextBlock(_l("Reason"), max=300, description=_l("Needed once the contract is active"))


@form_for("contract.remove_units")
class RemoveUnitsForm(_Units):
    """Which units it covers no longer."""

    reason = TextBlock(_l("Reason"), max=300, description=_l("Needed once the contract is active"))

    def prefill(self, docs: Sequence[ServiceContract], by: Actor) -> None:
        """Name those that it covers."""
        super().prefill(docs, by)
        if len(docs) == 1:
            units = queries.first_units(docs[0], _NAMED + 1)
            more = " …" if len(units) > _NAMED else ""
            self.units.description = gettext(
                "Serial numbers, one a line. In the contract: %(serials)s",
                serials=listed(unit.serial_no for unit in units[:_NAMED]) + more,
            )


@form_for("contract.terminate")
class TerminateForm(ActForm):
    """Until when it still holds, and why."""

    last_on = LocalDateField(_l("Last day on which it holds"))
    reason = TextBlock(_l("Reason"), max=300)

    def prefill(self, docs: Sequence[ServiceContract], by: Actor) -> None:
        """A draft never held."""
        if docs and docs[0].state is ContractState.DRAFT:
            del self.last_on


remarks.forms_for("contract")

"""Records that the cells of a file name: looked up a chunk at a time, remembered, and made where that is wanted."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, inspect, or_, select
from sqlalchemy.orm import joinedload

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, Text
from backoffice.core.scope import visible
from backoffice.customers import workflow as customers
from backoffice.customers.models import Customer
from backoffice.customers.rules import fold_name
from backoffice.organisation.models import ServiceArea, User
from backoffice.products import workflow as products
from backoffice.products.models import ProductModel
from backoffice.products.rules import fold_serial


class Lookup:
    """Finds the record that a cell means.

    field, unknown, ambiguous: the input and the sentences for a cell that means none, or more than one.
    """

    field = ""
    unknown: Text = ""
    ambiguous: Text = _l("More than one record fits; give its number.")

    def __init__(self, by: User, make: Callable[[list[str]], Sequence[Any]] | None = None) -> None:
        self.by = by
        self.make = make
        self.made = 0
        self._known: dict[str, Any] = {}

    def fold(self, cell: str) -> str:
        """What makes two cells mean the same record."""
        return cell.strip()

    def find(self, cells: dict[str, str]) -> Iterable[tuple[str, Any]]:
        """(folded cell, record) for those of `cells` (folded: as typed) that exist."""
        raise NotImplementedError

    def load(self, cells: Iterable[str]) -> None:
        """Look up what is not known yet, in a few statements, and make what is missing where that is wanted."""
        wanted = {folded: cell for cell in cells if (folded := self.fold(cell)) not in self._known}
        if not wanted:
            return
        found: dict[str, set[Any]] = {}
        for folded, record in self.find(wanted):
            found.setdefault(folded, set()).add(record)
        for folded, records in found.items():
            self._known[folded] = next(iter(records)) if len(records) == 1 else self._refusal(self.ambiguous)
        missing = {folded: cell for folded, cell in wanted.items() if folded not in found}
        made = self.make(list(missing.values())) if self.make is not None and missing else ()
        for folded, record in zip(missing, made, strict=False):
            self._known[folded] = record
            self.made += not isinstance(record, BackofficeError)
        for folded in missing:
            self._known.setdefault(folded, self._refusal(self.unknown))

    def __getitem__(self, cell: str) -> Any:
        """The record; raises the reason why there is none."""
        found = self._known[self.fold(cell)]
        if isinstance(found, BackofficeError):
            raise type(found)(found.message, rule=found.rule, field=self.field)
        return found

    def forget(self) -> None:
        """Drop what has been taken back, and every refusal."""
        kept = {key: one for key, one in self._known.items() if not isinstance(one, BackofficeError)}
        self._known = {key: one for key, one in kept.items() if inspect(one).persistent}
        self.made -= len(kept) - len(self._known)

    def _refusal(self, message: Text) -> MissingInput:
        return MissingInput(message, field=self.field)


class Models(Lookup):
    """Product models by their code."""

    field = "model"
    unknown = _l("There is no model with this code; the option “create missing models” makes it.")

    def fold(self, cell: str) -> str:
        return fold_serial(cell)

    def find(self, cells: dict[str, str]) -> Iterable[tuple[str, Any]]:
        query = select(ProductModel).where(visible(ProductModel, self.by), ProductModel.code_folded.in_(cells))
        return [(model.code_folded, model) for model in db.session.scalars(query)]


class Customers(Lookup):
    """Active customers of the own branch by number, number in the old system, or name; old ones mean their survivor."""

    field = "customer"
    unknown = _l("There is no such customer here; the option “create missing customers” makes one of this name.")
    ambiguous = _l("More than one customer has this name; give the number.")

    def fold(self, cell: str) -> str:
        return fold_name(cell) or cell.strip()

    def find(self, cells: dict[str, str]) -> Iterable[tuple[str, Any]]:
        typed = {cell.strip(): folded for folded, cell in cells.items()}
        numbers = {cell.strip().upper(): folded for folded, cell in cells.items()}
        numbered = [(numbers[c.number], c.survivor) for c in self._where(Customer.number.in_(numbers))]
        numbered += [(typed[c.former_number], c.survivor) for c in self._where(Customer.former_number.in_(typed))]
        settled = {folded for folded, _ in numbered}  # a number counts before a name
        named = [(c.name_folded, c.survivor) for c in self._where(Customer.name_folded.in_(cells))]
        return numbered + [(folded, c) for folded, c in named if folded not in settled]

    def _where(self, condition: ColumnElement[bool]) -> Iterable[Customer]:
        """Those in use; one that was merged stands for its survivor."""
        query = select(Customer).where(
            visible(Customer, self.by), Customer.branch_id == self.by.branch_id, condition,
            or_(Customer.is_active, Customer.merged_into_id.is_not(None)),
        ).options(joinedload(Customer.merged_into))  # fmt: skip
        return [customer for customer in db.session.scalars(query) if customer.survivor.is_active]


class Areas(Lookup):
    """Service areas of the own branch by name or region code."""

    field = "area"
    unknown = _l("There is no service area of this name or code in your branch.")

    def find(self, cells: dict[str, str]) -> Iterable[tuple[str, Any]]:
        query = select(ServiceArea).where(
            visible(ServiceArea, self.by),
            ServiceArea.branch_id == self.by.branch_id,
            ServiceArea.is_active,
            ServiceArea.name.in_(cells) | ServiceArea.region_code.in_(cells),
        )
        for area in db.session.scalars(query):
            yield from ((name, area) for name in {area.name, area.region_code} if name in cells)


class People(Lookup):
    """Active people of the own branch by user name or real name."""

    field = "default_salesperson"
    unknown = _l("There is nobody of this name in your branch.")

    def find(self, cells: dict[str, str]) -> Iterable[tuple[str, Any]]:
        query = select(User).where(
            visible(User, self.by),
            User.branch_id == self.by.branch_id,
            User.is_active,
            User.username.in_(cells) | User.real_name.in_(cells),
        )
        for person in db.session.scalars(query):
            yield from ((name, person) for name in {person.username, person.real_name} if name in cells)


def make_customers(by: User) -> Callable[[list[str]], Sequence[Any]]:
    """Makes a customer of each name, by the act."""
    return lambda names: customers.import_rows(by=by, rows=[{"name": name} for name in names])


def make_models(by: User) -> Callable[[list[str]], Sequence[Any]]:
    """Makes a model of each code, by the act."""
    return lambda codes: products.import_models(by=by, rows=[{"code": code} for code in codes])

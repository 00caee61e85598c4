"""Records that the cells of a file name: looked up a chunk at a time, and made where that is wanted."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, Text
from backoffice.core.scope import visible
from backoffice.core.texts import fold_code
from backoffice.customers import workflow as customers
from backoffice.customers.models import Customer
from backoffice.customers.rules import digits, fold_name
from backoffice.organisation.models import ServiceArea, User
from backoffice.products import workflow as products
from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel, UnitStatus

_PHONE = re.compile(r"[\s\d()+–-]{7,30}")


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
        #: what was made: first row that names it, record, folded cell
        self.made: list[tuple[int, Any, str]] = []
        self._known: dict[str, Any] = {}

    def fold(self, cell: str) -> str:
        """What makes two cells mean the same record."""
        return cell.strip()

    def find(self, cells: dict[str, str]) -> Iterable[tuple[str, Any]]:
        """(folded cell, record) for those of `cells` (folded: as typed) that exist."""
        raise NotImplementedError

    def load(self, cells: Iterable[tuple[int, str]]) -> None:
        """Look up the (row, cell) in a few statements, and make what is missing where that is wanted."""
        wanted: dict[str, str] = {}
        first: dict[str, int] = {}
        for number, cell in cells:
            folded = self.fold(cell)
            wanted.setdefault(folded, cell)
            first.setdefault(folded, number)
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
            if not isinstance(record, BackofficeError):
                self.made.append((first[folded], record, folded))
        for folded in missing:
            self._known.setdefault(folded, self._refusal(self.unknown))

    def __getitem__(self, cell: str) -> Any:
        """The record; raises the reason why there is none."""
        found = self._known[self.fold(cell)]
        if isinstance(found, BackofficeError):
            raise type(found)(found.message, rule=found.rule, field=self.field)
        return found

    def _refusal(self, message: Text) -> MissingInput:
        return MissingInput(message, field=self.field)


class Models(Lookup):
    """Product models by their code."""

    field = "model"
    unknown = _l("There is no model with this code; the option “create missing models” makes it.")

    def fold(self, cell: str) -> str:
        return fold_code(cell)

    def find(self, cells: dict[str, str]) -> Iterable[tuple[str, Any]]:
        query = select(ProductModel).where(
            visible(ProductModel, self.by), ProductModel.is_active, ProductModel.code_folded.in_(cells)
        )
        return [(model.code_folded, model) for model in db.session.scalars(query)]


class Customers(Lookup):
    """Active customers of the own branch by number, old number, name or telephone; merged ones mean their survivor."""

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
        others = [folded for folded in cells if folded not in settled]
        named = [(c.name_folded, c.survivor) for c in self._where(Customer.name_folded.in_(others))]
        settled |= {folded for folded, _ in named}
        phones = {
            digits(cell): folded for folded, cell in cells.items() if folded not in settled and _PHONE.fullmatch(cell)
        }
        called = (
            [(phones[c.phone_digits], c.survivor) for c in self._where(Customer.phone_digits.in_(phones))]
            if phones
            else []
        )
        return numbered + named + called

    def _where(self, condition: ColumnElement[bool]) -> Iterable[Customer]:
        """Those in use; one that was merged stands for its survivor."""
        query = select(Customer).where(
            visible(Customer, self.by), Customer.branch_id == self.by.branch_id, condition,
            or_(Customer.is_active, Customer.merged_into_id.is_not(None)),
        ).options(joinedload(Customer.merged_into))  # fmt: skip
        return [customer for customer in db.session.scalars(query) if customer.survivor.is_active]


class Units(Lookup):
    """Units that the person sees by their serial number, the void ones left out."""

    field = "unit"
    unknown = _l("There is no unit with this serial number here.")

    def fold(self, cell: str) -> str:
        return fold_code(cell)[:240]

    def find(self, cells: dict[str, str]) -> Iterable[tuple[str, Any]]:
        query = (
            select(InstalledUnit)
            .where(
                visible(InstalledUnit, self.by),
                InstalledUnit.branch_id == self.by.branch_id,
                InstalledUnit.status != UnitStatus.VOID,
                InstalledUnit.serial_folded.in_(cells),
            )
            .options(joinedload(InstalledUnit.customer), joinedload(InstalledUnit.model))
        )
        return [(unit.serial_folded, unit) for unit in db.session.scalars(query)]


class Symptoms(Lookup):
    """Fault symptoms by code or name in either language."""

    field = "fault_symptom"
    unknown = _l("There is no symptom of this code or name.")

    def find(self, cells: dict[str, str]) -> Iterable[tuple[str, Any]]:
        query = select(FaultSymptom).where(
            visible(FaultSymptom, self.by),
            FaultSymptom.code.in_(cells) | FaultSymptom.name.in_(cells) | FaultSymptom.name_zh.in_(cells),
        )
        for symptom in db.session.scalars(query):
            yield from ((word, symptom) for word in {symptom.code, symptom.name, symptom.name_zh} if word in cells)


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
    """People of the own branch by user name or real name; with_former: those who have left too."""

    unknown = _l("There is nobody of this name in your branch.")

    def __init__(self, by: User, field: str, *, with_former: bool = False) -> None:
        super().__init__(by)
        self.field = field
        self.with_former = with_former

    def find(self, cells: dict[str, str]) -> Iterable[tuple[str, Any]]:
        query = select(User).where(
            visible(User, self.by),
            User.branch_id == self.by.branch_id,
            User.username.in_(cells) | User.real_name.in_(cells),
        )
        if not self.with_former:
            query = query.where(User.is_active)
        for person in db.session.scalars(query):
            yield from ((name, person) for name in {person.username, person.real_name} if name in cells)


def make_customers(by: User) -> Callable[[list[str]], Sequence[Any]]:
    """Makes a customer of each name, by the act."""
    return lambda names: customers.import_rows(by=by, rows=[{"name": name} for name in names])


def make_models(by: User) -> Callable[[list[str]], Sequence[Any]]:
    """Makes a model of each code, by the act."""
    return lambda codes: products.import_models(by=by, rows=[{"code": code} for code in codes])

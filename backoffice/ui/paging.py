"""Pages of a list: from any row on in both directions, by number, from the end. One statement finds the keys.

A place in a list is the sort value and the key of a row, so that the rows behind it are found through the index,
however far down they stand. Rows without a sort value come last, whichever way the list runs.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, select, tuple_, union_all

from .fields import FIRST_YEAR, LAST_YEAR
from .formatters import python_type
from .guards import parse_key

LONGEST_VALUE = 200
#: Parameters of an address that say which part of the list is shown; everything else says which list.
PLACE = frozenset({"page", "after", "before", "count"})
#: The place behind the last row.
END = "end"


@dataclass(frozen=True)
class Order:
    """How a list runs: by `name` (a column) or, without one, by key alone."""

    model: type[Any]
    name: str = ""
    desc: bool = True

    @property
    def column(self) -> Any:
        """The mapped column, or None where the key alone decides."""
        return getattr(self.model, self.name) if self.name and self.name != "id" else None

    @property
    def is_nullable(self) -> bool:
        """Whether rows may lack the sort value."""
        return self.column is not None and bool(self.column.property.columns[0].nullable)

    def clauses(self, *, backwards: bool = False) -> list[Any]:
        """ORDER BY for rows with and without value together."""
        found = [self.column.is_(None)] if self.is_nullable else []
        found = [found[0].desc()] if found and backwards else found
        return found + self.within(backwards=backwards)

    def within(self, *, backwards: bool = False, valued: bool = True) -> list[Any]:
        """ORDER BY among rows that all have a value (or, `valued` false, all have none)."""
        desc = self.desc != backwards
        columns = [self.column] if self.column is not None and valued else []
        columns.append(self.model.id)
        return [column.desc() if desc else column.asc() for column in columns]


@dataclass(frozen=True)
class Place:
    """A row's place: its key and its sort value (None where it has none, or where the key alone decides)."""

    key: int
    value: Any = None

    def written(self) -> str:
        """The place as it stands in an address."""
        return str(self.key) if self.value is None else f"{self.key}~{_written(self.value)}"


def place_of(row: Any, order: Order) -> Place:
    """Where a row stands."""
    return Place(row.id, getattr(row, order.name) if order.column is not None else None)


def read_place(text: str, order: Order) -> Place | None:
    """The place in an address; None for what is none in this order."""
    figures, mark, value = text.partition("~")
    key = parse_key(figures)
    if key is None or len(value) > LONGEST_VALUE:
        return None
    if order.column is None:
        return Place(key) if not mark else None
    if not mark:
        return Place(key) if order.is_nullable else None
    try:
        return Place(key, _read(value, python_type(order.column.property.columns[0])))
    except (ValueError, ArithmeticError):
        return None


def keys(order: Order, where: list[ColumnElement[bool]], most: int, *,
         after: Place | None = None, before: Place | None = None, backwards: bool = False,
         skip: int = 0) -> Select[Any]:  # fmt: skip
    """The keys of the first `most` rows after (or, read backwards, before) a place, or after `skip` rows.

    backwards: begin at the end of the list; implied by `before`.
    """
    backwards = backwards or before is not None
    model = order.model
    if skip:
        return select(model.id).where(*where).order_by(*order.clauses()).limit(most).offset(skip)
    place = before if backwards else after
    if not order.is_nullable:
        behind = [_behind(order, place, backwards)] if place is not None else []
        return select(model.id).where(*where, *behind).order_by(*order.within(backwards=backwards)).limit(most)
    parts = []
    for valued in (True, False):
        condition = _segment(order, place, backwards, valued)
        if condition is not None:
            part = select(model.id).where(*where, condition)
            part = part.order_by(*order.within(backwards=backwards, valued=valued)).limit(most)
            parts.append(select(part.subquery().c.id))
    found = union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    return select(found.c.id)


def _behind(order: Order, place: Place, backwards: bool) -> ColumnElement[bool]:
    """The rows behind a place, among those that have a value like it (or where the key alone decides)."""
    falling = order.desc != backwards
    if order.column is None or place.value is None:
        return order.model.id < place.key if falling else order.model.id > place.key
    here = tuple_(literal(place.value, order.column.type), literal(place.key))
    row = tuple_(order.column, order.model.id)
    return row < here if falling else row > here


def _segment(order: Order, place: Place | None, backwards: bool, valued: bool) -> ColumnElement[bool] | None:
    """The rows with (or without) a value that come behind the place; None where none can."""
    these = order.column.is_not(None) if valued else order.column.is_(None)
    if place is None:
        return these
    if (place.value is not None) is valued:
        return and_(these, _behind(order, place, backwards))
    comes_later = valued is backwards  # forwards the rows without value come last, backwards first
    return these if comes_later else None


def _written(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bool):
        return "1" if value else "0"
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(text: str, kind: Any) -> Any:
    """The sort value; raises ValueError or ArithmeticError for what is none."""
    if kind is None or kind is str:
        return text
    if issubclass(kind, Enum):
        return kind(text)
    if issubclass(kind, bool):
        return {"1": True, "0": False}[text] if text in {"0", "1"} else _refuse(text)
    if issubclass(kind, (date, datetime)):
        return _moment(text) if issubclass(kind, datetime) else _year_checked(date.fromisoformat(text))
    number = Decimal(text)
    if not number.is_finite() or abs(number) >= 2**31:
        return _refuse(text)
    return kind(number) if kind is not int or number == int(number) else _refuse(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        _refuse(text)
    return _year_checked(moment)


def _year_checked(value: Any) -> Any:
    return value if FIRST_YEAR <= value.year <= LAST_YEAR else _refuse(str(value))


def _refuse(text: str) -> Any:
    raise ValueError(text)

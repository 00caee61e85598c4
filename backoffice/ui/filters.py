"""Filters of the lists: state in the address, several values, a chip for each; what cannot be read is left out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, inspect, select

from backoffice.core import clock, scope
from backoffice.core.db import db
from backoffice.core.permissions import Actor
from backoffice.core.states import LabelledEnum

from .fields import FIRST_YEAR, LAST_YEAR
from .formatters import labelled, python_type, title
from .guards import parse_key
from .lookups import like, lookup_of

RESERVED = frozenset({"q", "page", "after", "before", "count", "sort", "desc", "all", "id"})
MOST_VALUES = 50


@dataclass
class Chip:
    """One active value of a filter: its words and the address parameter that it stands for."""

    words: str
    param: str
    value: str


@dataclass
class Filter:
    """A filter of a list. `kind` picks its input on the page: choice, lookup, dates, numbers or text."""

    name: str
    label: Any
    kind = "text"

    @property
    def params(self) -> tuple[str, ...]:
        """The parameters of the address that belong to the filter."""
        return (self.name,)

    def read(self, values: Mapping[str, list[str]]) -> tuple[Any, list[str]]:
        """(what the filter is set to or None, what could not be understood)."""
        raise NotImplementedError

    def condition(self, value: Any, by: Actor) -> ColumnElement[bool]:
        """The condition for a value that `read` gave."""
        raise NotImplementedError

    def chips(self, value: Any) -> list[Chip]:
        """What is shown as set."""
        raise NotImplementedError


@dataclass
class ChoiceFilter(Filter):
    """One or several of listed values: an enum, yes and no, or conditions of the feature's own.

    `where` turns the chosen values into a condition; `options` are (value, label).
    """

    options: Callable[[], Iterable[tuple[str, Any]]] | Iterable[tuple[str, Any]] = ()
    where: Callable[[list[str], Actor], ColumnElement[bool]] | None = None
    kind = "choice"

    def choices(self) -> list[tuple[str, Any]]:
        """The values with their labels."""
        return list(self.options() if callable(self.options) else self.options)

    def read(self, values: Mapping[str, list[str]]) -> tuple[list[str] | None, list[str]]:
        """The known values among those in the address."""
        known = {value for value, _ in self.choices()}
        given = [v for v in dict.fromkeys(values.get(self.name, [])) if v][:MOST_VALUES]
        return [v for v in given if v in known] or None, [v for v in given if v not in known]

    def condition(self, value: list[str], by: Actor) -> ColumnElement[bool]:
        """Any of the chosen values."""
        return self.where(value, by)  # type: ignore[misc]

    def chips(self, value: list[str]) -> list[Chip]:
        """One chip per value."""
        labels = dict(self.choices())
        return [Chip(labelled(self.label, labels[v]), self.name, v) for v in value]


@dataclass
class RelationFilter(Filter):
    """One or several rows of another table, by key."""

    column: Any = None
    target: Any = None
    relation: str = ""
    kind = "lookup"

    @property
    def lookup(self) -> str:
        """Name of the look-up that offers the rows, or "" (then the filter only comes from links)."""
        found = lookup_of(self.target)
        return found.name if found else ""

    def read(self, values: Mapping[str, list[str]]) -> tuple[list[int] | None, list[str]]:
        """The keys among the values."""
        given = [v for v in dict.fromkeys(values.get(self.name, [])) if v][:MOST_VALUES]
        keys = [key for v in given if (key := parse_key(v)) is not None]
        return keys or None, [v for v in given if parse_key(v) is None]

    def condition(self, value: list[int], by: Actor) -> ColumnElement[bool]:
        """Any of the rows."""
        return self.column.in_(value)

    def chips(self, value: list[int]) -> list[Chip]:
        """One chip per row; its name is filled in by `name_chips`."""
        return [Chip(labelled(self.label, f"#{v}"), self.name, str(v)) for v in value]

    def name_chips(self, chips: list[Chip], rows: Iterable[Any], by: Actor) -> None:
        """Give the chips the names of their rows: out of the listed rows, else with one statement within scope."""
        names = {}
        if self.relation:
            for row in rows:
                related = getattr(row, self.relation, None) if hasattr(type(row), self.relation) else None
                if related is not None:
                    names[str(related.id)] = title(related)
        missing = [int(c.value) for c in chips if c.value not in names]
        if missing:
            query = scope.select_visible(self.target, by).where(self.target.id.in_(missing))
            names |= {str(row.id): title(row) for row in db.session.scalars(query).unique()}
        for chip in chips:
            chip.words = labelled(self.label, names.get(chip.value, "#" + chip.value))


@dataclass
class LinkFilter(RelationFilter):
    """Rows of another table that are tied to the listed ones by a table of pairs; `where` says how, given the keys."""

    where: Callable[[list[int]], ColumnElement[bool]] | None = None

    def condition(self, value: list[int], by: Actor) -> ColumnElement[bool]:
        """Tied to any of the rows."""
        return self.where(value)  # type: ignore[misc]


@dataclass
class QuietFilter(LinkFilter):
    """One that only comes from links: the list has nothing to choose, which would cost its page bytes."""

    @property
    def lookup(self) -> str:
        """None."""
        return ""


@dataclass
class RangeFilter(Filter):
    """From and to, both included: days, moments, numbers or money; parameters `<name>_from` and `<name>_to`."""

    column: Any = None
    type: Any = date
    bounds: Callable[[Any], ColumnElement[bool]] | None = field(default=None)

    @property
    def kind(self) -> str:  # type: ignore[override]
        """Which input the page shows."""
        return "dates" if self.type in (date, datetime) else "numbers"

    @property
    def params(self) -> tuple[str, ...]:
        """Lower and upper end."""
        return (f"{self.name}_from", f"{self.name}_to")

    def _parse(self, text: str) -> Any:
        try:
            if self.type in (date, datetime):
                day = date.fromisoformat(text) if len(text) == 10 else None
                return day if day is not None and FIRST_YEAR <= day.year <= LAST_YEAR else None
            number = Decimal(text) if len(text) <= 16 and text.isascii() else None
            if number is None or not number.is_finite() or abs(number) > 2**31 - 1:
                return None
            return int(number) if self.type is int and number == int(number) else number
        except (ValueError, ArithmeticError):
            return None

    def read(self, values: Mapping[str, list[str]]) -> tuple[tuple[Any, Any] | None, list[str]]:
        """(from, to), either may be None."""
        ends, wrong = [], []
        for param in self.params:
            text = (values.get(param) or [""])[0].strip()
            ends.append(self._parse(text) if text else None)
            if text and ends[-1] is None:
                wrong.append(text)
        return (ends[0], ends[1]) if any(e is not None for e in ends) else None, wrong

    def condition(self, value: tuple[Any, Any], by: Actor) -> ColumnElement[bool]:
        """Between the ends; days of a moment are days of the office."""
        low, high = value
        column = self.column
        parts = []
        if low is not None:
            parts.append(column >= (clock.day_start(low) if self.type is datetime else low))
        if high is not None:
            parts.append(column < clock.day_end(high) if self.type is datetime else column <= high)
        return parts[0] if len(parts) == 1 else parts[0] & parts[1]

    def chips(self, value: tuple[Any, Any]) -> list[Chip]:
        """One chip per end."""
        words = (gettext("from"), gettext("to"))
        return [
            Chip(f"{self.label} {word} {end}", param, str(end))
            for word, end, param in zip(words, value, self.params, strict=True)
            if end is not None
        ]


@dataclass
class TextFilter(Filter):
    """Text that contains the words; personal data must match whole."""

    column: Any = None
    whole: bool = False
    kind = "text"

    def read(self, values: Mapping[str, list[str]]) -> tuple[str | None, list[str]]:
        """The words."""
        return (values.get(self.name) or [""])[0].strip()[:100] or None, []

    def condition(self, value: str, by: Actor) -> ColumnElement[bool]:
        """Contains, or equals."""
        return self.column == value if self.whole else self.column.ilike(like(value), escape="\\")

    def chips(self, value: str) -> list[Chip]:
        """One chip."""
        return [Chip(labelled(self.label, value), self.name, value)]


def through(column: Any, target: type[Any], declared: str | Filter, label: Any) -> Filter:
    """A filter of another table, for rows whose `column` holds the key of one of its rows that fulfil it."""
    found = make_filter(target, declared, lambda name: label)
    inner = found.condition
    found.condition = lambda value, by: column.in_(select(target.id).where(inner(value, by)))  # type: ignore[method-assign]
    return found


def _members(kind: type[LabelledEnum]) -> list[tuple[str, Any]]:
    return [(member.value, member.label) for member in kind]


def make_filter(model: type[Any], declared: str | Filter, label: Callable[[str], Any]) -> Filter:
    """The filter for a column or relation by its name; a Filter is taken as it is.

    Raises TypeError for a reserved name or a kind of column that cannot be filtered.
    """
    found = declared if isinstance(declared, Filter) else _from_name(model, declared, label(declared))
    if RESERVED & set(found.params):
        raise TypeError(f"{model.__name__}: a filter may not be called {found.name}")
    return found


def _from_name(model: type[Any], name: str, label: Any) -> Filter:
    mapper = inspect(model)
    if name in mapper.relationships:
        relation = mapper.relationships[name]
        (column,) = relation.local_columns
        return RelationFilter(name, label, column, relation.mapper.class_, name)
    if name not in mapper.column_attrs:
        raise TypeError(f"{model.__name__}.{name} is no column and no relation to filter by")
    column = mapper.column_attrs[name].columns[0]
    if column.info.get("secret"):
        raise TypeError(f"{model.__name__}.{name} is secret")
    for relation in mapper.relationships:
        if relation.local_columns == {column}:
            return RelationFilter(name, label, getattr(model, name), relation.mapper.class_, relation.key)
    return _by_type(name, label, getattr(model, name), column)


def _by_type(name: str, label: Any, attribute: Any, column: Any) -> Filter:
    kind = python_type(column) or str
    if isinstance(kind, type) and issubclass(kind, LabelledEnum):
        by_value = {member.value: member for member in kind}
        return ChoiceFilter(
            name, label, lambda: _members(kind), lambda values, by: attribute.in_([by_value[v] for v in values])
        )
    if kind is bool:
        options = (("yes", _l("Yes")), ("no", _l("No")))
        return ChoiceFilter(name, label, options, lambda values, by: attribute.in_([v == "yes" for v in values]))
    if kind in (date, datetime, int, Decimal):
        return RangeFilter(name, label, attribute, kind)
    if kind is not str:
        raise TypeError(f"{name} cannot be filtered by")
    return TextFilter(name, label, attribute, whole=bool(column.info.get("pii")))

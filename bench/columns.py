"""Completing the generated rows from the product's own tables, so that a new column does not stop the bench."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Dialect, Table

from backoffice.core.db import Base

Convert = Callable[[tuple[Any, ...]], tuple[Any, ...]]
_PLAIN: dict[type, Any] = {str: "", int: 0, float: 0.0, bool: False, dict: "{}", list: "[]"}


class Layout:
    """Which columns of `table` are written, and how a generated row becomes one of them on `dialect`.

    A column that the generator names and the table does not have any more is dropped; one that the generator does not
    know gets its default, or is made by the model where it is derived. Keys that are left out are the database's.

    Derived columns are what the model makes of the row: by its validators, and by what listens to its insertion.
    """

    def __init__(self, table: Table, given: tuple[str, ...], dialect: Dialect, moment: datetime) -> None:
        self.table = table
        self._given = given
        kept = [(place, table.c[name]) for place, name in enumerate(given) if name in table.c]
        rest = [c for c in table.columns if c.name not in given and not c.primary_key]
        self._mapper = next((m for m in Base.registry.mappers if m.local_table is table), None)
        self._derived = [c for c in rest if c.info.get("derived") and self._mapper is not None]
        constant = [c for c in rest if c not in self._derived and c.server_default is None]
        self.names = [c.name for _, c in kept] + [c.name for c in constant] + [c.name for c in self._derived]
        self._instance: Any = None
        self._setters: list[tuple[int, str, dict[str, Any], bool]] = []
        self._places = [place for place, _ in kept]
        self._whole = self._places == list(range(len(given)))
        self._constants = tuple(_bound(c, default_of(c, moment), dialect) for c in constant)
        self._converters = [
            (place, convert) for place, (_, c) in enumerate(kept) if (convert := _converter(c, dialect)) is not None
        ]

    def convert(self, row: tuple[Any, ...]) -> list[Any]:
        """The row as the database takes it, in the order of `names`."""
        values = list(row) if self._whole else [row[place] for place in self._places]
        for place, change in self._converters:
            if values[place] is not None:
                values[place] = change(values[place])
        values += self._constants
        if self._derived:
            values += self._from_model(row)
        return values

    def _from_model(self, row: tuple[Any, ...]) -> Iterable[Any]:
        """The derived columns of the row. One instance serves for all rows: making one takes most of the time."""
        assert self._mapper is not None
        if self._instance is None:
            self._instance = self._mapper.class_()
            for place, name in enumerate(self._given):
                if name in self.table.c:
                    validated = name in self._mapper.validators
                    self._setters.append((place, name, _members(self.table.c[name]), validated))
        made = self._instance
        for place, name, members, validated in self._setters:
            value = row[place]
            if members and value is not None:
                value = members[value]
            if validated:
                setattr(made, name, value)
            else:
                made.__dict__[name] = value  # quicker; nothing listens
        self._mapper.dispatch.before_insert(self._mapper, None, sa.inspect(made))
        return [_plain(getattr(made, c.name), c) for c in self._derived]


def _members(column: Column[Any]) -> dict[str, Any]:
    """The members of an enum by their values, for a column that holds one."""
    kind = getattr(column.type, "enum_class", None)
    return {member.value: member for member in kind} if kind is not None else {}


def _plain(value: Any, column: Column[Any]) -> Any:
    return value if value is not None or column.nullable else _PLAIN.get(column.type.python_type, "")


def default_of(column: Column[Any], moment: datetime) -> Any:
    """The value of a column about which the generator says nothing."""
    default: Any = column.default
    if default is not None and default.is_scalar:
        return getattr(default.arg, "value", default.arg)
    if column.nullable:
        return None
    kind = column.type.python_type
    if issubclass(kind, datetime):
        return moment
    if issubclass(kind, date):
        return moment.date()
    if isinstance(column.type, sa.Enum):
        return column.type.enums[0]
    if kind not in _PLAIN:
        raise LookupError(f"{column.table.name}.{column.name}: the bench does not know what to write there")
    return _PLAIN[kind]


def _converter(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """The type's own way to the driver; texts and enums are given as they are stored, JSON as its text."""
    if isinstance(column.type, (sa.Enum, sa.String, sa.Integer, sa.Boolean, sa.JSON)):
        return None
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _bound(column: Column[Any], value: Any, dialect: Dialect) -> Any:
    convert = _converter(column, dialect)
    return value if value is None or convert is None else convert(value)

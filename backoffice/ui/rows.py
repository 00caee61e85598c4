"""Light rows for lists and files: the columns that are shown, read with one statement, instead of whole entities.

A light row answers like the entity it stands for: its columns, its relations, and the properties and methods of the
model (`str`, `masks`, clocks) that need no more than the columns that were read.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import Select, inspect, select

from backoffice.core.db import db

_log = logging.getLogger(__name__)


class LightRow:
    """Base of the row classes that `Shape` makes; the values of the row and of its relations stand in one tuple."""

    __slots__ = ("_values",)
    _model: type[Any]

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        """A column that the list did not read: a fault in development; in production the record is asked, slowly."""
        if name.startswith("_") or not hasattr(self._model, name):
            raise AttributeError(name)
        if current_app.testing:
            raise AttributeError(f"{self._model.__name__}.{name} is not read: name it in list_needs or __shown__")
        _log.warning("a list reads %s.%s row by row", self._model.__name__, name)
        return getattr(db.session.get(self._model, self.id), name)


class Shape:
    """What one list reads of `model`.

    names: columns, relations and dotted columns of relations; what is none of these (a property, a formatter's own
    name) is left out. A relation is read with the columns that its `__shown__` names. computed: further values by
    name, each an expression over the table of `model`.
    """

    def __init__(self, model: type[Any], names: Iterable[str], computed: Mapping[str, Any] | None = None) -> None:
        self.model = model
        self._columns: list[Any] = []
        self._root = _Node(model, model.__table__)
        for name in (*shown_columns(model), *names):
            self._root.add(name)
        self._steps: list[tuple[Any, Any]] = []
        self._root.computed = dict(computed or {})
        self.make: Callable[[Sequence[Any]], Any] = self._root.build(self._columns, self._steps)
        self._select = self._statement()

    def _statement(self) -> Select[Any]:
        statement = select(*self._columns)
        for target, condition in self._steps:
            statement = statement.outerjoin(target, condition)
        return statement

    def select(self) -> Select[Any]:
        """The statement for all rows, to be limited by the caller."""
        return self._select

    def fetch(self, statement: Select[Any]) -> list[Any]:
        """The light rows that a statement made from `select()` finds."""
        return [self.make(values) for values in db.session.connection().execute(statement)]

    def stream(self, statement: Select[Any], chunk: int) -> Iterator[Any]:
        """The same row after row, `chunk` of them in memory: through a server-side cursor where there is one."""
        found = db.session.connection().execute(statement.execution_options(yield_per=chunk, stream_results=True))
        try:
            for values in found:
                yield self.make(values)
        finally:
            found.close()


def shown_columns(model: type[Any]) -> tuple[str, ...]:
    """The columns that `str()` of a row and its `masks` read. Raises TypeError where the model does not say."""
    shown: tuple[str, ...] = getattr(model, "__shown__", ())
    if not shown:
        raise TypeError(f"{model.__name__}: `__shown__` is missing")
    return shown


class _Node:
    """One table of the statement: its columns and the relations to follow from it."""

    def __init__(self, model: type[Any], source: Any) -> None:
        self.model = model
        self.source = source
        self.names: dict[str, None] = {"id": None}
        self.relations: dict[str, _Node] = {}
        self.computed: dict[str, Any] = {}

    def add(self, name: str) -> None:
        head, _, rest = name.partition(".")
        mapper = inspect(self.model)
        relation = mapper.relationships.get(head)
        if relation is not None and not relation.uselist:
            child = self.relations.get(head)
            if child is None:
                target = relation.mapper.class_
                child = self.relations[head] = _Node(target, target.__table__.alias())
                for one in shown_columns(target):
                    child.add(one)
            if rest:
                child.add(rest)
        elif head in mapper.column_attrs and not mapper.column_attrs[head].columns[0].info.get("secret"):
            self.names[head] = None

    def build(self, columns: list[Any], steps: list[tuple[Any, Any]]) -> type[LightRow]:
        """Append the columns and joins of this table and of those behind it; the class of its rows."""
        spaces: dict[str, Any] = _behaviour(self.model)
        for name in self.names:
            spaces[name] = _reader(len(columns))
            columns.append(self._column(name))
        for name, expression in self.computed.items():
            spaces[name] = _reader(len(columns))
            columns.append(expression)
        for name, child in self.relations.items():
            (pair,) = inspect(self.model).relationships[name].local_remote_pairs
            steps.append((child.source, self.source.c[pair[0].key] == child.source.c[pair[1].key]))
            place = len(columns)
            spaces[name] = _follower(child.build(columns, steps), place)
        return type(f"{self.model.__name__}Row", (LightRow,), spaces)

    def _column(self, name: str) -> Any:
        return self.source.c[inspect(self.model).column_attrs[name].columns[0].key]


def _reader(place: int) -> Any:
    return property(lambda row: row._values[place])  # noqa: SLF001 - the classes are made here


def _follower(kind: type[LightRow], place: int) -> Any:
    """The related row, or None where there is none; its key stands at `place`."""
    return property(lambda row: kind(row._values) if row._values[place] is not None else None)  # noqa: SLF001


def _behaviour(model: type[Any]) -> dict[str, Any]:
    """The properties and methods of the model's own classes, without its columns and relations."""
    mapped = set(inspect(model).attrs.keys())
    found: dict[str, Any] = {"__slots__": (), "_model": model, "__tablename__": model.__tablename__}
    for cls in reversed(model.__mro__):
        if cls in db.Model.__mro__:
            continue
        found |= {
            name: value
            for name, value in vars(cls).items()
            if name not in mapped and (name == "__str__" or not name.startswith(("__", "_sa_")))
        }
    return found

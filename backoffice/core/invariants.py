"""What holds for the records whatever acts have run, asked of the database itself.

A feature declares in its `invariants` what it knows must hold: a select of the records for which it does not. They are
asked together by `flask check`, after a restore or after rows were written past the application. Each is one
statement, so that what people write meanwhile is seen whole or not at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, Select, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from .db import db


@dataclass(frozen=True)
class Invariant:
    """One of them: `broken()` selects key and number of the records of `model` that break `rule`; `says` tells how."""

    name: str
    model: type[Any]
    rule: str
    says: str
    broken: Callable[[], Select[int, str]]

    @property
    def key(self) -> str:
        """`goods_receipt.has_one_line`."""
        return f"{self.model.__tablename__}.{self.name}"


@dataclass(frozen=True)
class Breach:
    """A record that breaks an invariant: its key, and the number by which people know it."""

    invariant: Invariant
    id: int
    number: str

    def __str__(self) -> str:
        table = self.invariant.model.__tablename__
        return f"{self.invariant.rule:<6} {table} {self.id} {self.number}: {self.invariant.says}"


#: Every invariant by its key, in the order of the features.
REGISTRY: dict[str, Invariant] = {}


def invariant(
    model: type[Any], *, rule: str, says: str, name: str = ""
) -> Callable[[Callable[[], Select[int, str]]], Callable[[], Select[int, str]]]:
    """Declare the decorated function as an invariant of `model`; it selects key and number of what breaks it.

    says: what is wrong with such a record, a sentence in English like all that commands say.
    name: instead of the function's own.
    """

    def declare(broken: Callable[[], Select[int, str]]) -> Callable[[], Select[int, str]]:
        declared = Invariant(name or broken.__name__, model, rule, says, broken)
        if declared.key in REGISTRY:
            raise ValueError(f"invariant {declared.key} is declared twice")
        REGISTRY[declared.key] = declared
        return broken

    return declare


def unique_numbers(model: type[Any], series: str) -> None:
    """Declare that no two records of `model` have the same number of the series (N-03)."""

    @invariant(model, rule=series, says="Another record has the same number.")
    def number_is_unique() -> Select[int, str]:
        twice = select(model.number).group_by(model.number).having(func.count() > 1)
        return select(model.id, model.number).where(model.number.in_(twice))


def breaches() -> Iterator[Breach]:
    """Ask every invariant; the records that break one, in the order of the registry. Only reads."""
    for one in REGISTRY.values():
        for key, number in db.session.execute(one.broken().execution_options(yield_per=500)):
            yield Breach(one, key, str(number))


class seconds_between(FunctionElement[float]):  # noqa: N801 - used like a function of the database
    """Seconds from one moment to another, to a few microseconds on SQLite."""

    inherit_cache = True
    type = Float()


@compiles(seconds_between, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(moment, **kw) for moment in element.clauses)
    return f"((julianday({end}) - julianday({start})) * 86400.0)"


@compiles(seconds_between, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(moment, **kw) for moment in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({end} - {start})) AS DOUBLE PRECISION)"

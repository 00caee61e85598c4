"""The run of one chunk in a savepoint, through the acts; every refusal is kept with its row and column."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DBAPIError

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError

from .plan import Field, Plan, Problem, RowReader, column_of
from .tables import Row

#: Rows of one transaction.
CHUNK = 500


class Target(Protocol):
    """A kind of record that can be imported, for one person and one attempt at a chunk."""

    @property
    def fields(self) -> Sequence[Field]:
        """The facts that it takes."""

    def write(self, rows: Sequence[tuple[int, dict[str, Any]]]) -> Sequence[Any]:
        """Write the facts (row number, facts) through the acts; answers each row: the record or a BackofficeError."""

    def settle(self) -> None:
        """What was written stays: keep what later chunks have to know."""

    def made(self) -> Sequence[tuple[int, Any]]:
        """What was made on the way: (row number, record)."""

    def warnings(self) -> Sequence[Problem]:
        """What is unusual and was imported all the same."""


@dataclass
class ChunkResult:
    """What became of the rows of a chunk: the records by row number, the problems by row number, and notes."""

    written: dict[int, Any] = field(default_factory=dict)
    refused: dict[int, list[Problem]] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)
    made: list[tuple[int, Any]] = field(default_factory=list)


def run_chunk(
    make_target: Callable[[], Target], fields: Sequence[Field], plan: Plan, header: Sequence[str], rows: Sequence[Row]
) -> ChunkResult:
    """Write the rows inside the running transaction; what cannot be written is told and spoils no other row."""
    result = ChunkResult()
    reader = RowReader(fields, plan, header)
    ready = []
    for row in rows:
        if row.problem:
            result.refused[row.number] = [Problem(row.number, row.column, row.problem)]
            continue
        facts, problems = reader.facts(row.number, row.cells)
        if problems:
            result.refused[row.number] = problems
        else:
            ready.append((row.number, facts))
    if ready:
        _write(make_target, fields, plan, ready, result)
    result.notes += [note for note in reader.notes if note.row in result.written]
    return result


def _write(
    make_target: Callable[[], Target], fields: Sequence[Field], plan: Plan, ready: Sequence[tuple[int, dict[str, Any]]],
    result: ChunkResult,
) -> None:  # fmt: skip
    target = make_target()
    try:
        with db.session.begin_nested():
            outcomes = target.write(ready)
            db.session.flush()
    except (DBAPIError, BackofficeError) as refusal:
        if len(ready) == 1:
            number = ready[0][0]
            result.refused[number] = [_problem(number, refusal, fields, plan)]
            return
        half = len(ready) // 2  # one row spoils the chunk: find it
        _write(make_target, fields, plan, ready[:half], result)
        _write(make_target, fields, plan, ready[half:], result)
        return
    for (number, _), outcome in zip(ready, outcomes, strict=True):
        if isinstance(outcome, BackofficeError):
            result.refused[number] = [_problem(number, outcome, fields, plan)]
        else:
            result.written[number] = outcome
    target.settle()
    result.made += target.made()
    result.notes += [note for note in target.warnings() if note.row in result.written]


def _problem(row: int, refusal: Exception, fields: Sequence[Field], plan: Plan) -> Problem:
    if isinstance(refusal, BackofficeError):
        return Problem(row, column_of(refusal, fields, plan), refusal.message, refusal.rule)
    return Problem(row, "", _l("The database does not take this row; it may exist already."))

"""The run of an import: chunk by chunk in savepoints, through the acts, every refusal kept with row and column."""

import csv
import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DBAPIError

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, Text
from backoffice.core.texts import harmless

from .plan import Field, Plan, Problem, RowReader, check, column_of
from .reading import Row, Table

CHUNK = 500


class Target(Protocol):
    """A kind of record that can be imported, for one person and one run."""

    @property
    def fields(self) -> Sequence[Field]:
        """The facts that it takes."""

    def write(self, rows: Sequence[tuple[int, dict[str, Any]]]) -> Sequence[Any]:
        """Write the facts (row number, facts) through the acts; answers each row: the record or a BackofficeError."""

    def forget(self) -> None:
        """Drop what was looked up or made: the last chunk has been taken back."""

    def made(self) -> dict[Text, int]:
        """What was made on the way: label and number."""

    def warnings(self) -> list[Problem]:
        """What is unusual and was imported all the same."""


@dataclass
class Result:
    """What became of a file. rows: read; good: written (or good in a dry run); refused: rows with their problems."""

    header: list[str]
    rows: int = 0
    good: int = 0
    refused: list[tuple[Row, list[Problem]]] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    made: dict[Text, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def problems(self) -> Iterator[Problem]:
        """All problems of all refused rows."""
        return (problem for _, problems in self.refused for problem in problems)

    @property
    def is_clean(self) -> bool:
        """Whether no row is refused."""
        return not self.refused

    def reasons(self) -> list[tuple[str, str, int]]:
        """(column, reason, how many), the most frequent first."""
        counts: dict[tuple[str, str], int] = {}
        for problem in self.problems:
            key = (problem.column, str(problem.message))
            counts[key] = counts.get(key, 0) + 1
        return sorted(((*key, count) for key, count in counts.items()), key=lambda line: -line[2])


def run(target: Target, table: Table, plan: Plan, *, progress: Callable[[int], None] = lambda rows: None) -> Result:
    """Import the table inside the running transaction; the caller commits or, for a dry run, rolls back.

    Raises MissingInput when the plan does not fit the fields. A clean result may be committed; one with refused rows
    only where the plan says so.
    """
    check(target.fields, plan)
    started = time.perf_counter()
    result = Result(table.header)
    reader = RowReader(target.fields, plan, table.header)
    rows = table.rows()
    while chunk := list(islice(rows, CHUNK)):
        result.rows += len(chunk)
        _run_chunk(target, plan, reader, chunk, result)
        progress(result.rows)
    result.refused.sort(key=lambda refused: refused[0].number)
    result.warnings = sorted([*reader.notes, *target.warnings()], key=lambda note: note.row)
    result.made = target.made()
    result.seconds = time.perf_counter() - started
    return result


def _run_chunk(target: Target, plan: Plan, reader: RowReader, chunk: list[Row], result: Result) -> None:
    ready = []
    for row in chunk:
        if row.problem:
            result.refused.append((row, [Problem(row.number, row.column, row.problem)]))
            continue
        facts, problems = reader.facts(row.number, row.cells)
        if problems:
            result.refused.append((row, problems))
        else:
            ready.append((row, facts))
    if ready:
        _write(target, plan, ready, result)


def _write(target: Target, plan: Plan, ready: list[tuple[Row, dict[str, Any]]], result: Result) -> None:
    try:
        with db.session.begin_nested():
            outcomes = target.write([(row.number, facts) for row, facts in ready])
            db.session.flush()
    except (DBAPIError, BackofficeError) as refusal:
        target.forget()
        if len(ready) == 1:
            result.refused.append((ready[0][0], [_problem(ready[0][0], refusal, target, plan)]))
            return
        for one in ready:  # one row spoils the chunk: find it
            _write(target, plan, [one], result)
        return
    for (row, _), outcome in zip(ready, outcomes, strict=True):
        if isinstance(outcome, BackofficeError):
            result.refused.append((row, [_problem(row, outcome, target, plan)]))
        else:
            result.good += 1


def _problem(row: Row, refusal: Exception, target: Target, plan: Plan) -> Problem:
    if isinstance(refusal, BackofficeError):
        return Problem(row.number, column_of(refusal, target.fields, plan), refusal.message, refusal.rule)
    return Problem(row.number, "", _l("The database does not take this row; it may exist already."))


def refused_csv(result: Result) -> bytes:
    """The refused rows as they stood in the file, behind their row number and the reasons, as CSV in UTF-8 with BOM."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([harmless(str(cell)) for cell in (_l("Row"), _l("Why not"), *result.header)])
    for row, problems in result.refused:
        reasons = "; ".join(f"{p.column}: {p.message}" if p.column else str(p.message) for p in problems)
        writer.writerow([str(row.number), *(harmless(cell) for cell in (reasons, *row.cells))])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")

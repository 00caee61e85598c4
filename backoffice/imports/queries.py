"""Who sees which runs, and what a page asks about one."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, select

from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch

from .models import ImportKind, ImportMade, ImportRow, ImportRun, MadeState, RowState

#: Reasons that a page names.
MOST_REASONS = 20


@scoped(ImportRun)
def visible_runs(by: Actor) -> ColumnElement[bool]:
    """The own runs in the own branch: the rows of a file are personal data of whoever brought them (P-1)."""
    if not by.can(Permission.DATA_IMPORT):
        return false()
    return and_(in_branch(ImportRun, by), ImportRun.created_by_id == by.id)


def rows_in(run: ImportRun, state: RowState) -> Iterator[ImportRow]:
    """The rows of the run in that state, in the order of the file, some at a time."""
    last = 0
    while True:
        query = (
            select(ImportRow)
            .where(ImportRow.run_id == run.id, ImportRow.state == state, ImportRow.number > last)
            .order_by(ImportRow.number)
            .limit(1000)
        )
        found = list(db.session.scalars(query))
        if not found:
            return
        yield from found
        last = found[-1].number
        for row in found:
            db.session.expunge(row)


def refused_rows(run: ImportRun) -> Iterator[ImportRow]:
    """The refused rows, in the order of the file."""
    return rows_in(run, RowState.REFUSED)


def first_refused(run: ImportRun, most: int) -> list[ImportRow]:
    """The first refused rows."""
    return _first(run, RowState.REFUSED, most)


def first_notes(run: ImportRun, most: int) -> list[ImportRow]:
    """The first rows that are good and of which something is to be said."""
    query = (
        select(ImportRow)
        .where(
            ImportRow.run_id == run.id,
            ImportRow.state.in_((RowState.GOOD, RowState.DONE)),
            ImportRow.problems.is_not(None),
        )
        .order_by(ImportRow.number)
        .limit(most)
    )
    return list(db.session.scalars(query))


def _first(run: ImportRun, state: RowState, most: int) -> list[ImportRow]:
    query = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.state == state)
    return list(db.session.scalars(query.order_by(ImportRow.number).limit(most)))


def preview(run: ImportRun, most: int) -> list[ImportRow]:
    """The first rows of the file."""
    query = select(ImportRow).where(ImportRow.run_id == run.id).order_by(ImportRow.number).limit(most)
    return list(db.session.scalars(query))


def reasons(run: ImportRun) -> list[tuple[str, str, int]]:
    """(column, reason, how many) of the refused rows, the most frequent first."""
    query = select(ImportRow.problems).where(ImportRow.run_id == run.id, ImportRow.state == RowState.REFUSED)
    counts: Counter[tuple[str, str]] = Counter()
    for problems in db.session.scalars(query.execution_options(yield_per=1000)):
        counts.update((column, message) for column, message, _rule in problems or ())
    return [(column, message, number) for (column, message), number in counts.most_common()]


def kept_records(run: ImportRun, most: int) -> list[ImportMade]:
    """The records that had to stay when the run was taken back."""
    query = (
        select(ImportMade)
        .where(ImportMade.run_id == run.id, ImportMade.state == MadeState.KEPT)
        .order_by(ImportMade.id)
        .limit(most)
    )
    return list(db.session.scalars(query))


def made_by(run: ImportRun) -> int:
    """How many records the run has made that are still there."""
    query = select(func.count()).where(ImportMade.run_id == run.id, ImportMade.state != MadeState.UNDONE)
    return db.session.scalar(query) or 0


def last_plan(kind: ImportKind, by: Actor) -> dict[str, Any] | None:
    """The plan last used for this kind in the branch, or None."""
    query = (
        select(ImportRun.plan)
        .where(ImportRun.branch_id == by.branch_id, ImportRun.kind == kind, ImportRun.plan.is_not(None))
        .order_by(ImportRun.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)

"""Trying and importing: one chunk of rows after the other, each settled together with what is known of its rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, insert, select, update

from backoffice.core import clock
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.imports.models import (
    MOVING,
    ImportKey,
    ImportMade,
    ImportRow,
    ImportRun,
    MadeState,
    RowState,
    RunState,
)  # fmt: skip
from backoffice.imports.targets import TARGETS, ImportTarget, Keys
from backoffice.organisation.models import User
from backoffice.ui.importing import running as chunks
from backoffice.ui.importing.plan import Plan, Problem, check
from backoffice.ui.importing.running import ChunkResult, run_chunk
from backoffice.ui.importing.tables import Row

from .undoing import undo_chunk

#: Whoever drives a run has it to himself for so long after his last chunk.
LEASE = timedelta(seconds=10)
_NO_SYNC = {"synchronize_session": False}


def _has_rows(run: ImportRun, by: Actor) -> None:
    if run.swept_at is not None:
        raise RuleViolated(_l("The rows of this file were removed meanwhile. Upload it again."), rule="G-04")


@act(
    "import.try", ImportRun, permission=Permission.DATA_IMPORT, label=_l("Try it"), rule="G-04",
    sources=[RunState.UPLOADED, RunState.TRIED], target=RunState.TRYING, guards=[_has_rows], bulk=False,
)  # fmt: skip
def start_try(run: ImportRun, *, by: User, at: datetime, plan: Plan, goes_on: bool = False) -> None:
    """Begin the dry run: the very same chunks, each taken back. goes_on: import at once when no row is refused."""
    _take_plan(run, plan, by)
    run.goes_on = goes_on


@act(
    "import.begin", ImportRun, permission=Permission.DATA_IMPORT, label=_l("Import"), rule="G-04",
    sources=[RunState.UPLOADED, RunState.TRIED], target=RunState.RUNNING, guards=[_has_rows], bulk=False,
)  # fmt: skip
def begin(run: ImportRun, *, by: User, at: datetime, plan: Plan) -> None:
    """Begin the import. Raises RuleViolated unless a try with this plan refused no row, or the good ones are enough."""
    if not plan.good_rows_only:
        if run.state is not RunState.TRIED or run.plan != plan.as_json():
            raise RuleViolated(_l("Try it first: nothing is imported while rows may be refused."), field="file")
        if run.refused:
            raise RuleViolated(
                _l("Nothing was imported: %(refused)s of %(rows)s rows have a problem.",
                   refused=run.refused, rows=run.rows),
                field="file",
            )  # fmt: skip
    _take_plan(run, plan, by)
    run.started_at = at


def _take_plan(run: ImportRun, plan: Plan, by: User) -> None:
    check(TARGETS[run.kind].fields, plan)
    TARGETS[run.kind](by, plan.options)  # raises NotPermitted for an option without the right
    run.plan, run.goes_on = plan.as_json(), False
    _from_the_top(run)


def _from_the_top(run: ImportRun) -> None:
    db.session.execute(delete(ImportKey).where(ImportKey.run_id == run.id), execution_options=_NO_SYNC)
    db.session.execute(
        update(ImportRow)
        .where(ImportRow.run_id == run.id, ImportRow.state != RowState.PENDING)
        .values(state=RowState.PENDING, problems=None),
        execution_options=_NO_SYNC,
    )
    run.at_row = run.good = run.refused = 0
    run.made, run.driver, run.driven_until = None, "", None


@act(
    "import.stop", ImportRun, permission=Permission.DATA_IMPORT, label=_l("Stop"), rule="G-04",
    sources=[RunState.RUNNING], target=RunState.STOPPED, bulk=False,
)  # fmt: skip
def stop(run: ImportRun, *, by: User, at: datetime) -> None:
    """Halt between two chunks; what is in stays in."""
    run.driver, run.driven_until = "", None


@act(
    "import.resume", ImportRun, permission=Permission.DATA_IMPORT, label=_l("Go on"), rule="G-04",
    sources=[RunState.STOPPED], target=RunState.RUNNING, guards=[_has_rows], bulk=False,
)  # fmt: skip
def resume(run: ImportRun, *, by: User, at: datetime) -> None:
    """Go on with the first row that is not settled yet."""


@act(
    "import.proceed", ImportRun, permission=Permission.DATA_IMPORT, label=_l("A chunk of rows"), rule="G-04",
    sources=MOVING, guards=[_has_rows], bulk=False,
    also=[
        (ImportRun, RunState.TRYING, RunState.TRIED), (ImportRun, RunState.TRYING, RunState.RUNNING),
        (ImportRun, RunState.RUNNING, RunState.DONE), (ImportRun, RunState.UNDOING, RunState.UNDONE),
    ],
)  # fmt: skip
def proceed(run: ImportRun, *, by: User, at: datetime, driver: str = "") -> None:
    """Settle the next chunk. driver: who does this again and again; meanwhile nobody else may ("" once only)."""
    if run.driver and run.driver != driver and run.driven_until is not None and run.driven_until > at:
        raise RuleViolated(_l("This is under way in another window. Wait until it ends or stops."), rule="G-06")
    if run.state is RunState.UNDOING:
        is_over = undo_chunk(run, by)
    else:
        is_over = _chunk(run, by)
    run.driver, run.driven_until = (driver, clock.now() + LEASE) if driver and not is_over else ("", None)


def _chunk(run: ImportRun, by: User) -> bool:
    """Settle the next rows; answers whether the run has come to rest."""
    stays = run.state is RunState.RUNNING
    plan = Plan.from_json(run.plan or {})
    rows = _next_rows(run)
    keys, targets = Keys(run.id), list[ImportTarget]()

    def target() -> ImportTarget:
        keys.new.clear()
        targets.append(TARGETS[run.kind](by, plan.options, keys))
        return targets[-1]

    savepoint = db.session.begin_nested()
    result = run_chunk(target, TARGETS[run.kind].fields, plan, run.header, [_row(one) for one in rows])
    if stays:
        savepoint.commit()
        _note_made(run, result)
    else:
        savepoint.rollback()
    if digests := [one for target_ in targets for one in target_.settled]:
        db.session.execute(insert(ImportKey), digests)
    _note_rows(run, rows, result, stays=stays)
    made = dict(run.made or {})
    for target_ in targets:
        for table, number in target_.counts.items():
            made[table] = made.get(table, 0) + number
    run.made = made or None
    run.good += len(result.written)
    run.refused += len(result.refused)
    run.at_row = rows[-1].number if rows else run.at_row
    return _settle(run) if run.settled >= run.rows or not rows else False


def _settle(run: ImportRun) -> bool:
    """The last row is settled: the run comes to rest, or a clean try goes on to the import."""
    if run.state is RunState.RUNNING:
        run.state, run.ended_at, run.stored_name = RunState.DONE, clock.now(), ""
        db.session.execute(delete(ImportKey).where(ImportKey.run_id == run.id), execution_options=_NO_SYNC)
        return True
    if run.goes_on and not run.refused and run.good:
        _from_the_top(run)
        run.state, run.started_at = RunState.RUNNING, clock.now()
        return False
    run.state = RunState.TRIED
    return True


def _next_rows(run: ImportRun) -> Sequence[Any]:
    query = (
        select(ImportRow.id, ImportRow.number, ImportRow.cells, ImportRow.fault)
        .where(ImportRow.run_id == run.id, ImportRow.number > run.at_row)
        .order_by(ImportRow.number)
        .limit(chunks.CHUNK)
    )
    return db.session.execute(query).all()


def _row(kept: Any) -> Row:
    column, problem = kept.fault or ("", "")
    return Row(kept.number, kept.cells or [], problem, column)


def _note_made(run: ImportRun, result: ChunkResult) -> None:
    records = [*result.made, *sorted(result.written.items())]
    if records:
        db.session.execute(
            insert(ImportMade),
            [
                {"run_id": run.id, "table_name": record.__tablename__, "record_id": record.id, "row_number": number,
                 "record_version": record.version, "state": MadeState.MADE, "reason": ""}
                for number, record in records
            ],
        )  # fmt: skip


def _note_rows(run: ImportRun, rows: Sequence[Any], result: ChunkResult, *, stays: bool) -> None:
    notes: dict[int, list[Problem]] = {}
    for note in result.notes:
        notes.setdefault(note.row, []).append(note)
    good = {"state": RowState.DONE, "cells": None} if stays else {"state": RowState.GOOD}
    silent = [row.id for row in rows if row.number in result.written and row.number not in notes]
    if silent:
        db.session.execute(
            update(ImportRow).where(ImportRow.id.in_(silent)).values(**good, problems=None), execution_options=_NO_SYNC
        )
    told = [
        {"id": row.id, **good, "problems": _told(notes[row.number])} for row in rows
        if row.number in result.written and row.number in notes
    ]  # fmt: skip
    refused = [
        {"id": row.id, "state": RowState.REFUSED, "problems": _told(result.refused[row.number])} for row in rows
        if row.number in result.refused
    ]  # fmt: skip
    for values in (told, refused):
        if values:
            db.session.execute(update(ImportRow), values)


def _told(problems: Sequence[Problem]) -> list[list[str]]:
    """What is said about a row, in the language of the person who imports: column, sentence, rule."""
    return [[one.column, str(one.message), one.rule] for one in problems]

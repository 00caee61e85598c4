"""A file comes in: its rows are kept, read again another way, discarded, swept."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, insert, select, update

from backoffice.core import clock
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput
from backoffice.core.permissions import Permission
from backoffice.imports.models import ImportKey, ImportKind, ImportRow, ImportRun, RowState, RunState
from backoffice.imports.targets import TARGETS, ImportTarget
from backoffice.organisation.models import User
from backoffice.ui.importing.tables import Row, Table

#: For so long the rows of an unfinished run and the refused rows of a finished one are kept.
KEPT_DAYS = 7
_AT_ONCE = 1000


def target_of(kind: str) -> type[ImportTarget]:
    """The target called `kind`; raises MissingInput for anything else."""
    try:
        return TARGETS[ImportKind(kind)]
    except (ValueError, KeyError):
        kinds = ", ".join(kind.value for kind in TARGETS)
        raise MissingInput(_l("Choose what to import: %(kinds)s.", kinds=kinds), field="kind") from None


@act(
    "import.upload", ImportRun, permission=Permission.DATA_IMPORT, label=_l("New import"), rule="G-04",
    creates=True, bulk=False,
)  # fmt: skip
def upload(
    *, by: User, at: datetime, kind: ImportKind, table: Table, rows: Iterable[Row], file_name: str, sha256: str,
    stored_name: str = "",
) -> ImportRun:  # fmt: skip
    """Keep the rows of a file that was read, to be tried and imported."""
    TARGETS[kind](by)  # raises NotPermitted without the right
    run = ImportRun(
        branch_id=by.branch_id, kind=kind, state=RunState.UPLOADED, file_name=file_name[-200:], sha256=sha256,
        stored_name=stored_name, header=table.header,
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    _stage(run, table, rows)
    return run


@act(
    "import.read_again", ImportRun, permission=Permission.DATA_IMPORT, label=_l("Read the file again"), rule="G-04",
    sources=[RunState.UPLOADED, RunState.TRIED], target=RunState.UPLOADED, bulk=False,
)  # fmt: skip
def read_again(run: ImportRun, *, by: User, at: datetime, table: Table, rows: Iterable[Row]) -> None:
    """Take the rows as they are in another encoding, with another separator, or of another sheet."""
    db.session.execute(delete(ImportRow).where(ImportRow.run_id == run.id))
    _stage(run, table, rows)


def _stage(run: ImportRun, table: Table, rows: Iterable[Row]) -> None:
    walk = iter(rows)
    count = 0
    while chunk := list(islice(walk, _AT_ONCE)):
        count += len(chunk)
        db.session.execute(insert(ImportRow), [_kept(run.id, row) for row in chunk])
    run.header, run.rows = table.header, count
    run.encoding, run.separator, run.sheet = table.encoding, table.separator, table.sheet
    run.good = run.refused = run.at_row = 0
    run.made = None


def _kept(run_id: int, row: Row) -> dict[str, Any]:
    fault = [row.column, str(row.problem)] if row.problem else None
    return {"run_id": run_id, "number": row.number, "cells": row.cells, "fault": fault, "state": RowState.PENDING,
            "problems": None}  # fmt: skip


@act(
    "import.discard", ImportRun, permission=Permission.DATA_IMPORT, label=_l("Discard"), rule="G-04",
    sources=[RunState.UPLOADED, RunState.TRYING, RunState.TRIED], target=RunState.DISCARDED, tone="danger", bulk=False,
)  # fmt: skip
def discard(run: ImportRun, *, by: User, at: datetime) -> None:
    """Give the file up; its rows are removed, nothing of it was imported."""
    db.session.execute(delete(ImportRow).where(ImportRow.run_id == run.id))
    db.session.execute(delete(ImportKey).where(ImportKey.run_id == run.id))
    run.stored_name, run.driver, run.driven_until = "", "", None


@act(
    "import.sweep", ImportRun, permission=Permission.DATA_IMPORT, label=_l("Remove old rows"), rule="G-04",
    creates=True, bulk=False,
)  # fmt: skip
def sweep(*, by: User, at: datetime) -> list[int]:
    """Drop the cells of every run, whoever's, with which nobody has gone on for KEPT_DAYS; answers the runs' keys."""
    before = clock.now() - timedelta(days=KEPT_DAYS)
    query = select(ImportRun.id).where(ImportRun.updated_at < before, ImportRun.swept_at.is_(None))
    old = list(db.session.scalars(query))
    if old:
        db.session.execute(
            update(ImportRow).where(ImportRow.run_id.in_(old)).values(cells=None),
            execution_options={"synchronize_session": False},
        )
        db.session.execute(delete(ImportKey).where(ImportKey.run_id.in_(old)))
        db.session.execute(
            update(ImportRun).where(ImportRun.id.in_(old)).values(swept_at=at, updated_at=ImportRun.updated_at),
            execution_options={"synchronize_session": False},
        )
    return old

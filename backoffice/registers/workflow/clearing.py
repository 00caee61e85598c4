"""Deleting prepared files that were kept long enough (C-58)."""

from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from backoffice.core import clock, jobs
from backoffice.core.db import db
from backoffice.registers import queries
from backoffice.registers.models import ExportRun, ExportState

from . import files


@jobs.job("C-58", _l("Delete prepared files that were kept long enough"), when="20 3 * * *", commits=True)
def clear(day: date, at: datetime) -> int:
    """Mark what has run out as deleted, then remove every file that no longer belongs to one; how many files. Commits.

    The files go after the commit, so that none is promised that is not there.
    """
    old = [run.id for run in db.session.scalars(queries.outlived(at).with_for_update(skip_locked=True))]
    if old:
        gone = update(ExportRun).where(ExportRun.id.in_(old), ExportRun.state == ExportState.READY)
        values = {"state": ExportState.EXPIRED, "updated_at": clock.now(), "version": ExportRun.version + 1}
        db.session.execute(gone.values(values).execution_options(synchronize_session=False))
    db.session.commit()
    there = files.names()  # first the files, then the rows: what is asked for meanwhile is not taken for left over
    lost = there - queries.names_in_use()
    db.session.commit()
    for name in lost:
        files.drop(name)
    return len(lost)

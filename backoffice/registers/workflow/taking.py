"""Taking a prepared file out (G-04)."""

from datetime import datetime
from pathlib import Path

from flask_babel import lazy_gettext as _l

from backoffice.core import audit
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Permission, require
from backoffice.organisation.models import User
from backoffice.registers.models import ExportRun, ExportState

from . import files, lists


def note_taken(run: ExportRun, *, by: User, at: datetime) -> Path:
    """Write down that `by` takes the file, and say where it lies. The caller commits.

    Raises NotPermitted or RuleViolated: not ready, run out, gone, or a list that one may no longer take.
    """
    require(by, Permission.DATA_EXPORT)
    if run.state is not ExportState.READY or run.expires_at is None or run.expires_at <= at:
        raise RuleViolated(_l("There is no file here, or no longer. Ask for it again."), rule="C-58")
    if lists.source.known(run.register, run.address, by) is None:
        raise RuleViolated(_l("Your role may no longer take this list."), rule="P-3")
    path = files.path_of(run.stored_name)
    if path is None:
        raise RuleViolated(_l("The file is missing from the store. Ask for it again."), rule="C-58")
    what = audit.Occasion("export_run.take", by, on_behalf_of_id=by.on_behalf_of(Permission.DATA_EXPORT))
    with audit.during(what):
        audit.record(run, what.act, by=by)
    return path

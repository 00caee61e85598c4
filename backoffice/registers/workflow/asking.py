"""Asking for a file that is prepared in the background, and deleting it."""

from datetime import datetime

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.organisation.models import User
from backoffice.registers import queries
from backoffice.registers.models import ExportRun, ExportState, FileFormat
from backoffice.registers.rules import LONGEST_ADDRESS, MOST_OPEN

from . import files, lists


@act(
    "export_run.ask", ExportRun, permission=Permission.DATA_EXPORT, label=_l("Prepare the file"), rule="C-57",
    creates=True, tone="primary",
)  # fmt: skip
def ask(*, by: User, at: datetime, register: str, format: FileFormat, address: str = "") -> ExportRun:
    """Have the file of a list made by the worker, within a minute if no other is before it.

    register: the endpoint of the list. address: its parameters. Raises MissingInput or RuleViolated (C-57).
    """
    if not isinstance(format, FileFormat):
        raise MissingInput(_l("Choose the kind of file."), rule="C-57", field="format")
    known = lists.source.known(register, address, by)
    if known is None:
        raise MissingInput(_l("Open the list first, then export it there."), rule="C-57")
    if len(known) > LONGEST_ADDRESS:
        raise MissingInput(_l("This list has too many filters to be kept; take some out."), rule="C-57")
    if queries.open_of(by.id) >= MOST_OPEN:
        raise RuleViolated(
            _l("You have %(n)s files under way already. Wait for one of them, or delete it.", n=MOST_OPEN), rule="C-57"
        )
    run = ExportRun(
        user_id=by.id, register=register, address=known, format=format, stored_name=files.new_name(),
        locale=str(get_locale() or by.locale or "en"),
    )  # fmt: skip
    db.session.add(run)
    return run


@act(
    "export_run.withdraw", ExportRun, permission=Permission.DATA_EXPORT, label=_l("Delete the file"), rule="C-58",
    sources=(ExportState.WAITING, ExportState.RUNNING, ExportState.READY), target=ExportState.EXPIRED, tone="danger",
)  # fmt: skip
def withdraw(run: ExportRun, *, by: User, at: datetime) -> None:
    """It is no longer wanted; whoever makes it stops, and the file itself is removed by the next job."""
    run.claim, run.beat_at = "", None
    run.finished_at = run.finished_at or at

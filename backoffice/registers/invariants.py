"""What holds for prepared files, whatever workers have done."""

from sqlalchemy import Select, exists, select

from backoffice.core.audit import AuditEntry
from backoffice.core.invariants import invariant
from backoffice.core.notices import Notice

from .models import ExportRun, ExportState


@invariant(ExportRun, rule="G-04", says="It is ready, but the trail does not say that it was made.")
def ready_stands_in_the_trail() -> Select[int, str]:
    """Every file that is ready was written down as an export of whoever asked for it."""
    written = exists().where(
        AuditEntry.user_id == ExportRun.user_id, AuditEntry.at >= ExportRun.started_at,
        AuditEntry.act.like("%.export"),
    )  # fmt: skip
    return select(ExportRun.id, ExportRun.register).where(ExportRun.state == ExportState.READY, ~written)


@invariant(ExportRun, rule="C-57", says="It is ready, but whoever asked for it was not told.")
def ready_was_told() -> Select[int, str]:
    """Whoever asked for the file has a notice."""
    told = exists().where(
        Notice.user_id == ExportRun.user_id, Notice.subject_type == "export_run", Notice.subject_id == ExportRun.id
    )
    return select(ExportRun.id, ExportRun.register).where(ExportRun.state == ExportState.READY, ~told)

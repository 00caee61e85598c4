"""Who sees prepared files, and which are waiting, running out, or still in use."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select

from backoffice.core.db import db
from backoffice.core.permissions import Actor
from backoffice.core.scope import scoped
from backoffice.registers.models import OPEN, ExportRun, ExportState
from backoffice.registers.rules import LEASE


@scoped(ExportRun)
def own(by: Actor) -> ColumnElement[bool]:
    """Whoever has asked for the file, nobody else: it holds what that person may see."""
    return ExportRun.user_id == by.id


def open_of(user_id: int) -> int:
    """How many files of a person are still to come."""
    query = select(func.count()).where(ExportRun.user_id == user_id, ExportRun.state.in_(OPEN))
    return db.session.scalar(query) or 0


def to_make(at: datetime) -> Select[ExportRun]:
    """The next file that nobody is making, locked; what others have locked is passed over."""
    gone = or_(ExportRun.claim == "", ExportRun.beat_at < at - LEASE, ExportRun.beat_at > at + LEASE)
    free = or_(ExportRun.state == ExportState.WAITING, gone)
    return (
        select(ExportRun)
        .where(ExportRun.state.in_(OPEN), free)
        .order_by(ExportRun.id)
        .limit(1)
        .with_for_update(of=ExportRun, skip_locked=True)
        .execution_options(populate_existing=True)
    )


def outlived(at: datetime) -> Select[ExportRun]:
    """Ready files that were kept long enough."""
    return select(ExportRun).where(ExportRun.state == ExportState.READY, ExportRun.expires_at <= at)


def names_in_use() -> set[str]:
    """Names of the files that are ready or being made."""
    live = (*OPEN, ExportState.READY)
    return set(db.session.scalars(select(ExportRun.stored_name).where(ExportRun.state.in_(live))))

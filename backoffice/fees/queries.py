"""Who sees parts used on site and fee sheets."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, select

from backoffice.calls.models import ServiceCall
from backoffice.calls.queries import own_jobs
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch

from .models import FeeLine, FeeSheet, SitePart


def _on_visible_calls(model: Any, call_id: Any, by: Actor) -> ColumnElement[bool]:
    if not by.can(Permission.CALL_READ):
        return false()
    here = in_branch(model, by)
    if by.role is Role.TECHNICIAN and not by.can(Permission.CALL_DISPATCH):
        return and_(here, call_id.in_(select(ServiceCall.id).where(own_jobs(by))))
    return here


@scoped(SitePart)
def visible_site_parts(by: Actor) -> ColumnElement[bool]:
    """The parts used on the visible jobs."""
    return _on_visible_calls(SitePart, SitePart.call_id, by)


@scoped(FeeSheet)
def visible_sheets(by: Actor) -> ColumnElement[bool]:
    """The fee sheets of the visible jobs."""
    return _on_visible_calls(FeeSheet, FeeSheet.call_id, by)


@scoped(FeeLine)
def visible_fee_lines(by: Actor) -> ColumnElement[bool]:
    """The lines of the visible fee sheets."""
    if by.role is not Role.TECHNICIAN or by.can(Permission.CALL_DISPATCH):
        return in_branch(FeeLine, by) if by.can(Permission.CALL_READ) else false()
    return and_(in_branch(FeeLine, by), FeeLine.sheet_id.in_(select(FeeSheet.id).where(visible_sheets(by))))


def sheet_of(call_id: int) -> FeeSheet | None:
    """The current fee sheet of a job, or None where nothing was written on one yet."""
    return db.session.scalar(select(FeeSheet).where(FeeSheet.call_id == call_id, FeeSheet.is_current))

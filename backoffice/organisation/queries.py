"""Who works where, who is away, and which rows of this feature a person may see (P-1)."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, false, or_, select, true

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.numbering import NumberSeries
from backoffice.core.once import once
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.printing import PrintEntry
from backoffice.core.scope import scoped

from .models import Absence, Branch, BranchKind, Delegation, ServiceArea, User


def in_branch(model: Any, by: Any) -> ColumnElement[bool]:
    """Condition on `model.branch_id`: the actor's branch, every branch for the manager of the headquarters (P-1)."""
    if by.sees_all_branches:
        return true()
    condition: ColumnElement[bool] = model.branch_id == by.branch_id
    return condition


def in_branch_of_money(model: Any, by: Any) -> ColumnElement[bool]:
    """Like `in_branch`, and every branch for finance at the headquarters: dues, payments, handovers, invoices (P-1)."""
    return true() if by.sees_all_money else in_branch(model, by)


def in_any_branch_for_admin(model: Any, by: Any) -> ColumnElement[bool]:
    """Like `in_branch`, and every branch for the administrator: users, areas, branches, audit (P-1)."""
    return true() if by.role is Role.ADMIN else in_branch(model, by)


def supervisor_ids(branch_id: int) -> list[int]:
    """Keys of those who are told as supervisors of the branch: the supervisors and their deputies of today."""
    return _ids_with_deputies(branch_id, Role.SUPERVISOR)


def manager_ids(branch_id: int) -> list[int]:
    """Keys of those who are told as managers of the branch: the managers and their deputies of today."""
    return _ids_with_deputies(branch_id, Role.MANAGER)


def finance_ids(branch_id: int) -> list[int]:
    """Keys of those who are told as finance of the branch, with their deputies of today; else of the headquarters."""
    found = _ids_with_deputies(branch_id, Role.FINANCE)
    if found:
        return found
    head = once("headquarters_id", lambda: db.session.scalar(_HEADQUARTERS))
    return _ids_with_deputies(head, Role.FINANCE) if head is not None else []


_HEADQUARTERS = select(Branch.id).where(Branch.kind == BranchKind.HEADQUARTERS).order_by(Branch.id).limit(1)


def assistant_ids(branch_id: int) -> list[int]:
    """Keys of those who are told as assistants of the branch: the assistants and their deputies of today."""
    return _ids_with_deputies(branch_id, Role.ASSISTANT)


def _ids_with_deputies(branch_id: int, role: Role) -> list[int]:
    return once(("ids_with_deputies", branch_id, role), lambda: _ask_ids_with_deputies(branch_id, role))


def _ask_ids_with_deputies(branch_id: int, role: Role) -> list[int]:
    today = clock.today()
    deputies = (
        select(Delegation.deputy_id)
        .join(User, User.id == Delegation.principal_id)
        .where(
            User.branch_id == branch_id, User.role == role, User.is_active, Delegation.ended_at.is_(None),
            Delegation.from_on <= today, Delegation.to_on >= today,
        )
    )  # fmt: skip
    query = (
        select(User.id)
        .where(
            User.branch_id == branch_id, User.is_active, User.role != Role.ADMIN,
            or_(User.role == role, User.id.in_(deputies)),
        )
        .order_by(User.id)
    )  # fmt: skip
    return list(db.session.scalars(query))


def absent(day: date) -> ColumnElement[bool]:
    """Condition on a row of `user`: away on `day` (E-31)."""
    return exists().where(
        Absence.user_id == User.id, Absence.from_on <= day, Absence.to_on >= day, Absence.cancelled_at.is_(None)
    )


def is_absent(user_id: int, day: date) -> bool:
    """Whether the person is away on `day` (E-31)."""
    absence = exists().where(User.id == user_id, absent(day))
    return once(("is_absent", user_id, day), lambda: bool(db.session.scalar(select(absence))))


@scoped(Branch)
def _branches_of(by: Any) -> ColumnElement[bool]:
    if by.role is Role.ADMIN or by.sees_all_branches:
        return true()
    return Branch.id == by.branch_id


@scoped(ServiceArea)
def _areas_of(by: Any) -> ColumnElement[bool]:
    return in_any_branch_for_admin(ServiceArea, by)


@scoped(User)
def _users_of(by: Any) -> ColumnElement[bool]:
    return in_any_branch_for_admin(User, by)


@scoped(Absence)
def _absences_of(by: Any) -> ColumnElement[bool]:
    if not by.can(Permission.ABSENCE_READ):
        return false()
    own_only = by.can(Permission.ABSENCE_WRITE_OWN) and not by.can(Permission.ABSENCE_WRITE)
    return Absence.user_id == by.id if own_only else in_branch(Absence, by)


@scoped(Delegation)
def _delegations_of(by: Any) -> ColumnElement[bool]:
    if not by.can(Permission.DELEGATION_WRITE):
        return false()
    return in_branch(Delegation, by)


@scoped(AuditEntry)
def _audit_of(by: Any) -> ColumnElement[bool]:
    if not by.can(Permission.AUDIT_READ):
        return false()
    return in_any_branch_for_admin(AuditEntry, by)


@scoped(PrintEntry)
def _prints_of(by: Any) -> ColumnElement[bool]:
    return in_branch(PrintEntry, by) if by.can(Permission.AUDIT_READ) else false()


@scoped(NumberSeries)
def _series_of(by: Any) -> ColumnElement[bool]:
    if not by.can(Permission.SETTING_READ):
        return false()
    return in_any_branch_for_admin(NumberSeries, by)


@scoped(Notice)
def _notices_of(by: Actor) -> ColumnElement[bool]:
    return Notice.user_id == by.id

"""Who belonged to which branch on a day, and whose report is missing (W-6.3, E-31)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.organisation.queries import absent
from backoffice.reports.models import HANDED_IN, DailyReport
from backoffice.settings import queries as settings

#: What the trail of a user tells of the day.
_FACTS = ("branch_id", "role", "is_active")


@dataclass(frozen=True)
class Person:
    """A person as he was at the end of a day."""

    id: int
    name: str
    branch_id: int
    role: Role
    is_active: bool


def _people_on(day: date, *conditions: Any) -> list[Person]:
    """Everybody who was entered by the end of the day, as he was then; later changes are taken back by the trail."""
    end = clock.day_end(day)
    columns = (User.id, User.real_name, User.branch_id, User.role, User.is_active)
    rows = db.session.execute(select(*columns).where(User.created_at < end, *conditions).order_by(User.id)).all()
    then: dict[int, dict[str, Any]] = {}
    trail = (
        select(AuditEntry.subject_id, AuditEntry.changes)
        .where(
            AuditEntry.subject_type == User.__tablename__, AuditEntry.subject_id.in_([row.id for row in rows]),
            AuditEntry.at >= end, AuditEntry.changes.is_not(None),
        )
        .order_by(AuditEntry.id)
    )  # fmt: skip
    for key, changes in db.session.execute(trail) if day < clock.today() else ():
        for fact in _FACTS:
            if fact in (changes or {}) and changes[fact][0] is not None:
                then.setdefault(key, {}).setdefault(fact, changes[fact][0])
    return [
        Person(
            row.id, row.real_name, then.get(row.id, {}).get("branch_id", row.branch_id),
            Role(then.get(row.id, {}).get("role", row.role)), then.get(row.id, {}).get("is_active", row.is_active),
        )
        for row in rows
    ]  # fmt: skip


def works_in(user: User, day: date) -> int:
    """Key of the branch to which the person belonged on that day."""
    found = _people_on(day, User.id == user.id)
    return found[0].branch_id if found else user.branch_id


def technicians_on(branch_id: int, day: date) -> list[Person]:
    """The active technicians of the branch on that day."""
    return [
        person for person in _people_on(day)
        if person.branch_id == branch_id and person.role is Role.TECHNICIAN and person.is_active
    ]  # fmt: skip


def expected(branch_id: int, day: date) -> list[Person]:
    """Who of the branch should report on that day: active technicians, on a working day, not absent (W-6.3)."""
    if not settings.calendar().is_workday(day):
        return []
    here = technicians_on(branch_id, day)
    away = set(db.session.scalars(select(User.id).where(User.id.in_([one.id for one in here]), absent(day))))
    return [person for person in here if person.id not in away]


def missing(branch_id: int, day: date) -> list[Person]:
    """Those of them who have not handed in their report."""
    people = expected(branch_id, day)
    there = select(DailyReport.technician_id).where(
        DailyReport.technician_id.in_([person.id for person in people]), DailyReport.report_on == day,
        DailyReport.state.in_(HANDED_IN),
    )  # fmt: skip
    handed_in = set(db.session.scalars(there))
    return [person for person in people if person.id not in handed_in]

"""Who sees which reports, and what waits; who should have reported; what a day has brought; where its calls stand."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.scope import scoped
from backoffice.organisation.models import Absence
from backoffice.organisation.queries import in_branch
from backoffice.repairs.models import TimeEntry
from backoffice.reports.models import (
    HANDED_IN,
    IN_HAND,
    DailyReport,
    ReportLine,
    ReportState,
    SupervisorReport,
)
from backoffice.reports.rules import LONG_MINUTES
from backoffice.vouchers.models import Visit

from .proposing import EARLIEST, Proposal, differences, proposals
from .staff import expected, missing, technicians_on, works_in
from .standing import count_members, members, standings, sums, where_they_stand
from .summing import Flow, compare, flow_of, matrix_of

__all__ = [
    "EARLIEST", "HANDED_IN", "IN_HAND", "Flow", "Proposal", "compare", "count_members", "differences", "expected",
    "flow_of", "matrix_of", "members", "missing", "proposals", "report_of", "standings", "summary_of", "sums",
    "technicians_on", "visible_lines", "visible_reports", "visible_summaries", "where_they_stand", "works_in",
]  # fmt: skip


def _own_only(by: Actor) -> bool:
    return by.role is Role.TECHNICIAN and not by.can(Permission.REPORT_REVIEW)


@scoped(DailyReport)
def visible_reports(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician his own, wherever he was then (P-1)."""
    if not by.can(Permission.REPORT_READ):
        return false()
    own = DailyReport.technician_id == by.id
    return own if _own_only(by) else or_(own, in_branch(DailyReport, by))


@scoped(ReportLine)
def visible_lines(by: Actor) -> ColumnElement[bool]:
    """The lines of the visible reports."""
    return ReportLine.report_id.in_(select(DailyReport.id).where(visible_reports(by)))


@scoped(SupervisorReport)
def visible_summaries(by: Actor) -> ColumnElement[bool]:
    """Own branch (P-1)."""
    return in_branch(SupervisorReport, by) if by.can(Permission.SUMMARY_READ) else false()


def report_of(technician_id: int, day: object) -> DailyReport | None:
    """The report of a technician on a day."""
    query = select(DailyReport).where(DailyReport.technician_id == technician_id, DailyReport.report_on == day)
    return db.session.scalar(query)


def summary_of(branch_id: int, day: object) -> SupervisorReport | None:
    """The supervisor's report of a branch on a day."""
    query = select(SupervisorReport).where(SupervisorReport.branch_id == branch_id, SupervisorReport.report_on == day)
    return db.session.scalar(query)


def is_overdue() -> ColumnElement[bool]:
    """Condition: the day is over, and a report that should be there is not handed in (W-6.3)."""
    away = exists().where(
        Absence.user_id == DailyReport.technician_id, Absence.from_on <= DailyReport.report_on,
        Absence.to_on >= DailyReport.report_on, Absence.cancelled_at.is_(None),
    )  # fmt: skip
    return and_(
        DailyReport.state.in_(IN_HAND), DailyReport.report_on < clock.today(), ~DailyReport.on_day_off, ~away
    )  # fmt: skip


def is_long() -> ColumnElement[bool]:
    """Condition: more than 12 hours (E-17)."""
    return DailyReport.minutes > LONG_MINUTES


def differs() -> ColumnElement[bool]:
    """Condition: what was pressed is no longer what the report proposes: entered, corrected or dropped since."""
    here, lines = DailyReport, (ReportLine.report_id == DailyReport.id, ReportLine.removed_at.is_(None))
    visit = (
        Visit.technician_id == here.technician_id, Visit.arrived_at > here.earliest_at, Visit.arrived_at < here.to_at,
        or_(Visit.left_at > here.from_at, and_(Visit.left_at >= here.from_at, Visit.arrived_at >= here.from_at)),
    )  # fmt: skip
    entry = (
        TimeEntry.user_id == here.technician_id, TimeEntry.started_at > here.earliest_at,
        TimeEntry.started_at < here.to_at, TimeEntry.ended_at > here.from_at, TimeEntry.voided_at.is_(None),
    )  # fmt: skip
    same_visit = (
        *lines, ReportLine.visit_id == Visit.id,
        or_(ReportLine.proposed_started_at == Visit.arrived_at, Visit.arrived_at < here.from_at),
        or_(ReportLine.proposed_ended_at == Visit.left_at, Visit.left_at > here.to_at),
    )  # fmt: skip
    same_entry = (
        *lines, ReportLine.time_entry_id == TimeEntry.id,
        or_(ReportLine.proposed_started_at == TimeEntry.started_at, TimeEntry.started_at < here.from_at),
        or_(ReportLine.proposed_ended_at == TimeEntry.ended_at, TimeEntry.ended_at > here.to_at),
    )  # fmt: skip

    def some(model: type[Any], *conditions: ColumnElement[bool], behind: tuple[Any, ...] = ()) -> ColumnElement[bool]:
        return exists(select(model.id).where(*conditions).correlate(DailyReport, *behind))

    return or_(
        some(Visit, *visit, ~some(ReportLine, *same_visit, behind=(Visit,))),
        some(TimeEntry, *entry, ~some(ReportLine, *same_entry, behind=(TimeEntry,))),
        some(ReportLine, *lines, ReportLine.visit_id.is_not(None),
             ~some(Visit, Visit.id == ReportLine.visit_id, *visit, behind=(ReportLine,))),
        some(ReportLine, *lines, ReportLine.time_entry_id.is_not(None),
             ~some(TimeEntry, TimeEntry.id == ReportLine.time_entry_id, *entry, behind=(ReportLine,))),
    )  # fmt: skip


def to_review(by: Actor) -> Select[int]:
    """How many visible reports wait for this person's review (W-6.1, W-6.2)."""
    return select(func.count()).where(visible_reports(by), waits_for(by))


def waits_for(by: Actor) -> ColumnElement[bool]:
    """Condition: handed in, not his own, and his to review."""
    conditions: list[ColumnElement[bool]] = []
    if by.can(Permission.REPORT_REVIEW):
        conditions.append(~DailyReport.of_supervisor)
    if by.can(Permission.REPORT_REVIEW_SUPERVISOR):
        conditions.append(DailyReport.of_supervisor.is_(True))
    return and_(DailyReport.state == ReportState.SUBMITTED, DailyReport.technician_id != by.id, or_(*conditions))


def overdue(by: Actor) -> Select[int]:
    """How many visible reports of technicians are missing (W-6.3)."""
    return select(func.count()).where(visible_reports(by), is_overdue())


def own_open(by: Actor) -> Select[int]:
    """How many reports this person has still to hand in."""
    return select(func.count()).where(DailyReport.technician_id == by.id, DailyReport.state.in_(IN_HAND))

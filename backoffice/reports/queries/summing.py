"""What the supervisor's report says: the sum of the technicians' lines, and the flow of the day (E-18)."""

from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import and_, case, distinct, func, or_, select

from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.organisation.models import User
from backoffice.reports.models import HANDED_IN, DailyReport, ReportLine, ReportRevision, SupervisorReport
from backoffice.reports.rules import UNDONE, Standing, WorkType

from .staff import missing
from .standing import members, sums

Matrix = dict[tuple[int, WorkType], tuple[int, int]]


@dataclass(frozen=True)
class Flow:
    """The flow of the day: calls received, dispatched and finished on it, and how they stand at its end."""

    received: int
    dispatched: int
    finished: int
    carried_over: int
    in_repair: int
    overdue: int


def matrix_of(branch_id: int, day: date) -> Matrix:
    """(jobs, minutes) by technician and kind of work, out of the reports that were handed in (W-6.4).

    A job is a call, however many lines it has; each line of general work counts as one. Lines without time are none.
    """
    jobs = case(
        (ReportLine.work_type == WorkType.GENERAL, func.count()), else_=func.count(distinct(ReportLine.call_id))
    )
    query = (
        select(DailyReport.technician_id, ReportLine.work_type, jobs, func.sum(ReportLine.minutes))
        .join(ReportLine, ReportLine.report_id == DailyReport.id)
        .where(
            DailyReport.branch_id == branch_id, DailyReport.report_on == day, DailyReport.state.in_(HANDED_IN),
            ReportLine.removed_at.is_(None), ReportLine.minutes > 0,
        )
        .group_by(DailyReport.technician_id, ReportLine.work_type)
    )  # fmt: skip
    return {(row[0], row[1]): (row[2], int(row[3])) for row in db.session.execute(query)}


def flow_of(branch_id: int, day: date) -> Flow:
    """The flow of a branch's day; two statements."""
    start, end = clock.day_start(day), clock.day_end(day)
    here = (ServiceCall.branch_id == branch_id, ~ServiceCall.is_history)
    late = or_(
        and_(ServiceCall.dispatch_due_at < end,
             or_(ServiceCall.dispatched_at.is_(None), ServiceCall.dispatched_at >= end)),
        and_(ServiceCall.arrival_due_at < end,
             or_(ServiceCall.first_arrived_at.is_(None), ServiceCall.first_arrived_at >= end)),
    )  # fmt: skip
    still_open = and_(
        or_(ServiceCall.closed_at.is_(None), ServiceCall.closed_at >= end),
        or_(ServiceCall.cancelled_at.is_(None), ServiceCall.cancelled_at >= end),
    )

    def count(*conditions: object) -> object:
        return select(func.count()).select_from(ServiceCall).where(*conditions).scalar_subquery()  # type: ignore[arg-type]

    def on_day(moment: object) -> object:
        return count(*here, moment >= start, moment < end)  # type: ignore[operator]

    row = db.session.execute(
        select(
            on_day(ServiceCall.received_at), on_day(ServiceCall.dispatched_at), on_day(ServiceCall.completed_at),
            count(ServiceCall.id.in_(members(branch_id, day)), late, still_open),
        )  # type: ignore[call-overload]
    ).one()  # fmt: skip
    columns = sums(branch_id, day)
    return Flow(
        received=row[0], dispatched=row[1], finished=row[2], carried_over=sum(columns[one] for one in UNDONE),
        in_repair=columns[Standing.IN_REPAIR], overdue=row[3],
    )  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """The figures of a supervisor's report: a line for each technician, the flow, and who is missing."""

    #: (name, {kind of work: (jobs, minutes)})
    lines: list[tuple[str, dict[WorkType, tuple[int, int]]]]
    flow: Flow
    missing: list[str]

    @property
    def totals(self) -> dict[WorkType, tuple[int, int]]:
        """Jobs and minutes of each kind of work, the sums of the lines."""
        return {
            kind: (sum(line.get(kind, (0, 0))[0] for _, line in self.lines),
                   sum(line.get(kind, (0, 0))[1] for _, line in self.lines))
            for kind in WorkType
        }  # fmt: skip


def figures(report: SupervisorReport) -> Figures:
    """What the day says now."""
    matrix = matrix_of(report.branch_id, report.report_on)
    names = dict(
        db.session.execute(select(User.id, User.real_name).where(User.id.in_({key for key, _ in matrix}))).all()
    )
    flow = flow_of(report.branch_id, report.report_on)
    return Figures(_by_person(matrix, names), flow, [p.name for p in missing(report.branch_id, report.report_on)])


def frozen_figures(revision: ReportRevision) -> Figures:
    """What a revision keeps."""
    matrix = {(cell.technician_id, cell.work_type): (cell.jobs, cell.minutes) for cell in revision.cells}
    names = {cell.technician_id: cell.technician.real_name for cell in revision.cells}
    flow = Flow(**{one.name: getattr(revision, one.name) for one in fields(Flow)})
    return Figures(_by_person(matrix, names), flow, [one.technician.real_name for one in revision.missing])


def _by_person(matrix: Matrix, names: dict[int, str]) -> list[tuple[str, dict[WorkType, tuple[int, int]]]]:
    return [
        (names[key], {kind: value for (other, kind), value in matrix.items() if other == key})
        for key in sorted(names, key=lambda one: (names[one], one))
    ]  # fmt: skip


def compare(revision: ReportRevision, matrix: Matrix, flow: Flow, absent: set[int]) -> bool:
    """Whether the revision still says what the day says now."""
    kept: Matrix = {(cell.technician_id, cell.work_type): (cell.jobs, cell.minutes) for cell in revision.cells}
    kept_flow = Flow(**{one.name: getattr(revision, one.name) for one in fields(Flow)})
    return kept == matrix and kept_flow == flow and {one.technician_id for one in revision.missing} == absent

"""What holds between reports and their lines, and between a supervisor's report and its revisions (W-6)."""

from sqlalchemy import Select, String, and_, case, cast, distinct, exists, func, or_, select
from sqlalchemy.orm import aliased

from backoffice.core.invariants import invariant

from .models import HANDED_IN, DailyReport, ReportLine, ReportRevision, RevisionCell, SummaryState, SupervisorReport
from .rules import MOST_MINUTES, WorkType


@invariant(DailyReport, rule="E-17", says="Its minutes are not the sum of its lines.")
def is_the_sum_of_its_lines() -> Select[int, str]:
    """The minutes kept with a report are those of the lines that were not taken out."""
    summed = (
        select(func.coalesce(func.sum(ReportLine.minutes), 0))
        .where(ReportLine.report_id == DailyReport.id, ReportLine.removed_at.is_(None))
        .correlate(DailyReport)
        .scalar_subquery()
    )
    return select(DailyReport.id, cast(DailyReport.report_on, String)).where(DailyReport.minutes != summed)


@invariant(DailyReport, rule="E-17", says="It was handed in with more than 24 hours, or a line without kind of work.")
def is_possible_once_handed_in() -> Select[int, str]:
    """A report that counts fits into a day, and every line of it has its kind of work."""
    undecided = exists().where(
        ReportLine.report_id == DailyReport.id, ReportLine.removed_at.is_(None), ReportLine.work_type.is_(None),
        ReportLine.minutes > 0,
    )  # fmt: skip
    return select(DailyReport.id, cast(DailyReport.report_on, String)).where(
        DailyReport.state.in_(HANDED_IN), or_(DailyReport.minutes > MOST_MINUTES, undecided)
    )


@invariant(SupervisorReport, rule="E-18", says="It was handed in, and its newest revision is not there.")
def has_its_revisions() -> Select[int, str]:
    """As many revisions as it counts, from the first on."""
    count = (
        select(func.count()).where(ReportRevision.report_id == SupervisorReport.id).correlate(SupervisorReport)
        .scalar_subquery()
    )  # fmt: skip
    return select(SupervisorReport.id, cast(SupervisorReport.report_on, String)).where(
        count != SupervisorReport.revision
    )


@invariant(SupervisorReport, rule="W-6.4", says="Its newest revision is not the sum of the technicians' lines.")
def is_the_sum_of_the_reports() -> Select[int, str]:
    """For every kind of work the jobs and minutes of the newest revision are those of the reports that count."""
    line, daily = aliased(ReportLine), aliased(DailyReport)
    jobs = case((line.work_type == WorkType.GENERAL, func.count()), else_=func.count(distinct(line.call_id)))
    lines = (
        select(daily.branch_id, daily.report_on, daily.technician_id, line.work_type, jobs.label("jobs"),
               func.sum(line.minutes).label("minutes"))
        .join(line, line.report_id == daily.id)
        .where(daily.state.in_(HANDED_IN), line.removed_at.is_(None), line.minutes > 0)
        .group_by(daily.branch_id, daily.report_on, daily.technician_id, line.work_type)
        .subquery()
    )  # fmt: skip
    cells = (
        select(SupervisorReport.id.label("report_id"), RevisionCell)
        .join(ReportRevision, and_(ReportRevision.report_id == SupervisorReport.id,
                                   ReportRevision.nth == SupervisorReport.revision))
        .join(RevisionCell, RevisionCell.revision_id == ReportRevision.id)
        .subquery()
    )  # fmt: skip
    same = and_(
        cells.c.technician_id == lines.c.technician_id, cells.c.work_type == lines.c.work_type,
        cells.c.jobs == lines.c.jobs, cells.c.minutes == lines.c.minutes,
    )  # fmt: skip
    of_day = and_(lines.c.branch_id == SupervisorReport.branch_id, lines.c.report_on == SupervisorReport.report_on)
    not_in_it = exists().where(of_day, ~exists().where(cells.c.report_id == SupervisorReport.id, same))
    not_of_it = exists().where(cells.c.report_id == SupervisorReport.id, ~exists().where(of_day, same))
    return select(SupervisorReport.id, cast(SupervisorReport.report_on, String)).where(
        SupervisorReport.state != SummaryState.DRAFT, or_(not_in_it, not_of_it)
    )

"""The supervisor's report: made of the technicians', frozen on submission, revised by what comes later (W-6.4)."""

from dataclasses import asdict
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import clock, notices
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean, given
from backoffice.organisation.models import User
from backoffice.organisation.queries import manager_ids
from backoffice.reports import queries
from backoffice.reports.models import (
    DailyReport,
    ReportRevision,
    RevisionCell,
    RevisionMissing,
    SummaryState,
    SupervisorReport,
)
from backoffice.reports.rules import due_at
from backoffice.settings import queries as settings

SUBMITTED = notices.kind("summary.submitted", _l("The supervisor's daily report of %(day)s waits for your review."))
REVISED = notices.kind("summary.revised", _l("The supervisor's daily report of %(day)s has changed: %(reason)s"))


@act(
    "summary.create", SupervisorReport, permission=Permission.SUMMARY_WRITE, label=_l("Make the daily report"),
    rule="W-6.4", creates=True, bulk=False,
)  # fmt: skip
def create_summary(*, by: User, at: datetime, report_on: date | None = None) -> SupervisorReport:
    """Begin the branch's report of a day, today unless said otherwise; its figures are computed until then."""
    day = report_on or clock.today()
    if day > clock.today():
        raise RuleViolated(_l("That day has not come yet."), rule="W-6.4", field="report_on")
    if day.year < 2000:
        raise MissingInput(_l("Enter a date after the year 2000."), rule="G-04", field="report_on")
    if earlier := queries.summary_of(by.branch_id, day):
        raise RuleViolated(
            _l("There is a report of %(day)s already.", day=day.isoformat()), rule="E-18", field="report_on",
            remedy=Remedy(_l("Open the report"), "supervisor_reports.details_view", {"id": earlier.id}),
        )  # fmt: skip
    report = SupervisorReport(
        branch_id=by.branch_id, report_on=day, state=SummaryState.DRAFT, due_at=due_at(day, settings.integer("TL-09")),
    )  # fmt: skip
    db.session.add(report)
    return report


def _freeze(report: SupervisorReport, by: Actor, reason: str) -> bool:
    """Add a revision with what the day says now; False where the newest says the same."""
    matrix = queries.matrix_of(report.branch_id, report.report_on)
    flow = queries.flow_of(report.branch_id, report.report_on)
    missing = [person.id for person in queries.missing(report.branch_id, report.report_on)]
    newest = db.session.scalar(
        select(ReportRevision).where(ReportRevision.report_id == report.id, ReportRevision.nth == report.revision)
    )
    if newest is not None and queries.compare(newest, matrix, flow, set(missing)):
        return False
    report.revision += 1
    revision = ReportRevision(
        report_id=report.id, nth=report.revision, made_at=clock.now(), made_by_id=by.id, reason=reason, **asdict(flow),
        cells=[RevisionCell(technician_id=key, work_type=kind, jobs=jobs, minutes=minutes)
               for (key, kind), (jobs, minutes) in sorted(matrix.items())],
        missing=[RevisionMissing(technician_id=key) for key in missing],
    )  # fmt: skip
    db.session.add(revision)
    return True


@act(
    "summary.submit", SupervisorReport, permission=Permission.SUMMARY_WRITE, label=_l("Hand in"), rule="W-6.4",
    sources=[SummaryState.DRAFT], target=SummaryState.SUBMITTED, tone="primary", bulk=False, order=10,
)  # fmt: skip
def submit_summary(report: SupervisorReport, *, by: User, at: datetime, remark: str = "") -> None:
    """Freeze the figures as the first revision and hand them to the manager; missing technicians are named in it."""
    report.remark = clean(remark, 1000, "remark", lines=True)
    report.submitted_at, report.submitted_by_id = at, by.id
    report.is_late = clock.now() > report.due_at
    _freeze(report, by, "")
    report.state = SummaryState.SUBMITTED
    people = [key for key in manager_ids(report.branch_id) if key != by.id]
    notices.send(SUBMITTED, people, report, day=report.number)


@act(
    "summary.revise", SupervisorReport, permission=Permission.SUMMARY_WRITE, label=_l("Take in what came later"),
    rule="E-18", sources=[SummaryState.SUBMITTED, SummaryState.REVIEWED], target=SummaryState.SUBMITTED, bulk=False,
    order=20,
)  # fmt: skip
def revise_summary(report: SupervisorReport, *, by: User, at: datetime, reason: str = "") -> None:
    """Add a revision with what was entered for the day since; the earlier ones stay, the manager reviews it anew."""
    words = given(reason, 500, "reason", _l("Say what has changed."), rule="E-18", lines=True)
    if not _freeze(report, by, words):
        raise RuleViolated(_l("Nothing has changed since the last revision."), rule="E-18")
    _open_again(report, words)


def _open_again(report: SupervisorReport, reason: str) -> None:
    report.state = SummaryState.SUBMITTED
    report.reviewed_at = report.reviewed_by_id = None
    notices.send(REVISED, manager_ids(report.branch_id), report, day=report.number, reason=reason)


def follow_up(report: DailyReport, by: Actor, at: datetime) -> None:
    """After a technician's report of the day was handed in or returned: the supervisor's, once frozen, is revised."""
    query = (
        select(SupervisorReport)
        .where(SupervisorReport.branch_id == report.branch_id, SupervisorReport.report_on == report.report_on)
        .with_for_update(of=SupervisorReport)
        .execution_options(populate_existing=True)
    )
    summary = db.session.scalar(query)
    if summary is None or summary.state is SummaryState.DRAFT:
        return
    reason = f"{report.technician.real_name}: {report.state.label}"
    if _freeze(summary, by, reason):
        _open_again(summary, reason)


def _by_another(report: SupervisorReport, by: Actor) -> None:
    if report.submitted_by_id == by.id:
        raise NotPermitted(_l("Nobody reviews his own report."), rule="W-6.2")


@act(
    "summary.review", SupervisorReport, permission=Permission.SUMMARY_REVIEW, label=_l("Review"), rule="W-6.4",
    sources=[SummaryState.SUBMITTED], target=SummaryState.REVIEWED, guards=[_by_another], tone="primary", order=15,
)  # fmt: skip
def review_summary(report: SupervisorReport, *, by: Actor, at: datetime, note: str = "") -> None:
    """The manager has read it."""
    report.reviewed_at, report.reviewed_by_id = at, by.id
    report.review_note = clean(note, 500, "note", lines=True)

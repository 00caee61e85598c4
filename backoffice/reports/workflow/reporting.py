"""The technician's own acts on a report: open it, bring it up to date, hand it in (W-6.1)."""

from datetime import date, datetime

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, notices
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean
from backoffice.organisation.models import User
from backoffice.organisation.queries import manager_ids, supervisor_ids
from backoffice.reports import queries
from backoffice.reports.models import DailyReport, ReportState, SummaryState, SupervisorReport
from backoffice.reports.rules import check_day

from .filling import bring_up_to_date, is_day_off, new_report
from .summarising import follow_up

SUBMITTED = notices.kind("daily_report.submitted", _l("%(name)s has handed in the daily report of %(day)s."))
#: What a hand-in may do to the supervisor's report of the day.
FOLLOWS = [(SupervisorReport, SummaryState.REVIEWED, SummaryState.SUBMITTED)]


def own_report(report: DailyReport, by: Actor) -> None:
    """Guard: only the technician himself writes his report (W-6.1)."""
    if report.technician_id != by.id:
        raise NotPermitted(_l("Everybody writes his own daily report."), rule="W-6.1")


def check_day_of(day: date, what: str = "report_on") -> date:
    """The day itself; raises RuleViolated for one that has not come yet, MissingInput for none of our time."""
    if day > clock.today():
        raise RuleViolated(_l("That day has not come yet."), rule="W-6.1", field=what)
    if day.year < 2000:
        raise MissingInput(_l("Enter a date after the year 2000."), rule="G-04", field=what)
    return day


@act(
    "daily_report.open", DailyReport, permission=Permission.REPORT_WRITE_OWN, label=_l("Write a daily report"),
    rule="W-6.1", creates=True, bulk=False,
)  # fmt: skip
def open_report(*, by: User, at: datetime, report_on: date | None = None) -> DailyReport:
    """Begin the report of a day, today unless said otherwise; visits and time on cards are proposed as its lines."""
    day = check_day_of(report_on or clock.today())
    if earlier := queries.report_of(by.id, day):
        raise RuleViolated(
            _l("You have a report of %(day)s already.", day=day.isoformat()), rule="E-17", field="report_on",
            remedy=Remedy(_l("Open the report"), "daily_reports.details_view", {"id": earlier.id}),
        )  # fmt: skip
    return new_report(by, day, at)


@act(
    "daily_report.refresh", DailyReport, permission=Permission.REPORT_WRITE_OWN, label=_l("Look for visits again"),
    rule="E-17", sources=[ReportState.DRAFT, ReportState.RETURNED], guards=[own_report], bulk=False, order=30,
)  # fmt: skip
def refresh(report: DailyReport, *, by: Actor, at: datetime) -> None:
    """Take over visits and times that were pressed or corrected since; what was corrected by hand stays."""
    bring_up_to_date(report, at)


@act(
    "daily_report.submit", DailyReport, permission=Permission.REPORT_WRITE_OWN, label=_l("Hand in"), rule="W-6.1",
    sources=[ReportState.DRAFT, ReportState.RETURNED], target=ReportState.SUBMITTED, also=FOLLOWS,
    guards=[own_report], tone="primary", bulk=False, order=10,
)  # fmt: skip
def submit(report: DailyReport, *, by: User, at: datetime, remark: str = "") -> None:
    """Hand the report in for review. After the grace of TL-08 it is marked as late; more than 24 hours are refused."""
    bring_up_to_date(report, at)
    lines = report.lines
    if not any(line.minutes for line in lines):
        raise MissingInput(
            _l("Nothing is in the report yet. Add what you did, as general work where it was no job."), rule="E-17"
        )
    undecided = next((line for line in lines if line.work_type is None and line.minutes), None)
    if undecided is not None:
        assert undecided.call is not None  # noqa: S101 - only jobs can be undecided
        raise MissingInput(
            _l("Say what kind of work job %(number)s was: its service type is not decided yet.",
               number=undecided.call.number),
            rule="E-17", remedy=Remedy(_l("Correct the line"), "report_lines.details_view", {"id": undecided.id}),
        )  # fmt: skip
    check_day(report.minutes)
    if report.submitted_at is None:
        report.is_late = clock.now() > report.due_at
    report.on_day_off = is_day_off(report.technician_id, report.report_on)
    report.remark = clean(remark, 500, "remark", lines=True)
    report.submitted_at, report.review_note = clock.now(), ""
    report.state = ReportState.SUBMITTED
    told = manager_ids if report.of_supervisor else supervisor_ids
    people = [key for key in told(report.branch_id) if key != by.id]
    notices.send(SUBMITTED, people, report, name=by.real_name, day=report.number)
    db.session.flush()
    follow_up(report, by, at)

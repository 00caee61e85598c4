"""Daily reports in the panel."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Section

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries
from .models import IN_HAND, DailyReport, ReportLine, ReportRevision, ReportState, SummaryState, SupervisorReport
from .queries.proposing import differences
from .queries.summing import figures, frozen_figures
from .rules import LONG_MINUTES, Span, WorkType, gaps, overlaps


def _notes(report: Any) -> list[tuple[Any, str]]:
    """(words, tone) of what is out of the ordinary."""
    found: list[tuple[Any, str]] = []
    if report.is_late:
        found.append((gettext("handed in late"), "bad"))
    if report.on_day_off:
        found.append((gettext("day off"), "neutral"))
    if report.minutes > LONG_MINUTES:
        found.append((gettext("more than 12 hours"), "warn"))
    if report.of_supervisor:
        found.append((gettext("supervisor's own"), "neutral"))
    if getattr(report, "differs", False):
        found.append((gettext("entered since"), "warn"))
    return found


def _notes_cell(report: Any) -> Any:
    return Markup(" ").join(formatters.tag(words, tone) for words, tone in _notes(report))


def _look(values: list[str], by: Actor) -> Any:
    conditions = {
        "missing": queries.is_overdue(), "review": queries.waits_for(by), "differs": queries.differs(),
        "long": queries.is_long(), "late": DailyReport.is_late, "day_off": DailyReport.on_day_off,
    }  # fmt: skip
    return or_(*(conditions[value] for value in values))


class DailyReportView(DocumentView):
    """What each technician has done, day by day (R-08)."""

    model = DailyReport
    endpoint = "daily_reports"
    url = "/reports/"
    name = _l("Daily reports")
    name_one = _l("Daily report")
    group = NavGroup.SERVICE
    order = 40
    icon = "file"
    read = Permission.REPORT_READ
    create_act = "daily_report.open"

    column_list = ("report_on", "state", "technician", "minutes", "notes", "submitted_at", "reviewed_by")
    column_labels = {
        "report_on": _l("Day"), "technician": _l("Technician"), "minutes": _l("Minutes"), "notes": _l("Note"),
        "submitted_at": _l("Handed in"), "reviewed_by": _l("Reviewed by"), "reviewed_at": _l("Reviewed"),
        "review_note": _l("Note of the review"), "due_at": _l("In time until"), "is_late": _l("Handed in late"),
        "on_day_off": _l("On a day off"), "of_supervisor": _l("Supervisor's own"), "remark": _l("Remark"),
    }  # fmt: skip
    column_sortable_list = ("report_on", "submitted_at")
    column_default_sort = ("report_on", True)
    column_filters = (
        "state", "technician", "report_on",
        ChoiceFilter(
            "look", _l("Look at"),
            (("review", _l("mine to review")), ("missing", _l("missing")), ("differs", _l("entered since")),
             ("long", _l("more than 12 hours")), ("late", _l("handed in late")), ("day_off", _l("day off"))), _look,
        ),
    )  # fmt: skip
    computed = {"differs": queries.differs()}
    column_formatters = {"notes": lambda view, context, report, name: _notes_cell(report)}
    column_formatters_export = {
        "notes": lambda view, context, report, name: formatters.listed(words for words, _ in _notes(report))
    }
    list_needs = ("is_late", "on_day_off", "of_supervisor")
    export_more = ("remark", "review_note")
    link_column = "report_on"
    stages = (ReportState.DRAFT, ReportState.SUBMITTED, ReportState.REVIEWED)
    next_actor = {
        ReportState.DRAFT: Role.TECHNICIAN.label, ReportState.RETURNED: Role.TECHNICIAN.label,
        ReportState.SUBMITTED: Role.SUPERVISOR.label,
    }  # fmt: skip
    sections = (
        Section(
            _l("Report"),
            ("report_on", "technician", "minutes", "due_at", "submitted_at", "is_late", "on_day_off", "remark",
             "reviewed_by", "reviewed_at", "review_note"),
            only_filled=True,
        ),
    )  # fmt: skip
    details_template = "reports/daily.html"
    empty_text = _l("A report is proposed from the visits and the time on repair cards of the day.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Own reports to hand in; those to review; those that are missing (W-6)."""
        found = []
        if by.can(Permission.REPORT_WRITE_OWN) and by.role is Role.TECHNICIAN:
            open_states = [state.value for state in IN_HAND]
            found.append(
                Queue(_l("My reports to hand in"), queries.own_open(by), {"technician": by.id, "state": open_states})
            )
        if by.can(Permission.REPORT_REVIEW) or by.can(Permission.REPORT_REVIEW_SUPERVISOR):
            found.append(Queue(_l("Daily reports to review"), queries.to_review(by), {"look": "review"},
                               ("report_on", "technician", "minutes", "notes")))  # fmt: skip
        if by.can(Permission.REPORT_REVIEW):
            found.append(Queue(_l("Daily reports missing"), queries.overdue(by), {"look": "missing"}))
        return found

    def heading(self, doc: DailyReport) -> str:
        """Day and technician."""
        return f"{doc.report_on.isoformat()} · {doc.technician.real_name}"

    def more(self, doc: DailyReport, by: Actor) -> dict[str, Any]:
        """The lines with their sums, gaps and overlaps, and what was entered since."""
        query = (
            select(DailyReport).where(DailyReport.id == doc.id)
            .options(selectinload(DailyReport.all_lines).options(
                joinedload(ReportLine.call), joinedload(ReportLine.voucher), joinedload(ReportLine.card)))
            .execution_options(populate_existing=True)
        )  # fmt: skip
        db.session.scalars(query).one()
        lines = doc.lines
        spans = [Span(line.started_at, line.ended_at) for line in lines
                 if line.started_at is not None and line.ended_at is not None and line.minutes]  # fmt: skip
        return {
            "lines": lines, "gaps": gaps(spans), "overlaps": overlaps(spans), "differences": differences(doc),
            "sums": {kind: sum(line.minutes for line in lines if line.work_type is kind) for kind in WorkType},
            "is_mine": doc.technician_id == by.id and doc.state in IN_HAND, "is_long": doc.minutes > LONG_MINUTES,
            "notes": _notes(doc), "wall": lambda moment: f"{clock.local(moment):%H:%M}",
        }  # fmt: skip


class ReportLineView(DocumentView):
    """The lines of all reports."""

    model = ReportLine
    endpoint = "report_lines"
    url = "/reports/lines/"
    name = _l("Lines of daily reports")
    name_one = _l("Line of a daily report")
    icon = "file"
    read = Permission.REPORT_READ

    column_list = ("report", "work_type", "source", "minutes", "proposed_minutes", "call", "description", "note")
    column_labels = {
        "report": _l("Daily report"), "work_type": _l("Kind of work"), "source": _l("Comes from"),
        "minutes": _l("Minutes"), "proposed_minutes": _l("Pressed"), "call": _l("Call"), "voucher": _l("Voucher"),
        "card": _l("Repair card"), "description": _l("What was done"), "result": _l("Result"),
        "started_at": _l("From"), "ended_at": _l("To"), "proposed_started_at": _l("Pressed from"),
        "proposed_ended_at": _l("Pressed to"), "note": _l("Why it differs"), "removed_at": _l("Taken out"),
    }  # fmt: skip
    column_default_sort = ("id", True)
    column_filters = ("report", "work_type", "source", "call", "card")
    link_column = "work_type"
    sections = (
        Section(
            _l("Line"),
            ("report", "work_type", "source", "call", "voucher", "card", "started_at", "ended_at", "minutes",
             "proposed_started_at", "proposed_ended_at", "proposed_minutes", "description", "result", "note",
             "removed_at"),
            only_filled=True,
        ),
    )  # fmt: skip

    def heading(self, doc: ReportLine) -> str:
        """The day, where it comes from, how long."""
        return f"{doc.report.number} · {doc}"


def _summary_look(values: list[str], by: Actor) -> Any:
    return SupervisorReport.is_late


class SupervisorReportView(DocumentView):
    """The branch's day: the sum of the technicians' reports, and the flow of calls (R-08)."""

    model = SupervisorReport
    endpoint = "supervisor_reports"
    url = "/reports/days/"
    name = _l("Supervisor's daily reports")
    name_one = _l("Supervisor's daily report")
    icon = "file"
    read = Permission.SUMMARY_READ
    create_act = "summary.create"

    column_list = ("report_on", "state", "branch", "revision", "submitted_at", "submitted_by", "reviewed_by")
    column_labels = {
        "report_on": _l("Day"), "revision": _l("Revision"), "submitted_at": _l("Handed in"),
        "submitted_by": _l("Handed in by"), "reviewed_by": _l("Reviewed by"), "reviewed_at": _l("Reviewed"),
        "review_note": _l("Note of the review"), "remark": _l("Remark"), "due_at": _l("In time until"),
        "is_late": _l("Handed in late"),
    }  # fmt: skip
    column_sortable_list = ("report_on", "submitted_at")
    column_default_sort = ("report_on", True)
    column_filters = (
        "state", "report_on", ChoiceFilter("look", _l("Look at"), (("late", _l("handed in late")),), _summary_look),
    )  # fmt: skip
    link_column = "report_on"
    stages = (SummaryState.DRAFT, SummaryState.SUBMITTED, SummaryState.REVIEWED)
    next_actor = {SummaryState.DRAFT: Role.SUPERVISOR.label, SummaryState.SUBMITTED: Role.MANAGER.label}
    sections = (
        Section(
            _l("Report"),
            ("report_on", "branch", "revision", "due_at", "submitted_at", "submitted_by", "is_late", "remark",
             "reviewed_at", "reviewed_by", "review_note"),
            only_filled=True,
        ),
    )  # fmt: skip
    details_template = "reports/summary.html"
    empty_text = _l("The report of a day is made of the technicians' reports that were handed in.")

    def more(self, doc: SupervisorReport, by: Actor) -> dict[str, Any]:
        """What the newest revision keeps, what the day says now, and the revisions before."""
        query = (
            select(ReportRevision).where(ReportRevision.report_id == doc.id).order_by(ReportRevision.nth)
            .options(selectinload(ReportRevision.cells), selectinload(ReportRevision.missing),
                     joinedload(ReportRevision.made_by))
        )  # fmt: skip
        revisions = list(db.session.scalars(query).unique())
        now = figures(doc)
        kept = frozen_figures(revisions[-1]) if revisions else now
        return {
            "figures": kept, "now": now if kept != now else None, "revisions": revisions, "kinds": list(WorkType),
        }  # fmt: skip


VIEWS = [DailyReportView, ReportLineView, SupervisorReportView]

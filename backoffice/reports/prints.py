"""The printed daily reports: the technician's (F-06) and the supervisor's (F-07)."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from backoffice.core import clock
from backoffice.core.permissions import Permission
from backoffice.ui.printing import Paper, Personal, print_form

from .models import DailyReport, ReportLine, ReportRevision, RevisionCell, RevisionMissing, SupervisorReport
from .queries.summing import frozen_figures
from .rules import WorkType


@print_form(
    "F-06", DailyReport, label=_l("Technician's daily report"), paper=Paper.A4, template="reports/print_daily.html",
    permission=Permission.REPORT_READ,
    load=(
        joinedload(DailyReport.technician), joinedload(DailyReport.reviewed_by),
        selectinload(DailyReport.all_lines).joinedload(ReportLine.call),
        selectinload(DailyReport.all_lines).joinedload(ReportLine.voucher),
        selectinload(DailyReport.all_lines).joinedload(ReportLine.card),
    ),
)  # fmt: skip
def daily_sheets(reports: Sequence[DailyReport], personal: Personal) -> list[dict[str, Any]]:
    """The lines of the day with their sums by kind of work; customers masked (X-20)."""
    return [
        {
            "lines": [_line(line, personal) for line in report.lines],
            "sums": {kind: sum(line.minutes for line in report.lines if line.work_type is kind) for kind in WorkType},
        }
        for report in reports
    ]  # fmt: skip


def _line(line: ReportLine, personal: Personal) -> dict[str, Any]:
    papers = (line.voucher, line.card)
    return {
        "kind": line.work_type.value if line.work_type is not None else "",
        "customer": personal.masked(line.call, "customer_name") if line.call is not None else "",
        "paper": next((paper.number for paper in papers if paper is not None), line.call.number if line.call else ""),
        "span": f"{clock.local(line.started_at):%H:%M}–{clock.local(line.ended_at):%H:%M}"
        if line.started_at is not None and line.ended_at is not None else "",
        "minutes": line.minutes, "work": line.description, "result": line.result,
        "note": line.note if line.is_corrected else "", "proposed": line.proposed_minutes,
    }  # fmt: skip


@print_form(
    "F-07", SupervisorReport, label=_l("Supervisor's daily report"), paper=Paper.A4,
    template="reports/print_summary.html", permission=Permission.SUMMARY_READ,
    load=(
        joinedload(SupervisorReport.submitted_by), joinedload(SupervisorReport.reviewed_by),
        selectinload(SupervisorReport.revisions).selectinload(ReportRevision.cells).joinedload(RevisionCell.technician),
        selectinload(SupervisorReport.revisions).selectinload(ReportRevision.missing)
        .joinedload(RevisionMissing.technician),
    ),
)  # fmt: skip
def summary_sheets(reports: Sequence[SupervisorReport], personal: Personal) -> list[dict[str, Any]]:
    """The frozen figures of the newest revision; a draft has none yet, and is marked as one."""
    return [
        {
            "figures": frozen_figures(report.revisions[-1]) if report.revisions else None, "kinds": list(WorkType),
            "void": "" if report.revisions else report.state.label,
        }
        for report in reports
    ]  # fmt: skip

"""Bringing a report up to date with what was pressed: new visits and times come in, those that are gone go out."""

from datetime import datetime
from typing import Any

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.organisation.queries import is_absent
from backoffice.reports import queries
from backoffice.reports.models import DailyReport, ReportLine, ReportState
from backoffice.reports.queries.proposing import Proposal, key_of, proposals
from backoffice.reports.rules import LineSource, due_at
from backoffice.settings import queries as settings


def is_day_off(technician_id: int, day: Any) -> bool:
    """Whether nobody expects a report of that person on that day (W-6.3)."""
    return not settings.calendar().is_workday(day) or is_absent(technician_id, day)


def new_report(technician: User, day: Any, at: datetime) -> DailyReport:
    """A draft of that day with what is proposed for it; the caller has seen that there is none yet."""
    report = DailyReport(
        branch_id=queries.works_in(technician, day), technician_id=technician.id, report_on=day,
        state=ReportState.DRAFT, of_supervisor=technician.role is Role.SUPERVISOR,
        on_day_off=is_day_off(technician.id, day), from_at=clock.day_start(day), to_at=clock.day_end(day),
        earliest_at=clock.day_start(day) - queries.EARLIEST,
        due_at=due_at(day, settings.integer("TL-08")), all_lines=[],
    )  # fmt: skip
    db.session.add(report)
    db.session.flush()
    bring_up_to_date(report, at)
    return report


def bring_up_to_date(report: DailyReport, at: datetime) -> int:
    """Take over what was pressed for the day; how many lines came, changed or went. What was corrected stays so."""
    kept = {key: line for line in report.all_lines if (key := key_of(line)) is not None}
    count = 0
    wanted = proposals(report.technician_id, report.report_on)
    for proposal in wanted:
        line = kept.pop(proposal.key, None)
        if line is None:
            report.all_lines.append(_new_line(report, proposal))
            count += 1
        elif _follow(line, proposal):
            count += 1
    for line in kept.values():
        if line.removed_at is None:
            line.removed_at = at
            count += 1
    report.minutes = sum(line.minutes for line in report.lines)
    return count


def _facts(proposal: Proposal) -> dict[str, Any]:
    return {
        "proposed_type": proposal.work_type, "proposed_started_at": proposal.started_at,
        "proposed_ended_at": proposal.ended_at, "proposed_minutes": proposal.minutes, "call_id": proposal.call_id,
        "voucher_id": proposal.voucher_id, "card_id": proposal.card_id,
    }  # fmt: skip


def _values(proposal: Proposal) -> dict[str, Any]:
    return {
        "work_type": proposal.work_type, "started_at": proposal.started_at, "ended_at": proposal.ended_at,
        "minutes": proposal.minutes, "description": proposal.description, "result": proposal.result,
    }  # fmt: skip


def _new_line(report: DailyReport, proposal: Proposal) -> ReportLine:
    is_visit = proposal.source is LineSource.VISIT
    return ReportLine(
        branch_id=report.branch_id, source=proposal.source,
        visit_id=proposal.source_id if is_visit else None, time_entry_id=None if is_visit else proposal.source_id,
        **_facts(proposal), **_values(proposal),
    )  # fmt: skip


def _follow(line: ReportLine, proposal: Proposal) -> bool:
    """Bring one line up to date; whether anything of it has changed."""
    wanted = _facts(proposal) | {"removed_at": None}
    if not line.is_corrected:
        values = _values(proposal)
        if values["work_type"] is None:
            values["work_type"] = line.work_type  # the technician has said what was not decided yet
        wanted |= values
    elif line.work_type is None:
        wanted["work_type"] = proposal.work_type
    changed = {name: value for name, value in wanted.items() if getattr(line, name) != value}
    for name, value in changed.items():
        setattr(line, name, value)
    return bool(changed)

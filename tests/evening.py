"""Makers of daily reports and of the evening's books for tests, past the acts where a test needs a state at once."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import update

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.reconciliation.models import DayBook, DayState, UndoneLine
from backoffice.reports.models import (
    DailyReport,
    ReportLine,
    ReportRevision,
    ReportState,
    SummaryState,
    SupervisorReport,
)
from backoffice.reports.queries import EARLIEST
from backoffice.reports.rules import LineSource, Standing, WorkType
from tests import factories as make

#: A Tuesday; the Wednesday after it is a working day too.
TUESDAY = date(2026, 11, 24)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of that day on the office's wall clock."""
    return clock.day_start(day) + timedelta(hours=hour, minutes=minute)


def make_report(technician: User | None = None, state: ReportState = ReportState.DRAFT, **over: Any) -> DailyReport:
    """A report of today with one line of general work."""
    technician = technician or make.make_user(Role.TECHNICIAN)
    day = over.pop("report_on", clock.today())
    minutes = over.pop("minutes", 60)
    values: dict[str, Any] = {
        "branch_id": technician.branch_id, "technician_id": technician.id, "report_on": day,
        "from_at": clock.day_start(day), "to_at": clock.day_end(day),
        "earliest_at": clock.day_start(day) - EARLIEST, "due_at": clock.day_end(day),
        "minutes": minutes, "state": state if state is not ReportState.REVIEWED else ReportState.SUBMITTED,
    }  # fmt: skip
    if state is not ReportState.DRAFT:
        values["submitted_at"] = clock.now()
    if state is ReportState.RETURNED:
        values["review_note"] = "请补充"
    report = make.saved(DailyReport(**values | over))
    if minutes:
        make_line(report, minutes=minutes)
    if state is ReportState.REVIEWED:
        reviewer = make.make_user(Role.SUPERVISOR, technician.branch)
        values = {"state": state, "reviewed_at": clock.now(), "reviewed_by_id": reviewer.id}
        query = update(DailyReport).where(DailyReport.id == report.id).values(values)
        db.session.execute(query, execution_options={"synchronize_session": False})
        db.session.expire(report)
    return report


def make_line(report: DailyReport, **over: Any) -> ReportLine:
    """An hour of general work, typed."""
    values: dict[str, Any] = {
        "branch_id": report.branch_id, "report_id": report.id, "source": LineSource.TYPED,
        "work_type": WorkType.GENERAL, "description": "整理仓库", "minutes": 60,
    }  # fmt: skip
    return make.saved(ReportLine(**values | over))


def make_summary(state: SummaryState = SummaryState.DRAFT, **over: Any) -> SupervisorReport:
    """The report of today of branch HZ; once handed in, with an empty revision."""
    branch = over.pop("branch", None) or make.make_branch()
    day = over.pop("report_on", clock.today())
    values: dict[str, Any] = {
        "branch_id": branch.id, "report_on": day, "due_at": clock.day_end(day), "state": state,
    }  # fmt: skip
    if state is not SummaryState.DRAFT:
        supervisor = make.make_user(Role.SUPERVISOR, branch)
        values |= {"revision": 1, "submitted_at": clock.now(), "submitted_by_id": supervisor.id}
    if state is SummaryState.REVIEWED:
        values |= {"reviewed_at": clock.now(), "reviewed_by_id": make.make_user(Role.MANAGER, branch).id}
    report = make.saved(SupervisorReport(**values | over))
    if state is not SummaryState.DRAFT:
        zero = dict.fromkeys(("received", "dispatched", "finished", "carried_over", "in_repair", "overdue"), 0)
        make.saved(
            ReportRevision(report_id=report.id, nth=1, made_at=clock.now(), made_by_id=report.submitted_by_id, **zero)
        )
    return report


def make_book(state: DayState = DayState.OPEN, **over: Any) -> DayBook:
    """The book of today of branch HZ, with nothing in it."""
    branch = over.pop("branch", None) or make.make_branch()
    values: dict[str, Any] = {"branch_id": branch.id, "day": clock.today(), "state": state}
    if state is not DayState.OPEN:
        values |= {
            "service_checked_at": clock.now(), "service_checked_by_id": make.make_user(Role.ASSISTANT, branch).id,
            "sales_checked_at": clock.now(), "sales_checked_by_id": make.make_user(Role.SALES, branch).id,
        }  # fmt: skip
    if state is DayState.CLOSED:
        values |= {"closed_at": clock.now(), "closed_by_id": values["service_checked_by_id"], "closing": 1}
    return make.saved(DayBook(**values | over))


def make_undone(call: Any = None, **over: Any) -> UndoneLine:
    """A call that was carried over to this morning, for the first time."""
    call = call or make.make_call(received_at=clock.now() - timedelta(days=1))
    call.carry_over_count += 1
    values: dict[str, Any] = {
        "branch_id": call.branch_id, "call_id": call.id, "day": clock.today() - timedelta(days=1),
        "deliver_on": clock.today(), "standing": Standing.NOT_DISPATCHED, "times": call.carry_over_count,
    }  # fmt: skip
    return make.saved(UndoneLine(**values | over))

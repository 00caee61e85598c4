"""Reviewing technicians' reports, and returning them (W-6.1, W-6.2)."""

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core import notices
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean, given
from backoffice.organisation.models import User
from backoffice.reports.models import DailyReport, ReportState

from .reporting import FOLLOWS
from .summarising import follow_up

RETURNED = notices.kind("daily_report.returned", _l("Your daily report of %(day)s came back: %(note)s"))


def _by_another(report: DailyReport, by: Actor) -> None:
    if report.technician_id == by.id:
        raise NotPermitted(_l("Nobody reviews his own report."), rule="W-6.2")


def _technicians(report: DailyReport, by: Actor) -> None:
    if report.of_supervisor:
        raise NotPermitted(_l("A supervisor's own report is reviewed by the branch general manager."), rule="W-6.2")


def _supervisors(report: DailyReport, by: Actor) -> None:
    if not report.of_supervisor:
        raise NotPermitted(_l("A technician's report is reviewed by the supervisor."), rule="W-6.1")


def _review(report: DailyReport, by: Actor, at: datetime, note: str) -> None:
    report.reviewed_at, report.reviewed_by_id = at, by.id
    report.review_note = clean(note, 500, "note", lines=True)


def _return(report: DailyReport, by: User, at: datetime, note: str) -> None:
    report.review_note = given(note, 500, "note", _l("Say what is to be corrected."), rule="W-6.1", lines=True)
    report.state = ReportState.RETURNED
    notices.send(RETURNED, [report.technician_id], report, day=report.number, note=report.review_note)
    db.session.flush()
    follow_up(report, by, at)


_REVIEW: dict[str, Any] = {
    "label": _l("Review"), "sources": [ReportState.SUBMITTED], "target": ReportState.REVIEWED, "tone": "primary",
    "order": 10,
}  # fmt: skip
_RETURN: dict[str, Any] = {
    "label": _l("Return"), "sources": [ReportState.SUBMITTED], "target": ReportState.RETURNED, "also": FOLLOWS,
    "bulk": False, "tone": "danger", "order": 20,
}  # fmt: skip


@act("daily_report.review", DailyReport, permission=Permission.REPORT_REVIEW, rule="W-6.1",
     guards=[_by_another, _technicians], **_REVIEW)  # fmt: skip
def review(report: DailyReport, *, by: Actor, at: datetime, note: str = "") -> None:
    """The supervisor has read a technician's report; it is locked from then on."""
    _review(report, by, at, note)


@act("daily_report.review_supervisors", DailyReport, permission=Permission.REPORT_REVIEW_SUPERVISOR, rule="W-6.2",
     guards=[_by_another, _supervisors], **_REVIEW)  # fmt: skip
def review_supervisors(report: DailyReport, *, by: Actor, at: datetime, note: str = "") -> None:
    """The manager has read a supervisor's own report; it is locked from then on."""
    _review(report, by, at, note)


@act("daily_report.return", DailyReport, permission=Permission.REPORT_REVIEW, rule="W-6.1",
     guards=[_by_another, _technicians], **_RETURN)  # fmt: skip
def return_report(report: DailyReport, *, by: User, at: datetime, note: str = "") -> None:
    """Something in it is to be corrected: it goes back to the technician with a note."""
    _return(report, by, at, note)


@act("daily_report.return_supervisors", DailyReport, permission=Permission.REPORT_REVIEW_SUPERVISOR, rule="W-6.2",
     guards=[_by_another, _supervisors], **_RETURN)  # fmt: skip
def return_supervisors(report: DailyReport, *, by: User, at: datetime, note: str = "") -> None:
    """Something in a supervisor's own report is to be corrected."""
    _return(report, by, at, note)

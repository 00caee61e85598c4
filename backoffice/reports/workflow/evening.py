"""Who has not reported is named every evening, and the manager is told of a supervisor's report that is late."""

from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import audit, jobs, notices
from backoffice.core.db import db
from backoffice.organisation.models import Branch, User
from backoffice.organisation.queries import manager_ids, supervisor_ids
from backoffice.reports import queries
from backoffice.reports.models import SummaryState, SupervisorReport
from backoffice.settings import queries as settings

from .filling import new_report

MISSING = notices.kind("daily_report.missing", _l("Daily reports of %(day)s that are missing: %(names)s"))
LATE = notices.kind("summary.late", _l("The supervisor's daily report of %(day)s is missing."))
EVENING, NOON = "W-6.3", "TL-09"
#: Days that are made up for after the worker was down.
LOOKED_BACK = 7


def _days(until: date) -> list[date]:
    return [until - timedelta(days=back) for back in reversed(range(LOOKED_BACK))]


def _branches() -> list[Branch]:
    return list(db.session.scalars(select(Branch).where(Branch.is_active).order_by(Branch.id)))


@jobs.job(EVENING, _l("Name the technicians whose daily report is missing"), when="45 23 * * *")
def name_missing(day: date, at: datetime) -> int:
    """Draft the reports that are missing on that day and those before it, and tell the supervisors once for each day.

    Returns for how many branches and days somebody was told.
    """
    told = 0
    for one in _days(day):
        if not settings.calendar().is_workday(one):
            continue
        absent = {branch.id: queries.missing(branch.id, one) for branch in _branches()}
        late = [branch for branch in _branches() if absent[branch.id]]
        for branch in jobs.fresh(EVENING, one, at, late):
            with audit.during(audit.Occasion("daily_report.open", event_at=at)):
                for person in absent[branch.id]:
                    if queries.report_of(person.id, one) is None:
                        new_report(db.session.get_one(User, person.id), one, at)
                db.session.flush()
            names = "、".join(person.name for person in absent[branch.id])
            notices.send(MISSING, supervisor_ids(branch.id), branch, day=one.isoformat(), names=names)
            told += 1
    return told


@jobs.job(NOON, _l("Tell the manager of a supervisor's daily report that is missing"), when="0 12 * * *")
def remind_of_summary(day: date, at: datetime) -> int:
    """At noon of the next day: tell the managers of each branch whose supervisor has not handed in (TL-09), once."""
    told = 0
    for one in _days(day - timedelta(days=1)):
        if not settings.calendar().is_workday(one):
            continue
        there = select(SupervisorReport.branch_id).where(
            SupervisorReport.report_on == one, SupervisorReport.state != SummaryState.DRAFT
        )
        handed_in = set(db.session.scalars(there))
        late = [branch for branch in _branches() if branch.id not in handed_in and supervisor_ids(branch.id)]
        for branch in jobs.fresh(NOON, one, at, late):
            notices.send(LATE, manager_ids(branch.id), branch, day=one.isoformat())
            told += 1
    return told

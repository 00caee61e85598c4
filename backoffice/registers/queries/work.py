"""What the technicians have done in a period (R-07), and what the supervisors have reported day by day (R-08)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, case, distinct, func, select

from backoffice.core import scope
from backoffice.core.db import db
from backoffice.core.errors import Text
from backoffice.core.once import once
from backoffice.core.permissions import Actor
from backoffice.figures.queries.asking import Asked as AskedFigures
from backoffice.figures.queries.asking import limited, visible_branches
from backoffice.figures.queries.figures import FIGURES as KNOWN
from backoffice.figures.queries.reading import Reading, read
from backoffice.figures.rules import Kind, Period, Span, percent
from backoffice.organisation.models import Branch, User
from backoffice.reports.models import (
    HANDED_IN,
    DailyReport,
    ReportLine,
    ReportRevision,
    ReportState,
    RevisionCell,
    SupervisorReport,
)
from backoffice.reports.rules import WorkType


@dataclass(frozen=True)
class Asked:
    """A period, both days included, perhaps one branch and one technician of it."""

    first: date
    last: date
    branch_id: int | None = None
    technician_id: int | None = None


def _rates(asked: Asked, by: Actor) -> Reading:
    """The figures of the period by technician; read once for all of them."""
    span = Period(Span.RANGE, asked.first, asked.last)
    branches = (asked.branch_id,) if asked.branch_id is not None else ()
    wanted = AskedFigures(span, branches, asked.technician_id)
    return read(limited(wanted, by, visible_branches(by)), Kind.TECHNICIAN)


def _rate(key: str) -> Callable[[Collection[int], Asked, Actor], Mapping[int, str]]:
    figure = KNOWN[key]

    def values(technicians: Collection[int], asked: Asked, by: Actor) -> Mapping[int, str]:
        parts = once(("rates", asked, by.standing), lambda: _rates(asked, by)).parts
        return {one: percent(figure.value(parts[str(one)])) for one in technicians if str(one) in parts}

    return values


#: Further figures of a technician in the period: (label, the values by the technicians' keys). The features that know
#: them add theirs.
FIGURES: list[tuple[Text, Callable[[Collection[int], Asked, Actor], Mapping[int, Any]]]] = [
    (_l("Fixed on the first visit"), _rate("K-04")), (_l("Repeat calls"), _rate("K-06")),
]  # fmt: skip


@dataclass
class Person:
    """A technician's work of a period in one branch."""

    id: int
    name: str
    branch: str
    jobs: dict[WorkType, int] = field(default_factory=dict)
    minutes: dict[WorkType, int] = field(default_factory=dict)
    #: of reviewed reports: minutes on jobs, and all minutes
    reviewed_jobs: int = 0
    reviewed: int = 0

    @property
    def total(self) -> int:
        """All minutes."""
        return sum(self.minutes.values())


def work_of_technicians(asked: Asked, by: Actor) -> list[Person]:
    """Who has handed in reports of the period, by branch and name; two statements.

    A job counts once a day, as in the supervisor's reports, so that these add up to those.
    """
    jobs = case(
        (ReportLine.work_type == WorkType.GENERAL, func.count()), else_=func.count(distinct(ReportLine.call_id))
    )
    reviewed = case((DailyReport.state == ReportState.REVIEWED, func.sum(ReportLine.minutes)), else_=0)
    days = (
        select(
            DailyReport.technician_id, DailyReport.branch_id, ReportLine.work_type, jobs.label("jobs"),
            func.sum(ReportLine.minutes).label("minutes"), reviewed.label("reviewed"),
        )
        .join(ReportLine, ReportLine.report_id == DailyReport.id)
        .where(
            scope.visible(DailyReport, by), DailyReport.report_on.between(asked.first, asked.last),
            DailyReport.state.in_(HANDED_IN), ReportLine.removed_at.is_(None), ReportLine.minutes > 0,
            ReportLine.work_type.is_not(None),
            *([DailyReport.branch_id == asked.branch_id] if asked.branch_id is not None else []),
            *([DailyReport.technician_id == asked.technician_id] if asked.technician_id is not None else []),
        )
        .group_by(DailyReport.id, ReportLine.work_type)
        .subquery()
    )  # fmt: skip
    sums = (
        select(
            days.c.technician_id, days.c.branch_id, days.c.work_type, func.sum(days.c.jobs).label("jobs"),
            func.sum(days.c.minutes).label("minutes"), func.sum(days.c.reviewed).label("reviewed"),
        )
        .group_by(days.c.technician_id, days.c.branch_id, days.c.work_type)
        .subquery()
    )  # fmt: skip
    rows = db.session.execute(
        select(User.id, User.real_name, Branch.name.label("branch"), sums.c.branch_id, sums.c.work_type, sums.c.jobs,
               sums.c.minutes, sums.c.reviewed)
        .join(User, User.id == sums.c.technician_id)
        .join(Branch, Branch.id == sums.c.branch_id)
        .order_by(Branch.name, User.real_name, User.id)
    )  # fmt: skip
    found: dict[tuple[int, int], Person] = {}
    for row in rows:
        person = found.setdefault((row.id, row.branch_id), Person(row.id, row.real_name, row.branch))
        kind = WorkType(row.work_type)
        person.jobs[kind], person.minutes[kind] = int(row.jobs), int(row.minutes)
        person.reviewed += int(row.reviewed)
        person.reviewed_jobs += int(row.reviewed) if kind is not WorkType.GENERAL else 0
    return list(found.values())


def days_of_branches(asked: Asked, by: Actor) -> list[tuple[SupervisorReport, ReportRevision | None, dict[Any, Any]]]:
    """The supervisor's reports of the period, by day and branch, each with its newest figures; two statements.

    The figures are {kind of work: (jobs, minutes)} over all technicians; none where nothing was handed in yet.
    """
    query = (
        select(SupervisorReport, ReportRevision, Branch)
        .join(Branch, Branch.id == SupervisorReport.branch_id)
        .outerjoin(
            ReportRevision,
            and_(ReportRevision.report_id == SupervisorReport.id, ReportRevision.nth == SupervisorReport.revision),
        )
        .where(
            scope.visible(SupervisorReport, by),
            SupervisorReport.report_on.between(asked.first, asked.last),
            *([SupervisorReport.branch_id == asked.branch_id] if asked.branch_id is not None else []),
        )
        .order_by(SupervisorReport.report_on, Branch.name, SupervisorReport.id)
    )
    rows = db.session.execute(query).all()
    keys = [revision.id for _, revision, _ in rows if revision is not None]
    cells: dict[int, dict[WorkType, tuple[int, int]]] = {}
    for key, kind, jobs, minutes in db.session.execute(
        select(RevisionCell.revision_id, RevisionCell.work_type, func.sum(RevisionCell.jobs),
               func.sum(RevisionCell.minutes))
        .where(RevisionCell.revision_id.in_(keys))
        .group_by(RevisionCell.revision_id, RevisionCell.work_type)
    ):  # fmt: skip
        cells.setdefault(key, {})[WorkType(kind)] = (int(jobs), int(minutes))
    return [
        (report, revision, cells.get(revision.id, {}) if revision is not None else {}) for report, revision, _ in rows
    ]

"""The end of each day of late: daily reports, the supervisor's of the branch, and the reconciliation (W-6, W-7).

Of yesterday something is left as on any morning: one report is missing, one came back, one waits for review.
"""

from datetime import date, time, timedelta
from random import Random

from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.organisation.queries import is_absent
from backoffice.reconciliation import queries as days
from backoffice.reconciliation import workflow as reconciliation
from backoffice.reconciliation.models import UndoneLine, UndoneState
from backoffice.reconciliation.rules import Decision
from backoffice.reports import queries as written
from backoffice.reports import workflow as reports
from backoffice.reports.models import DailyReport, ReportState
from backoffice.reports.rules import MOST_MINUTES, LineSource, WorkType
from backoffice.settings import queries as settings

from .agenda import Life
from .office import Crew, Office

#: Working days whose evenings are told.
EVENINGS = 8
_GENERAL = (
    ("整理备件库，盘点密封件", time(16, 30), time(17, 20)), ("保养工具车，校验压力表", time(8, 30), time(9, 10)),
    ("参加安全例会", time(8, 20), time(9, 0)), ("填写修护卡，归还旧件", time(17, 0), time(17, 30)),
)  # fmt: skip
_REMARKS = ("", "", "人手紧，两单顺延至次日", "备件到货后优先安排在修水泵")


class Evening:
    """The people of one branch who end its days."""

    def __init__(self, office: Office, crew: Crew) -> None:
        self.office, self.crew = office, crew
        self.rng = Random(f"evening-{crew.branch.code}")
        self.is_first = crew.branch.code == "HZ"
        self.supervisor: User = crew.one(Role.SUPERVISOR)
        self.manager: User = crew.one(Role.MANAGER)
        self.assistant: User = crew.one(Role.ASSISTANT)
        self.sales: User = crew.one(Role.SALES)

    def days(self) -> Life:
        """Evening after evening, and what the next morning brings."""
        for ago in range(EVENINGS, 0, -1):
            yield self.office.workday(ago, 20, 40)
            today = clock.today()
            self._report(today, ago)
            if ago > 1 or self.is_first:
                yield self.office.workday(ago, 20, 55)
                summary = reports.create_summary(by=self.supervisor)
                reports.submit_summary(summary, by=self.supervisor, remark=self.rng.choice(_REMARKS))
            yield self.office.workday(ago, 21, 5)
            if ago > 2 or not self.is_first:
                self._close(today)
            yield self.office.workday(ago - 1, 8, 35)
            self._review(ago)
            yield self.office.workday(ago - 1, 9, 25)
            if ago > 1:
                self._next_morning(today)
            self._decide()
        yield self.office.workday(0, 11, 40)
        self._begin(self.crew.people[Role.TECHNICIAN][0])

    def _report(self, day: date, ago: int) -> None:
        """Each technician who is there hands in; of yesterday one has forgotten it."""
        for place, technician in enumerate(self.crew.people[Role.TECHNICIAN]):
            if is_absent(technician.id, day) or (ago == 1 and self.is_first and place == 1):
                continue
            self._hand_in(technician)
        if ago == 3:
            self._hand_in(self.supervisor)  # who had to do a job himself that day

    def _hand_in(self, person: User) -> None:
        report = self._begin(person)
        for line in report.lines:
            if line.source is not LineSource.TYPED and line.work_type is None:
                reports.correct(
                    line, by=person, work_type=WorkType.FREE, minutes=line.minutes, note="客户催办，先按保修记"
                )
            elif line.source is LineSource.VISIT and line.minutes > 60 and self.rng.random() < 0.3:
                reports.correct(line, by=person, minutes=line.minutes - 15, note="到场后等客户开门，不计")
        if report.minutes <= MOST_MINUTES:
            reports.submit(report, by=person)

    def _begin(self, person: User) -> DailyReport:
        """A report with what is proposed, and general work of the morning or the afternoon."""
        report: DailyReport = reports.open_report(by=person)
        text, start, end = self.rng.choice([one for one in _GENERAL if one[2] < clock.local(clock.now()).time()])
        reports.add_lines(report, by=person, lines=[reports.NewLine(description=text, start=start, end=end)])
        return report

    def _review(self, ago: int) -> None:
        here = select(DailyReport).where(
            DailyReport.branch_id == self.crew.branch.id, DailyReport.state == ReportState.SUBMITTED
        )
        for report in db.session.scalars(here.order_by(DailyReport.id)).all():
            if report.of_supervisor:
                reports.review_supervisors(report, by=self.manager)
            elif ago > 1:
                reports.review(report, by=self.supervisor)
            elif not self.is_first:
                reports.return_report(report, by=self.supervisor, note="请写明更换的零件和试车结果")
                break

    def _close(self, until: date) -> None:
        """Both sides compare register and vouchers; days on which nobody works are done with the day after them."""
        day = until
        while day == until or not settings.calendar().is_workday(day):
            book = days.book_of(self.crew.branch.id, day)
            if book is None:
                book = reconciliation.open_book(by=self.assistant, day=day)
            reconciliation.check_service(book, by=self.assistant)
            reconciliation.check_sales(book, by=self.sales)
            reconciliation.close(book, by=self.assistant)
            day -= timedelta(days=1)

    def _next_morning(self, day: date) -> None:
        """The manager reads the report of the day before."""
        summary = written.summary_of(self.crew.branch.id, day)
        if summary is not None:
            reports.review_summary(summary, by=self.manager)

    def _decide(self) -> None:
        """The supervisor looks through what was carried over; of this morning's list some are left."""
        here = select(UndoneLine).where(
            UndoneLine.branch_id == self.crew.branch.id, UndoneLine.state == UndoneState.PENDING
        )
        is_today = clock.today() == clock.local(self.office.now).date()
        for place, line in enumerate(db.session.scalars(here.order_by(UndoneLine.id)).all()):
            if is_today and place % 2:
                continue
            if self.rng.random() < 0.7:
                reconciliation.decide(line, by=self.supervisor, decision=Decision.DISPATCH)
            else:
                reconciliation.decide(line, by=self.supervisor, decision=Decision.WAIT_FOR_PARTS, note="等机封到货")


def tell(office: Office, crew: Crew) -> Life:
    """The evenings of one branch."""
    return Evening(office, crew).days()

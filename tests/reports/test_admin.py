"""Daily reports on the pages: written, corrected, reviewed, summed up, printed, and seen by the right people only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.calls.models import CallState
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.reports.models import DailyReport, ReportLine, ReportState, SummaryState, SupervisorReport
from tests import factories as make
from tests.evening import make_report, make_summary

Open = Callable[[Any], FlaskClient]


def test_written_corrected_and_reviewed_on_the_pages(as_role: Open, people) -> None:
    """W-6.1, E-17: what was pressed stands there; a typed line in a form that grows; the refusal beside its field."""
    technician, supervisor = people[Role.TECHNICIAN], people[Role.SUPERVISOR]
    start = clock.day_start(clock.today())
    call = make.make_call(CallState.COMPLETED, technician=technician, received_at=start)
    desk = as_role(technician)
    assert desk.get("/reports/new/").status_code == 200
    assert desk.post("/reports/new/", data={"report_on": clock.today().isoformat()}).status_code in (302, 303)
    report = db.session.scalars(select(DailyReport)).one()
    page = desk.get(f"/reports/details/?id={report.id}").text
    assert call.number in page
    assert "/reports/lines/act/correct" in page
    assert "lines-1-description" in desk.get(f"/reports/act/add_lines?id={report.id}&lines=2").text
    typed = {"id": report.id, "version": report.version, "lines-0-work_type": "D", "lines-0-minutes": "30"}
    answer = desk.post("/reports/act/add_lines", data=typed)
    assert answer.status_code == 422
    assert "lines-0-description-error" in answer.text
    assert desk.post("/reports/act/add_lines", data=typed | {"lines-0-description": "点检"}).status_code in (302, 303)
    pressed = report.lines[0]
    form = desk.get(f"/reports/lines/act/correct?id={pressed.id}").text
    assert 'type="time"' in form
    wrong = {"id": pressed.id, "version": pressed.version, "work_type": "C", "minutes": "1", "start": "", "end": ""}
    assert desk.post("/reports/lines/act/correct", data=wrong).status_code == 422
    answer = desk.post("/reports/lines/act/correct", data=wrong | {"note": "等门", "back": f"daily_report:{report.id}"})
    assert answer.location.endswith(f"/reports/details/?id={report.id}")
    db.session.refresh(report)
    sent = desk.post("/reports/act/submit", data={"id": report.id, "version": report.version, "remark": "无"})
    assert sent.status_code in (302, 303)
    chief = as_role(supervisor)
    assert "/reports/?look=review" in chief.get("/").text
    assert "corrected" in chief.get(f"/reports/details/?id={report.id}").text
    db.session.refresh(report)
    done = chief.post("/reports/act/review", data={"id": report.id, "version": report.version})
    assert done.status_code in (302, 303)
    db.session.refresh(report)
    assert report.state is ReportState.REVIEWED
    assert db.session.scalars(select(ReportLine.minutes).order_by(ReportLine.id)).all() == [1, 30]


def test_summary_on_the_pages(as_role: Open, people) -> None:
    """W-6.4: the matrix with its sums, handed in, printed, reviewed by the manager."""
    make_report(people[Role.TECHNICIAN], ReportState.SUBMITTED, minutes=95)
    supervisor = as_role(people[Role.SUPERVISOR])
    assert supervisor.post("/reports/days/new/", data={"report_on": ""}).status_code in (302, 303)
    summary = db.session.scalars(select(SupervisorReport)).one()
    page = supervisor.get(f"/reports/days/details/?id={summary.id}").text
    assert page.count(">95<") == 4
    answer = supervisor.post("/reports/days/act/submit", data={"id": summary.id, "version": summary.version})
    assert answer.status_code in (302, 303)
    manager = as_role(people[Role.MANAGER])
    assert ">95<" in manager.get(f"/reports/days/details/?id={summary.id}").text
    preview = manager.get(f"/prints/new/F-07?id={summary.id}")
    assert preview.status_code == 200
    assert "95" in preview.text
    db.session.refresh(summary)
    answer = manager.post("/reports/days/act/review", data={"id": summary.id, "version": summary.version})
    assert answer.status_code in (302, 303)
    db.session.refresh(summary)
    assert summary.state is SummaryState.REVIEWED


def test_lists_cost_the_same_however_long(as_role: Open, people, count_statements: Any) -> None:
    """SPEED: the marks of a list, also what was entered since, come with its rows; filters open what they count."""
    technician = people[Role.TECHNICIAN]
    client = as_role(people[Role.SUPERVISOR])
    for count in (2, 20):
        while len(db.session.scalars(select(DailyReport)).all()) < count:
            nth = len(db.session.scalars(select(DailyReport)).all())
            make_report(technician, report_on=clock.today() - timedelta(days=nth))
            make_summary(report_on=clock.today() - timedelta(days=nth))
        db.session.expire_all()
        for path in ("/reports/", "/reports/lines/", "/reports/days/", "/reports/?look=differs&look=missing&look=long"):
            with count_statements() as sent:
                assert client.get(path).status_code == 200
            assert sent.count <= 4, path


def test_each_sees_his_own(as_role: Open, people) -> None:
    """P-1, P-3: a technician his own reports, the desk and the salesperson none, another branch nothing."""
    report = make_report(people[Role.TECHNICIAN])
    path = f"/reports/details/?id={report.id}"
    there = make.make_branch("SH")
    expected = {
        people[Role.TECHNICIAN]: 200, people[Role.SUPERVISOR]: 200, people[Role.MANAGER]: 200,
        make.make_user(Role.TECHNICIAN): 404, make.make_user(Role.SUPERVISOR, there): 404,
        people[Role.ASSISTANT]: 403, people[Role.SALES]: 403, people[Role.ADMIN]: 403, people[Role.FINANCE]: 403,
    }  # fmt: skip
    assert {who: as_role(who).get(path).status_code for who in expected} == expected
    summary = make_summary()
    assert as_role(people[Role.ASSISTANT]).get(f"/reports/days/details/?id={summary.id}").status_code == 200
    assert as_role(people[Role.TECHNICIAN]).get(f"/reports/days/details/?id={summary.id}").status_code == 403


def test_printed_daily_report(as_role: Open, people) -> None:
    """F-06: lines, sums and signatures; a technician prints his own."""
    report = make_report(people[Role.TECHNICIAN], ReportState.SUBMITTED)
    page = as_role(people[Role.TECHNICIAN]).get(f"/prints/new/F-06?id={report.id}")
    assert page.status_code == 200
    assert "整理仓库" in page.text

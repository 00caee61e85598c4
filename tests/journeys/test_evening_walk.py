"""The evening in a browser: technician, assistant, salesperson, supervisor, manager (W-6, W-7; scenarios 9, 10)."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from backoffice.calls.models import CallState
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.reconciliation.models import DayBook
from backoffice.vouchers.models import VoucherState
from tests import factories as make
from tests.journeys.desk import DESK, LOCALES, PHONE, Desk, desk

pytestmark = pytest.mark.no_app


@pytest.fixture(params=LOCALES)
def office(request: pytest.FixtureRequest, live_app: Flask) -> dict[str, Any]:
    """A branch whose day has a call written off, one that waits for its write-off, and one that nobody went to."""
    with live_app.app_context():
        branch = make.make_branch("E" + request.param[:1].upper())
        people = {role: make.make_user(role, branch) for role in Role}
        technician, idle = people[Role.TECHNICIAN], make.make_user(Role.TECHNICIAN, branch)
        today = {"branch": branch, "received_at": clock.now() - timedelta(hours=2)}
        make.make_call(CallState.CLOSED, technician=technician, **today)
        back = make.make_call(CallState.COMPLETED, technician=technician, voucher_state=VoucherState.RETURNED, **today)
        left = make.make_call(CallState.REGISTERED, **today)
        db.session.commit()
        return {
            "locale": request.param, "branch": branch.id, "back": back.id, "left": left.number, "idle": idle.real_name,
            "people": {role: person.username for role, person in people.items()},
            "day": clock.local(today["received_at"]).date().isoformat(),
        }  # fmt: skip


def _report(technician: Desk) -> str:
    """He begins his report, adds what no card knows, and hands it in."""
    page = technician.page
    page.goto(f"{technician.base}/reports/")
    page.locator("[data-new]").click()
    technician.send()
    address = page.url
    technician.act("add_lines")
    page.fill("[name=lines-0-description]", "整理工具车，盘点随车备件")
    page.fill("[name=lines-0-minutes]", "30")
    technician.send()
    assert page.locator("main").inner_text().count("整理工具车") == 1
    technician.act("submit")
    technician.send()
    assert page.url == address
    return address


def _sum(person: Desk) -> str:
    return person.page.locator(".evening-sum").inner_text()


def test_an_evening(live_server: str, live_app: Flask, browser: Browser, office: dict[str, Any]) -> None:
    """W-6: reported, reviewed, summed up; W-7: compared by both sides, closed, and reopened only with a reason."""
    people, locale, evening = office["people"], office["locale"], f"{live_server}/evening/?day={office['day']}"
    with desk(browser, live_server, people[Role.TECHNICIAN], locale, PHONE) as technician:
        report = _report(technician)
    with desk(browser, live_server, people[Role.ASSISTANT], locale, DESK) as assistant:
        page = assistant.page
        page.goto(evening)
        assert "3" in _sum(assistant)
        assert page.locator(".evening-sum.wrong").count() == 0
        page.locator(".evening-column").last.locator("a").first.click()
        assistant.act("write_off")
        page.fill("[name=location]", "A-1")
        assistant.send()
        page.goto(evening)
        assert page.locator(".evening-column").last.locator("a").count() == 0, "no difference is left"
        assert office["left"] in page.locator(".evening-column").nth(2).inner_text()
        page.locator("a.btn-primary").click()
        assistant.send()
        book = page.url
        assistant.act("check_service")
    with desk(browser, live_server, people[Role.SALES], locale, DESK) as salesperson:
        salesperson.page.goto(book)
        assert office["left"] in salesperson.page.locator("main").inner_text()
        salesperson.act("check_sales")
    with desk(browser, live_server, people[Role.ASSISTANT], locale, DESK) as assistant:
        assistant.page.goto(book)
        assistant.act("close")
        assert assistant.page.locator("a[href*='/act/reopen'], form[action*='/act/reopen']").count() == 0, "not hers"
    with desk(browser, live_server, people[Role.SUPERVISOR], locale, DESK) as supervisor:
        page = supervisor.page
        page.goto(evening)
        assert office["idle"] in page.locator("main").inner_text(), "whose report is missing is named (W-6.3)"
        page.goto(f"{live_server}/reports/?look=review")
        page.locator("tbody a").first.click()
        assert page.url == report
        supervisor.act("review")
        supervisor.send()
        page.goto(f"{live_server}/reports/days/")
        page.locator("[data-new]").click()
        supervisor.send()
        summary = page.url
        words = page.locator("main").inner_text()
        assert office["idle"] in words
        assert "30" in words
        supervisor.act("submit")
        page.fill("[name=remark]", "一台未派，明早优先")
        supervisor.send()
        page.goto(book)
        supervisor.act("reopen")
        page.evaluate("document.querySelector('main form[method=post]').noValidate = true")
        supervisor.send()
        assert "/act/reopen" in page.url, "not without a reason"
        supervisor.complaints.clear()
        page.fill("[name=reason]", "补录一张凭证")
        supervisor.send()
    with desk(browser, live_server, people[Role.MANAGER], locale, DESK) as manager:
        page = manager.page
        page.goto(summary)
        assert "一台未派" in page.locator("main").inner_text()
        manager.act("review")
        manager.send()
    with live_app.app_context():
        kept = db.session.query(DayBook).filter_by(branch_id=office["branch"]).one()
        assert (kept.closing, kept.members, kept.reopen_reason) == (1, 3, "补录一张凭证")

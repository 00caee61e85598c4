"""The main job in a real browser, from the phone call to the archived voucher, in English and in Chinese.

Assistant registers, supervisor dispatches, technician (on a phone) arrives and lets the customer sign, assistant takes
the voucher back and writes the call off, supervisor undoes a wrong write-off.
"""

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from backoffice.core.db import db
from backoffice.core.permissions import Role
from tests import factories as make
from tests.journeys.desk import DESK, LOCALES, PHONE, desk

pytestmark = pytest.mark.no_app


@pytest.fixture(scope="module")
def office(live_app: Flask) -> dict[str, Any]:
    """A branch with one person per role, a customer with a unit in warranty, a symptom."""
    with live_app.app_context():
        branch = make.make_branch("JW")
        people = {role: make.make_user(role, branch).username for role in Role}
        customer = make.make_customer(branch, name="钱塘江水务有限公司", phone="13700001111")
        units = {locale: make.make_unit(customer, serial_no=f"WALK-{locale}").serial_no for locale in LOCALES}
        make.make_symptom(name="Walks no more", name_zh="走不动了")
        db.session.commit()
        return {"people": people, "units": units}


@pytest.mark.parametrize("locale", LOCALES)
def test_walk_from_the_call_to_the_archive(
    live_server: str, browser: Browser, office: dict[str, Any], locale: str
) -> None:
    """S-3.2, S-3.3, W-1.1 to W-1.11 through the pages, each by the role that does it."""
    people = office["people"]
    with desk(browser, live_server, people[Role.ASSISTANT], locale, DESK) as assistant:
        assistant.page.goto(f"{live_server}/calls/new/")
        assistant.choose("customer", "1111")
        assistant.choose("unit", office["units"][locale])
        assistant.choose("fault_symptom", "走不动")
        assistant.page.fill("[name=fault_text]", "开机不出水，电话里很急")
        assistant.send()
        number = assistant.page.locator("h1").inner_text().split()[0]
        call = assistant.page.url
        assert number.startswith("JXJW-")
    with desk(browser, live_server, people[Role.SUPERVISOR], locale, DESK) as supervisor:
        supervisor.page.goto(f"{live_server}/calls/?state=registered")
        supervisor.page.get_by_role("link", name=number).click()
        supervisor.act("dispatch")
        supervisor.choose("technician", "Technician")
        supervisor.send()
        voucher_count = supervisor.page.locator("nav.related strong").first.inner_text()
        assert voucher_count == "1"
    with desk(browser, live_server, people[Role.TECHNICIAN], locale, PHONE) as technician:
        technician.page.goto(f"{live_server}/calls/")
        technician.page.get_by_role("link", name=number).click()
        technician.act("arrive")
        if "/act/arrive" in technician.page.url:
            technician.send()
        technician.act("complete")
        technician.page.select_option("[name=onsite_result]", "fixed")
        technician.page.fill("[name=work_done]", "更换机械密封，试机正常")
        technician.page.select_option("[name=fault_cause]", "wear")
        technician.page.fill("[name=labour_minutes]", "45")
        technician.page.fill("[name=signed_by]", "周先生")
        technician.page.select_option("[name=signature_mode]", "on_screen")
        technician.sign()
        technician.send()
        assert technician.page.url == call
        assert technician.page.locator("a[href*='/act/write_off'], form[action*='/act/write_off']").count() == 0
    with desk(browser, live_server, people[Role.ASSISTANT], locale, DESK) as assistant:
        assistant.page.goto(f"{live_server}/vouchers/?state=signed&q={number}")
        assistant.page.locator("tbody a").first.click()
        assistant.act("take_back")
        if "/act/take_back" in assistant.page.url:
            assistant.send()
        assistant.page.goto(call)
        assistant.act("write_off")
        assistant.page.fill("[name=location]", "A-12")
        assistant.send()
        assert assistant.page.url == call
        closed = assistant.stage()
    with desk(browser, live_server, people[Role.SUPERVISOR], locale, DESK) as supervisor:
        supervisor.page.goto(call)
        assert supervisor.stage() == closed
        supervisor.act("undo_write_off")
        supervisor.page.fill("[name=reason]", "勾错了一行")
        supervisor.send()
        assert supervisor.stage() != closed
        trail = supervisor.page.locator(".timeline").inner_text()
        assert "勾错了一行" in trail


def test_pages_of_every_role_obey_the_policy(live_server: str, browser: Browser, office: dict[str, Any]) -> None:
    """D1: no violation of the policy and no script error on any page in the sidebar, at both widths."""
    for role, username in office["people"].items():
        for viewport in (DESK, PHONE):
            with desk(browser, live_server, username, "en", viewport) as person:
                links = person.page.eval_on_selector_all("nav a[href]", "all => all.map(a => a.getAttribute('href'))")
                for link in sorted({link for link in links if link.startswith("/") and "#" not in link}):
                    answer = person.page.goto(live_server + link)
                    assert answer is not None
                    assert answer.status == 200, f"{role.value} {link}: {answer.status}"
                    assert person.page.locator("main h1").count() == 1, f"{role.value} {link}"
                    assert person.complaints == [], f"{role.value} {link}"
                    wide = person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                    assert wide <= 0, f"{role.value} {link} is {wide} px too wide at {viewport['width']}"

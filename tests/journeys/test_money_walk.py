"""Money in a real browser: collected on site, invoiced first, asked for on the day of return (W-5.1, W-5.3, TL-07)."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from backoffice.calls.models import CallState
from backoffice.calls.rules import ServiceType
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.organisation.models import BranchKind
from backoffice.repairs.models import CardState
from tests import custody
from tests import factories as make
from tests.invoicing import digital_no
from tests.journeys.desk import DESK, PHONE, Desk, desk
from tests.pictures import png

pytestmark = pytest.mark.no_app

CREDIT_CODE = "91330000MADEM0001H"


@pytest.fixture(scope="module")
def office(live_app: Flask) -> dict[str, Any]:
    """A branch with one person per role, two paid jobs on site, and one whose goods wait for their customer."""
    with live_app.app_context():
        branch = make.make_branch("MW")
        people = {role: make.make_user(role, branch) for role in Role}
        headquarters = make.make_branch("MH", kind=BranchKind.HEADQUARTERS)
        technician = people[Role.TECHNICIAN]
        people["colleague"] = make.make_user(Role.FINANCE, headquarters)
        paid = {"service_type": ServiceType.PAID, "service_type_decided_by_id": people[Role.SUPERVISOR].id,
                "received_at": clock.now() - timedelta(hours=2)}  # fmt: skip
        calls = {}
        for name in ("small", "large"):
            customer = make.make_customer(branch, name=f"之江泵站{name}", credit_code=CREDIT_CODE)
            unit = make.make_unit(customer, serial_no=f"MONEY-{name}")
            calls[name] = make.make_call(
                CallState.ON_SITE, branch=branch, technician=technician, customer=customer, unit=unit, **paid
            ).id
        card = custody.make_card(CardState.INSPECTED, technician=technician, branch=branch)
        card.call.service_type, card.call.service_type_decided_by_id = ServiceType.PAID, people[Role.SUPERVISOR].id
        custody.make_time(card, minutes=60)
        custody.make_card_part(card)
        db.session.commit()
        return {
            "people": {role: person.username for role, person in people.items()}, "calls": calls, "card": card.id,
            "brought_back": card.call_id,
        }  # fmt: skip


def complete(technician: Desk, call: str, minutes: int, path: str = "") -> None:
    """Write the findings, read the fee that appears, let the customer sign, send."""
    page = technician.page
    page.goto(call)
    technician.act("complete")
    page.select_option("[name=onsite_result]", "fixed")
    page.fill("[name=work_done]", "更换机械密封，试机正常")
    page.select_option("[name=fault_cause]", "wear")
    page.fill("[name=labour_minutes]", str(minutes))
    if path:
        page.select_option("[name=path]", path)
    page.locator(f"input[name=seen_total][value='{minutes * 2}.00']").wait_for(state="attached")
    page.fill("[name=signed_by]", "周先生")
    technician.sign()
    technician.send()


def due_of(person: Desk, base: str, number: str) -> str:
    """The address of the one due that the search for `number` finds."""
    person.page.goto(f"{base}/dues/?search={number}")
    link = person.page.locator("a[href*='/dues/details/']").first
    return base + (link.get_attribute("href") or "").split("&url=")[0]


def refused(person: Desk, words: str) -> None:
    """The page says why, with the rule; the server's answer was no complaint of the page."""
    assert words in person.page.locator("main").inner_text()
    person.page.wait_for_timeout(200)  # until the console has said so, too
    assert all(re.search("40[39]|422", complaint) for complaint in person.complaints)
    person.complaints.clear()


def write_off(browser: Browser, base: str, username: str, call: str, locale: str) -> None:
    with desk(browser, base, username, locale, DESK) as assistant:
        assistant.write_off(call)


def test_small_fee_is_collected_on_site_and_counted_by_finance(
    live_server: str, browser: Browser, office: dict[str, Any]
) -> None:
    """Scenario 3: ¥300 in cash, handed over, confirmed by finance; the collector himself is refused (P-4)."""
    people, call = office["people"], f"{live_server}/calls/details/?id={office['calls']['small']}"
    with desk(browser, live_server, people[Role.TECHNICIAN], "en", PHONE) as technician:
        page = technician.page
        complete(technician, call, 150)
        assert page.url == call
        assert "¥300.00" in page.locator("main").inner_text()
        due = due_of(technician, live_server, "之江泵站small")
        page.goto(due)
        technician.act("receive")
        assert page.input_value("[name=amount]") == "300.00", "nothing is typed twice"
        technician.send()
        page.goto(f"{live_server}/")
        assert "¥300.00" in page.locator(".home-cash").inner_text()
        page.goto(f"{live_server}/handovers/new/")
        technician.send()
        slip = page.url
        assert page.locator("a[href*='/act/confirm']").count() == 0, "nobody counts his own cash"
        page.goto(slip.replace("/details/", "/act/confirm/") if "/details/" in slip else slip)
        technician.complaints.clear()
        page.goto(f"{live_server}/")
    with desk(browser, live_server, people[Role.FINANCE], "en", DESK) as finance:
        page = finance.page
        page.goto(f"{live_server}/finance/")
        page.locator("a[href*='/handovers/']").first.click()
        page.locator("a[href*='/handovers/details/']").first.click()
        finance.act("confirm")
        page.fill("[name=counted_total]", "290")
        finance.send()
        refused(finance, "-10.00")
        page.fill("[name=counted_total]", "３００．００")
        finance.send()
        page.goto(due)
        assert "Paid and confirmed" in finance.stage()
    write_off(browser, live_server, people[Role.ASSISTANT], call, "en")


def test_large_fee_is_invoiced_first(
    live_server: str, browser: Browser, office: dict[str, Any], tmp_path: Path
) -> None:
    """Scenario 4: ¥3,000: the path on site is refused; requested, issued, delivered, paid by transfer, seen (W-5.3)."""
    people, call = office["people"], f"{live_server}/calls/details/?id={office['calls']['large']}"
    proof = tmp_path / "transfer.png"
    proof.write_bytes(png())
    with desk(browser, live_server, people[Role.TECHNICIAN], "zh_Hans_CN", PHONE) as technician:
        page = technician.page
        complete(technician, call, 1500, path="onsite")
        refused(technician, "W-5.3")
        page.select_option("[name=path]", "invoice_first")
        page.locator("input[name=seen_total][value='3000.00']").wait_for(state="attached")
        technician.sign()
        technician.send()
        assert page.url == call
        due = due_of(technician, live_server, "之江泵站large")
        page.goto(due)
        assert page.locator("a[href*='/act/receive']").count() == 0, "nothing is collected before the invoice"
        technician.act("request")
        page.select_option("[name=kind]", "special")
        page.fill("[name=tax_id]", CREDIT_CODE[:-1] + "0")
        technician.send()
        refused(technician, "X-06")
        page.fill("[name=tax_id]", CREDIT_CODE)
        technician.send()
        assert page.locator("form[method=post] [name=tax_id]").count() == 0, page.locator("main").inner_text()
    write_off(browser, live_server, people[Role.ASSISTANT], call, "zh_Hans_CN")
    with desk(browser, live_server, people[Role.FINANCE], "zh_Hans_CN", DESK) as finance:
        page = finance.page
        page.goto(f"{live_server}/invoices/?state=requested")
        page.locator("a[href*='/invoices/details/']").first.click()
        invoice = page.url
        assert "叁仟元整" in page.locator("main").inner_text()
        finance.act("issue")
        page.fill("[name=invoice_no]", digital_no())
        finance.send()
        finance.act("deliver")
        finance.send()
        page.goto(due)
        finance.act("receive")
        page.select_option("[name=method]", "transfer")
        page.set_input_files("[name=proof]", proof)
        finance.send()
        page.goto(invoice)
        assert "¥3,000.00" in page.locator("main").inner_text()
    with desk(browser, live_server, people["colleague"], "zh_Hans_CN", DESK) as colleague:
        page = colleague.page
        page.goto(due)
        page.locator("a[href*='/payments/details/']").first.click()
        colleague.act("check")
        if "/act/check" in page.url:
            colleague.send()
        page.goto(due)
        assert "已收并确认" in colleague.stage()


def test_goods_that_went_back_today_are_asked_for_today(
    live_server: str, browser: Browser, office: dict[str, Any]
) -> None:
    """Scenario 8 by day: the desk of finance shows what has to be requested before midnight (TL-07, S-3.7)."""
    people = office["people"]
    with desk(browser, live_server, people[Role.TECHNICIAN], "en", PHONE) as person:
        page = person.page
        page.goto(f"{live_server}/repair-cards/details/?id={office['card']}")
        person.act("hand_back")
        page.check("[name=receipt_back]")
        page.fill("[name=received_by]", "Mr Zhou")
        person.sign()
        person.send()
    with desk(browser, live_server, people[Role.FINANCE], "en", DESK) as finance:
        page = finance.page
        page.goto(f"{live_server}/finance/")
        assert "To be requested today" in page.locator("main").inner_text()
    with desk(browser, live_server, people[Role.ASSISTANT], "en", DESK) as assistant:
        page = assistant.page
        page.goto(f"{live_server}/calls/details/?id={office['brought_back']}")
        page.locator("nav.related a[href*='/dues/']").first.click()
        page.locator("a[href*='/dues/details/']").first.click()
        assistant.act("request")
        page.select_option("[name=kind]", "normal")
        if not page.input_value("[name=tax_id]"):
            page.fill("[name=tax_id]", CREDIT_CODE)
        assistant.send()
    with desk(browser, live_server, people[Role.FINANCE], "en", DESK) as finance:
        page = finance.page
        page.goto(f"{live_server}/finance/")
        assert "To be requested today" not in page.locator("main").inner_text()

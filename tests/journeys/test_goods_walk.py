"""Goods in a real browser: taken away on the phone, repaired, inspected, handed back, written off (W-1.5 to W-1.9).

The papers are printed on the way: the receipts that the customer keeps, and the card that has to hang on the goods.
"""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from backoffice.calls.models import CallState
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.parts.models import MovementKind, StockMovement
from tests import factories as make
from tests.journeys.desk import DESK, LOCALES, PHONE, Desk, desk

pytestmark = pytest.mark.no_app


@pytest.fixture(scope="module")
def office(live_app: Flask) -> dict[str, Any]:
    """A branch with one person per role, a call on site for each language, and a seal in the store."""
    with live_app.app_context():
        branch = make.make_branch("GW")
        people = {role: make.make_user(role, branch) for role in Role}
        part = make.make_part(code="WALK-SEAL", name="机械密封")
        make.saved(
            StockMovement(part_id=part.id, branch_id=branch.id, kind=MovementKind.IN, quantity=part.cost_price,
                          unit_cost=part.cost_price, moved_at=clock.now())
        )  # fmt: skip
        calls = {}
        for locale in LOCALES:
            unit = make.make_unit(make.make_customer(branch, name=f"钱塘江水务{locale}"), serial_no=f"GOODS-{locale}")
            call = make.make_call(
                CallState.ON_SITE, branch=branch, technician=people[Role.TECHNICIAN], customer=unit.customer, unit=unit,
                received_at=clock.now() - timedelta(hours=2), fault_text="泵抱死，现场无法拆解",
            )  # fmt: skip
            calls[locale] = call.id
        db.session.commit()
        return {"people": {role: person.username for role, person in people.items()}, "calls": calls}


def print_paper(person: Desk, form: str) -> None:
    """Print the form of the record at hand: preview, then the sheets, which are looked at as pages; then back."""
    page = person.page
    here = page.url
    page.locator(f"a[href*='/prints/new/{form}']").first.click()
    page.wait_for_load_state()
    page.locator("form[method=post] button").first.click()
    page.wait_for_load_state()
    assert f"/prints/new/{form}" not in page.url
    page.locator(".page .sheet-number").first.wait_for()
    page.goto(here)


@pytest.mark.parametrize("locale", LOCALES)
def test_goods_go_the_whole_way(live_server: str, browser: Browser, office: dict[str, Any], locale: str) -> None:
    """S-3.5, S-3.6, W-1.5, W-1.9, W-3, W-4, P-4 through the pages; inspected in a browser, sent back and passed."""
    people, call = office["people"], f"{live_server}/calls/details/?id={office['calls'][locale]}"
    with desk(browser, live_server, people[Role.TECHNICIAN], locale, PHONE) as technician:
        page = technician.page
        page.goto(call)
        technician.act("take_away")
        assert page.input_value("[name=items-0-unit]"), "the unit of the call is the first item"
        page.fill("[name=items-0-accessories]", "电缆 5 m")
        page.fill("[name=items-0-appearance]", "外壳有划痕")
        page.locator("[data-item-add]").click()
        page.fill("[name=items-1-model_text]", "旧增压泵")
        page.fill("[name=items-1-appearance]", "锈蚀")
        page.fill("[name=items-1-fault_text]", "不转")
        page.fill("[name=signed_by]", "周先生")
        technician.sign()
        technician.send()
        assert page.locator("[name=items-1-accessories].is-invalid").count() == 1, "what is missing is named"
        assert all("422" in words for words in technician.complaints)
        technician.complaints.clear()
        page.fill("[name=items-1-accessories]", "无")
        technician.sign()
        technician.send()
        assert page.url == call
        page.goto(f"{live_server}/receipts/")
        page.locator("tbody a").first.click()
        print_paper(technician, "F-03")
    cards = []
    with desk(browser, live_server, people[Role.TECHNICIAN], locale, DESK) as technician:
        page = technician.page
        page.goto(f"{live_server}/repair-cards/?state=pending")
        cards = [
            live_server + (link.get_attribute("href") or "") for link in page.locator("tbody th a, tbody a").all()
            if "repair-cards/details" in (link.get_attribute("href") or "")
        ]  # fmt: skip
        assert len(cards) == 2
        for card in cards:
            page.goto(card)
            assert page.locator("form[action*='/act/start'] button").count() == 0, "no card hangs on the goods yet"
            print_paper(technician, "F-05")
            technician.act("start")
            technician.act("start_timer")
            technician.act("stop_timer")
            page.fill("[name=work]", "拆检，更换机械密封")
            technician.send()
            technician.act("use_part")
            technician.choose("part", "WALK-SEAL")
            page.fill("[name=quantity]", "1")
            technician.send()
            finish(technician)
            assert page.locator("a[href*='/act/inspect']").count() == 0, "the repairer does not inspect"
    with desk(browser, live_server, people[Role.SUPERVISOR], locale, DESK) as supervisor:
        page = supervisor.page
        page.goto(cards[0])
        supervisor.act("send_back")
        page.fill("[name=note]", "仍有渗漏")
        supervisor.send()
    with desk(browser, live_server, people[Role.TECHNICIAN], locale, PHONE) as technician:
        technician.page.goto(cards[0])
        finish(technician)
    with desk(browser, live_server, people[Role.SUPERVISOR], locale, DESK) as supervisor:
        page = supervisor.page
        page.goto(f"{live_server}/workshop/")
        assert page.locator(".board-card").count() == 2
        page.goto(f"{live_server}/repair-cards/?state=repaired")
        for box in page.locator("input[name=rowid]").all():
            box.check()
        page.locator("button[name=action][value=inspect]").first.click()
        page.wait_for_load_state()
        supervisor.send()
        page.goto(f"{live_server}/repair-cards/?state=inspected")
        assert page.locator("input[name=rowid]").count() == 2
    with desk(browser, live_server, people[Role.TECHNICIAN], locale, PHONE) as technician:
        page = technician.page
        for card in cards:
            page.goto(card)
            technician.act("hand_back")
            page.check("[name=receipt_back]")
            page.fill("[name=received_by]", "仓管员小周")
            technician.sign()
            technician.send()
            assert page.url == card
    with desk(browser, live_server, people[Role.ASSISTANT], locale, DESK) as assistant:
        assistant.write_off(call)


def finish(person: Desk) -> None:
    """The item works again."""
    person.act("finish")
    person.page.select_option("[name=fault_cause]", "wear")
    person.page.fill("[name=work_done]", "更换机械密封，试压合格")
    person.page.fill("[name=test_flow]", "25")
    person.send()

"""The papers of goods as the browser prints them: exact size, hole, code, many entries, long texts (F-03 to F-05)."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.goods.models import GoodsState, ReceiptState
from backoffice.organisation.models import LOCALES
from backoffice.repairs.models import CardState, RepairCard
from tests import factories as make
from tests.custody import make_card, make_card_part, make_entry, make_leg, make_receipt, make_time
from tests.printing.paper import check_pages, flows, log_in

pytestmark = pytest.mark.no_app

LONG = "水泵振动大，轴承温升高，" * 60 + "<id> end"
WORDS = "bearing housing overheats after maintenance " * 7
MODEL, NAME = "ISG100-200(I)B-HIGHTEMP/304", "浙江江南某某环保科技水务工程股份有限公司（杭州滨江分公司）"


def a_full_card(**over: Any) -> RepairCard:
    """A finished card with sixty time entries of several people, twenty parts, readings and a long fault."""
    card = make_card(
        CardState.RETURNED, fault_text=LONG, test_flow=100.5, test_head=50.0, test_current=29.75,
        test_insulation=1_000_000.0, test_note=WORDS[:290], no_parts=False, customer_name=NAME, model_text=MODEL,
        serial_no="S" * 60, paper_no="XK0000123", **over,
    )  # fmt: skip
    branch = card.entry.receipt.issued_by.branch
    helper = make.make_user(Role.TECHNICIAN, branch, real_name="Maximilian Mustermann-Überlang")
    for place in range(60):
        start = card.started_at + timedelta(minutes=4 * place)
        work = WORDS if place % 7 == 0 else "拆检，更换机械密封"
        make_time(card, user_id=helper.id if place % 2 else card.technician_id, started_at=start,
                  ended_at=start + timedelta(minutes=3), work=work)  # fmt: skip
    for place in range(20):
        spec = "304 不锈钢，耐高温，φ25×φ40×60 mm" * (1 + place % 3)
        part = make.make_part(name=f"机械密封 {place}", spec=spec[:120])
        make_card_part(card, "1.5" if place % 2 else "12", part=part)
    return card


@pytest.fixture(scope="module")
def office(live_app: Flask) -> dict[str, Any]:
    """A branch of its own with a supervisor, receipts, lines and cards in all states and of every length."""
    with live_app.app_context():
        branch = make.make_branch("GD", name="杭州分公司", address="浙江省杭州市古墩路8000号", phone="0571-80000010")
        user = make.make_user(Role.SUPERVISOR, branch).username
        fresh = make_card(branch=branch)
        done = make_card(CardState.RETURNED, branch=branch)
        full = a_full_card(branch=branch)
        void = make_card(CardState.VOID, branch=branch)
        calls = [card.call for card in (fresh, full)]
        receipts = [card.entry.receipt for card in (fresh, done, void)]
        receipts[0].estimated_fee = Decimal("1280.50")
        receipts[0].paper_no = "SJ0000123"
        receipts.append(make_receipt(calls[0], state=ReceiptState.LOST, end_reason=WORDS[:300]))
        long = make_receipt(calls[1], customer_name=NAME, model_text=MODEL * 4, serial_no="S" * 60, fault_text=LONG,
                            accessories="电缆 12 米、地脚螺栓 4 只、" * 16, appearance=WORDS[:300])  # fmt: skip
        entries = [card.entry for card in (fresh, done, full, void)]
        places = (GoodsState.FACTORY, GoodsState.OUTSOURCED, GoodsState.BACK, GoodsState.GIVEN_UP)
        entries += [make_entry(make_receipt(calls[0]), place) for place in places]
        entries.append(make_entry(long, GoodsState.BACK, remark="请客户自提。" * 80))
        for _ in range(12):
            make_leg(entries[-1], sent_to="上海某某电机维修有限公司", carrier="德邦物流", back_on=clock.today())
        entries += [make_entry(make_receipt(calls[0])) for _ in range(25)]
        db.session.commit()
        return {
            "user": user, "receipts": [r.id for r in receipts], "long": long.id, "entries": [e.id for e in entries],
            "cards": [c.id for c in (fresh, done, void)], "full": full.id, "number": fresh.number, "fault": LONG,
        }  # fmt: skip


@pytest.fixture
def desk(page: Page, live_server: str, office: dict[str, Any]) -> Iterator[Page]:
    """A browser in which the supervisor is signed in; the policy may complain about nothing."""
    complaints = log_in(page, live_server, office["user"])
    yield page
    assert complaints == []


def preview(desk: Page, base: str, form: str, keys: list[int], locale: str) -> None:
    """Open the preview of these records."""
    desk.goto(f"{base}/prints/new/{form}?{'&'.join(f'id={key}' for key in keys)}&lang={locale}")


@pytest.mark.parametrize("locale", LOCALES)
def test_receipt_is_one_page_of_a5_a_copy(desk: Page, live_server: str, office: dict[str, Any], locale: str) -> None:
    """F-03: A5, two copies of one page each in every state and language; one that ended is marked across."""
    preview(desk, live_server, "F-03", office["receipts"], locale)
    assert check_pages(desk, "a5", 8)
    desk.click(".desk-go")
    desk.wait_for_url("**/prints/*?key=*")
    check_pages(desk, "a5", 8)
    assert desk.locator(".page .mark").count() == 6
    assert desk.locator(".notice").count() == 8


@pytest.mark.parametrize("locale", LOCALES)
def test_long_receipt_goes_on_and_is_whole(desk: Page, live_server: str, office: dict[str, Any], locale: str) -> None:
    """F-03: long accessories, appearance and fault break over pages; nothing sticks out, each page has its number."""
    preview(desk, live_server, "F-03", [office["long"]], locale)
    made = check_pages(desk, "a5")
    assert made > 2
    assert all(office["fault"] in text for text in flows(desk).values())
    assert desk.locator(".page .sheet-number").count() == made
    assert desk.locator(".signs").count() == 2


@pytest.mark.parametrize("locale", LOCALES)
def test_goods_register_breaks_between_rows(desk: Page, live_server: str, office: dict[str, Any], locale: str) -> None:
    """F-04: A4 landscape, the head on every page, all lines in order, sums and signatures once."""
    preview(desk, live_server, "F-04", office["entries"], locale)
    made = check_pages(desk, "a4-landscape")
    assert made > 1
    assert desk.locator(".page thead").count() == made
    numbers = [int(words) for words in desk.locator("tbody tr td:first-child").all_text_contents() if words]
    assert numbers == list(range(1, len(office["entries"]) + 1))
    assert desk.locator("p.sums").count() == desk.locator(".signs").count() == 1


@pytest.mark.parametrize("locale", LOCALES)
def test_card_is_one_page_of_a6_with_hole_and_code(
    desk: Page, live_server: str, office: dict[str, Any], locale: str
) -> None:
    """F-05, E-13: A6, one page while little is on it; a round hole in the middle at the top, a code large enough."""
    preview(desk, live_server, "F-05", office["cards"], locale)
    assert check_pages(desk, "a6", 3)
    hole = desk.locator(".page .hole").first.bounding_box()
    sheet = desk.locator(".page").first.bounding_box()
    code = desk.locator(".page .qr").first.bounding_box()
    assert hole is not None
    assert sheet is not None
    assert code is not None
    millimetre = sheet["width"] / 105
    assert abs(hole["width"] - 6 * millimetre) < 1
    assert abs(hole["x"] + hole["width"] / 2 - sheet["x"] - sheet["width"] / 2) < 1
    assert hole["y"] - sheet["y"] < 6 * millimetre
    assert code["width"] >= 20 * millimetre


@pytest.mark.parametrize("locale", LOCALES)
def test_full_card_goes_on_with_further_sheets(
    desk: Page, live_server: str, office: dict[str, Any], locale: str
) -> None:
    """F-05: many entries and parts go on under their heads; every sheet has hole, number and code, so it hangs, too."""
    preview(desk, live_server, "F-05", [office["full"]], locale)
    made = check_pages(desk, "a6")
    assert made > 2
    for part in (".hole", ".sheet-number", ".qr"):
        assert desk.locator(f".page {part}").count() == made
    assert office["fault"] in flows(desk)["0"]
    days = desk.locator("td.day").all_text_contents()
    assert len([day for day in days if day]) == 61
    assert desk.locator("td.part").count() == 20
    assert len(set(desk.locator("[data-pages]").all_text_contents())) == made

"""The papers as the browser prints them: exact size, pages, marks, long texts, with and without scripts (UI: Paper)."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from backoffice.calls.models import CallState
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.organisation.models import LOCALES
from backoffice.vouchers.models import VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.printing.paper import check_pages, flows, log_in, pages_of

pytestmark = pytest.mark.no_app

LONG = "水泵振动大，" * 83 + "<id> end"
WORDS = "bearing housing overheats after maintenance " * 46
UNBROKEN = "X" * 2000


@pytest.fixture(scope="module")
def office(live_app: Flask) -> dict[str, Any]:
    """A branch of its own with a supervisor, vouchers in all states, and calls with texts of every length."""
    with live_app.app_context():
        branch = make.make_branch("PR", name="杭州分公司", address="浙江省杭州市古墩路8000号", phone="0571-80000010")
        user = make.make_user(Role.SUPERVISOR, branch).username
        states = {
            VoucherState.ISSUED: CallState.DISPATCHED, VoucherState.SIGNED: CallState.COMPLETED,
            VoucherState.ARCHIVED: CallState.CLOSED,
        }  # fmt: skip
        calls = [make.make_call(call, branch, voucher_state=voucher) for voucher, call in states.items()]
        calls += [make.make_call(CallState.CLOSED, branch, fault_text=text) for text in (LONG, WORDS, UNBROKEN)]
        vouchers = [live_voucher(call) for call in calls]
        void = make.make_voucher(make.make_call(CallState.CANCELLED, branch), VoucherState.VOID)
        vouchers[3].work_done = "更换机械密封。\n" * 140
        many = [make.make_call(branch=branch, remark="r").id for _ in range(60)]
        db.session.commit()
        return {
            "user": user, "vouchers": [v.id for v in vouchers], "void": void.id, "calls": [c.id for c in calls],
            "many": many, "work": vouchers[3].work_done,
        }  # fmt: skip


@pytest.fixture
def desk(page: Page, live_server: str, office: dict[str, Any]) -> Iterator[Page]:
    """A browser in which the supervisor is signed in; the policy may complain about nothing."""
    complaints = log_in(page, live_server, office["user"])
    yield page
    assert complaints == []


def _query(keys: list[int]) -> str:
    return "&".join(f"id={key}" for key in keys)


def _print(desk: Page, address: str) -> None:
    desk.goto(address)
    desk.click(".desk-go")
    desk.wait_for_url("**/prints/*?key=*")


@pytest.mark.parametrize("locale", LOCALES)
def test_voucher_is_one_page_a_copy(desk: Page, live_server: str, office: dict[str, Any], locale: str) -> None:
    """F-02: A4, three copies of one page each in every state and language; the dialog opens once, on the sheets."""
    keys = [*office["vouchers"][:3], office["void"]]
    desk.goto(f"{live_server}/prints/new/F-02?{_query(keys)}&lang={locale}")
    assert check_pages(desk, "a4", 12)
    assert desk.evaluate("window.printed") == 0, "a preview prints nothing by itself"
    assert desk.locator(".page .mark").count() == 15, "the void one has two marks"
    desk.click(".desk-go")
    desk.wait_for_url("**/prints/*?key=*")
    assert check_pages(desk, "a4", 12)
    assert desk.evaluate("window.printed") == 1
    assert desk.locator(".page .mark").count() == 3
    assert desk.locator("[data-pages]").all_text_contents() == [""] * 12, "one page needs no number"
    desk.emulate_media(media="print")
    assert not desk.locator(".desk").is_visible()
    assert desk.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"


def test_preview_is_marked_on_paper_too(desk: Page, live_server: str, office: dict[str, Any]) -> None:
    """E-39: whoever prints the preview from the browser's menu gets marked pages."""
    desk.goto(f"{live_server}/prints/new/F-02?id={office['vouchers'][0]}")
    desk.emulate_media(media="print")
    check_pages(desk, "a4", 3)
    assert desk.locator(".page .mark:visible").count() == 3


def test_long_texts_go_on_and_are_whole(desk: Page, live_server: str, office: dict[str, Any]) -> None:
    """F-02: texts of 500 to 2,000 characters break over pages; none is lost, none sticks out, the pages are counted."""
    _print(desk, f"{live_server}/prints/new/F-02?{_query(office['vouchers'][3:])}")
    made = check_pages(desk, "a4")
    assert made > 9
    whole = flows(desk)
    for place, text in enumerate((LONG, WORDS, UNBROKEN)):
        for copy in range(3):
            assert text in whole[str(3 * place + copy)]
    for copy in range(3):
        assert office["work"] in whole[str(copy)]
    first = desk.locator(".sheet").first
    pages = first.locator(".page").count()
    numbers = first.locator("[data-pages]").all_text_contents()
    assert len(set(numbers)) == pages > 1
    assert all(str(pages) in words for words in numbers)
    assert first.locator(".page .sheet-copy").count() == pages, "each page carries number and copy mark"
    assert first.locator(".page .qr").count() == pages


def test_register_breaks_between_rows(desk: Page, live_server: str, office: dict[str, Any]) -> None:
    """F-01: A4 landscape, no page break inside a line, the head on every page, a text longer than a page is whole."""
    keys = [*office["calls"], *office["many"]]
    _print(desk, f"{live_server}/prints/new/F-01?{_query(keys)}")
    made = check_pages(desk, "a4-landscape")
    assert made > 3
    assert desk.locator(".page thead").count() == made
    numbers = [int(words) for words in desk.locator("tbody tr td:first-child").all_text_contents() if words]
    assert numbers == list(range(1, len(keys) + 1))
    whole = flows(desk)["0"]
    for text in (LONG, WORDS, UNBROKEN):
        assert text in whole
    assert desk.locator(".signs").count() == 1


def test_without_scripts_the_browser_breaks_the_sheets(
    browser: Browser, live_server: str, office: dict[str, Any]
) -> None:
    """The same sheets, in margins of the browser's own; the page says how to print."""
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    try:
        page = context.new_page()
        page.goto(f"{live_server}/login")
        page.fill("[name=username]", office["user"])
        page.fill("[name=password]", "demo")
        page.press("[name=password]", "Enter")
        page.goto(f"{live_server}/prints/new/F-02?{_query(office['vouchers'][:2])}&lang=en")
        assert page.locator(".mark").count() == 6
        page.click(".desk-go")
        page.wait_for_url("**/prints/*?key=*")
        assert "menu" in page.locator(".desk-note").text_content()
        assert page.locator(".sheet").count() == 6
        sizes = pages_of(page.pdf(prefer_css_page_size=True))
        assert len(sizes) >= 6
        assert {(round(wide), round(high)) for wide, high in sizes} == {(595, 842)}
    finally:
        context.close()

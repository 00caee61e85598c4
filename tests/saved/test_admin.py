"""Saved filters on the pages: the tabs above a list, what it opens with, saving it there, and its statements."""

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from backoffice.calls.models import CallState, Priority
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.saved.models import SavedFilter, Visibility
from backoffice.saved.workflow import choose_default, save, set_role, unpin
from backoffice.ui.saved import MOST_SHOWN
from tests import factories as make

CALLS = "service_calls"
Open = Callable[[Any], FlaskClient]


def keep(by: Any, name: str, address: str, **more: Any) -> SavedFilter:
    return save(by=by, register=CALLS, address=address, name=name, **more)


def tabs(page: str) -> dict[str, str]:
    """Address of each tab above the list by its name; the current one's name begins with a star."""
    above = re.search(r'<ul class="saved-tabs">(.*?)</ul>', page, re.DOTALL)
    assert above
    found = re.findall(r'<a class="saved-tab" href="([^"]*)"( aria-current="page")?>(?:<bdi>)?(.*?)<', above[1])
    return {("*" if current else "") + html.unescape(name): html.unescape(url) for url, current, name in found}


def rows(page: str) -> int:
    return len(re.findall(r"<tr>", page)) - 1 if "<tbody>" in page else 0


@pytest.fixture
def calls() -> None:
    """Three registered calls, one of them urgent, and two on site."""
    for state, priority in (
        (CallState.REGISTERED, Priority.NORMAL), (CallState.REGISTERED, Priority.NORMAL),
        (CallState.REGISTERED, Priority.URGENT), (CallState.ON_SITE, Priority.NORMAL),
        (CallState.ON_SITE, Priority.URGENT),
    ):  # fmt: skip
        make.make_call(state, priority=priority)


@pytest.mark.usefixtures("calls")
def test_tabs_are_plain_addresses_and_the_current_one_is_marked(as_role: Open) -> None:
    """R-01: several values; in whatever order they are asked for it is the same list."""
    me = make.make_user(Role.SUPERVISOR)
    keep(me, "Open", "state=registered&state=on_site&priority=urgent")
    client = as_role(me)
    page = client.get("/calls/").text
    assert tabs(page) == {
        "*Everything": "?all=1", "Open": "?state=registered&state=on_site&priority=urgent",
    }  # fmt: skip
    opened = client.get("/calls/" + tabs(page)["Open"]).text
    assert rows(opened) == 2
    assert list(tabs(opened)) == ["Everything", "*Open"]
    assert "*Open" in tabs(client.get("/calls/?priority=urgent&state=on_site&state=registered").text)
    assert "*Open" in tabs(client.get("/calls/?state=registered&state=on_site&priority=urgent&page=1").text)
    assert "Open" in tabs(client.get("/calls/?state=registered&priority=urgent").text)
    assert "Open" in tabs(client.get("/calls/?state=registered&state=on_site&priority=urgent&sort=number").text)


@pytest.mark.usefixtures("calls")
def test_the_list_opens_with_the_own_then_the_branchs_then_the_companys_choice(as_role: Open) -> None:
    """R-01: each goes before the next; the address goes before all of them, and so does everything."""
    me, supervisor, admin = make.make_user(Role.FINANCE), make.make_user(Role.SUPERVISOR), make.make_user(Role.ADMIN)
    client = as_role(me)
    assert rows(client.get("/calls/").text) == 5
    company = keep(admin, "company", "state=registered", visibility=Visibility.COMPANY)
    set_role(company, by=admin, role=Role.FINANCE)
    assert rows(client.get("/calls/").text) == 3
    branch = keep(supervisor, "branch", "state=on_site", visibility=Visibility.BRANCH)
    set_role(branch, by=supervisor, role=Role.FINANCE)
    assert rows(client.get("/calls/").text) == 2
    own = keep(me, "own", "priority=urgent&state=registered", is_default=True)
    page = client.get("/calls/").text
    assert rows(page) == 1
    assert list(tabs(page)) == ["Everything", "*own", "branch", "company"]
    assert rows(client.get("/calls/?all=1").text) == 5
    assert rows(client.get("/calls/?q=").text) == 5
    assert rows(client.get("/calls/?state=registered").text) == 3
    assert rows(as_role(make.make_user(Role.SALES)).get("/calls/").text) == 5, "only the role it was set for"
    keep(me, "whole", "", is_default=True)
    assert rows(client.get("/calls/").text) == 5, "the whole list may be somebody's choice too"
    assert own.is_active


@pytest.mark.usefixtures("calls")
def test_what_a_list_opens_with_holds_on_its_next_page_and_in_its_file(as_role: Open) -> None:
    """R-01, C-43: order and export follow what is shown; a column that is clicked goes before the kept order."""
    me = make.make_user(Role.SUPERVISOR)
    keep(me, "own", "state=registered&sort=number", is_default=True)
    client = as_role(me)
    page = client.get("/calls/").text
    assert 'aria-sort="ascending"' in page
    assert re.search(r'id="export"[^>]*action="[^"]*\?state=registered&amp;sort=number"', page)
    other = client.get("/calls/?sort=received_at&desc=1").text
    assert rows(other) == 3
    assert "?state=registered&amp;sort=received_at" in other
    whole = client.get("/calls/?all=1").text
    assert "?all=1&amp;sort=number" in whole, "a click on a column keeps the whole list whole"
    action = re.search(r'id="export"[^>]*action="([^"]*)"', page)
    assert action
    file = client.post(html.unescape(action[1]), data={"as": "csv"}, buffered=True)
    assert len(file.text.strip().splitlines()) == 4, "a file has what its list shows"


@pytest.mark.usefixtures("calls")
def test_a_list_is_saved_on_its_page(as_role: Open) -> None:
    """R-01: the page behind the link above it holds what is shown; afterwards the list is its tab."""
    me = make.make_user(Role.SUPERVISOR)
    client = as_role(me)
    page = client.get("/calls/?state=registered&state=zz&sort=number&page=1").text
    link = re.search(r'saved-add" href="([^"]+)"', page)
    assert link
    page = client.get(html.unescape(link[1])).text
    assert "State: Registered" in page
    form = dict(re.findall(r'name="(register|address)" type="hidden" value="([^"]*)"', page))
    sent = {name: html.unescape(value) for name, value in form.items()} | {"visibility": "branch", "is_default": "y"}
    answer = client.post("/saved-filters/new/", data=sent | {"name": "To dispatch", "client_key": "k" * 22})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/calls/?state=registered&sort=number"
    assert "*To dispatch" in tabs(client.get(answer.headers["Location"]).text)
    assert "*To dispatch" in tabs(client.get("/calls/").text)
    colleague = as_role(make.make_user())
    assert "To dispatch" in tabs(colleague.get("/calls/").text)
    assert 'name="visibility"' not in colleague.get(html.unescape(link[1])).text
    kept = db.session.scalars(select(SavedFilter)).one()
    assert (kept.address, kept.visibility) == ("state=registered&sort=number", Visibility.BRANCH)


def test_what_is_refused_comes_back_with_what_was_typed(as_role: Open) -> None:
    """X-20, P-3: beside its field, with the way back to the list; nothing is stored."""
    client = as_role(make.make_user(Role.SUPERVISOR))
    sent = {"register": CALLS, "address": "q=13800001234", "name": "<b>caller</b>", "visibility": "branch"}
    answer = client.post("/saved-filters/new/", data=sent)
    assert answer.status_code == 409
    assert "must not hold a typed name" in answer.text
    assert 'value="&lt;b&gt;caller&lt;/b&gt;"' in answer.text
    assert 'value="q=13800001234"' in answer.text
    assert 'href="/calls/?q=13800001234"' in answer.text
    assert client.post("/saved-filters/new/", data=sent | {"name": ""}).status_code == 422
    endless = "&".join(f"state={n}" for n in range(2000))
    assert client.post("/saved-filters/new/", data=sent | {"address": endless}).status_code == 422
    assert (
        client.get("/saved-filters/new/", query_string={"register": "x", "address": endless[:5000]}).status_code == 200
    )
    assert client.post("/saved-filters/new/", data=sent | {"register": "nothing"}).status_code == 422
    assert client.post("/saved-filters/new/", data=sent | {"visibility": "zz"}).status_code == 422
    company = sent | {"visibility": "company", "address": ""}
    assert client.post("/saved-filters/new/", data=company).status_code == 409
    # somebody who may not share has no such field: what is forged into the form is not read
    forged = as_role(make.make_user()).post("/saved-filters/new/", data=company | {"name": "forged"})
    assert forged.status_code == 302
    kept = db.session.scalars(select(SavedFilter)).one()
    assert (kept.name, kept.visibility) == ("forged", Visibility.PRIVATE)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "'\"><img src=x>", "\u202eabc", "％00", "a&b=c", "{{7*7}}"]
)
def test_a_hostile_name_stays_text(as_role: Open, name: str) -> None:
    """R-01: on the tab, on the page of the filter and in its register."""
    me = make.make_user(Role.SUPERVISOR)
    kept = keep(me, name, "state=registered")
    client = as_role(me)
    for path in ("/calls/", "/saved-filters/", f"/saved-filters/details/?id={kept.id}"):
        page = client.get(path).text
        assert name in html.unescape(page), path
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert name in tabs(client.get("/calls/").text)


@pytest.mark.usefixtures("calls")
def test_a_filter_whose_value_is_no_longer_known_still_opens(as_role: Open) -> None:
    """R-01: the value is left out and told; the tab is the current one; it may be what the list opens with."""
    me = make.make_user(Role.SUPERVISOR)
    kept = keep(me, "old", "state=registered", is_default=True)
    kept.address = "state=registered&state=of_old&gone=1&sort=gone&technician=x"
    client = as_role(me)
    for path in ("/calls/", "/calls/" + tabs(client.get("/calls/").text)["old"]):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "of_old" in answer.text
        assert rows(answer.text) == 3
    assert "*old" in tabs(answer.text)
    assert client.get(f"/saved-filters/details/?id={kept.id}").status_code == 200


def test_a_filter_of_a_list_that_is_gone_breaks_nothing(as_role: Open) -> None:
    """R-01: its register names it, its page opens, and there is nothing to follow."""
    me = make.make_user()
    kept = keep(me, "old", "state=registered")
    db.session.flush()
    db.session.execute(update(SavedFilter).values(register="gone"))
    client = as_role(me)
    assert "old" in client.get("/saved-filters/").text
    assert client.get(f"/saved-filters/details/?id={kept.id}").status_code == 200


@pytest.mark.usefixtures("calls")
def test_a_shared_filter_shows_each_his_own_rows(as_role: Open) -> None:
    """P-1: it carries an address; a record beyond the reader's scope keeps its name to itself."""
    shanghai = make.make_branch("SH")
    customer = make.make_customer(name="机密水厂")
    make.make_call(customer=customer)
    admin = make.make_user(Role.ADMIN)
    keep(admin, "registered", "state=registered", visibility=Visibility.COMPANY)
    kept = keep(admin, "of one", f"customer={customer.id}", visibility=Visibility.COMPANY)
    here, there = as_role(make.make_user()), as_role(make.make_user(Role.SUPERVISOR, shanghai))
    assert rows(here.get("/calls/" + tabs(here.get("/calls/").text)["registered"]).text) == 4
    assert rows(there.get("/calls/" + tabs(there.get("/calls/").text)["registered"]).text) == 0
    assert "机密水厂" in here.get(f"/calls/?customer={customer.id}").text
    for path in (f"/calls/?customer={customer.id}", f"/saved-filters/details/?id={kept.id}", "/saved-filters/"):
        page = there.get(path).text
        assert "机密水厂" not in page, path
    assert f"#{customer.id}" in there.get(f"/calls/?customer={customer.id}").text


def test_a_private_filter_is_behind_no_door(as_role: Open) -> None:
    """P-1, P-7: not on the lists, the register, the record page, the audit log, nor by any act of a colleague."""
    kept = keep(make.make_user(), "绝密名单", "q=13399998888")
    client = as_role(make.make_user(Role.SUPERVISOR))
    for path in ("/calls/", "/saved-filters/", "/saved-filters/?all=1", "/audit/?all=1"):
        page = client.get(path).text
        assert "绝密名单" not in page
        assert "13399998888" not in page
    assert client.get(f"/saved-filters/details/?id={kept.id}").status_code == 404
    for act in ("rename", "share", "unshare", "set_role", "clear_role", "drop", "pin", "unpin", "open_with"):
        sent = {"id": kept.id, "version": 1, "confirmed": "1", "name": "x", "visibility": "branch", "role": "finance"}
        assert client.post(f"/saved-filters/act/{act}", data=sent).status_code == 404, act


def test_an_administrator_does_not_open_calls_through_a_filter(as_role: Open) -> None:
    """P-1: he may share a filter of the calls, and reads none of them."""
    admin = make.make_user(Role.ADMIN)
    kept = keep(admin, "x", "state=registered", visibility=Visibility.COMPANY)
    client = as_role(admin)
    page = client.get(f"/saved-filters/details/?id={kept.id}").text
    assert 'href="/calls/' not in page
    assert client.get("/calls/?state=registered").status_code == 403


def test_acts_on_its_page(as_role: Open) -> None:
    """R-01: rename, share, open for a role, take from above the list, drop - by the buttons of the page."""
    me = make.make_user(Role.SUPERVISOR)
    kept = keep(me, "a", "state=registered")
    client = as_role(me)

    def do(act: str, **inputs: str) -> None:
        sent = {"id": kept.id, "version": db.session.get_one(SavedFilter, kept.id).version, **inputs}
        assert client.post(f"/saved-filters/act/{act}", data=sent).status_code == 302, act

    do("rename", name="b")
    do("share", visibility="branch")
    do("set_role", role="finance")
    do("unpin")
    do("open_with")
    assert (kept.name, kept.visibility, kept.default_role) == ("b", Visibility.BRANCH, Role.FINANCE)
    page = client.get("/calls/").text
    assert "b" not in tabs(page)
    assert re.search(r'class="menu-line" href="\?state=registered" aria-current="page"><bdi>b<', page)
    shown = client.get(f"/saved-filters/details/?id={kept.id}").text
    assert "State: Registered" in shown
    assert "in the menu only, your list opens with it" in shown
    do("drop", confirmed="1")
    assert client.get(f"/saved-filters/details/?id={kept.id}").status_code == 404
    assert 'data-new href="/saved-filters/new/"' not in client.get("/saved-filters/").text


def test_the_rest_of_many_is_in_the_menu(as_role: Open) -> None:
    """R-01: the one that the list opens with comes first."""
    me = make.make_user()
    for n in range(MOST_SHOWN + 3):
        kept = keep(me, f"n{n:02}", f"technician={n + 1}")
    choose_default(kept, by=me)
    page = as_role(me).get("/calls/?all=1").text
    assert list(tabs(page))[:3] == ["*Everything", "n10", "n00"]
    assert len(tabs(page)) == MOST_SHOWN + 1
    assert len(re.findall(r'class="menu-line" href="\?technician', page)) == 3


def test_a_list_costs_no_statement_more(
    as_role: Open, count_statements: Callable[[], AbstractContextManager[Any]]
) -> None:
    """Four statements with none and with forty filters, whatever the list opens with (three for an empty one)."""
    me, supervisor = make.make_user(Role.SUPERVISOR), make.make_user(Role.SUPERVISOR)
    make.make_call()
    client = as_role(me)
    costs: list[list[int]] = []
    for filters in (0, 20):
        for n in range(filters):
            keep(me, f"own {n}", f"state=registered&technician={n + 1}")
            shared = keep(supervisor, f"shared {n}", "state=registered", visibility=Visibility.BRANCH)
            unpin(shared, by=me)
        if filters:
            set_role(shared, by=supervisor, role=Role.SUPERVISOR)
        costs.append([])
        for path in ("/calls/", "/calls/?all=1", "/calls/?state=registered", "/vouchers/"):
            with count_statements() as sent:
                answer = client.get(path)
            assert answer.status_code == 200
            assert len(answer.data) < 60 * 1024
            costs[-1].append(sent.count)
    assert costs[0] == costs[1] == [4, 4, 4, 3]


def test_pages_without_a_list_ask_for_no_filters(
    as_role: Open, count_statements: Callable[[], AbstractContextManager[Any]]
) -> None:
    """The sidebar's statement carries them for lists only."""
    client = as_role(make.make_user(Role.SUPERVISOR))
    with count_statements() as sent:
        assert client.get("/").status_code == 200
    assert "saved_filter" not in str(sent)

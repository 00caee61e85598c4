"""Pages of a list: every record once in both directions, by number and from the end, whatever is sorted by."""

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.ui import listing, registry
from backoffice.ui.paging import Order, Place, read_place
from tests import factories as make

SIZE = 4
SORTS = ("received_at", "number", "next_visit_at", "closed_at", "model_text", "service_type", "dispatch_due_at")


@pytest.fixture
def client(as_role: Callable[[Any], FlaskClient], monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A supervisor with pages of four."""
    client = as_role(make.make_user(Role.SUPERVISOR))
    monkeypatch.setattr(type(registry.view_at("service_calls")), "page_size", SIZE)
    return client


@pytest.fixture
def calls(client: FlaskClient) -> list[ServiceCall]:
    """Calls with equal times, with and without a next visit, closed and open."""
    made = []
    for n in range(14):
        call = make.make_call(CallState.CLOSED if n % 3 == 0 else CallState.DISPATCHED)
        call.received_at = clock.now() - timedelta(minutes=n // 3, microseconds=n % 2)
        call.next_visit_at = clock.now() + timedelta(days=n // 2) if n % 4 else None
        call.model_text = f"CDL-{n % 5} {'a/b~c&d' if n % 2 else '泵'}"
        made.append(call)
    db.session.flush()
    return made


def shown(page: str) -> list[int]:
    return [int(key) for key in re.findall(r'<a href="/calls/details/\?id=(\d+)">', page)]


def link(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}"[^>]*href="([^"]+)"', page)
    return html.unescape(found[1]) if found else ""


def expected(calls: list[ServiceCall], sort: str, *, desc: bool) -> list[int]:
    """The order by hand: rows without the value last; equal ones by key in the same direction."""

    def key(call: ServiceCall) -> Any:
        value = getattr(call, sort)
        return (getattr(value, "value", value), call.id)

    valued = sorted((c for c in calls if getattr(c, sort) is not None), key=key, reverse=desc)
    bare = sorted((c for c in calls if getattr(c, sort) is None), key=lambda c: c.id, reverse=desc)
    return [call.id for call in (*valued, *bare)]


@pytest.mark.parametrize("desc", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("sort", SORTS)
def test_next_and_previous_meet_every_record_once(
    client: FlaskClient, calls: list[ServiceCall], sort: str, desc: bool
) -> None:
    want = expected(calls, sort, desc=desc)
    forth, address = [], f"?sort={sort}{'&desc=1' if desc else ''}"
    pages = []
    while address:
        page = client.get(f"/calls/{address}").text
        pages.append(shown(page))
        forth += pages[-1]
        assert len(pages) < 9
        last, address = page, link(page, "next")
    assert forth == want
    back = [pages[-1]]
    while address := link(last, "prev"):
        last = client.get(f"/calls/{address}").text
        back.insert(0, shown(last))
        assert len(back) < 9
    assert back == pages
    from_end = client.get(f"/calls/?sort={sort}{'&desc=1' if desc else ''}&before=end").text
    assert shown(from_end) == want[-SIZE:]
    assert [shown(client.get(f"/calls/?sort={sort}{'&desc=1' if desc else ''}&page={n + 1}").text)
            for n in range(len(pages))] == pages  # fmt: skip


def test_new_records_do_not_move_the_page_at_hand(client: FlaskClient, calls: list[ServiceCall]) -> None:
    """By number the rows would shift by one; from a place on they do not."""
    second = link(client.get("/calls/").text, "next")
    before = shown(client.get(f"/calls/{second}").text)
    make.make_call()
    assert shown(client.get(f"/calls/{second}").text) == before


def test_a_place_outlives_its_record(client: FlaskClient, calls: list[ServiceCall]) -> None:
    """The page begins behind the place, though its record has meanwhile another value."""
    order = expected(calls, "received_at", desc=True)
    second = link(client.get("/calls/").text, "next")
    db.session.get_one(ServiceCall, order[SIZE - 1]).received_at = clock.now() - timedelta(days=9)
    db.session.flush()
    assert shown(client.get(f"/calls/{second}").text) == order[SIZE : 2 * SIZE]


def test_behind_the_last_record_the_end_is_shown(client: FlaskClient, calls: list[ServiceCall]) -> None:
    order = expected(calls, "received_at", desc=True)
    for address in (f"?after={quote(_place(order[-1]))}", "?page=99", "?page=999999999999"):
        page = client.get(f"/calls/{address}").text
        assert shown(page)[-1] == order[-1]
        assert link(page, "prev")
        assert not link(page, "next")
    near_the_start = client.get(f"/calls/?before={quote(_place(order[1]))}").text
    assert shown(near_the_start) == order[:SIZE]
    assert not link(near_the_start, "prev")


def _place(key: int) -> str:
    moment = db.session.get_one(ServiceCall, key).received_at
    return f"{key}~{moment.isoformat()}"


@pytest.mark.parametrize("place", [
    "x", "0~2026-01-01", "5", "5~", "5~nonsense", "5~2026-01-01T00:00:00", "5~9999-12-31T23:59:59+00:00",
    "99999999999~2026-01-01T00:00:00+00:00", "-1~2026-01-01T00:00:00+00:00", "5~" + "9" * 5000, "~", "5~0001-01-01",
])  # fmt: skip
def test_a_place_that_is_none_begins_at_the_first_record(
    client: FlaskClient, calls: list[ServiceCall], place: str
) -> None:
    for name in ("after", "before"):
        answer = client.get(f"/calls/?{name}={quote(place)}")
        assert answer.status_code == 200
        assert shown(answer.text) == expected(calls, "received_at", desc=True)[:SIZE]
        assert "This place in the list is not known" in answer.text


def test_places_are_read_by_the_type_of_their_column() -> None:
    """Numbers, days, states and bare keys come back as they were written."""
    state = Order(ServiceCall, "state", desc=False)
    assert read_place(Place(3, CallState.CLOSED).written(), state) == Place(3, CallState.CLOSED)
    assert read_place("3~no such state", state) is None
    assert read_place("3", Order(ServiceCall)) == Place(3)
    assert read_place("3~4", Order(ServiceCall)) is None
    limit = Order(ServiceCall, "dispatch_limit_min")
    assert read_place("3~60", limit) == Place(3, 60)
    for wrong in ("3~6.5", "3~NaN", "3~1e99", "3~"):
        assert read_place(wrong, limit) is None


def test_the_count_is_capped_and_exact_on_request(
    client: FlaskClient, calls: list[ServiceCall], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "COUNT_MOST", 10)
    page = client.get("/calls/").text
    assert "1,000+ records" in page
    assert 'href="?count=exact"' in page
    exact = client.get("/calls/?count=exact").text
    assert "1,000+" not in exact
    assert re.search(r'list-count">\s*14 records', exact)
    assert "before=end" in html.unescape(page)


def test_any_page_costs_the_same_statements(
    client: FlaskClient, calls: list[ServiceCall], count_statements: Callable[[], AbstractContextManager[Any]]
) -> None:
    first = client.get("/calls/").text
    costs = set()
    for address in ("?page=1", "?page=3", link(first, "next"), "?before=end", "?sort=closed_at&desc=1", "?count=exact"):
        with count_statements() as sent:
            client.get(f"/calls/{address}")
        costs.add(sent.count)
    assert costs == {4}

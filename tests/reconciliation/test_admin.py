"""The evening on the pages: one screen, its sums, its links, and the right people only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.calls.models import CallState
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.reconciliation import queries
from backoffice.reconciliation.models import DayBook, DayState, UndoneState
from tests import factories as make
from tests.evening import make_book, make_undone

Open = Callable[[Any], FlaskClient]


def a_day(count: int = 1) -> list[Any]:
    """Calls of today in the states that a day ends with."""
    start = clock.day_start(clock.today())
    states = (CallState.REGISTERED, CallState.ON_SITE, CallState.COMPLETED, CallState.CLOSED, CallState.CANCELLED)
    return [make.make_call(state, received_at=start) for state in states for _ in range(count)]


def test_the_evening_from_begin_to_close(as_role: Open, people) -> None:
    """W-7: the columns and their sum beside the register's, each call a link; checked, closed, reopened."""
    calls = a_day()
    desk, sales, chief = (as_role(people[role]) for role in (Role.ASSISTANT, Role.SALES, Role.SUPERVISOR))
    page = desk.get("/evening/").text
    assert "Register: 5 =" in " ".join(page.split())
    assert all(f"/calls/details/?id={call.id}" in page for call in calls)
    assert "/evening/days/new/" in page
    assert desk.post("/evening/days/new/", data={"day": clock.today().isoformat()}).status_code in (302, 303)
    book = db.session.scalars(select(DayBook)).one()

    def press(client: FlaskClient, name: str, **data: Any) -> int:
        db.session.refresh(book)
        sent = {"id": book.id, "version": book.version, **data}
        return client.post(f"/evening/days/act/{name}", data=sent).status_code

    assert press(desk, "close") == 409
    assert press(desk, "check_service") in (302, 303)
    assert press(sales, "check_sales") in (302, 303)
    assert press(desk, "close") in (302, 303)
    db.session.refresh(book)
    assert (book.state, book.members) == (DayState.CLOSED, 5)
    make.make_call(received_at=clock.day_start(clock.today()))
    assert "after it was closed" in desk.get(f"/evening/days/details/?id={book.id}").text
    assert press(chief, "reopen") == 422
    assert press(chief, "reopen", reason="补登") in (302, 303)


def test_screen_costs_the_same_for_few_calls_and_many(as_role: Open, people, count_statements: Any) -> None:
    """SPEED: the statements of the evening do not grow with its calls; a long column opens in full."""
    client = as_role(people[Role.SUPERVISOR])
    counted = []
    for count in (1, 60):
        a_day(count)
        db.session.expire_all()
        with count_statements() as sent:
            assert client.get("/evening/").status_code == 200
        counted.append(sent.count)
    assert counted[0] == counted[1] <= 12
    assert ">all 61</a>" in client.get("/evening/").text
    assert ">all 61</a>" not in client.get("/evening/?show=all").text


def test_wrong_days_of_the_address_are_today(as_role: Open, people) -> None:
    """G-05: no day, one to come, one that is none."""
    client = as_role(people[Role.SALES])
    for day in ("", "x", "2999-01-01", "0001-01-01", "2026-02-30"):
        assert client.get(f"/evening/?day={day}").status_code == 200
    before = clock.today() - timedelta(days=1)
    assert client.get(f"/evening/?day={before}").status_code == 200


def test_who_sees_the_evening(as_role: Open, people) -> None:
    """P-3: AA, SS, SA check, GM reads; technician, finance and administrator do not come in."""
    book = make_book()
    for role in (Role.ASSISTANT, Role.SUPERVISOR, Role.SALES, Role.MANAGER):
        client = as_role(people[role])
        assert client.get("/evening/").status_code == 200
        assert client.get(f"/evening/days/details/?id={book.id}").status_code == 200
    for role in (Role.TECHNICIAN, Role.FINANCE, Role.ADMIN):
        assert as_role(people[role]).get("/evening/").status_code == 403
    there = make.make_user(Role.SUPERVISOR, make.make_branch("SH"))
    assert as_role(there).get(f"/evening/days/details/?id={book.id}").status_code == 404


def test_carried_over_calls_are_decided_in_the_list(as_role: Open, people) -> None:
    """R-02, W-7: the desk's figure opens just these lines; one is decided on its page."""
    line, other = make_undone(), make_undone(state=UndoneState.PENDING)
    client = as_role(people[Role.SUPERVISOR])
    assert 'look=waiting"><strong class="home-count">2' in client.get("/").text
    listed = client.get("/evening/undone/?look=waiting").text
    assert line.call.number in listed
    assert other.call.number in listed
    data = {"id": line.id, "version": line.version, "decision": "dispatch"}
    assert client.post("/evening/undone/act/decide", data=data).status_code in (302, 303)
    assert db.session.scalar(queries.to_decide(people[Role.SUPERVISOR])) == 1

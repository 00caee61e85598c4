"""The home page of each role: the first rows of what waits, as its list shows them (10.1, P-1)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from backoffice.calls.models import CallState
from backoffice.core import clock
from backoffice.core.permissions import Role
from backoffice.ui.glance import MOST
from tests import custody, evening
from tests import factories as make

OFFICE = [role for role in Role if role is not Role.ADMIN]


def _glances(home: str) -> dict[str, list[str]]:
    """The numbers in the rows of each table, by the words over it."""
    found = {}
    for words, table in re.findall(r'id="glance-\d+">([^<]+) <a.*?<tbody>(.*?)</tbody>', home, re.DOTALL):
        found[words] = re.findall(r"<tr><td><a [^>]+>(.*?)</a>", table)
    return found


def _call(state: CallState, minutes: int, **over: Any) -> Any:
    at = clock.now() + timedelta(minutes=minutes)
    return make.make_call(state, dispatch_due_at=at, dispatch_order_at=at, **over)


def test_supervisor_sees_first_what_is_due_first(as_role: Callable[[Any], FlaskClient]) -> None:
    """10.1, TL-01: calls to dispatch in the order of their limits; those that are over stand apart as well."""
    late, soon = _call(CallState.REGISTERED, -5), _call(CallState.REGISTERED, 30)
    _call(CallState.COMPLETED, -60)
    found = _glances(as_role(make.make_user(Role.SUPERVISOR)).get("/").text)
    assert [re.sub("<.*?>", "", number) for number in found["Calls to dispatch"]] == [late.number, soon.number]
    assert [re.sub("<.*?>", "", number) for number in found["Calls beyond a time limit"]] == [late.number]


def test_late_arrival_is_beyond_its_limit_until_somebody_is_there(as_role: Callable[[Any], FlaskClient]) -> None:
    """TL-02: dispatched and not on site by the limit; who has arrived, however late, is not waited for."""
    over, technician = clock.now() - timedelta(minutes=1), make.make_user(Role.TECHNICIAN)
    late = make.make_call(CallState.DISPATCHED, technician=technician, arrival_due_at=over)
    make.make_call(CallState.ON_SITE, technician=technician, arrival_due_at=over)
    make.make_call(CallState.DISPATCHED, technician=technician, arrival_due_at=clock.now() + timedelta(minutes=1))
    found = _glances(as_role(make.make_user(Role.MANAGER)).get("/").text)
    assert [re.sub("<.*?>", "", number) for number in found["Calls beyond a time limit"]] == [late.number]


def test_salesperson_sees_the_open_calls_of_his_customers(as_role: Callable[[Any], FlaskClient]) -> None:
    """10.1: his own and nobody else's, and none that is closed."""
    me = make.make_user(Role.SALES)
    mine = make.make_call(CallState.REGISTERED, salesperson_id=me.id)
    make.make_call(CallState.CLOSED, salesperson_id=me.id)
    make.make_call(CallState.REGISTERED, salesperson_id=make.make_user(Role.SALES).id)
    found = _glances(as_role(me).get("/").text)
    assert [re.sub("<.*?>", "", number) for number in found["Open calls of my customers"]] == [mine.number]


@pytest.mark.parametrize("role", OFFICE, ids=lambda role: role.value)
def test_home_asks_as_often_whatever_waits(
    as_role: Callable[[Any], FlaskClient], count_statements: Callable[[], Any], role: Role
) -> None:
    """The number of statements does not grow with the rows, and no table has more than its first ones."""
    me = make.make_user(role)
    technician = me if role is Role.TECHNICIAN else make.make_user(Role.TECHNICIAN)
    client = as_role(me)

    def more() -> None:
        for state in (CallState.REGISTERED, CallState.DISPATCHED, CallState.ON_SITE, CallState.COMPLETED):
            make.make_call(state, technician=technician, salesperson_id=me.id)
        make.make_call(escalated_to=role, escalated_at=clock.now(), escalation_reason="x")
        _call(CallState.REGISTERED, -5)
        custody.make_card(technician=technician)
        evening.make_undone()

    def asked() -> tuple[int, str]:
        client.get("/")
        with count_statements() as sent:
            home = client.get("/").text
        return sent.count, home

    more()
    before, _ = asked()
    for _ in range(MOST + 1):
        more()
    after, home = asked()
    assert after == before
    assert all(len(rows) <= MOST for rows in _glances(home).values())

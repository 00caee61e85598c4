"""Every list: a fixed number of statements whatever its length, a small page, and the records of the right people."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backoffice.calls.models import CallState, Priority
from backoffice.core import clock, numbering
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.papers.models import SheetState
from backoffice.receivables.models import HandoverState
from backoffice.receivables.rules import PaymentMethod
from backoffice.sales.models import SaleState
from backoffice.ui import registry
from tests import factories as make
from tests.money import make_due, make_handover, make_payment
from tests.selling import make_sale

MOST_STATEMENTS = 4
MOST_BYTES = 60 * 1024


def _fill(rows: int, me: Any) -> None:
    """`rows` records of each register at the branch of `me`, with their relations."""
    for n in range(rows):
        technician = make.make_user(Role.TECHNICIAN)
        make.make_absence(technician)
        block = make.make_block(technician, count=2, blank_left=1, missing=1)
        make.make_sheet(block, position=3, state=SheetState.MISSING, missing_since=clock.now())
        make.make_movement(make.make_part(min_stock=Decimal(20)))
        make.make_movement(make.make_part(), 3, technician)
        make.make_contract()
        payment = make_payment(
            make_due(technician_id=technician.id, due_on=clock.today() - timedelta(days=n)), technician
        )
        make_handover(technician, HandoverState.CONFIRMED, [payment], counted_total=payment.amount - n)
        make_payment(make_due(), me, method=PaymentMethod.WECHAT)
        make_sale(state=SaleState.DELIVERED)
        numbering.take(
            "N-03",
            f"X{{B}}{n}-{{yyyymmdd}}-{{seq:03}}",
            branch_id=me.branch_id,
            branch_code="HZ",
            day=clock.today() - timedelta(days=n),
        )
        call = make.make_call(
            CallState.COMPLETED if n % 2 else CallState.ON_SITE, technician=technician,
            priority=Priority.URGENT if n % 3 else Priority.NORMAL, escalated_to=None,
        )  # fmt: skip
        db.session.add(
            Notice(
                user_id=me.id,
                kind="call.registered",
                params={"number": call.number, "due": "x"},
                subject_type="service_call",
                subject_id=call.id,
            )
        )
    db.session.flush()


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ASSISTANT, Role.MANAGER, Role.ADMIN], ids=lambda r: r.value)
def test_lists_cost_the_same_for_five_rows_and_for_sixty(
    app: Flask,
    as_role: Callable[[Any], FlaskClient],
    count_statements: Callable[[], AbstractContextManager[Any]],
    role: Role,
) -> None:
    """At most 4 statements and 60 KB for a page of 50, with filters and search too."""
    me = make.make_user(role, locale="zh_Hans_CN" if role is Role.SUPERVISOR else "en")
    client = as_role(me)
    views = [v for v in registry.views() if getattr(v, "model", None) is not None]
    costs: dict[str, list[int]] = {}
    for rows in (5, 55):
        _fill(rows, me)
        for view in views:
            for query in ("?all=1", "?q=a", "?all=1&page=2"):
                with count_statements() as sent:
                    answer = client.get(f"{view.url.rstrip('/')}/{query}")
                if answer.status_code == 403:
                    continue
                assert answer.status_code == 200, f"{view.endpoint}: {answer.status_code}"
                assert sent.count <= MOST_STATEMENTS, f"{view.endpoint}{query}: {sent.count}\n{sent}"
                assert len(answer.data) <= MOST_BYTES, f"{view.endpoint}{query}: {len(answer.data)} bytes"
                costs.setdefault(view.endpoint + query, []).append(sent.count)
    assert costs
    assert {name for name, (few, many) in costs.items() if few != many} == set()


def test_record_page_costs_a_fixed_number_of_statements(
    as_role: Callable[[Any], FlaskClient], count_statements: Callable[[], AbstractContextManager[Any]]
) -> None:
    """Opening a call costs the same with one entry in its trail and with thirty."""
    supervisor = make.make_user(Role.SUPERVISOR)
    client = as_role(supervisor)
    call = make.make_call(CallState.ON_SITE)
    costs = []
    for _ in range(2):
        with count_statements() as sent:
            assert client.get(f"/calls/details/?id={call.id}").status_code == 200
        costs.append(sent.count)
        for n in range(30):
            call.remark = f"change {n}"
            db.session.flush()
    assert costs[0] == costs[1] <= 12


@pytest.mark.parametrize("query", [
    "page=-1", "page=99999999999999999999", "page=abc", "q=%25%25", "q=" + "x" * 5000, "state=nonsense",
    "sort=password_hash",
    "sort=phone", "received_at_from=0001-01-01", "received_at_to=9999-99-99", "technician=99999999999999999999",
    "technician=1,2", "page_size=1000000000", "state=registered&state=closed&state=x", "desc=1&sort=number", "q=';--",
])  # fmt: skip
def test_crafted_addresses_never_break_a_list(as_role: Callable[[Any], FlaskClient], query: str) -> None:
    """clamped pages, unknown filters told, never a 500."""
    client = as_role(make.make_user(Role.SUPERVISOR))
    make.make_call()
    answer = client.get(f"/calls/?{query}")
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("query", ["q=%00", "q=a%00b", "state=%00", "page=%00"])
def test_nul_is_refused_with_a_sentence(as_role: Callable[[Any], FlaskClient], query: str) -> None:
    """NUL in an address is 400 in the person's language."""
    answer = as_role(make.make_user(Role.SUPERVISOR)).get(f"/calls/?{query}")
    assert answer.status_code == 400
    assert "<h1" in answer.text


def test_masked_in_the_list_and_searchable_by_the_whole_number(as_role: Callable[[Any], FlaskClient]) -> None:
    """X-20: lists mask phones; company names are shown; who may see all may search by last digits."""
    customer = make.make_customer(phone="13987654321", name="杭州明水有限公司")
    make.make_call(customer=customer)
    page = as_role(make.make_user(Role.ASSISTANT)).get("/calls/?q=4321").text
    assert "139****4321" in page
    assert "13987654321" not in page
    assert "杭州明水有限公司" in page

"""The box at the top of every page."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from backoffice.calls.models import CallState
from backoffice.core.permissions import Role
from backoffice.customers.models import CustomerKind
from backoffice.vouchers.queries import live_voucher
from tests import factories as make

Client = Callable[[Any], FlaskClient]


def test_a_whole_number_opens_its_record(as_role: Client) -> None:
    """Call, voucher, customer and serial number, whatever the case."""
    client, call = as_role(make.make_user(Role.SUPERVISOR)), make.make_call(CallState.ON_SITE)
    voucher = live_voucher(call)
    for number, address in (
        (call.number.lower(), f"/calls/details/?id={call.id}"),
        (voucher.number, f"/vouchers/details/?id={voucher.id}"),
        (call.customer.number, f"/customers/details/?id={call.customer_id}"),
        (call.unit.serial_no, f"/units/details/?id={call.unit_id}"),
    ):
        answer = client.get("/search/", query_string={"q": f" {number} "})
        assert (answer.status_code, answer.headers.get("Location")) == (302, address), number


def test_last_digits_names_and_serials_by_kind(as_role: Client) -> None:
    """The last four digits of a phone, a part of a name, a part of a serial number."""
    customer = make.make_customer(name="杭州钱江泵业有限公司", phone="13800007654")
    make.make_unit(customer, serial_no="QJ-2026-77")
    call = make.make_call(customer=customer)
    client = as_role(make.make_user(Role.ASSISTANT))
    by_phone = client.get("/search/?q=7654").text
    assert call.number in by_phone
    assert customer.number in by_phone
    assert "13800007654" not in by_phone
    assert "QJ-2026-77" in client.get("/search/?q=2026-7").text
    assert customer.number in client.get("/search/", query_string={"q": "钱江"}).text


def test_persons_are_masked_and_foreign_branches_are_not_there(as_role: Client) -> None:
    """X-20, P-1: the same scope and masks as in the lists."""
    there = make.make_customer(make.make_branch("SH"), name="上海钱江水厂")
    person = make.make_customer(name="钱江明", kind=CustomerKind.INDIVIDUAL)
    page = as_role(make.make_user(Role.ASSISTANT)).get("/search/", query_string={"q": "钱江"}).text
    assert person.number in page
    assert "钱**" in page
    assert there.number not in page
    assert as_role(make.make_user()).get(f"/search/?q={there.number}").status_code == 200


def test_a_technician_finds_his_own_jobs_only(as_role: Client) -> None:
    """P-1."""
    technician = make.make_user(Role.TECHNICIAN)
    mine, other = make.make_call(CallState.DISPATCHED, technician=technician), make.make_call(CallState.DISPATCHED)
    client = as_role(technician)
    assert client.get(f"/search/?q={mine.number}").status_code == 302
    assert client.get(f"/search/?q={other.number}").status_code == 200


@pytest.mark.parametrize("term", ["", "  ", "%", "_", "'; --", "<b>", "x" * 5000, "١٢٣", "𠮷", "a b c d e f g"])
def test_any_term_is_answered(as_role: Client, term: str) -> None:
    """C1."""
    make.make_call()
    answer = as_role(make.make_user()).get("/search/", query_string={"q": term})
    assert answer.status_code == 200
    assert "<b>" not in answer.text.replace("<bdi>", "")


def test_the_box_stands_on_every_page(as_role: Client) -> None:
    """The frame has the box, and `/` goes to it."""
    assert 'action="/search/"' in as_role(make.make_user()).get("/").text

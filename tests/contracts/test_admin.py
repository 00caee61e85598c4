"""Contracts on the pages: drafted, approved, found, and the right people only."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.calls.models import CallState
from backoffice.calls.rules import ServiceType
from backoffice.contracts.models import ContractState, ServiceContract
from backoffice.contracts.rules import FeeMode
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from tests import factories as make
from tests.pictures import png

Open = Callable[[Any], FlaskClient]


def test_drafted_approved_and_renewed_on_the_pages(as_role: Open, people) -> None:
    """E-09: serial numbers as typed, the refusal beside the field, the paper, the approval, the draft that follows."""
    customer = make.make_customer()
    units = [make.make_unit(customer, serial_no=f"P25-{n:04}") for n in range(3)]
    make.make_unit(serial_no="OTHER-1")
    desk = as_role(people[Role.ASSISTANT])
    assert desk.get("/contracts/new/").status_code == 200
    today = clock.today()
    form = {
        "customer": customer.id, "start_on": today.isoformat(), "end_on": (today + timedelta(days=364)).isoformat(),
        "fee_mode": "per_quarter", "fee_amount": "1,200.50", "visits_per_year": "4", "units": "p25-0000\nOTHER-1",
        "parts_included": "y",
    }  # fmt: skip
    answer = desk.post("/contracts/new/", data=form)
    assert answer.status_code in (409, 422)
    assert "OTHER-1" in answer.text
    assert db.session.scalar(select(ServiceContract)) is None
    answer = desk.post("/contracts/new/", data=form | {"units": "p25 -0000，Ｐ25-0001\n"})
    assert answer.status_code in (302, 303)
    contract = db.session.scalars(select(ServiceContract)).one()
    assert contract.units == units[:2]
    assert contract.parts_included is True
    upload = {"id": contract.id, "version": contract.version, "kind": "scan", "files": (io.BytesIO(png()), "c.png")}
    assert desk.post("/contracts/act/attach", data=upload).status_code in (302, 303)
    manager = as_role(people[Role.MANAGER])
    assert "/contracts/?approval=ready" in manager.get("/").text
    approved = manager.post("/contracts/act/activate", data={"id": contract.id, "version": contract.version})
    assert approved.status_code in (302, 303)
    assert contract.state is ContractState.ACTIVE
    page = manager.get(f"/contracts/details/?id={contract.id}").text
    assert "¥1,200.50" in page
    assert "¥4,802.00" in page, "four quarters"
    assert "0 of 4" in page
    assert f"/units/details/?id={units[0].id}" in page
    assert f"/units/?contract={contract.id}" in page
    desk = as_role(people[Role.ASSISTANT])
    renewed = desk.post("/contracts/act/renew", data={"id": contract.id, "version": contract.version})
    assert renewed.status_code in (302, 303)
    draft = db.session.scalars(select(ServiceContract).where(ServiceContract.renews_id == contract.id)).one()
    assert renewed.location.endswith(f"/contracts/details/?id={draft.id}")
    assert contract.number in desk.get(renewed.location).text


def test_units_leave_by_the_form_that_names_them(as_role: Open, people) -> None:
    """E-09: the supervisor's page of an active contract."""
    contract = make.make_contract()
    extra = make.make_unit(contract.customer)
    client = as_role(people[Role.SUPERVISOR])
    form = {"id": contract.id, "version": contract.version, "units": extra.serial_no, "reason": "补充"}
    assert client.post("/contracts/act/add_units", data=form).status_code in (302, 303)
    assert extra.serial_no in client.get(f"/contracts/act/remove_units?id={contract.id}").text
    form["units"] = "NO-SUCH"
    assert "NO-SUCH" in client.post("/contracts/act/remove_units", data=form).text
    assert len(contract.units) == 2


def test_draft_is_dropped_without_a_day(as_role: Open, people) -> None:
    """E-09: the page of a draft does not ask for one."""
    draft, active = make.make_contract(ContractState.DRAFT), make.make_contract()
    client = as_role(people[Role.SUPERVISOR])
    assert 'name="last_on"' not in client.get(f"/contracts/act/terminate?id={draft.id}").text
    assert 'name="last_on"' in client.get(f"/contracts/act/terminate?id={active.id}").text
    form = {"id": draft.id, "version": draft.version, "reason": "不签"}
    assert client.post("/contracts/act/terminate", data=form).status_code in (302, 303)
    assert draft.state is ContractState.TERMINATED


def test_list_says_how_long_each_holds(as_role: Open, people) -> None:
    """J-09: days left, what is over and what begins later; the filter and the queue show those that end soon."""
    today = clock.today()
    soon = make.make_contract(end_on=today + timedelta(days=12))
    late = make.make_contract(end_on=today - timedelta(days=3))
    next_year = make.make_contract(start_on=today + timedelta(days=30), end_on=today + timedelta(days=300))
    client = as_role(people[Role.ASSISTANT])
    page = client.get("/contracts/").text
    for words in ("12 days left", "over since 3 days", f"from {next_year.start_on}"):
        assert words in page
    assert "/contracts/?ending=soon" in client.get("/").text
    page = client.get("/contracts/?ending=soon").text
    assert soon.number in page
    assert late.number not in page
    home = as_role(people[Role.TECHNICIAN]).get("/").text
    assert "ending=soon" not in home


def test_found_from_customer_unit_and_search(as_role: Open, people) -> None:
    """The related lists, the look-up, and the box on every page by either number."""
    contract = make.make_contract(customer_no="WX-2026-77")
    other = make.make_contract()
    client = as_role(people[Role.ASSISTANT])
    unit = contract.units[0]
    for address in (f"customer={contract.customer_id}", f"unit={unit.id}"):
        page = client.get(f"/contracts/?{address}").text
        assert contract.number in page
        assert other.number not in page
    assert (
        f"/contracts/?customer={contract.customer_id}"
        in client.get(f"/customers/details/?id={contract.customer_id}").text
    )
    assert f"/contracts/?unit={unit.id}" in client.get(f"/units/details/?id={unit.id}").text
    units = client.get(f"/units/?contract={contract.id}").text
    assert unit.serial_no in units
    assert other.units[0].serial_no not in units
    for typed in (contract.number, "wx-2026-77"):
        assert client.get("/search/", query_string={"q": typed}).location.endswith(f"id={contract.id}")
    found = client.get("/lookup/service_contracts?q=WX-2026").json["results"]
    assert [one["id"] for one in found] == [contract.id]
    assert client.get(f"/lookup/service_contracts?customer={other.customer_id}").json["results"][0]["id"] == other.id


def test_call_names_its_contract(as_role: Open, people) -> None:
    """W-1.6: on the record of the call, and the calls on that of the contract."""
    contract = make.make_contract(visits_per_year=1)
    job = {"customer": contract.customer, "unit": contract.units[0], "service_type": ServiceType.CONTRACT,
           "contract_id": contract.id}  # fmt: skip
    call = make.make_call(CallState.CLOSED, **job)
    make.make_call(CallState.COMPLETED, **job)
    client = as_role(people[Role.SUPERVISOR])
    page = client.get(f"/calls/details/?id={call.id}").text
    assert f"/contracts/details/?id={contract.id}" in page
    page = client.get(f"/contracts/details/?id={contract.id}").text
    assert "2 of 1" in page
    assert f"/calls/?contract={contract.id}" in page
    assert call.number in client.get(f"/calls/?contract={contract.id}").text


def test_file_has_the_facts(as_role: Open, people) -> None:
    """The export: as on the page, with what the list leaves out."""
    contract = make.make_contract(end_on=clock.today() + timedelta(days=5), fee_mode=FeeMode.PER_VISIT)
    answer = as_role(people[Role.SALES]).post("/contracts/export/", data={"as": "csv"}, buffered=True)
    head, row = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))[:2]
    facts = dict(zip(head, row, strict=True))
    assert facts["Number"] == contract.number
    assert facts["Days left"] == "5 days left"
    assert facts["Fee"] in ("1200.00", "1,200.00")


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_them(as_role: Open, people, role) -> None:
    """P-1, P-3: a technician those of the customers of his jobs, an administrator none, nobody another branch's."""
    own = make.make_contract()
    make.make_call(CallState.ON_SITE, customer=own.customer, unit=own.units[0], technician=people[Role.TECHNICIAN])
    other, foreign = make.make_contract(), make.make_contract(customer=make.make_customer(make.make_branch("SH")))
    client = as_role(people[role])
    answer = client.get("/contracts/")
    if role is Role.ADMIN:
        assert answer.status_code == 403
        return
    seen = {one.number for one in (own, other, foreign) if one.number in answer.text}
    assert seen == ({own.number} if role is Role.TECHNICIAN else {own.number, other.number})
    assert client.get(f"/contracts/details/?id={foreign.id}").status_code == 404

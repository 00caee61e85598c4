"""Parts and movements as pages."""

import re
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.parts import workflow
from backoffice.parts.models import MovementKind, Part, StockMovement
from tests import factories as make

FORM = {
    "code": "JF-500", "name": "机械密封", "spec": "M7N-45", "unit": "套", "cost_price": "120.00", "sale_price": "",
    "price_reason": "", "min_stock": "２.5", "is_active": "y",
}  # fmt: skip


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status
    return str(answer.get_data(as_text=True))


def cells(page: str, code: str) -> list[str]:
    """The words of the cells of the row with that code."""
    (row,) = [row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f">{code}<" in row]
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]


def test_a_part_without_a_price_of_its_own_is_sold_at_cost(as_role: Any) -> None:
    """S-1.2, E-07; full-width figures count as figures."""
    client = as_role(make.make_user(Role.SUPERVISOR))
    assert client.post("/parts/new/", data=FORM).status_code == 302
    part = db.session.scalars(select(Part)).one()
    assert (part.sale_price, part.min_stock, part.price_reason) == (Decimal("120.00"), Decimal("2.5"), "")
    assert (part.is_wear_part, part.is_active) == (False, True)
    again = client.post("/parts/new/", data=FORM | {"code": "ｊｆ-500 "})
    assert again.status_code == 422
    assert "There is a part with this code already." in again.text


def test_a_price_above_cost_needs_a_reason(as_role: Any) -> None:
    """S-1.2, E-07."""
    client = as_role(make.make_user(Role.SUPERVISOR))
    refused = client.post("/parts/new/", data=FORM | {"sale_price": "150"})
    assert refused.status_code == 422
    assert "E-07" in refused.text
    assert client.post("/parts/new/", data=FORM | {"sale_price": "150", "price_reason": "进口件"}).status_code == 302
    part = db.session.scalars(select(Part)).one()
    assert (part.sale_price, part.price_reason) == (Decimal("150.00"), "进口件")
    edited = FORM | {"id": part.id, "version": part.version, "sale_price": "120", "price_reason": "进口件"}
    assert client.post(f"/parts/edit/?id={part.id}", data=edited).status_code == 302
    db.session.refresh(part)
    assert (part.sale_price, part.price_reason) == (Decimal("120.00"), "")


@pytest.mark.parametrize("quantity", ["nan", "1e308", "-1", "0.0001", "1_0", "x", "9" * 30])
def test_hostile_quantities_are_refused(as_role: Any, quantity: str) -> None:
    """E-07."""
    part = make.make_part()
    client = as_role(make.make_user(Role.ASSISTANT))
    assert client.post(f"/parts/act/receive?id={part.id}", data={"id": part.id, "version": 1, "quantity": quantity}
                       ).status_code == 422  # fmt: skip
    supervisor = as_role(make.make_user(Role.SUPERVISOR))
    assert supervisor.post("/parts/new/", data=FORM | {"min_stock": quantity}).status_code == 422


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.FINANCE, Role.TECHNICIAN, Role.MANAGER, Role.SALES])
def test_prices_are_read_by_all_and_written_by_the_supervisor(as_role: Any, role: Role) -> None:
    """P-3."""
    part = make.make_part()
    client = as_role(make.make_user(role))
    assert "¥120.00" in text(client.get("/parts/"))
    for door in ("/parts/new/", f"/parts/edit/?id={part.id}"):
        assert client.get(door).status_code == 403
        assert client.post(door, data=FORM).status_code == 403


def test_goods_come_in_go_out_come_back_and_are_counted(as_role: Any) -> None:
    """E-07: the four pages, one after the other."""
    part, technician = make.make_part(), make.make_user(Role.TECHNICIAN)
    client = as_role(make.make_user(Role.ASSISTANT))
    for act, inputs in (
        ("receive", {"quantity": "10"}), ("hand_out", {"quantity": "4", "holder": technician.id}),
        ("hand_back", {"quantity": "1", "holder": technician.id}), ("count", {"counted": "6", "reason": "1 broken"}),
        ("count", {"counted": "3", "holder": technician.id}),
    ):  # fmt: skip
        assert client.get(f"/parts/act/{act}?id={part.id}").status_code == 200
        answer = client.post(f"/parts/act/{act}", data={"id": part.id, "version": part.version} | inputs)
        assert answer.status_code == 302, (act, answer.text)
    page = text(client.get(f"/parts/details/?id={part.id}"))
    assert f"{technician.real_name} 3" in page
    assert "¥6.00" not in page
    refused = client.post("/parts/act/hand_out", data={"id": part.id, "version": 1, "quantity": "7",
                                                       "holder": technician.id})  # fmt: skip
    assert refused.status_code == 409
    assert "Only 6 套" in refused.text
    kinds = [m.kind for m in db.session.scalars(select(StockMovement).order_by(StockMovement.id))]
    assert kinds == [
        MovementKind.IN, MovementKind.TO_TECHNICIAN, MovementKind.TO_TECHNICIAN, MovementKind.FROM_TECHNICIAN,
        MovementKind.FROM_TECHNICIAN, MovementKind.ADJUSTED,
    ]  # fmt: skip
    listed = text(client.get(f"/stock-movements/?part={part.id}"))
    assert "6 records" in listed
    assert "1 broken" in listed


def test_the_list_shows_the_stock_of_the_readers_branch(as_role: Any) -> None:
    """P-1, P-3: AA, FA, SS and GM the branch's; a technician what he holds; a salesperson none."""
    part, technician = make.make_part(code="JF-7", min_stock=Decimal(20)), make.make_user(Role.TECHNICIAN)
    make.make_movement(part, "12.5")
    make.make_movement(part, 3, technician)
    make.make_movement(part, 4, make.make_user(Role.TECHNICIAN))
    make.make_movement(part, 99, branch_id=make.make_branch("SH").id)
    for role in (Role.ASSISTANT, Role.FINANCE, Role.SUPERVISOR, Role.MANAGER):
        assert cells(text(as_role(make.make_user(role)).get("/parts/")), "JF-7")[-3:] == ["12.5", "7", "20"]
    page = as_role(technician).get("/parts/")
    assert cells(text(page), "JF-7")[-3:] == ["", "3", "20"]
    assert cells(text(as_role(make.make_user(Role.SALES)).get("/parts/")), "JF-7")[-3:] == ["", "", "20"]
    mine = text(as_role(technician).get(f"/parts/details/?id={part.id}"))
    assert f"{technician.real_name} 3" in mine
    assert "12.5" not in mine
    there = as_role(make.make_user(Role.ASSISTANT, make.make_branch("SH")))
    assert cells(text(there.get("/parts/")), "JF-7")[-3:] == ["99", "0", "20"]


def test_the_timeline_tells_nothing_of_another_branchs_stock(as_role: Any) -> None:
    """P-1, P-3: prices are shared by all branches, stock is not; a salesperson and a technician see no stock."""
    part, there = make.make_part(), make.make_branch("SH")
    for branch, note in ((make.make_branch(), "note-here"), (there, "note-there")):
        workflow.receive(part, by=make.make_user(Role.ASSISTANT, branch), quantity=Decimal(5), reason=note)
    edit = FORM | {"id": part.id, "version": part.version, "code": part.code, "spec": "new-spec"}
    assert (
        as_role(make.make_user(Role.SUPERVISOR, there)).post(f"/parts/edit/?id={part.id}", data=edit).status_code == 302
    )

    def told(role: Role, code: str = "HZ") -> list[bool]:
        page = text(as_role(make.make_user(role, make.make_branch(code))).get(f"/parts/details/?id={part.id}"))
        timeline = page[page.index("Timeline") :]
        return [word in timeline for word in ("note-here", "note-there", "new-spec")]

    assert told(Role.FINANCE) == [True, False, True]
    assert told(Role.FINANCE, "SH") == [False, True, True]
    assert told(Role.MANAGER, "HQ") == [True, True, True]
    assert told(Role.TECHNICIAN) == told(Role.SALES) == [False, False, True]


def test_parts_below_their_minimum_are_counted_and_listed(as_role: Any) -> None:
    """E-07: in the store of the own branch; what technicians hold does not count, nor a part not in use."""
    low, enough = make.make_part(min_stock=Decimal(5)), make.make_part(min_stock=Decimal(5))
    none, without = make.make_part(min_stock=Decimal("0.5")), make.make_part()
    retired = make.make_part(min_stock=Decimal(5), is_active=False)
    for part, quantity in ((low, "4.999"), (enough, 5)):
        make.make_movement(part, quantity)
    make.make_movement(low, 9, make.make_user(Role.TECHNICIAN))
    for role in (Role.ASSISTANT, Role.SUPERVISOR):
        client = as_role(make.make_user(role))
        home = text(client.get("/"))
        assert re.search(r'home-card[^"]*" href="/parts/\?stock=low"><strong class="home-count">2<', home)
        page = text(client.get("/parts/?stock=low"))
        assert [part.code in page for part in (low, none)] == [True, True]
        assert not any(part.code in page for part in (enough, without, retired))
        assert "Below the minimum" in page
    assert "/parts/?stock=low" not in text(as_role(make.make_user(Role.FINANCE)).get("/"))
    assert low.code not in text(as_role(make.make_user(Role.SALES)).get("/parts/?stock=low"))


def test_look_up_offers_parts_in_use_with_code_name_and_specification(as_role: Any) -> None:
    part = make.make_part(code="JF-8", name="叶轮", spec="Φ165")
    make.make_part(code="JF-81", name="叶轮", is_active=False)
    client = as_role(make.make_user(Role.TECHNICIAN))
    for term in ("JF-8", "叶轮", "φ165", "jf8"):
        found = client.get("/lookup/parts", query_string={"q": term}).json["results"]
        assert found == [{"id": part.id, "label": "JF-8 · 叶轮 · Φ165"}], term
    assert as_role(make.make_user(Role.ADMIN)).get("/lookup/parts?q=JF").status_code == 403


def test_a_movement_shows_its_document_and_cannot_be_changed(as_role: Any) -> None:
    """E-07: linked to the record for which the part was used."""
    part, call = make.make_part(), make.make_call()
    make.make_movement(part, 2)
    used = make.make_movement(part, -1, kind=MovementKind.USED, subject_type="service_call", subject_id=call.id,
                              subject_number=call.number)  # fmt: skip
    client = as_role(make.make_user(Role.ASSISTANT))
    page = text(client.get(f"/stock-movements/details/?id={used.id}"))
    assert f"/calls/details/?id={call.id}" in page
    assert ">-1<" in page
    for door in ("new/", f"edit/?id={used.id}"):
        assert client.get(f"/stock-movements/{door}").status_code in (403, 404)
    assert "¥-1" not in text(client.get("/stock-movements/"))


def test_an_export_has_quantities_as_numbers(as_role: Any) -> None:
    part = make.make_part(code="JF-77", min_stock=Decimal(50))
    make.make_movement(part, "12.5")
    client = as_role(make.make_user(Role.ASSISTANT))
    answer = client.post("/parts/export/?all=1", data={"as": "csv"}, buffered=True)
    row = next(line for line in answer.text.splitlines() if "JF-77" in line)
    assert "12.5" in row
    assert "Below" not in row


def test_the_lists_cost_a_fixed_number_of_statements(as_role: Any, count_statements: Any) -> None:
    client = as_role(make.make_user(Role.ASSISTANT))
    costs = []
    for _ in range(2):
        for _ in range(10):
            make.make_movement(make.make_part(min_stock=Decimal(20)), 5)
        for page in ("/parts/", "/stock-movements/"):
            client.get(page)
            with count_statements() as sent:
                text(client.get(page))
            costs.append(sent.count)
    assert costs[:2] == costs[2:]
    assert max(costs) <= 4

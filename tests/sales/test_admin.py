"""Parts sales on the pages: entered line by line, delivered, taken back; what each role sees."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.parts.queries import balance
from backoffice.receivables.models import Due
from backoffice.sales.models import PartsSale, SaleState
from backoffice.sales.rules import MOST_LINES
from tests import factories as make
from tests.selling import make_past_sale, make_sale

Open = Callable[[Any], FlaskClient]


def line(place: int, part: Any, quantity: Any, **more: Any) -> dict[str, Any]:
    sent = {"part": part.id, "quantity": quantity, "unit_price": f"{part.sale_price:.2f}", "price_reason": "",
            "seen_price": f"{part.sale_price:.2f}"} | more  # fmt: skip
    return {f"lines-{place}-{name}": value for name, value in sent.items()}


def test_look_up_brings_the_price_along(as_role: Open, people) -> None:
    """E-30: choosing a part fills its price in; nobody sees the parts that may not sell."""
    part = make.make_part(cost_price=Decimal("12.5"))
    found = as_role(people[Role.SALES]).get(f"/lookup/parts_for_sale?q={part.code}").get_json()["results"]
    assert found == [
        {"id": part.id, "label": part.label, "fills": {"unit_price": "12.50", "seen_price": "12.50"}}
    ]  # fmt: skip
    assert as_role(people[Role.FINANCE]).get("/lookup/parts_for_sale").status_code == 403


def test_entered_and_delivered_in_one_go(as_role: Open, people) -> None:
    """E-30: full-width figures, an empty line left out, no price given for the price of the part."""
    seal, ring = make.make_movement().part, make.make_movement().part
    customer = make.make_customer()
    desk = as_role(people[Role.ASSISTANT])
    page = desk.get("/parts-sales/new/?lines=3").text
    assert len(re.findall(r'name="lines-\d-quantity"', page)) == 3
    form = {
        "customer": customer.id, **line(0, seal, "２．５"), "lines-1-quantity": "", "lines-1-part": "",
        **line(2, ring, "1", unit_price="", seen_price=""), "deliver_now": "y", "path": "",
    }  # fmt: skip
    answer = desk.post("/parts-sales/new/", data=form)
    assert answer.status_code in (302, 303), answer.text
    sale = db.session.scalars(select(PartsSale)).one()
    assert answer.location.endswith(f"/parts-sales/details/?id={sale.id}")
    assert (sale.state, sale.total, len(sale.lines)) == (SaleState.DELIVERED, Decimal("420.00"), 2)
    assert balance(seal.id, customer.branch_id, None) == Decimal("7.5")
    page = desk.get(answer.location).text
    assert "¥420.00" in page
    assert f"/parts/details/?id={seal.id}" in page
    assert sale.due.number in page
    listed = desk.get("/parts-sales/").text
    assert sale.number in listed
    movements = desk.get("/stock-movements/").text
    assert f"/parts-sales/details/?id={sale.id}" in movements
    assert f"/parts-sales/?customer={customer.id}" in desk.get(f"/customers/details/?id={customer.id}").text
    assert f"/sale-lines/?part={seal.id}" in desk.get(f"/parts/details/?id={seal.id}").text


@pytest.mark.parametrize(
    ("field", "typed"),
    [("quantity", "NaN"), ("quantity", "1e308"), ("quantity", "0.0001"), ("quantity", "-1"), ("quantity", "0"),
     ("quantity", ""), ("unit_price", "1.001"), ("unit_price", "NaN"), ("unit_price", "1e308"), ("unit_price", "-1"),
     ("unit_price", "12,34")],
)  # fmt: skip
def test_what_is_no_figure_comes_back_beside_its_field(as_role: Open, people, field: str, typed: str) -> None:
    """G-01, E-07: nothing is stored, and what was typed stands there still."""
    part = make.make_movement().part
    desk = as_role(people[Role.SUPERVISOR])
    form = {"customer": make.make_customer().id, **line(0, part, 1), f"lines-0-{field}": typed}
    answer = desk.post("/parts-sales/new/", data=form)
    assert answer.status_code in (409, 422)
    assert f'id="lines-0-{field}-error"' in answer.text
    if typed:
        assert f'value="{typed}"' in answer.text or typed == "0"
    assert db.session.scalar(select(PartsSale)) is None


def test_price_changed_between_page_and_click_is_told_once(as_role: Open, people) -> None:
    """E-30: the second click, with the new figure on the page, goes through."""
    part = make.make_movement().part
    desk = as_role(people[Role.ASSISTANT])
    form = {"customer": make.make_customer().id, **line(0, part, 1)}
    part.cost_price = part.sale_price = Decimal("150.00")
    db.session.flush()
    answer = desk.post("/parts-sales/new/", data=form)
    assert answer.status_code == 409
    assert "¥150.00" in answer.text
    assert db.session.scalar(select(PartsSale)) is None
    (seen,) = re.findall(r'name="lines-0-seen_price" type="hidden" value="([^"]*)"', answer.text)
    assert seen == "150.00"
    again = form | {"lines-0-unit_price": "150.00", "lines-0-seen_price": seen}
    assert desk.post("/parts-sales/new/", data=again).status_code in (302, 303)
    assert db.session.scalars(select(PartsSale)).one().total == Decimal("150.00")


def test_another_price_is_the_supervisors(as_role: Open, people) -> None:
    """A-8: the clerk is told whom to ask, the supervisor to say why."""
    part = make.make_movement().part
    form = {"customer": make.make_customer().id, **line(0, part, 1, unit_price="￥１３０.00元")}
    answer = as_role(people[Role.ASSISTANT]).post("/parts-sales/new/", data=form)
    assert answer.status_code == 409
    assert "A-8" in answer.text
    boss = as_role(people[Role.SUPERVISOR])
    assert 'id="lines-0-price_reason-error"' in boss.post("/parts-sales/new/", data=form).text
    good = form | {"lines-0-price_reason": "agreed"}
    assert boss.post("/parts-sales/new/", data=good).status_code in (302, 303)
    assert db.session.scalars(select(PartsSale)).one().total == Decimal("130.00")


def test_stock_that_is_gone_is_told_beside_its_line(as_role: Open, people) -> None:
    """E-07: also where an empty line stands between."""
    seal, ring = make.make_movement().part, make.make_movement(quantity=1).part
    form = {"customer": make.make_customer().id, **line(0, seal, 1), **line(2, ring, 2), "deliver_now": "y"}
    form |= {"lines-1-part": "", "lines-1-quantity": ""}
    answer = as_role(people[Role.SALES]).post("/parts-sales/new/", data=form)
    assert answer.status_code == 409
    assert 'id="lines-2-quantity-error"' in answer.text
    assert db.session.scalar(select(PartsSale)) is None


def test_draft_is_edited_on_its_page(as_role: Open, people) -> None:
    """E-30: the page shows the lines; one that is emptied is dropped; a stale page is told."""
    parts = [make.make_movement().part for _ in range(3)]
    sale = make_sale([(part, 1) for part in parts])
    desk = as_role(people[Role.SALES])
    page = desk.get(f"/parts-sales/edit/?id={sale.id}").text
    assert [f'value="{part.id}"' in page for part in parts] == [True] * 3
    version = sale.version
    form = {"id": sale.id, "version": version, "remark": "x", **line(0, parts[1], 4), **line(1, parts[2], 1)}
    assert desk.post("/parts-sales/edit/", data=form).status_code in (302, 303)
    assert [(one.part_id, one.quantity) for one in sale.valid_lines] == [(parts[1].id, 4), (parts[2].id, 1)]
    page = desk.get(f"/parts-sales/edit/?id={sale.id}").text
    assert len(re.findall(r'name="lines-\d-quantity"', page)) == 2
    stale = desk.post("/parts-sales/edit/", data=form)
    assert stale.status_code == 409
    assert "G-06" in stale.text
    answer = desk.post("/parts-sales/act/deliver", data={"id": sale.id, "version": sale.version, "path": ""})
    assert answer.status_code in (302, 303)
    assert sale.due.amount == Decimal("600.00")


def test_taken_back_line_by_line_and_wholly(as_role: Open, people) -> None:
    """E-30: each line with what is left of it; the refusal beside it."""
    seal, ring = make.make_movement().part, make.make_movement().part
    sale = make_sale([(seal, 3), (ring, 1)], SaleState.DELIVERED)
    desk = as_role(people[Role.SALES])
    page = desk.get(f"/parts-sales/act/take_back?id={sale.id}").text
    assert seal.name in page
    keys = [one.id for one in sale.lines]
    form = {
        "id": sale.id, "version": sale.version, "reason": "wrong", "lines-0-line_id": keys[0],
        "lines-0-quantity": "4", "lines-1-line_id": keys[1], "lines-1-quantity": "",
    }  # fmt: skip
    refused = desk.post("/parts-sales/act/take_back", data=form)
    assert refused.status_code == 409
    assert 'id="lines-0-quantity-error"' in refused.text
    assert seal.name in refused.text
    assert desk.post("/parts-sales/act/take_back", data=form | {"lines-0-quantity": "1"}).status_code in (302, 303)
    assert (sale.returned_total, sale.state) == (Decimal("120.00"), SaleState.DELIVERED)
    page = desk.get(f"/parts-sales/details/?id={sale.id}").text
    assert "-¥120.00" not in page
    assert "¥120.00" in page
    rest = {"id": sale.id, "version": sale.version, "reason": "all", "everything": "y"}
    assert desk.post("/parts-sales/act/take_back", data=rest).status_code in (302, 303)
    assert sale.state is SaleState.REVERSED


def test_page_for_the_most_lines_can_be_sent(as_role: Open, people) -> None:
    """E-30: no limit of the server lies below that of the rule."""
    part = make.make_movement(quantity=1000).part
    form: dict[str, Any] = {"customer": make.make_customer().id}
    for place in range(MOST_LINES):
        form |= line(place, part, 1) | {f"lines-{place}-part-text": part.label}
    desk = as_role(people[Role.ASSISTANT])
    answer = desk.post("/parts-sales/new/", data=form, content_type="multipart/form-data")
    assert answer.status_code in (302, 303), answer.text[:500]
    assert len(db.session.scalars(select(PartsSale)).one().lines) == MOST_LINES
    one_more = form | line(MOST_LINES, part, 1)
    assert desk.post("/parts-sales/new/", data=one_more, content_type="multipart/form-data").status_code in (409, 422)


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_who_sees_what(as_role: Open, people, role: Role) -> None:
    """P-1, P-3: the desk enters, finance and manager read, technician and administrator see nothing."""
    sale = make_sale()
    client = as_role(people[role])
    writes = role in (Role.ASSISTANT, Role.SUPERVISOR, Role.SALES)
    reads = writes or role in (Role.FINANCE, Role.MANAGER)
    assert (client.get("/parts-sales/").status_code == 200) is reads
    assert (client.get(f"/parts-sales/details/?id={sale.id}").status_code == 200) is reads
    assert (client.get("/sale-lines/").status_code == 200) is reads
    assert (client.get("/parts-sales/new/").status_code == 200) is writes
    assert ("/parts-sales/?state=draft" in client.get("/").text) is writes


def test_another_branch_is_behind_no_door(as_role: Open) -> None:
    """P-1: not even for finance there."""
    sale = make_sale()
    elsewhere = as_role(make.make_user(Role.FINANCE, make.make_branch("SH")))
    assert elsewhere.get(f"/parts-sales/details/?id={sale.id}").status_code == 404


def test_delivered_in_bulk_from_the_list(as_role: Open, people) -> None:
    """E-30: the outcome page tells what could not be delivered."""
    good, bad = make_sale(), make_sale([(make.make_part(), 1)])
    sent = {"action": "deliver", "rowid": [good.id, bad.id]}
    desk = as_role(people[Role.ASSISTANT])
    asked = desk.post("/parts-sales/action/", data=sent)
    assert asked.status_code == 200
    answer = desk.post("/parts-sales/act/deliver", data={"rowid": [good.id, bad.id], "path": ""}, follow_redirects=True)
    assert answer.status_code == 200
    assert bad.number in answer.text
    assert (good.state, bad.state) == (SaleState.DELIVERED, SaleState.DRAFT)
    assert len(db.session.scalars(select(Due)).all()) == 1


def test_past_sale_is_marked_and_found(as_role: Open, people) -> None:
    """E-30: history, with its old number; a reversal below zero."""
    past = make_past_sale([("-2", "4.95"), ("-1", "1.00")], old_number="C569203")
    make_sale()
    desk = as_role(people[Role.FINANCE])
    listed = desk.get("/parts-sales/?history=only").text
    assert past.number in listed
    assert "10.90" in listed
    assert listed.count("/parts-sales/details/?id=") < 4
    assert past.number in desk.get("/parts-sales/?q=c569203").text
    assert "C569203" in desk.get(f"/parts-sales/details/?id={past.id}").text

"""What the papers of goods in custody say, and to whom (F-03, F-04); batches and permissions of all three."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.calls.rules import FaultCause
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted, RecordNotFound
from backoffice.core.permissions import Role
from backoffice.core.pii import PiiAccess
from backoffice.customers.models import CustomerKind
from backoffice.goods.models import GoodsReceipt, GoodsState, ReceiptState
from backoffice.organisation.models import LOCALES
from backoffice.repairs.models import CardState, RepairCard
from backoffice.ui.printing import PRINTS
from tests import factories as make
from tests.custody import (
    make_card,
    make_card_part,
    make_entry,
    make_leg,
    make_receipt,
    make_taken_call,
    make_time,
)
from tests.printing.reading import facts_of, label_in, rows_of
from tests.printing.test_pages import HOSTILE, printed, said, sheets_of

NAME, MASKED = "诸葛某某", "诸**"


def a_persons_call(**over: Any) -> Any:
    """A call of a person, not of a company, whose goods were taken away."""
    person = make.make_customer(kind=CustomerKind.INDIVIDUAL, name=NAME, phone="13812345678")
    return make_taken_call(customer=person, **over)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", list(ReceiptState), ids=lambda state: state.value)
def test_receipt_in_every_state_and_language(
    app: Flask, as_role: Callable[[Any], FlaskClient], state: ReceiptState, locale: str
) -> None:
    """F-03, W-3: two copies with item, condition, promise and the sentence; an ended one is marked across, with why."""
    call = a_persons_call()
    reason = "写错了" if state in (ReceiptState.LOST, ReceiptState.VOID) else ""
    receipt = make_receipt(
        call, call.unit, state=state, end_reason=reason, accessories="电缆 3 米", paper_no="SJ0000123",
        estimated_fee=Decimal("1280.5"),
    )  # fmt: skip
    make_entry(receipt, GoodsState.RETURNED if state is ReceiptState.RECOVERED else GoodsState.WORKSHOP)
    number, day, code = receipt.number, receipt.promised_return_on.isoformat(), receipt.model_text
    voucher, goods, serial = receipt.voucher.number, receipt.unit.model.name, receipt.serial_no
    technician = receipt.issued_by.real_name
    page = printed(as_role(make.make_user(Role.ASSISTANT)), "F-03", id=receipt.id, lang=locale)
    words = (
        "Copy 1 · customer",
        "Copy 2 · department",
        "Receipt for goods",
        "Customer",
        "Goods",
        "Model",
        "Reason",
        "Agreed return",
        "Serial number",
        "Quantity",
        "Estimated fee",
        "Technician",
        "Voucher no.",
        "Pre-printed no.",
        "Taken back by",
        "You get the goods back against this receipt. Hand it in when you collect them; from then on it is void.",
    )
    with app.test_request_context():
        said_as = {word: said(locale, word) for word in words}
        across = label_in(locale, state)
    sheets = sheets_of(page)
    assert len(sheets) == 2
    for sheet, copy in zip(sheets, words[:2], strict=True):
        facts = facts_of(sheet)
        assert f'<span class="sheet-copy">{said_as[copy]}</span>' in sheet
        assert f"<h1>{said_as['Receipt for goods']}</h1>" in sheet
        assert f'<span class="sheet-number">{number}</span>' in sheet
        assert f"<span>{said_as['Pre-printed no.']} SJ0000123</span>" in sheet
        assert said_as[words[-1]] in sheet
        for text in ("电缆 3 米", "外壳有划痕", "不出水"):
            assert f"data-flow>{text}</p>" in sheet
        wanted = {
            "Customer": NAME, "Goods": goods, "Model": code, "Serial number": serial, "Quantity": "1",
            "Agreed return": day, "Estimated fee": "¥1,280.50", "Technician": technician, "Voucher no.": voucher,
            "Reason": reason, "Taken back by": technician if state is ReceiptState.RECOVERED else "",
        }  # fmt: skip
        assert {said_as[label]: value for label, value in wanted.items()}.items() <= facts.items()
        ended = state is not ReceiptState.ISSUED
        assert sheet.count('class="mark') == int(ended)
        assert sheet.count('class="tick on"') == int(ended)
        assert (f'aria-hidden="true"><span>{across}</span></div>' in sheet) is ended


@pytest.mark.parametrize(
    ("role", "own", "full"),
    [
        (Role.ASSISTANT, False, True), (Role.SUPERVISOR, False, True), (Role.TECHNICIAN, True, True),
        (Role.FINANCE, False, False), (Role.MANAGER, False, False),
    ],
)  # fmt: skip
def test_receipt_names_the_customer_in_full_for_those_who_may_see_it(
    as_role: Callable[[Any], FlaskClient], role: Role, own: bool, full: bool
) -> None:
    """X-20: the desk and the technician on his own open job print the name, which is written down; others a mask."""
    me = make.make_user(role)
    receipt = make_receipt(a_persons_call(**({"technician": me} if own else {})))
    make_entry(receipt)
    key = receipt.id
    client = as_role(me)
    assert NAME not in client.get(f"/prints/new/F-03?id={key}").text
    page = printed(client, "F-03", id=key)
    assert (NAME in page) is full
    assert (MASKED in page) is not full
    columns = (PiiAccess.subject_type, PiiAccess.subject_id, PiiAccess.field, PiiAccess.purpose, PiiAccess.user_id)
    shown = [tuple(row) for row in db.session.execute(select(*columns))]
    assert shown == ([("goods_receipt", key, "customer_name", "print F-03", me.id)] if full else [])


def test_goods_register_of_a_day_and_extracts(as_role: Callable[[Any], FlaskClient]) -> None:
    """F-04, E-12: the items taken in on the day, masked, with their ways; the sums of the foot add up."""
    call = a_persons_call()
    day = clock.today() - timedelta(days=3)
    states = [GoodsState.WORKSHOP, GoodsState.FACTORY, GoodsState.BACK, GoodsState.RETURNED, GoodsState.GIVEN_UP,
              GoodsState.VOID]  # fmt: skip
    entries = [make_entry(make_receipt(call), state, in_on=day) for state in states]
    entries[0].remark = "请客户自提"
    entries[3].inspected_on = clock.today()
    again = make_leg(
        entries[2], sent_to="电机维修厂", carrier="德邦", tracking_no="DB1", sent_on=day, back_on=clock.today()
    )
    other = make_entry(make_receipt(call), in_on=day + timedelta(days=1))
    client = as_role(make.make_user(Role.FINANCE))
    first, second = (printed(client, "F-04", day=day.isoformat()) for _ in range(2))
    (sheet,) = sheets_of(first)
    rows = rows_of(sheet)[1:]
    assert [row[1] for row in rows] == [f"{entry.number}|{day}" for entry in entries]
    assert {row[2] for row in rows} == {MASKED}
    assert NAME not in first
    assert other.number not in first
    assert [row[5].split("|")[0] for row in rows] == [str(entry.state.label) for entry in entries]
    assert rows[0][10] == "请客户自提"
    assert re.fullmatch(rf"总厂 · 顺丰 SF\d+\n{day} → …", rows[1][6])
    assert rows[2][6].endswith(f"电机维修厂 · 德邦 DB1\n{day} → {again.back_on}")
    assert rows[3][4] == f"{entries[3].receipt.number}|With the customer"
    assert rows[3][8] == f"{clock.today()}|{clock.today()}"
    assert rows[3][9] == f"李**|{entries[3].returned_by.real_name}"
    assert "Taken in: 6 = in our hands: 3 + returned: 1 + given up: 1 + void: 1" in sheet
    assert "Reprint" not in first
    assert "Reprint no. 1" in second
    extract = printed(client, "F-04", by="filter", state="factory")
    assert entries[1].number in extract
    assert entries[0].number not in extract
    assert "Extract of" in extract
    assert "Taken in: 1 = in our hands: 1 + returned: 0 + given up: 0 + void: 0" in extract
    assert "No goods." in client.get("/prints/new/F-04?day=2001-01-01").text
    assert db.session.scalar(select(PiiAccess.id)) is None


def test_roles_and_branches(as_role: Callable[[Any], FlaskClient]) -> None:
    """P-1, P-3: who may not read the record may not print it, on any way."""
    card = make_card()
    there = make_card(branch=make.make_branch("SH"))
    keys = {"F-03": ("goods_receipts", card.entry.receipt_id, there.entry.receipt_id),
            "F-04": ("goods_entries", card.entry_id, there.entry_id),
            "F-05": ("repair_cards", card.id, there.id)}  # fmt: skip
    may_not = {"F-03": (Role.ADMIN,), "F-04": (Role.ADMIN,), "F-05": (Role.ADMIN, Role.FINANCE, Role.SALES)}
    supervisor, stranger = make.make_user(Role.SUPERVISOR), make.make_user(Role.TECHNICIAN)
    for form, (_endpoint, here_id, there_id) in keys.items():
        for role in may_not[form]:
            client = as_role(make.make_user(role))
            assert client.get(f"/prints/new/{form}?id={here_id}").status_code == 403
            assert client.post(f"/prints/new/{form}", data={"id": here_id}).status_code == 403
        assert as_role(supervisor).post(f"/prints/new/{form}", data={"id": there_id}).status_code == 404
        assert as_role(stranger).post(f"/prints/new/{form}", data={"id": here_id}).status_code == 404
    for role in may_not["F-05"]:
        with pytest.raises(NotPermitted):
            PRINTS["F-05"].act(card, by=make.make_user(role), ticket="t", locale="en")
    with pytest.raises(RecordNotFound):
        PRINTS["F-05"].act(there, by=supervisor, ticket="t", locale="en")
    assert db.session.get_one(RepairCard, card.id).version == card.version


def test_pages_offer_the_papers(as_role: Callable[[Any], FlaskClient]) -> None:
    """Records offer their form, lists the batch and the register of what they show."""
    card = make_card()
    client = as_role(make.make_user(Role.SUPERVISOR))
    receipt_id, card_id, serial = card.entry.receipt_id, card.id, card.serial_no
    assert f'href="/prints/new/F-03?id={receipt_id}"' in client.get(f"/receipts/details/?id={receipt_id}").text
    assert f'href="/prints/new/F-05?id={card_id}"' in client.get(f"/repair-cards/details/?id={card_id}").text
    assert 'formaction="/prints/pick/F-05"' in client.get("/repair-cards/").text
    assert f'href="/prints/new/F-04?by=filter&amp;q={serial}"' in client.get(f"/goods/?q={serial}").text
    finance = as_role(make.make_user(Role.FINANCE))
    assert "/prints/new/F-03" in finance.get(f"/receipts/details/?id={receipt_id}").text


@pytest.mark.parametrize("form", ["F-03", "F-04", "F-05"])
def test_statements_do_not_grow_with_the_records(
    as_role: Callable[[Any], FlaskClient], count_statements: Any, form: str
) -> None:
    """SPEED: preview, print and sheets of 20 records cost as many statements as those of two."""
    cards = [make_card(CardState.RETURNED, printed_at=None, fault_cause=FaultCause.WEAR) for _ in range(22)]
    part = make.make_part()
    for card in cards:
        make_leg(card.entry, back_on=clock.today())
        for _ in range(2):
            make_card_part(card, part=part)
            make_time(card, user_id=make.make_user(Role.TECHNICIAN).id)
    keys = [{"F-03": card.entry.receipt_id, "F-04": card.entry_id, "F-05": card.id}[form] for card in cards]
    client = as_role(make.make_user(Role.ASSISTANT))
    sent_for = {}
    for some in (keys[:2], keys[2:]):
        with count_statements() as preview:
            assert client.get(f"/prints/new/{form}", query_string={"id": some}).status_code == 200
        with count_statements() as post:
            answer = client.post(f"/prints/new/{form}", data={"id": some})
        with count_statements() as get:
            page = client.get(answer.headers["Location"]).text
        assert len(sheets_of(page)) == {"F-03": 2 * len(some), "F-04": 1, "F-05": len(some)}[form]
        sent_for[len(some)] = (preview.count, post.count, get.count)
    assert sent_for[20] == sent_for[2]
    assert max(sent_for[20]) <= 20, sent_for


def test_what_people_type_is_printed_as_typed(as_role: Callable[[Any], FlaskClient]) -> None:
    """D4: markup, quotes and templates in any field are text on the papers."""
    card = make_card(CardState.REPAIRED, fault_text=HOSTILE, model_text=HOSTILE, test_note=HOSTILE)
    make_time(card, work=HOSTILE)
    receipt = db.session.get_one(GoodsReceipt, card.entry.receipt_id)
    receipt.accessories = receipt.appearance = receipt.fault_text = card.entry.remark = HOSTILE
    make_leg(card.entry, sent_to=HOSTILE)
    client = as_role(make.make_user(Role.SUPERVISOR))
    keys = {"F-03": receipt.id, "F-04": card.entry_id, "F-05": card.id}
    for form, key in keys.items():
        page = printed(client, form, id=key)
        assert "<script>alert" not in page
        assert "<id>" not in page
        assert HOSTILE in html.unescape("".join(sheets_of(page)))

"""What the repair card says, and what its first print does (F-05, E-13, W-4.1)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Role
from backoffice.customers.models import CustomerKind
from backoffice.organisation.models import LOCALES
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import CardState, RepairCard
from backoffice.ui.printing import qr_code
from tests import factories as make
from tests.custody import (
    make_card,
    make_card_part,
    make_taken_call,
    make_time,
)
from tests.printing.reading import facts_of, label_in, rows_of
from tests.printing.test_pages import printed, said, sheets_of

NAME, MASKED = "诸葛某某", "诸**"


def a_persons_call(**over: Any) -> Any:
    """A call of a person, not of a company, whose goods were taken away."""
    person = make.make_customer(kind=CustomerKind.INDIVIDUAL, name=NAME, phone="13812345678")
    return make_taken_call(customer=person, **over)


@pytest.mark.parametrize("locale", LOCALES)
def test_card_says_what_was_done_so_far(app: Flask, as_role: Callable[[Any], FlaskClient], locale: str) -> None:
    """F-05, E-13: item, plan, time with total, parts, readings, inspection; dropped lines are left out."""
    card = make_card(
        CardState.RETURNED, call=a_persons_call(), no_parts=False, test_flow=12.5, test_head=1_000_000.0,
        test_note="平稳", paper_no="XK0000123",
    )  # fmt: skip
    helper = make.make_user(Role.TECHNICIAN, real_name="钱七")
    start = card.started_at + timedelta(hours=1)
    make_time(
        card, user_id=helper.id, started_at=start, ended_at=start + timedelta(minutes=40), minutes=40, work="换机封"
    )
    make_time(card, work="写错的", voided_at=clock.now(), void_reason="写错")
    part = make.make_part(code="JF-9", name="机械密封", spec="φ25")
    make_card_part(card, "1.500", part=part)
    make_card_part(card, "7", part=part, given_back_at=clock.now())
    entry, promised = card.entry, card.entry.promised_return_on
    wanted = {
        "Customer": MASKED, "Model": card.model_text, "Serial no.": card.serial_no, "Return by": str(promised),
        "Receipt no.": entry.receipt.number, "Technician": card.technician.real_name, "Finish by": str(promised),
    }  # fmt: skip
    service, inspector, unit = card.call.service_type, card.inspected_by.real_name, part.unit
    span = f"{clock.local(start):%H:%M}–{clock.local(start + timedelta(minutes=40)):%H:%M}"
    day, returned = f"{clock.local(start):%Y-%m-%d}", entry.returned_on.isoformat()
    (sheet,) = sheets_of(printed(as_role(make.make_user(Role.SUPERVISOR)), "F-05", id=card.id, lang=locale))
    with app.test_request_context():
        expected = {said(locale, label): value for label, value in wanted.items()}
        expected[said(locale, "Service type")] = label_in(locale, service)
        title, together = said(locale, "Repair card"), said(locale, "Together")
    assert f"<h1>{title}</h1>" in sheet
    assert expected.items() <= facts_of(sheet).items()
    rows = rows_of(sheet)
    assert [day, span, "40", "换机封 · 钱七"] in rows
    assert [together, "43", ""] in rows
    assert ["JF-9 · 机械密封 · φ25", f"1.5 {unit}", "¥0.00"] in rows  # it is free
    assert ["12.5", "1000000", "", ""] in rows
    assert "写错的" not in sheet
    assert f"7 {unit}" not in sheet
    assert "data-flow>平稳</p>" in sheet
    assert 'class="blank"' not in sheet
    assert re.search(rf"{inspector}</span>\s*<span class=\"sign-when\">\d", sheet)
    assert f'<span class="sign-when">{returned}</span>' in sheet
    assert NAME not in sheet


def test_fresh_card_has_hole_code_and_lines_to_write_on(as_role: Callable[[Any], FlaskClient]) -> None:
    """F-05, E-13: the code opens the card by its number; three lines for time and two for parts."""
    card = make_card()
    client = as_role(card.technician)
    key, number = card.id, card.number
    (sheet,) = sheets_of(printed(client, "F-05", id=key))
    assert sheet.count('class="hole"') == 1
    assert str(qr_code(f"http://localhost/repair-cards/scan/{number}")) in sheet
    assert client.get(f"/repair-cards/scan/{number}").headers["Location"].endswith(f"/repair-cards/details/?id={key}")
    assert sheet.count('class="blank"') == 3 + 2 + 1
    assert 'class="sheet-copy"' not in sheet
    moment = clock.local(clock.day_end(clock.today())) - timedelta(hours=6)
    card.planned_finish_at = moment
    again = printed(client, "F-05", id=key)
    assert facts_of(again)["Finish by"] == f"{clock.local(moment):%Y-%m-%d} 18:00"
    assert "Reprint no. 1" in again


def test_first_print_lets_the_card_hang_and_the_repair_start(as_role: Callable[[Any], FlaskClient]) -> None:
    """W-4.1: refused before the print, with the way to it; the preview changes nothing; a reprint keeps the moment."""
    card = make_card(printed_at=None)
    technician = card.technician
    client, key = as_role(technician), card.id
    with pytest.raises(RuleViolated) as refusal:
        repairs.start(card, by=technician)
    remedy = refusal.value.remedy
    assert (remedy.endpoint, remedy.params) == ("prints.new_view", {"key": "F-05", "id": key})
    refused = client.get(f"/repair-cards/act/start?id={key}")
    assert f'href="/prints/new/F-05?id={key}"' in refused.text
    assert client.get(f"/prints/new/F-05?id={key}").status_code == 200
    assert db.session.get_one(RepairCard, key).printed_at is None
    assert "Reprint" not in printed(client, "F-05", id=key)
    first = db.session.get_one(RepairCard, key).printed_at
    assert first is not None
    trail = select(AuditEntry.changes).where(AuditEntry.act == "F-05.print", AuditEntry.subject_id == key)
    assert "printed_at" in db.session.scalars(trail).one()
    assert "Reprint no. 1" in printed(client, "F-05", id=key)
    assert db.session.get_one(RepairCard, key).printed_at == first
    card = db.session.get_one(RepairCard, key)
    repairs.start(card, by=technician)
    assert card.state is CardState.REPAIRING


def test_printing_history_leaves_the_card_as_it_came_in(as_role: Callable[[Any], FlaskClient]) -> None:
    """W-4.1: a card from an older system has no goods to hang on; its paper says what it is."""
    customer = make.make_customer()
    card = RepairCard(
        number="XK-H-1", branch_id=customer.branch_id, customer_id=customer.id, customer_kind=customer.kind,
        customer_name=customer.name, model_text="旧水泵", state=CardState.RETURNED, is_history=True, old_number="A-17",
        received_at=clock.now(), fault_text="漏水",
    )  # fmt: skip
    db.session.add(card)
    db.session.flush()
    (sheet,) = sheets_of(printed(as_role(make.make_user(Role.SUPERVISOR)), "F-05", id=card.id))
    assert "history A-17" in sheet
    assert card.printed_at is None


def test_void_card_is_marked_across(as_role: Callable[[Any], FlaskClient]) -> None:
    """F: a card that was voided with its receipt is not used any more."""
    card = make_card(CardState.VOID)
    (sheet,) = sheets_of(printed(as_role(make.make_user(Role.ASSISTANT)), "F-05", id=card.id))
    assert '<div class="mark short" aria-hidden="true"><span>Void</span></div>' in sheet

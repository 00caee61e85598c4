"""Invoices on the pages: asked for, issued, delivered, taken back, printed, found; the right people only."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.core.pii import PiiAccess
from backoffice.customers.models import CustomerKind
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.receivables.models import DueState
from tests import factories as make
from tests.invoicing import TAX_ID, company, digital_no, job_items, make_invoice, today
from tests.money import fresh, make_due

Open = Callable[[Any], FlaskClient]


def key(n: int) -> dict[str, str]:
    return {"client_key": f"key-of-the-form-{n:04}"}


def latest() -> Invoice:
    return db.session.scalars(select(Invoice).order_by(Invoice.id.desc()).limit(1)).one()


def test_from_the_due_to_the_customer_on_the_pages(as_role: Open, people) -> None:
    """W-5.5: the buyer comes from the customer; each refusal stands beside its field; every list leads on."""
    customer = company()
    due, other = (make_due(customer=customer, items=job_items("200.00", "113.00", "-13.00")) for _ in range(2))
    desk = as_role(people[Role.ASSISTANT])
    assert "Request an invoice" in desk.get(f"/dues/details/?id={due.id}").text
    page = desk.get(f"/dues/act/request?id={due.id}").text
    assert customer.invoice_title in page
    assert TAX_ID in page
    assert customer.phone not in page, "a telephone is masked"
    assert "¥300.00" in page
    assert "1 other due of this customer" in page
    phone = re.search(r'name="buyer_phone"[^>]*value="([^"]*)"', page)[1]
    form = {"id": due.id, "version": due.version, "kind": "special", "medium": "digital", "title": "杭州江南水务",
            "tax_id": "91350100M000100Y44", "buyer_phone": phone}  # fmt: skip
    wrong = desk.post("/dues/act/request", data=form | key(1))
    assert wrong.status_code == 422
    assert "wrong check digit" in wrong.text
    asked = desk.post("/dues/act/request", data=form | {"tax_id": f" {TAX_ID.lower()} "} | key(2))
    assert asked.status_code == 302
    invoice = latest()
    assert asked.headers["Location"].endswith(f"/invoices/details/?id={invoice.id}")
    assert (invoice.buyer_phone, invoice.tax_id) == (customer.phone, TAX_ID), "masked and sent back is meant"
    assert f"/invoices/?due={due.id}" in desk.get(f"/dues/details/?id={due.id}").text
    assert other.number not in desk.get(f"/dues/?invoice={invoice.id}").text
    finance = as_role(people[Role.FINANCE])
    assert "/invoices/?state=requested" in finance.get("/").text
    record = finance.get(f"/invoices/details/?id={invoice.id}").text
    assert "¥300.00 open" in record
    assert "叁佰元整" in record
    rates = {"id": invoice.id, "version": invoice.version, "lines": "2", "tax_nature": "maintenance"}
    assert finance.post("/invoices/act/set_rates", data=rates | key(3)).status_code == 302
    number = digital_no()
    issue = {"id": invoice.id, "version": fresh(invoice).version, "invoice_no": "12", "issued_on": today().isoformat()}
    assert "20 figures" in finance.post("/invoices/act/issue", data=issue | key(4)).text
    assert finance.post("/invoices/act/issue", data=issue | {"invoice_no": number} | key(5)).status_code == 302
    deliver = {"id": invoice.id, "version": fresh(invoice).version, "way": "mail", "tracking_no": "SF1"}
    assert finance.post("/invoices/act/deliver", data=deliver | key(6)).status_code == 302
    assert fresh(invoice).state is InvoiceState.DELIVERED
    red = {"id": invoice.id, "version": invoice.version, "invoice_no": digital_no(), "reason": "x",
           "issued_on": today().isoformat(), "red_confirmation_no": "C1"}  # fmt: skip
    for amounts, words in (("2", "number and amount"), ("2: NaN", "amount such as"), ("9: 1", "no line 9"),
                           ("1: 1\n1: 2", "each once"), ("1: 191.70", "only ¥191.69")):  # fmt: skip
        told = finance.post("/invoices/act/red", data=red | {"amounts": amounts} | key(7))
        assert words in told.text, amounts
    part = finance.post("/invoices/act/red", data=red | {"amounts": "１：￥91.69"} | key(8))
    assert part.status_code == 302
    assert latest().gross_total == Decimal("-91.69")
    assert "¥100.00" in finance.get(f"/invoices/act/red?id={invoice.id}").text, "what is left"
    assert f"/invoices/?red_of={invoice.id}" in finance.get(f"/invoices/details/?id={invoice.id}").text


def test_picked_dues_become_one_invoice(as_role: Open, people) -> None:
    """E-16: picked on the list of dues; those of two customers are refused before anything is typed."""
    customer = company()
    dues = [make_due(customer=customer) for _ in range(3)]
    stranger = make_due(customer=company())
    client = as_role(people[Role.SALES])
    assert 'value="request"' in client.get("/dues/").text
    page = client.post("/dues/action/", data={"action": "request", "rowid": [due.id for due in dues]})
    assert page.status_code == 200
    assert "¥900.00" in page.text
    form = {"kind": "normal", "medium": "digital", "title": "T", "tax_id": TAX_ID, "rowid": [due.id for due in dues]}
    mixed = client.post("/dues/action/", data={"action": "request", "rowid": [dues[0].id, stranger.id]})
    assert mixed.status_code == 409
    assert stranger.customer.number in mixed.text
    sent = client.post("/dues/act/request", data=form | key(1))
    assert sent.status_code == 302, sent.text
    twice = client.post("/dues/act/request", data=form | key(1))
    assert twice.headers["Location"] == sent.headers["Location"], "a form sent twice writes once"
    assert (latest().gross_total, len(latest().covers)) == (Decimal("900.00"), 3)
    assert client.post("/dues/act/request", data=form | key(2)).status_code == 409


def test_person_stays_masked_but_for_whoever_types_it_off(as_role: Open, people) -> None:
    """X-20: finance has it shown on click and on the sheet, each written down; the manager does not."""
    person = make.make_customer(kind=CustomerKind.INDIVIDUAL, name="诸葛明", phone="13812345678")
    due = make_due(customer=person, technician_id=people[Role.TECHNICIAN].id)
    client = as_role(people[Role.TECHNICIAN])
    page = client.get(f"/dues/act/request?id={due.id}").text
    assert "诸葛明" not in page
    assert 'value="special"' not in page
    form = {"id": due.id, "version": due.version, "kind": "normal", "medium": "digital", "title": "诸**", "tax_id": ""}
    assert client.post("/dues/act/request", data=form | key(1)).status_code == 302
    invoice = latest()
    assert invoice.title == "诸葛明"
    assert "诸葛明" not in client.get("/invoices/").text
    shown = {"id": invoice.id, "field": "title"}
    assert as_role(people[Role.MANAGER]).post("/invoices/unmask/", data=shown).status_code == 403
    finance = as_role(people[Role.FINANCE])
    assert "诸葛明" not in finance.get(f"/invoices/details/?id={invoice.id}").text
    assert "诸葛明" in finance.post("/invoices/unmask/", data=shown).text
    sheets = finance.post("/prints/new/F-20", data={"id": invoice.id})
    assert "诸葛明" in finance.get(sheets.headers["Location"]).text
    seen = select(PiiAccess.user_id).where(PiiAccess.subject_type == "invoice")
    assert set(db.session.scalars(seen)) == {people[Role.FINANCE].id}


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_request_sheet(as_role: Open, people, locale: str) -> None:
    """F-20: buyer, lines, totals, amount in capitals; a rejected one is marked across, a red one says what it takes."""
    due = make_due(customer=company(), items=job_items("1234.50", "0.06"))
    invoice = make_invoice(InvoiceState.REJECTED, due=due)
    client = as_role(people[Role.FINANCE])
    preview = client.get("/prints/new/F-20", query_string={"id": invoice.id, "lang": locale}).text
    sheet = preview.partition("<article")[2]
    for words in (invoice.title, TAX_ID, due.number, "¥1,234.50", "壹仟贰佰叁拾肆元伍角陆分", invoice.number):
        assert words in sheet, words
    assert sheet.count('class="mark') == 2


def test_list_tells_what_is_paid_late_and_waiting(as_role: Open, people) -> None:
    """W-5.5, TL-15: paid is computed from the dues; filters find what they say."""
    paid = make_invoice(InvoiceState.ISSUED, due=make_due(customer=company(), state=DueState.CONFIRMED))
    part = make_invoice(
        InvoiceState.DELIVERED, due=make_due("300.00", customer=company(), paid_amount=Decimal("100.00"))
    )
    late = make_invoice(issue_due_at=clock.now() - timedelta(hours=1), requested_at=clock.now() - timedelta(days=3))
    rejected = make_invoice(InvoiceState.REJECTED)
    again = make_invoice(InvoiceState.REJECTED)
    make_invoice(due=again.covers[0].due)
    client = as_role(people[Role.FINANCE])
    page = client.get("/invoices/").text
    assert "¥200.00 open" in page
    found = {
        "paid=paid": [paid], "late=yes": [late], "again=yes": [rejected], "state=delivered": [part],
        "delivered_via=hand": [part],
    }  # fmt: skip
    every = db.session.scalars(select(Invoice.number)).all()
    for address, wanted in found.items():
        listed = client.get(f"/invoices/?{address}").text
        assert {number for number in every if number in listed} == {one.number for one in wanted}, address
    opened = client.get("/invoices/?paid=open").text
    assert part.number in opened
    assert paid.number not in opened
    assert paid.number in client.get(f"/invoices/?q={paid.invoice_no}").text


def test_red_for_one_issued_elsewhere_on_the_page(as_role: Open, people) -> None:
    """E-16: lines as typed, the refusal beside the line."""
    customer = company()
    client = as_role(people[Role.FINANCE])
    assert "/invoices/new/" in client.get("/invoices/").text
    assert client.get("/invoices/new/").status_code == 200
    form = {
        "customer": customer.id, "external_original_no": "24332000000000000001", "kind": "normal", "medium": "digital",
        "invoice_no": digital_no(), "issued_on": today().isoformat(), "red_confirmation_no": "C1", "reason": "returned",
        "lines-0-name": "Pump", "lines-0-tax_nature": "parts", "lines-0-amount": "113",
        "lines-3-name": "", "lines-3-tax_nature": "parts", "lines-3-amount": "5",
    }  # fmt: skip
    told = client.post("/invoices/new/", data=form | key(1))
    assert told.status_code == 422
    assert "Enter what it is." in told.text
    done = client.post("/invoices/new/", data=form | {"lines-3-name": "Freight"} | key(2))
    assert done.status_code == 302
    assert (latest().gross_total, latest().is_red) == (Decimal("-118.00"), True)
    assert as_role(people[Role.ASSISTANT]).get("/invoices/new/").status_code == 403


def test_lists_cost_the_same_for_any_number(as_role: Open, people, count_statements: Any) -> None:
    """A list costs a fixed number of statements, and stays small."""
    client = as_role(people[Role.FINANCE])
    costs = []
    for _ in range(2):
        for _ in range(12):
            make_invoice()
        for address in ("/invoices/", "/invoice-lines/", "/invoice-dues/"):
            client.get(address)
            with count_statements() as sent:
                page = client.get(address)
            assert page.status_code == 200
            assert len(page.data) <= 61_440
            costs.append(sent.count)
    assert costs[:3] == costs[3:]

"""Money on the pages: received, handed over, counted, printed, and the right people only."""

import html
import io
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import CustomerKind
from backoffice.receivables import queries
from backoffice.receivables.models import CashHandover, DueState, HandoverState, Payment
from backoffice.receivables.rules import PaymentMethod
from tests import factories as make
from tests.money import make_due, make_handover, make_payment
from tests.pictures import png

Open = Callable[[Any], FlaskClient]


def post(client: FlaskClient, url: str, doc: Any = None, **data: Any) -> Any:
    """Send a form for a record as the page does."""
    facts = {} if doc is None else {"id": doc.id, "version": doc.version}
    return client.post(url, data=facts | data)


def test_technician_collects_and_hands_over_and_finance_counts(as_role: Open, people) -> None:
    """W-5.1, P-4: the walk of paid 300 on the pages, with the collector refused on every one of them."""
    technician = people[Role.TECHNICIAN]
    due = make_due(technician_id=technician.id)
    phone = as_role(technician)
    assert 'value="300.00"' in phone.get(f"/dues/act/receive?id={due.id}").text
    assert post(phone, "/dues/act/receive", due, amount="300", method="cash").status_code in (302, 303)
    assert due.state is DueState.COLLECTED
    home = phone.get("/").text
    assert "Cash to hand over" in home
    assert "¥300.00" in home, "what he holds"
    page = phone.get("/handovers/new/").text
    assert "¥300.00" in page
    payment = db.session.scalars(select(Payment)).one()
    assert post(phone, "/handovers/new/", payments=[payment.id]).status_code in (302, 303)
    handover = db.session.scalars(select(CashHandover)).one()
    form = {"counted_total": "３００.００元", "reason": ""}
    assert phone.get(f"/handovers/act/confirm?id={handover.id}").status_code == 403
    assert post(phone, "/handovers/act/confirm", handover, **form).status_code == 403
    assert handover.state is HandoverState.OPEN
    desk = as_role(people[Role.FINANCE])
    assert "Handovers to confirm" in desk.get("/").text
    assert post(desk, "/handovers/act/confirm", handover, **form).status_code in (302, 303)
    assert (handover.counted_total, due.state) == (Decimal(300), DueState.CONFIRMED)
    record = desk.get(f"/dues/details/?id={due.id}").text
    assert payment.number in record


def test_finance_does_not_count_his_own_on_any_way(as_role: Open, people) -> None:
    """P-4: form, address, bulk."""
    finance = people[Role.FINANCE]
    payment = make_payment(make_due(state=DueState.COLLECTED), finance)
    handover = make_handover(finance, payments=[payment])
    desk = as_role(finance)
    assert desk.get(f"/handovers/act/confirm?id={handover.id}").status_code == 403
    sent = post(desk, "/handovers/act/confirm", handover, counted_total="300")
    assert sent.status_code == 403
    bulk = desk.post("/handovers/action/", data={"action": "confirm", "rowid": [handover.id]})
    assert bulk.status_code == 422
    several = desk.post("/handovers/act/confirm", data={"rowid": [handover.id], "counted_total": "300"})
    assert several.status_code in (403, 409, 422)
    assert handover.state is HandoverState.OPEN
    assert "Handovers to confirm" in desk.get("/").text
    assert db.session.scalar(queries.count_to_confirm(finance)) == 0


@pytest.mark.parametrize("typed", [
    "NaN", "1e308", "1.005", "-5", "0", "", "¥-3", "$5", "300.01", "abc", "１e５", "99999999999", "1,00,0", "३००",
])  # fmt: skip
def test_wrong_amounts_come_back_beside_the_field(as_role: Open, people, typed: str) -> None:
    """G-01, E-15: nothing is written, what was typed stays."""
    due = make_due()
    desk = as_role(people[Role.FINANCE])
    answer = post(desk, "/dues/act/receive", due, amount=typed, method="cash")
    assert answer.status_code in (409, 422), typed
    assert "amount-error" in answer.text
    assert db.session.scalar(select(func.count()).select_from(Payment)) == 0


@pytest.mark.parametrize(("typed", "amount"), [("￥１２０.５", "120.50"), ("1 ", "1.00"), ("¥ 299.99", "299.99"),
                                               ("120元", "120.00")])  # fmt: skip
def test_amounts_as_people_type_them(as_role: Open, people, typed: str, amount: str) -> None:
    """G-01: full-width digits, signs and 元 are folded."""
    due = make_due()
    answer = post(as_role(people[Role.FINANCE]), "/dues/act/receive", due, amount=typed, method="cash")
    assert answer.status_code in (302, 303)
    assert due.paid_amount == Decimal(amount)


def test_price_that_changed_between_page_and_click_is_told(as_role: Open, people) -> None:
    """G-06: the page showed 300; meanwhile a part was paid."""
    due = make_due()
    desk = as_role(people[Role.FINANCE])
    seen = due.version
    assert post(desk, "/dues/act/receive", due, amount="100", method="cash").status_code in (302, 303)
    data = {"id": due.id, "version": seen, "amount": "300", "method": "cash"}
    assert desk.post("/dues/act/receive", data=data).status_code == 409
    assert due.paid_amount == Decimal(100)


def test_proof_is_needed_and_kept(as_role: Open, people) -> None:
    """E-15: refused beside its field; a picture is attached to the payment."""
    due = make_due()
    desk = as_role(people[Role.FINANCE])
    form = {"amount": "300", "method": "wechat", "reference": "4200001"}
    answer = post(desk, "/dues/act/receive", due, **form)
    assert answer.status_code == 422
    assert "proof-error" in answer.text
    done = post(desk, "/dues/act/receive", due, **form, proof=(io.BytesIO(png()), "p.png"))
    assert done.status_code in (302, 303)
    payment = db.session.scalars(select(Payment)).one()
    page = desk.get(f"/payments/details/?id={payment.id}").text
    assert "p.png" in page
    assert due.number in page


def test_several_dues_are_paid_by_one_payment(as_role: Open, people) -> None:
    """E-15: picked on the list, shown in their order, one payment."""
    customer = make.make_customer()
    dues = [make_due(amount, customer) for amount in ("100", "50.50")]
    desk = as_role(people[Role.FINANCE])
    keys = [due.id for due in dues]
    for sent in (
        desk.post("/dues/action/", data={"action": "receive", "rowid": keys}),
        desk.post("/dues/act/receive", data={"rowid": keys}),
    ):
        assert sent.status_code == 302
        assert sent.location.startswith("/payments/new/?dues=")
    page = desk.get(sent.location).text
    assert 'value="150.50"' in page
    assert all(due.number in page for due in dues)
    assert desk.post("/payments/new/", data={"amount": "1", "method": "cash"}).status_code in (409, 422)
    done = desk.post("/payments/new/", data={"dues": keys, "amount": "120", "method": "cash"})
    assert done.status_code in (302, 303)
    assert [due.state for due in dues] == [DueState.COLLECTED, DueState.DUE]
    assert db.session.scalars(select(Payment)).one().amount == Decimal(120)
    one = desk.post("/dues/action/", data={"action": "receive", "rowid": [dues[1].id]})
    assert one.location.endswith(f"/dues/act/receive?id={dues[1].id}")


def test_nobody_pays_dues_of_another_branch_by_address(as_role: Open, people) -> None:
    """P-1: keys in the address of the page find nothing."""
    there = make_due(customer=make.make_customer(make.make_branch("SH"), name="机密水厂"))
    desk = as_role(people[Role.FINANCE])
    assert "机密水厂" not in desk.get(f"/payments/new/?dues={there.id}").text
    sent = desk.post("/payments/new/", data={"dues": [there.id], "amount": "1", "method": "cash"})
    assert sent.status_code in (403, 404, 409, 422)
    assert there.paid_amount == 0


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_each_role_sees_its_money(as_role: Open, people, role: Role) -> None:
    """P-1, P-3: the branch for the office, his own for a technician, nothing for an administrator."""
    due = make_due(technician_id=make.make_user(Role.TECHNICIAN).id)
    client = as_role(people[role])
    listed = client.get("/dues/")
    if role is Role.ADMIN:
        assert listed.status_code == 403
        return
    assert (due.number in listed.text) is (role is not Role.TECHNICIAN)
    reads_cash = role in (Role.FINANCE, Role.TECHNICIAN, Role.SUPERVISOR, Role.MANAGER)
    assert client.get("/handovers/").status_code == (200 if reads_cash else 403)


def test_late_cash_is_red_and_found(as_role: Open, people) -> None:
    """W-5.6, TL-14: in the list, by its filter."""
    technician = people[Role.TECHNICIAN]
    late = make_payment(make_due(), technician, received_at=clock.now() - timedelta(days=9))
    fresh = make_payment(make_due(), technician)
    desk = as_role(people[Role.FINANCE])
    assert re.search(r"tone-bad[^>]*>in hand, late", desk.get("/payments/").text)
    found = desk.get("/payments/?stage=late").text
    assert late.number in found
    assert fresh.number not in found


def test_filters_of_dues_by_age(as_role: Open, people) -> None:
    """R-05: each open due under just one age."""
    today = clock.today()
    ages = {"0": 0, "1": 30, "31": 31, "61": 90, "91": 400}
    dues = {age: make_due(due_on=today - timedelta(days=days)) for age, days in ages.items()}
    make_due(state=DueState.CONFIRMED, due_on=today - timedelta(days=400))
    desk = as_role(people[Role.FINANCE])
    for age, due in dues.items():
        shown = re.findall(r"SKHZ-T-\d+", desk.get(f"/dues/?age={age}").text)
        assert set(shown) == {due.number}


def test_queues_count_what_their_list_shows(as_role: Open, people) -> None:
    """Each figure about money on the home page opens a list of just that length."""
    technician, finance = people[Role.TECHNICIAN], people[Role.FINANCE]
    for by in (technician, finance):
        make_payment(make_due(state=DueState.COLLECTED, technician_id=by.id), by)
        make_payment(make_due(state=DueState.COLLECTED), by, method=PaymentMethod.WECHAT)
        payment = make_payment(make_due(state=DueState.COLLECTED), by)
        make_handover(by, payments=[payment])
    make_due(technician_id=technician.id)
    for by, figures in ((technician, {"1"}), (finance, {"1"})):
        client = as_role(by)
        cards = re.findall(r'href="([^"]+)"><strong class="home-count">(\d+)', client.get("/").text)
        money = [(html.unescape(url), count) for url, count in cards
                 if re.match(r"/(dues|payments|handovers)/", html.unescape(url))]  # fmt: skip
        assert len(money) >= 2
        for url, count in money:
            assert client.get(url).text.count("<tr>") - 1 == int(count), url
        assert {count for _, count in money} == figures


# -- paper -------------------------------------------------------------------------------------------------------------


def printed(client: FlaskClient, form: str, key: int) -> str:
    """Print one record and read its sheets."""
    done = client.post(f"/prints/new/{form}", data={"id": key, "client_key": "k" * 22, "lang": "en"})
    assert done.status_code in (302, 303), done.text[:500]
    return client.get(done.location).text


def test_slip_names_dues_and_count(as_role: Open, people) -> None:
    """F-16: two copies with every line, total, count and difference."""
    technician = people[Role.TECHNICIAN]
    payment = make_payment(make_due(state=DueState.COLLECTED), technician)
    handover = make_handover(technician, HandoverState.CONFIRMED, [payment], counted_total=Decimal("299.50"))
    page = printed(as_role(people[Role.FINANCE]), "F-16", handover.id)
    assert page.count('<article class="sheet">') == 2
    for words in (payment.number, "¥300.00", "¥299.50", "-¥0.50", "叁佰元整", technician.real_name):
        assert words in page
    assert as_role(make.make_user(Role.TECHNICIAN)).get(f"/prints/new/F-16?id={handover.id}").status_code == 404
    assert as_role(people[Role.ASSISTANT]).get(f"/prints/new/F-16?id={handover.id}").status_code == 403


def test_statement_of_a_customer(as_role: Open, people) -> None:
    """F-19, X-20: open dues by age, payments of a year, the balance; a person's name is masked in the preview."""
    customer = make.make_customer(kind=CustomerKind.INDIVIDUAL, name="王小明")
    old = make_due("100", customer, due_on=clock.today() - timedelta(days=40))
    new = make_due("50", customer)
    part = make_payment(new, people[Role.FINANCE], "20")
    new.paid_amount = Decimal(20)
    before = make_payment(old, people[Role.FINANCE], "1", received_at=clock.now() - timedelta(days=800))
    db.session.flush()
    desk = as_role(people[Role.FINANCE])
    assert f"/prints/new/F-19?id={customer.id}" in desk.get(f"/customers/details/?id={customer.id}").text
    assert "王小明" not in desk.get(f"/prints/new/F-19?id={customer.id}").text
    page = printed(as_role(people[Role.ASSISTANT]), "F-19", customer.id)
    assert "王小明" in page
    for words in (old.number, new.number, part.number, "¥130.00", "¥30.00"):
        assert words in page
    assert before.number not in page
    assert as_role(people[Role.TECHNICIAN]).get(f"/prints/new/F-19?id={customer.id}").status_code == 403

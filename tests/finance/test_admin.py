"""The desk in the panel: who may open it, every figure opens its rows, and what a page costs."""

import html
import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import CustomerKind
from backoffice.finance.queries import waiting
from backoffice.invoices.models import InvoiceState
from backoffice.receivables.models import DueState, HandoverState
from backoffice.receivables.rules import PaymentMethod
from tests import factories as make
from tests.money import make_due, make_payment
from tests.reading import listed

from .makers import make_handover, make_invoice
from .test_waiting import EXPECTED, _fill

PAGES = ("/finance/", "/finance/ages", "/finance/day", "/finance/months")
MOST_STATEMENTS = 12


def links(page):
    """The addresses of a page that carry filters."""
    return [html.unescape(one) for one in re.findall(r'href="([^"]*\?[^"]*)"', page)]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("page", PAGES)
def test_who_may_open_the_desk(people, as_role, role, page):
    """R-05, R-06: finance, and to read it supervisor and manager; nobody else."""
    answer = as_role(people[role]).get(page)
    assert answer.status_code == (200 if role in (Role.FINANCE, Role.SUPERVISOR, Role.MANAGER) else 403)


@pytest.mark.parametrize("role", [Role.FINANCE, Role.SUPERVISOR, Role.MANAGER])
def test_each_count_is_that_of_its_list(people, as_role, role):
    """The figure of a block opens a list with just so many records, for every role that sees it."""
    _fill(people)
    make_due("1000.00", make.make_customer(make.make_branch("SH")))
    client = as_role(people[role])
    desk = {}
    for address in links(client.get("/finance/").text):
        for key in parse_qs(urlsplit(address).query).get("desk", ()):
            desk[key] = listed(client, address)
    assert desk.pop("in-hand") == 1
    always = {block.key for block in waiting.SHOWN}
    assert desk == {key: count for key, (count, *_) in EXPECTED.items() if count or key in always}


def test_finance_at_the_headquarters_sees_every_branch(people, as_role):
    """P-1: one row for each branch, and its figures open the dues of that branch."""
    _fill(people)
    make_due("1000.00", make.make_customer(make.make_branch("SH")))
    head = as_role(make.make_user(Role.FINANCE, make.make_branch("HQ")))
    page = head.get("/finance/ages").text
    assert "¥1,750.00" not in page  # 400 − 150 + 500 and 200 + 100 that wait for their invoices
    assert "¥2,050.00" in page
    by_branch = [address for address in links(page) if "branch=" in address]
    assert sorted(listed(head, address) for address in by_branch) == [1, 1, 1, 3, 4]
    assert listed(head, next(a for a in by_branch if a.count("age=") == 5)) == 4


def test_ages_open_their_dues(people, as_role):
    """R-06: by customer and age."""
    customer = make.make_customer()
    for days in (0, 1, 30, 31, 91, 200):
        make_due("10.00", customer, due_on=clock.today() - timedelta(days=days))
    client = as_role(people[Role.FINANCE])
    found = {}
    for address in links(client.get("/finance/ages").text):
        query = parse_qs(urlsplit(address).query)
        if "customer" in query and len(query["age"]) == 1:
            found[query["age"][0]] = listed(client, address)
    assert found == {"0": 1, "1": 2, "31": 1, "91": 2}


def test_personal_names_are_masked(people, as_role):
    """X-20: on the desk, among those who owe most, and on the closing sheet."""
    person = make.make_customer(name="欧阳建国", kind=CustomerKind.INDIVIDUAL)
    make_due("10.00", person)
    make_due("11.00", person, state=DueState.WAIVED, waived_by_id=people[Role.MANAGER].id)
    client = as_role(people[Role.FINANCE])
    for page in PAGES[:3]:
        text = client.get(page).text
        assert "欧阳建国" not in text
        assert "欧" in text


def test_late_cash_is_red(people, as_role):
    """TL-14, W-5.6."""
    technician = people[Role.TECHNICIAN]
    make_payment(make_due("80.00"), technician, received_at=clock.now() - timedelta(days=9))
    text = as_role(people[Role.FINANCE]).get("/finance/").text
    assert '<tr class="late">' in text
    home = as_role(technician).get("/").text
    assert "¥80.00" in home
    assert "home-cash late" in home


def test_a_technician_without_cash_sees_no_figure(people, as_role):
    assert "home-cash" not in as_role(people[Role.TECHNICIAN]).get("/").text


def test_finance_goes_from_home_to_the_desk(people, as_role):
    assert 'href="/finance/"' in as_role(people[Role.FINANCE]).get("/").text
    assert 'href="/finance/"' not in as_role(people[Role.SALES]).get("/").text


def test_every_figure_of_the_closing_sheet_opens_its_rows(people, as_role):
    """F-21: the list behind a figure has as many records as stand beside it."""
    finance, technician = people[Role.FINANCE], people[Role.TECHNICIAN]
    due = make_due("500.00")
    first = make_payment(due, technician, "50.00")
    make_handover(technician, [first], HandoverState.CONFIRMED, by=finance)
    make_payment(due, technician, "20.00")
    wechat = make_payment(due, technician, "30.00", PaymentMethod.WECHAT)
    make_payment(due, technician, "-30.00", PaymentMethod.WECHAT, reversal_of_id=wechat.id, reason="twice")
    make_payment(due, finance, "60.00", PaymentMethod.TRANSFER)
    make_payment(due, finance, "-50.00", holder_id=None, reversal_of_id=first.id, reason="wrong")
    make_due("5.00", state=DueState.WAIVED, waived_by_id=people[Role.MANAGER].id)
    for state in InvoiceState:
        if state is not InvoiceState.RED_ISSUED:
            make_invoice(due, finance, state)
    make_invoice(due, finance, InvoiceState.ISSUED, amount=Decimal("-3.00"))
    client = as_role(finance)
    text = client.get("/finance/day").text
    assert "the sums agree" in text
    figures = re.findall(r'<a href="([^"]*closing=[^"]*)">[^<]*</a></bdi> <span class="muted">\((\d+)\)', text)
    for address, count in figures:
        assert listed(client, html.unescape(address)) == int(count), address
    assert len(figures) >= 15


@pytest.mark.parametrize("query", [
    "day=abc", "day=9999-99-99", "day=0001-01-01", "day=2999-01-01", "branch=999999", "branch=x",
])  # fmt: skip
def test_crafted_addresses_show_the_own_branch_today(people, as_role, query):
    there = make.make_branch("SH", name="Elsewhere")
    answer = as_role(people[Role.FINANCE]).get(f"/finance/day?{query}&branch={there.id}")
    assert answer.status_code == 200
    assert "Elsewhere" not in answer.text


@pytest.mark.parametrize(
    "value", ["x", "2026-11-24", "2026-11-24.x", "9999-99-99.received", "0001-01-01.received", "."]
)
def test_crafted_figures_are_left_out(people, as_role, value):
    answer = as_role(people[Role.FINANCE]).get(f"/payments/?closing={value}&desk={value}")
    assert answer.status_code == 200
    assert "was left out" in answer.text


def test_pages_cost_a_fixed_number_of_statements(people, as_role, count_statements):
    """The desk sends at most 12, however much waits."""
    client = as_role(people[Role.FINANCE])
    costs = {page: [] for page in PAGES}
    for _ in range(2):
        for page in PAGES:
            with count_statements() as sent:
                assert client.get(page).status_code == 200
            costs[page].append(sent.count)
        for _turn in range(8):
            technician = make.make_user(Role.TECHNICIAN)
            _fill(people | {Role.TECHNICIAN: technician})
            make_payment(make_due("9.00"), technician)
        db.session.flush()
    assert all(few == many <= MOST_STATEMENTS for few, many in costs.values()), costs


def test_the_closing_sheet_is_printed_and_logged(people, as_role):
    """E-39: a preview, then the print with its number; the second one says that it is a reprint."""
    client = as_role(people[Role.FINANCE])
    make_payment(make_due("80.00"), people[Role.TECHNICIAN])
    day = clock.today().isoformat()
    preview = client.get(f"/prints/new/F-21?day={day}")
    assert preview.status_code == 200
    assert "¥80.00" in preview.text
    for nth in (1, 2):
        answer = client.post("/prints/new/F-21", data={"day": day, "lang": "en", "client_key": f"key-{nth:032}"})
        assert answer.status_code == 303, answer.text
        sheet = client.get(answer.headers["Location"]).text
        assert "The sums agree." in sheet
        assert ("Reprint no. 1" in sheet) is (nth == 2)
    assert client.get("/prints/new/F-21?by=filter").status_code == 200
    assert as_role(people[Role.SALES]).get("/prints/new/F-21").status_code == 403
    assert "F-21" not in client.get("/payments/?all=1").text

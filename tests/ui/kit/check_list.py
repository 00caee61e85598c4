"""The list page: what it shows, what it hides, and what it costs."""

import re
from datetime import timedelta
from typing import Any

import pytest
import toy

from backoffice.core import clock
from backoffice.core.db import db


def numbers(html: str) -> list[str]:
    return re.findall(r"<bdi>(T[AB]-\d+)</bdi>", html)


def add(app: Any, count: int, **values: Any) -> None:
    with app.app_context():
        branch = db.session.query(toy.Branch).filter_by(code="A").one()
        clients = db.session.query(toy.Client).filter_by(branch_id=branch.id).all()
        db.session.add_all(
            toy.Ticket(
                number=f"TA-{n:05d}", branch_id=branch.id, client=clients[n % 2], subject=f"no {n}",
                contact="13812345678",
                due_at=clock.now() + timedelta(hours=n), **values,
            )
            for n in range(100, 100 + count)
        )  # fmt: skip
        db.session.commit()


def test_a_list_costs_four_statements_whatever_its_length(app: Any, as_: Any, count_statements: Any) -> None:
    client = as_("supervisor-A")
    for rows in (0, 60):
        add(app, rows)
        for query in ("", "?q=TA", "?state=open&urgency=normal&q=no", "?sort=due_at"):
            with count_statements(app) as seen:
                html = client.get(f"/tickets/{query}").get_data(as_text=True)
            assert len(seen) <= 4, seen
            assert numbers(html)
    assert len(numbers(html)) == 50
    assert len(html.encode()) < 60_000


def test_a_relation_filter_names_its_row_without_asking_again(
    app: Any, as_: Any, rows: Any, count_statements: Any
) -> None:
    key = rows(toy.Client, phone="0571-88001234")[0].id
    client = as_("supervisor-A")
    with count_statements(app) as seen:
        html = client.get(f"/tickets/?client={key}").get_data(as_text=True)
    assert "Client: 江南水务A有限公司" in html
    assert len(seen) <= 4
    other = rows(toy.User, username="technician-A")[0].id
    assert "Technician: Technician A" in client.get(f"/tickets/?sent_to={other}").get_data(as_text=True)


def test_the_count_stops_at_a_thousand(app: Any, as_: Any) -> None:
    client = as_("supervisor-A")
    assert "3 records" in client.get("/tickets/").get_data(as_text=True)
    add(app, 1010)
    assert "1,000+ records" in client.get("/tickets/").get_data(as_text=True)


def test_pages_follow_each_other_and_end(app: Any, as_: Any) -> None:
    add(app, 60)
    client = as_("supervisor-A")
    first = client.get("/tickets/").get_data(as_text=True)
    second = client.get("/tickets/?page=2").get_data(as_text=True)
    assert len(numbers(first)) == 50
    assert len(numbers(second)) == 13
    assert not set(numbers(first)) & set(numbers(second))
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    assert numbers(client.get("/tickets/?page=200").get_data(as_text=True)) == numbers(second)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("urgency=high", ["TA-00003"]),
        ("urgency=high&urgency=normal", ["TA-00003", "TA-00002", "TA-00001"]),
        ("state=done", []),
        ("is_paid=no", ["TA-00003", "TA-00002", "TA-00001"]),
        ("is_paid=yes", []),
        ("visits_from=2", ["TA-00003", "TA-00002"]),
        ("visits_from=2&visits_to=2", ["TA-00002"]),
        ("amount_to=1234.50", ["TA-00001"]),
        ("created_at_to=2020-01-01", []),
        ("created_at_from=2020-01-01", ["TA-00003", "TA-00002", "TA-00001"]),
        ("subject=no 2", ["TA-00002"]),
        ("subject=%25", []),
        ("contact=13812345678", ["TA-00003", "TA-00002", "TA-00001"]),
        ("contact=138", []),
        ("q=TA-00002", ["TA-00002"]),
        ("q=泵不出水 0003", ["TA-00003"]),
        ("q=江南", ["TA-00002"]),
        ("q=88001234", ["TA-00002"]),
        ("q=%25", []),
        ("q=_", []),
        ("sort=number", ["TA-00001", "TA-00002", "TA-00003"]),
        ("sort=number&desc=1", ["TA-00003", "TA-00002", "TA-00001"]),
    ],
)
def test_filters_search_and_order(as_: Any, query: str, found: list[str]) -> None:
    assert numbers(as_("supervisor-A").get(f"/tickets/?{query}").get_data(as_text=True)) == found


def test_a_filter_is_a_chip_that_can_be_removed(as_: Any) -> None:
    html = as_("supervisor-A").get("/tickets/?urgency=high&urgency=normal&q=T&state=open").get_data(as_text=True)
    assert 'href="?state=open&amp;urgency=high&amp;q=T"' in html
    assert "Urgency: High" in html
    alone = as_("supervisor-A").get("/tickets/?urgency=high").get_data(as_text=True)
    assert 'class="chip" href="?all=1"' in alone


def test_what_a_filter_does_not_know_is_told(as_: Any) -> None:
    html = as_("supervisor-A").get("/tickets/?state=zz").get_data(as_text=True)
    assert "does not know “zz”" in html
    assert len(numbers(html)) == 3


def test_personal_data_is_masked(as_: Any) -> None:
    for path in ("/tickets/", "/clients/", "/lookup/clients", "/tickets/?client=1", "/lookup/clients?q=王"):
        html = as_("supervisor-A").get(path).get_data(as_text=True)
        for secret in ("王小明", "13812345678"):
            assert secret not in html.replace('value="13812345678"', "")
    html = as_("supervisor-A").get("/clients/").get_data(as_text=True)
    assert "王**" in html
    assert "江南水务A有限公司" in html
    assert "0571-****234" in html


def test_a_telephone_cannot_be_guessed_digit_by_digit(as_: Any) -> None:
    finance = as_("finance-A")
    assert not numbers(finance.get("/tickets/?q=1381").get_data(as_text=True))
    assert numbers(finance.get("/tickets/?q=13812345678").get_data(as_text=True))
    assert numbers(as_("assistant-A").get("/tickets/?q=5678").get_data(as_text=True))


def test_the_sidebar_shows_what_the_role_may_open(as_: Any) -> None:
    html = as_("supervisor-A").get("/tickets/").get_data(as_text=True)
    assert re.search(r'href="/tickets/" aria-current="page">.*?waiting: </span>3<', html, re.DOTALL)
    html = as_("admin-A").get("/settings/").get_data(as_text=True)
    assert 'href="/settings/"' in html
    assert 'href="/tickets/"' not in html


def test_an_empty_list_offers_the_one_act(app: Any, as_: Any) -> None:
    client = as_("supervisor-A")
    html = client.get("/tickets/?q=nothing").get_data(as_text=True)
    assert "Nothing fits these filters." in html
    with app.app_context():
        db.session.execute(db.text("DELETE FROM audit_entry"))
        db.session.execute(toy.Ticket.__table__.delete())
        db.session.commit()
    assert "There is nothing here yet" in client.get("/tickets/").get_data(as_text=True)
    assert "New: ticket" not in as_("technician-A").get("/tickets/").get_data(as_text=True)


def test_bulk_acts_are_offered_to_those_who_may(as_: Any) -> None:
    def offered(name: str) -> list[str]:
        return re.findall(r'name="action" value="(\w+)"', as_(name).get("/tickets/").get_data(as_text=True))

    assert offered("supervisor-A") == ["dispatch", "pay", "cancel", "note"]
    assert offered("technician-A") == ["finish", "pay", "note"]
    assert 'aria-label="TA-00001"' in as_("supervisor-A").get("/tickets/").get_data(as_text=True)


def test_markup_in_a_value_stays_text(app: Any, as_: Any) -> None:
    with app.app_context():
        ticket = db.session.query(toy.Ticket).filter_by(number="TA-00001").one()
        ticket.subject = "<img src=x onerror=alert(1)>"
        ticket.details = "'\"><script>alert(1)</script>\u202e"
        ticket.client.name = "<b>bold</b>"
        ticket.client.is_company = True
        db.session.commit()
        key = ticket.id
    client = as_("supervisor-A")
    paths = [
        "/tickets/",
        "/tickets/?q=<script>x</script>",
        "/tickets/?state=<script>x",
        f"/tickets/details/?id={key}",
        f"/tickets/edit/?id={key}",
    ]
    for path in [*paths, f"/tickets/act/dispatch?id={key}", "/tickets/details/?id=<script>x", "/clients/"]:
        html = client.get(path).get_data(as_text=True)
        assert "<script>" not in html, path
        assert "<img src=x" not in html, path
        assert "<b>bold" not in html, path


def test_default_filters_hold_until_the_address_says_otherwise(database: str, app: Any, as_: Any) -> None:
    view = type("Filtered", (toy.TicketView,), {"default_filters": {"urgency": ("high",)}})
    other = toy.create_app(database, views=[toy.Home, view, toy.ClientView])
    client = as_("supervisor-A", on=other)
    assert numbers(client.get("/tickets/").get_data(as_text=True)) == ["TA-00003"]
    assert len(numbers(client.get("/tickets/?all=1").get_data(as_text=True))) == 3
    assert numbers(client.get("/tickets/?q=TA-00001").get_data(as_text=True)) == ["TA-00001"]
    assert numbers(client.get("/tickets/?sort=number").get_data(as_text=True)) == ["TA-00003"]


def test_every_indexed_column_of_the_list_can_be_sorted_by(as_: Any) -> None:
    """State, urgency and paid are indexed; the amount is not; a telephone never sorts, since order would tell it."""
    html = as_("supervisor-A").get("/tickets/").get_data(as_text=True)
    for name in ("number", "state", "urgency", "due_at"):
        assert f'href="?sort={name}' in html
    for name in ("amount", "contact", "visits"):
        assert f"sort={name}" not in html
    found = as_("supervisor-A").get("/tickets/?sort=urgency&desc=1").get_data(as_text=True)
    assert numbers(found) == ["TA-00002", "TA-00001", "TA-00003"]

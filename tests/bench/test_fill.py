"""The filled database satisfies the product's schema, the next act goes on from it, and the limit answers on it."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from backoffice.calls.models import ServiceCall
from backoffice.core import search_index
from backoffice.core.db import Base, db
from backoffice.parts.models import StockMovement
from backoffice.parts.queries import balance
from backoffice.repairs.models import RepairCard
from bench import words
from bench.desk import Facts, facts_of
from bench.fill import PASSWORD, SUPERVISOR, fill
from bench.limit import create
from bench.office import COLUMNS
from bench.stores import PostgresStore, SqliteStore, Store
from tests.databases import Databases, PostgresDatabases
from tests.fixtures_app import WORKER, close, make_app

pytestmark = pytest.mark.no_app

CALLS = 300


def store_of(databases: Databases, name: str) -> Store:
    if isinstance(databases, PostgresDatabases):
        server: Any = SimpleNamespace(url=databases.server.render_as_string(hide_password=False))
        return PostgresStore(databases.prefix + name, server)
    return SqliteStore(name, databases.directory)


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Store]:
    name = f"bench_{WORKER}"
    databases.create(name)
    yield store_of(databases, name)
    databases.drop(name)


def plain(row: tuple[Any, ...]) -> tuple[str, str]:
    """Name and definition; PostgreSQL writes the casts of a condition in other places when it is read a second time."""
    name, definition = row
    return name, re.sub(r"::(text|character varying)(\[\])?|[()]", "", definition)


@pytest.fixture(scope="module")
def indexes_before(store: Store) -> list[Any]:
    return store.rows(indexes_of(store))


@pytest.fixture(scope="module")
def filled(store: Store, instance: Path, indexes_before: list[Any]) -> Iterator[Flask]:
    app = make_app(store.url, instance, TESTING=True, WTF_CSRF_ENABLED=False)
    with app.app_context():
        fill(store, CALLS, seed=1)
        db.session.remove()
    yield app
    close(app)


@pytest.fixture(scope="module")
def facts(store: Store, filled: Flask) -> Facts:
    return facts_of(store, seed=1)


@contextmanager
def limit_of(store: Store, facts: Facts) -> Iterator[FlaskClient]:
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("LIMIT_DATABASE_URL", store.url)
        environ.setenv("SECRET_KEY", os.urandom(16).hex())
        app = create()
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.get(f"/enter?branch={facts.branch}&user={facts.user}")
    try:
        yield client
    finally:
        for engine in app.extensions["engines"]:
            engine.dispose()


def indexes_of(store: Store) -> str:
    """The question for all indexes (on SQLite tables and triggers too) but the limit's."""
    if store.kind == "sqlite":
        of_its_own = "name NOT LIKE 'limit%' AND name NOT LIKE 'sqlite%'"
        return f"SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND {of_its_own} ORDER BY name"
    return "SELECT indexname, indexdef FROM pg_indexes WHERE indexname NOT LIKE 'limit%' ORDER BY indexname"


@pytest.mark.postgresql
def test_grams_are_counted_as_finely_as_in_the_product(store: Store, filled: Flask) -> None:
    """The definition of an index does not say how much is to be known of it; the way of a search depends on that."""
    known = "SELECT attstattarget FROM pg_attribute WHERE attrelid = 'ix_service_call_search'::regclass"
    assert store.rows(known) == [(search_index.STATISTICS,)]


def test_every_reference_leads_to_a_row(store: Store, filled: Flask) -> None:
    """Keys are not looked at while the rows come in: here they are."""
    for table in (Base.metadata.tables[name] for name in COLUMNS if name in Base.metadata.tables):
        for key in table.foreign_keys:
            there = key.column.table.name
            orphans = store.rows(
                f'SELECT count(*) FROM "{table.name}" a LEFT JOIN "{there}" b ON b.id = a.{key.parent.name}'
                f" WHERE a.{key.parent.name} IS NOT NULL AND b.id IS NULL"
            )
            assert orphans == [(0,)], f"{table.name}.{key.parent.name}"


def test_nothing_is_lost_on_the_way(store: Store, filled: Flask, indexes_before: list[Any]) -> None:
    """All rows are there, and the indexes are those of the migrations again."""
    for table, number in (("service_call", CALLS), ("customer", CALLS // 5), ("installed_unit", CALLS * 3 // 10),
                          ("stock_movement", CALLS)):  # fmt: skip
        assert store.rows(f"SELECT count(*) FROM {table}") == [(number,)]
    assert store.rows("SELECT count(*) FROM limit_call") == [(CALLS,)]
    ((cards,),) = store.rows("SELECT count(*) FROM repair_card")
    assert CALLS // 4 < cards <= CALLS * 3 // 10
    ((invoices,),) = store.rows("SELECT count(*) FROM invoice")
    assert CALLS * 3 // 10 < invoices <= CALLS * 4 // 10
    assert store.rows("SELECT count(*) FROM invoice_line") == [(invoices * 10,)]
    assert store.rows("SELECT count(*) FROM goods_entry") == store.rows("SELECT count(*) FROM goods_receipt")
    assert list(map(plain, store.rows(indexes_of(store)))) == list(map(plain, indexes_before))


def test_the_product_reads_the_rows_as_its_own(filled: Flask) -> None:
    """Moments, states and derived columns come back as they would have been written by the models."""
    with filled.app_context():
        for call in db.session.scalars(sa.select(ServiceCall).limit(50)):
            assert call.received_at.tzinfo is not None
            assert call.dispatch_clock.due_at == call.dispatch_due_at
            customer, derived = call.customer, ("name_folded", "phone_digits", "phone_reversed")
            again = type(customer)(name=customer.name, phone=customer.phone)
            assert [getattr(again, name) for name in derived] == [getattr(customer, name) for name in derived]
        for card in db.session.scalars(sa.select(RepairCard).limit(50)):
            assert card.entry.receipt.voucher.call_id == card.call_id
            assert card.received_at <= card.planned_finish_at
            assert type(card)(serial_no=card.serial_no).serial_folded == card.serial_folded
        part, branch = db.session.execute(sa.select(StockMovement.part_id, StockMovement.branch_id).limit(1)).one()
        assert balance(part, branch, None) != 0
        db.session.rollback()


def test_the_money_adds_up(store: Store, filled: Flask) -> None:
    """Invoices are the sums of their lines, handovers those of their payments, and a paid due is what was paid."""
    assert store.rows(
        "SELECT count(*) FROM invoice i"
        " WHERE gross_total <> (SELECT sum(gross) FROM invoice_line WHERE invoice_id = i.id)"
        " OR net_total <> (SELECT sum(net) FROM invoice_line WHERE invoice_id = i.id)"
    ) == [(0,)]
    assert store.rows(
        "SELECT count(*) FROM cash_handover h"
        " WHERE lines_total <> (SELECT sum(amount) FROM payment WHERE handover_id = h.id)"
    ) == [(0,)]
    paid = "(SELECT coalesce(sum(s.amount), 0) FROM payment_share s WHERE s.due_id = d.id)"
    assert store.rows(f"SELECT count(*) FROM due d WHERE paid_amount <> {paid}") == [(0,)]


def test_the_next_call_gets_a_fresh_number(store: Store, filled: Flask, facts: Facts) -> None:
    form = {
        "customer": str(facts.customers[0]), "model_text": "ISG50-160", "fault_symptom": str(facts.symptom),
        "fault_text": words.FAULTS[0], "channel": "phone", "priority": "normal", "new_customer_kind": "company",
    }  # fmt: skip
    with filled.app_context():
        client = filled.test_client()
        client.post("/login", data={"username": SUPERVISOR, "password": PASSWORD})
        assert client.post("/calls/new/", data=form).status_code == 302
        db.session.remove()
    assert store.rows("SELECT count(*), count(DISTINCT number) FROM service_call") == [(CALLS + 1, CALLS + 1)]


def test_the_limit_answers(store: Store, filled: Flask, facts: Facts) -> None:
    with limit_of(store, facts) as client:
        listed = client.get("/list").text
        assert listed.count('name="rowid"') == 50
        assert facts.newest in listed
        moment, key = facts.before_deep
        deep = client.get("/list", query_string={"after": str(moment), "id": key}).text
        assert deep.index(f'value="{facts.first_deep}"') < 1000
        for term in (words.EIGHT_LETTERS, words.COMMON_PAIR, facts.phones[0]):
            found = client.get("/search", query_string={"q": term}).text.split('name="rowid"')[1:]
            assert found
            assert all(term in row.replace("-", "") for row in found)
        days = {"state": ["registered", "dispatched"], "low": "2000-01-01 00:00:00", "high": "2100-01-01 00:00:00"}
        assert client.get("/filter", query_string=days).text.count('name="rowid"') > 0
        assert f"<td>{facts.records[0]}</td>" in client.get(f"/record?id={facts.records[0]}").text
        for name in ("goods", "cards", "movements", "dues", "payments", "invoices", "desk"):
            assert 0 < client.get(f"/{name}").text.count('name="rowid"') <= 50
        assert client.get("/board").status_code == 200
        part = client.get(f"/part?id={facts.parts[0]}").text
        assert "<th>in_store</th>" in part
        lines = client.get("/export", query_string=days).text.splitlines()
        assert len(lines) == facts.visible
        assert client.post("/create", data={"like": facts.records[0], "text": "x"}).status_code == 302
        keys = [str(key) for key in facts.open_calls]
        assert client.post("/bulk", data={"rowid": keys, "reason": "x"}).status_code == 302
        assert store.rows("SELECT count(*) FROM limit_trail") == [(len(keys),)]
        assert store.rows("SELECT count(*) FROM limit_call WHERE escalated_to = 'manager'") == [(len(keys),)]


def test_the_limit_lets_nobody_in_without_a_session(store: Store, filled: Flask, facts: Facts) -> None:
    with limit_of(store, facts) as client:
        assert client.application.test_client().get("/list").status_code == 401

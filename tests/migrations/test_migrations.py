"""Migrations: up from nothing equals the models, down leaves nothing, and up again keeps every row."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from backoffice import commands
from backoffice.calls.models import CallState
from backoffice.core import search_index
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.customers.models import CustomerKind
from backoffice.demo import making
from backoffice.figures.models import FigureTouch
from backoffice.parts.models import STORE, MovementKind
from tests import factories as make
from tests.databases import Databases
from tests.fixtures_app import MIGRATIONS, WORKER, close, make_app
from tests.fixtures_live import LiveDatabase

pytestmark = pytest.mark.no_app


@pytest.fixture
def bare(databases: Databases, instance: Path) -> Iterator[Flask]:
    """The application on a database without any table."""
    name = f"migrated_{WORKER}"
    app = make_app(databases.create_bare(name), instance)
    with app.app_context():
        yield app
    close(app)
    databases.drop(name)


def rows_of_all_tables() -> dict[str, list[Any]]:
    """Every row of every table, in the order of its key."""
    return {table.name: rows_of(table) for table in db.metadata.sorted_tables}


def rows_of(table: Any, columns: list[str] | None = None) -> list[Any]:
    """Every row of one table, or these columns of it, in the order of its key."""
    wanted = [column for column in table.columns if columns is None or column.name in columns]
    return [tuple(row) for row in db.session.execute(select(*wanted).order_by(*table.primary_key.columns))]


def columns_there() -> dict[str, list[str]]:
    """The columns of every table of the models that the database has now."""
    with db.engine.connect() as connection:
        inspector = inspect(connection)
        there = set(inspector.get_table_names()) & set(db.metadata.tables)
        return {name: [column["name"] for column in inspector.get_columns(name)] for name in there}


#: What was sold stays in the stock's book as a difference when the sales themselves go: table, values, columns.
CALLED_OTHERWISE = ("stock_movement", {MovementKind.SOLD, MovementKind.SOLD_BACK}, ("kind", "reason"))


def without_names(table: Any, columns: list[str], rows: list[Any], keys: set[int]) -> list[Any]:
    """The rows, those with these keys without the columns that a step down may change."""
    name, _, changed = CALLED_OTHERWISE
    if table.name != name:
        return rows
    order = [column.name for column in table.columns if column.name in columns]
    blank = [order.index(column) for column in changed]
    key = order.index("id")
    return [
        tuple(None if place in blank else value for place, value in enumerate(row)) if row[key] in keys else row
        for row in rows
    ]


def keys_called_otherwise(before: dict[str, list[Any]]) -> set[int]:
    """Keys of the rows that a step down calls otherwise."""
    name, kinds, _ = CALLED_OTHERWISE
    order = [column.name for column in db.metadata.tables[name].columns]
    return {row[order.index("id")] for row in before[name] if row[order.index("kind")] in kinds}


def check_rows(before: dict[str, list[Any]], columns: dict[str, list[str]], words: str) -> None:
    """Every row of these tables has in these columns what it had before."""
    for name, wanted in columns.items():
        table = db.metadata.tables[name]
        places = [place for place, column in enumerate(table.columns) if column.name in wanted]
        then = [tuple(row[place] for place in places) for row in before[name]]
        keys = keys_called_otherwise(before)
        now = without_names(table, wanted, rows_of(table, wanted), keys)
        assert now == without_names(table, wanted, then, keys), f"{words} touched {name}"
    db.session.remove()


def test_upgrade_from_nothing_equals_the_models(bare: Flask) -> None:
    """The migrations make just the tables, columns, indexes and keys that the models declare."""
    upgrade(directory=str(MIGRATIONS))
    with db.engine.connect() as connection:
        opts = {"compare_type": True, "include_name": lambda name, kind, parents: search_index.is_declared(name, kind)}
        found = compare_metadata(MigrationContext.configure(connection, opts=opts), db.metadata)
    assert found == []


def test_checks_of_the_models_are_in_the_database(bare: Flask) -> None:
    """CHECK constraints are not compared by Alembic; their names are compared here."""
    upgrade(directory=str(MIGRATIONS))
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            declared = {str(c.name) for c in table.constraints if type(c).__name__ == "CheckConstraint"}
            stored = {c["name"] for c in inspect(connection).get_check_constraints(table.name)}
            wanted = {c if c.startswith("ck_") else f"ck_{table.name}_{c}" for c in declared}
            assert wanted == stored, table.name


def test_downgrade_leaves_nothing(bare: Flask) -> None:
    """Down to the beginning and up again."""
    upgrade(directory=str(MIGRATIONS))
    downgrade(directory=str(MIGRATIONS), revision="base")
    with db.engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        if connection.dialect.name == "postgresql":
            left = connection.execute(text("SELECT count(*) FROM pg_proc WHERE proname LIKE '%_is_append_only'"))
            assert left.scalar() == 0
    upgrade(directory=str(MIGRATIONS))


def test_filled_demo_goes_down_and_up_step_by_step(bare: Flask) -> None:
    """Each step down leaves every row of the tables that stay as it was, in the columns that stay; the way back too.

    A step that makes tables takes their rows with it when it goes down; in the end they are put back to prove that the
    tables made anew hold the very same rows.
    """
    upgrade(directory=str(MIGRATIONS))
    commands.install_basics()
    db.session.commit()
    assert making.make(lambda _words: None)
    before = rows_of_all_tables()
    db.session.remove()
    assert len(before["service_call"]) > 100
    script = ScriptDirectory(str(MIGRATIONS))
    for step in list(script.walk_revisions()):
        below = step.down_revision or "base"
        downgrade(directory=str(MIGRATIONS), revision=below)
        stayed = columns_there()
        check_rows(before, stayed, f"{step.revision} on its way down")
        if step.down_revision:
            upgrade(directory=str(MIGRATIONS), revision=step.revision)
            check_rows(before, stayed, f"{step.revision} on its way up")
            downgrade(directory=str(MIGRATIONS), revision=below)
    upgrade(directory=str(MIGRATIONS))
    assert not any(rows_of_all_tables().values())
    db.session.remove()
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        else:
            connection.execute(text("SET session_replication_role = replica"))
        backwards = db.metadata.sorted_tables[::-1]  # lines before their reviewed reports, which take none any more
        kept = {STORE, FigureTouch.__table__}  # which triggers have filled already
        for table in sorted(backwards, key=lambda table: table in kept):
            if table in kept:
                connection.execute(table.delete())
            if before[table.name]:
                columns = [column.name for column in table.columns]
                connection.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in before[table.name]])
        connection.commit()
        if sqlite:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]
        else:
            connection.execute(text("SET session_replication_role = DEFAULT"))
            connection.commit()
    assert rows_of_all_tables() == before


def test_rows_that_are_there_are_searched_after_the_migration(bare: Flask) -> None:
    """R-01: the migration fills the index as the application would."""
    step = ScriptDirectory(str(MIGRATIONS)).get_revision("20261124_search")
    assert step is not None
    upgrade(directory=str(MIGRATIONS))
    make.make_call(CallState.ON_SITE, contact_name="王芳", customer=make.make_customer(kind=CustomerKind.INDIVIDUAL))
    make.make_project(customer=make.make_customer(name="杭州·江南（水务）", former_number="ALT-1"))
    db.session.commit()
    db.session.remove()
    downgrade(directory=str(MIGRATIONS), revision=str(step.down_revision))
    upgrade(directory=str(MIGRATIONS))
    told = bare.test_cli_runner().invoke(args=["search-index", "check"])
    assert told.exit_code == 0, told.output
    with db.engine.connect() as connection:
        grams = connection.execute(text("SELECT search_grams FROM service_call")).scalars().all()
    assert ["王芳" in found.split() for found in grams] == [True]


@pytest.mark.sqlite
def test_a_table_built_anew_gets_its_triggers_again(bare: Flask) -> None:
    """Batch mode drops the triggers with the old table; after every migration they are put back."""
    upgrade(directory=str(MIGRATIONS))
    customer = make.make_customer(name="杭州江南水务")
    db.session.commit()
    key = customer.id
    db.session.remove()
    driver: Any
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("PRAGMA legacy_alter_table=ON")
        with Operations(MigrationContext.configure(connection)).batch_alter_table("customer", recreate="always"):
            pass
        assert len(search_index.faults(connection, "customer")) == 3
        connection.execute(text("UPDATE customer SET search_grams = '龘靐'"))
        assert search_index.restore(connection) == ["customer"]
        connection.commit()
        driver.execute("PRAGMA legacy_alter_table=OFF")
        driver.execute("PRAGMA foreign_keys=ON")
        assert search_index.faults(connection, "customer") == []
        assert search_index.is_true(connection, "customer")
        for grams in ("龘靐", "犇骉"):
            hits = text("SELECT rowid FROM customer_fts WHERE customer_fts MATCH :grams")
            assert connection.execute(hits, {"grams": grams}).scalars().all() == [key]
            connection.execute(text("UPDATE customer SET search_grams = '犇骉'"))


def test_there_is_one_line_of_migrations() -> None:
    """One head, one base: nobody has to merge on the customer's machine."""
    script = ScriptDirectory(str(MIGRATIONS))
    assert len(script.get_heads()) == len(script.get_bases()) == 1


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET act = 'x'", "DELETE FROM audit_entry"])
def test_database_itself_keeps_the_trail(live_database: LiveDatabase, statement: str) -> None:
    """G-04: audit rows are read-only for everyone, also past the application."""
    with live_database.app.app_context():
        make.make_call()
        db.session.commit()
        before = db.session.scalars(select(AuditEntry.id)).all()
        with pytest.raises(DBAPIError):
            db.session.execute(text(statement))
        db.session.rollback()
        assert db.session.scalars(select(AuditEntry.id)).all() == before
        db.session.remove()

"""How Alembic reaches the database: through the running application, on SQLite and on PostgreSQL.

On SQLite a changed table is built anew and takes the place of the old one (batch mode). For this the foreign keys are
switched off, everything happens in one transaction, and before it ends every foreign key is checked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator

from backoffice.core import search_index
from backoffice.core.db import Money, Quantity, UtcDateTime
from backoffice.figures import touching

#: How the project's own types are written in a migration: in SQLAlchemy's words, so that old migrations stay readable
#: and keep their meaning whatever becomes of the types.
WRITTEN_AS: dict[type[TypeDecorator[Any]], str] = {
    UtcDateTime: "sa.DateTime(timezone=True)",
    Money: 'sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite")',
    Quantity: 'sa.Numeric(12, 3).with_variant(sa.Integer(), "sqlite")',
}


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | bool:
    """Text of a column type in a new migration; False leaves it to Alembic."""
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    if type(item) not in WRITTEN_AS:
        raise LookupError(f"{type(item).__name__} is new: say in WRITTEN_AS how a migration writes it")
    return WRITTEN_AS[type(item)]


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """Leave the search index out of the comparison: it is made beside the models."""
    return search_index.is_declared(name, kind)


def drop_empty(migration_context: Any, revision: Any, directives: list[Any]) -> None:
    """Write no migration when nothing has changed."""
    options = migration_context.config.cmd_opts
    if getattr(options, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives.clear()


def run_offline(db: SQLAlchemy) -> None:
    """Print the SQL instead of running it."""
    context.configure(url=db.engine.url, literal_binds=True, **options(db))
    with context.begin_transaction():
        context.run_migrations()


def run_online(db: SQLAlchemy) -> None:
    """Bring the database to the wanted revision, in one transaction."""
    with db.engine.connect() as connection, foreign_keys_off(connection):
        context.configure(connection=connection, **options(db))
        with context.begin_transaction():
            context.run_migrations()
            search_index.restore(connection)
            touching.restore(connection)
            check_foreign_keys(connection)


def options(db: SQLAlchemy) -> dict[str, Any]:
    """What both ways have in common."""
    return {
        "target_metadata": db.metadata,
        "render_as_batch": db.engine.dialect.name == "sqlite",
        "transactional_ddl": True,  # true on SQLite too, since the engine sends its own BEGIN
        "compare_type": True,
        "include_name": include_name,
        "render_item": render_item,
        "process_revision_directives": drop_empty,
    }


@contextmanager
def foreign_keys_off(connection: Connection) -> Iterator[None]:
    """Let SQLite rebuild tables that others point to; the switches have no effect inside a transaction."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    driver.execute("PRAGMA legacy_alter_table=ON")  # a rename leaves the triggers and views of other tables alone
    try:
        yield
    finally:
        driver.execute("PRAGMA legacy_alter_table=OFF")
        driver.execute("PRAGMA foreign_keys=ON")


def check_foreign_keys(connection: Connection) -> None:
    """Refuse a migration that leaves rows pointing nowhere; the transaction then rolls back."""
    if connection.dialect.name != "sqlite":
        return
    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if lost:
        tables = ", ".join(sorted({f"{row[0]} -> {row[2]}" for row in lost}))
        raise RuntimeError(f"the migration leaves {len(lost)} foreign keys pointing nowhere: {tables}")


database: SQLAlchemy = current_app.extensions["migrate"].db
if context.is_offline_mode():
    run_offline(database)
else:
    run_online(database)

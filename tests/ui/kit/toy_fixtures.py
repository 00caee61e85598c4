"""The toy office on a database of its own; runs in a process of its own, see tests/ui/test_kit.py."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import toy
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from backoffice.core import attachments
from backoffice.core.db import db

URL = os.environ.get("TOY_DATABASE_URL", "")


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("toy")
    attachments.configure(folder / "files")
    return URL or f"sqlite:///{folder}/toy.sqlite"


@pytest.fixture(scope="session")
def plain_app(database: str) -> Flask:
    app = toy.create_app(database)
    with app.app_context():
        db.create_all()
    return app


@pytest.fixture(scope="session")
def csrf_app(database: str) -> Flask:
    return toy.create_app(database, csrf=True)


@pytest.fixture
def app(plain_app: Flask) -> Iterator[Flask]:
    """The office with three tickets in each of the branches A and B; bugs are raised."""
    plain_app.config["PROPAGATE_EXCEPTIONS"] = True
    with plain_app.app_context():
        toy.fill()
    yield plain_app
    with plain_app.app_context():
        db.session.rollback()
        _empty()


def _empty() -> None:
    names = [f'"{table.name}"' for table in db.metadata.tables.values()]
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
            connection.commit()
            return
        driver = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        for name in names:
            driver.execute(f"DELETE FROM {name}")  # noqa: S608 - names of our own tables
        driver.execute("PRAGMA foreign_keys=ON")


As = Callable[..., FlaskClient]


@pytest.fixture
def as_(app: Flask) -> As:
    """A signed-in client: `as_("supervisor-A")`."""

    def sign_in(name: str, on: Flask = app) -> FlaskClient:
        client = on.test_client()
        assert client.get(f"/login?as={name}").status_code == 302
        return client

    return sign_in


@pytest.fixture
def rows(app: Flask) -> Callable[..., Any]:
    """Rows of a model as they are stored: `rows(toy.Ticket, number="TA-00001")`."""

    def read(model: Any, **where: Any) -> list[Any]:
        with app.app_context():
            found = db.session.query(model).filter_by(**where).order_by(model.id).all()
            db.session.expunge_all()
            return found

    return read


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements that run inside the block."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def count_statements() -> Any:
    return statements

"""The application on a database of its own, with every test rolled back."""

import contextvars
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask import Flask
from flask.globals import _cv_app
from flask.testing import FlaskClient
from flask_migrate import upgrade
from werkzeug.test import TestResponse

import config
from backoffice.core.db import db
from tests import run
from tests.databases import Databases

MIGRATIONS = config.ROOT / "migrations"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
DEMO_PASSWORD = "demo"
#: Settings of the developer's shell that must not reach the tests.
SETTINGS = (
    "ALLOWED_HOSTS", "BIND", "DATABASE_URL", "FLASK_DEBUG", "INSTANCE_DIR", "MODE", "PORT", "SECRET_KEY", "TIME_ZONE",
    "TRUSTED_PROXIES", "UPLOAD_DIR", "PUBLIC_URL", "MAIL_HOST", "MAIL_PORT", "MAIL_TLS", "MAIL_USER", "MAIL_PASSWORD",
    "MAIL_FROM", "CHAT_HOSTS",
)  # fmt: skip


class OfficeClient(FlaskClient):
    """A browser without screen. Every request gets an application context and a session of its own, as in real life.

    What the test has prepared in `db.session` is committed before (into the transaction that is rolled back), and what
    the test holds in hand is read anew afterwards.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.commit()
        response = contextvars.copy_context().run(self._open_outside, *args, **kwargs)
        db.session.expire_all()
        return response

    def _open_outside(self, *args: Any, **kwargs: Any) -> TestResponse:
        _cv_app.set(None)  # else the request would share the test's context, its session and its g
        return super().open(*args, **kwargs)

    def __enter__(self) -> NoReturn:
        raise TypeError("use the client without `with`; session_transaction() shows the session")


def make_app(url: str, instance: Path, **overrides: Any) -> Flask:
    """The application on the database `url`, by the way that the real one takes: from the environment."""
    from backoffice.factory import create_app  # here: tests of mere rules need not wait for it

    with pytest.MonkeyPatch.context() as environ:
        for name in SETTINGS:
            environ.delenv(name, raising=False)
        environ.setenv("DATABASE_URL", url)
        environ.setenv("INSTANCE_DIR", str(instance))
        app = create_app(overrides)
    app.test_client_class = OfficeClient
    return app


def close(app: Flask) -> None:
    """Give back the database connections of an application."""
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="session")
def instance(request: pytest.FixtureRequest) -> Path:
    """Directory in which the applications of this worker keep key and uploads."""
    return Path(run.current(request.config).directory) / f"instance-{WORKER}"


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, instance: Path) -> Databases:
    """Makes migrated databases; `create(name)` and `create_bare(name)` return addresses."""

    def migrate(url: str) -> None:
        app = make_app(url, instance)
        with app.app_context():
            if any((MIGRATIONS / "versions").glob("*.py")):
                upgrade(directory=str(MIGRATIONS))
            else:
                db.create_all()
        close(app)

    return run.current(request.config).databases(migrate)


@pytest.fixture(scope="session")
def app(databases: Databases, instance: Path) -> Iterator[Flask]:
    """The application, made once for a worker."""
    app = make_app(databases.create(WORKER), instance, TESTING=True, WTF_CSRF_ENABLED=False)
    db.session.session_factory.configure(join_transaction_mode="create_savepoint")
    yield app
    close(app)
    databases.drop(WORKER)


@pytest.fixture(autouse=True)
def transaction(request: pytest.FixtureRequest) -> Iterator[None]:
    """Around every test: an application context and a transaction that is rolled back, whatever the test commits."""
    if request.node.get_closest_marker("no_app"):
        yield
        return
    app = request.getfixturevalue("app")
    with app.app_context():
        engines: Any = db.engines
        engine = engines[None]
        with engine.connect() as connection:
            outer = connection.begin()
            engines[None] = connection
            try:
                yield
            finally:
                db.session.remove()
                engines[None] = engine
                outer.rollback()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that is not logged in."""
    return app.test_client()


@pytest.fixture
def as_role(app: Flask) -> Callable[[Any], FlaskClient]:
    """`as_role(user or username)`: a client of its own, logged in through the login page with the demo password."""

    def log_in(who: Any) -> FlaskClient:
        username = who if isinstance(who, str) else who.username
        client = app.test_client()
        answer = client.post("/login", data={"username": username, "password": DEMO_PASSWORD})
        assert answer.status_code in {302, 303}, f"{username} could not log in: {answer.status}"
        return client

    return log_in

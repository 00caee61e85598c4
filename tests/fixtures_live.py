"""Real databases and a real server, for what a rolled-back transaction cannot show."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.serving import make_server

import config
from backoffice.core.db import db
from tests.databases import Databases
from tests.fixtures_app import WORKER, close, make_app

#: Of one test at the same time; the office itself has far fewer, four threads to a process.
MOST_CONNECTIONS = 60


@dataclass(frozen=True)
class LiveDatabase:
    """An application whose commits are real; use it inside `with live_database.app.app_context():`, in every thread."""

    app: Flask
    url: str

    @property
    def engine(self) -> Engine:
        """The engine, for connections of one's own."""
        with self.app.app_context():
            return db.engine


@pytest.fixture(scope="session")
def _concurrent_app(databases: Databases, instance: Path) -> Iterator[Flask]:
    name = f"concurrent_{WORKER}"
    url = databases.url(name)
    options = config.engine_options(url) | {"max_overflow": MOST_CONNECTIONS}
    app = make_app(url, instance, TESTING=True, WTF_CSRF_ENABLED=False, SQLALCHEMY_ENGINE_OPTIONS=options)
    yield app
    close(app)
    databases.drop(name)


@pytest.fixture
def live_database(databases: Databases, _concurrent_app: Flask) -> Iterator[LiveDatabase]:
    """A migrated database with real commits and as many connections as the test opens; new for every test."""
    url = databases.create(f"concurrent_{WORKER}")
    yield LiveDatabase(_concurrent_app, url)
    close(_concurrent_app)


@pytest.fixture(scope="session")
def live_app(databases: Databases, instance: Path) -> Iterator[Flask]:
    """The application behind `live_server`: real commits, CSRF protection on, one database for a worker."""
    name = f"served_{WORKER}"
    app = make_app(databases.create(name), instance)
    yield app
    close(app)
    databases.drop(name)


@pytest.fixture(scope="session")
def live_server(live_app: Flask) -> Iterator[str]:
    """Address of a server that runs `live_app`, on a free port of this machine."""
    server = make_server("127.0.0.1", 0, live_app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)

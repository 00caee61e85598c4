"""What the processes of one test run share: its directory and its database server."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.databases import Databases, Migrate, PostgresDatabases, SqliteDatabases
from tests.postgres_server import PostgresServer

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


@dataclass(frozen=True)
class Run:
    """One test run; plain values, so that it can be handed to the workers."""

    directory: str
    database: str
    server_url: str
    prefix: str

    def databases(self, migrate: Migrate) -> Databases:
        """Where this run's databases are made."""
        if self.database == "sqlite":
            return SqliteDatabases(Path(self.directory), migrate)
        return PostgresDatabases(Path(self.directory), migrate, self.server_url, self.prefix)


RUN = pytest.StashKey[Run]()
SERVER = pytest.StashKey[PostgresServer]()


def current(config: pytest.Config) -> Run:
    """The test run; made on first call by the process that leads it, handed over to its workers."""
    if RUN not in config.stash:
        config.stash[RUN] = _begin(config)
    return config.stash[RUN]


def _begin(config: pytest.Config) -> Run:
    directory = Path(tempfile.mkdtemp(prefix="office-", dir="/tmp"))  # short, for the socket's name
    database = config.getoption("database")
    server_url = ""
    if database == "postgresql":
        server_url = os.environ.get("TEST_DATABASE_URL", "")
    if database == "postgresql" and not server_url:
        server = PostgresServer(directory)
        try:
            server.start()
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        config.stash[SERVER] = server
        server_url = server.url
    return Run(str(directory), database, server_url, prefix=f"office_{os.getpid()}_")


def end(config: pytest.Config) -> None:
    """Remove all that the run has made; called by the process that leads it."""
    if RUN not in config.stash:
        return
    run = config.stash[RUN]
    databases = run.databases(lambda _: None)
    try:
        if SERVER in config.stash:
            config.stash[SERVER].stop()
        elif isinstance(databases, PostgresDatabases):
            databases.drop_all()
    finally:
        shutil.rmtree(run.directory, ignore_errors=True)

"""Databases for the tests: a template is migrated once in a test run, every worker gets copies of it."""

import fcntl
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

Migrate = Callable[[str], None]


class Databases(ABC):
    """Makes copies of the migrated template in `directory`'s test run; workers share the directory."""

    def __init__(self, directory: Path, migrate: Migrate) -> None:
        self.directory = directory
        self.migrate = migrate

    def create(self, name: str) -> str:
        """A fresh, migrated, otherwise empty database; returns its address."""
        self._prepare_template()
        self.drop(name)
        self._copy("template", name)
        return self.url(name)

    def create_bare(self, name: str) -> str:
        """A database without any table, for tests of the migrations themselves."""
        self.drop(name)
        self._make(name)
        return self.url(name)

    def _prepare_template(self) -> None:
        ready = self.directory / "template.ready"
        with _locked(self.directory / "template.lock"):
            if not ready.exists():
                self.migrate(self.create_bare("template"))
                ready.touch()

    @abstractmethod
    def url(self, name: str) -> str:
        """SQLAlchemy's address of the database `name`."""

    @abstractmethod
    def drop(self, name: str) -> None:
        """Remove the database if it is there, whoever is connected to it."""

    @abstractmethod
    def _make(self, name: str) -> None: ...

    @abstractmethod
    def _copy(self, template: str, name: str) -> None: ...


class SqliteDatabases(Databases):
    """Files in the directory of the test run."""

    def url(self, name: str) -> str:
        return f"sqlite:///{self._file(name)}"

    def drop(self, name: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._file(name)}{suffix}").unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.directory / f"{name}.sqlite"

    def _make(self, name: str) -> None:
        self._file(name).touch()

    def _copy(self, template: str, name: str) -> None:
        shutil.copyfile(self._file(template), self._file(name))


class PostgresDatabases(Databases):
    """Databases on the server behind `server_url`, all with the prefix of this test run."""

    def __init__(self, directory: Path, migrate: Migrate, server_url: str, prefix: str) -> None:
        super().__init__(directory, migrate)
        self.server = make_url(server_url)
        self.prefix = prefix

    def url(self, name: str) -> str:
        return self.server.set(database=self.prefix + name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.prefix + name)

    def drop_all(self) -> None:
        """Remove every database of this test run."""
        with self._connect() as connection:
            found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self.prefix])
            names = [row[0] for row in found]
        for name in names:
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _make(self, name: str) -> None:
        # the locale of the office's databases: the same order of letters on every machine
        self._execute(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'",
            self.prefix + name,
        )

    def _copy(self, template: str, name: str) -> None:
        with _locked(self.directory / "template.lock"):  # a template can be copied by one at a time
            self._execute("CREATE DATABASE {} TEMPLATE {}", self.prefix + name, self.prefix + template)

    def _execute(self, statement: str, *names: str) -> None:
        with self._connect() as connection:
            connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))

    def _connect(self) -> psycopg.Connection:
        plain = self.server.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(plain, autocommit=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process of the test run at a time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

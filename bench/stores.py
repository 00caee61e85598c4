"""The two databases as the bench fills them: COPY on PostgreSQL, executemany in one transaction on SQLite."""

import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Dialect, make_url
from sqlalchemy.dialects import postgresql, sqlite

from .postgres import Server

Rows = Iterable[tuple[str, list[Any]]]
_BATCH = 2000


class Store(ABC):
    """One database by its name; `url` is what the office is given."""

    kind = ""
    dialect: Dialect

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    @abstractmethod
    def url(self) -> str:
        """SQLAlchemy's address."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether the database is there."""

    @abstractmethod
    def make(self) -> None:
        """An empty database in place of whatever is there."""

    @abstractmethod
    def drop(self) -> None:
        """Remove it if it is there."""

    @abstractmethod
    def copy_to(self, name: str) -> "Store":
        """A second database with the same content."""

    @abstractmethod
    def load(self, columns: dict[str, list[str]], rows: Rows) -> None:
        """Write (table, values) into the tables of `columns`; secondary indexes are made anew afterwards."""

    @abstractmethod
    def execute(self, *statements: str) -> None:
        """Run the statements one after another, committed."""

    @abstractmethod
    def analyze(self) -> None:
        """Let the planner know what the tables hold."""

    @abstractmethod
    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement finds; `?` stands for a value. A statement that writes is committed."""


class PostgresStore(Store):
    """A database on a server of the bench."""

    kind = "postgresql"
    dialect: Dialect = postgresql.psycopg.dialect()

    def __init__(self, name: str, server: Server) -> None:
        super().__init__(name)
        self.server = server

    @property
    def url(self) -> str:
        return make_url(self.server.url).set(database=self.name).render_as_string(hide_password=False)

    def exists(self) -> bool:
        with self._connect("postgres") as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name]).fetchone()
        return found is not None

    def make(self) -> None:
        self.drop()
        self._admin("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'")

    def drop(self) -> None:
        self._admin("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def copy_to(self, name: str) -> "PostgresStore":
        other = PostgresStore(name, self.server)
        other.drop()
        with self._connect("postgres") as connection:
            names = sql.Identifier(name), sql.Identifier(self.name)
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return other

    def load(self, columns: dict[str, list[str]], rows: Rows) -> None:
        with self._connect(self.name) as connection:
            indexes = connection.execute(
                "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
                " WHERE i.indrelid = ANY(%s::regclass[]) AND NOT EXISTS"
                " (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
                [list(columns)],
            ).fetchall()
            targets = connection.execute(  # what a definition does not say
                "SELECT attrelid::regclass::text, attnum, attstattarget FROM pg_attribute"
                " WHERE attrelid = ANY(%s::regclass[]) AND attstattarget > 0",
                [[name for name, _ in indexes]],
            ).fetchall()
            for name, _ in indexes:
                connection.execute(f"DROP INDEX {name}".encode())
            self._copy(columns, rows)
            for name in columns:
                connection.execute(f'ANALYZE "{name}"'.encode())  # the indexes on expressions follow below
            connection.execute("SET maintenance_work_mem = '1GB'")
            for _, definition in indexes:
                connection.execute(definition.encode())
            for name, column, target in targets:
                connection.execute(f"ALTER INDEX {name} ALTER COLUMN {column} SET STATISTICS {target}".encode())
            for name in columns:
                connection.execute(
                    f"""SELECT setval(s, (SELECT coalesce(max(id), 0) + 1 FROM "{name}"), false)"""
                    f""" FROM pg_get_serial_sequence('"{name}"', 'id') s WHERE s IS NOT NULL""".encode()
                )

    def _copy(self, columns: dict[str, list[str]], rows: Rows) -> None:
        """One connection and one COPY for each table, all at the same time; triggers and keys are not looked at."""
        with ExitStack() as stack:
            streams = {}
            for table, names in columns.items():
                connection = stack.enter_context(self._connect(self.name, autocommit=False))
                connection.execute("SET session_replication_role = replica")
                into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                    sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
                )
                streams[table] = stack.enter_context(connection.cursor().copy(into)).write_row
            for table, values in rows:
                streams[table](values)

    def execute(self, *statements: str) -> None:
        with self._connect(self.name) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._connect(self.name) as connection:
            found = connection.execute(statement.replace("?", "%s").encode(), values or None)
            return found.fetchall() if found.description else []

    def analyze(self) -> None:
        self.execute("VACUUM ANALYZE")

    def _admin(self, statement: str) -> None:
        with self._connect("postgres") as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self.name)))

    def _connect(self, database: str, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        plain = make_url(self.server.url).set(drivername="postgresql", database=database)
        return psycopg.connect(plain.render_as_string(hide_password=False), autocommit=autocommit)


class SqliteStore(Store):
    """A file in the bench's directory."""

    kind = "sqlite"
    dialect: Dialect = sqlite.dialect()

    def __init__(self, name: str, directory: Path) -> None:
        super().__init__(name)
        self.directory = directory

    @property
    def file(self) -> Path:
        """The database's file."""
        return self.directory / f"{self.name}.sqlite"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def exists(self) -> bool:
        return self.file.exists()

    def make(self) -> None:
        self.drop()
        self.file.touch()

    def drop(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.file}{suffix}").unlink(missing_ok=True)

    def copy_to(self, name: str) -> "SqliteStore":
        other = SqliteStore(name, self.directory)
        other.drop()
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.file, other.file)
        return other

    def load(self, columns: dict[str, list[str]], rows: Rows) -> None:
        with self._connect() as connection:
            for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-262144", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
            later = connection.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger')"
                f" AND tbl_name IN ({', '.join('?' * len(columns))})",
                list(columns),
            ).fetchall()
            for kind, name, _ in later:
                connection.execute(f'DROP {kind.upper()} "{name}"')
            connection.execute("BEGIN")
            self._insert(connection, columns, rows)
            connection.execute("COMMIT")
            for _, _, definition in sorted(later):
                connection.execute(definition)
            mirrors = connection.execute(
                "SELECT name FROM sqlite_master WHERE sql LIKE '%USING fts5%content=%' AND type = 'table'"
            ).fetchall()
            for (name,) in mirrors:
                connection.execute(f"""INSERT INTO "{name}" ("{name}") VALUES ('rebuild')""")

    @staticmethod
    def _insert(connection: sqlite3.Connection, columns: dict[str, list[str]], rows: Rows) -> None:
        statements = {
            table: f'INSERT INTO "{table}" ({", ".join(names)}) VALUES ({", ".join("?" * len(names))})'
            for table, names in columns.items()
        }
        waiting: dict[str, list[list[Any]]] = {table: [] for table in columns}
        for table, values in rows:
            batch = waiting[table]
            batch.append(values)
            if len(batch) == _BATCH:
                connection.executemany(statements[table], batch)
                batch.clear()
        for table, batch in waiting.items():
            connection.executemany(statements[table], batch)

    def execute(self, *statements: str) -> None:
        with self._connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._connect() as connection:
            return connection.execute(statement, values).fetchall()

    def analyze(self) -> None:
        self.execute("ANALYZE")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file, timeout=30, isolation_level=None)) as connection:
            yield connection

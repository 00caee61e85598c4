"""A look inside the product: its addresses, how many statements a request sends, and how the database answers them."""

import contextvars
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from flask.globals import _cv_app
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from backoffice.core.db import db

from .fill import PASSWORD, SUPERVISOR, office_app
from .office import COLUMNS
from .stores import Store

_NOT_COUNTED = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "PRAGMA")
_CALLS = "service_calls"
#: An access that reads more rows than this is named in the report, whatever the plan calls it.
MANY_ROWS = 20_000


@dataclass(frozen=True)
class Addresses:
    """Where the product's pages are."""

    list: str
    record: str
    new: str
    export: str
    escalate: str
    workshop: str
    goods: str
    cards: str
    movements: str
    part: str
    desk: str
    dues: str
    payments: str
    invoices: str
    figures: str
    home: str
    evening: str


@dataclass
class Plan:
    """How the database answers one request: statements, their time in the database, big tables that are read whole.

    slowest: the statement that took longest, with its milliseconds before it.
    """

    statements: int = 0
    milliseconds: float = 0.0
    read_whole: list[str] = field(default_factory=list)
    slowest: str = ""


class Inside:
    """The product in this process, with the supervisor logged in. Statements are counted, plans are asked for."""

    def __init__(self, app: Flask, store: Store) -> None:
        self.app, self.store = app, store
        self.client = app.test_client()
        self.sent: list[tuple[str, Any]] = []
        self._ask("POST", "/login", {"username": SUPERVISOR, "password": PASSWORD})

    def addresses(self) -> Addresses:
        """The addresses of the pages of the register, the workshop, the stock and the money."""
        with self.app.test_request_context(base_url="https://127.0.0.1"):
            return Addresses(
                list=url_for(f"{_CALLS}.index_view"), record=url_for(f"{_CALLS}.details_view"),
                new=url_for(f"{_CALLS}.create_view"), export=url_for(f"{_CALLS}.export_view"),
                escalate=url_for(f"{_CALLS}.act_view", name="escalate"), workshop=url_for("workshop.index_view"),
                goods=url_for("goods_entries.index_view"), cards=url_for("repair_cards.index_view"),
                movements=url_for("stock_movements.index_view"), part=url_for("parts.details_view"),
                desk=url_for("finance.index_view"), dues=url_for("dues.index_view"),
                payments=url_for("payments.index_view"), invoices=url_for("invoices.index_view"),
                figures=url_for("figures.index_view"), home=url_for("admin.index"),
                evening=url_for("evening.index_view"),
            )  # fmt: skip

    def plan(self, path: str) -> Plan:
        """How the page at `path` is answered; asked twice, so that what is loaded once does not count."""
        self._ask("GET", path)
        answer = self._ask("GET", path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        found = Plan(statements=len(self.sent))
        longest = 0.0
        for statement, values in list(self.sent):
            milliseconds, tables = self._explain(statement, values)
            found.milliseconds += milliseconds
            found.read_whole += tables
            if milliseconds > longest:
                longest, found.slowest = milliseconds, f"{milliseconds:.1f} ms: {statement}"
        found.read_whole = [f"{n}× {name}" if n > 1 else name for name, n in Counter(found.read_whole).items()]
        return found

    def sent_by(self, path: str) -> list[tuple[str, Any]]:
        """The statements with their values that the page at `path` sends, when what is loaded once is there."""
        for _ in range(2):
            self._ask("GET", path)
        return list(self.sent)

    def statements_of(self, path: str, pairs: dict[str, Any]) -> int:
        """How many statements a form sends that is posted to `path`."""
        self._ask("POST", path, pairs)
        return len(self.sent)

    def _ask(self, method: str, path: str, pairs: dict[str, Any] | None = None) -> TestResponse:
        """One request outside any application context, as in real life; what it sends is kept in `sent`."""
        self.sent.clear()

        def note(*details: Any) -> None:
            if not details[2].lstrip().upper().startswith(_NOT_COUNTED):
                self.sent.append((details[2], details[3]))

        def ask() -> TestResponse:
            _cv_app.set(None)  # type: ignore[arg-type]  # the request makes its own
            return self.client.open(path, method=method, data=pairs, base_url="https://127.0.0.1")

        event.listen(Engine, "before_cursor_execute", note)
        try:
            return contextvars.copy_context().run(ask)
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    def _explain(self, statement: str, values: Any) -> tuple[float, list[str]]:
        """(milliseconds in the database, big tables read whole)."""
        if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
            return 0.0, []
        connection = db.engine.raw_connection()
        try:
            cursor = connection.cursor()
            if self.store.kind == "postgresql":
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
                (found,) = cursor.fetchone()  # type: ignore[misc]
                plan = (json.loads(found) if isinstance(found, str) else found)[0]
                return plan["Execution Time"], list(_scanned(plan["Plan"]))
            started = time.perf_counter()
            cursor.execute(statement, values).fetchall()
            milliseconds = (time.perf_counter() - started) * 1000
            steps = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            return milliseconds, [words for *_, words in steps if _is_scan(words)]
        finally:
            connection.rollback()
            connection.close()


def _scanned(node: dict[str, Any]) -> Iterator[str]:
    """The big tables that a plan of PostgreSQL reads one after the other, or nearly so by way of an index."""
    name = node.get("Relation Name")
    if name in COLUMNS:
        read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        if node["Node Type"] == "Seq Scan":
            yield f"{name} (Seq Scan)"
        elif read > MANY_ROWS:
            yield f"{read:,.0f} rows of {name}"
    for child in node.get("Plans", []):
        yield from _scanned(child)


def _is_scan(words: str) -> bool:
    """Whether a step of SQLite's plan walks along a big table, be it in the order of an index."""
    parts = words.split()
    return parts[0] == "SCAN" and parts[1] in COLUMNS


@contextmanager
def inside(store: Store, directory: Path) -> Iterator[Inside]:
    """The product on that database, in this process."""
    with office_app(store.url, directory / "instance", WTF_CSRF_ENABLED=False) as app:
        yield Inside(app, store)

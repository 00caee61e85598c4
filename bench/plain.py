"""What the pages of workshop, stock and money ask of their own tables, beside the one plain statement that would do.

Both in one process on one connection, in turn; the person, the sidebar and the count of a list are left out.
"""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.finance.queries.ages import by_branch
from backoffice.organisation.models import User
from backoffice.parts import queries
from backoffice.receivables.queries import cash_in_hand_of

from . import limit_sql
from .desk import Desk
from .inside import Inside
from .operations import OPERATIONS

TURNS, ROUNDS = 200, 40
#: Of each page: the table of its rows and the plain statement.
_PAGES = {
    "board": ("repair_card", limit_sql.BOARD), "goods": ("goods_entry", limit_sql.GOODS),
    "cards": ("repair_card", limit_sql.CARDS), "movements": ("stock_movement", limit_sql.MOVEMENTS),
    "dues": ("due", limit_sql.DUES), "payments": ("payment", limit_sql.PAYMENTS),
    "invoices": ("invoice", limit_sql.INVOICES),
}  # fmt: skip
Figures = dict[str, float]
Ask = Callable[[Any], Any]


def beside_plain(product: Inside, desk: Desk, dice: Random) -> dict[str, Figures]:
    """Milliseconds (p50) of product and plain statement, and their ratio: by page, of a balance, of cash and ages."""
    found = {}
    pages = {one.key: one.page for one in OPERATIONS if one.key in _PAGES}
    for key, (table, statement) in _PAGES.items():
        page = pages[key]
        assert page is not None
        sent = [one for one in product.sent_by(page(desk, None)) if one[0].startswith(f"SELECT {table}.")]
        found[key] = _rows(sent, statement, desk, dice)
    with product.app.app_context():
        found["balance"] = _balance(desk, dice)
        found |= _money(desk, dice)
    return found


def _money(desk: Desk, dice: Random) -> dict[str, Figures]:
    """Cash in hand by person and receivables by age, beside one statement each over one index."""
    by = db.session.get_one(User, desk.facts.user)
    today, branch = clock.today(), desk.facts.branch
    days = {"today": today, **{f"d{n}": today - timedelta(days=n) for n in (30, 60, 90)}}
    asked: dict[str, tuple[Ask, str, dict[str, Any]]] = {
        "cash": (lambda _: cash_in_hand_of(by), limit_sql.CASH, {"branch": branch}),
        "ages": (lambda _: by_branch(by), limit_sql.AGES, {"branch": branch, **days}),
    }
    found = {}
    for key, (mine, plain, values) in asked.items():
        statement = sa.text(plain)

        def least(_choice: Any, statement: Any = statement, values: dict[str, Any] = values) -> Any:
            return db.session.execute(statement, values).all()

        found[key] = _compared(mine, least, [None] * ROUNDS, dice) | {"statements": 1}
        db.session.rollback()
    return found


def _rows(sent: list[tuple[str, Any]], statement: str, desk: Desk, dice: Random) -> Figures:
    connection = db.engine.raw_connection()
    plain = str(sa.text(statement).bindparams(branch=desk.facts.branch).compile(
        db.engine, compile_kwargs={"literal_binds": True}
    ))  # fmt: skip
    try:
        cursor = connection.cursor()

        def mine(_choice: Any) -> None:
            for one, values in sent:
                cursor.execute(one, values).fetchall()

        def least(_choice: Any) -> None:
            cursor.execute(plain).fetchall()

        return _compared(mine, least, [None] * ROUNDS, dice) | {"statements": len(sent)}
    finally:
        connection.rollback()
        connection.close()


def _balance(desk: Desk, dice: Random) -> Figures:
    branch, plain, sent = desk.facts.branch, sa.text(limit_sql.BALANCE), []

    def mine(part: int) -> Any:
        return queries.balance(part, branch, None)

    def least(part: int) -> Any:
        return db.session.execute(plain, {"branch": branch, "part": part}).scalar()

    def note(*details: Any) -> None:
        sent.append(details[2])

    sa.event.listen(db.engine, "before_cursor_execute", note)
    mine(desk.facts.parts[0])
    sa.event.remove(db.engine, "before_cursor_execute", note)
    figures = _compared(mine, least, dice.choices(desk.facts.parts, k=TURNS), dice)
    db.session.rollback()
    return figures | {"statements": len(sent)}


def _compared(mine: Ask, least: Ask, choices: list[Any], dice: Random) -> Figures:
    kept: dict[Ask, list[float]] = {mine: [], least: []}
    for choice in (choices[0], *choices):  # the first turn is not counted
        sides = [mine, least]
        dice.shuffle(sides)
        for ask in sides:
            started = time.perf_counter()
            ask(choice)
            kept[ask].append((time.perf_counter() - started) * 1000)
    product, limit = (statistics.median(kept[ask][1:]) for ask in (mine, least))
    return {"product_ms": product, "limit_ms": limit, "ratio": product / limit}

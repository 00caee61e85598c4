"""The stock of a part: the product's own question beside the one plain statement, in one process on one connection."""

import statistics
import time
from collections.abc import Callable
from random import Random
from typing import Any

import sqlalchemy as sa
from flask import Flask

from backoffice.core.db import db
from backoffice.parts import queries

from . import limit_sql
from .desk import Desk

TURNS = 200


def balances(app: Flask, desk: Desk, dice: Random, turns: int = TURNS) -> dict[str, float]:
    """Milliseconds (p50) of the balance of one part in the store: product, plain statement; their ratio; statements."""
    branch = desk.facts.branch
    plain = sa.text(limit_sql.BALANCE)
    sent: list[str] = []

    def mine(part: int) -> Any:
        return queries.balance(part, branch, None)

    def least(part: int) -> Any:
        return db.session.execute(plain, {"branch": branch, "part": part}).scalar()

    def note(*details: Any) -> None:
        sent.append(details[2])

    with app.app_context():
        for ask in (mine, least):
            ask(desk.facts.parts[0])
        sa.event.listen(db.engine, "before_cursor_execute", note)
        mine(desk.facts.parts[0])
        sa.event.remove(db.engine, "before_cursor_execute", note)
        kept: dict[Callable[[int], Any], list[float]] = {mine: [], least: []}
        for _ in range(turns):
            part, sides = dice.choice(desk.facts.parts), [mine, least]
            dice.shuffle(sides)
            for ask in sides:
                started = time.perf_counter()
                ask(part)
                kept[ask].append((time.perf_counter() - started) * 1000)
        db.session.rollback()
    product, limit = statistics.median(kept[mine]), statistics.median(kept[least])
    return {"product_ms": product, "limit_ms": limit, "ratio": product / limit, "statements": len(sent)}

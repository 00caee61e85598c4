"""One interleaved run: every operation on every desk, product and limit right after each other in random order."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .client import Answer
from .desk import Desk
from .operations import OPERATIONS, Operation


@dataclass
class Timings:
    """Seconds of one operation on one desk, in pairs, and what the answers were like."""

    product: list[float] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)
    bytes: int = 0
    rows: int = 0
    limit_rows: int = 0
    note: str = ""

    @property
    def spent(self) -> float:
        """Seconds that it has taken so far."""
        return sum(self.product) + sum(self.limit)

    def figures(self) -> dict[str, Any]:
        """Milliseconds and the ratio at p50."""
        product, limit = quantiles(self.product), quantiles(self.limit)
        ratio = product["p50"] / limit["p50"] if self.limit and self.product else None
        pairs = [mine / least for mine, least in zip(self.product, self.limit, strict=True)]
        return {
            "product_ms": product, "limit_ms": limit, "ratio": ratio,
            "ratio_of_pairs": statistics.median(pairs) if pairs else None, "repeated": len(self.product),
            "bytes": self.bytes, "rows": self.rows, "limit_rows": self.limit_rows, "note": self.note,
        }  # fmt: skip


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50 and p95 in milliseconds, by the nearest rank; empty for nothing."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    return {
        "p50": statistics.median(ordered) * 1000,
        "p95": ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))] * 1000,
    }


Measured = dict[tuple[str, str], Timings]


def run(desks: Sequence[Desk], repeat: int, budget: float, seed: int, say: Callable[[str], None]) -> Measured:
    """Every operation `repeat` times on every desk, less often where it has taken `budget` seconds; at least thrice."""
    dice = Random(seed)
    measured: Measured = {(desk.title, one.key): Timings() for desk in desks for one in OPERATIONS}
    for desk in desks:
        say(f"{desk.title}: warming up")
        for one in OPERATIONS:
            _warm_up(desk, one, measured[desk.title, one.key], dice)
    for turn in range(repeat):
        cases = [(desk, one) for desk in desks for one in OPERATIONS]
        dice.shuffle(cases)
        for desk, one in cases:
            timings = measured[desk.title, one.key]
            if not timings.note.startswith("fails") and (turn < 3 or timings.spent < budget):
                _measure_once(desk, one, timings, dice)
        if (turn + 1) % 10 == 0:
            say(f"{turn + 1} of {repeat} turns")
    return measured


def _warm_up(desk: Desk, one: Operation, timings: Timings, dice: Random) -> None:
    for _ in range(2):
        choice = one.choose(desk, dice)
        mine, least = one.product(desk, choice), one.limit(desk, choice)
        if one.undo is not None:
            one.undo(desk, choice)
        if least.status != one.status:
            raise RuntimeError(f"{desk.title}: the limit answers {least.status} to {one.key}")
        if mine.status != one.status:
            timings.note = f"fails: the product answers {mine.status}"
            return
        timings.bytes, timings.rows, timings.limit_rows = len(mine.body), _rows(mine), _rows(least)
    timings.note = desk.notes.get(one.key, "")


def _rows(answer: Answer) -> int:
    """Records on a page of a list."""
    return answer.text.count('name="rowid"')


def _measure_once(desk: Desk, one: Operation, timings: Timings, dice: Random) -> None:
    choice = one.choose(desk, dice)
    sides = [(one.product, timings.product), (one.limit, timings.limit)]
    dice.shuffle(sides)
    for ask, kept in sides:
        answer = ask(desk, choice)
        if answer.status != one.status:
            raise RuntimeError(f"{desk.title}: {one.key} answers {answer.status}")
        kept.append(answer.seconds)
    if one.undo is not None:
        one.undo(desk, choice)


def cpu_of_lists(desk: Desk, requests: int = 40) -> dict[str, float]:
    """Milliseconds of processor that the workers need for one list page: product, limit."""
    found = {}
    for name, served, ask in (
        ("product", desk.product_server, lambda: desk.product.get(desk.list_address())),
        ("limit", desk.limit_server, lambda: desk.limit.get("/list")),
    ):
        before = served.cpu_seconds()
        for _ in range(requests):
            ask()
        time.sleep(0.05)  # the worker's own book-keeping after the last answer
        found[name] = (served.cpu_seconds() - before) / requests * 1000
    return found

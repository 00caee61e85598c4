"""Thousands of short random histories, after each of which everything that must hold holds.

HISTORIES=20000 walks more of them.
"""

import os
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st
from sqlalchemy import String, cast, literal, select, union_all

from backoffice.core import clock, invariants
from backoffice.core.db import db
from backoffice.factory import load_features
from backoffice.goods.models import HELD, GoodsEntry, GoodsReceipt, GoodsState, ReceiptState
from backoffice.parts.models import StockMovement
from backoffice.parts.queries import balance
from backoffice.repairs.models import CardPart, Inspection, RepairCard, TimeEntry
from backoffice.repairs.rules import InspectionResult
from tests.repairs.histories import History
from tests.repairs.office import open_office
from tests.repairs.walking import step

load_features()

#: How many histories the whole file walks on one database, in so many parts that can run side by side.
COUNT, SHARES = int(os.environ.get("HISTORIES", "2000")), 4
STEPS = st.lists(st.binary(min_size=12, max_size=12).map(int.from_bytes), min_size=2, max_size=10)


@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_people_do_what_must_hold_holds(share: int) -> None:
    """W-1 to W-4, E-07, E-10 to E-14, P-1, P-4: every refusal is one in words, and nothing contradicts itself."""
    office = open_office()
    ask = _all_at_once()
    done = Counter[bool]()

    @seed(share)
    @settings(max_examples=COUNT // SHARES, deadline=None, database=None, derandomize=False,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(STEPS)
    def walk(steps: list[int]) -> None:
        before = db.session.begin_nested()
        history = History(office)
        try:
            for number in steps:
                step(history, number)
            with clock.freeze(history.moment):
                _holds(history, ask)
        finally:
            before.rollback()
            note("\n".join(history.log))
        done.update(line.endswith(": done") for line in history.log)

    walk()
    assert done[True] > sum(done.values()) / 5, "most of it is refused: the histories lead nowhere"


def _all_at_once() -> Any:
    """One statement for all invariants: (key, id, number) of what breaks one."""
    parts = []
    for one in invariants.REGISTRY.values():
        broken = one.broken().subquery()
        parts.append(select(literal(one.key), broken.c[0], cast(broken.c[1], String)))
    return union_all(*parts)


def _holds(history: History, ask: Any) -> None:
    """What the database says of itself, and the same counted here in another way."""
    db.session.flush()
    assert not db.session.execute(ask).all()
    _receipts_are_items_out(history)
    _nobody_inspects_himself()
    _balances_are_sums(history)


def _receipts_are_items_out(history: History) -> None:
    pairs = db.session.execute(select(GoodsEntry, GoodsReceipt).join(GoodsEntry.receipt)).all()
    held = [(entry, receipt) for entry, receipt in pairs if entry.state in HELD]
    assert len(held) == history.items
    assert all(receipt.state in (ReceiptState.ISSUED, ReceiptState.LOST) for _, receipt in held)
    left = [receipt.state for entry, receipt in pairs if entry.state in (GoodsState.RETURNED, GoodsState.GIVEN_UP)]
    assert ReceiptState.ISSUED not in left
    places = [entry.unit_id or (entry.branch_id, entry.model_text, entry.serial_folded)
              for entry, _ in held if entry.unit_id or entry.serial_folded]  # fmt: skip
    assert len(places) == len(set(places))


def _nobody_inspects_himself() -> None:
    hands = defaultdict(set)
    for card in db.session.scalars(select(RepairCard)):
        hands[card.id] |= {card.technician_id, card.finished_by_id}
    for key, person in db.session.execute(select(TimeEntry.card_id, TimeEntry.user_id)):
        hands[key].add(person)
    for key, person in db.session.execute(select(CardPart.card_id, CardPart.taken_by_id)):
        hands[key].add(person)
    passed = select(Inspection.card_id, Inspection.inspected_by_id).where(Inspection.result == InspectionResult.PASSED)
    assert not [(key, person) for key, person in db.session.execute(passed) if person in hands[key]]


def _balances_are_sums(history: History) -> None:
    sums: dict[tuple[int, int, int | None], Decimal] = defaultdict(Decimal)
    for movement in db.session.scalars(select(StockMovement)):
        sums[movement.part_id, movement.branch_id, movement.holder_id] += movement.quantity
    assert {place: total for place, total in sums.items() if total} == {p: t for p, t in history.stock.items() if t}
    assert all(total >= 0 for total in sums.values())
    for place, total in history.stock.items():
        if total != history.office.stock.get(place):
            assert balance(*place) == total

"""Goods in custody and stock of a filled office: receipts, register lines, repair cards, movements of parts.

Three calls of ten had goods taken away; about one card of two hundred is open, so that the board has more than
it shows.
Stock moves once per call: a few popular parts move often, most seldom; what is used, is used for a card.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backoffice.core import clock

from . import words

Row = tuple[Any, ...]
Number = Callable[[str, int, date], str]

CARDS_OF_TEN = 3
_COST = Decimal(85)
_ITEM = ("customer_id", "customer_kind", "customer_name", "unit_id", "model_text", "serial_no")
COLUMNS: dict[str, tuple[str, ...]] = {
    "goods_receipt": (
        "id", "branch_id", "created_at", "updated_at", "number", "state", *_ITEM, "voucher_id", "accessories",
        "appearance", "fault_text", "promised_return_on", "issued_by_id", "issued_at", "ended_at",
    ),
    "goods_entry": (
        "id", "branch_id", "created_at", "updated_at", "number", "state", *_ITEM, "receipt_id", "moved_at",
        "moved_by_id", "in_on", "long_after", "promised_return_on", "first_promised_on", "inspected_on", "returned_on",
        "returned_by_id", "received_by", "return_signed_at",
    ),
    "repair_card": (
        "id", "branch_id", "created_at", "updated_at", "number", "state", *_ITEM, "entry_id", "call_id",
        "technician_id", "received_at", "fault_text", "planned_finish_at", "printed_at", "started_at", "waiting_for",
        "waiting_reason", "finished_at", "finished_by_id", "work_done", "fault_cause", "no_parts", "inspected_at",
        "inspected_by_id", "unrepairable_reason", "offer", "ended_at",
    ),
    "stock_movement": (
        "id", "branch_id", "created_at", "updated_at", "created_by_id", "part_id", "holder_id", "kind", "quantity",
        "unit_cost", "moved_at", "subject_type", "subject_id", "subject_number", "transfer",
    ),
}  # fmt: skip
_OPEN = (("pending", 30), ("repairing", 30), ("waiting", 15), ("repaired", 10), ("inspected", 10), ("unrepairable", 5))


class Workshop:
    """What hangs on the calls of an office; `number` gives the next number of a document."""

    def __init__(
        self, seed: int, calls: int, number: Number, parts: Sequence[int], supervisors: dict[int, int]
    ) -> None:
        self.dice = random.Random(seed + 1)
        self.calls, self.number, self.parts, self.supervisors = calls, number, parts, supervisors
        self.cards = self.moves = 0
        self._held: set[int] = set()
        self._last: dict[int, tuple[int, str]] = {}

    def of_call(self, call: Any, voucher: int, unit: tuple[int, str] | None, model: str) -> Iterator[tuple[str, Row]]:
        """Receipt, line and card of a call that may have them; unit: its key and serial number."""
        is_open = call.state == "in_repair"
        if not is_open and (call.closed is None or self.cards * 10 >= call.id * CARDS_OF_TEN):
            return
        self.cards += 1
        key, dice, client = self.cards, self.dice, call.client
        if unit is not None and is_open:
            if unit[0] in self._held:
                unit = None
            else:
                self._held.add(unit[0])
        unit_id, serial = unit or (None, "")
        item: Row = (client.id, client.kind, client.name, unit_id, model, serial)
        taken, done = call.arrived, call.completed
        day = clock.local(taken).date()
        promised = day + timedelta(days=dice.randrange(7, 30))
        fault, who = dice.choice(words.FAULTS), call.technician
        state = dice.choices([one for one, _ in _OPEN], [n for _, n in _OPEN])[0] if is_open else "returned"
        ended = done
        head = (key, client.branch, taken, ended or taken)
        yield "goods_receipt", (
            *head, self.number("N-06", client.branch, day), "issued" if is_open else "voided_on_return", *item, voucher,
            "无", "外观完好", fault, promised, who, taken, ended,
        )  # fmt: skip
        returned = None if ended is None else max(day, clock.local(ended).date())
        inspected = state in ("inspected", "returned")
        yield "goods_entry", (
            *head, self.number("N-07", client.branch, day), "workshop" if is_open else "returned", *item, key,
            ended or taken, who, day, day + timedelta(days=30), promised, promised, day if inspected else None,
            returned, who if returned else None, "客户" if returned else "", ended,
        )  # fmt: skip
        number = self.number("N-08", client.branch, day)
        self._last[client.branch] = (key, number)
        yield "repair_card", (*head, number, state, *item, key, call.id, who, taken, fault, *self._work(call, state))

    def _work(self, call: Any, state: str) -> Row:
        taken = call.arrived
        begun = None if state == "pending" else taken + timedelta(hours=3)
        planned = taken + timedelta(days=self.dice.randrange(3, 8))
        waiting = ("parts", "等待配件") if state == "waiting" else (None, "")
        finished = state in ("repaired", "inspected", "returned")
        found: Row = (taken + timedelta(days=1), call.technician, self.dice.choice(words.WORK), "wear", True)
        supervisor = self.supervisors[call.client.branch]
        passed = (taken + timedelta(days=2), supervisor) if state in ("inspected", "returned") else (None, None)
        gone = ("叶轮碎裂", "return") if state == "unrepairable" else ("", None)
        unfinished: Row = (None, None, "", None, False)
        return (planned, taken, begun, *waiting, *(found if finished else unfinished), *passed, *gone, call.completed)

    def movements(self, call: Any, clerk: int, technicians: Sequence[int]) -> Iterator[tuple[str, Row]]:
        """What the stock does at the time of a call: about one movement, together as many as there are calls."""
        while self.moves < call.id:
            yield from self._move(call.client.branch, call.received, clerk, technicians)

    def _move(self, branch: int, at: datetime, clerk: int, technicians: Sequence[int]) -> Iterator[tuple[str, Row]]:
        dice, chance = self.dice, self.dice.random()
        part, who = self.parts[int(len(self.parts) * dice.random() ** 2)], dice.choice(technicians)
        head: Row = (branch, at, at, clerk, part)
        card = self._last.get(branch)
        if chance < 0.12 or card is None:
            yield self._row(head, at, None, "in", dice.randrange(10, 60))
        elif chance < 0.22 and self.moves + 2 <= self.calls:
            transfer, number = f"{self.moves:032x}", dice.randrange(2, 12)
            yield self._row(head, at, None, "to_technician", -number, transfer=transfer)
            yield self._row(head, at, who, "to_technician", number, transfer=transfer)
        else:
            yield self._row(head, at, who if chance < 0.6 else None, "used", -1, ("repair_card", *card))

    def _row(
        self, head: Row, at: datetime, holder: int | None, kind: str, quantity: int, subject: Row = ("", None, ""), *,
        transfer: str = "",
    ) -> tuple[str, Row]:  # fmt: skip
        self.moves += 1
        return "stock_movement", (
            self.moves, *head, holder, kind, Decimal(quantity), _COST, at, *subject, transfer,
        )  # fmt: skip

"""The rows of a filled office, made from a seed: the same call, customer and phone each time.

Shapes where they matter to speed: one branch carries 80 of 100 calls; 2 of 100 are open, half of them recent and half
an old tail; some customers have hundreds of calls and most a few; calls spread over ten years in the order of time.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from backoffice.core import clock, numbering
from backoffice.core.texts import fold_code
from backoffice.customers.rules import digits, fold_name, reversed_digits
from backoffice.settings.definitions import BY_KEY

from . import money, words, workshop
from .grams import index_grams, norm

YEARS = 10
#: Of 100 calls how many belong to the first branch.
FIRST_BRANCH = 80
#: One call of so many has its whole trail in the audit log; those are the ones that the bench opens.
TRAIL_EVERY = 10
Row = tuple[Any, ...]
#: Documents that get numbers.
_NUMBERED = ("N-01", "N-03", "N-05", "N-06", "N-07", "N-08", "N-09", "N-10", "N-11", "N-24")
_OPEN_STATES = ("registered", "dispatched", "on_site", "completed", "in_repair")

#: What is said of each row of the big tables; every other column gets its default (see columns.py).
COLUMNS: dict[str, tuple[str, ...]] = {
    "customer": (
        "id", "branch_id", "created_at", "updated_at", "number", "name", "name_folded", "kind", "phone", "phone_digits",
        "phone_reversed", "address", "area_id",
    ),
    "contact": (
        "id", "branch_id", "created_at", "updated_at", "customer_id", "name", "phone", "phone_digits", "phone_reversed",
        "is_primary",
    ),
    "installed_unit": (
        "id", "branch_id", "created_at", "updated_at", "serial_no", "serial_folded", "model_id", "customer_id",
        "delivered_on", "commissioned_on",
    ),
    "service_call": (
        "id", "branch_id", "created_at", "updated_at", "created_by_id", "number", "state", "received_at", "channel",
        "customer_id", "customer_kind", "customer_name", "phone", "phone_digits", "address", "unit_id", "model_id",
        "model_text", "fault_symptom_id", "fault_text", "area_id", "zone", "dispatch_limit_min", "arrival_limit_min",
        "dispatch_due_at", "arrival_due_at", "service_type", "technician_id", "dispatched_at", "first_arrived_at",
        "completed_at", "closed_at", "cancelled_at", "cancel_reason",
    ),
    "service_voucher": (
        "id", "branch_id", "created_at", "updated_at", "number", "state", "call_id", "technician_id", "issued_at",
        "service_type", "onsite_result", "work_done", "fault_cause", "labour_minutes", "signature_mode", "signed_by",
        "signed_at", "return_due_at", "returned_at", "archived_at", "archive_location",
    ),
    "visit": (
        "id", "branch_id", "created_at", "updated_at", "voucher_id", "technician_id", "arrived_at", "left_at", "result",
    ),
    "audit_entry": (
        "at", "event_at", "user_id", "branch_id", "act", "subject_type", "subject_id", "subject", "changes",
    ),
    **workshop.COLUMNS,
    **money.COLUMNS,
    "number_series": ("document", "branch_id", "period", "last"),
    "limit_search": ("id", "limit_norm", "limit_grams"),
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One service area: key, branch, zone, minutes to dispatch and to arrive."""

    id: int
    branch_id: int
    zone: str
    dispatch_minutes: int
    arrival_minutes: int


@dataclass(frozen=True)
class Basis:
    """What was there before the big tables: keys of branches, areas, people, models, symptoms and parts."""

    branches: Sequence[tuple[int, str]]
    areas: Sequence[Place]
    technicians: Sequence[tuple[int, int]]
    clerks: dict[int, int]
    models: Sequence[tuple[int, str]]
    symptoms: Sequence[int]
    parts: Sequence[int]
    supervisors: dict[int, int]
    finance: dict[int, int]


@dataclass
class _Client:
    id: int
    branch: int
    name: str
    kind: str
    phone: str
    address: str
    area: Place


@dataclass
class Office:
    """An office with `calls` calls up to `end`; `rows` makes every row of the big tables."""

    calls: int
    seed: int
    end: datetime
    basis: Basis
    last_numbers: dict[tuple[str, int, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.start = self.end - timedelta(days=365 * YEARS)
        self.codes = dict(self.basis.branches)
        self._patterns = {key: BY_KEY[key].default for key in _NUMBERED}
        self._of_branch = {
            branch: (
                [place for place in self.basis.areas if place.branch_id == branch],
                [key for key, home in self.basis.technicians if home == branch],
            )
            for branch, _ in self.basis.branches
        }

    def rows(self) -> Iterator[tuple[str, Row]]:
        """(table, row) in the order of COLUMNS; each row after those that it refers to."""
        clients: list[_Client] = []
        for place in range(max(1, self.calls // 5)):
            client = self._client(place)
            clients.append(client)
            yield from self._of_client(client)
        units: list[tuple[_Client, int, str, str]] = []
        for place in range(max(1, self.calls * 3 // 10)):
            client = self._some(clients)
            model = self.dice.choice(self.basis.models)
            unit = self._unit(place + 1, client, model[0])
            units.append((client, *model, unit[4]))
            yield "installed_unit", unit
        yield from self._all_calls(clients, units)
        for series, last in self.last_numbers.items():
            yield "number_series", (*series, last)

    def _some(self, clients: list[_Client]) -> _Client:
        return clients[int(len(clients) * self.dice.random() ** 1.6)]

    def _number(self, document: str, branch: int, day: date) -> str:
        pattern = self._patterns[document]
        key = (document, branch, numbering.period_of(pattern, day))
        self.last_numbers[key] = serial = self.last_numbers.get(key, 0) + 1
        return numbering.render(pattern, self.codes[branch], day, serial)

    # -- customers and units -----------------------------------------------------------------------------------------

    def _client(self, place: int) -> _Client:
        dice = self.dice
        branches = self.basis.branches
        first = len(branches) == 1 or place % 100 < FIRST_BRANCH
        branch = branches[0][0] if first else branches[1 + place % (len(branches) - 1)][0]
        name, kind = words.customer(dice, place)
        area = dice.choice(self._of_branch[branch][0])
        return _Client(place + 1, branch, name, kind, words.phone(dice), words.address(dice), area)

    def _of_client(self, client: _Client) -> Iterator[tuple[str, Row]]:
        number = self._number("N-01", client.branch, self.start.date())
        figures = digits(client.phone)
        yield "customer", (
            client.id, client.branch, self.start, self.start, number, client.name, fold_name(client.name), client.kind,
            client.phone, figures, reversed_digits(figures), client.address, client.area.id,
        )  # fmt: skip
        if client.id % 2 == 0:
            phone = words.phone(self.dice)
            figures = digits(phone)
            yield "contact", (
                client.id // 2, client.branch, self.start, self.start, client.id, words.person(self.dice), phone,
                figures, reversed_digits(figures), True,
            )  # fmt: skip

    def _unit(self, key: int, client: _Client, model: int) -> Row:
        delivered = self.start.date() + timedelta(days=self.dice.randrange(365 * YEARS))
        commissioned = delivered + timedelta(days=20) if self.dice.random() < 0.65 else None
        serial = f"{delivered:%y%m}-{key:07}"
        return (
            key, client.branch, self.start, self.start, serial, fold_code(serial), model, client.id, delivered,
            commissioned,
        )  # fmt: skip

    # -- calls -------------------------------------------------------------------------------------------------------

    def _all_calls(
        self, clients: list[_Client], units: list[tuple[_Client, int, str, str]]
    ) -> Iterator[tuple[str, Row]]:
        dice, span = self.dice, (self.end - self.start).total_seconds()
        vouchers = visits = 0
        shop = workshop.Workshop(self.seed, self.calls, self._number, self.basis.parts, self.basis.supervisors)
        ledger = money.Ledger(self.seed, self.calls, self._number, self.basis.finance)
        for place in range(self.calls):
            received = self.start + timedelta(seconds=int(span * (place + dice.random()) / (self.calls + 1)))
            if dice.random() < 0.7:
                unit = int(len(units) * dice.random())
                client, model, code, serial = units[unit]
                unit_id: int | None = unit + 1
            else:
                client, unit_id, serial = self._some(clients), None, ""
                model, code = dice.choice(self.basis.models)
            call = self._call(place + 1, client, received, place / self.calls)
            yield "service_call", self._call_row(call, unit_id, model, code)
            text = norm(f"{call.number} {client.name} {digits(client.phone)} {code}")
            yield "limit_search", (call.id, text, index_grams(text))
            if call.technician is not None:
                vouchers += 1
                yield "service_voucher", self._voucher(vouchers, call)
                if call.arrived is not None and (call.id % TRAIL_EVERY == 0 or call.state == "on_site"):
                    visits += 1
                    yield "visit", (
                        visits, client.branch, call.arrived, call.arrived, vouchers, call.technician, call.arrived,
                        call.completed, "done" if call.completed else None,
                    )  # fmt: skip
                yield from shop.of_call(call, vouchers, None if unit_id is None else (unit_id, serial), code)
            yield from ledger.of_call(call)
            yield from shop.movements(call, self.basis.clerks[client.branch], self._of_branch[client.branch][1])
            if call.id % TRAIL_EVERY == 0:
                for act, moment in call.trail():
                    yield "audit_entry", (
                        moment, moment, self.basis.clerks[client.branch], client.branch, act, "service_call",
                        call.id, call.number, json.dumps({"state": [None, act]}),
                    )  # fmt: skip
        yield from ledger.rest()

    def _call(self, key: int, client: _Client, received: datetime, age: float) -> "_Call":
        dice = self.dice
        chance = dice.random()
        is_open = chance < (0.5 if age > 0.98 else 0.0102)
        if is_open:
            state = dice.choices(_OPEN_STATES, (15, 35, 10, 30, 10))[0]
        else:
            state = "cancelled" if dice.random() < 0.099 else "closed"
        call = _Call(key, client, self._number("N-03", client.branch, clock.local(received).date()), state, received)
        if state not in ("registered", "cancelled"):
            call.technician = dice.choice(self._of_branch[client.branch][1])
            call.dispatched = received + timedelta(minutes=dice.randrange(3, 75))
        if state in ("on_site", "completed", "in_repair", "closed"):
            call.arrived = received + timedelta(minutes=80 + int(dice.expovariate(1 / 300)))
        if state in ("completed", "closed") and call.arrived is not None:
            call.completed = call.arrived + timedelta(minutes=dice.randrange(15, 240))
        if state == "closed" and call.completed is not None:
            call.closed = call.completed + timedelta(hours=int(dice.lognormvariate(3.1, 1.3)))
        if state == "cancelled":
            call.cancelled = received + timedelta(hours=1)
        return call

    def _call_row(self, call: "_Call", unit_id: int | None, model: int, code: str) -> Row:
        dice, client, area = self.dice, call.client, call.client.area
        return (
            call.id, client.branch, call.received, call.closed or call.received, self.basis.clerks[client.branch],
            call.number, call.state, call.received, dice.choice(("phone", "phone", "wechat", "salesperson")),
            client.id, client.kind, client.name, client.phone, digits(client.phone), client.address, unit_id, model,
            code, dice.choice(self.basis.symptoms), dice.choice(words.FAULTS), area.id, area.zone,
            area.dispatch_minutes, area.arrival_minutes, call.received + timedelta(minutes=area.dispatch_minutes),
            call.received + timedelta(minutes=area.arrival_minutes), dice.choice(("A", "C")), call.technician,
            call.dispatched, call.arrived, call.completed, call.closed, call.cancelled,
            "customer_withdrew" if call.cancelled else None,
        )  # fmt: skip

    def _voucher(self, key: int, call: "_Call") -> Row:
        done = call.completed
        issued = call.dispatched or call.received
        state = {"closed": "archived", "completed": "signed", "in_repair": "signed"}.get(call.state, "issued")
        facts: Row = (None, None, "", None, None, None, "", None, None)
        if done is not None:
            facts = (
                "C", "fixed", self.dice.choice(words.WORK), "wear", 60, "on_paper", "客户", done,
                done + timedelta(days=1),
            )  # fmt: skip
        elif call.state == "in_repair":
            facts = ("C", "taken_away", "", None, None, "on_paper", "客户", call.arrived, None)
        archived = (call.closed, call.closed, f"A-{key // 1000}") if call.closed else (None, None, "")
        number = self._number("N-05", call.client.branch, clock.local(issued).date())
        return (
            key, call.client.branch, issued, call.closed or issued, number, state, call.id, call.technician, issued,
            *facts, *archived,
        )  # fmt: skip


@dataclass
class _Call:
    id: int
    client: _Client
    number: str
    state: str
    received: datetime
    technician: int | None = None
    dispatched: datetime | None = None
    arrived: datetime | None = None
    completed: datetime | None = None
    closed: datetime | None = None
    cancelled: datetime | None = None

    def trail(self) -> Iterator[tuple[str, datetime]]:
        """The acts that brought it to its state, with their moments."""
        moments = (self.received, self.dispatched, self.arrived, self.completed, self.closed, self.cancelled)
        acts = ("register", "dispatch", "arrive", "complete", "write_off", "cancel")
        for act, moment in zip(acts, moments, strict=True):
            if moment is not None:
                yield f"call.{act}", moment


def yesterday() -> datetime:
    """The end of yesterday: today's numbers are still free."""
    return clock.day_start(clock.today()).astimezone(UTC)

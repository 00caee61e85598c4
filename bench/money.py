"""What finance has of the calls: dues, invoices of ten lines, payments, cash handovers, with a dice of their own."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from backoffice.core import clock

Row = tuple[Any, ...]
Number = Callable[[str, int, date], str]
#: Of ten calls how many bring an invoice, and how many lines each has.
INVOICES_OF_TEN = 4
LINES = 10
#: Cash payments that one handover takes.
HANDED_AT_ONCE = 20
_HEAD = ("id", "branch_id", "created_at", "updated_at")
_WHOSE = ("customer_id", "customer_kind", "customer_name")
COLUMNS: dict[str, tuple[str, ...]] = {
    "due": (
        *_HEAD, "number", "state", "source", "source_number", "call_id", *_WHOSE, "technician_id", "path", "amount",
        "paid_amount", "made_at", "due_on", "request_due_at", "is_invoiced",
    ),
    "due_line": (*_HEAD, "due_id", "position", "name", "tax_nature", "quantity", "unit", "unit_price", "amount"),
    "cash_handover": (
        *_HEAD, "number", "state", "collector_id", "handed_at", "lines_total", "carried", "total", "counted_total",
        "difference", "confirmed_at", "confirmed_by_id", "is_latest",
    ),
    "payment": (
        *_HEAD, "number", *_WHOSE, "amount", "method", "received_at", "received_by_id", "holder_id", "handover_id",
        "is_handed_over", "checked_at", "checked_by_id",
    ),
    "payment_share": (*_HEAD, "payment_id", "due_id", "amount"),
    "invoice": (
        *_HEAD, "number", "state", *_WHOSE, "kind", "title", "tax_id", "net_total", "tax_total", "gross_total",
        "requested_at", "requested_by_id", "issue_due_at", "invoice_no", "issued_on", "issued_by_id", "delivered_via",
        "delivered_at",
    ),
    "invoice_due": (*_HEAD, "invoice_id", "due_id", "amount", "is_live"),
    "invoice_line": (
        *_HEAD, "invoice_id", "position", "due_id", "name", "tax_nature", "quantity", "unit", "unit_price", "rate",
        "net", "tax", "gross",
    ),
}  # fmt: skip
#: What is known only when all of it is in: which count of a collector is his latest.
LATEST = (
    "UPDATE cash_handover SET is_latest = true WHERE id IN"
    " (SELECT max(id) FROM cash_handover WHERE state = 'confirmed' GROUP BY collector_id)"
)
_RATE, _NOTHING, _ONE = Decimal("13.00"), Decimal("0.00"), Decimal("1.000")
_FEN = Decimal("0.01")
_TAX_ID = "91330100MA27X0000Q"


class Ledger:
    """The money of an office; `finance` says who does it in each branch."""

    def __init__(self, seed: int, calls: int, number: Number, finance: dict[int, int]) -> None:
        self.dice = random.Random(seed + 2)
        self.calls, self.number, self.finance = calls, number, finance
        self.invoices = self.dues = self.payments = self.handovers = self.lines = 0
        self._free: dict[int, list[tuple[Row, list[Any]]]] = defaultdict(list)

    def of_call(self, call: Any) -> Iterator[tuple[str, Row]]:
        """Due, invoice and payment of a finished call that may have them."""
        if call.completed is None or self.invoices * 10 >= call.id * INVOICES_OF_TEN:
            return
        dice, recent = self.dice, call.id > self.calls * 0.98
        self.dues += 1
        amounts = [Decimal(dice.randrange(100, 40_000)).scaleb(-2) for _ in range(LINES)]
        amount = sum(amounts, _NOTHING)
        is_paid = dice.random() > (0.4 if recent else 0.01)
        is_invoiced = not recent or dice.random() > 0.1
        is_cash = dice.random() < 0.5
        seen = not recent or dice.random() > 0.1
        made = call.completed
        state = "due" if not is_paid else "confirmed" if is_cash or seen else "collected"
        client = call.client
        whose: Row = (client.id, client.kind, client.name)
        due: list[Any] = [
            self.dues, client.branch, made, made, self.number("N-09", client.branch, clock.local(made).date()), state,
            "job", call.number, call.id, *whose, call.technician, "onsite" if amount <= 500 else "invoice_first",
            amount, amount if is_paid else _NOTHING, made, clock.local(made).date(), None, is_invoiced,
        ]  # fmt: skip
        yield "due_line", (self.dues, *due[1:4], self.dues, 1, "维修", "repair", _ONE, "项", amount, amount)
        if is_invoiced:
            yield from self._invoice(call, whose, amounts, made, recent=recent)
        if not is_paid:
            yield "due", tuple(due)
            return
        payment = self._payment(call, whose, amount, made, is_cash=is_cash, seen=seen)
        yield "payment_share", (self.payments, *due[1:4], self.payments, self.dues, amount)
        if not is_cash:
            yield "due", tuple(due)
            yield "payment", payment
            return
        self._free[call.technician].append((payment, due))
        if len(self._free[call.technician]) == HANDED_AT_ONCE:
            yield from self._hand_over(call.technician)

    def rest(self) -> Iterator[tuple[str, Row]]:
        """What is in hand at the end: paid, and not confirmed."""
        for held in self._free.values():
            for payment, due in held:
                due[COLUMNS["due"].index("state")] = "collected"
                yield "due", tuple(due)
                yield "payment", payment

    def _payment(
        self, call: Any, whose: Row, amount: Decimal, at: datetime, *, is_cash: bool, seen: bool
    ) -> Row:  # fmt: skip
        self.payments += 1
        branch = call.client.branch
        checked: Row = (at, self.finance[branch]) if seen and not is_cash else (None, None)
        method = "cash" if is_cash else self.dice.choice(("wechat", "transfer"))
        return (
            self.payments, branch, at, at, self.number("N-24", branch, clock.local(at).date()), *whose, amount, method,
            at, call.technician, call.technician if is_cash else None, None, False, *checked,
        )  # fmt: skip

    def _hand_over(self, technician: int) -> Iterator[tuple[str, Row]]:
        held = self._free.pop(technician)
        self.handovers += 1
        place = COLUMNS["payment"].index
        branch, at = held[-1][0][1], held[-1][0][place("received_at")]
        total = sum((payment[place("amount")] for payment, _ in held), _NOTHING)
        yield "cash_handover", (
            self.handovers, branch, at, at, self.number("N-10", branch, clock.local(at).date()), "confirmed",
            technician, at, total, _NOTHING, total, total, _NOTHING, at, self.finance[branch], False,
        )  # fmt: skip
        first, last = place("handover_id"), place("is_handed_over")
        for payment, due in held:
            yield "payment", (*payment[:first], self.handovers, True, *payment[last + 1 :])
            yield "due", tuple(due)

    def _invoice(
        self, call: Any, whose: Row, amounts: list[Decimal], at: datetime, *, recent: bool
    ) -> Iterator[tuple[str, Row]]:
        self.invoices += 1
        branch, dice = call.client.branch, self.dice
        state = dice.choices(("requested", "issued", "delivered"), (5, 10, 85))[0] if recent else "delivered"
        day = clock.local(at).date()
        net = [(amount / Decimal("1.13")).quantize(_FEN, ROUND_HALF_UP) for amount in amounts]
        gross, nets = sum(amounts, _NOTHING), sum(net, _NOTHING)
        who = self.finance[branch]
        issued: Row = (f"{self.invoices:020}", day, who) if state != "requested" else (None, None, None)
        delivered: Row = ("email", at) if state == "delivered" else (None, None)
        head: Row = (branch, at, at)
        yield "invoice", (
            self.invoices, *head, self.number("N-11", branch, day), state, *whose, "normal", whose[2],
            _TAX_ID if whose[1] == "company" else "", nets, gross - nets, gross, at, who, at + timedelta(days=2),
            *issued, *delivered,
        )  # fmt: skip
        yield "invoice_due", (self.invoices, *head, self.invoices, self.dues, gross, True)
        for place, amount in enumerate(amounts):
            self.lines += 1
            yield "invoice_line", (
                self.lines, *head, self.invoices, place + 1, self.dues, "机械密封", "parts", _ONE, "个", amount, _RATE,
                net[place], amount - net[place], amount,
            )  # fmt: skip

"""The figures of one day of a branch: what came in, what was counted, what was written, what is left open."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, union_all
from sqlalchemy.orm import aliased, joinedload

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.money import NOTHING
from backoffice.invoices.models import Invoice
from backoffice.organisation.models import User
from backoffice.receivables.models import CashHandover, Due, DueState, HandoverState, Payment
from backoffice.receivables.rules import DueSource, PaymentMethod

from . import days
from .waiting import to_invoice

#: What the sheet says of the invoices of the day.
INVOICES = ("requested", "issued", "red", "delivered", "rejected")


@dataclass(frozen=True)
class Sum:
    """How many, and what they come to."""

    count: int = 0
    total: Decimal = NOTHING

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.count + other.count, self.total + other.total)


@dataclass(frozen=True)
class Receipts:
    """What one person received by one method, and what of payments by that method he paid back."""

    person_id: int
    name: str
    method: PaymentMethod
    received: Sum
    reversed: Sum

    @property
    def net(self) -> Decimal:
        """What is left of it."""
        return self.received.total + self.reversed.total


@dataclass
class CashDay:
    """The cash of one person on the day: at its beginning, received, counted by finance, at its end."""

    person_id: int
    name: str
    opening: Decimal = NOTHING
    received: Decimal = NOTHING
    counted: Decimal = NOTHING
    closing: Decimal = NOTHING

    @property
    def adds_up(self) -> bool:
        """Whether the end follows from the beginning."""
        return self.opening + self.received - self.counted == self.closing


@dataclass
class DaySheet:
    """The closing sheet; every sum is computed from the rows of the day."""

    day: date
    receipts: list[Receipts] = field(default_factory=list)
    #: money other than cash of the day: seen by finance at the end of the day, and not yet
    seen: Sum = Sum()
    unseen: Sum = Sum()
    #: cash that nobody holds: paid out by finance
    paid_out: Sum = Sum()
    cash: list[CashDay] = field(default_factory=list)
    handovers: list[CashHandover] = field(default_factory=list)
    waivers: list[Due] = field(default_factory=list)
    dues: dict[DueSource, Sum] = field(default_factory=dict)
    #: by "requested", "issued", "red", "delivered", "rejected"
    invoices: dict[str, Sum] = field(default_factory=dict)
    #: at the end of the day: handovers to count, payments to check, requests to issue
    to_count: Sum = Sum()
    to_check: Sum = Sum()
    to_issue: Sum = Sum()
    #: now, whatever the day
    to_invoice: Sum = Sum()

    def of_method(self, method: PaymentMethod) -> Sum:
        """What was received by a method, less what was reversed."""
        found = [one.received + one.reversed for one in self.receipts if one.method is method]
        return sum(found, Sum())

    @property
    def received(self) -> Sum:
        """Everything that was received."""
        return sum((one.received for one in self.receipts), Sum())

    @property
    def reversed(self) -> Sum:
        """Everything that was reversed, below zero."""
        return sum((one.reversed for one in self.receipts), Sum())

    @property
    def net(self) -> Decimal:
        """What came in on the day."""
        return self.received.total + self.reversed.total

    def cash_sum(self, name: str) -> Decimal:
        """Sum of a column of the cash table."""
        return sum((getattr(one, name) for one in self.cash), NOTHING)

    @property
    def differences(self) -> Decimal:
        """What the counts of the day missed or had too much."""
        return sum((one.difference or NOTHING for one in self.handovers), NOTHING)

    @property
    def adds_up(self) -> bool:
        """Whether what came in is what was seen, is still to be seen, went through hands, or was paid out."""
        other = self.seen.total + self.unseen.total
        cash = self.of_method(PaymentMethod.CASH).total
        return self.net == other + cash and all(one.adds_up for one in self.cash)


def day_sheet(branch_id: int, day: date) -> DaySheet:
    """The sheet of a branch and a day; a fixed number of statements.

    Cash is that of the people of the branch, whichever branch the customer belongs to.
    """
    start, end = clock.day_start(day), clock.day_end(day)
    sheet = DaySheet(day)
    _receipts(sheet, branch_id)
    _cash(sheet, branch_id, start, end)
    _documents(sheet, branch_id)
    _sums(sheet, branch_id, end)
    return sheet


def _receipts(sheet: DaySheet, branch_id: int) -> None:
    query = (
        select(
            Payment.received_by_id, User.real_name, Payment.method,
            func.count().filter(Payment.amount > NOTHING), func.sum(Payment.amount).filter(Payment.amount > NOTHING),
            func.count().filter(Payment.amount < NOTHING), func.sum(Payment.amount).filter(Payment.amount < NOTHING),
        )
        .join(User, User.id == Payment.received_by_id)
        .where(Payment.branch_id == branch_id, days.is_of_day(Payment.received_at, sheet.day))
        .group_by(Payment.received_by_id, User.real_name, Payment.method)
    )  # fmt: skip
    methods = list(PaymentMethod)
    sheet.receipts = sorted(
        (
            Receipts(key, name, method, Sum(taken, plus or NOTHING), Sum(back, minus or NOTHING))
            for key, name, method, taken, plus, back, minus in db.session.execute(query)
        ),
        key=lambda one: (one.name, one.person_id, methods.index(one.method)),
    )


def _cash(sheet: DaySheet, branch_id: int, start: datetime, end: datetime) -> None:
    """Fill the table of cash by person: at both ends by what is held and what the last count left with him."""
    people = select(User.id).where(User.branch_id == branch_id)
    found: dict[int, CashDay] = {}

    def add(key: int, column: str, amount: Decimal | None) -> None:
        one = found.setdefault(key, CashDay(key, ""))
        setattr(one, column, getattr(one, column) + (amount or NOTHING))

    parts: list[Any] = []
    for column, moment in (("opening", start), ("closing", end)):
        parts += [
            select(
                literal(column).label("place"), Payment.holder_id.label("who"),
                func.sum(Payment.amount).label("rest"),
            )
            .where(condition, Payment.holder_id.in_(people))
            .group_by(Payment.holder_id)
            for condition in days.held_parts(moment)
        ]  # fmt: skip
        last = aliased(CashHandover)
        latest = (
            select(last.id)
            .where(
                last.collector_id == User.id, last.state == HandoverState.CONFIRMED, last.confirmed_at < moment
            )
            .order_by(last.id.desc())
            .limit(1)
            .scalar_subquery()
        )  # fmt: skip
        parts.append(
            select(literal(column), User.id, -CashHandover.difference)
            .join(CashHandover, CashHandover.id == latest)
            .where(User.branch_id == branch_id, CashHandover.difference != NOTHING)
        )
    parts.append(
        select(literal("received"), Payment.holder_id, func.sum(Payment.amount))
        .where(days.is_of_day(Payment.received_at, sheet.day), Payment.holder_id.in_(people))
        .group_by(Payment.holder_id)
    )
    parts.append(
        select(literal("counted"), CashHandover.collector_id, func.sum(CashHandover.counted_total))
        .where(
            CashHandover.collector_id.in_(people), CashHandover.state == HandoverState.CONFIRMED,
            days.is_of_day(CashHandover.confirmed_at, sheet.day),
        )
        .group_by(CashHandover.collector_id)
    )  # fmt: skip
    rows = union_all(*parts).subquery()
    for column, key, name, amount in db.session.execute(
        select(rows.c.place, rows.c.who, User.real_name, rows.c.rest).join(User, User.id == rows.c.who)
    ):
        add(key, column, amount)
        found[key].name = name
    sheet.cash = sorted(found.values(), key=lambda one: (one.name, one.person_id))


def _documents(sheet: DaySheet, branch_id: int) -> None:
    """The counted handovers and the waivers, which are few."""
    sheet.handovers = list(
        db.session.scalars(
            select(CashHandover)
            .where(CashHandover.branch_id == branch_id, days.is_of_day(CashHandover.confirmed_at, sheet.day))
            .options(joinedload(CashHandover.collector), joinedload(CashHandover.confirmed_by))
            .order_by(CashHandover.confirmed_at, CashHandover.id)
        )
    )
    sheet.waivers = list(
        db.session.scalars(
            select(Due)
            .where(Due.branch_id == branch_id, Due.state == DueState.WAIVED, days.is_of_day(Due.waived_at, sheet.day))
            .options(joinedload(Due.waived_by))
            .order_by(Due.waived_at, Due.id)
        )
    )


def _sums(sheet: DaySheet, branch_id: int, end: datetime) -> None:
    """Every other figure of the sheet, with one statement."""
    day = sheet.day
    wanted: dict[str, tuple[Any, Any, tuple[ColumnElement[bool], ...]]] = {
        "seen": (Payment, Payment.amount, (days.seen_on(day),)),
        "unseen": (Payment, Payment.amount, (days.unseen_on(day),)),
        "paid_out": (Payment, Payment.amount, (days.paid_out_on(day),)),
        "to_count": (CashHandover, CashHandover.total, days.to_count_parts(end)),
        "to_check": (Payment, Payment.amount, days.to_check_parts(end)),
        "to_issue": (Invoice, Invoice.gross_total, days.to_issue_parts(day)),
        "to_invoice": (Due, Due.amount, (to_invoice(),)),
    }
    wanted |= {one.value: (Due, Due.amount, (days.FIGURES[Due][f"made-{one.value}"][1](day),)) for one in DueSource}
    wanted |= {key: (Invoice, Invoice.gross_total, (days.FIGURES[Invoice][key][1](day),)) for key in INVOICES}
    parts = [
        select(literal(name).label("name"), func.count().label("number"), func.sum(amount).label("total"))
        .select_from(model)
        .where(model.branch_id == branch_id, condition)
        for name, (model, amount, conditions) in wanted.items()
        for condition in conditions
    ]
    found = dict.fromkeys(wanted, Sum())
    for row in db.session.execute(union_all(*parts)):
        found[row.name] += Sum(row.number, row.total or NOTHING)
    for name in ("seen", "unseen", "paid_out", "to_count", "to_check", "to_issue", "to_invoice"):
        setattr(sheet, name, found[name])
    sheet.dues = {one: found[one.value] for one in DueSource}
    sheet.invoices = {key: found[key] for key in INVOICES}

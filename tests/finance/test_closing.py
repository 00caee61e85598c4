"""The closing sheet: for any day its figures are those that one adds up by hand, and they add up among themselves."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.finance.queries import closing
from backoffice.finance.queries.closing import Sum
from backoffice.invoices.models import InvoiceState
from backoffice.receivables.models import DueState, HandoverState
from backoffice.receivables.rules import DueSource, PaymentMethod
from tests import factories as make
from tests.money import make_due, make_payment

from .makers import confirm, make_handover, make_invoice, reject

D = Decimal
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
DAY = clock.local(NOON).date()
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["cash", "cash", "wechat", "hand over", "count", "reverse", "check"]),
        st.integers(0, 2), st.integers(1, 10**7), st.integers(-300, 300), st.integers(1, 20),
    ), max_size=30,
)  # fmt: skip


class Walk:
    """A history of money over three days, and the sums by hand."""

    def __init__(self) -> None:
        self.branch = make.make_branch("HZ")
        self.finance = make.make_user(Role.FINANCE)
        self.people = [make.make_user(Role.TECHNICIAN) for _ in range(3)]
        self.due = make_due("99999999.00")
        self.free = defaultdict(list)
        self.open, self.carried = {}, defaultdict(D)
        self.payments, self.handovers, self.reversed = [], [], set()

    def step(self, what, who, fen, off):
        person, amount = self.people[who], D(fen).scaleb(-2)
        if what in ("cash", "wechat"):
            payment = make_payment(self.due, person, amount, PaymentMethod(what))
            self.payments.append(payment)
            if what == "cash":
                self.free[person.id].append(payment)
        elif what == "hand over" and person.id not in self.open and (self.free[person.id] or self.carried[person.id]):
            self.open[person.id] = make_handover(person, self.free[person.id], carried=self.carried[person.id])
            self.free[person.id] = []
        elif what == "count" and person.id in self.open:
            self._count(self.open.pop(person.id), D(off).scaleb(-2))
        elif what == "reverse":
            self._reverse(person)
        elif what == "check":
            for payment in self.payments:
                if payment.method is PaymentMethod.WECHAT and payment.checked_at is None and payment.amount > 0:
                    payment.checked_at, payment.checked_by_id = clock.now(), self.finance.id
                    break
        db.session.flush()

    def _count(self, handover, off):
        confirm(handover, max(D(0), handover.total + off), self.finance)
        for payment in self.payments:
            if payment.handover_id == handover.id:
                payment.is_handed_over = True
        self.carried[handover.collector_id] = -handover.difference
        self.handovers.append(handover)

    def _reverse(self, person):
        for payment in list(self.payments):
            if payment.received_by_id != person.id or payment.id in self.reversed or payment.amount < 0:
                continue
            if payment.handover_id is not None and not payment.is_handed_over:
                continue
            self.reversed.add(payment.id)
            back = make_payment(
                self.due,
                person,
                -payment.amount,
                payment.method,
                reversal_of_id=payment.id,
                reason="wrong",
                holder_id=None if payment.is_handed_over else payment.holder_id,
            )
            self.payments.append(back)
            if back.holder_id is not None:
                self.free[person.id].append(back)
            return

    def in_hand(self, person, moment):
        """By definition: all that he received in cash less all that was counted."""
        received = sum((p.amount for p in self.payments if p.holder_id == person.id and p.received_at < moment), D(0))
        return received - sum((h.counted_total for h in self.handovers
                               if h.collector_id == person.id and h.confirmed_at < moment), D(0))  # fmt: skip


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_history_adds_up(steps):
    """F-21: received = seen + to be seen + cash; beginning + received − counted = end, for each person and any day."""
    with db.session.begin_nested() as savepoint:
        moment = NOON - timedelta(days=1)
        with clock.freeze(moment):
            walk = Walk()
        for what, who, fen, off, hours in steps:
            moment = moment + timedelta(hours=hours / 4)
            with clock.freeze(moment):
                walk.step(what, who, fen, off)
        with clock.freeze(moment + timedelta(seconds=1)):
            for day in (DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)):
                _check_day(walk, day)
        savepoint.rollback()


def _check_day(walk, day):
    sheet = closing.day_sheet(walk.branch.id, day)
    start, end = clock.day_start(day), clock.day_end(day)
    of_day = [p for p in walk.payments if start <= p.received_at < end]
    assert sheet.adds_up
    assert sheet.net == sum((p.amount for p in of_day), D(0))
    assert sheet.received.count == sum(p.amount > 0 for p in of_day)
    for method in PaymentMethod:
        assert sheet.of_method(method).total == sum((p.amount for p in of_day if p.method is method), D(0))
    found = {one.person_id: one for one in sheet.cash}
    for person in walk.people:
        one = found.get(person.id) or closing.CashDay(person.id, "")
        assert (one.opening, one.closing) == (walk.in_hand(person, start), walk.in_hand(person, end))
    counted = [h.counted_total for h in walk.handovers if start <= h.confirmed_at < end]
    assert sheet.cash_sum("counted") == sum(counted, D(0))
    by_then = {p.reversal_of_id for p in walk.payments if p.reversal_of_id and p.received_at < end}
    unseen = [
        p for p in walk.payments
        if p.method is not PaymentMethod.CASH and p.amount > 0 and p.received_at < end and p.id not in by_then
        and (p.checked_at is None or p.checked_at >= end)
    ]  # fmt: skip
    assert sheet.to_check == Sum(len(unseen), sum((p.amount for p in unseen), D(0)))


def test_documents_of_the_day(people):
    """F-21: dues by their source, invoices by what was done with them, waivers and counts with their reasons."""
    finance, technician = people[Role.FINANCE], people[Role.TECHNICIAN]
    with clock.freeze(NOON - timedelta(days=1)):
        old = make_due("10.00")
        waiting = make_invoice(old, finance)
        late = make_invoice(old, finance)
    with clock.freeze(NOON):
        make_due("100.00")
        make_due("7.00", source=DueSource.JOB, call=make.make_call())
        make_due("5.00", state=DueState.WAIVED, waived_by_id=people[Role.MANAGER].id)
        due = make_due("50.00")
        handover = make_handover(
            technician, [make_payment(due, technician)], HandoverState.CONFIRMED, counted="49.00", by=finance
        )
        make_invoice(due, finance)
        make_invoice(due, finance, InvoiceState.ISSUED, amount=D("11.00"))
        make_invoice(due, finance, InvoiceState.ISSUED, amount=D("-3.00"))
        make_invoice(due, finance, InvoiceState.DELIVERED, amount=D("12.00"))
        make_invoice(due, finance, InvoiceState.REJECTED, amount=D("13.00"))
    with clock.freeze(NOON + timedelta(days=1)):
        reject(late, finance)
        make_invoice(due, finance, InvoiceState.REJECTED, amount=D("14.00"))
        sheet = closing.day_sheet(due.branch_id, DAY)
    assert sheet.dues == {
        DueSource.SALE: Sum(3, D("155.00")), DueSource.JOB: Sum(1, D("7.00")), DueSource.CONTRACT: Sum(),
    }  # fmt: skip
    assert sheet.invoices == {
        "requested": Sum(4, D("86.00")), "issued": Sum(2, D("23.00")), "red": Sum(1, D("-3.00")),
        "delivered": Sum(1, D("12.00")), "rejected": Sum(1, D("13.00")),
    }  # fmt: skip
    assert [one.number for one in sheet.handovers] == [handover.number]
    assert (sheet.differences, [one.amount for one in sheet.waivers]) == (D("-1.00"), [D("5.00")])
    assert [(one.received, one.counted, one.closing) for one in sheet.cash] == [(D(50), D(49), D(1))]
    assert sheet.to_issue == Sum(3, D("70.00"))  # two of yesterday, of which one was rejected a day later
    assert waiting.state is InvoiceState.REQUESTED


def test_a_sheet_costs_the_same_whatever_happened(people, count_statements):
    """A fixed number of statements for a day, empty or full."""
    costs = []
    for _ in range(2):
        with count_statements() as sent:
            closing.day_sheet(people[Role.FINANCE].branch_id, clock.today())
        costs.append(sent.count)
        for _turn in range(6):
            technician = make.make_user(Role.TECHNICIAN)
            make_handover(technician, [make_payment(make_due(), technician)], HandoverState.CONFIRMED)
            make_due("5.00", state=DueState.WAIVED, waived_by_id=people[Role.MANAGER].id)
    assert costs[0] == costs[1] <= 6

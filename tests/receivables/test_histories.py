"""Any history of several people's cash: the sums by definition, the dues recomputed, and every invariant (E-15)."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from backoffice.core import attachments, invariants
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Role
from backoffice.receivables import queries
from backoffice.receivables import workflow as money
from backoffice.receivables.models import CashHandover, Due, DueState, HandoverState, Payment, PaymentShare
from backoffice.receivables.rules import PaymentMethod
from tests import factories as make
from tests.money import make_due
from tests.pictures import png

PEOPLE, DUES = 3, 4
FEN = st.integers(1, 40_000).map(lambda fen: Decimal(fen) / 100)
WHO = st.integers(0, PEOPLE - 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("receive"), WHO, st.integers(0, DUES - 1), FEN, st.sampled_from(PaymentMethod)),
        st.tuples(st.just("several"), WHO, FEN),
        st.tuples(st.just("hand_over"), WHO, st.booleans()),
        st.tuples(st.just("confirm"), WHO, st.integers(-3_000, 3_000).map(lambda fen: Decimal(fen) / 100)),
        st.tuples(st.just("exact"), WHO),
        st.tuples(st.just("withdraw"), WHO),
        st.tuples(st.just("reverse"), st.integers(0, 30)),
        st.tuples(st.just("check"), st.integers(0, 30)),
        st.tuples(st.just("waive"), st.integers(0, DUES - 1)),
    ),
    max_size=25,
)  # fmt: skip


class Office:
    """The people, the dues, and what a step does; a refusal is an answer as well."""

    def __init__(self) -> None:
        self.collectors = [make.make_user(Role.TECHNICIAN), make.make_user(Role.TECHNICIAN),
                           make.make_user(Role.FINANCE)]  # fmt: skip
        self.finance, self.manager = make.make_user(Role.FINANCE), make.make_user(Role.MANAGER)
        self.customer = make.make_customer()
        self.dues = [make_due(amount, self.customer) for amount in ("300", "120.35", "0.07", "88.80")]
        self.proof = attachments.prepare("p.png", png())

    def do(self, step: tuple[Any, ...]) -> None:
        try:
            with db.session.begin_nested():
                getattr(self, f"_{step[0]}")(*step[1:])
        except BackofficeError:
            db.session.expire_all()

    def _receive(self, who: int, due: int, amount: Decimal, method: PaymentMethod) -> None:
        self.dues[due].technician_id = self.collectors[who].id
        proof = None if method is PaymentMethod.CASH else self.proof
        money.receive(self.dues[due], by=self.collectors[who], amount=amount, method=method, proof=proof)

    def _several(self, who: int, amount: Decimal) -> None:
        picked = [due for due in self.dues if due.state is DueState.DUE]
        for due in picked:
            due.technician_id = self.collectors[who].id
        money.receive_several(by=self.collectors[who], dues=picked, amount=amount)

    def _hand_over(self, who: int, is_part: bool) -> None:
        held = list(db.session.scalars(queries.held_by(self.collectors[who].id)))
        money.hand_over(by=self.collectors[who], payments=held[::2] if is_part else None)

    def _open(self, who: int) -> Any:
        return queries.open_handover(self.collectors[who].id)

    def _confirm(self, who: int, off: Decimal) -> None:
        if handover := self._open(who):
            counted = max(handover.total + off, Decimal(0))
            money.confirm(handover, by=self.finance, counted_total=counted, reason="x")

    def _exact(self, who: int) -> None:
        self._confirm(who, Decimal(0))

    def _withdraw(self, who: int) -> None:
        if handover := self._open(who):
            money.withdraw(handover, by=self.collectors[who], reason="x")

    def _payment(self, place: int) -> Any:
        return db.session.scalar(select(Payment).order_by(Payment.id).offset(place).limit(1))

    def _reverse(self, place: int) -> None:
        if payment := self._payment(place):
            money.reverse(payment, by=self.finance, reason="x")

    def _check(self, place: int) -> None:
        if payment := self._payment(place):
            money.check(payment, by=self.finance)

    def _waive(self, due: int) -> None:
        money.waive(self.dues[due], by=self.manager, reason="x")


def _by_definition(user_id: int) -> Decimal:
    """E-15: all cash received and given back out of the hand, less all that was counted."""
    received = select(func.sum(Payment.amount)).where(Payment.holder_id == user_id)
    counted = select(func.sum(CashHandover.counted_total)).where(
        CashHandover.collector_id == user_id, CashHandover.state == HandoverState.CONFIRMED
    )
    return (db.session.scalar(received) or Decimal(0)) - (db.session.scalar(counted) or Decimal(0))


def _state_of(due: Due) -> tuple[Decimal, DueState]:
    """Paid amount and state of a due out of its payments, one by one."""
    rows = db.session.execute(
        select(PaymentShare.amount, Payment)
        .join(Payment, Payment.id == PaymentShare.payment_id)
        .where(PaymentShare.due_id == due.id)
    ).all()
    paid = sum((amount for amount, _ in rows), Decimal(0))
    if due.state is DueState.WAIVED:
        return paid, DueState.WAIVED
    if paid < due.amount:
        return paid, DueState.DUE
    gone = {payment.reversal_of_id for _, payment in rows}
    standing = [payment for _, payment in rows if payment.reversal_of_id is None and payment.id not in gone]
    sure = all(
        payment.is_handed_over if payment.method is PaymentMethod.CASH else payment.checked_at for payment in standing
    )
    return paid, DueState.CONFIRMED if sure else DueState.COLLECTED


@given(STEPS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_history_of_cash_adds_up(steps: list[tuple[Any, ...]]) -> None:
    """E-15: cash in hand = received − counted; paid amounts, states and all invariants hold, whatever was done."""
    with db.session.begin_nested() as walk:
        office = Office()
        for step in steps:
            office.do(step)
        db.session.expire_all()
        people = [person.id for person in office.collectors]
        found = queries.cash_in_hand(people)
        for key in people:
            assert (found[key].amount if key in found else 0) == _by_definition(key)
        for due in office.dues:
            assert (due.paid_amount, due.state) == _state_of(due)
        assert not [str(breach) for breach in invariants.breaches()]
        walk.rollback()
        db.session.expire_all()

"""Cash on its way to finance: slips, counts, differences, and nobody counts his own (E-15, W-5.1, P-4)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from backoffice.core import attachments, clock
from backoffice.core.db import db
from backoffice.core.errors import (
    BackofficeError,
    IllegalTransition,
    MissingInput,
    NotPermitted,
    RecordNotFound,
    RuleViolated,
)  # fmt: skip
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.receivables import queries
from backoffice.receivables import workflow as money
from backoffice.receivables.models import CashHandover, DueState, HandoverState, Payment, PaymentShare
from backoffice.receivables.rules import PaymentMethod
from tests import factories as make
from tests.money import make_due
from tests.pictures import png


def collected(by: Any, amount: Any = "300", **inputs: Any) -> Payment:
    """A payment that `by` received for a due of his own."""
    return money.receive(make_due(amount, technician_id=by.id), by=by, **inputs)


def due_of(payment: Payment) -> Any:
    return payment.shares[0].due


# -- the slip ----------------------------------------------------------------------------------------------------------


def test_all_cash_goes_on_one_slip_and_is_counted(people) -> None:
    """E-15: total, count, the payments counted, the dues confirmed, nothing left in hand."""
    technician, finance = people[Role.TECHNICIAN], people[Role.FINANCE]
    payments = [collected(technician), collected(technician, "0.05")]
    handover = money.hand_over(by=technician)
    assert (handover.number[:4], handover.total, handover.carried) == ("JKHZ", Decimal("300.05"), 0)
    assert queries.cash_of(technician.id).amount == Decimal("300.05"), "not confirmed yet"
    money.confirm(handover, by=finance, counted_total=Decimal("300.05"))
    assert (handover.state, handover.difference, handover.confirmed_by_id) == (HandoverState.CONFIRMED, 0, finance.id)
    assert all(payment.is_handed_over for payment in payments)
    assert [due_of(payment).state for payment in payments] == [DueState.CONFIRMED] * 2
    assert queries.cash_of(technician.id).amount == 0


def test_picked_payments_go_and_the_others_stay(people) -> None:
    """E-15: a slip may take a part of the cash; what is not one's own is refused."""
    technician = people[Role.TECHNICIAN]
    first, second = collected(technician, "10"), collected(technician, "20")
    handover = money.hand_over(by=technician, payments=[second])
    assert (handover.total, first.handover_id, second.handover_id) == (Decimal(20), None, handover.id)
    money.withdraw(handover, by=technician, reason="漏了一张")
    assert (handover.state, second.handover_id) == (HandoverState.WITHDRAWN, None)
    other = collected(make.make_user(Role.TECHNICIAN))
    with pytest.raises(RuleViolated):
        money.hand_over(by=technician, payments=[first, other])
    assert money.hand_over(by=technician).total == Decimal(30)


def test_one_slip_at_a_time_and_none_for_nothing(people) -> None:
    """E-15: no empty slip, no second one while the first waits."""
    technician = people[Role.TECHNICIAN]
    with pytest.raises(RuleViolated):
        money.hand_over(by=technician)
    collected(technician)
    handover = money.hand_over(by=technician)
    collected(technician)
    with pytest.raises(RuleViolated) as refusal:
        money.hand_over(by=technician)
    assert handover.number in str(refusal.value)


def test_difference_needs_a_reason_and_stays_with_the_collector(people) -> None:
    """E-15: missing cash is carried to the next slip, which may consist of it alone; collector and supervisor know."""
    technician, finance = people[Role.TECHNICIAN], people[Role.FINANCE]
    collected(technician, "300")
    first = money.hand_over(by=technician)
    with pytest.raises(MissingInput) as refusal:
        money.confirm(first, by=finance, counted_total=Decimal(280))
    assert refusal.value.field == "reason"
    money.confirm(first, by=finance, counted_total=Decimal(280), reason="少一张二十元")
    assert first.difference == Decimal(-20)
    cash = queries.cash_of(technician.id)
    assert (cash.amount, cash.since) == (Decimal(20), first.confirmed_at)
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.kind == "handover.differed")))
    assert told == {technician.id, people[Role.SUPERVISOR].id}
    second = money.hand_over(by=technician)
    assert (second.lines_total, second.carried, second.total) == (0, Decimal(20), Decimal(20))
    money.confirm(second, by=finance, counted_total=Decimal(25), reason="多五元")
    assert queries.cash_of(technician.id).amount == Decimal(-5)
    with pytest.raises(RuleViolated):
        money.hand_over(by=technician)
    collected(technician, "10")
    assert money.hand_over(by=technician).total == Decimal(5)


@pytest.mark.parametrize("counted", [None, "-1", "NaN", "1E308", "0.001", "Infinity"])
def test_wrong_counts_are_refused(people, counted: str | None) -> None:
    """G-01: a count is an amount; 0 is one."""
    collected(people[Role.TECHNICIAN])
    handover = money.hand_over(by=people[Role.TECHNICIAN])
    with pytest.raises(BackofficeError) as refusal:
        money.confirm(
            handover, by=people[Role.FINANCE], counted_total=None if counted is None else Decimal(counted), reason="x"
        )
    assert refusal.value.field == "counted_total"
    money.confirm(handover, by=people[Role.FINANCE], counted_total=Decimal(0), reason="没有钱")
    assert queries.cash_of(people[Role.TECHNICIAN].id).amount == Decimal(300)


# -- separation of duties ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_only_finance_confirms_and_never_his_own(people, role: Role) -> None:
    """P-4: collector ≠ confirmer, whichever role; FA of the branch or of headquarters, not of another branch."""
    by = people[role]
    collected(people[Role.TECHNICIAN])
    handover = money.hand_over(by=people[Role.TECHNICIAN])
    if role is not Role.FINANCE:
        with pytest.raises((NotPermitted, RecordNotFound)):
            money.confirm(handover, by=by, counted_total=Decimal(300))
        assert handover.state is HandoverState.OPEN
        return
    elsewhere = make.make_user(Role.FINANCE, make.make_branch("SH"))
    with pytest.raises(RecordNotFound):
        money.confirm(handover, by=elsewhere, counted_total=Decimal(300))
    collected(by, "8")
    own = money.hand_over(by=by)
    with pytest.raises(NotPermitted) as refusal:
        money.confirm(own, by=by, counted_total=Decimal(8))
    assert refusal.value.rule == "P-4"
    money.confirm(own, by=make.make_user(Role.FINANCE, make.make_branch("HQ")), counted_total=Decimal(8))
    assert own.state is HandoverState.CONFIRMED


def test_database_refuses_the_collector_as_confirmer(people) -> None:
    """P-4: the third line of defence."""
    collected(people[Role.TECHNICIAN])
    handover = money.hand_over(by=people[Role.TECHNICIAN])
    own = {"confirmed_by_id": handover.collector_id, "confirmed_at": clock.now(), "state": HandoverState.CONFIRMED,
           "counted_total": handover.total, "difference": Decimal(0)}  # fmt: skip
    with pytest.raises(DBAPIError), db.session.begin_nested():
        db.session.execute(update(CashHandover).where(CashHandover.id == handover.id).values(own))


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_proof_is_seen_by_another_one_at_finance(people, role: Role) -> None:
    """W-5.1, P-4: FA alone, and not whoever received it."""
    proof = attachments.prepare("p.png", png())
    payment = collected(people[Role.TECHNICIAN], method=PaymentMethod.WECHAT, proof=proof)
    assert due_of(payment).state is DueState.COLLECTED
    if role is not Role.FINANCE:
        with pytest.raises((NotPermitted, RecordNotFound)):
            money.check(payment, by=people[role])
        return
    mine = money.receive(make_due(), by=people[role], method=PaymentMethod.TRANSFER, proof=proof)
    with pytest.raises(NotPermitted) as refusal:
        money.check(mine, by=people[role])
    assert refusal.value.rule == "P-4"
    money.check(payment, by=people[role])
    assert (due_of(payment).state, payment.checked_by_id) == (DueState.CONFIRMED, people[role].id)
    with pytest.raises(RuleViolated):
        money.check(payment, by=people[role])
    with pytest.raises(RuleViolated):
        money.check(collected(people[Role.TECHNICIAN]), by=people[role])


def test_proofs_are_checked_in_bulk(people) -> None:
    """P-4 in bulk: one's own is refused, the others are done."""
    finance = people[Role.FINANCE]
    proof = attachments.prepare("p.png", png())
    others = [collected(people[Role.TECHNICIAN], method=PaymentMethod.ALIPAY, proof=proof) for _ in range(3)]
    mine = money.receive(make_due(), by=finance, method=PaymentMethod.ALIPAY, proof=proof)
    outcomes = money.check.bulk([*(one.id for one in others), mine.id], by=finance)
    assert [outcome.error is None for outcome in outcomes] == [True] * 3 + [False]
    assert [due_of(one).state for one in others] == [DueState.CONFIRMED] * 3
    assert due_of(mine).state is DueState.COLLECTED


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_withdrawn_by_the_collector_or_finance(people, role: Role) -> None:
    """E-15: nobody else takes a slip back."""
    collected(people[Role.TECHNICIAN])
    handover = money.hand_over(by=people[Role.TECHNICIAN])
    if role in (Role.TECHNICIAN, Role.FINANCE):
        with pytest.raises(MissingInput):
            money.withdraw(handover, by=people[role])
        money.withdraw(handover, by=people[role], reason="点错了")
        sent = list(db.session.scalars(select(Notice.user_id).where(Notice.kind == "handover.sent_back")))
        assert sent == ([people[Role.TECHNICIAN].id] if role is Role.FINANCE else [])
        return
    with pytest.raises((NotPermitted, RecordNotFound)):
        money.withdraw(handover, by=people[role], reason="x")


# -- reversals ---------------------------------------------------------------------------------------------------------


def test_reversal_before_the_count_goes_out_of_the_hand(people) -> None:
    """E-15: payment and reversal are on the slip together; the due is open again, once only."""
    technician, finance = people[Role.TECHNICIAN], people[Role.FINANCE]
    payment, kept = collected(technician), collected(technician, "50")
    due = due_of(payment)
    with pytest.raises(MissingInput):
        money.reverse(payment, by=finance)
    reversal = money.reverse(payment, by=finance, reason="收错客户")
    assert (reversal.amount, reversal.holder_id, reversal.received_by_id) == (Decimal(-300), technician.id, finance.id)
    assert (due.state, due.paid_amount) == (DueState.DUE, 0)
    assert queries.cash_of(technician.id).amount == Decimal(50)
    for again in (payment, reversal):
        with pytest.raises(RuleViolated):
            money.reverse(again, by=finance, reason="x")
    money.receive(due, by=technician)
    handover = money.hand_over(by=technician, payments=[reversal, kept])
    assert handover.total == Decimal(50)
    assert {line.id for line in handover.payments} == {payment.id, reversal.id, kept.id}


def test_reversal_waits_for_an_open_slip_and_is_paid_out_after_it(people) -> None:
    """E-15: on an open slip it is refused; what was counted finance pays out, and nobody's hand changes."""
    technician, finance = people[Role.TECHNICIAN], people[Role.FINANCE]
    payment = collected(technician)
    handover = money.hand_over(by=technician)
    with pytest.raises(RuleViolated) as refusal:
        money.reverse(payment, by=finance, reason="x")
    assert refusal.value.remedy.params == {"id": handover.id}
    money.confirm(handover, by=finance, counted_total=Decimal(300))
    reversal = money.reverse(payment, by=finance, reason="退款")
    assert (reversal.holder_id, due_of(payment).state) == (None, DueState.DUE)
    assert queries.cash_of(technician.id).amount == 0


def test_reversed_cash_is_not_late(people) -> None:
    """TL-14: what went back to the customer is nothing to hand over."""
    technician = people[Role.TECHNICIAN]
    payment = collected(technician, at=clock.now() - timedelta(days=9))
    assert queries.cash_of(technician.id).is_late
    money.reverse(payment, by=people[Role.FINANCE], reason="x")
    assert not queries.cash_of(technician.id).is_late


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.FINANCE], ids=lambda role: role.value)
def test_only_finance_reverses(people, role: Role) -> None:
    """P-3: reversal X for FA alone."""
    payment = collected(people[Role.TECHNICIAN])
    with pytest.raises((NotPermitted, RecordNotFound)):
        money.reverse(payment, by=people[role], reason="x")


def test_payments_are_append_only(people) -> None:
    """E-15: the database refuses to change what was received, who holds it, what was counted, and any share."""
    technician = people[Role.TECHNICIAN]
    payment = collected(technician)
    for statement in (
        *(update(Payment).where(Payment.id == payment.id).values({name: value}) for name, value in {
            "amount": Decimal(1), "method": PaymentMethod.ALIPAY, "received_at": clock.now() - timedelta(days=1),
            "received_by_id": people[Role.FINANCE].id, "holder_id": people[Role.FINANCE].id, "number": "ZF-1",
        }.items()),
        update(PaymentShare).values(amount=Decimal(1)),
        PaymentShare.__table__.delete(),
        Payment.__table__.delete(),
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match="append-only"), db.session.begin_nested():
            db.session.execute(statement, execution_options={"synchronize_session": False})
    handover = money.hand_over(by=technician)
    money.confirm(handover, by=people[Role.FINANCE], counted_total=Decimal(300))
    for values in ({"is_handed_over": False}, {"handover_id": None, "is_handed_over": False}):
        with pytest.raises(DBAPIError, match="append-only"), db.session.begin_nested():
            db.session.execute(
                update(Payment).where(Payment.id == payment.id).values(values),
                execution_options={"synchronize_session": False},
            )


def test_counted_and_withdrawn_slips_are_closed(people) -> None:
    """G-05: no second count, no late withdrawal."""
    collected(people[Role.TECHNICIAN])
    handover = money.hand_over(by=people[Role.TECHNICIAN])
    money.confirm(handover, by=people[Role.FINANCE], counted_total=Decimal(300))
    with pytest.raises(IllegalTransition):
        money.confirm(handover, by=people[Role.FINANCE], counted_total=Decimal(300))
    with pytest.raises(IllegalTransition):
        money.withdraw(handover, by=people[Role.TECHNICIAN], reason="x")

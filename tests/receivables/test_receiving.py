"""Money comes in: in full, in part, for several dues, on the right path, and never too much (E-15, W-5)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.calls.models import CallState, CancelReason
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
from backoffice.core.permissions import Role
from backoffice.receivables import queries
from backoffice.receivables import workflow as money
from backoffice.receivables.models import Due, DueState, Payment
from backoffice.receivables.rules import PaymentMethod
from backoffice.vouchers.models import CollectionPath
from backoffice.vouchers.workflow import cancel
from tests import factories as make
from tests.money import make_due, make_payment
from tests.pictures import png


def proof():
    return attachments.prepare("p.png", png())


def own_due(technician: Any, **over: Any) -> Due:
    return make_due(technician_id=technician.id, **over)


def test_cash_in_parts_and_in_full(people) -> None:
    """W-5.1: parts add up, the due is collected when they cover it; the cash is in the technician's hand."""
    technician = people[Role.TECHNICIAN]
    due = own_due(technician)
    first = money.receive(due, by=technician, amount=Decimal(100))
    assert (due.state, due.paid_amount, due.open_amount) == (DueState.DUE, Decimal(100), Decimal(200))
    assert (first.method, first.holder_id, first.number[:4]) == (PaymentMethod.CASH, technician.id, "ZFHZ")
    second = money.receive(due, by=technician)
    assert second.amount == Decimal(200), "all that is open"
    assert (due.state, due.paid_amount) == (DueState.COLLECTED, Decimal(300))
    assert queries.cash_of(technician.id).amount == Decimal(300)
    assert [share.amount for share in due.shares] == [Decimal(100), Decimal(200)]


@pytest.mark.parametrize("amount", ["0", "-5", "300.01", "1E308", "NaN", "Infinity", "0.001", "100.005"])
def test_wrong_amounts_are_refused(people, amount: str) -> None:
    """G-01, E-15: nothing, below nothing, too much, not exact to the fen or no number at all."""
    due = own_due(people[Role.TECHNICIAN])
    with pytest.raises((MissingInput, RuleViolated)) as refusal:
        money.receive(due, by=people[Role.TECHNICIAN], amount=Decimal(amount))
    assert refusal.value.field == "amount"
    assert db.session.scalar(select(Payment)) is None
    assert due.state is DueState.DUE


def test_what_is_no_cash_needs_its_proof(people) -> None:
    """E-15: WeChat, Alipay, transfer, cheque come with a picture or paper; nobody holds them."""
    due = own_due(people[Role.TECHNICIAN])
    with pytest.raises(MissingInput) as refusal:
        money.receive(due, by=people[Role.TECHNICIAN], method=PaymentMethod.WECHAT)
    assert refusal.value.field == "proof"
    payment = money.receive(
        due, by=people[Role.TECHNICIAN], method=PaymentMethod.WECHAT, proof=proof(), reference="4200"
    )
    assert (payment.holder_id, payment.reference, due.state) == (None, "4200", DueState.COLLECTED)
    assert len(attachments.of(payment)) == 1
    assert queries.cash_of(people[Role.TECHNICIAN].id).amount == 0


def test_path_decides_who_collects(people) -> None:
    """W-5.3: against an invoice a technician collects once it is requested; finance takes what comes."""
    technician = people[Role.TECHNICIAN]
    due = own_due(technician, path=CollectionPath.INVOICE_FIRST)
    with pytest.raises(RuleViolated) as refusal:
        money.receive(due, by=technician)
    assert refusal.value.rule == "W-5.3"
    due.is_invoiced = True
    assert money.receive(due, by=technician, amount=Decimal(1)).amount == 1
    other = make_due(path=CollectionPath.INVOICE_FIRST)
    assert money.receive(other, by=people[Role.FINANCE]).holder_id == people[Role.FINANCE].id


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_only_finance_and_the_jobs_technician_receive(people, role: Role) -> None:
    """P-3: on a due of somebody else's job a technician finds nothing, the others may not."""
    due = make_due(technician_id=make.make_user(Role.TECHNICIAN).id)
    if role is Role.FINANCE:
        assert money.receive(due, by=people[role]).amount == 300
        return
    with pytest.raises((NotPermitted, RecordNotFound)):
        money.receive(due, by=people[role])
    with pytest.raises((NotPermitted, RecordNotFound)):
        money.receive_several(by=people[role], dues=[due])


def test_technician_receives_for_a_job_that_is_his(people) -> None:
    """P-1: the due of his call is his own, whoever is named on it."""
    technician = people[Role.TECHNICIAN]
    call = make.make_call(CallState.COMPLETED, technician=technician)
    due = make_due(customer=call.customer, call_id=call.id, technician_id=None)
    assert money.receive(due, by=technician).amount == 300


def test_settled_dues_take_no_money(people) -> None:
    """W-5.1: paid, waived and void ones are closed."""
    for state in (DueState.COLLECTED, DueState.CONFIRMED, DueState.WAIVED, DueState.VOID):
        due = (
            make_due(state=state, waived_by_id=people[Role.MANAGER].id)
            if state is DueState.WAIVED
            else make_due(state=state)
        )
        with pytest.raises(IllegalTransition):
            money.receive(due, by=people[Role.FINANCE])


# -- several dues ------------------------------------------------------------------------------------------------------


def test_one_payment_covers_dues_in_the_order_of_their_days(people) -> None:
    """E-15: the oldest first, the last in part."""
    customer, today = make.make_customer(), clock.today()
    new = make_due("200", customer, due_on=today)
    old = make_due("100", customer, due_on=today - timedelta(days=9))
    payment = money.receive_several(by=people[Role.FINANCE], dues=[new, old], amount=Decimal("250.50"))
    assert {share.due_id: share.amount for share in payment.shares} == {old.id: Decimal(100), new.id: Decimal("150.50")}
    assert (old.state, new.state, new.open_amount) == (DueState.COLLECTED, DueState.DUE, Decimal("49.50"))


def test_payment_that_does_not_reach_a_due_is_refused(people) -> None:
    """E-15: nothing is shared out silently; all of one customer, at most what is open."""
    customer = make.make_customer()
    dues = [make_due("100", customer), make_due("100", customer)]
    finance = people[Role.FINANCE]
    for inputs, field in (
        ({"dues": dues, "amount": Decimal(100)}, "amount"), ({"dues": dues, "amount": Decimal("200.01")}, "amount"),
        ({"dues": [*dues, make_due()]}, "dues"), ({"dues": []}, "dues"),
    ):  # fmt: skip
        with pytest.raises(BackofficeError) as refusal:
            money.receive_several(by=finance, **inputs)
        assert refusal.value.field == field
    assert db.session.scalar(select(Payment)) is None


def test_payment_for_several_keeps_every_guard(people) -> None:
    """W-5.3, P-1: one due that may not be collected refuses the whole."""
    technician, customer = people[Role.TECHNICIAN], make.make_customer()
    mine = own_due(technician, customer=customer)
    invoiced_later = own_due(technician, customer=customer, path=CollectionPath.INVOICE_FIRST)
    with pytest.raises(RuleViolated):
        money.receive_several(by=technician, dues=[mine, invoiced_later])
    there = make_due(customer=make.make_customer(make.make_branch("SH")))
    with pytest.raises(RecordNotFound):
        money.receive_several(by=people[Role.FINANCE], dues=[there])


def test_finance_at_the_headquarters_takes_money_for_every_branch() -> None:
    """P-1: FA at headquarters: all branches."""
    due = make_due(customer=make.make_customer(make.make_branch("SH")))
    by = make.make_user(Role.FINANCE, make.make_branch("HQ"))
    assert money.receive(due, by=by).branch_id == due.branch_id


# -- late cash ---------------------------------------------------------------------------------------------------------


def test_late_hand_takes_no_more_cash_while_the_switch_is_on(people) -> None:
    """W-5.6, C-05, TL-14: cash is refused, other ways are not; a handover frees him."""
    technician = people[Role.TECHNICIAN]
    old = own_due(technician)
    make_payment(old, technician, received_at=clock.now() - timedelta(days=9))
    due = own_due(technician)
    money.receive(due, by=technician, amount=Decimal(1))
    make.set_setting("C-05", "1")
    with pytest.raises(RuleViolated) as refusal:
        money.receive(due, by=technician, amount=Decimal(1))
    assert refusal.value.rule == "W-5.6"
    assert refusal.value.remedy.endpoint == "cash_handovers.create_view"
    money.receive(due, by=technician, amount=Decimal(1), method=PaymentMethod.ALIPAY, proof=proof())
    assert queries.cash_of(technician.id).is_late
    assert db.session.scalar(queries.late_cash(people[Role.FINANCE])) == 1
    money.hand_over(by=technician)
    assert not queries.cash_of(technician.id).is_late, "he has done his part"
    assert money.receive(due, by=technician, amount=Decimal(1)).method is PaymentMethod.CASH


# -- the way, and letting off ------------------------------------------------------------------------------------------


def test_path_is_switched_with_a_reason_until_paid(people) -> None:
    """W-5.3: both ways, by the office or the job's technician."""
    due = own_due(people[Role.TECHNICIAN])
    with pytest.raises(MissingInput):
        money.switch_path(due, by=people[Role.ASSISTANT])
    money.switch_path(due, by=people[Role.ASSISTANT], reason="要先开票")
    assert (due.path, due.path_reason) == (CollectionPath.INVOICE_FIRST, "要先开票")
    money.switch_path(due, by=people[Role.TECHNICIAN], path=CollectionPath.ONSITE, reason="现场付")
    assert due.path is CollectionPath.ONSITE
    money.receive(due, by=people[Role.TECHNICIAN])
    with pytest.raises(IllegalTransition):
        money.switch_path(due, by=people[Role.ASSISTANT], reason="x")


def test_not_on_site_above_the_limit_or_for_goods_brought_back(people) -> None:
    """W-5.3, C-01: there the invoice comes first."""
    first = {"path": CollectionPath.INVOICE_FIRST}
    for due in (make_due("500.01", **first), make_due("10", request_due_at=clock.now(), **first)):
        with pytest.raises(RuleViolated) as refusal:
            money.switch_path(due, by=people[Role.ASSISTANT], reason="x")
        assert refusal.value.field == "path"
    at_limit = make_due("500", **first)
    money.switch_path(at_limit, by=people[Role.ASSISTANT], reason="x")
    assert at_limit.path is CollectionPath.ONSITE


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_only_the_manager_waives(people, role: Role) -> None:
    """W-5.1, P-3: GM with a reason, and nobody else."""
    due = make_due()
    if role is not Role.MANAGER:
        with pytest.raises(NotPermitted):
            money.waive(due, by=people[role], reason="x")
        return
    with pytest.raises(MissingInput):
        money.waive(due, by=people[role], reason=" ")
    money.waive(due, by=people[role], reason="老客户")
    assert (due.state, due.waived_by_id, due.end_reason, due.open_amount) == (
        DueState.WAIVED, people[role].id, "老客户", 0
    )  # fmt: skip


def test_what_is_paid_invoiced_or_own_is_not_waived(people) -> None:
    """W-5.1, W-5.5, P-4: reverse first, reject first, somebody else."""
    manager = people[Role.MANAGER]
    paid = make_due()
    money.receive(paid, by=people[Role.FINANCE], amount=Decimal(1))
    for due, kind in (
        (paid, RuleViolated), (make_due(is_invoiced=True), RuleViolated),
        (make_due(technician_id=manager.id), NotPermitted),
    ):  # fmt: skip
        with pytest.raises(kind):
            money.waive(due, by=manager, reason="x")
        assert due.state is DueState.DUE


def test_call_that_can_be_cancelled_owes_nothing(people) -> None:
    """W-1.10: a due is made at completion only, so what is cancelled never had money to reverse."""
    for state in (CallState.REGISTERED, CallState.DISPATCHED):
        call = make.make_call(state)
        assert queries.due_of_call(call.id) is None
        cancel(call, by=people[Role.SUPERVISOR], cancel_reason=CancelReason.NOT_OURS)
    completed = make.make_call(CallState.COMPLETED)
    with pytest.raises(IllegalTransition):
        cancel(completed, by=people[Role.SUPERVISOR], cancel_reason=CancelReason.NOT_OURS)

"""Makers of dues, payments and handovers for tests, past the acts where a test needs a state at once."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.fees.rules import TaxNature
from backoffice.organisation.models import User
from backoffice.receivables.models import (
    CashHandover,
    Due,
    DueLine,
    DueState,
    HandoverState,
    Payment,
    PaymentShare,
)  # fmt: skip
from backoffice.receivables.rules import DueSource, PaymentMethod
from backoffice.vouchers.models import CollectionPath
from tests import factories as make

_counter = iter(range(1, 10**9))


def make_due(
    amount: Any = "300.00", customer: Customer | None = None, state: DueState = DueState.DUE,
    items: list[tuple[str, TaxNature, str]] | None = None, **over: Any,
) -> Due:  # fmt: skip
    """A due of a parts sale (no call needed); items: (name, tax nature, amount), one of labour when not given."""
    customer = customer or make.make_customer()
    items = items or [("Labour", TaxNature.REPAIR, str(amount))]
    total = sum((Decimal(one[2]) for one in items), Decimal("0.00"))
    number = next(_counter)
    facts: dict[str, Any] = {
        "number": f"SKHZ-T-{number:04}", "branch_id": customer.branch_id, "customer": customer,
        "customer_kind": customer.kind, "customer_name": customer.name, "source": DueSource.SALE,
        "source_number": f"LJHZ-T-{number:04}", "path": CollectionPath.ONSITE, "amount": total,
        "made_at": clock.now(), "due_on": clock.today(), "state": state,
    }  # fmt: skip
    if state in (DueState.COLLECTED, DueState.CONFIRMED):
        facts["paid_amount"] = total
    if state in (DueState.WAIVED, DueState.VOID):
        facts["end_reason"] = "as agreed"
    if state is DueState.WAIVED:
        facts |= {"waived_at": clock.now(), "waived_by_id": over.pop("waived_by_id", None)}
    due = Due(**(facts | over))
    due.lines = [
        DueLine(
            branch_id=due.branch_id, position=place, name=name, tax_nature=nature, quantity=Decimal(1), unit="",
            unit_price=abs(Decimal(each)), amount=Decimal(each),
        )
        for place, (name, nature, each) in enumerate(items, 1)
    ]  # fmt: skip
    return make.saved(due)


def make_payment(
    due: Due, by: User, amount: Any = None, method: PaymentMethod = PaymentMethod.CASH, **over: Any
) -> Payment:
    """A payment for one due; the due keeps its state and paid amount unless the test restates it."""
    amount = due.amount if amount is None else Decimal(amount)
    facts: dict[str, Any] = {
        "number": f"ZFHZ-T-{next(_counter):04}", "branch_id": due.branch_id, "customer_id": due.customer_id,
        "customer_kind": due.customer_kind, "customer_name": due.customer_name, "amount": amount, "method": method,
        "received_at": clock.now(), "received_by_id": by.id,
        "holder_id": by.id if method is PaymentMethod.CASH else None,
    }  # fmt: skip
    payment = Payment(**(facts | over))
    payment.shares = [PaymentShare(branch_id=due.branch_id, due_id=due.id, amount=amount)]
    return make.saved(payment)


def make_reversal(payment: Payment, by: User, **over: Any) -> Payment:
    """The reversal of a payment."""
    facts: dict[str, Any] = {
        name: getattr(payment, name)
        for name in ("branch_id", "customer_id", "customer_kind", "customer_name", "method", "holder_id")
    }
    facts |= {
        "number": f"ZFHZ-T-{next(_counter):04}", "amount": -payment.amount, "received_at": clock.now(),
        "received_by_id": by.id, "reversal_of_id": payment.id, "reason": "x",
    }  # fmt: skip
    reversal = Payment(**(facts | over))
    reversal.shares = [
        PaymentShare(branch_id=share.branch_id, due_id=share.due_id, amount=-share.amount) for share in payment.shares
    ]
    return make.saved(reversal)


def be_latest(collector_id: int) -> None:
    """Make room for a later count of this collector."""
    mine = CashHandover.collector_id == collector_id
    db.session.execute(update(CashHandover).where(mine).values(is_latest=False))


def make_handover(
    by: User, state: HandoverState = HandoverState.OPEN, payments: Sequence[Payment] = (), **over: Any
) -> CashHandover:
    """A handover of these payments, counted right where it is confirmed."""
    total = sum((payment.amount for payment in payments), Decimal("0.00"))
    facts: dict[str, Any] = {
        "number": f"JKHZ-T-{next(_counter):04}", "branch_id": by.branch_id, "state": state, "collector_id": by.id,
        "handed_at": clock.now(), "lines_total": total, "carried": Decimal("0.00"),
    }  # fmt: skip
    facts |= over
    facts.setdefault("total", facts["lines_total"] + facts["carried"])
    if state is HandoverState.CONFIRMED:
        counted = facts.setdefault("counted_total", facts["total"])
        facts |= {"difference": counted - facts["total"], "difference_reason": "x", "confirmed_at": clock.now()}
        facts.setdefault("confirmed_by_id", make.make_user(Role.FINANCE).id)
        be_latest(facts["collector_id"])
        facts["is_latest"] = True
    if state is HandoverState.WITHDRAWN:
        facts["withdraw_reason"] = "x"
    handover = make.saved(CashHandover(**facts))
    for payment in payments if state is not HandoverState.WITHDRAWN else ():
        payment.handover_id, payment.is_handed_over = handover.id, state is HandoverState.CONFIRMED
    db.session.flush()
    return handover


def fresh(row: Any) -> Any:
    """The row as the database has it now."""
    db.session.refresh(row)
    return row


def day(text: str) -> date:
    """A day such as 2026-11-24."""
    return date.fromisoformat(text)

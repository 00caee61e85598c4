"""Makers of dues, payments and handovers for tests, past the acts where a test needs a state at once."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.fees.rules import TaxNature
from backoffice.organisation.models import Branch, User
from backoffice.parts.models import Part
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
from backoffice.sales import workflow as sales
from backoffice.sales.models import PartsSale, SaleState
from backoffice.sales.rules import SaleItem
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
        "number": f"SKHZ-202611-{number:04}", "branch_id": customer.branch_id, "customer": customer,
        "customer_kind": customer.kind, "customer_name": customer.name, "source": DueSource.SALE,
        "source_number": f"LJHZ-202611-{number:04}", "path": CollectionPath.ONSITE, "amount": total,
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
        "number": f"ZFHZ-202611-{next(_counter):04}", "branch_id": due.branch_id, "customer_id": due.customer_id,
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
        "number": f"ZFHZ-202611-{next(_counter):04}", "amount": -payment.amount, "received_at": clock.now(),
        "received_by_id": by.id, "reversal_of_id": payment.id, "reason": "x",
    }  # fmt: skip
    reversal = Payment(**(facts | over))
    reversal.shares = [
        PaymentShare(branch_id=share.branch_id, due_id=share.due_id, amount=-share.amount) for share in payment.shares
    ]
    return make.saved(reversal)


def make_handover(
    by: User, state: HandoverState = HandoverState.OPEN, payments: Sequence[Payment] = (), **over: Any
) -> CashHandover:
    """A handover of these payments, counted right where it is confirmed."""
    total = sum((payment.amount for payment in payments), Decimal("0.00"))
    facts: dict[str, Any] = {
        "number": f"JKHZ-202611-{next(_counter):04}", "branch_id": by.branch_id, "state": state, "collector_id": by.id,
        "handed_at": clock.now(), "lines_total": total, "carried": Decimal("0.00"),
    }  # fmt: skip
    facts |= over
    facts.setdefault("total", facts["lines_total"] + facts["carried"])
    if state is HandoverState.CONFIRMED:
        counted = facts.setdefault("counted_total", facts["total"])
        facts |= {"difference": counted - facts["total"], "difference_reason": "x", "confirmed_at": clock.now()}
        facts.setdefault("confirmed_by_id", make.make_user(Role.FINANCE).id)
    if state is HandoverState.WITHDRAWN:
        facts["withdraw_reason"] = "x"
    handover = make.saved(CashHandover(**facts))
    for payment in payments if state is not HandoverState.WITHDRAWN else ():
        payment.handover_id, payment.is_handed_over = handover.id, state is HandoverState.CONFIRMED
    db.session.flush()
    return handover


def make_sale(
    lines: list[tuple[Part, Any]] | None = None, state: SaleState = SaleState.DRAFT, customer: Customer | None = None,
    by: User | None = None, **inputs: Any,
) -> PartsSale:  # fmt: skip
    """A parts sale by the acts: (part, how many), one part of which ten are in store when not given."""
    customer = customer or make.make_customer()
    by = by or make.make_user(Role.ASSISTANT, db.session.get_one(Branch, customer.branch_id))
    items = [SaleItem(part, Decimal(str(quantity))) for part, quantity in lines or [(make.make_movement().part, 2)]]
    sale: PartsSale = sales.create(
        by=by, customer=customer, lines=items, deliver_now=state in (SaleState.DELIVERED, SaleState.REVERSED), **inputs
    )
    if state is SaleState.VOID:
        sales.void(sale, by=by, reason="not wanted")
    if state is SaleState.REVERSED:
        sales.take_back(sale, by=by, reason="wrong size", everything=True)
    return sale


def make_past_sale(rows: list[tuple[str, str]], by: User | None = None, **facts: Any) -> PartsSale:
    """A sale of an older system; rows: (quantity, unit price)."""
    by = by or make.make_user(Role.ASSISTANT)
    common = {"old_number": f"OLD-{next(_counter)}", "customer": make.make_customer(), "name": "Seal",
              "sold_at": clock.now()} | facts  # fmt: skip
    lines = sales.import_history(
        by=by, rows=[common | {"quantity": Decimal(q), "unit_price": Decimal(price)} for q, price in rows]
    )
    sale: PartsSale = lines[0].sale
    return sale


def fresh(row: Any) -> Any:
    """The row as the database has it now."""
    db.session.refresh(row)
    return row


def day(text: str) -> date:
    """A day such as 2026-11-24."""
    return date.fromisoformat(text)

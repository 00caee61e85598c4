"""Makers of invoices and handovers for tests of the desk, past the acts where a test needs a state at once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from backoffice.core import clock
from backoffice.core.audit import Occasion, row_of, write
from backoffice.core.db import db
from backoffice.invoices.models import NUMBERED, Invoice, InvoiceState
from backoffice.invoices.rules import DeliveryWay, InvoiceKind
from backoffice.organisation.models import User
from backoffice.receivables.models import CashHandover, Due, HandoverState, Payment
from tests import factories as make
from tests.money import be_latest

_counter = iter(range(1, 10**9))


def make_invoice(due: Due, by: User, state: InvoiceState = InvoiceState.REQUESTED, **over: Any) -> Invoice:
    """An invoice without lines in that state, requested now."""
    number, amount = next(_counter), over.pop("amount", due.amount)
    facts: dict[str, Any] = {
        "number": f"KPHZ-{number:06}", "branch_id": due.branch_id, "customer_id": due.customer_id,
        "customer_kind": due.customer_kind, "customer_name": due.customer_name, "state": state,
        "kind": InvoiceKind.NORMAL, "title": due.customer_name, "net_total": amount, "tax_total": Decimal("0.00"),
        "gross_total": amount, "requested_at": clock.now(), "requested_by_id": by.id,
        "issue_due_at": clock.now() + timedelta(days=2),
    }  # fmt: skip
    if state in NUMBERED:
        facts |= {"invoice_no": f"{number:020}", "issued_on": clock.today(), "issued_by_id": by.id}
    if state is InvoiceState.DELIVERED:
        facts |= {"delivered_at": clock.now(), "delivered_via": DeliveryWay.EMAIL}
    if state is InvoiceState.REJECTED:
        facts["reject_reason"] = "wrong title"
    if amount < 0:
        facts |= {"is_red": True, "red_confirmation_no": "H1", "external_original_no": "1"}
    invoice = make.saved(Invoice(**(facts | over)))
    if state is InvoiceState.REJECTED:
        write(db.session(), [row_of(Occasion("invoice.reject", by, clock.now()), invoice, None)])
    return invoice


def reject(invoice: Invoice, by: User) -> None:
    """Reject a request now, with its entry in the trail."""
    _set(invoice, state=InvoiceState.REJECTED, reject_reason="wrong title")
    write(db.session(), [row_of(Occasion("invoice.reject", by, clock.now()), invoice, None)])


def confirm(handover: CashHandover, counted: Decimal, by: User) -> None:
    """Count a handover now."""
    be_latest(handover.collector_id)
    _set(
        handover, is_latest=True, state=HandoverState.CONFIRMED, counted_total=counted,
        difference=counted - handover.total, difference_reason="miscounted", confirmed_at=clock.now(),
        confirmed_by_id=by.id,
    )  # fmt: skip


def _set(row: Any, **values: Any) -> None:
    """Change a row past its act."""
    db.session.flush()
    db.session.execute(update(type(row)).where(type(row).id == row.id).values(**values))
    db.session.refresh(row)


def make_handover(
    collector: User, payments: list[Payment], state: HandoverState = HandoverState.OPEN, *,
    counted: Any = None, by: User | None = None, **over: Any,
) -> CashHandover:  # fmt: skip
    """A handover of these payments, handed over now; confirmed: counted now, by default without a difference."""
    total = sum((payment.amount for payment in payments), Decimal("0.00"))
    carried = over.pop("carried", Decimal("0.00"))
    facts: dict[str, Any] = {
        "number": f"JKHZ-{next(_counter):06}", "branch_id": collector.branch_id, "collector_id": collector.id,
        "state": state, "handed_at": clock.now(), "lines_total": total, "carried": carried, "total": total + carried,
    }  # fmt: skip
    if state is HandoverState.CONFIRMED:
        counted = total + carried if counted is None else Decimal(counted)
        difference = counted - total - carried
        facts |= {
            "counted_total": counted, "difference": difference, "difference_reason": "miscounted" if difference else "",
            "confirmed_at": clock.now(), "confirmed_by_id": (by or make.make_user()).id, "is_latest": True,
        }  # fmt: skip
        be_latest(collector.id)
    handover = make.saved(CashHandover(**(facts | over)))
    for payment in payments:
        payment.handover_id = handover.id
        payment.is_handed_over = state is HandoverState.CONFIRMED
    db.session.flush()
    return handover

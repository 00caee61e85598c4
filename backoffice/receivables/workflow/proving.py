"""Finance sees the proof of what is no cash, and reverses payments (W-5.1, P-4)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.organisation.models import User
from backoffice.organisation.workflow.numbers import take_number
from backoffice.receivables import queries
from backoffice.receivables.models import Payment, PaymentShare
from backoffice.receivables.rules import PaymentMethod

from .dues import RESTATING, lock_dues, restate


def _stands(payment: Payment, by: Actor) -> None:
    """Guard: the payment is no reversal, and was not reversed."""
    if payment.reversal_of_id is not None:
        raise RuleViolated(_l("This is a reversal; it stays as it is."), rule="E-15")
    reversal = queries.reversal_of(payment)
    if reversal is not None:
        raise RuleViolated(
            _l("Payment %(number)s has reversed it already.", number=reversal.number), rule="E-15",
            remedy=Remedy(_l("Open the payment"), "payments.details_view", {"id": reversal.id}),
        )  # fmt: skip


def _has_proof(payment: Payment, by: Actor) -> None:
    if payment.method is PaymentMethod.CASH:
        raise RuleViolated(_l("Cash is counted with its handover, not checked here."), rule="W-5.1")
    if payment.checked_at is not None:
        raise RuleViolated(_l("Its proof was seen already."), rule="W-5.1")


def _not_own(payment: Payment, by: Actor) -> None:
    if payment.received_by_id == by.id:
        raise NotPermitted(_l("You have received this payment: somebody else looks at its proof."), rule="P-4")


@act(
    "payment.check", Payment, permission=Permission.PAYMENT_CHECK, label=_l("Proof seen"), rule="W-5.1",
    guards=[_not_own, _stands, _has_proof], also=RESTATING, tone="primary", order=10,
)  # fmt: skip
def check(payment: Payment, *, by: User, at: datetime) -> None:
    """Finance has seen the proof: the money is there. Never by whoever received it (P-4)."""
    check_after(at, payment.received_at, _l("Received"))
    payment.checked_at, payment.checked_by_id = at, by.id
    dues = lock_dues(queries.dues_of([payment.id]))
    restate(dues)


def _not_on_open_handover(payment: Payment, by: Actor) -> None:
    if payment.handover_id is not None and not payment.is_handed_over:
        raise RuleViolated(
            _l("The cash is on a handover that waits to be counted. Withdraw the handover first."), rule="E-15",
            remedy=Remedy(_l("Open the handover"), "cash_handovers.details_view", {"id": payment.handover_id}),
        )  # fmt: skip


@act(
    "payment.reverse", Payment, permission=Permission.PAYMENT_REVERSE, label=_l("Reverse"), rule="E-15",
    guards=[_stands, _not_on_open_handover], also=RESTATING, bulk=False, tone="danger", order=60,
)  # fmt: skip
def reverse(payment: Payment, *, by: User, at: datetime, reason: str = "") -> Payment:
    """Take a payment back by another one below 0, with a reason; its dues are open again. Once only.

    Cash that was not counted yet goes back out of the hand of whoever holds it; else finance pays it out. Returns the
    reversal.
    """
    reason = given(reason, 300, "reason", _l("Say why."), lines=True, rule="E-15")
    check_after(at, payment.received_at, _l("Received"))
    reversal = Payment(
        number=take_number("N-24", payment.branch_id), branch_id=payment.branch_id, customer_id=payment.customer_id,
        customer_kind=payment.customer_kind, customer_name=payment.customer_name, amount=-payment.amount,
        method=payment.method, received_at=at, received_by_id=by.id, reference=payment.reference, reason=reason,
        holder_id=None if payment.is_handed_over else payment.holder_id, reversal_of_id=payment.id,
        shares=[
            PaymentShare(branch_id=share.branch_id, due_id=share.due_id, amount=-share.amount)
            for share in payment.shares
        ],
    )  # fmt: skip
    dues = lock_dues(share.due_id for share in payment.shares)
    db.session.add(reversal)
    db.session.flush()
    restate(dues)
    return reversal

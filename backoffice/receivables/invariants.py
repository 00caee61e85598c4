"""What holds for dues, payments and handovers: they add up, and each follows from the others (E-15, W-5.1)."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from backoffice.core.db import Money
from backoffice.core.invariants import invariant, unique_numbers
from backoffice.core.money import NOTHING

from .models import CashHandover, Due, DueLine, DueState, HandoverState, Payment, PaymentShare
from .rules import PaymentMethod

_NOTHING = literal(NOTHING, Money())
_DUE = select(Due.id, Due.number)
_PAYMENT = select(Payment.id, Payment.number)
_HANDOVER = select(CashHandover.id, CashHandover.number)

unique_numbers(Due, "N-09")
unique_numbers(CashHandover, "N-10")
unique_numbers(Payment, "N-24")


def _sum_of(column: Any, condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(select(func.sum(column)).where(condition).scalar_subquery(), _NOTHING)


@invariant(Due, rule="E-15", says="Its lines do not add up to it.")
def is_the_sum_of_its_lines() -> Select[int, str]:
    """What is due is what its lines say; of a void one nothing is due."""
    return _DUE.where(Due.state != DueState.VOID, Due.amount != _sum_of(DueLine.amount, DueLine.due_id == Due.id))


@invariant(Due, rule="E-15", says="What is paid of it is not the sum of the shares in it.")
def is_paid_by_its_shares() -> Select[int, str]:
    """The paid amount is computed from the shares of payments and reversals."""
    return _DUE.where(Due.paid_amount != _sum_of(PaymentShare.amount, PaymentShare.due_id == Due.id))


@invariant(Due, rule="W-5.1", says="Its state does not fit its payments.")
def follows_its_payments() -> Select[int, str]:
    """Confirmed once all its cash is counted and the proof of the rest was seen; collected before that."""
    reversal = aliased(Payment)
    reversed_since = exists().where(reversal.reversal_of_id == Payment.id).correlate(Payment)
    unseen = case((Payment.method == PaymentMethod.CASH, ~Payment.is_handed_over), else_=Payment.checked_at.is_(None))
    waits = (
        select(PaymentShare.id)
        .join(Payment, Payment.id == PaymentShare.payment_id)
        .where(PaymentShare.due_id == Due.id, Payment.reversal_of_id.is_(None), ~reversed_since, unseen)
        .exists()
    )
    return _DUE.where(or_(and_(Due.state == DueState.COLLECTED, ~waits), and_(Due.state == DueState.CONFIRMED, waits)))


@invariant(Payment, rule="E-15", says="Its shares do not add up to it.")
def is_shared_out() -> Select[int, str]:
    """Every fen of a payment went to a due."""
    return _PAYMENT.where(Payment.amount != _sum_of(PaymentShare.amount, PaymentShare.payment_id == Payment.id))


@invariant(PaymentShare, rule="E-15", says="The payment is of another customer than the due.")
def is_of_one_customer() -> Select[int, str]:
    """A payment goes to dues of its own customer."""
    return (
        select(PaymentShare.id, Payment.number)
        .join(Payment, Payment.id == PaymentShare.payment_id)
        .join(Due, Due.id == PaymentShare.due_id)
        .where(Payment.customer_id != Due.customer_id)
    )


@invariant(Payment, rule="E-15", says="The reversal is not the payment with the sign turned.")
def reversal_mirrors_its_payment() -> Select[int, str]:
    """Amount, way and every share are those of the payment, below 0."""
    original, mine, its = aliased(Payment), aliased(PaymentShare), aliased(PaymentShare)
    unlike = (
        select(mine.id)
        .outerjoin(its, and_(its.payment_id == Payment.reversal_of_id, its.due_id == mine.due_id))
        .where(mine.payment_id == Payment.id, or_(its.id.is_(None), mine.amount + its.amount != _NOTHING))
        .exists()
    )
    return _PAYMENT.join(original, original.id == Payment.reversal_of_id).where(
        or_(
            Payment.amount + original.amount != _NOTHING, Payment.method != original.method,
            Payment.customer_id != original.customer_id, original.reversal_of_id.is_not(None), unlike,
        )
    )  # fmt: skip


@invariant(Payment, rule="E-15", says="Another payment has reversed the same one.")
def reversal_is_the_only_one() -> Select[int, str]:
    """One reversal to a payment."""
    other = aliased(Payment)
    return _PAYMENT.join(other, and_(other.reversal_of_id == Payment.reversal_of_id, other.id != Payment.id))


@invariant(Payment, rule="E-15", says="It is on a handover that does not fit it.")
def is_on_a_handover_that_fits() -> Select[int, str]:
    """It is counted with a confirmed handover and only then, on none that was withdrawn, and on the holder's own."""
    counted = CashHandover.state == HandoverState.CONFIRMED
    return _PAYMENT.join(CashHandover, CashHandover.id == Payment.handover_id).where(
        or_(
            and_(counted, ~Payment.is_handed_over), and_(~counted, Payment.is_handed_over),
            CashHandover.state == HandoverState.WITHDRAWN, CashHandover.collector_id != Payment.holder_id,
        )
    )  # fmt: skip


@invariant(Payment, rule="E-15", says="It is cash that nobody has received.")
def cash_has_a_holder() -> Select[int, str]:
    """Cash is with whoever received it; only what finance pays out again is with nobody."""
    return _PAYMENT.where(
        Payment.method == PaymentMethod.CASH, Payment.holder_id.is_(None), Payment.reversal_of_id.is_(None)
    )


@invariant(CashHandover, rule="E-15", says="Its payments do not add up to it.")
def is_the_sum_of_its_payments() -> Select[int, str]:
    """The slip says what the payments on it say; a withdrawn one has given them back."""
    return _HANDOVER.where(
        CashHandover.state != HandoverState.WITHDRAWN,
        CashHandover.lines_total != _sum_of(Payment.amount, Payment.handover_id == CashHandover.id),
    )


@invariant(CashHandover, rule="E-15", says="It does not carry what the count before it has left.")
def carries_what_was_left() -> Select[int, str]:
    """What was missing at one count is on the next slip of the same collector, a surplus is taken off it."""
    before = aliased(CashHandover)
    left = (
        select(-before.difference)
        .where(
            before.collector_id == CashHandover.collector_id, before.state == HandoverState.CONFIRMED,
            before.id < CashHandover.id,
        )
        .order_by(before.id.desc())
        .limit(1)
        .scalar_subquery()
    )  # fmt: skip
    return _HANDOVER.where(
        CashHandover.state != HandoverState.WITHDRAWN, CashHandover.carried != func.coalesce(left, _NOTHING)
    )


@invariant(CashHandover, rule="E-15", says="It is marked as the latest count and is not, or the other way round.")
def is_marked_where_latest() -> Select[int, str]:
    """Of each collector's counts the last one is marked."""
    later = aliased(CashHandover)
    is_followed = exists().where(
        later.collector_id == CashHandover.collector_id, later.state == HandoverState.CONFIRMED,
        later.id > CashHandover.id,
    )  # fmt: skip
    is_latest = and_(CashHandover.state == HandoverState.CONFIRMED, ~is_followed)
    return _HANDOVER.where(CashHandover.is_latest != is_latest)


@invariant(CashHandover, rule="E-15", says="Another handover of the same collector waits too.")
def is_the_only_open_one() -> Select[int, str]:
    """A collector has one open handover."""
    other = aliased(CashHandover)
    return _HANDOVER.join(
        other, and_(other.collector_id == CashHandover.collector_id, other.id != CashHandover.id)
    ).where(CashHandover.state == HandoverState.OPEN, other.state == HandoverState.OPEN)

"""Dues are made, credited, voided, and follow their payments: written inside acts (E-15, W-5.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from backoffice.calls.models import ServiceCall
from backoffice.contracts.models import ServiceContract
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.errors import Remedy, RuleViolated
from backoffice.core.locking import locked
from backoffice.core.money import NOTHING
from backoffice.core.texts import clean
from backoffice.customers.models import Customer
from backoffice.fees.rules import TaxNature
from backoffice.organisation.workflow.numbers import take_number
from backoffice.receivables.models import Due, DueLine, DueState, Payment, PaymentShare
from backoffice.receivables.rules import DueSource, PaymentMethod
from backoffice.vouchers.models import CollectionPath

_FOLLOWING = (DueState.DUE, DueState.COLLECTED, DueState.CONFIRMED)
#: Moves that an act declares in which dues follow their payments.
RESTATING = tuple((Due, old, new) for old in _FOLLOWING for new in _FOLLOWING if old is not new)
#: The move of an act that voids a due of which nothing was paid.
VOIDING = ((Due, DueState.DUE, DueState.VOID),)


@dataclass(frozen=True)
class DueItem:
    """A line of what is to be due: amounts with tax, in yuan; below 0 for a discount or a credit."""

    name: str
    tax_nature: TaxNature
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal


def make_due(
    customer: Customer, items: Sequence[DueItem], *, source: DueSource, source_number: str, branch_id: int,
    path: CollectionPath, at: datetime, due_on: date | None = None, call: ServiceCall | None = None,
    contract: ServiceContract | None = None, period: tuple[date, date] | None = None,
    technician_id: int | None = None, request_due_at: datetime | None = None,
) -> Due:  # fmt: skip
    """Write what is due (N-09), its lines copied; the sum of the items is above 0.

    due_on: the day of `at` when not given. request_due_at: by then its invoice has to be requested (TL-07).
    Returns the due, flushed, so that it has its key.
    """
    due = Due(
        number=take_number("N-09", branch_id), branch_id=branch_id, customer=customer, customer_kind=customer.kind,
        customer_name=customer.name, source=source, source_number=source_number, call=call, contract=contract,
        period_from=period[0] if period else None, period_to=period[1] if period else None, path=path,
        technician_id=technician_id, amount=sum((item.amount for item in items), NOTHING), made_at=at,
        due_on=due_on or clock.local(at).date(), request_due_at=request_due_at,
        lines=_lines(items, branch_id, 1),
    )  # fmt: skip
    db.session.add(due)
    db.session.flush()
    return due


def credit(due: Due, items: Sequence[DueItem], *, reason: str) -> None:
    """Take something off a due that is not invoiced: lines below 0 are added; nothing left voids it. `due` is locked.

    Raises RuleViolated where it is invoiced, or where more was paid than would be left (W-5.5, E-15). Of what is waived
    or void nothing is owed: it stays as it is.
    """
    if due.state not in _FOLLOWING:
        return
    check_not_invoiced(due)
    left = due.amount + sum((item.amount for item in items), NOTHING)
    if left < due.paid_amount:
        raise _paid_already(due)
    if left == 0:
        void_due(due, reason=reason)
        return
    due.lines.extend(_lines(items, due.branch_id, max(line.position for line in due.lines) + 1))
    due.amount = left
    restate([due])  # before the flush: what is left may be paid already
    db.session.flush()


def void_due(due: Due, *, reason: str) -> None:
    """Void a due of which nothing is paid and that no invoice covers; raises RuleViolated else. `due` is locked."""
    check_not_invoiced(due)
    check_nothing_paid(due)
    due.state, due.end_reason = DueState.VOID, clean(reason, 300, "reason")


def check_not_invoiced(due: Due) -> None:
    """Raises RuleViolated where an invoice covers the due: it is corrected by a red one, or its request rejected."""
    if due.is_invoiced:
        raise RuleViolated(
            _l("An invoice covers due %(number)s. Finance rejects the request, or corrects it by a red invoice, first.",
               number=due.number),
            rule="W-5.5", remedy=open_page(due),
        )  # fmt: skip


def check_nothing_paid(due: Due) -> None:
    """Raises RuleViolated where something of the due is paid: that is reversed first (E-15)."""
    if due.paid_amount:
        raise _paid_already(due)


def restate(dues: Iterable[Due]) -> None:
    """Let dues follow their payments (W-5.1): paid amount and state. They are locked, what changed is flushed.

    Collected: the shares cover it. Confirmed: of the payments that were not reversed all cash is in a confirmed
    handover, and finance has seen the proof of the others. Waived and void ones stay what they are.
    """
    wanted = [due for due in dues if due.state in _FOLLOWING]
    keys = [due.id for due in wanted]
    sums = (
        select(PaymentShare.due_id, func.sum(PaymentShare.amount))
        .where(PaymentShare.due_id.in_(keys))
        .group_by(PaymentShare.due_id)
    )
    paid: dict[int, Decimal] = dict(db.session.execute(sums).all())
    open_keys = set(db.session.scalars(_with_unconfirmed(keys)))
    for due in wanted:
        due.paid_amount = paid.get(due.id, NOTHING)
        if due.paid_amount < due.amount:
            due.state = DueState.DUE
        else:
            due.state = DueState.COLLECTED if due.id in open_keys else DueState.CONFIRMED


def lock_dues(keys: Iterable[int]) -> list[Due]:
    """Lock these dues and read them anew, in the order of their keys; what is pending is flushed first."""
    db.session.flush()
    return locked(Due, keys)


def _with_unconfirmed(keys: Sequence[int]) -> Select[int]:
    """Keys of the dues in which money has a share that nobody at finance has counted or seen yet."""
    reversal = aliased(Payment)
    reversed_since = select(reversal.id).where(reversal.reversal_of_id == Payment.id).exists()
    unseen = (Payment.method == PaymentMethod.CASH) & ~Payment.is_handed_over | (
        (Payment.method != PaymentMethod.CASH) & Payment.checked_at.is_(None)
    )
    return (
        select(PaymentShare.due_id)
        .join(Payment, Payment.id == PaymentShare.payment_id)
        .where(PaymentShare.due_id.in_(keys), Payment.reversal_of_id.is_(None), ~reversed_since, unseen)
    )


def _lines(items: Sequence[DueItem], branch_id: int, first: int) -> list[DueLine]:
    return [
        DueLine(
            branch_id=branch_id, position=place, name=item.name[:300], tax_nature=item.tax_nature,
            quantity=item.quantity, unit=item.unit, unit_price=item.unit_price, amount=item.amount,
        )
        for place, item in enumerate(items, first)
    ]  # fmt: skip


def open_page(due: Due) -> Remedy:
    """Where the due is looked at."""
    return Remedy(_l("Open the due"), "dues.details_view", {"id": due.id})


def _paid_already(due: Due) -> RuleViolated:
    paid = f"{due.paid_amount:,.2f}"
    return RuleViolated(
        _l("¥%(paid)s of due %(number)s are paid already. Reverse the payment first.", paid=paid, number=due.number),
        rule="E-15", remedy=open_page(due),
    )  # fmt: skip

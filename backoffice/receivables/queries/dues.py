"""What is due: of a call, of contracts, by its age."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select

from backoffice.calls.models import ServiceCall
from backoffice.contracts.models import ServiceContract, last_day
from backoffice.contracts.rules import PERIOD_MONTHS
from backoffice.core import clock
from backoffice.core.db import Money, db
from backoffice.core.money import NOTHING
from backoffice.core.once import know, once
from backoffice.core.permissions import Actor
from backoffice.receivables.models import Due, DueState, Payment, PaymentShare
from backoffice.receivables.rules import DueSource, age_bounds
from backoffice.vouchers.models import CollectionPath

from .seeing import visible_dues


def due_of_call(call_id: int) -> Due | None:
    """What is due for the job of a call, or None: nothing was charged yet, or nothing has to be paid."""
    query = select(Due).where(Due.call_id == call_id, Due.source == DueSource.JOB, Due.state != DueState.VOID)
    return once(("due_of_call", call_id), lambda: db.session.scalar(query))


def know_dues(calls: Sequence[ServiceCall]) -> None:
    """Find the dues of all these calls at once, before `due_of_call` is asked for each (bulk acts)."""
    keys = [call.id for call in calls]
    query = select(Due).where(Due.call_id.in_(keys), Due.source == DueSource.JOB, Due.state != DueState.VOID)
    found = {due.call_id: due for due in db.session.scalars(query)}
    for key in keys:
        know(("due_of_call", key), found.get(key))


def is_open() -> ColumnElement[bool]:
    """Condition: something of the due is still to be paid."""
    return Due.state == DueState.DUE


def open_amount(due: Any = Due) -> ColumnElement[Decimal]:
    """`Due.open_amount` in the database; due: the class, an alias of it, or the table."""
    columns = due.c if hasattr(due, "c") else due
    return case(
        (columns.state.in_((DueState.WAIVED, DueState.VOID)), literal(NOTHING, Money())),
        else_=columns.amount - columns.paid_amount,
    )


def of_age(age: str) -> ColumnElement[bool]:
    """Condition: open, and so many days past its day (`rules.AGES`), or not past it yet for "0"."""
    if age == "0":
        return and_(is_open(), Due.due_on >= clock.today())
    first, last = age_bounds(age, clock.today())
    days = Due.due_on <= last if first is None else Due.due_on.between(first, last)
    return and_(is_open(), days)


def count_to_collect(by: Actor) -> Select[Any]:
    """How many open dues a technician may collect now: on site, or because an invoice covers them (W-5.3)."""
    return select(func.count()).select_from(Due).where(to_collect(), Due.technician_id == by.id)


def to_collect() -> ColumnElement[bool]:
    """Condition: open, and may be collected by a technician now (W-5.3)."""
    return and_(is_open(), or_(Due.path == CollectionPath.ONSITE, Due.is_invoiced))


def contracts_to_bill(day: date) -> Select[int]:
    """Keys of the contracts of which a period has begun by that day that was never made due (W-5.4)."""
    billed = exists().where(
        Due.contract_id == ServiceContract.id, Due.source == DueSource.CONTRACT,
        or_(Due.period_to >= day, Due.period_to >= last_day()),
    )  # fmt: skip
    return select(ServiceContract.id).where(
        ServiceContract.activated_at.is_not(None), ServiceContract.fee_mode.in_(list(PERIOD_MONTHS)),
        ServiceContract.fee_amount > NOTHING, ServiceContract.start_on <= day, last_day() >= ServiceContract.start_on,
        ~billed,
    )  # fmt: skip


def billed_periods(contract_ids: Sequence[int]) -> set[tuple[Any, Any]]:
    """(contract, first day) of the periods that were made due, void ones among them."""
    query = select(Due.contract_id, Due.period_from).where(
        Due.contract_id.in_(contract_ids), Due.source == DueSource.CONTRACT
    )
    return {(contract, first) for contract, first in db.session.execute(query)}


def open_dues_of(customer_ids: Sequence[int], by: Actor) -> dict[int, list[Due]]:
    """The open dues of these customers that the person sees, the oldest first: one statement."""
    query = select(Due).where(Due.customer_id.in_(customer_ids), is_open(), visible_dues(by))
    found: dict[int, list[Due]] = {}
    for due in db.session.scalars(query.order_by(Due.due_on, Due.id)):
        found.setdefault(due.customer_id, []).append(due)
    return found


def shares_of(due: Due) -> list[tuple[PaymentShare, Payment]]:
    """The shares in the due with their payments, in the order in which they were received."""
    query = (
        select(PaymentShare, Payment)
        .join(Payment, Payment.id == PaymentShare.payment_id)
        .where(PaymentShare.due_id == due.id)
        .order_by(Payment.received_at, Payment.id)
    )
    return [(share, payment) for share, payment in db.session.execute(query)]


def dues_of(payments: Iterable[int]) -> list[int]:
    """Keys of the dues in which these payments have shares."""
    return list(db.session.scalars(select(PaymentShare.due_id).where(PaymentShare.payment_id.in_(list(payments)))))

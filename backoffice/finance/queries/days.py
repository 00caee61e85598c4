"""The figures of one day that have rows: a condition for each, shared by the closing sheet and the lists behind it."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, or_, select

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.money import NOTHING
from backoffice.invoices.models import NUMBERED, Invoice, InvoiceState
from backoffice.receivables.models import CashHandover, Due, DueState, HandoverState, Payment
from backoffice.receivables.queries import in_hand
from backoffice.receivables.rules import DueSource, PaymentMethod

#: The act whose entries in the trail say when a request was rejected; the record does not keep the moment.
REJECT = "invoice.reject"
_REVERSAL = Payment.__table__.alias()


def is_of_day(moment: Any, day: date) -> ColumnElement[bool]:
    """Condition: the moment lies within the day of the office."""
    return (moment >= clock.day_start(day)) & (moment < clock.day_end(day))


def held_parts(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions of cash that somebody held at that moment: what he holds still, and what was counted since.

    They leave nothing in common; each has its index.
    """
    before = Payment.received_at < moment
    counted_since = select(CashHandover.id).where(
        CashHandover.state == HandoverState.CONFIRMED, CashHandover.confirmed_at >= moment
    )
    return in_hand() & before, Payment.is_handed_over & Payment.handover_id.in_(counted_since) & before


def _other_on(day: date) -> ColumnElement[bool]:
    return (Payment.method != PaymentMethod.CASH) & is_of_day(Payment.received_at, day)


def unseen_on(day: date) -> ColumnElement[bool]:
    """Condition: no cash, received on that day, and at its end finance had not seen the proof; reversals need none."""
    unseen = or_(Payment.checked_at.is_(None), Payment.checked_at >= clock.day_end(day))
    return and_(_other_on(day), Payment.amount > NOTHING, unseen)


def seen_on(day: date) -> ColumnElement[bool]:
    """Condition: no cash, received on that day, and its proof seen at its end; or reversed on that day."""
    return and_(_other_on(day), or_(Payment.amount < NOTHING, Payment.checked_at < clock.day_end(day)))


def paid_out_on(day: date) -> ColumnElement[bool]:
    """Condition: cash that went through nobody's hands: finance paid it out of what was counted before."""
    return and_(Payment.method == PaymentMethod.CASH, Payment.holder_id.is_(None), is_of_day(Payment.received_at, day))


def to_issue_parts(day: date) -> tuple[ColumnElement[bool], ...]:
    """Conditions of requests that at the end of the day were neither issued nor rejected: by what became of them."""
    end = clock.day_end(day)
    before = (Invoice.requested_at < end) & ~Invoice.is_red
    return (
        (Invoice.state == InvoiceState.REQUESTED) & before,
        (Invoice.issued_on > day) & before,
        (Invoice.state == InvoiceState.REJECTED) & Invoice.id.in_(_rejected_since(end)) & before,
    )


def to_count_parts(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions of handovers of before that moment: still to be counted, and counted since."""
    before = CashHandover.handed_at < moment
    return (CashHandover.state == HandoverState.OPEN) & before, (CashHandover.confirmed_at >= moment) & before


def to_check_parts(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions of payments that were no cash and not reversed by that moment: not seen yet, and seen since."""
    by_then = (
        select(_REVERSAL.c.id)
        .where(
            _REVERSAL.c.reversal_of_id == Payment.id, _REVERSAL.c.reversal_of_id.is_not(None),
            _REVERSAL.c.received_at < moment,
        )
        .exists()
    )  # fmt: skip
    of_before = and_(
        Payment.method != PaymentMethod.CASH, Payment.reversal_of_id.is_(None), Payment.received_at < moment, ~by_then
    )
    return Payment.checked_at.is_(None) & of_before, (Payment.checked_at >= moment) & of_before


def _any(parts: tuple[ColumnElement[bool], ...]) -> ColumnElement[bool]:
    return or_(*parts)


def rejected_on(day: date) -> ColumnElement[bool]:
    """Condition: the request was rejected on that day, as the trail says."""
    entries = select(AuditEntry.subject_id).where(
        AuditEntry.act == REJECT, AuditEntry.subject_type == Invoice.__tablename__, is_of_day(AuditEntry.event_at, day)
    )
    return (Invoice.state == InvoiceState.REJECTED) & Invoice.id.in_(entries)


def _rejected_since(moment: datetime) -> Any:
    return select(AuditEntry.subject_id).where(
        AuditEntry.act == REJECT, AuditEntry.subject_type == Invoice.__tablename__, AuditEntry.event_at >= moment
    )


def requested_on(day: date) -> ColumnElement[bool]:
    """Condition: requested on that day, whatever became of it; red invoices are not requested."""
    return is_of_day(Invoice.requested_at, day) & ~Invoice.is_red


def issued_on(day: date) -> ColumnElement[bool]:
    """Condition: issued with that date, no red one."""
    return (Invoice.issued_on == day) & Invoice.state.in_(NUMBERED) & ~Invoice.is_red


def red_on(day: date) -> ColumnElement[bool]:
    """Condition: a red one of that date."""
    return (Invoice.issued_on == day) & Invoice.is_red


def delivered_on(day: date) -> ColumnElement[bool]:
    """Condition: delivered on that day."""
    return is_of_day(Invoice.delivered_at, day)


def _received(day: date) -> ColumnElement[bool]:
    return is_of_day(Payment.received_at, day) & (Payment.amount > NOTHING)


def _reversed(day: date) -> ColumnElement[bool]:
    return is_of_day(Payment.received_at, day) & (Payment.amount < NOTHING)


def _held(day: date) -> ColumnElement[bool]:
    return is_of_day(Payment.received_at, day) & Payment.holder_id.is_not(None)


def _waived(day: date) -> ColumnElement[bool]:
    return (Due.state == DueState.WAIVED) & is_of_day(Due.waived_at, day)


def _made(source: DueSource) -> Callable[[date], ColumnElement[bool]]:
    return lambda day: is_of_day(Due.made_at, day) & (Due.source == source)


#: By table: the figures of the sheet that have rows, key -> (words, condition of the day).
FIGURES: dict[type[Any], dict[str, tuple[Any, Callable[[date], ColumnElement[bool]]]]] = {
    Payment: {
        "received": (_l("received"), _received),
        "reversed": (_l("reversed"), _reversed),
        "seen": (_l("seen by finance"), seen_on),
        "unseen": (_l("not seen yet"), unseen_on),
        "paid_out": (_l("paid out by finance"), paid_out_on),
        "held": (_l("cash received"), _held),
        "opening": (_l("in hand at the beginning"), lambda day: _any(held_parts(clock.day_start(day)))),
        "in_hand": (_l("in hand at the end"), lambda day: _any(held_parts(clock.day_end(day)))),
        "to_check": (_l("to check at the end"), lambda day: _any(to_check_parts(clock.day_end(day)))),
    },
    CashHandover: {
        "counted": (_l("counted"), lambda day: is_of_day(CashHandover.confirmed_at, day)),
        "to_count": (_l("to count at the end"), lambda day: _any(to_count_parts(clock.day_end(day)))),
    },
    Due: {
        "waived": (_l("waived"), _waived),
        **{f"made-{one.value}": (one.label, _made(one)) for one in DueSource},
    },
    Invoice: {
        "requested": (_l("requested"), requested_on),
        "issued": (_l("issued"), issued_on),
        "red": (_l("red"), red_on),
        "delivered": (_l("delivered"), delivered_on),
        "rejected": (_l("rejected"), rejected_on),
        "to_issue": (_l("to issue at the end"), lambda day: _any(to_issue_parts(day))),
    },
}

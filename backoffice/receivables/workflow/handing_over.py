"""Cash goes from whoever collected it to finance, who counts it (E-15, N-10, W-5.1, P-4)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import notices
from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.locking import locked
from backoffice.core.money import NOTHING, check_amount
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.organisation.models import User
from backoffice.organisation.queries import supervisor_ids
from backoffice.organisation.workflow.numbers import take_number
from backoffice.receivables import queries
from backoffice.receivables.models import CashHandover, HandoverState, Payment
from backoffice.receivables.rules import left_over

from .dues import RESTATING, lock_dues, restate

DIFFERED = notices.kind(
    "handover.differed", _l("Handover %(number)s of %(name)s differs by ¥%(difference)s: %(reason)s")
)
SENT_BACK = notices.kind("handover.sent_back", _l("Finance has sent handover %(number)s back: %(reason)s"))


@act(
    "handover.create", CashHandover, permission=Permission.HANDOVER_GIVE, label=_l("Hand over cash"), rule="E-15",
    creates=True, bulk=False,
)  # fmt: skip
def create(*, by: User, at: datetime, payments: Sequence[Payment] | None = None) -> CashHandover:
    """Put the cash that one holds on a slip for finance, together with what earlier counts have left.

    payments: None for all of it; a reversed payment and its reversal go together. One slip at a time.
    """
    lines = _lines(payments, by)
    number = take_number("N-10", by.branch_id)  # locks the series: whoever hands over at the same moment is seen below
    _check_none_open(by)
    latest = queries.latest_confirmed(by.id)
    carried = left_over(latest.difference if latest is not None else None)
    if not lines and carried <= 0:
        raise RuleViolated(_l("You hold no cash that could be handed over."), rule="E-15", field="payments")
    for payment in lines:
        check_after(at, payment.received_at, _l("Payment %(number)s", number=payment.number))
    total = sum((payment.amount for payment in lines), NOTHING)
    handover = CashHandover(
        number=number, branch_id=by.branch_id, state=HandoverState.OPEN, collector_id=by.id, handed_at=at,
        lines_total=total, carried=carried, total=total + carried,
    )  # fmt: skip
    db.session.add(handover)
    db.session.flush()
    for payment in lines:
        payment.handover_id = handover.id
    return handover


def _lines(payments: Sequence[Payment] | None, by: User) -> list[Payment]:
    """The cash payments meant, locked; raises RuleViolated for what the person does not hold any more."""
    query = queries.held_by(by.id)
    if payments is not None:
        keys = [payment.id for payment in payments]
        keys += [payment.reversal_of_id for payment in payments if payment.reversal_of_id is not None]
        query = query.where(Payment.id.in_(keys) | Payment.reversal_of_id.in_(keys))
    found = locked(Payment, list(db.session.scalars(query.with_only_columns(Payment.id).order_by(None))))
    there = [one for one in found if one.holder_id == by.id and one.handover_id is None]
    if payments is not None and not {payment.id for payment in payments} <= {one.id for one in there}:
        raise RuleViolated(
            _l("You do not hold one of these payments any more. Look at the list again."), rule="E-15", field="payments"
        )
    return there


def _check_none_open(by: User) -> None:
    waiting = queries.open_handover(by.id)
    if waiting is not None:
        raise RuleViolated(
            _l("Your handover %(number)s still waits to be counted.", number=waiting.number), rule="E-15",
            remedy=Remedy(_l("Open the handover"), "cash_handovers.details_view", {"id": waiting.id}),
        )  # fmt: skip


def _by_another(handover: CashHandover, by: Actor) -> None:
    if handover.collector_id == by.id:
        raise NotPermitted(_l("This is your own cash: somebody else counts and confirms it."), rule="P-4")


@act(
    "handover.confirm", CashHandover, permission=Permission.HANDOVER_CONFIRM, label=_l("Count and confirm"),
    rule="W-5.1", sources=[HandoverState.OPEN], target=HandoverState.CONFIRMED, guards=[_by_another], also=RESTATING,
    bulk=False, tone="primary", order=10,
)  # fmt: skip
def confirm(
    handover: CashHandover, *, by: User, at: datetime, counted_total: Decimal | None = None, reason: str = ""
) -> None:
    """Finance has counted the cash: never the collector (P-4). A difference needs its reason and stays with him.

    The payments are handed over, and their dues follow (W-5.1).
    """
    if counted_total is None:
        raise MissingInput(_l("Enter what was counted; 0 where nothing was there."), rule="E-15", field="counted_total")
    counted = check_amount(counted_total, "counted_total")
    check_after(at, handover.handed_at, _l("Handed over"))
    difference = counted - handover.total
    because = ""
    if difference:
        because = given(
            reason, 300, "reason",
            _l("What was counted differs by ¥%(difference)s. Give the reason.", difference=f"{difference:+,.2f}"),
            lines=True, rule="E-15",
        )  # fmt: skip
    lines = _lock_lines(handover)
    for payment in lines:
        payment.is_handed_over = True
    restate(lock_dues(queries.dues_of(payment.id for payment in lines)))
    _make_room(handover)
    handover.counted_total, handover.difference, handover.difference_reason = counted, difference, because
    handover.confirmed_at, handover.confirmed_by_id, handover.is_latest = at, by.id, True
    if difference:
        people = [handover.collector_id, *(key for key in supervisor_ids(handover.branch_id) if key != by.id)]
        notices.send(
            DIFFERED, people, handover, number=handover.number, name=handover.collector.real_name,
            difference=f"{difference:+,.2f}", reason=because,
        )  # fmt: skip


def _make_room(handover: CashHandover) -> None:
    """The count before it is the latest no more; the database lets no two be it, be it for a moment."""
    previous = queries.latest_confirmed(handover.collector_id)
    if previous is not None:
        previous.is_latest = False
        db.session.flush()


def _collector_or_finance(handover: CashHandover, by: Actor) -> None:
    if handover.collector_id != by.id and not by.can(Permission.HANDOVER_CONFIRM):
        raise NotPermitted(_l("Only the collector or finance withdraws a handover."), rule="P-3")


@act(
    "handover.withdraw", CashHandover, permission=(Permission.HANDOVER_GIVE, Permission.HANDOVER_CONFIRM),
    label=_l("Withdraw"), rule="E-15", sources=[HandoverState.OPEN], target=HandoverState.WITHDRAWN,
    guards=[_collector_or_finance], bulk=False, tone="danger", order=60,
)  # fmt: skip
def withdraw(handover: CashHandover, *, by: User, at: datetime, reason: str = "") -> None:
    """Take the slip back before it is counted, with a reason: the collector holds its cash as before."""
    handover.withdraw_reason = given(reason, 300, "reason", _l("Say why."), lines=True, rule="E-15")
    for payment in _lock_lines(handover):
        payment.handover_id = None
    if handover.collector_id != by.id:
        notices.send(
            SENT_BACK, [handover.collector_id], handover, number=handover.number, reason=handover.withdraw_reason
        )


def _lock_lines(handover: CashHandover) -> list[Payment]:
    return locked(Payment, db.session.scalars(select(Payment.id).where(Payment.handover_id == handover.id)))

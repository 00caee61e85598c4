"""Money comes in: for one due, or one payment for several dues of a customer (E-15, W-5.1, W-5.3, W-5.6)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import attachments, clock
from backoffice.core.acts import act
from backoffice.core.attachments import AttachmentKind, Upload
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RecordNotFound, Remedy, RuleViolated
from backoffice.core.money import NOTHING, check_above_zero
from backoffice.core.once import once
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import visible
from backoffice.core.texts import clean
from backoffice.organisation.models import User
from backoffice.organisation.workflow.numbers import take_number
from backoffice.receivables import queries
from backoffice.receivables.models import Due, DueState, Payment, PaymentShare
from backoffice.receivables.rules import MOST_DUES, PaymentMethod, allocate
from backoffice.settings import queries as settings
from backoffice.vouchers.models import CollectionPath

from .dues import RESTATING, open_page, restate

_RIGHTS = (Permission.PAYMENT_RECEIVE, Permission.PAYMENT_RECEIVE_OWN)


def may_collect(due: Due, by: Actor) -> None:
    """Guard: finance collects any due; a technician his own, on site or once an invoice covers it (W-5.3)."""
    if by.can(Permission.PAYMENT_RECEIVE):
        return
    if not queries.is_own(due, by):
        raise NotPermitted(_l("This is not a due of one of your jobs."), rule="P-3")
    if due.path is CollectionPath.INVOICE_FIRST and not due.is_invoiced:
        raise RuleViolated(
            _l("Due %(number)s is paid against an invoice: request that first, then collect.", number=due.number),
            rule="W-5.3", remedy=open_page(due),
        )  # fmt: skip


@act(
    "due.receive", Due, permission=_RIGHTS, label=_l("Receive payment"), rule="E-15", sources=[DueState.DUE],
    also=RESTATING, guards=[may_collect], tone="primary", order=10,
)  # fmt: skip
def receive(
    due: Due, *, by: User, at: datetime, amount: Decimal | None = None, method: PaymentMethod | None = None,
    proof: Upload | None = None, reference: str = "",
) -> Payment:  # fmt: skip
    """Write down money received for one due: all that is open (amount None), or a part of it, never more.

    method: None for cash. proof: a picture or paper, needed for all that is no cash. Returns the payment.
    """
    return _receive([due], amount, method, proof, reference, by, at)


@act(
    "payment.create", Payment, permission=_RIGHTS, label=_l("Receive payment"), rule="E-15", creates=True, bulk=False,
    also=RESTATING,
)  # fmt: skip
def create(
    *, by: User, at: datetime, dues: Sequence[Due] = (), amount: Decimal | None = None,
    method: PaymentMethod | None = None, proof: Upload | None = None, reference: str = "",
) -> Payment:  # fmt: skip
    """One payment for several dues of one customer, like `due.receive`.

    It covers them in the order of the days on which they had to be paid; the last may be covered in part, and a due
    of which it would cover nothing is refused: it is left out first.
    """
    picked = _locked(dues, by)
    if len({due.customer_id for due in picked}) > 1:
        raise RuleViolated(_l("These dues are of several customers; a payment is of one."), rule="E-15", field="dues")
    if len({due.branch_id for due in picked}) > 1:
        raise RuleViolated(_l("These dues are of several branches; a payment is of one."), rule="E-15", field="dues")
    for due in picked:
        receive.check(due, by)
    return _receive(sorted(picked, key=lambda due: (due.due_on, due.id)), amount, method, proof, reference, by, at)


def _locked(dues: Sequence[Due], by: Actor) -> list[Due]:
    """The dues as they are now, locked; raises RecordNotFound for what the person does not see."""
    keys = {due.id for due in dues}
    if not keys:
        raise MissingInput(_l("Choose what is paid."), rule="E-15", field="dues")
    if len(keys) > MOST_DUES:
        raise RuleViolated(
            _l("A payment is for at most %(most)s dues, these are %(count)s.", most=MOST_DUES, count=len(keys)),
            rule="E-15", field="dues",
        )  # fmt: skip
    query = select(Due).where(Due.id.in_(sorted(keys)), visible(Due, by)).order_by(Due.id).with_for_update(of=Due)
    found = list(db.session.scalars(query.execution_options(populate_existing=True)))
    if len(found) < len(keys):
        raise RecordNotFound
    return found


def _receive(
    dues: Sequence[Due], amount: Decimal | None, method: PaymentMethod | None, proof: Upload | None, reference: str,
    by: User, at: datetime,
) -> Payment:  # fmt: skip
    """Write the payment with its shares, in the order of the locked dues, and let the dues follow."""
    method = method or PaymentMethod.CASH
    shares = _shares(dues, amount)
    if method is PaymentMethod.CASH:
        _check_not_late(by)
    elif proof is None:
        raise MissingInput(
            _l("Attach the proof: a picture of the receipt, or the paper."), rule="E-15", field="proof"
        )  # fmt: skip
    first = dues[0]
    payment = Payment(
        number=take_number("N-24", first.branch_id), branch_id=first.branch_id, customer_id=first.customer_id,
        customer_kind=first.customer_kind, customer_name=first.customer_name, amount=sum(shares, NOTHING),
        method=method, received_at=at, received_by_id=by.id, reference=clean(reference, 60, "reference"),
        holder_id=by.id if method is PaymentMethod.CASH else None,
        shares=[
            PaymentShare(branch_id=due.branch_id, due_id=due.id, amount=share)
            for due, share in zip(dues, shares, strict=True)
        ],
    )  # fmt: skip
    db.session.add(payment)
    db.session.flush()  # the dues are summed up anew, and the proof needs its key
    if proof is not None:
        attachments.attach(payment, proof, AttachmentKind.OTHER, by=by)
    restate(dues)
    return payment


def _shares(dues: Sequence[Due], amount: Decimal | None) -> list[Decimal]:
    """What of the amount goes to each due; raises MissingInput, RuleViolated naming `amount` (E-15, G-01)."""
    opens = [due.open_amount for due in dues]
    whole = sum(opens, NOTHING)
    amount = whole if amount is None else check_above_zero(amount, "amount", rule="E-15")
    if amount > whole:
        raise RuleViolated(
            _l("Only ¥%(open)s is open. Enter at most that.", open=f"{whole:,.2f}"), rule="E-15", field="amount"
        )
    shares = allocate(amount, opens)
    if left_out := next((due for due, share in zip(dues, shares, strict=True) if not share), None):
        raise RuleViolated(
            _l("The amount does not reach due %(number)s. Leave it out, or enter more.", number=left_out.number),
            rule="E-15", field="amount",
        )  # fmt: skip
    return shares


def _check_not_late(by: User) -> None:
    """Raises RuleViolated for whoever should have handed over cash by now, while the switch is on (C-05, W-5.6)."""
    if not settings.flag("C-05"):
        return
    cash = once(("cash_of", by.id), lambda: queries.cash_of(by.id))
    if cash.is_late and cash.since is not None:
        raise RuleViolated(
            _l("You hold cash since %(day)s. Hand it over first; until then you cannot receive more.",
               day=clock.local(cash.since).date().isoformat()),
            rule="W-5.6", field="method", remedy=Remedy(_l("Hand over cash"), "cash_handovers.create_view"),
        )  # fmt: skip

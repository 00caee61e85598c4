"""Direct edits of dues, payments and handovers past the acts, one for each of their invariants."""

from decimal import Decimal
from typing import Any

from sqlalchemy import text

from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.receivables.models import DueState, HandoverState
from tests import factories as make
from tests.invariants.breaking import breaks, drop_index, drop_unique, write
from tests.money import make_due, make_handover, make_payment, make_reversal


def drop_trigger(table: str) -> None:
    """Let rows of an append-only table be changed, in the transaction of the test."""
    db.session.flush()
    on = f" ON {table}" if db.session.get_bind().dialect.name == "postgresql" else ""
    db.session.execute(text(f"DROP TRIGGER {table}_no_update{on}"))


def technician() -> Any:
    return make.make_user(Role.TECHNICIAN)


def paid_due(state: DueState = DueState.COLLECTED) -> Any:
    """A due that is paid in cash, which nobody has counted."""
    due = make_due(state=state)
    make_payment(due, technician())
    return due


def paid(**over: Any) -> Any:
    """A payment in cash, for a due that follows it."""
    return make_payment(make_due(state=DueState.COLLECTED), technician(), **over)


@breaks("due.number_is_unique", refused_by_sqlite=True)
def _() -> Any:
    drop_unique("due", "uq_due_number")
    return write(make_due(), number=make_due().number)


@breaks("payment.number_is_unique", refused_by_sqlite=True)
def _() -> Any:
    drop_unique("payment", "uq_payment_number")
    drop_trigger("payment")
    return write(paid(), number=paid().number)


@breaks("cash_handover.number_is_unique", refused_by_sqlite=True)
def _() -> Any:
    drop_unique("cash_handover", "uq_cash_handover_number")
    return write(make_handover(technician()), number=make_handover(technician()).number)


@breaks("due.is_the_sum_of_its_lines")
def _() -> Any:
    return write(make_due(), amount=Decimal(299))


@breaks("due.is_paid_by_its_shares")
def _() -> Any:
    paid_due()
    return write(make_due(), paid_amount=Decimal(1))


@breaks("due.follows_its_payments")
def _() -> Any:
    paid_due()
    return paid_due(DueState.CONFIRMED)


@breaks("payment.is_shared_out")
def _() -> Any:
    payment = paid()
    drop_trigger("payment")
    return write(payment, amount=Decimal(299))


@breaks("payment_share.is_of_one_customer")
def _() -> Any:
    payment = paid()
    write(payment, customer_id=make.make_customer().id)
    return payment.shares[0]


@breaks("payment.reversal_mirrors_its_payment")
def _() -> Any:
    by = technician()
    make_reversal(make_payment(make_due(), by), by)
    reversal = make_reversal(make_payment(make_due(), by), by)
    drop_trigger("payment_share")
    write(reversal.shares[0], amount=Decimal(-299))
    return reversal


@breaks("payment.reversal_is_the_only_one", refused_by_sqlite=True)
def _() -> Any:
    drop_unique("payment", "uq_payment_reversal_of_id")
    by, payment = technician(), paid()
    make_reversal(payment, by)
    return make_reversal(payment, by)


@breaks("payment.is_on_a_handover_that_fits")
def _() -> Any:
    by = technician()
    counted, waiting = (make_payment(make_due(state=DueState.COLLECTED), by) for _ in range(2))
    make_handover(by, HandoverState.CONFIRMED, [counted])
    make_handover(by, HandoverState.OPEN, [waiting])
    return write(waiting, is_handed_over=True)


@breaks("payment.cash_has_a_holder")
def _() -> Any:
    paid()
    return paid(holder_id=None)


@breaks("cash_handover.is_the_sum_of_its_payments")
def _() -> Any:
    make_handover(technician(), HandoverState.WITHDRAWN, lines_total=Decimal(7))
    return make_handover(technician(), lines_total=Decimal(5))


@breaks("cash_handover.carries_what_was_left")
def _() -> Any:
    by = technician()
    payment = make_payment(make_due(state=DueState.COLLECTED), by)
    make_handover(by, HandoverState.CONFIRMED, [payment], counted_total=Decimal(280))
    make_handover(by, HandoverState.WITHDRAWN)
    return make_handover(by)


@breaks("cash_handover.is_marked_where_latest")
def _() -> Any:
    by = technician()
    for _ in range(2):
        make_handover(by, HandoverState.CONFIRMED, [make_payment(make_due(state=DueState.COLLECTED), by)])
    return write(make_handover(by, HandoverState.CONFIRMED), is_latest=False)


@breaks("cash_handover.is_the_only_open_one")
def _() -> Any:
    drop_index("uq_cash_handover_open")
    by = technician()
    make_handover(by)
    return make_handover(by)

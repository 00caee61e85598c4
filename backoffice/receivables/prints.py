"""Papers about money: the slip of a cash handover (F-16), and a customer's statement of account (F-19)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from backoffice.core import clock
from backoffice.core.money import NOTHING, capitals
from backoffice.core.permissions import Permission
from backoffice.customers.models import Customer
from backoffice.ui.printing import Paper, Personal, print_form

from . import queries
from .models import CashHandover, Due, HandoverState, Payment, PaymentShare
from .rules import AGES, age_of

#: Months before this one whose payments a statement names.
STATEMENT_MONTHS = 12
#: How old what is open is, on a statement.
AGE_WORDS = {
    "": _l("not past its day"), "1": _l("1 to 30 days"), "31": _l("31 to 60 days"), "61": _l("61 to 90 days"),
    "91": _l("more than 90 days"),
}  # fmt: skip


@print_form(
    "F-16", CashHandover, label=_l("Cash handover slip"), paper=Paper.A5, template="receivables/print_handover.html",
    permission=(Permission.CASH_READ, Permission.CASH_READ_OWN), copies=(_l("Finance"), _l("Collector")),
    load=(
        joinedload(CashHandover.collector), joinedload(CashHandover.confirmed_by),
        selectinload(CashHandover.payments).selectinload(Payment.shares).joinedload(PaymentShare.due),
    ),
)  # fmt: skip
def handover_sheets(handovers: Sequence[CashHandover], personal: Personal) -> list[dict[str, Any]]:
    """The payments with the numbers of their dues and vouchers, and what was counted; customers are not named."""
    return [_slip(handover) for handover in handovers]


def _slip(handover: CashHandover) -> dict[str, Any]:
    lines = [
        {
            "payment": payment, "day": clock.local(payment.received_at).date(),
            "dues": [share.due for share in payment.shares],
        }
        for payment in handover.payments
    ]  # fmt: skip
    is_void = handover.state is HandoverState.WITHDRAWN
    return {"lines": lines, "words": capitals(handover.total), "void": handover.state.label if is_void else ""}


@print_form(
    "F-19", Customer, label=_l("Statement of account"), paper=Paper.A4, template="receivables/print_statement.html",
    permission=(Permission.CASH_READ, Permission.INVOICE_REQUEST),
)  # fmt: skip
def statement_sheets(customers: Sequence[Customer], personal: Personal) -> list[dict[str, Any]]:
    """What each customer owes by its age, and his payments of the last twelve months; his name in full where it may."""
    today = clock.today()
    since = _months_before(today.replace(day=1), STATEMENT_MONTHS - 1)
    keys = [customer.id for customer in customers]
    dues = queries.open_dues_of(keys, personal.by)
    payments = queries.payments_of(keys, clock.day_start(since), personal.by)
    return [
        {
            "customer": personal.full(customer, "name"), "address": personal.full(customer, "address"),
            "today": today, "since": since, **_account(dues.get(customer.id, []), payments.get(customer.id, []), today),
        }
        for customer in customers
    ]  # fmt: skip


def _account(dues: Sequence[Due], payments: Sequence[Payment], today: date) -> dict[str, Any]:
    by_age = dict.fromkeys(("", *AGES), NOTHING)
    for due in dues:
        by_age[age_of(due.due_on, today)] += due.open_amount
    return {
        "dues": dues, "payments": payments, "balance": _sum(due.open_amount for due in dues),
        "paid": _sum(payment.amount for payment in payments),
        "ages": [(AGE_WORDS[age], amount) for age, amount in by_age.items()],
    }  # fmt: skip


def _sum(amounts: Any) -> Decimal:
    return sum(amounts, NOTHING)


def _months_before(day: date, months: int) -> date:
    """The first day of the month that lies so many months before that of `day`."""
    place = day.year * 12 + day.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)

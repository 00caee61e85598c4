"""Every hour: limits of money that passed are told (J-02): invoice requests, invoices, cash in hand."""

from collections.abc import Iterable
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import clock, jobs, notices
from backoffice.core.db import db
from backoffice.finance.queries import cash, waiting
from backoffice.invoices.models import Invoice
from backoffice.invoices.queries import is_late as is_late_invoice
from backoffice.organisation.models import User
from backoffice.organisation.queries import finance_ids, supervisor_ids
from backoffice.receivables.models import CashHandover, Due, Payment
from backoffice.receivables.queries import is_late as is_late_cash

JOB = "J-02"
REQUEST_LATE = notices.kind(
    "finance.request_late", _l("No invoice was requested for due %(number)s, though the goods went back on %(day)s.")
)
ISSUE_LATE = notices.kind(
    "finance.issue_late", _l("Invoice request %(number)s was to be issued by the end of %(day)s.")
)
CASH_LATE = notices.kind(
    "finance.cash_late", _l("%(name)s holds ¥%(amount)s in cash since %(day)s and has not handed it over.")
)


@jobs.job(JOB, _l("Tell of invoice requests, invoices and cash that are late"), when="0 * * * *")
def remind(day: date, at: datetime) -> int:
    """Tell of everything that is late at that moment, once for each record and day; returns of how many."""
    return _requests(day, at) + _invoices(day, at) + _cash(day, at)


def _requests(day: date, at: datetime) -> int:
    """TL-07: finance and the supervisors are told of paid goods that went back without a request."""
    late = db.session.scalars(select(Due).where(waiting.request_late(at)).order_by(Due.id))
    found = jobs.fresh(JOB, day, at, late)
    for due in found:
        notices.send(REQUEST_LATE, _of_branch(due.branch_id), due, number=due.number, day=_day(due.made_at))
    return len(found)


def _invoices(day: date, at: datetime) -> int:
    """TL-15: finance is told of requests that wait too long."""
    late = db.session.scalars(select(Invoice).where(is_late_invoice()).order_by(Invoice.id))
    found = jobs.fresh(JOB, day, at, late)
    for invoice in found:
        last = _day(invoice.issue_due_at - clock.RESOLUTION)
        notices.send(ISSUE_LATE, finance_ids(invoice.branch_id), invoice, number=invoice.number, day=last)
    return len(found)


def _cash(day: date, at: datetime) -> int:
    """TL-14: whoever holds cash too long, finance and the supervisors of his branch are told."""
    late = {one.cash.user_id: one for one in cash.late_holders()}
    people = jobs.fresh(JOB, day, at, db.session.scalars(select(User).where(User.id.in_(late)).order_by(User.id)))
    oldest = _oldest(user.id for user in people)
    for user in people:
        one = late[user.id]
        about = oldest.get(user.id) or db.session.get(CashHandover, one.last_id)
        notices.send(
            CASH_LATE, [user.id, *_of_branch(user.branch_id)], about, name=user.real_name,
            amount=f"{one.cash.amount:,.2f}", day=_day(one.cash.since or at),
        )  # fmt: skip
    return len(people)


def _oldest(people: Iterable[int]) -> dict[int, Payment]:
    """The oldest payment that each of them has not handed over."""
    found: dict[int, Payment] = {}
    query = select(Payment).where(is_late_cash(), Payment.holder_id.in_(list(people)))
    for payment in db.session.scalars(query.order_by(Payment.received_at, Payment.id)):
        if payment.holder_id is not None:
            found.setdefault(payment.holder_id, payment)
    return found


def _of_branch(branch_id: int) -> list[int]:
    return [*finance_ids(branch_id), *supervisor_ids(branch_id)]


def _day(moment: datetime) -> str:
    return clock.local(moment).date().isoformat()

"""Checking a day from both sides, closing it when it adds up, reopening it with a reason (W-7)."""

from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert

from backoffice.core import clock
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.organisation.models import User
from backoffice.reconciliation import queries
from backoffice.reconciliation.models import DayBook, DayLine, DayState

#: Calls that a refusal names.
_NAMED = 5


@act(
    "day.open", DayBook, permission=(Permission.DAY_CHECK_SERVICE, Permission.DAY_CHECK_SALES),
    label=_l("Begin the reconciliation"), rule="W-7", creates=True, bulk=False,
)  # fmt: skip
def open_book(*, by: User, at: datetime, day: date | None = None) -> DayBook:
    """Open the book of a day of the own branch, today unless said otherwise."""
    day = day or clock.today()
    if day > clock.today():
        raise RuleViolated(_l("That day has not come yet."), rule="W-7", field="day")
    if day.year < 2000:
        raise MissingInput(_l("Enter a date after the year 2000."), rule="G-04", field="day")
    if book := queries.book_of(by.branch_id, day):
        raise RuleViolated(
            _l("The reconciliation of %(day)s has begun already.", day=day.isoformat()), rule="W-7", field="day",
            remedy=Remedy(_l("Open it"), "day_books.details_view", {"id": book.id}),
        )  # fmt: skip
    book = DayBook(branch_id=by.branch_id, day=day, state=DayState.OPEN)
    db.session.add(book)
    return book


def _not_checked_by(book: DayBook, by: Actor) -> None:
    if by.id in (book.service_checked_by_id, book.sales_checked_by_id):
        raise NotPermitted(_l("You have checked this day already; the other side is another person's."), rule="P-4")


def _service_is_open(book: DayBook, by: Actor) -> None:
    if book.service_checked_at is not None:
        raise RuleViolated(_l("The service side has been checked already."), rule="W-7")


def _sales_is_open(book: DayBook, by: Actor) -> None:
    if book.sales_checked_at is not None:
        raise RuleViolated(_l("The sales side has been checked already."), rule="W-7")


def _settle(book: DayBook) -> None:
    if book.service_checked_at is not None and book.sales_checked_at is not None:
        book.state = DayState.CHECKED


_CHECKED = [(DayBook, DayState.OPEN, DayState.CHECKED)]


@act(
    "day.check_service", DayBook, permission=Permission.DAY_CHECK_SERVICE, label=_l("Checked: service side"),
    rule="W-7", sources=[DayState.OPEN], also=_CHECKED, guards=[_service_is_open, _not_checked_by], bulk=False,
    tone="primary", order=10,
)  # fmt: skip
def check_service(book: DayBook, *, by: Actor, at: datetime) -> None:
    """The service department has compared register and vouchers."""
    book.service_checked_at, book.service_checked_by_id = at, by.id
    _settle(book)


@act(
    "day.check_sales", DayBook, permission=Permission.DAY_CHECK_SALES, label=_l("Checked: sales side"), rule="W-7",
    sources=[DayState.OPEN], also=_CHECKED, guards=[_sales_is_open, _not_checked_by], bulk=False, tone="primary",
    order=15,
)  # fmt: skip
def check_sales(book: DayBook, *, by: Actor, at: datetime) -> None:
    """A salesperson of the branch has compared them."""
    book.sales_checked_at, book.sales_checked_by_id = at, by.id
    _settle(book)


@act(
    "day.close", DayBook, permission=Permission.DAY_CHECK_SERVICE, label=_l("Close the day"), rule="W-7",
    sources=[DayState.CHECKED], target=DayState.CLOSED, bulk=False, tone="primary", order=20,
)  # fmt: skip
def close(book: DayBook, *, by: Actor, at: datetime) -> None:
    """Keep each call in the column in which it stands; refused while the columns do not add up to the register."""
    day = queries.day_of(book.branch_id, book.day)
    if not day.adds_up:
        named = ", ".join(number for _, number in day.unaccounted[:_NAMED])
        raise RuleViolated(
            _l("The register has %(registered)s calls, the columns %(counted)s. Look at: %(numbers)s",
               registered=day.registered, counted=day.counted, numbers=named or "–"),
            rule="W-7",
        )  # fmt: skip
    book.closing += 1
    book.members = day.registered
    book.closed_at, book.closed_by_id = at, by.id
    rows = [
        {"book_id": book.id, "closing": book.closing, "call_id": key, "standing": standing}
        for standing, calls in day.columns.items() for key, _ in calls
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(DayLine), rows)


@act(
    "day.reopen", DayBook, permission=Permission.DAY_REOPEN, label=_l("Reopen"), rule="W-7",
    sources=[DayState.CLOSED], target=DayState.OPEN, bulk=False, tone="danger", order=80,
)  # fmt: skip
def reopen(book: DayBook, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Open a closed day again: it is checked from both sides anew; what it held when it was closed stays on record."""
    book.reopen_reason = given(reason, 500, "reason", _l("Say why the day is opened again."), rule="W-7", lines=True)
    book.reopened_at = at
    book.closed_at = book.closed_by_id = None
    book.service_checked_at = book.service_checked_by_id = None
    book.sales_checked_at = book.sales_checked_by_id = None

"""Rules of dues and payments on plain values."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.core import clock
from backoffice.core.deadlines import Calendar, CalendarKind, after_days
from backoffice.core.money import NOTHING
from backoffice.core.states import LabelledEnum

#: Dues that one payment covers at most.
MOST_DUES = 200
#: Ages of what is due, in days since it had to be paid: name -> (from, to), both included.
AGES: dict[str, tuple[int, int | None]] = {"1": (1, 30), "31": (31, 60), "61": (61, 90), "91": (91, None)}


class DueSource(LabelledEnum):
    """For what something is due (E-15)."""

    JOB = "job", _l("Job")
    CONTRACT = "contract", _l("Contract period")
    SALE = "sale", _l("Parts sale")


class PaymentMethod(LabelledEnum):
    """How it was paid (E-15)."""

    CASH = "cash", _l("Cash")
    WECHAT = "wechat", _l("WeChat Pay")
    ALIPAY = "alipay", _l("Alipay")
    TRANSFER = "transfer", _l("Bank transfer")
    CHEQUE = "cheque", _l("Cheque")


def allocate(amount: Decimal, open_amounts: Sequence[Decimal]) -> list[Decimal]:
    """What of `amount` goes to each open amount, in their order: the first are covered, the last may be in part.

    The shares add up to `amount` unless it is more than all open amounts together.
    """
    shares = []
    for one in open_amounts:
        share = min(amount, one)
        shares.append(share)
        amount -= share
    return shares


def late_before(at: datetime, days: int, calendar: Calendar) -> datetime:
    """The moment before which cash must have been received to be late at `at`, with so many working days (TL-14)."""
    day = clock.local(at).date()
    while after_days(clock.day_start(day), days, CalendarKind.WORKING_DAYS, calendar) > at:
        day -= timedelta(days=1)
    return clock.day_end(day)


def age_bounds(age: str, today: date) -> tuple[date | None, date]:
    """First and last `due_on` of what is that old today (`AGES`); no first one for the oldest."""
    least, most = AGES[age]
    return today - timedelta(days=most) if most is not None else None, today - timedelta(days=least)


def age_of(due_on: date, today: date) -> str:
    """The age (`AGES`) of what had to be paid on that day; "" where that is not past."""
    days = (today - due_on).days
    return next((age for age, (least, most) in AGES.items() if least <= days and (most is None or days <= most)), "")


def left_over(difference: Decimal | None) -> Decimal:
    """What a count left with the collector: missing cash above 0, surplus below; difference: None for no count."""
    return -difference if difference else NOTHING

"""Rules of service contracts on plain values: term, follow-on term, billing periods, contract years. Pure functions."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.money import check_amount, round_fen
from backoffice.core.states import LabelledEnum
from backoffice.products.rules import FIRST_DAY, add_months

#: Months of the longest contract.
MOST_MONTHS = 240
#: Units of one contract at most.
MOST_UNITS = 500
MOST_VISITS = 366
_DAY = timedelta(days=1)


class FeeMode(LabelledEnum):
    """For what the fee of a contract is paid (E-09)."""

    ANNUAL = "annual", _l("Per year")
    PER_VISIT = "per_visit", _l("Per visit")
    PER_QUARTER = "per_quarter", _l("Per quarter")


#: Months of a billing period; a fee per visit has none.
PERIOD_MONTHS = {FeeMode.ANNUAL: 12, FeeMode.PER_QUARTER: 3}


@dataclass(frozen=True)
class Period:
    """A billing period: first and last day, its fee, and the day on which that is due."""

    from_on: date
    to_on: date
    amount: Decimal
    due_on: date


def billing_periods(start_on: date, end_on: date, mode: FeeMode, amount: Decimal) -> list[Period]:
    """The periods that cover the term without gap, each with its fee (E-09, W-5.4); none for a fee per visit.

    A period begins so many whole months after `start_on` and is due on its first day. A whole one costs `amount`; a
    last one that is cut short by the end costs its share of the days of the whole one, rounded half-up to the fen.
    """
    months = PERIOD_MONTHS.get(mode)
    found: list[Period] = []
    from_on = start_on
    while months is not None and from_on <= end_on:
        following = add_months(start_on, months * (len(found) + 1))
        to_on = min(following - _DAY, end_on)
        whole, part = (following - from_on).days, (to_on - from_on).days + 1
        fee = amount if part == whole else round_fen(amount * part / whole)
        found.append(Period(from_on, to_on, fee, from_on))
        from_on = following
    return found


class Term(Protocol):
    """What of a contract its periods follow from."""

    start_on: Any
    end_on: Any
    fee_mode: Any
    fee_amount: Any


def periods_begun(contract: Term, until: date) -> list[Period]:
    """The billing periods of a contract that have begun by that day (W-5.4).

    One that a termination cuts short costs what it would have cost: it was due on its first day.
    """
    periods = billing_periods(contract.start_on, contract.end_on, contract.fee_mode, contract.fee_amount)
    return [period for period in periods if period.from_on <= until]


def contract_year(start_on: date, on: date) -> tuple[date, date]:
    """First and last day of the year of the contract in which `on` lies; before it begins, of its first year."""
    year = 0
    while add_months(start_on, 12 * (year + 1)) <= on:
        year += 1
    return add_months(start_on, 12 * year), add_months(start_on, 12 * (year + 1)) - _DAY


def following_term(start_on: date, last_on: date) -> tuple[date, date]:
    """The term that follows without gap: as many months where it was whole months, else as many days."""
    first = last_on + _DAY
    months = (first.year - start_on.year) * 12 + first.month - start_on.month
    if months > 0 and add_months(start_on, months) == first:
        return first, add_months(first, months) - _DAY
    return first, first + (last_on - start_on)


def check_term(start_on: date | None, end_on: date | None) -> tuple[date, date]:
    """First and last day of a contract. Raises MissingInput or RuleViolated naming `start_on` or `end_on` (E-09)."""
    if start_on is None:
        raise MissingInput(_l("Enter the first day of the contract."), rule="E-09", field="start_on")
    if end_on is None:
        raise MissingInput(_l("Enter the last day of the contract."), rule="E-09", field="end_on")
    if start_on < FIRST_DAY:
        raise MissingInput(_l("Enter a date after the year 1900."), rule="E-09", field="start_on")
    if end_on < start_on:
        raise RuleViolated(_l("The last day lies before the first one."), rule="E-09", field="end_on")
    if end_on >= add_months(start_on, MOST_MONTHS):
        raise RuleViolated(
            _l("A contract runs for at most %(years)s years.", years=MOST_MONTHS // 12), rule="E-09", field="end_on"
        )
    return start_on, end_on


def check_fee(mode: FeeMode | None, amount: Decimal | None) -> tuple[FeeMode, Decimal]:
    """Mode and amount of the fee; 0 is a fee. Raises MissingInput or RuleViolated naming the field (E-09, G-01)."""
    if mode is None:
        raise MissingInput(_l("Choose for what the fee is paid."), rule="E-09", field="fee_mode")
    if amount is None:
        raise MissingInput(_l("Enter the fee; 0 where there is none."), rule="E-09", field="fee_amount")
    return mode, check_amount(amount, "fee_amount")


def check_visits(visits: int | None) -> int | None:
    """Visits a year that are included; None where none are agreed. Raises MissingInput beyond 1 to 366 (E-09)."""
    if visits is not None and not 1 <= visits <= MOST_VISITS:
        raise MissingInput(
            _l("Enter 1 to %(most)s visits, or leave it empty.", most=MOST_VISITS), rule="E-09", field="visits_per_year"
        )
    return visits

"""Rules of the workshop on plain values: minutes, what a repair will cost, who may inspect."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.money import NOTHING, round_fen
from backoffice.core.states import LabelledEnum

#: Nobody works longer than a day on end.
MOST_MINUTES = 1440


class WaitingFor(LabelledEnum):
    """What a repair waits for (W-4.2)."""

    PARTS = "parts", _l("Parts")
    OUTSOURCED = "outsourced", _l("Outside workshop")
    FACTORY = "factory", _l("Factory")
    CUSTOMER = "customer", _l("The customer's answer")
    OTHER = "other", _l("Something else")


class DelayReason(LabelledEnum):
    """Why the planned finish cannot be kept (E-14)."""

    PARTS = "parts", _l("Parts are missing")
    DIAGNOSIS = "diagnosis", _l("More is broken than was seen")
    FACTORY = "factory", _l("The factory takes longer")
    WORKLOAD = "workload", _l("Too much work")
    CUSTOMER = "customer", _l("The customer has not answered")
    OTHER = "other", _l("Another reason")


class Offer(LabelledEnum):
    """What the customer is offered where an item cannot be repaired (W-4.9)."""

    REPLACEMENT = "replacement", _l("A replacement")
    RETURN = "return", _l("The item back as it is")


class InspectionResult(LabelledEnum):
    """What the inspection found."""

    PASSED = "passed", _l("Passed")
    FAILED = "failed", _l("Sent back")


def check_span(started_at: datetime, ended_at: datetime, now: datetime) -> int:
    """Whole minutes from start to end; raises MissingInput or RuleViolated unless it is 1 minute to 24 h in the past.

    Seconds count: half a minute and more is a minute.
    """
    if ended_at <= started_at:
        raise RuleViolated(_l("The end lies before the beginning."), rule="E-13", field="ended_at")
    if ended_at > now:
        raise RuleViolated(_l("The time lies in the future."), rule="E-13", field="ended_at")
    if ended_at - started_at > timedelta(minutes=MOST_MINUTES):
        raise RuleViolated(_l("One entry has at most 24 hours."), rule="E-13", field="ended_at")
    return max(1, int((ended_at - started_at).total_seconds() + 30) // 60)


def check_minutes(minutes: int | None) -> int:
    """The minutes typed by hand; raises MissingInput unless they are 1 to 1,440 (E-13)."""
    if minutes is None or not 1 <= minutes <= MOST_MINUTES:
        raise MissingInput(_l("Enter 1 to 1,440 minutes."), rule="E-13", field="minutes")
    return minutes


@dataclass(frozen=True)
class Estimate:
    """What a repair comes to as far as it is known: labour and parts, in yuan."""

    labour: Decimal
    parts: Decimal

    @property
    def total(self) -> Decimal:
        """Labour and parts."""
        return self.labour + self.parts


def estimate(minutes: int, hourly_rate: Decimal, amounts: Iterable[Decimal]) -> Estimate:
    """The cost of so many minutes and of parts at these amounts, to the fen (W-4.4, C-12)."""
    return Estimate(labour_amount(minutes, hourly_rate), round_fen(sum(amounts, NOTHING)))


def labour_amount(minutes: int, hourly_rate: Decimal) -> Decimal:
    """What so many minutes cost, to the fen (C-12)."""
    return round_fen(hourly_rate * minutes / 60)


def needs_agreement(total: Decimal, limit: Decimal) -> bool:
    """Whether a paid repair of that cost needs a quote and the customer's yes (C-03)."""
    return total > limit


class Answer(LabelledEnum):
    """The supervisor's answer to a new date."""

    ACCEPT = "accept", _l("Accept the new date")
    REFUSE = "refuse", _l("Refuse it; the plan stays")

"""Rules of goods in custody on plain values: what is taken in, and until when it is promised."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core import clock
from backoffice.core.attachments import Upload
from backoffice.core.errors import MissingInput, RuleViolated

#: More items are hardly carried away from one visit.
MOST_ITEMS = 20


@dataclass(frozen=True)
class TakenItem:
    """One item taken in on site: what it is, in which condition, and until when it is promised (E-11).

    unit: the installed unit, or None for goods that we never sold; then `model_text` says what it is. serial_no: may
    be empty. accessories: what comes along, "none" where nothing does. photos: of the item. paper_no, card_paper_no:
    numbers of pre-numbered sheets.
    """

    accessories: str
    appearance: str
    fault_text: str
    promised_return_on: date | None
    unit: Any = None
    model_text: str = ""
    serial_no: str = ""
    estimated_fee: Decimal | None = None
    paper_no: str = ""
    card_paper_no: str = ""
    photos: Sequence[Upload] = field(default_factory=tuple)


def item_field(place: int, name: str) -> str:
    """Name of the form field of one fact of the item at `place` (from 0)."""
    return f"items-{place}-{name}"


def check_promise(promised_on: date | None, taken_on: date, field: str) -> date:
    """The promised day; raises MissingInput where none is given, RuleViolated before the goods came (E-11)."""
    if promised_on is None:
        raise MissingInput(_l("Agree with the customer on the day of return."), rule="E-11", field=field)
    if promised_on < taken_on:
        raise RuleViolated(_l("The day of return lies before the goods are taken in."), rule="E-11", field=field)
    if promised_on > taken_on + timedelta(days=730):
        raise RuleViolated(_l("The day of return lies more than two years ahead."), rule="E-11", field=field)
    return promised_on


def planned_finish(taken_at: datetime, days: int, promised_on: date) -> datetime:
    """Until when the repair is planned: the end of the day `days` later, never after the promised day (TL-06)."""
    day = min(clock.local(taken_at).date() + timedelta(days=days), promised_on)
    return clock.day_end(day)


def days_held(in_on: date, out_on: date | None, today: date) -> int:
    """How many days the goods have been in the house, the first not counted."""
    return ((out_on or today) - in_on).days

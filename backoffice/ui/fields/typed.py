"""Numbers, amounts, days and moments."""

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from wtforms import Field
from wtforms.widgets import HiddenInput, TextInput

from backoffice.core import clock
from backoffice.core.errors import BackofficeError
from backoffice.core.money import parse_amount, round_fen
from backoffice.core.quantity import parse_quantity

FIRST_YEAR, LAST_YEAR = 1900, 2200


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(gettext("Enter a year between %(a)s and %(b)s.", a=FIRST_YEAR, b=LAST_YEAR))


class _Typed(Field):
    """A field that keeps the typed text beside the value made from it."""

    widget = TextInput()
    raw: str | None = None

    def _value(self) -> str:
        return self.raw if self.raw is not None else self.written(self.data)

    def written(self, value: Any) -> str:
        """The value as the input shows it."""
        return "" if value is None else str(value)

    def read(self, typed: str) -> Any:
        """The value of what was typed; raises ValueError with a sentence."""
        raise NotImplementedError

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed; empty gives None. A field that was not sent keeps what it holds."""
        if not valuelist:
            return
        self.raw = valuelist[0].strip()
        self.data = None
        if self.raw:
            if len(self.raw) > 60:
                self.raw = self.raw[:60]
                raise ValueError(gettext("That is too long."))
            self.data = self.read(self.raw)


class WholeNumberField(_Typed):
    """A whole number from `min` to `max`; data is int or None."""

    def __init__(self, label: Any = None, validators: Any = None, min: int = 0, max: int = 2**31 - 1, **kw: Any):
        super().__init__(label, validators, **kw)
        self.lowest, self.highest = min, max

    def read(self, typed: str) -> int:
        """The number, full-width figures folded; raises ValueError."""
        typed = unicodedata.normalize("NFKC", typed)
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", typed, re.ASCII):
            raise ValueError(gettext("Enter a whole number."))
        if not self.lowest <= int(typed) <= self.highest:
            raise ValueError(gettext("Enter a number from %(a)s to %(b)s.", a=self.lowest, b=self.highest))
        return int(typed)


class MoneyField(_Typed):
    """An amount in yuan, exact to the fen; data is Decimal or None."""

    def written(self, value: Decimal | None) -> str:
        """The amount with two places."""
        return "" if value is None else f"{value:.2f}"

    def read(self, typed: str) -> Decimal:
        """The amount; raises ValueError with the sentence of the rule."""
        try:
            return parse_amount(typed)
        except BackofficeError as refusal:
            raise ValueError(str(refusal.message)) from None


class SeenAmountField(Field):
    """An amount that the page has shown: it comes back hidden, so that the act sees whether it is still the same.

    data is Decimal, or None where nothing that can be read came back. The page writes it beside the amount itself.
    """

    widget = HiddenInput()

    def _value(self) -> str:
        return ""

    def process_data(self, value: Any) -> None:
        """Nothing was seen before the page is shown."""
        self.data = None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what the page had shown."""
        try:
            self.data = parse_amount(valuelist[0]) if valuelist else None
        except BackofficeError:
            self.data = None


class QuantityField(_Typed):
    """A quantity of goods, exact to the thousandth, 0 among them; data is Decimal or None."""

    def written(self, value: Decimal | None) -> str:
        """The quantity without needless places."""
        return "" if value is None else f"{value.normalize():f}"

    def read(self, typed: str) -> Decimal:
        """The quantity; raises ValueError with the sentence of the rule."""
        try:
            return parse_quantity(typed)
        except BackofficeError as refusal:
            raise ValueError(str(refusal.message)) from None


class PercentField(QuantityField):
    """A percentage from 0 to 100 with at most two places, with or without its sign; data is Decimal or None."""

    def read(self, typed: str) -> Decimal:
        """The percentage; raises ValueError."""
        folded = unicodedata.normalize("NFKC", typed).removesuffix("%").strip()
        try:
            percent = parse_quantity(folded)
        except BackofficeError:
            percent = None
        if percent is None or percent > 100 or percent != round_fen(percent):
            raise ValueError(gettext("Enter a percentage from 0 to 100, such as 10 or 7.5."))
        return percent


class LocalDateTimeField(_Typed):
    """A moment on the office's wall clock; data is an aware UTC datetime or None."""

    widget = TextInput(input_type="datetime-local")

    def written(self, value: datetime | None) -> str:
        """The office's wall clock time."""
        return "" if value is None else f"{clock.local(value):%Y-%m-%dT%H:%M}"

    def read(self, typed: str) -> datetime:
        """The moment; raises ValueError."""
        match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d))?", typed, re.ASCII)
        try:
            wall = datetime.fromisoformat(f"{match[1]}T{match[2]}:{match[3] or '00'}") if match else None
        except ValueError:
            wall = None
        if wall is None:
            raise ValueError(gettext("Enter a time such as 2026-11-24 08:42."))
        _check_year(wall.year)
        return clock.from_local(wall)


class ClockTimeField(_Typed):
    """A time of the office's wall clock, to the minute; data is a time or None."""

    widget = TextInput(input_type="time")

    def written(self, value: time | None) -> str:
        """The time as `08:42`."""
        return "" if value is None else f"{value:%H:%M}"

    def read(self, typed: str) -> time:
        """The time; raises ValueError. `24:00` is midnight."""
        match = re.fullmatch(r"(\d\d?)[:：](\d\d)(?::\d\d)?", typed, re.ASCII)
        hour, minute = (int(match[1]) % 24 if match[1] != "24" else 0, int(match[2])) if match else (99, 0)
        if match is None or int(match[1]) > 24 or minute > 59 or (match[1] == "24" and minute):
            raise ValueError(gettext("Enter a time such as 08:42."))
        return time(hour, minute)


class LocalDateField(_Typed):
    """A day; data is a date or None."""

    widget = TextInput(input_type="date")

    def written(self, value: date | None) -> str:
        """The day in ISO form."""
        return "" if value is None else value.isoformat()

    def read(self, typed: str) -> date:
        """The day; raises ValueError."""
        try:
            found = date.fromisoformat(typed) if re.fullmatch(r"\d{4}-\d\d-\d\d", typed, re.ASCII) else None
        except ValueError:
            found = None
        if found is None:
            raise ValueError(gettext("Enter a date such as 2026-11-24."))
        _check_year(found.year)
        return found

"""Every business parameter: key, label, type, default and limits (docs/RULES.md: C, N, TL)."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from flask_babel import lazy_gettext as _l

from backoffice.core import numbering
from backoffice.core.errors import MissingInput, RuleViolated, Text
from backoffice.core.states import LabelledEnum

#: Longest text that a value may have; the column's length.
LONGEST = 200


class SettingType(LabelledEnum):
    """How the value of a parameter is written."""

    INTEGER = "integer", _l("Whole number")
    DECIMAL = "decimal", _l("Decimal number")
    FLAG = "flag", _l("Yes or no")
    PATTERN = "pattern", _l("Number pattern")
    TIME = "time", _l("Time of day")


@dataclass(frozen=True)
class Definition:
    """One parameter. `check` may refuse a value that has the right type; it raises a BackofficeError."""

    key: str
    label: Text
    type: SettingType
    default: str
    rule: str
    unit: Text = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    check: Callable[[str], object] | None = None

    def clean(self, text: str) -> str:
        """The value as it is stored. Raises MissingInput when empty, RuleViolated when it does not fit."""
        value = text.strip()
        if not value:
            raise MissingInput(_l("Enter a value."), rule=self.rule, field="value")
        if len(value) > LONGEST:
            raise self._refusal(_l("The value is too long."))
        value = self._typed(value)
        if self.check is not None:
            try:
                self.check(value)
            except RuleViolated as refusal:
                refusal.field = "value"
                raise
        return value

    def shown(self, value: str) -> Text:
        """`value` as a person reads it: with its unit, or yes and no."""
        if self.type is SettingType.FLAG:
            return _l("Yes") if value == "1" else _l("No")
        return f"{value} {self.unit}" if self.unit else value

    def _typed(self, value: str) -> str:
        if self.type is SettingType.PATTERN:
            return value
        if self.type is SettingType.TIME:
            return self._time(value)
        if self.type is SettingType.FLAG:
            if value not in {"0", "1"}:
                raise self._refusal(_l("Choose yes or no."))
            return value
        return self._number(value)

    def _time(self, value: str) -> str:
        hour, colon, minute = value.replace("：", ":").partition(":")
        digits = (hour + minute).isascii() and (hour + minute).isdigit()
        if not (colon and digits and len(hour) <= 2 and len(minute) == 2 and int(hour) < 24 and int(minute) < 60):
            raise self._refusal(_l("Enter a time of day such as 08:30."))
        return f"{int(hour):02}:{minute}"

    def _number(self, value: str) -> str:
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise self._refusal(_l("Enter a number.")) from None
        if not number.is_finite():
            raise self._refusal(_l("Enter a number."))
        too_low = self.minimum is not None and number < self.minimum
        if too_low or (self.maximum is not None and number > self.maximum):
            raise self._refusal(
                _l("The value must lie between %(low)s and %(high)s.", low=self.minimum, high=self.maximum)
            )
        if self.type is SettingType.INTEGER:
            if number != number.to_integral_value():
                raise self._refusal(_l("Enter a whole number."))
            return str(int(number))
        if number != number.quantize(Decimal("0.01")):
            raise self._refusal(_l("At most two decimal places."))
        return str(number.quantize(Decimal("0.01")))

    def _refusal(self, message: Text) -> RuleViolated:
        return RuleViolated(message, rule=self.rule, field="value")


def _whole(key: str, label: Text, default: int, rule: str, unit: Text, low: int, high: int) -> Definition:
    return Definition(
        key, label, SettingType.INTEGER, str(default), rule, unit, minimum=Decimal(low), maximum=Decimal(high)
    )


def _amount(key: str, label: Text, default: str, rule: str, high: int) -> Definition:
    return Definition(key, label, SettingType.DECIMAL, default, rule, _YUAN, minimum=Decimal(0), maximum=Decimal(high))


def _percent(key: str, label: Text, default: str, rule: str) -> Definition:
    return Definition(
        key, label, SettingType.DECIMAL, default, rule, "%", minimum=Decimal(0), maximum=Decimal(100)
    )  # fmt: skip


def _flag(key: str, label: Text, default: str, rule: str) -> Definition:
    return Definition(key, label, SettingType.FLAG, default, rule)


def _pattern(key: str, label: Text, default: str) -> Definition:
    return Definition(key, label, SettingType.PATTERN, default, key, check=numbering.check_pattern)


_MINUTES, _HOURS, _DAYS, _MONTHS = _l("minutes"), _l("hours"), _l("days"), _l("months")
_WORKING_DAYS, _TIMES, _CHARACTERS, _MEGABYTES = _l("working days"), _l("times"), _l("characters"), _l("MB")
_ROWS, _YUAN, _OCLOCK = _l("rows"), _l("yuan"), _l("o'clock")

DEFINITIONS: tuple[Definition, ...] = (
    _amount("C-01", _l("Collected on site up to"), "500.00", "W-5.3", 1_000_000),
    _whole("C-02", _l("Warranty of a new unit"), 24, "S-1.1", _MONTHS, 1, 240),
    _amount("C-03", _l("Quote and the customer's yes needed above"), "1000.00", "W-4.4", 100_000),
    _flag("C-05", _l("No cash for whoever is late with a handover"), "0", "W-5.6"),
    _whole("C-11", _l("A new call counts as a repeat within"), 30, "C-11", _DAYS, 1, 365),
    _amount("C-12", _l("Labour rate for an hour"), "120.00", "W-5.2", 10_000),
    _amount("C-13-city", _l("Travel fee in the city"), "0.00", "W-5.2", 100_000),
    _amount("C-13-suburb", _l("Travel fee to the suburbs"), "50.00", "W-5.2", 100_000),
    _amount("C-13-intercity", _l("Travel fee to another city"), "200.00", "W-5.2", 100_000),
    _percent("C-15-parts", _l("Tax rate of parts"), "13.00", "X-01"),
    _percent("C-15-repair", _l("Tax rate of repair"), "13.00", "X-01"),
    _percent("C-15-maintenance", _l("Tax rate of maintenance"), "6.00", "X-01"),
    _percent("C-15-installation", _l("Tax rate of installation"), "9.00", "X-01"),
    _percent("C-15-other", _l("Tax rate of other services"), "6.00", "X-01"),
    _whole("C-52", _l("Goods count as held too long after"), 30, "E-12", _DAYS, 1, 3650),
    _whole("C-53", _l("A contract counts as ending soon within"), 30, "E-09", _DAYS, 1, 365),
    _percent("C-54", _l("Discount that the supervisor may give, up to"), "20.00", "W-5.2"),
    Definition("C-55", _l("Working hours begin at"), SettingType.TIME, "08:00", "TL-01"),
    Definition("C-56", _l("Working hours end at"), SettingType.TIME, "18:00", "TL-01"),
    _whole("TL-00", _l("Entry of a call: warn after"), 10, "TL-00", _MINUTES, 1, 1440),
    _whole("TL-01-city", _l("Dispatch in the city within"), 60, "TL-01", _MINUTES, 1, 10080),
    _whole("TL-01-suburb", _l("Dispatch in the suburbs within"), 120, "TL-01", _MINUTES, 1, 10080),
    _whole("TL-01-intercity", _l("Dispatch to another city within"), 240, "TL-01", _MINUTES, 1, 10080),
    _whole("TL-02-city", _l("Arrival in the city within"), 60, "TL-02", _MINUTES, 1, 10080),
    _whole("TL-02-suburb", _l("Arrival in the suburbs within"), 120, "TL-02", _MINUTES, 1, 10080),
    _whole("TL-02-intercity", _l("Arrival in another city within"), 240, "TL-02", _MINUTES, 1, 10080),
    _whole("TL-04", _l("Voucher back at the desk within"), 1, "TL-04", _WORKING_DAYS, 0, 60),
    _whole("TL-05", _l("Write-off after the voucher is back within"), 0, "TL-05", _WORKING_DAYS, 0, 60),
    _whole("TL-06", _l("Planned finish of a repair within"), 7, "TL-06", _DAYS, 0, 365),
    _whole("TL-07", _l("Invoice request after paid goods went back within"), 0, "TL-07", _DAYS, 0, 60),
    _whole("TL-08", _l("Daily report at the latest on the next day at"), 10, "TL-08", _OCLOCK, 0, 24),
    _whole("TL-09", _l("Supervisor's daily report at the latest on the next day at"), 12, "TL-09", _OCLOCK, 0, 24),
    _whole("TL-14", _l("Cash handed over within"), 1, "TL-14", _WORKING_DAYS, 0, 60),
    _whole("TL-15", _l("Invoice issued after the request within"), 2, "TL-15", _WORKING_DAYS, 0, 60),
    _whole("C-44", _l("An entry counts as late after"), 30, "G-04", _MINUTES, 1, 10080),
    _whole("C-45", _l("Back-dating needs a reason beyond"), 30, "E-08", _MINUTES, 0, 10080),
    _pattern("N-01", _l("Number of a customer"), "KH{B}{seq:06}"),
    _pattern("N-02", _l("Number of a project"), "XM{B}-{yyyy}-{seq:03}"),
    _pattern("N-03", _l("Number of a service call"), "JX{B}-{yyyymmdd}-{seq:03}"),
    _pattern("N-04", _l("Number of a service contract"), "HT{B}-{yyyy}-{seq:03}"),
    _pattern("N-05", _l("Number of a service voucher"), "PZ{B}-{yyyymm}-{seq:04}"),
    _pattern("N-06", _l("Number of a goods receipt"), "SJ{B}-{yyyymm}-{seq:04}"),
    _pattern("N-07", _l("Number of a line in the goods register"), "JC{B}-{yyyy}-{seq:04}"),
    _pattern("N-08", _l("Number of a repair card"), "XK{B}-{yyyymm}-{seq:04}"),
    _pattern("N-09", _l("Number of a due"), "SK{B}-{yyyymm}-{seq:04}"),
    _pattern("N-10", _l("Number of a cash handover"), "JK{B}-{yyyymm}-{seq:04}"),
    _pattern("N-11", _l("Number of an invoice request"), "KP{B}-{yyyymm}-{seq:04}"),
    _pattern("N-23", _l("Number of a parts sale"), "LJ{B}-{yyyymm}-{seq:04}"),
    _pattern("N-24", _l("Number of a payment"), "ZF{B}-{yyyymm}-{seq:04}"),
    _whole("C-42", _l("Session ends after being idle for"), 30, "C-42", _MINUTES, 5, 480),
    _whole("C-43", _l("Most rows of an exported file"), 200_000, "C-43", _ROWS, 1, 1_000_000),
    _whole("C-57", _l("Files of more rows are prepared in the background"), 20_000, "C-57", _ROWS, 1, 1_000_000),
    _whole("C-58", _l("Prepared files are kept for"), 7, "C-58", _DAYS, 1, 90),
    _whole("C-46", _l("Session ends at the latest after"), 12, "C-46", _HOURS, 1, 12),
    _whole("C-47", _l("Wrong passwords per account before a pause"), 10, "C-47", _TIMES, 3, 10),
    _whole("C-48", _l("Wrong passwords per address before a pause"), 30, "C-48", _TIMES, 3, 1000),
    _whole("C-49", _l("Wrong passwords are counted over"), 15, "C-49", _MINUTES, 1, 1440),
    _whole("C-50", _l("Shortest password"), 10, "C-50", _CHARACTERS, 10, 64),
    _whole("C-51", _l("Largest attachment"), 10, "G-10", _MEGABYTES, 1, 10),
)
BY_KEY: dict[str, Definition] = {definition.key: definition for definition in DEFINITIONS}

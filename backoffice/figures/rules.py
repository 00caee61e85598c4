"""Rules of the figures on plain values: periods and the one before, shares, percentiles, ages. Pure functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l

from backoffice.core.states import LabelledEnum

#: Longest period that can be asked for, in days, and the longest that is drawn day by day.
MOST_DAYS, MOST_DAILY = 1100, 92
#: Upper ends of the ages of the backlog, in days, each included; what is older is "more" (K-07).
AGES = (1, 3, 7, 15, 30)
_DAY = timedelta(days=1)


class Span(LabelledEnum):
    """How long a period is."""

    DAY = "day", _l("Day")
    WEEK = "week", _l("Week")
    MONTH = "month", _l("Month")
    QUARTER = "quarter", _l("Quarter")
    YEAR = "year", _l("Year")
    RANGE = "range", _l("From – to")


class Kind(LabelledEnum):
    """By what the figures are broken down."""

    ALL = "all", _l("All")
    TECHNICIAN = "technician", _l("Technician")
    ZONE = "zone", _l("Zone")
    MODEL = "model", _l("Model")


class Age(LabelledEnum):
    """How long a call has been open: the columns of K-07; each upper end is included."""

    UP_TO_1 = "d1", _l("up to 1 day")
    UP_TO_3 = "d3", _l("1–3 days")
    UP_TO_7 = "d7", _l("3–7 days")
    UP_TO_15 = "d15", _l("7–15 days")
    UP_TO_30 = "d30", _l("15–30 days")
    MORE = "more", _l("over 30 days")


class UnitYear(LabelledEnum):
    """In which year of its life a unit is, counted as its warranty is, in years of 365 days."""

    YEAR_1 = "y1", _l("year 1")
    YEAR_2 = "y2", _l("year 2")
    YEAR_3 = "y3", _l("year 3")
    YEAR_4 = "y4", _l("year 4")
    YEAR_5 = "y5", _l("year 5")
    LATER = "y6", _l("later")
    UNKNOWN = "none", _l("beginning unknown")


#: Days of a year of a unit's life.
UNIT_YEAR = 365


@dataclass(frozen=True)
class Period:
    """Days of the office from `first` to `last`, both included."""

    span: Span
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def is_daily(self) -> bool:
        """Whether it is drawn day by day; a longer one month by month."""
        return (self.last - self.first).days < MOST_DAILY

    @property
    def before(self) -> "Period":
        """The period before: the previous day, week, month, quarter, year; of a range as many days before it."""
        if self.span is Span.RANGE:
            length = self.last - self.first + _DAY
            return Period(self.span, self.first - length, self.first - _DAY)
        return period(self.span, self.first - _DAY)

    @property
    def after(self) -> "Period":
        """The one that follows."""
        if self.span is Span.RANGE:
            length = self.last - self.first + _DAY
            return Period(self.span, self.last + _DAY, self.last + length)
        return period(self.span, self.last + _DAY)


def period(span: Span, day: date) -> Period:
    """The day, week (from Monday), month, quarter or year in which a day lies; ValueError for a range."""
    if span is Span.DAY:
        return Period(span, day, day)
    if span is Span.WEEK:
        first = day - timedelta(days=day.weekday())
        return Period(span, first, first + timedelta(days=6))
    if span is Span.MONTH:
        return Period(span, day.replace(day=1), month_end(day))
    if span is Span.QUARTER:
        first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        return Period(span, first, month_end(first.replace(month=first.month + 2)))
    if span is Span.YEAR:
        return Period(span, day.replace(month=1, day=1), day.replace(month=12, day=31))
    raise ValueError("a range has two ends")


def month_end(day: date) -> date:
    """The last day of its month."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - _DAY


def months_of(days: Iterable[date]) -> list[date]:
    """First days of the months in which the days lie, in order."""
    return sorted({day.replace(day=1) for day in days})


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`; None where there is nothing to count, which is shown as "—"."""
    return part / whole if whole else None


#: What stands where there is nothing to count; never 0.
NOTHING = "—"


def percent(value: float | None) -> str:
    """A share, to a tenth of a hundredth; "—" for None."""
    return NOTHING if value is None else f"{value * 100:.1f} %"


def percentile(counts: Mapping[int, int], hundredth: int) -> int | None:
    """The value that so many hundredths of the values do not exceed (nearest rank); None without any.

    counts: how often each value occurs. The median of an even number is the lower of the two in the middle.
    """
    total = sum(counts.values())
    rank, passed = -(-total * hundredth // 100), 0
    for value in sorted(counts):
        passed += counts[value]
        if counts[value] and passed >= rank:
            return value
    return None


@dataclass(frozen=True)
class MonthOfFigures:
    """What the notice of a month is about: no row, a month by its number, 202610."""

    id: int
    __tablename__ = "figure_month"

    @classmethod
    def of(cls, day: date) -> "MonthOfFigures":
        """The month of a day."""
        return cls(day.year * 100 + day.month)

    @staticmethod
    def day_of(number: int | None) -> date | None:
        """The first day of the month with that number; None where there is none."""
        year, month = divmod(number or 0, 100)
        return date(year, month, 1) if 2000 <= year <= 2100 and 1 <= month <= 12 else None

"""Rules of the daily reports on plain values: spans within a day, gaps, overlaps, limits. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask_babel import lazy_gettext as _l

from backoffice.calls.rules import ServiceType
from backoffice.core import clock
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.states import LabelledEnum

#: Minutes of a day, which no report exceeds, and those beyond which it is marked as long (E-17).
MOST_MINUTES = 24 * 60
LONG_MINUTES = 12 * 60
#: Lines that are added at once.
MOST_LINES = 12
_DAY = timedelta(days=1)


class WorkType(LabelledEnum):
    """The four kinds of work of S-3.1; the first three are the service types of jobs."""

    PAID = "A", ServiceType.PAID.label
    CONTRACT = "B", ServiceType.CONTRACT.label
    FREE = "C", ServiceType.FREE.label
    GENERAL = "D", _l("D · general work")


class LineSource(LabelledEnum):
    """Where a line of a report comes from."""

    VISIT = "visit", _l("Visit")
    CARD = "card", _l("Time on a repair card")
    TYPED = "typed", _l("Typed")


class Standing(LabelledEnum):
    """Where a call stands at the end of a day: the columns of the reconciliation (W-7)."""

    WRITTEN_OFF = "written_off", _l("Written off")
    IN_REPAIR = "in_repair", _l("Goods taken away, in repair")
    NOT_DISPATCHED = "not_dispatched", _l("Undone: not dispatched")
    UNFINISHED = "unfinished", _l("Undone: dispatched, unfinished")
    CANCELLED = "cancelled", _l("Cancelled")
    NOT_BACK = "not_back", _l("Completed, voucher not back")
    NOT_WRITTEN_OFF = "not_written_off", _l("Voucher back, not written off")


#: What is carried over to the next working morning (S-3.11).
UNDONE = (Standing.NOT_DISPATCHED, Standing.UNFINISHED)
#: What should not be so when the day ends.
DIFFERENCES = (Standing.NOT_BACK, Standing.NOT_WRITTEN_OFF)


def work_type_of(service_type: ServiceType | None) -> WorkType | None:
    """The work type of a job; None while its service type is undecided."""
    return WorkType(service_type.value) if service_type not in (None, ServiceType.UNDECIDED) else None


@dataclass(frozen=True)
class Span:
    """A stretch of time from a moment to a later one."""

    start: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        """Its whole minutes; a shorter one counts as one."""
        return max(int((self.end - self.start).total_seconds() // 60), 1)


def within(day: date, start: datetime, end: datetime) -> Span | None:
    """The part of a stretch that lies on the day, split at midnight; None where nothing does."""
    first, last = max(start, clock.day_start(day)), min(end, clock.day_end(day))
    if first < last:
        return Span(first, last)
    on_the_day = start == end and clock.day_start(day) <= start < clock.day_end(day)
    return Span(start, end) if on_the_day else None


def gaps(spans: Iterable[Span]) -> list[Span]:
    """The stretches between the first start and the last end that no span covers."""
    found: list[Span] = []
    reached: datetime | None = None
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        if reached is not None and span.start > reached:
            found.append(Span(reached, span.start))
        reached = span.end if reached is None else max(reached, span.end)
    return found


def overlaps(spans: Sequence[Span]) -> list[Span]:
    """The stretches that two neighbours by their starts share, in their order."""
    found: list[Span] = []
    reached: datetime | None = None
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        if reached is not None and span.start < reached:
            found.append(Span(span.start, min(span.end, reached)))
        reached = span.end if reached is None else max(reached, span.end)
    return [one for one in found if one.start < one.end]


def span_of_day(day: date, start: time | None, end: time | None) -> Span | None:
    """The stretch of that day between two times of the wall clock; an end at midnight is the day's end.

    None where neither is given. Raises MissingInput naming `start` or `end` (E-17).
    """
    if start is None and end is None:
        return None
    if start is None:
        raise MissingInput(_l("Enter the start too."), rule="E-17", field="start")
    if end is None:
        raise MissingInput(_l("Enter the end too."), rule="E-17", field="end")
    first = clock.from_local(datetime.combine(day, start))
    last = clock.day_end(day) if end == time() else clock.from_local(datetime.combine(day, end))
    if last <= first:
        raise MissingInput(_l("The end lies before the start. Work past midnight stands on the next day's report."),
                           rule="E-17", field="end")  # fmt: skip
    return Span(first, last)


def check_minutes(minutes: int | None, span: Span | None, *, least: int = 1) -> int:
    """The minutes of a line: those given, else those of its stretch, which they do not exceed.

    Raises MissingInput naming `minutes` (E-17).
    """
    if minutes is None:
        if span is None:
            raise MissingInput(_l("Enter start and end, or the minutes."), rule="E-17", field="minutes")
        minutes = span.minutes
    if not least <= minutes <= MOST_MINUTES:
        raise MissingInput(
            _l("Enter %(least)s to %(most)s minutes.", least=least, most=MOST_MINUTES), rule="E-17", field="minutes"
        )
    if span is not None and minutes > span.minutes:
        raise MissingInput(_l("That is longer than from start to end."), rule="E-17", field="minutes")
    return minutes


def check_day(minutes: int) -> None:
    """Raises RuleViolated where the lines of a day come to more than it has (E-17)."""
    if minutes > MOST_MINUTES:
        raise RuleViolated(
            _l("The lines come to %(hours)s hours, which no day has. Correct those that overlap.",
               hours=round(minutes / 60, 1)),
            rule="E-17",
        )  # fmt: skip


def due_at(day: date, hour: int) -> datetime:
    """The moment on the day after `day` until which a report of `day` is in time (TL-08, TL-09)."""
    return clock.day_start(day + _DAY) + timedelta(hours=hour)

"""The figures by their keys: what of the sums they are, and the condition of the rows behind them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from backoffice.core import clock
from backoffice.core.errors import Text
from backoffice.figures.counting import sources
from backoffice.figures.counting.sources import Source
from backoffice.figures.rules import Age, Kind, share

from . import backlog
from .asking import Asked
from .reading import Sums


@dataclass(frozen=True)
class Figure:
    """One figure: a share of `part` in `whole`, or a mean of `part` over `whole` where it is a time in seconds."""

    key: str
    label: Text
    #: what whole and part are, in words
    whole_label: Text
    part_label: Text
    source: Source
    whole: str
    part: str
    #: conditions on the rows of the source that are counted as whole and as part
    is_whole: ColumnElement[bool] | None = None
    is_part: ColumnElement[bool] | None = None
    is_time: bool = False
    #: more of it is better, less of it is; None for neither
    more_is_better: bool = True
    #: by which of the kinds it can be told
    kinds: frozenset[Kind] = frozenset(Kind)
    #: the sum that counts the rows behind it, where that is not `whole`
    rows: str = ""

    def value(self, sums: Sums) -> float | None:
        """The share, or the mean in seconds; None where there is nothing to count."""
        return share(sums[self.part], sums[self.whole])


_MOST = frozenset({Kind.ALL, Kind.TECHNICIAN})
FIGURES: dict[str, Figure] = {
    one.key: one
    for one in (
        Figure("K-01", _l("Dispatched in time"), _l("dispatch due"), _l("in time"), sources.DISPATCH,
               "dispatch_due", "dispatch_hit", is_part=sources.DISPATCH_HIT),
        Figure("K-02", _l("Arrived in time"), _l("arrival due"), _l("in time"), sources.ARRIVAL,
               "arrival_due", "arrival_hit", is_part=sources.ARRIVAL_HIT),
        Figure("K-03", _l("Response time"), _l("calls reached"), _l("seconds"), sources.RESPONSE,
               "arrived", "response_seconds", is_time=True, more_is_better=False),
        Figure("K-04", _l("Fixed on the first visit"), _l("completed, could be fixed"), _l("on the first visit"),
               sources.DONE, "fixable", "fixed_first", is_whole=sources.FIXABLE, is_part=sources.FIXED_FIRST),
        Figure("K-05", _l("Time to repair"), _l("calls completed"), _l("seconds"), sources.DONE,
               "done", "done_seconds", is_time=True, more_is_better=False),
        Figure("K-06", _l("Repeat calls"), _l("calls completed"), _l("the same fault again"), sources.DONE,
               "done", "repeats", is_part=sources.REPEAT, more_is_better=False),
        Figure("K-08", _l("Carried over"), _l("calls received"), _l("carried over"), sources.RECEIVED,
               "received", "carried", is_part=sources.CARRIED, more_is_better=False),
        Figure("K-09", _l("Repair promise kept"), _l("items returned"), _l("by the first promise"), sources.RETURNED,
               "returned", "kept", is_part=sources.KEPT),
        Figure("K-13", _l("Rework"), _l("cards inspected"), _l("sent back at least once"), sources.INSPECTED,
               "inspected", "failed", is_part=sources.FAILED, more_is_better=False),
        Figure("K-15", _l("Utilisation"), _l("minutes reported"), _l("minutes on jobs"), sources.REPORTED,
               "minutes", "job_minutes", kinds=_MOST, rows="reports"),
    )
}  # fmt: skip
#: Which rows behind a figure: all that it is counted over, those that count, those that do not.
WHOLE, PART, REST = "of", "is", "not"


def worked(sums: Sums) -> float | None:
    """Mean seconds worked on a completed call of our own register, the second figure of K-05."""
    return share(sums["work_seconds"], sums["own_done"])


def rows_behind(
    figure: Figure, which: str, first: date, last: date, asked: Callable[[Source], Any], now: datetime
) -> ColumnElement[bool]:
    """Condition on the table of the figure's list: the rows that are counted from one day to another, both included."""
    source = figure.source
    whole = figure.is_whole
    terms = [] if whole is None else [whole]
    if which != WHOLE and figure.is_part is not None:
        part = figure.is_part
        terms.append(part if which == PART else part.is_not(True))
    if source.is_daily:
        terms += [source.moment >= first, source.moment <= last]
    else:
        terms += [source.moment >= clock.day_start(first), source.moment < clock.day_end(last)]
    query = source.joined(select(source.model.id)).where(source.where(now), *terms, *asked(source))
    return source.model.id.in_(query)


def open_calls(age: Age | None, day: date | None, asked: Asked) -> ColumnElement[bool]:
    """Condition on calls: open at the end of the day, at this moment for None, and for so long (K-07)."""
    moment = clock.now() if day is None else clock.day_end(day)
    terms = [backlog.open_at(moment), *asked.call_conditions()]
    if age is not None:
        terms.append(backlog.of_age(age, moment))
    found: Any = terms[0]
    for term in terms[1:]:
        found = found & term
    return found

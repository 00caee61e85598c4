"""Filters by which a figure opens its rows: they come from links only and are added to the lists below."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_

from backoffice.calls.admin import ServiceCallView
from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.permissions import Actor
from backoffice.figures.queries import failures
from backoffice.figures.queries.asking import Asked
from backoffice.figures.queries.figures import FIGURES, PART, REST, WHOLE, open_calls, rows_behind
from backoffice.figures.rules import Age, Period, Span, UnitYear
from backoffice.goods.admin import GoodsEntryView
from backoffice.goods.models import GoodsEntry
from backoffice.organisation.models import Zone
from backoffice.repairs.admin.lines import InspectionView
from backoffice.repairs.models import Inspection
from backoffice.reports.admin import DailyReportView
from backoffice.reports.models import DailyReport
from backoffice.ui import registry
from backoffice.ui.fields import FIRST_YEAR, LAST_YEAR
from backoffice.ui.filters import Chip, Filter
from backoffice.ui.formatters import labelled
from backoffice.ui.guards import parse_key

BACKLOG, FAILURES = "K-07", "failures"
ALL = "all"
_NOW = "now"


@dataclass(frozen=True)
class Behind:
    """Which rows are meant: of a figure, all or a part of them, of a period, a branch, a technician, zone and model."""

    key: str
    which: str
    first: date | None
    last: date | None
    branches: tuple[int, ...] = ()
    technician: int | None = None
    zone: Zone | None = None
    model_id: int | None = None

    @property
    def text(self) -> str:
        """As it stands in the address."""
        span = _NOW if self.first is None or self.last is None else f"{self.first:%Y%m%d}-{self.last:%Y%m%d}"
        limits = [f"b{key}" for key in self.branches]
        given = (("t", self.technician), ("z", self.zone.value if self.zone else None), ("m", self.model_id))
        limits += [f"{letter}{value}" for letter, value in given if value is not None]
        return ".".join([self.key, self.which, span, *limits])

    @classmethod
    def read(cls, text: str) -> "Behind | None":
        """The same out of the address; None where it cannot be understood."""
        parts = text.split(".")
        if len(text) > 200 or len(parts) < 3:
            return None
        key, which, span, *limits = parts
        days = _days(span)
        if which not in _parts_of(key) or (days is None and not (span == _NOW and key == BACKLOG)):
            return None
        found: dict[str, Any] = {"branches": []}
        for limit in limits:
            letter, value = limit[:1], limit[1:]
            if letter == "z" and value in list(Zone):
                found["zone"] = Zone(value)
            elif (number := parse_key(value)) is None:
                return None
            elif letter == "b":
                found["branches"].append(number)
            elif letter in ("t", "m"):
                found["technician" if letter == "t" else "model_id"] = number
            else:
                return None
        found["branches"] = tuple(found["branches"])
        return cls(key, which, *(days or (None, None)), **found)

    def condition(self) -> ColumnElement[bool]:
        """Condition on the table of the figure's list; whatever the person may not see, the list leaves out."""
        first, last = self.first or clock.today(), self.last or clock.today()
        asked = Asked(Period(Span.RANGE, first, last), self.branches, self.technician, self.zone, self.model_id)
        if self.key == BACKLOG:
            return open_calls(None if self.which == ALL else Age(self.which), self.last, asked)
        if self.key == FAILURES:
            return failures.calls_of(None if self.which == ALL else UnitYear(self.which), asked)
        return rows_behind(FIGURES[self.key], self.which, first, last, asked.conditions, clock.now())

    @property
    def words(self) -> str:
        """As the chip says it."""
        span = "" if self.first is None else f" {self.first.isoformat()} – {self.last}"
        if self.key == BACKLOG:
            span = "" if self.last is None else f" {self.last.isoformat()}"
            return f"K-07 {_l('Backlog')}{span}" + ("" if self.which == ALL else f" · {Age(self.which).label}")
        if self.key == FAILURES:
            return f"{_l('Failures')}{span}" + ("" if self.which == ALL else f" · {UnitYear(self.which).label}")
        figure = FIGURES[self.key]
        words = {WHOLE: figure.whole_label, PART: figure.part_label, REST: _l("the others")}
        return f"{self.key} {figure.label}{span} · {words[self.which]}"


def _days(span: str) -> tuple[date, date] | None:
    first, _, last = span.partition("-")
    try:
        found = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    inside = len(span) == 17 and all(FIRST_YEAR <= day.year <= LAST_YEAR for day in found)
    return found if inside and found[0] <= found[1] else None


def _parts_of(key: str) -> tuple[str, ...]:
    if key == BACKLOG:
        return (ALL, *(age.value for age in Age))
    if key == FAILURES:
        return (ALL, *(year.value for year in UnitYear))
    return (WHOLE, PART, REST) if key in FIGURES else ()


@dataclass
class BehindFilter(Filter):
    """The rows behind one or several figures; it has no input on the page."""

    model: Any = None
    kind = "lookup"
    lookup = ""

    def _read(self, text: str) -> Behind | None:
        found = Behind.read(text)
        return found if found is not None and table_of(found.key) is self.model else None

    def read(self, values: Mapping[str, list[str]]) -> tuple[list[str] | None, list[str]]:
        """The figures among those in the address that are of this list."""
        given = [one for one in dict.fromkeys(values.get(self.name, [])) if one][:20]
        known = [one for one in given if self._read(one) is not None]
        return known or None, [one for one in given if one not in known]

    def condition(self, value: list[str], by: Actor) -> ColumnElement[bool]:
        """Any of them."""
        return or_(*(found.condition() for one in value if (found := self._read(one)) is not None))

    def chips(self, value: list[str]) -> list[Chip]:
        """One chip for each."""
        found = [(one, self._read(one)) for one in value]
        return [Chip(labelled(self.label, behind.words), self.name, one) for one, behind in found if behind is not None]


def table_of(key: str) -> Any:
    """The table whose list shows the rows behind a figure."""
    return ServiceCall if key in (BACKLOG, FAILURES) else FIGURES[key].source.model


for _view, _model in (
    (ServiceCallView, ServiceCall), (GoodsEntryView, GoodsEntry), (InspectionView, Inspection),
    (DailyReportView, DailyReport),
):  # fmt: skip
    _view.column_filters += (BehindFilter("figure", _l("Figure"), _model),)  # type: ignore[attr-defined]


def rows_url(key: str, which: str, period: tuple[date, date] | None, asked: Asked, *, branches: tuple[int, ...]) -> str:
    """Address of the list of the rows behind a figure; "" where the person may not open it.

    branches: those to name; none where all that the person sees are meant.
    """
    view = registry.view_of(table_of(key))
    if view is None or not view.is_accessible():
        return ""
    first, last = period or (None, None)
    behind = Behind(key, which, first, last, branches, asked.technician, asked.zone, asked.model_id)
    return url_for(f"{view.endpoint}.index_view", figure=behind.text)

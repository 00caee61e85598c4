"""Filters by which a figure of the desk opens its rows: they come from links only and are added to the lists below."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_

from backoffice.core.permissions import Actor
from backoffice.customers.models import Customer
from backoffice.finance.queries import days, waiting
from backoffice.finance.rules import Age
from backoffice.invoices.models import Invoice
from backoffice.organisation.models import Branch, User
from backoffice.receivables.models import CashHandover, Due, Payment
from backoffice.receivables.queries import in_hand, of_age
from backoffice.receivables.rules import PaymentMethod
from backoffice.ui import registry
from backoffice.ui.fields import FIRST_YEAR, LAST_YEAR
from backoffice.ui.filters import Chip, Filter, RelationFilter
from backoffice.ui.formatters import labelled


@dataclass
class FigureFilter(Filter):
    """One or several figures of the desk by their keys, each with its condition; it has no input on the page."""

    conditions: Mapping[str, tuple[Any, Callable[[], ColumnElement[bool]]]] = field(default_factory=dict)
    kind = "lookup"
    lookup = ""

    def read(self, values: Mapping[str, list[str]]) -> tuple[list[str] | None, list[str]]:
        """The known figures among those in the address."""
        given = [one for one in dict.fromkeys(values.get(self.name, [])) if one][:50]
        known = [one for one in given if one in self.conditions]
        return known or None, [one for one in given if one not in self.conditions]

    def condition(self, value: list[str], by: Actor) -> ColumnElement[bool]:
        """Any of the figures."""
        return or_(*(self.conditions[one][1]() for one in value))

    def chips(self, value: list[str]) -> list[Chip]:
        """One chip for each figure."""
        return [Chip(labelled(self.label, self.conditions[one][0]), self.name, one) for one in value]


@dataclass
class DayFilter(Filter):
    """A figure of the closing sheet of a day, as `2026-11-24.received`; it has no input on the page."""

    figures: Mapping[str, tuple[Any, Callable[[date], ColumnElement[bool]]]] = field(default_factory=dict)
    kind = "lookup"
    lookup = ""

    def read(self, values: Mapping[str, list[str]]) -> tuple[list[str] | None, list[str]]:
        """The days and figures that can be understood."""
        given = [one for one in dict.fromkeys(values.get(self.name, [])) if one][:50]
        known = [one for one in given if self._parse(one) is not None]
        return known or None, [one for one in given if one not in known]

    def _parse(self, text: str) -> tuple[date, str] | None:
        day, _, key = text.partition(".")
        try:
            found = date.fromisoformat(day) if len(day) == 10 else None
        except ValueError:
            return None
        if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR or key not in self.figures:
            return None
        return found, key

    def condition(self, value: list[str], by: Actor) -> ColumnElement[bool]:
        """Any of the figures."""
        parts = [self._parse(one) for one in value]
        return or_(*(self.figures[part[1]][1](part[0]) for part in parts if part is not None))

    def chips(self, value: list[str]) -> list[Chip]:
        """One chip for each figure, with its day."""
        found = []
        for one in value:
            part = self._parse(one)
            if part is not None:
                words = f"{part[0].isoformat()} {self.figures[part[1]][0]}"
                found.append(Chip(labelled(self.label, words), self.name, one))
        return found


_DESK = _l("Finance desk")
_DAY = _l("Closing sheet")
_AGES = {age.value: (age.label, lambda age=age: of_age(age.value)) for age in Age}


def _blocks(model: type[Any]) -> dict[str, Any]:
    return {block.key: (block.label, block.condition) for block in waiting.BLOCKS if block.model is model}


#: By table: what is added to the filters of its list, unless one of that name is there already.
FILTERS: dict[type[Any], tuple[Filter, ...]] = {
    Due: (
        FigureFilter("desk", _DESK, _blocks(Due)),
        FigureFilter("age", _l("Age"), _AGES),
        DayFilter("closing", _DAY, days.FIGURES[Due]),
        RelationFilter("customer", _l("Customer"), Due.customer_id, Customer, "customer"),
        RelationFilter("branch", _l("Branch"), Due.branch_id, Branch),
    ),
    Payment: (
        FigureFilter("desk", _DESK, _blocks(Payment) | {"in-hand": (_l("Cash in hand"), in_hand)}),
        DayFilter("closing", _DAY, days.FIGURES[Payment]),
        RelationFilter("received_by", _l("Received by"), Payment.received_by_id, User, "received_by"),
        RelationFilter("holder", _l("Held by"), Payment.holder_id, User, "holder"),
        FigureFilter("method", _l("Method"), {
            one.value: (one.label, lambda one=one: Payment.method == one) for one in PaymentMethod
        }),
        RelationFilter("branch", _l("Branch"), Payment.branch_id, Branch),
    ),
    CashHandover: (
        FigureFilter("desk", _DESK, _blocks(CashHandover)),
        DayFilter("closing", _DAY, days.FIGURES[CashHandover]),
        RelationFilter("collector", _l("Collector"), CashHandover.collector_id, User, "collector"),
        RelationFilter("branch", _l("Branch"), CashHandover.branch_id, Branch),
    ),
    Invoice: (
        FigureFilter("desk", _DESK, _blocks(Invoice)),
        DayFilter("closing", _DAY, days.FIGURES[Invoice]),
        RelationFilter("branch", _l("Branch"), Invoice.branch_id, Branch),
    ),
}  # fmt: skip


def attach(views: tuple[Any, ...]) -> None:
    """Add the filters to the lists of these view classes."""
    for view in views:
        declared = tuple(view.column_filters or ())
        names = {one if isinstance(one, str) else one.name for one in declared}
        view.column_filters = (*declared, *(one for one in FILTERS.get(view.model, ()) if one.name not in names))


def rows_of(model: type[Any], **asked: Any) -> str:
    """Address of the list of a table with these filters set; "" where the person may not open it."""
    view = registry.view_of(model)
    if view is None or not view.is_accessible():
        return ""
    return url_for(f"{view.endpoint}.index_view", **{name: value for name, value in asked.items() if value})


def day_rows(model: type[Any], day: date, figure: str, **asked: Any) -> str:
    """Address of the rows of a figure of the closing sheet."""
    return rows_of(model, closing=f"{day.isoformat()}.{figure}", **asked)

"""Filters by which a figure of the desk opens its rows: they come from links only and are added to the lists below."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_

from backoffice.core.permissions import Actor
from backoffice.finance.queries import days, waiting
from backoffice.invoices.admin import InvoiceView
from backoffice.invoices.models import Invoice
from backoffice.organisation.models import Branch
from backoffice.receivables.admin import CashHandoverView, DueView, PaymentView
from backoffice.receivables.models import CashHandover, Due, Payment
from backoffice.receivables.queries import in_hand
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


def _blocks(model: type[Any]) -> dict[str, Any]:
    return {block.key: (block.label, block.condition) for block in waiting.BLOCKS if block.model is model}


def _add(view: Any, model: type[Any], more: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Let the list of a table show the rows behind the figures of the desk and of closing sheets."""
    view.column_filters += (
        FigureFilter("desk", _l("Finance desk"), _blocks(model) | more),
        DayFilter("closing", _l("Closing sheet"), days.FIGURES[model]),
        RelationFilter("branch", _l("Branch"), model.branch_id, Branch),
    )


_add(DueView, Due)
_add(PaymentView, Payment, {"in-hand": (_l("Cash in hand"), in_hand)})
_add(CashHandoverView, CashHandover)
_add(InvoiceView, Invoice)


def rows_of(model: type[Any], **asked: Any) -> str:
    """Address of the list of a table with these filters set; "" where the person may not open it."""
    view = registry.view_of(model)
    if view is None or not view.is_accessible():
        return ""
    return url_for(f"{view.endpoint}.index_view", **{name: value for name, value in asked.items() if value})


def day_rows(model: type[Any], day: date, figure: str, **asked: Any) -> str:
    """Address of the rows of a figure of the closing sheet."""
    return rows_of(model, closing=f"{day.isoformat()}.{figure}", **asked)

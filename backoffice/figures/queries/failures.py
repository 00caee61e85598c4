"""How often units fail: calls of units by model and by how old the unit was, to the units in service of that age."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.figures.counting.sources import epoch
from backoffice.figures.rules import UNIT_YEAR, UnitYear, share
from backoffice.products.models import InstalledUnit, ProductModel, UnitStatus

from .asking import Asked

#: Models that are told, those with most calls first.
MOST = 30
_IN_SERVICE = (UnitStatus.IN_USE, UnitStatus.IN_REPAIR)
#: Since when a unit is counted, as its warranty is (E-06).
_SINCE = func.coalesce(InstalledUnit.commissioned_on, InstalledUnit.delivered_on, InstalledUnit.invoice_on)


@dataclass
class Model:
    """Calls and units in service of one model, by the year of the units' life."""

    model_id: int
    code: str = ""
    calls: dict[UnitYear, int] = field(default_factory=lambda: defaultdict(int))
    units: dict[UnitYear, int] = field(default_factory=lambda: defaultdict(int))

    def rate(self, year: UnitYear) -> float | None:
        """Calls for each unit in service; None where there are no units."""
        return share(self.calls[year], self.units[year])

    @property
    def all_calls(self) -> int:
        """Whatever the age."""
        return sum(self.calls.values())

    @property
    def all_units(self) -> int:
        """Whatever the age."""
        return sum(self.units.values())

    @property
    def whole_rate(self) -> float | None:
        """Calls for each unit, whatever the age."""
        return share(self.all_calls, self.all_units)


def _year_of_call() -> Any:
    """The year of the unit's life in which the call came in; a call before its beginning is of the first."""
    offset = int((clock.local(clock.now()).utcoffset() or timedelta()).total_seconds())
    days = (epoch(ServiceCall.received_at) + offset - epoch(_SINCE)) // 86400
    steps = [(days < UNIT_YEAR * number, year.value) for number, year in enumerate(_COUNTED, 1)]
    return case((_SINCE.is_(None), UnitYear.UNKNOWN.value), *steps, else_=UnitYear.LATER.value)


_COUNTED = tuple(UnitYear)[:5]


def _year_of_unit(day: date) -> Any:
    """The year of its life in which a unit is on that day."""
    steps = [(day - timedelta(days=UNIT_YEAR * number) < _SINCE, year.value) for number, year in enumerate(_COUNTED, 1)]
    return case((_SINCE.is_(None), UnitYear.UNKNOWN.value), *steps, else_=UnitYear.LATER.value)


def _calls(asked: Asked) -> list[ColumnElement[bool]]:
    """Calls of units that came in within the period; cancelled ones are no failures."""
    return [
        ServiceCall.received_at >= clock.day_start(asked.period.first),
        ServiceCall.received_at < clock.day_end(asked.period.last), ServiceCall.unit_id.is_not(None),
        ServiceCall.state != CallState.CANCELLED, *_where(asked),
    ]  # fmt: skip


def _where(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [InstalledUnit.model_id == asked.model_id] if asked.model_id else []
    return [*found, ServiceCall.branch_id.in_(asked.branches)] if asked.branches else found


def calls_of(year: UnitYear | None, asked: Asked) -> ColumnElement[bool]:
    """Condition on calls: those of units in that year of their life."""
    query = select(ServiceCall.id).join(InstalledUnit, InstalledUnit.id == ServiceCall.unit_id).where(*_calls(asked))
    if year is not None:
        query = query.where(_year_of_call() == year.value)
    return ServiceCall.id.in_(query)


def by_model(asked: Asked) -> list[Model]:
    """Calls and units in service by model and year of life, the models with most calls first; three statements.

    The age of a unit is that on the last day of the period, today at the latest.
    """
    found: dict[int, Model] = {}
    year = _year_of_call()
    query = (
        select(InstalledUnit.model_id, year, func.count())
        .join(ServiceCall, ServiceCall.unit_id == InstalledUnit.id)
        .where(*_calls(asked))
        .group_by(InstalledUnit.model_id, year)
    )
    for model_id, name, count in db.session.execute(query):
        found.setdefault(model_id, Model(model_id)).calls[UnitYear(name)] += count
    year = _year_of_unit(min(asked.period.last, clock.today()))
    units: list[ColumnElement[bool]] = [
        InstalledUnit.status.in_(_IN_SERVICE),
        InstalledUnit.branch_id.in_(asked.branches),
    ]
    if asked.model_id is not None:
        units.append(InstalledUnit.model_id == asked.model_id)
    query = select(InstalledUnit.model_id, year, func.count()).where(and_(*units))
    for model_id, name, count in db.session.execute(query.group_by(InstalledUnit.model_id, year)):
        found.setdefault(model_id, Model(model_id)).units[UnitYear(name)] += count
    most = sorted(found.values(), key=lambda one: (-one.all_calls, -one.all_units, one.model_id))
    names = select(ProductModel.id, ProductModel.code).where(ProductModel.id.in_([one.model_id for one in most[:MOST]]))
    codes = dict(db.session.execute(names).all())
    for one in most[:MOST]:
        one.code = codes.get(one.model_id, "")
    return most[:MOST]

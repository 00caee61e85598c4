"""What somebody asks of the figures, limited to what he may see (P-1)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import ColumnElement, select

from backoffice.calls.models import ServiceCall
from backoffice.core import clock, scope
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission
from backoffice.figures.counting.sources import Source
from backoffice.figures.rules import Kind, Period, month_end, months_of
from backoffice.organisation.models import Branch, Zone

from .standing import Standing

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """A period, of these branches (none: of all), perhaps of one technician, zone or model."""

    period: Period
    branches: tuple[int, ...]
    technician: int | None = None
    zone: Zone | None = None
    model_id: int | None = None

    @property
    def dimensions(self) -> list[tuple[Kind, str]]:
        """What it is limited to besides period and branch."""
        given = ((Kind.TECHNICIAN, self.technician), (Kind.ZONE, self.zone), (Kind.MODEL, self.model_id))
        return [(kind, str(value.value if isinstance(value, Zone) else value)) for kind, value in given if value]

    @property
    def kept_as(self) -> tuple[Kind, str] | None:
        """Under which kind and key the aggregates keep it; None where they do not."""
        found = self.dimensions
        return (Kind.ALL, "") if not found else found[0] if len(found) == 1 else None

    def conditions(self, source: Source) -> Sequence[ColumnElement[bool]]:
        """The same as conditions on events."""
        here = [source.branch.in_(self.branches)] if self.branches else []
        return [*here, *source.of(self.technician, self.zone, self.model_id)]

    def call_conditions(self) -> list[ColumnElement[bool]]:
        """The same on calls."""
        given = (
            (ServiceCall.technician_id, self.technician), (ServiceCall.zone, self.zone),
            (ServiceCall.model_id, self.model_id),
        )  # fmt: skip
        here = [ServiceCall.branch_id.in_(self.branches)] if self.branches else []
        return [*here, *(one == value for one, value in given if value is not None)]


def visible_branches(by: Actor) -> list[Branch]:
    """The branches whose figures the person sees, by their code."""
    condition = Branch.id == by.branch_id if not by.can(Permission.FIGURES_READ) else scope.visible(Branch, by)
    return list(db.session.scalars(select(Branch).where(condition).order_by(Branch.code)))


def limited(asked: Asked, by: Actor, visible: Sequence[Branch]) -> Asked:
    """What of it the person may see: his branches, and of a technician only himself (P-1)."""
    keys = tuple(branch.id for branch in visible)
    chosen = tuple(key for key in asked.branches if key in keys) or keys
    if not by.can(Permission.FIGURES_READ):
        return replace(asked, branches=(by.branch_id,), technician=by.id)
    return replace(asked, branches=chosen)


@dataclass(frozen=True)
class Pieces:
    """A period out of months and days that have aggregates, and days that are counted from the events."""

    months: tuple[date, ...]
    days: tuple[date, ...]
    live: tuple[date, ...]
    #: the last of `live` stands for all days to come up to this one
    last: date | None = None

    @classmethod
    def of(cls, period: Period, standing: Standing, *, kept: bool, by_month: bool) -> "Pieces":
        """Take the largest pieces that there are; kept: aggregates hold what is asked for at all."""
        today = clock.today()
        past = [day for day in period.days if day <= today]
        ahead = period.last > today and period.last >= period.first
        clean = {day for day in past if kept and standing.has_sums(day)}
        whole = []
        for month in months_of(clean) if by_month else []:
            days = {month + n * _DAY for n in range((month_end(month) - month).days + 1)}
            if days <= clean:
                whole.append(month)
                clean -= days
        covered = {month.replace(day=1) for month in whole}
        live = [day for day in past if day not in clean and day.replace(day=1) not in covered]
        if ahead:
            live.append(max(today + _DAY, period.first))
        return cls(tuple(whole), tuple(sorted(clean)), tuple(live), period.last if ahead else None)

"""Direct edits of the aggregates, one for each invariant of the figures."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from backoffice.calls.models import CallState
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.figures.models import FigureBacklog, FigureDay, FigureResponse, FigureSum, Grain
from backoffice.figures.workflow import refresh
from tests import factories as make

from .breaking import breaks, write


def _counted(model: Any, column: Any, *conditions: Any) -> Any:
    """A call of the day before yesterday that was reached; the aggregate of that day, and the day itself."""
    moment = clock.now() - timedelta(days=2)
    make.make_call(CallState.ON_SITE, received_at=moment)
    refresh()
    day = clock.local(moment).date()
    row = db.session.scalars(select(model).where(column == day, *conditions).order_by(model.id)).first()
    return row, db.session.scalars(select(FigureDay).where(FigureDay.day == day)).one()


@breaks("figure_day.has_the_sums_of_its_events")
def _() -> Any:
    row, day = _counted(FigureSum, FigureSum.start_on, FigureSum.grain == Grain.DAY, FigureSum.kind == "zone")
    write(row, received=row.received + 1)
    return day


@breaks("figure_day.has_the_times_of_its_calls")
def _() -> Any:
    row, day = _counted(FigureResponse, FigureResponse.start_on, FigureResponse.grain == Grain.DAY)
    write(row, minutes=row.minutes + 1)
    return day


@breaks("figure_day.has_the_calls_open_at_its_end")
def _() -> Any:
    row, day = _counted(FigureBacklog, FigureBacklog.day)
    write(row, more=7)
    return day


@breaks("figure_sum.month_has_the_sums_of_its_days")
def _() -> Any:
    day = clock.today() - timedelta(days=2)
    first = day.replace(day=1)
    moment = clock.now() - timedelta(days=2)
    make.make_call(CallState.ON_SITE, received_at=moment)
    refresh()
    query = select(FigureSum).where(
        FigureSum.grain == Grain.MONTH, FigureSum.kind == "all", FigureSum.start_on == first
    )
    row = db.session.scalars(query).one()
    return write(row, received=row.received + 1)

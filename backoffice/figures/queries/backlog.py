"""The backlog by age: now, and at past midnights (K-07)."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.figures.counting import facts as counting
from backoffice.figures.models import AGE_COLUMNS, FigureBacklog
from backoffice.figures.rules import AGES, Age, Kind, Period, month_end, months_of

from .asking import Asked
from .standing import Standing

Ages = Counter[str]


def midnights(period: Period) -> list[date]:
    """The days at whose ends the backlog of a period is told: every day, or the last day of each month."""
    days = [day for day in period.days if day < clock.today()]
    return days if period.is_daily else [one for one in map(month_end, months_of(days)) if one in days]


def at_ends_of(days: Sequence[date], asked: Asked, known: Standing) -> dict[date, Ages]:
    """Open calls by age at the ends of these days; two statements at most."""
    found: dict[date, Ages] = {day: Counter() for day in days}
    kept = asked.kept_as
    good = [day for day in found if kept is not None and known.has_backlog(day)]
    if good and kept is not None:
        kind, key = kept
        ages = [func.sum(getattr(FigureBacklog, name)).label(name) for name in AGE_COLUMNS]
        query = select(FigureBacklog.day, *ages).where(
            FigureBacklog.branch_id.in_(asked.branches), FigureBacklog.kind == kind, FigureBacklog.day.in_(good),
            FigureBacklog.key == key,
        )  # fmt: skip
        for row in db.session.execute(query.group_by(FigureBacklog.day)):
            found[row.day].update({name: int(getattr(row, name)) for name in AGE_COLUMNS})
    rest = sorted(set(found) - set(good))
    if rest:
        facts = counting.open_facts(counting.days_at_hand(rest), clock.day_end(rest[0]), asked.call_conditions())
        for row in db.session.execute(counting.backlog_of(facts, Kind.ALL)):
            found[row.day].update({name: getattr(row, name) for name in AGE_COLUMNS})
    return found


def open_at(moment: datetime) -> ColumnElement[bool]:
    """Condition: the call had come in before that moment, and was neither written off nor cancelled by then."""
    ended = func.coalesce(ServiceCall.closed_at, ServiceCall.cancelled_at)
    return and_(ServiceCall.received_at < moment, or_(ended.is_(None), ended >= moment))


def of_age(age: Age, moment: datetime) -> ColumnElement[bool]:
    """Condition: by that moment it had been open for so long."""
    since = [moment - timedelta(days=days) for days in AGES]
    place = list(Age).index(age)
    terms = [ServiceCall.received_at >= since[place]] if place < len(since) else []
    terms += [ServiceCall.received_at < since[place - 1]] if place else []
    return and_(*terms)


def now(asked: Asked) -> Ages:
    """Open calls by age at this moment; one statement."""
    moment = clock.now()
    since = [moment - timedelta(days=days) for days in AGES]
    ages = counting.ages_of(ServiceCall.received_at, since)
    query = select(*(func.sum(one).label(name) for name, one in ages.items())).where(
        ServiceCall.closed_at.is_(None), ServiceCall.cancelled_at.is_(None), counting.open_state(),
        ServiceCall.received_at <= moment, *asked.call_conditions(),
    )  # fmt: skip
    row: Any = db.session.execute(query).one()
    return Counter({name: int(getattr(row, name) or 0) for name in AGE_COLUMNS})

"""Working time: nobody is in two places at once, and minutes are what lies between start and end (E-13)."""

from datetime import UTC, datetime

from sqlalchemy import Select, and_, func, literal, or_, select

from backoffice.core.invariants import invariant, seconds_between
from backoffice.repairs.models import CardState, RepairCard, TimeEntry

_FOR_EVER = literal(datetime(9999, 12, 31, tzinfo=UTC), TimeEntry.started_at.type)


@invariant(TimeEntry, rule="E-13", says="Its person has other working time at the same time.")
def overlaps_no_other() -> Select[int, str]:
    """The times of a person follow one another; a timer that runs has no end yet, and void ones do not count."""
    until = func.max(func.coalesce(TimeEntry.ended_at, _FOR_EVER)).over(
        partition_by=TimeEntry.user_id, order_by=(TimeEntry.started_at, TimeEntry.id), rows=(None, -1)
    )
    times = (
        select(TimeEntry.id, TimeEntry.card_id, TimeEntry.started_at, until.label("until"))
        .where(TimeEntry.voided_at.is_(None))
        .subquery()
    )
    return (
        select(times.c.id, RepairCard.number)
        .join(RepairCard, RepairCard.id == times.c.card_id)
        .where(times.c.until > times.c.started_at)
    )


@invariant(TimeEntry, rule="E-13", says="Its minutes differ from the time between start and end.")
def has_the_minutes_of_its_span() -> Select[int, str]:
    """To the nearest minute and at least one; a second is left to the precision of the databases."""
    seconds = seconds_between(TimeEntry.started_at, TimeEntry.ended_at)
    short = and_(TimeEntry.minutes > 1, seconds < TimeEntry.minutes * 60 - 31)
    return (
        select(TimeEntry.id, RepairCard.number)
        .join(RepairCard, RepairCard.id == TimeEntry.card_id)
        .where(or_(short, seconds > TimeEntry.minutes * 60 + 31))
    )


@invariant(TimeEntry, rule="E-13", says="The timer runs on a card that is not under repair.")
def runs_only_under_repair() -> Select[int, str]:
    """Every timer is stopped before the card leaves the workbench."""
    return (
        select(TimeEntry.id, RepairCard.number)
        .join(RepairCard, RepairCard.id == TimeEntry.card_id)
        .where(TimeEntry.ended_at.is_(None), RepairCard.state != CardState.REPAIRING)
    )


@invariant(RepairCard, rule="W-4.4", says="It is repaired, but no working time is on it.")
def has_time_once_repaired() -> Select[int, str]:
    """A repaired item has time on its card that is not void."""
    worked = select(TimeEntry.id).where(TimeEntry.card_id == RepairCard.id, TimeEntry.voided_at.is_(None))
    return select(RepairCard.id, RepairCard.number).where(
        RepairCard.state.in_((CardState.REPAIRED, CardState.INSPECTED)), ~worked.correlate(RepairCard).exists()
    )

"""What holds between day books, their lines, and the calls that were carried over (W-7)."""

from sqlalchemy import Select, String, cast, func, select

from backoffice.calls.models import ServiceCall
from backoffice.core.invariants import invariant

from .models import DayBook, DayLine, DayState, UndoneLine


@invariant(DayBook, rule="W-7", says="It is closed, and does not hold as many calls as the register had.")
def holds_its_calls() -> Select[int, str]:
    """Each call of a closed day stands in one column, and their sum is what the register said."""
    lines = (
        select(func.count()).where(DayLine.book_id == DayBook.id, DayLine.closing == DayBook.closing)
        .correlate(DayBook).scalar_subquery()
    )  # fmt: skip
    return select(DayBook.id, cast(DayBook.day, String)).where(
        DayBook.state == DayState.CLOSED, lines != DayBook.members
    )


@invariant(ServiceCall, rule="W-7", says="It is not counted as carried over as often as it was.")
def is_counted_as_carried_over() -> Select[int, str]:
    """A call is counted once for each morning on whose list it stood."""
    lines = (
        select(func.count()).where(UndoneLine.call_id == ServiceCall.id).correlate(ServiceCall).scalar_subquery()
    )  # fmt: skip
    return select(ServiceCall.id, ServiceCall.number).where(
        lines != ServiceCall.carry_over_count,
        (ServiceCall.carry_over_count > 0) | ServiceCall.id.in_(select(UndoneLine.call_id)),
    )

"""Who sees which day books, what a day's columns hold, and what is carried over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch
from backoffice.reports.queries import count_members, where_they_stand
from backoffice.reports.rules import UNDONE, Standing

from .models import DayBook, DayLine, DayState, UndoneLine, UndoneState

#: What the supervisor may still have to look at.
_UNSERVED = (CallState.REGISTERED, CallState.DISPATCHED, CallState.ON_SITE)


@scoped(DayBook)
def visible_books(by: Actor) -> ColumnElement[bool]:
    """Own branch (P-1)."""
    return in_branch(DayBook, by) if by.can(Permission.DAY_READ) else false()


@scoped(UndoneLine)
def visible_undone(by: Actor) -> ColumnElement[bool]:
    """Own branch (P-1)."""
    return in_branch(UndoneLine, by) if by.can(Permission.DAY_READ) else false()


@dataclass(frozen=True)
class Change:
    """A call of a closed day that stands elsewhere now: it was entered, corrected or taken back afterwards."""

    call_id: int
    number: str
    was: Standing | None
    now: Standing | None


@dataclass(frozen=True)
class Day:
    """A branch's day: how many calls the register has, and each call of it in its one column."""

    branch_id: int
    day: date
    registered: int
    columns: dict[Standing, list[tuple[int, str]]]
    #: calls for which register and voucher contradict each other, so that they stand in no column
    unaccounted: list[tuple[int, str]]
    #: of a closed day: what was entered for it since
    changes: list[Change] = field(default_factory=list)

    @property
    def counted(self) -> int:
        """The sum of the columns."""
        return sum(len(calls) for calls in self.columns.values())

    @property
    def adds_up(self) -> bool:
        """Whether the columns come to what the register says, and nothing stands in none."""
        return self.counted == self.registered and not self.unaccounted


def book_of(branch_id: int, day: date) -> DayBook | None:
    """The book of a branch's day."""
    return db.session.scalar(select(DayBook).where(DayBook.branch_id == branch_id, DayBook.day == day))


def day_of(branch_id: int, day: date, book: DayBook | None = None) -> Day:
    """The day as its calls stand now; of a closed one with what has changed since. Three statements at most."""
    found = where_they_stand(branch_id, day)
    columns: dict[Standing, list[tuple[int, str]]] = {standing: [] for standing in Standing}
    unaccounted: list[tuple[int, str]] = []
    for key, (number, standing) in found.items():
        (columns[standing] if standing is not None else unaccounted).append((key, number))
    changes = changes_since(book, found) if book is not None and book.state is DayState.CLOSED else []
    return Day(branch_id, day, count_members(branch_id, day), columns, unaccounted, changes)


def frozen(book: DayBook) -> dict[int, tuple[str, Standing]]:
    """Number and standing of the calls at the last closing, by their keys."""
    query = (
        select(DayLine.call_id, ServiceCall.number, DayLine.standing)
        .join(ServiceCall, ServiceCall.id == DayLine.call_id)
        .where(DayLine.book_id == book.id, DayLine.closing == book.closing)
    )
    return {row.call_id: (row.number, row.standing) for row in db.session.execute(query)}


def changes_since(book: DayBook, now: Mapping[int, tuple[str, Standing | None]]) -> list[Change]:
    """What stands elsewhere than when the book was closed (W-7)."""
    was = frozen(book)
    found = []
    for key in sorted({*was, *now}):
        number = (now.get(key) or was[key])[0]
        before, after = was.get(key, (number, None))[1], now.get(key, (number, None))[1]
        if before is not after:
            found.append(Change(key, number, before, after))
    return found


def undone_at_end(branch_id: int, day: date) -> dict[int, Standing]:
    """The calls that are undone at the end of a day, by their keys (S-3.11)."""
    return {
        key: standing for key, (_, standing) in where_they_stand(branch_id, day).items() if standing in UNDONE
    }  # fmt: skip


def lines_for(deliver_on: date, call_ids: Any) -> set[int]:
    """Which of these calls have a line for that morning already."""
    query = select(UndoneLine.call_id).where(
        UndoneLine.deliver_on == deliver_on, UndoneLine.call_id.in_(list(call_ids))
    )
    return set(db.session.scalars(query))


def still_unserved() -> ColumnElement[bool]:
    """Condition: the call of the line is still not served."""
    return exists().where(ServiceCall.id == UndoneLine.call_id, ServiceCall.state.in_(_UNSERVED))


def waiting() -> ColumnElement[bool]:
    """Condition: it waits for the supervisor's decision, its morning has come, and the call is still not served."""
    return and_(UndoneLine.state == UndoneState.PENDING, UndoneLine.deliver_on <= clock.today(), still_unserved())


def to_decide(by: Actor) -> Select[int]:
    """How many visible lines wait for a decision (W-7)."""
    return select(func.count()).where(waiting(), visible_undone(by))


def to_close() -> ColumnElement[bool]:
    """Condition: the day is over, and its book is not closed."""
    return and_(DayBook.state != DayState.CLOSED, DayBook.day < clock.today())

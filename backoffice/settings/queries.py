"""Values of the parameters, read with at most one statement per session, and the calendar likewise."""

from datetime import time
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, event, false, select, true
from sqlalchemy.orm import Session

from backoffice.core.db import db
from backoffice.core.deadlines import Calendar, WorkingHours
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped

from .definitions import BY_KEY
from .models import Holiday, HolidayKind, Setting

_VALUES, _CALENDAR = "settings.values", "settings.calendar"


def value(key: str) -> str:
    """The value of parameter `key` as text; its default while nobody has changed it. KeyError for an unknown key."""
    default = BY_KEY[key].default
    info = db.session.info
    if _VALUES not in info:
        info[_VALUES] = {row.key: row.value for row in db.session.execute(select(Setting.key, Setting.value))}
    return str(info[_VALUES].get(key, default))


def integer(key: str) -> int:
    """The value of a whole-number parameter."""
    return int(value(key))


def amount(key: str) -> Decimal:
    """The value of an amount of money, in yuan."""
    return Decimal(value(key))


def flag(key: str) -> bool:
    """Whether a yes-or-no parameter says yes."""
    return value(key) == "1"


def pattern(key: str) -> str:
    """The number pattern `key`, for example "N-03"."""
    return value(key)


def zone_limits(zone: str) -> tuple[int, int]:
    """Minutes for dispatch and for arrival that a new service area of `zone` starts with (TL-01, TL-02)."""
    return integer(f"TL-01-{zone}"), integer(f"TL-02-{zone}")


def calendar() -> Calendar:
    """The office's working days (E-33)."""
    info = db.session.info
    if _CALENDAR not in info:
        days: dict[HolidayKind, set[Any]] = {kind: set() for kind in HolidayKind}
        for on, kind in db.session.execute(select(Holiday.on, Holiday.kind).where(Holiday.is_active)):
            days[kind].add(on)
        info[_CALENDAR] = Calendar(frozenset(days[HolidayKind.DAY_OFF]), frozenset(days[HolidayKind.WORKDAY]))
    kept: Calendar = info[_CALENDAR]
    return kept


def working_hours() -> WorkingHours:
    """When the office is at work (C-55, C-56); an end that is not after the beginning counts as midnight."""
    opens, closes = time.fromisoformat(value("C-55")), time.fromisoformat(value("C-56"))
    return WorkingHours(calendar(), opens, closes if closes > opens else time.max)


def forget(session: Session) -> None:
    """Read the parameters and the calendar anew: they have changed, or their change was taken back."""
    session.info.pop(_VALUES, None)
    session.info.pop(_CALENDAR, None)


def _forget_changed(session: Session, context: Any) -> None:
    if any(isinstance(row, (Setting, Holiday)) for row in (*session.new, *session.dirty, *session.deleted)):
        forget(session)


event.listen(Session, "after_flush", _forget_changed)
event.listen(Session, "after_rollback", forget)


@scoped(Setting)
def _settings_of(by: Actor) -> ColumnElement[bool]:
    return true() if by.can(Permission.SETTING_READ) else false()


@scoped(Holiday)
def _holidays_of(by: Actor) -> ColumnElement[bool]:
    return true() if by.can(Permission.BRANCH_READ) else false()

"""The only place that reads the time.

Moments are aware datetimes in UTC; days are dates in the office's zone (Asia/Shanghai unless configured, G-01).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: The smallest step of time that both databases keep: midnight less one belongs to the day before.
RESOLUTION = timedelta(microseconds=1)
_zone = ZoneInfo("Asia/Shanghai")
_frozen: list[datetime] = []


def configure(zone_name: str) -> None:
    """Set the office's zone by its IANA name; raises ZoneInfoNotFoundError for an unknown one."""
    global _zone
    _zone = ZoneInfo(zone_name)


def zone() -> ZoneInfo:
    """The office's time zone."""
    return _zone


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _frozen[-1] if _frozen else datetime.now(UTC)


def today() -> date:
    """This day in the office's zone."""
    return local(now()).date()


def local(moment: datetime) -> datetime:
    """The same moment on the office's wall clock; `moment` must be aware."""
    return moment.astimezone(_zone)


def from_local(wall: datetime) -> datetime:
    """UTC moment of a naive wall-clock time of the office."""
    return wall.replace(tzinfo=_zone).astimezone(UTC)


def day_start(day: date) -> datetime:
    """UTC moment at which `day` begins in the office's zone."""
    return from_local(datetime.combine(day, time()))


def day_end(day: date) -> datetime:
    """UTC moment at which `day` ends (24:00) in the office's zone."""
    return day_start(day + timedelta(days=1))


@contextmanager
def freeze(moment: datetime) -> Iterator[None]:
    """For tests and imports of history: let `now()` return `moment` (aware) inside the block."""
    if moment.tzinfo is None:
        raise ValueError("freeze needs an aware datetime")
    _frozen.append(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.pop()

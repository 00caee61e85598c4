"""Statements that are put together once a minute: of a large one that takes longer than the answer of the database."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any, TypeVar

from . import clock
from .permissions import Actor

T = TypeVar("T")
#: The minute, and what was put together in it.
_kept: tuple[datetime | None, dict[Hashable, Any]] = (None, {})


def plan(name: str, by: Actor | None, build: Callable[[], T], *more: Hashable) -> T:
    """What `build` puts together, kept until the minute is over (UTC), for whoever has the same rights and scope.

    name: unique; `more`: all else that `build` looks at. It must not ask the database: what is kept would be out of
    date. Where it looks at the time, what it says is true of the beginning of the minute.
    """
    global _kept
    minute = clock.now().replace(second=0, microsecond=0)
    if _kept[0] != minute:
        _kept = (minute, {})
    kept = _kept[1]
    key = (name, by.standing if by is not None else None, more)
    if key not in kept:
        kept[key] = build()
    return kept[key]  # type: ignore[no-any-return]

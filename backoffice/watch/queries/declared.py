"""How a time limit is declared so that the sweep watches it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from backoffice.core.deadlines import CalendarKind
from backoffice.core.errors import Text


@dataclass(frozen=True)
class Watch:
    """One limit (TL): on which records it runs, from when to when, and who has to do it.

    `open` is the condition that the event does not exist yet: the moment it exists, nothing more is sent. It names
    states, so that an index that begins with branch and state finds the open records alone.
    ahead, late: texts before the due time and from it on, with `number`, `due` and `percent`.
    """

    key: str
    label: Text
    model: type[Any]
    start: Any
    due: Any
    open: Callable[[], ColumnElement[bool]]
    responsible: Any
    kind: CalendarKind
    ahead: Text
    late: Text
    number: Any = None

    @property
    def ahead_kind(self) -> str:
        """Kind of the notice before the due time."""
        return f"watch.{self.key}.ahead"

    @property
    def late_kind(self) -> str:
        """Kind of the notice from the due time on."""
        return f"watch.{self.key}.late"


#: Every watched limit by its key, "TL-01"; later features add theirs.
WATCHES: dict[str, Watch] = {}


def watch(one: Watch) -> Watch:
    """Let the sweep watch a limit; ValueError where it is watched already."""
    if one.key in WATCHES:
        raise ValueError(f"limit {one.key} is watched twice")
    WATCHES[one.key] = one
    return one

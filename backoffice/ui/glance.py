"""The first rows of a list on another page: what waits, seen without opening it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from backoffice.core.permissions import Actor

from . import listing
from .cells import Cell, chosen, table_body
from .navigation import Waiting

#: Rows that are shown of a list.
MOST = 5


@dataclass(frozen=True)
class Glance:
    """The first rows of what waits in one queue, with the columns shown."""

    waiting: Waiting
    cells: list[Cell]
    body: Markup


def glances(waiting: Sequence[Waiting], by: Actor) -> list[Glance]:
    """The queues whose first rows are shown, without the empty ones; one statement each."""
    return [_glance(one, by) for one in waiting if one.queue.glance and one.count]


def _glance(waiting: Waiting, by: Actor) -> Glance:
    view: Any = waiting.view
    pairs = [
        (name, str(value))
        for name, given in waiting.queue.filters.items()
        for value in (given if isinstance(given, list) else [given])
    ]
    rows = listing.first_rows(view, listing.read_params(view, MultiDict(pairs)), by, MOST)
    return Glance(
        waiting, chosen(view, waiting.queue.glance), table_body(view, rows, pick=False, of=waiting.queue.glance)
    )

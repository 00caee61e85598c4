"""The events of many records in the order of time: nothing happens before its cause, and nothing after now."""

import heapq
from collections.abc import Iterator
from datetime import datetime

from backoffice.core import clock

#: The life of one record: it yields the moment at which it wants to go on.
Life = Iterator[datetime]


class Agenda:
    """Lives that wait for their moments; each goes on while the office's clock shows it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Life]] = []
        self._count = 0

    def add(self, life: Life) -> None:
        """Take in a life; its first moment is asked for at once."""
        moment = next(life, None)
        if moment is not None:
            self._count += 1
            heapq.heappush(self._waiting, (moment.replace(microsecond=0), self._count, life))

    def run(self, until: datetime) -> None:
        """Let everything happen that happens before `until`; what is later never does. Raises what an act raises."""
        reached = None
        while self._waiting and self._waiting[0][0] < until:
            moment, _, life = heapq.heappop(self._waiting)
            reached = max(moment, reached or moment)
            with clock.freeze(reached):  # whoever asked for an earlier moment comes a little late
                self.add(life)

"""What the pages know of the lists: which may be taken as a file, and how one is written piece by piece."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from backoffice.organisation.models import User
from backoffice.registers.models import ExportRun


class Work(Protocol):
    """A list as its person sees it, written piece by piece; see `backoffice.ui.export.Piecemeal`."""

    def count(self, most: int) -> int:
        """How many rows there are; `most` + 1 for more than `most`."""

    def head(self) -> bytes:
        """What stands in the part file before the first row."""

    def piece(self, place: str, done: int, most: int) -> tuple[bytes, int, str]:
        """(the next rows, how many, the place behind them). Raises ValueError for a place that is none."""

    def packed(self, part: Iterable[bytes]) -> Iterator[bytes] | None:
        """The file around the part file; None where that is the file already."""

    def write_down(self, number: int) -> None:
        """Write the export into the trail. The caller commits."""


class Lists(Protocol):
    """The lists of the office, as far as their pages know them."""

    def known(self, register: str, address: str, by: User) -> str | None:
        """The address as the list understands it; None where there is no such list or `by` may not take it."""

    def newest(self, register: str) -> int:
        """The largest key in the table of a list; 0 where it is empty."""

    def desk(self, user_id: int, locale: str) -> AbstractContextManager[User | None]:
        """Inside the block everything is as in a request of that person, in a database session of its own."""

    def opened(self, run: ExportRun, by: User, until: int) -> Work:
        """The list that a file is made of, without records whose key is larger than `until`."""


class _None:
    """An application without pages has no lists."""

    def known(self, register: str, address: str, by: User) -> str | None:
        return None

    def newest(self, register: str) -> int:
        raise LookupError(register)

    def desk(self, user_id: int, locale: str) -> AbstractContextManager[User | None]:
        raise LookupError

    def opened(self, run: ExportRun, by: User, until: int) -> Work:
        raise LookupError(run.register)


#: The pages put theirs here.
source: Lists = _None()

"""What a file is as a table: named columns and rows, each with what is wrong with it."""

import json
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import MissingInput, RuleViolated, Text
from backoffice.core.texts import as_written

from .encodings import BROKEN

MOST_COLUMNS = 300
#: Begins the two columns that a file of refused rows has in front; they are passed over when it comes back.
MARK = "\u26a0 "


@dataclass(frozen=True)
class Row:
    """One record of the file. number: as a spreadsheet counts, the header being 1. problem: why it cannot be used."""

    number: int
    cells: list[str]
    problem: Text = ""
    column: str = ""


@dataclass(kw_only=True)
class Table:
    """A file whose header could be read; `rows` may be walked several times.

    header: the names of the columns. encoding, separator: of a CSV file, else "". sheet, sheets: the one that is read,
    and all, of a workbook.
    """

    header: list[str]
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    sheets: Sequence[str] = ()

    def rows(self) -> Iterator[Row]:
        """All records below the header, blank ones left out."""
        raise NotImplementedError


def unusable(message: Text) -> RuleViolated:
    """The refusal of a whole file."""
    return RuleViolated(message, field="file")


def passed_over(header: Sequence[str]) -> int:
    """How many columns in front come from a file of refused rows: two, or none."""
    return 2 if len(header) > 2 and all(name.strip().startswith(MARK) for name in header[:2]) else 0


def fitted(number: int, cells: list[str], header: Sequence[str]) -> Row:
    """The row with as many cells as the header; blank ones at its end do not count."""
    while len(cells) > len(header) and not cells[-1].strip():
        cells.pop()
    if len(cells) == len(header):
        return Row(number, cells)
    wrong = _l(
        "The row has %(found)s cells, the header has %(expected)s.", found=len(cells), expected=len(header)
    )  # fmt: skip
    return Row(number, cells, wrong)


def checked_header(cells: Sequence[str]) -> list[str]:
    """The names of the columns, those without one numbered. Raises RuleViolated where they are no header."""
    if len(cells) > MOST_COLUMNS:
        raise unusable(_l("The file has more than %(most)s columns.", most=MOST_COLUMNS))
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not any(names):
        raise unusable(_l("The first row must hold the names of the columns."))
    if any(BROKEN in name or any(unicodedata.category(c) == "Cc" for c in name) for name in names):
        raise unusable(_l("The names of the columns cannot be read: is it a CSV file, and in which encoding?"))
    doubles = [name for name, count in Counter(names).items() if count > 1 and name]
    if doubles:
        raise unusable(_l("Two columns have the same name: %(names)s.", names=", ".join(doubles)))
    return [as_written(name) or f"#{place}" for place, name in enumerate(names, 1)]


@contextmanager
def spooled(rows: Iterable[Row], most: int | None = None) -> Iterator[Iterator[Row]]:
    """The rows, read to their end at once and kept in a file, so that none of the reading happens while one writes.

    Raises MissingInput for more than `most`.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        for count, row in enumerate(rows, 1):
            if most is not None and count > most:
                raise MissingInput(
                    _l("More than %(most)s rows: split the file, or let the administrator import it.",
                       most=f"{most:,}"),
                    field="file",
                )  # fmt: skip
            json.dump([row.number, row.cells, str(row.problem), row.column], file)
            file.write("\n")
        file.seek(0)
        yield (Row(*json.loads(line)) for line in file)

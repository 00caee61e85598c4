"""Tables as files, row after row: CSV for every spreadsheet, XLSX with typed cells. A text is never a formula."""

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from html import unescape
from typing import IO, Any

from flask_babel import gettext
from markupsafe import Markup
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from backoffice.core import clock
from backoffice.core.states import LabelledEnum
from backoffice.core.texts import harmless

from . import formatters

BOM = b"\xef\xbb\xbf"
CHUNK = 200
WIDTH = 18
_TAGS = re.compile(r"<[^>]*>")
FORMATS = {datetime: "yyyy-mm-dd hh:mm", date: "yyyy-mm-dd"}


def typed(value: Any) -> Any:
    """What a page shows, as a cell: text, number, day, or moment on the office's clock; None for nothing."""
    return None if value is None else _reader(type(value))(value)


@cache
def _reader(kind: type[Any]) -> Callable[[Any], Any]:
    """The first kind that fits decides: an enum is a str, a bool an int, a moment a date."""
    if hasattr(kind, "__tablename__"):
        return formatters.title
    return next((read for base, read in _READERS if issubclass(kind, base)), lambda value: str(value) or None)


def _moment(value: datetime) -> datetime:
    return clock.local(value)


def _words(html: str) -> str:
    """The text of a cell that a page shows as HTML of our own making."""
    text = _TAGS.sub(" ", html)
    return " ".join((unescape(text) if "&" in text else text).split())


def _several(values: Any) -> str | None:
    return formatters.listed(typed(one) for one in values) or None


_READERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Markup, lambda value: _words(value) or None),
    (LabelledEnum, lambda value: str(value.label)),
    (str, lambda value: str(value) or None),
    (bool, lambda value: gettext("Yes") if value else gettext("No")),
    (datetime, _moment),
    ((date, int, Decimal, float), lambda value: value),
    ((list, tuple), _several),
)


def csv_parts(header: Iterable[Any], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file in UTF-8 with BOM, the header at once, then some rows at a time."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([harmless(str(label)) for label in header])
    yield BOM + _taken(out)
    for number, row in enumerate(rows, 1):
        writer.writerow([value if value is None else _csv_cell(value) for value in row])
        if number % CHUNK == 0:
            yield _taken(out)
    yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    content = out.getvalue().encode("utf-8", "replace")
    out.seek(0)
    out.truncate()
    return content


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    return value.isoformat(" ", "minutes")[:16] if isinstance(value, datetime) else value


def xlsx_file(title: str, header: Iterable[Any], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """The file, which is gone when it is closed, at its end; written row by row, never whole in memory."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(" " if c in "[]:*?/\\'" else c for c in title)[:31])
    sheet.freeze_panes = "A2"
    heads = [_Column(sheet, Font(bold=True)).cell(str(label)) for label in header]
    for number in range(1, len(heads) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = WIDTH
    sheet.append(heads)
    columns = [_Column(sheet) for _ in heads]
    for row in rows:
        sheet.append([column.cell(value) for column, value in zip(columns, row, strict=True)])
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer
    book.save(file)
    return file


class _Column:
    """Makes the cells of one column; a cell is used again for the next row, since it is written at once."""

    def __init__(self, sheet: Any, font: Font | None = None) -> None:
        self.sheet = sheet
        self.font = font
        self.made: dict[type[Any], Any] = {}

    def cell(self, value: Any) -> Any:
        """The value as a cell of its type; a text is a text whatever it looks like."""
        if value is None:
            return None
        kind = type(value)
        cell = self.made.get(kind) or self._new(kind)
        if kind is str:
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
            cell.data_type = "s"
        else:
            cell.value = value.replace(second=0, microsecond=0, tzinfo=None) if kind is datetime else value
        return cell

    def _new(self, kind: type[Any]) -> Any:
        cell = self.made[kind] = WriteOnlyCell(self.sheet)
        if self.font is not None:
            cell.font = self.font
        if kind in FORMATS:
            cell.number_format = FORMATS[kind]
        return cell

"""Cells of files, and CSV for every spreadsheet, row after row; `xlsx` writes workbooks. A text is never a formula."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from html import unescape
from itertools import islice
from typing import Any

from flask_babel import gettext
from markupsafe import Markup

from backoffice.core import clock
from backoffice.core.states import LabelledEnum
from backoffice.core.texts import harmless

from . import formatters

BOM = b"\xef\xbb\xbf"
CHUNK = 200
_TAGS = re.compile(r"<[^>]*>")


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
    yield csv_head(header)
    kept = iter(rows)
    while some := list(islice(kept, CHUNK)):
        yield csv_rows(some)


def csv_head(header: Iterable[Any]) -> bytes:
    """The beginning of the file: the mark of UTF-8 and the names of the columns."""
    return BOM + csv_rows([[str(label) for label in header]])


def csv_rows(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as they stand in the file."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([value if value is None else _csv_cell(value) for value in row])
    return out.getvalue().encode("utf-8", "replace")


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    return value.isoformat(" ", "minutes")[:16] if isinstance(value, datetime) else value

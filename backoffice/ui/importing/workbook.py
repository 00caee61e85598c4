"""A sheet of an XLSX workbook as a table, walked row by row.

The sheets are parsed as a stream: openpyxl takes eight times as long and cannot tell a formula that was never computed,
other libraries hold a whole sheet in memory. What a format and a serial day mean is openpyxl's knowledge.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers.expat import ExpatError

from flask_babel import lazy_gettext as _l
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from . import bombs
from .cells import UNCOMPUTED, SheetParser, strings_of
from .tables import MOST_COLUMNS, Row, Table, checked_header, fitted, passed_over, unusable

#: How far down the names of the columns may stand, below a title.
_TITLE_ROWS = 10
_ERRORS = frozenset({"#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
_UNREADABLE = (KeyError, ValueError, TypeError, IndexError, OSError, EOFError, OverflowError, ExpatError,
               ET.ParseError, zipfile.BadZipFile, zlib.error)  # fmt: skip
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_BLOCK = 256 * 1024


@dataclass(kw_only=True)
class SheetTable(Table):
    """One sheet; parsed again at every walk."""

    book: "_Book" = field(repr=False)
    header_row: int = 1
    skipped: int = 0

    def rows(self) -> Iterator[Row]:
        """All records below the header, blank ones left out; a sheet that breaks off ends with a row that says so."""
        width = len(self.header) + self.skipped
        number = self.header_row
        try:
            for number, found in self.book.rows(self.sheet):
                if number > self.header_row and any(cell.strip() for cell in found):
                    cells = found + [""] * (width - len(found))
                    yield _checked(fitted(number, cells[self.skipped :], self.header), self.header)
        except _UNREADABLE:
            yield Row(number + 1, [""] * len(self.header), _l("From here on the workbook cannot be read."))


def read_workbook(content: bytes, *, sheet: str = "") -> SheetTable:
    """The table of the named sheet, or of the first one that holds something.

    Raises RuleViolated for what is no workbook, would unpack into too much, or has no usable header.
    """
    bombs.refuse(content)
    try:
        book = _Book(content)
        names = book.visible
        for name in [sheet] if sheet in names else names:
            found = _header(book, name)
            if found is not None:
                number, cells = found
                skipped = passed_over(cells)
                return SheetTable(
                    header=checked_header(cells[skipped:]), sheet=name, sheets=names, book=book, header_row=number,
                    skipped=skipped,
                )  # fmt: skip
    except _UNREADABLE:
        raise unusable(_l("The workbook cannot be read. Open it in a spreadsheet and save it again.")) from None
    raise unusable(_l("The file is empty."))


def _header(book: "_Book", sheet: str) -> tuple[int, list[str]] | None:
    """(row, names) of the columns: the first row, or the first with several names below a title; None if empty."""
    first: tuple[int, list[str]] | None = None
    for number, cells in book.rows(sheet):
        filled = sum(bool(cell.strip()) for cell in cells)
        if filled > 1:
            return number, cells
        if first is None and filled:
            first = number, cells
        if number > _TITLE_ROWS:
            break
    return first


def _checked(row: Row, header: Sequence[str]) -> Row:
    if row.problem:
        return row
    for column, cell in zip(header, row.cells, strict=True):
        if cell == UNCOMPUTED:
            cells = ["" if one == UNCOMPUTED else one for one in row.cells]
            return Row(row.number, cells, _l("The cell holds a formula that was never computed."), column)
        if cell in _ERRORS:
            return Row(
                row.number, row.cells, _l("The spreadsheet could not compute this: %(cell)s.", cell=cell), column
            )
    return row


class _Book:
    """Where the sheets are, what their texts are, and which formats are dates."""

    def __init__(self, content: bytes) -> None:
        self.parts = zipfile.ZipFile(io.BytesIO(content))
        root = self._tree("xl/workbook.xml")
        targets = {one.get("Id"): str(one.get("Target")) for one in self._tree("xl/_rels/workbook.xml.rels")}
        self.paths: dict[str, str] = {}
        self.visible: list[str] = []
        for one in root.iter():
            kind = _local(one.tag)
            if kind == "sheet":
                name, target = str(one.get("name")), targets[one.get(_RELATION)]
                self.paths[name] = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
                if one.get("state", "visible") == "visible":
                    self.visible.append(name)
        first_day = any(_local(one.tag) == "workbookPr" and one.get("date1904") in {"1", "true"} for one in root.iter())
        self.epoch = CALENDAR_MAC_1904 if first_day else CALENDAR_WINDOWS_1900
        names = set(self.parts.namelist())
        self.dates = self._date_styles() if "xl/styles.xml" in names else frozenset()
        self.texts: list[str] = []
        if "xl/sharedStrings.xml" in names:
            with self.parts.open("xl/sharedStrings.xml") as part:
                self.texts = strings_of(part)

    def _tree(self, name: str) -> Any:
        return ET.fromstring(self.parts.read(name))  # noqa: S314 - parts with entities were refused

    def _date_styles(self) -> frozenset[str]:
        root = self._tree("xl/styles.xml")
        formats: dict[str, str] = {str(number): text for number, text in BUILTIN_FORMATS.items()}
        styles: list[str] = []
        for one in root:
            if _local(one.tag) == "numFmts":
                formats |= {str(fmt.get("numFmtId")): str(fmt.get("formatCode")) for fmt in one}
            elif _local(one.tag) == "cellXfs":
                styles = [str(xf.get("numFmtId", "0")) for xf in one]
        return frozenset(str(n) for n, fmt in enumerate(styles) if is_date_format(formats.get(fmt, "General")))

    def day(self, serial: float) -> str:
        """The date, moment or time that a number in a date's format stands for."""
        value = from_excel(serial, self.epoch)
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M:%S}"
        return str(value)

    def rows(self, sheet: str) -> Iterator[tuple[int, list[str]]]:
        """(row, cells as text, cut behind the last one that holds something) of the sheet."""
        parser = SheetParser(self.texts, self.dates, self.day, MOST_COLUMNS + 1)
        with self.parts.open(self.paths[sheet]) as part:
            while block := part.read(_BLOCK):
                yield from parser.feed(block)
            yield from parser.feed(b"", last=True)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]

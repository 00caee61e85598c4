"""A file as a table, CSV or XLSX: header and rows; what cannot be read is told row by row."""

import csv
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import Text
from backoffice.core.texts import as_written

from . import encodings
from .encodings import BROKEN
from .tables import Row, Table, checked_header, fitted, passed_over, unusable
from .workbook import read_workbook

MEBIBYTE = 1024 * 1024
#: Largest file from the page, and largest file after unpacking.
MOST_BYTES, MOST_UNPACKED = 10 * MEBIBYTE, 64 * MEBIBYTE
SEPARATORS = ",;\t"
ENCODINGS = encodings.KNOWN

#: How workbooks, old workbooks, pictures and documents begin.
_ZIP = b"PK\x03\x04"
_NO_TABLE = (b"PK", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"%PDF")


@dataclass(kw_only=True)
class CsvTable(Table):
    """A CSV file; its text is decoded while it is walked."""

    content: bytes = field(repr=False)
    skipped: int = 0
    first_lines: int = 0

    def rows(self) -> Iterator[Row]:
        """All records below the header, blank ones left out."""
        records = _records(_text_of(self.content, self.encoding, self.first_lines), self.separator)
        next(records)
        for number, cells, problem in records:
            if problem:
                yield Row(number, cells, problem)
            elif any(cell.strip() for cell in cells):
                yield self._checked(number, cells)

    def _checked(self, number: int, cells: list[str]) -> Row:
        row = fitted(number, cells[self.skipped :], self.header)
        if row.problem:
            return row
        for column, cell in zip(self.header, row.cells, strict=True):
            if BROKEN in cell:
                problem = _l("Some bytes have no meaning in %(encoding)s.", encoding=self.encoding.upper())
                return Row(number, [_shown(c) for c in row.cells], problem, column)
            if "\0" in cell:
                return Row(number, [_shown(c) for c in row.cells], _l("The cell holds a NUL character."), column)
        return Row(number, [as_written(cell) for cell in row.cells])


def read(content: bytes, *, encoding: str = "", separator: str = "", sheet: str = "") -> Table:
    """The table in a CSV file, plain or packed with gzip, or in a sheet of an XLSX workbook.

    encoding, separator, sheet: found out where not given. Raises RuleViolated when there is no usable header, and for
    a file that would unpack to more than may be.
    """
    content = _unpacked(content)
    if content.startswith(_ZIP):
        return read_workbook(content, sheet=sheet)
    if content.startswith(_NO_TABLE):
        raise unusable(_l("This is no CSV or XLSX file. Save the table as “CSV UTF-8” or as a workbook (XLSX)."))
    encoding = encoding or encodings.detect(content)
    first = next(iter(_text_of(content, encoding)), "")
    named = first.strip().lower().startswith("sep=") and len(first.strip()) == 5
    if named:
        separator = separator or first.strip()[4]
    lines = int(named)
    separator = separator or _separator_of(content, encoding, lines)
    if not any(line.strip() for line in _text_of(content, encoding, lines)):
        raise unusable(_l("The file is empty."))
    _, header, problem = next(_records(_text_of(content, encoding, lines), separator))
    if problem:
        raise unusable(_l("The first row cannot be read: %(problem)s", problem=problem))
    skipped = passed_over(header)
    return CsvTable(
        header=checked_header(header[skipped:]), encoding=encoding, separator=separator, content=content,
        skipped=skipped, first_lines=lines,
    )  # fmt: skip


def _text_of(content: bytes, encoding: str, skip: int = 0) -> Iterator[str]:
    """The lines of the file, decoded one after the other; bytes without meaning are marked."""
    start = encodings.mark_length(content, encoding)
    stream = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, errors="mark_broken", newline="")
    if start:
        stream.read(1)  # the mark, decoded, is one character
    for _ in range(skip):
        stream.readline()
    return stream


def _unpacked(content: bytes) -> bytes:
    if content.startswith(b"\x1f\x8b"):
        unpacking = zlib.decompressobj(wbits=31)
        try:
            content = unpacking.decompress(content, MOST_UNPACKED + 1)
        except zlib.error:
            raise unusable(_l("The packed file is damaged.")) from None
        if not unpacking.eof and len(content) <= MOST_UNPACKED:
            raise unusable(_l("The packed file is damaged."))
    if len(content) > MOST_UNPACKED:
        raise unusable(_l("The file holds more than %(mb)s MB.", mb=MOST_UNPACKED // MEBIBYTE))
    return content


def _separator_of(content: bytes, encoding: str, skip: int) -> str:
    """The separator that gives the first rows the same and the largest number of columns."""
    best, most = SEPARATORS[0], (0, 0)
    for separator in SEPARATORS:
        records = _records(_text_of(content[:262_144], encoding, skip), separator)
        widths = [len(cells) for (_, cells, problem), _ in zip(records, range(20), strict=False) if not problem]
        if widths and widths[0] > 1:
            same = sum(width == widths[0] for width in widths)
            if (score := (same, widths[0])) > most:
                best, most = separator, score
    return best


def _records(lines: Iterator[str], separator: str) -> Iterator[tuple[int, list[str], Text]]:
    """(row as a spreadsheet counts, cells, what is wrong with it) of every record, the header included."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, [], _problem_of(error)
        else:
            yield number, cells, ""


def _problem_of(error: csv.Error) -> Text:
    if "field limit" in str(error):
        return _l("A cell holds more than 131,072 characters, or a quotation mark is not closed.")
    return _l("A quotation mark stands in the wrong place or is not closed.")


def _shown(cell: str) -> str:
    return cell.replace(BROKEN, "\ufffd").replace("\0", "\ufffd")

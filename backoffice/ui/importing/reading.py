"""A CSV file as a table: which encoding, which separator, which columns; what cannot be read is told row by row."""

import codecs
import csv
import io
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import RuleViolated, Text

MEBIBYTE = 1024 * 1024
#: Largest file from the page, and largest file after unpacking.
MOST_BYTES, MOST_UNPACKED = 10 * MEBIBYTE, 64 * MEBIBYTE
MOST_COLUMNS = 300
SEPARATORS = ",;\t"
ENCODINGS = ("utf-8", "gb18030")
#: Stands for bytes that have no meaning in the encoding; a lone surrogate, so it can come from nowhere else.
_BROKEN = "\udcff"

#: How workbooks, old workbooks, pictures and documents begin.
_NO_CSV = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff", b"%PDF")

codecs.register_error("mark_broken", lambda error: (_BROKEN, error.end))  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Row:
    """One record of the file. number: as a spreadsheet counts, the header being 1. problem: why it cannot be used."""

    number: int
    cells: list[str]
    problem: Text = ""
    column: str = ""


@dataclass
class Table:
    """A file whose header could be read; `rows` may be walked several times."""

    header: list[str]
    encoding: str
    separator: str
    text: str

    def rows(self) -> Iterator[Row]:
        """All records below the header, blank ones left out."""
        records = _records(self.text, self.separator)
        next(records)
        for number, cells, problem in records:
            if problem:
                yield Row(number, cells, problem)
            elif any(cell.strip() for cell in cells):
                yield self._checked(number, cells)

    def _checked(self, number: int, cells: list[str]) -> Row:
        while len(cells) > len(self.header) and not cells[-1].strip():
            cells.pop()
        if len(cells) != len(self.header):
            wrong = _l(
                "The row has %(found)s cells, the header has %(expected)s.",
                found=len(cells),
                expected=len(self.header),
            )
            return Row(number, cells, wrong)
        for column, cell in zip(self.header, cells, strict=True):
            if _BROKEN in cell:
                problem = _l("Some bytes have no meaning in %(encoding)s.", encoding=self.encoding.upper())
                return Row(number, [_shown(c) for c in cells], problem, column)
            if "\0" in cell:
                return Row(number, [_shown(c) for c in cells], _l("The cell holds a NUL character."), column)
        return Row(number, [_unquoted(cell) for cell in cells])


def read(content: bytes, *, encoding: str = "", separator: str = "") -> Table:
    """The table in a CSV file, plain or packed with gzip.

    encoding, separator: found out where not given. Raises RuleViolated when there is no usable header.
    """
    content = _unpacked(content)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unusable(_l("The file is in UTF-16. Save it as “CSV UTF-8”."))
    if content.startswith(_NO_CSV):
        raise _unusable(_l("This is no CSV file. Save the table as “CSV UTF-8”."))
    encoding = encoding or _encoding_of(content)
    text = content.removeprefix(codecs.BOM_UTF8).decode(encoding, errors="mark_broken")
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        separator, text = separator or first.strip()[4], rest
    separator = separator or _separator_of(text)
    if not text.strip():
        raise _unusable(_l("The file is empty."))
    _, header, problem = next(_records(text, separator))
    if problem:
        raise _unusable(_l("The first row cannot be read: %(problem)s", problem=problem))
    return Table(_checked_header(header), encoding, separator, text)


def _unusable(message: Text) -> RuleViolated:
    return RuleViolated(message, field="file")


def _unpacked(content: bytes) -> bytes:
    if content.startswith(b"\x1f\x8b"):
        unpacking = zlib.decompressobj(wbits=31)
        try:
            content = unpacking.decompress(content, MOST_UNPACKED + 1)
        except zlib.error:
            raise _unusable(_l("The packed file is damaged.")) from None
        if not unpacking.eof and len(content) <= MOST_UNPACKED:
            raise _unusable(_l("The packed file is damaged."))
    if len(content) > MOST_UNPACKED:
        raise _unusable(_l("The file holds more than %(mb)s MB.", mb=MOST_UNPACKED // MEBIBYTE))
    return content


def _encoding_of(content: bytes) -> str:
    """UTF-8, unless so many bytes make no sense in it that it can only be GB18030."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        broken = content.decode("utf-8", errors="mark_broken").count(_BROKEN)
        foreign = len(content) - len(content.translate(None, bytes(range(128, 256))))
        return "gb18030" if broken > foreign * 0.3 else "utf-8"
    return "utf-8"


def _separator_of(text: str) -> str:
    """The separator that gives the first rows the same and the largest number of columns."""
    sample = text[:65536]
    best, most = SEPARATORS[0], (0, 0)
    for separator in SEPARATORS:
        records = _records(sample, separator)
        widths = [len(cells) for (_, cells, problem), _ in zip(records, range(20), strict=False) if not problem]
        if widths and widths[0] > 1:
            same = sum(width == widths[0] for width in widths)
            if (score := (same, widths[0])) > most:
                best, most = separator, score
    return best


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str], Text]]:
    """(row as a spreadsheet counts, cells, what is wrong with it) of every record, the header included."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
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


def _checked_header(cells: list[str]) -> list[str]:
    if len(cells) > MOST_COLUMNS:
        raise _unusable(_l("The file has more than %(most)s columns.", most=MOST_COLUMNS))
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not any(names):
        raise _unusable(_l("The first row must hold the names of the columns."))
    if any(_BROKEN in name or any(unicodedata.category(c) == "Cc" for c in name) for name in names):
        raise _unusable(_l("The names of the columns cannot be read: is it a CSV file, and in which encoding?"))
    doubles = [name for name, count in Counter(names).items() if count > 1 and name]
    if doubles:
        raise _unusable(_l("Two columns have the same name: %(names)s.", names=", ".join(doubles)))
    return [name or f"#{place}" for place, name in enumerate(names, 1)]


def _shown(cell: str) -> str:
    return cell.replace(_BROKEN, "\ufffd").replace("\0", "\ufffd")


def _unquoted(cell: str) -> str:
    """The cell without the mark that exports put before a formula, so that what was exported comes back the same."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@\t\r" else cell

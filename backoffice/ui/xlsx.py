"""A workbook of one sheet, written as it is sent.

The libraries at hand keep a workbook until it is finished, so that the first byte of 100,000 rows leaves after half a
minute. One sheet of typed cells needs six small parts of the format (ECMA-376), which can leave row by row.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from markupsafe import escape

CHUNK = 200
WIDTH = 18
LONGEST_CELL = 32_767
_EPOCH = date(1899, 12, 30).toordinal()
#: What XML cannot hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_BOLD, _DAY, _MOMENT = 1, 2, 3
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_DOCUMENT}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy-mm-dd"/><numFmt numFmtId="165" formatCode="yyyy-mm-dd hh:mm"/>'
    '</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


class _Outgoing:
    """What the archive writes, until it is taken away; it cannot be sought in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, content: bytes) -> int:
        self._parts.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        content = b"".join(self._parts)
        self._parts.clear()
        return content


def xlsx_parts(title: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file, some rows at a time. A text is a text whatever it looks like; moments are on the office's clock."""
    return packed(title, header, _written(len(header), rows))


def rows_part(columns: int, first: int, rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as they stand in the sheet, `first` being the number of the first of them; the header has number 1."""
    letters = _all_letters(columns)
    return "".join(_row(letters, number, row) for number, row in enumerate(rows, first)).encode("utf-8", "replace")


def packed(title: str, header: Sequence[Any], parts: Iterable[bytes]) -> Iterator[bytes]:
    """The file around rows that `rows_part` has written, part by part."""
    out = _Outgoing()
    name = escape("".join(" " if c in "[]:*?/\\'" else c for c in title)[:31].strip() or "1")
    files = {
        **_PARTS,
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}">'
        "<bookViews><workbookView/></bookViews><sheets>"
        f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>',
    }
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=3) as archive:  # type: ignore[arg-type]  # it only writes
        for path, content in files.items():
            archive.writestr(path, _XML + content)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            head = _head(len(header)) + _row(_all_letters(len(header)), 1, [str(label) for label in header], _BOLD)
            sheet.write(head.encode("utf-8", "replace"))
            for part in parts:
                sheet.write(part)
                yield out.take()
            sheet.write(b"</sheetData></worksheet>")
    yield out.take()


def _written(columns: int, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """All rows, CHUNK of them at a time."""
    kept, first = iter(rows), 2
    while some := list(islice(kept, CHUNK)):
        yield rows_part(columns, first, some)
        first += len(some)


def _all_letters(columns: int) -> list[str]:
    return [_letters(number) for number in range(1, columns + 1)]


def _head(columns: int) -> str:
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{columns}" width="{WIDTH}" customWidth="1"/></cols><sheetData>'
    )


def _row(letters: list[str], number: int, row: Sequence[Any], style: int = 0) -> str:
    cells = [_cell(f"{letter}{number}", value, style) for letter, value in zip(letters, row, strict=True)]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Any, style: int) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        mark = f' s="{style}"' if style else ""
        return f'<c r="{place}"{mark} t="inlineStr"><is><t xml:space="preserve">{_text(value)}</t></is></c>'
    if isinstance(value, datetime):
        minutes = value.hour * 60 + value.minute
        return f'<c r="{place}" s="{_MOMENT}"><v>{value.toordinal() - _EPOCH + minutes / 1440!r}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="{_DAY}"><v>{value.toordinal() - _EPOCH}</v></c>'
    if isinstance(value, (int, float, Decimal)):
        return f'<c r="{place}"><v>{value}</v></c>'
    raise TypeError(f"no cell for {type(value).__name__}")


def _text(value: str) -> str:
    if len(value) > LONGEST_CELL:  # more than a cell can hold; the mark says so
        value = value[: LONGEST_CELL - 1] + "…"
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = _ILLEGAL.sub("", value)
    if "&" in value or "<" in value or ">" in value:
        value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value


def _letters(number: int) -> str:
    """The name of a column: 1 is A, 27 is AA."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name

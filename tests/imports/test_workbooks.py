"""Workbooks: what their cells say, and what is refused before it is read."""

import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

import config
from backoffice.core.errors import RuleViolated
from backoffice.ui import sheets, xlsx
from backoffice.ui.importing.reading import read
from tests.imports.books import BOMBS, SPREADSHEET, book_of, sheet_of, with_part
from tests.imports.files import csv_of

pytestmark = pytest.mark.no_app
#: Beyond what the process has when it begins.
MOST_SECONDS, MOST_MEGABYTES = 2.0, 200


def rows(content: bytes, **options: Any) -> list[list[str]]:
    return [row.cells for row in read(content, **options).rows()]


def test_cells_are_read_as_a_person_sees_them() -> None:
    """Numbers in full, days as days, texts that look like numbers as texts, booleans in words."""
    content = book_of(
        ["text", "number", "day", "moment", "flag"],
        ["007", 12_000_000_000, date(2020, 2, 29), datetime(2020, 1, 2, 3, 4, 5), True],  # noqa: DTZ001 - cells have no zone
        ["1.50", 0.1, None, None, False],
        ["=x", 17850.0, None, None, None],
        ["a\nb", -3.25, None, None, None],
    )
    assert rows(content) == [
        ["007", "12000000000", "2020-02-29", "2020-01-02 03:04:05", "TRUE"],
        ["1.50", "0.1", "", "", "FALSE"],
        ["", "17850", "", "", ""],
        ["a\nb", "-3.25", "", "", ""],
    ]


def test_large_whole_numbers_keep_every_figure() -> None:
    content = sheet_of(
        '<row r="1"><c r="A1" t="str"><v>sn</v></c><c r="B1" t="str"><v>n</v></c></row>'
        '<row r="2"><c r="A2"><v>123456789012345678</v></c><c r="B2"><v>1.2E+10</v></c></row>'
    )
    assert rows(content) == [["123456789012345678", "12000000000"]]


def test_formulas_give_their_result_and_tell_when_there_is_none() -> None:
    content = sheet_of(
        '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>"x"</f><v>x</v></c></row>'
        '<row r="3"><c r="A3"><f>1+1</f></c><c r="B3"><v>1</v></c></row>'
        '<row r="4"><c r="A4" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B4"><v>1</v></c></row>'
    )
    first, second, third = read(content).rows()
    assert first.cells == ["2", "x"]
    assert (second.column, "never computed" in str(second.problem)) == ("a", True)
    assert (third.column, "#DIV/0!" in str(third.problem)) == ("a", True)


def test_a_title_above_the_names_and_several_sheets() -> None:
    content = book_of(["名称", "电话"], ["江南", "1"], title="客户名单", more={"second": [["x", "y"], ["1", "2"]]})
    table = read(content)
    assert (table.header, table.sheet, list(table.sheets)) == (["名称", "电话"], "Sheet", ["Sheet", "second"])
    assert [row.number for row in table.rows()] == [3]
    assert rows(content, sheet="second") == [["1", "2"]]
    assert read(content, sheet="nowhere").sheet == "Sheet"


def test_gaps_and_rows_that_are_too_long() -> None:
    content = sheet_of(
        '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="C1" t="str"><v>c</v></c></row>'
        '<row r="5"><c r="C5"><v>3</v></c></row><row r="1048576"><c r="XFD1048576"><v>9</v></c></row>'
    )
    table = read(content)
    assert table.header == ["a", "#2", "c"]
    first, second = table.rows()
    assert (first.number, first.cells) == (5, ["", "", "3"])
    assert (second.number, "has 301 cells" in str(second.problem)) == (1_048_576, True)


def test_what_an_export_writes_comes_back_the_same() -> None:
    """C4: formulas, apostrophes, line breaks, leading zeros, quotation marks, on both roads."""
    texts = ["=1+1", "'=x", "''", "'", "+86", "-", "@a", "007", 'say "hi", you', "a\nb", "<b>", "泵💧", "\ttab", "1E5",
             "'quoted'", "''=y", "TRUE", "2020-01-01", "#REF", "a;b|c"]  # fmt: skip
    table = [[text, "x"] for text in texts]
    for content in (
        b"".join(sheets.csv_parts(["text", "other"], table)), b"".join(xlsx.xlsx_parts("t", ["text", "other"], table)),
    ):  # fmt: skip
        assert [row.cells[0] for row in read(content).rows()] == texts


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_found_out(encoding: str) -> None:
    table = read(csv_of("名称,电话", *(["江南水务,0571-88886666"] * 3), encoding=encoding))
    assert (table.header, len(list(table.rows()))) == (["名称", "电话"], 3)


def test_a_file_of_refused_rows_is_read_without_its_reasons() -> None:
    lines = csv_of("⚠ Row,⚠ Why not,Row,name", "7,name: wrong,1,A")
    assert (read(lines).header, rows(lines)) == (["Row", "name"], [["1", "A"]])
    book = book_of(["⚠ 行", "⚠ 原因", "name"], [7, "wrong", "A"])
    assert (read(book).header, rows(book)) == (["name"], [["A"]])


MEASURE = """
import json, resource, sys, time
from backoffice.core.errors import RuleViolated
from backoffice.ui.importing.reading import read
read(b"name\\nA\\n")
content = open(sys.argv[1], "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
try:
    list(read(content).rows())
    refused = ""
except RuleViolated as refusal:
    refused = str(refusal.message)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([refused, time.process_time() - began, (after - before) / 1024]))
"""


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_at_once(name: str, tmp_path: Path) -> None:
    """Within 2 s and 200 MB, measured in a process of its own."""
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(BOMBS[name]())
    assert path.stat().st_size < 10 * 1024 * 1024, "it may be uploaded"
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, timeout=60, check=True,
        cwd=config.ROOT,
    )  # fmt: skip
    refused, seconds, megabytes = json.loads(done.stdout)
    assert refused
    assert seconds < MOST_SECONDS
    assert megabytes < MOST_MEGABYTES


@pytest.mark.parametrize(
    "content",
    [
        with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row"),
        with_part("xl/workbook.xml", b"<workbook/>"),
        with_part("xl/worksheets/sheet1.xml", b'<?xml version="1.0" encoding="cp037"?><worksheet/>'),
        with_part("xl/worksheets/sheet1.xml", "<worksheet/>".encode("utf-16")),
        with_part("xl/_rels/workbook.xml.rels", b'<R><Relationship Id="rId1" Target="../../x"/></R>'),
        sheet_of('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'),
        sheet_of('<row r="x"><c r="A1"><v>1</v></c></row>'),
        sheet_of('<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>1</v></c></row>'),
        book_of(["a"])[:-30],
        f'<worksheet xmlns="{SPREADSHEET}"/>'.encode(),
    ],
)  # fmt: skip
def test_broken_workbooks_are_refused_or_read_as_text(content: bytes) -> None:
    try:
        table = read(content)
    except RuleViolated:
        return
    found = list(table.rows())
    assert all(len(row.cells) == len(table.header) for row in found if not row.problem)
    assert table.encoding or any(row.problem for row in found)

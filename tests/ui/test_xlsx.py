"""The workbook that is written as it is sent, read back by another program."""

import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from backoffice.ui import xlsx

pytestmark = pytest.mark.no_app


def read(title: str, header: list[Any], rows: list[list[Any]]) -> Any:
    book = load_workbook(io.BytesIO(b"".join(xlsx.xlsx_parts(title, header, rows))))
    return book.worksheets[0]


def test_cells_keep_their_types() -> None:
    row = ["=1+1", 7, Decimal("12.50"), 0.25, date(2026, 3, 2), datetime(2026, 3, 2, 23, 59), None]  # noqa: DTZ001
    sheet = read("Calls: [all]", ["a", "b", "c", "d", "e", "f", "g"], [row])
    assert sheet.title == "Calls   all"
    cells = list(sheet[2])
    assert [c.value for c in cells[:4]] == ["=1+1", 7, 12.5, 0.25]
    assert cells[0].data_type == "s"
    assert cells[4].value == datetime(2026, 3, 2)  # noqa: DTZ001
    assert cells[5].value == datetime(2026, 3, 2, 23, 59)  # noqa: DTZ001
    assert cells[6].value is None
    assert sheet.freeze_panes == "A2"
    assert sheet["A1"].font.b


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_texts_come_back_as_they_were(texts: list[str]) -> None:
    """Whatever is typed, but for what XML cannot hold; line ends are those of Unix."""
    sheet = read("x", ["h"] * len(texts), [texts])
    want = [xlsx._ILLEGAL.sub("", t.replace("\r\n", "\n").replace("\r", "\n")) for t in texts]
    assert [sheet.cell(2, n + 1).value or "" for n in range(len(texts))] == want


def test_the_first_bytes_leave_before_the_last_row_is_read() -> None:
    read_so_far = 0

    def rows() -> Iterator[list[Any]]:
        nonlocal read_so_far
        for number in range(5000):
            read_so_far = number
            yield [f"row {number}"]

    parts = xlsx.xlsx_parts("x", ["h"], rows())
    assert next(parts).startswith(b"PK")
    assert read_so_far < 500
    assert sum(len(part) for part in parts) > 10_000


def test_many_columns_have_their_names() -> None:
    sheet = read("", [str(n) for n in range(60)], [list(range(60))])
    assert sheet["BH2"].value == 59
    assert sheet.title == "1"


def test_what_no_cell_can_hold_is_marked() -> None:
    sheet = read("x", ["h"], [["泵" * 40_000]])
    assert len(sheet["A2"].value) == xlsx.LONGEST_CELL
    assert sheet["A2"].value.endswith("…")
    with pytest.raises(TypeError):
        read("x", ["h"], [[object()]])

"""Reading files and cells, without database."""

import gzip
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.products.models import UnitStatus
from backoffice.ui.importing import reading, values
from backoffice.ui.importing.plan import Field, Plan, RowReader, Source, check, guess, parse_source
from backoffice.ui.importing.reading import read
from backoffice.ui.importing.values import Layout, Unreadable
from tests.imports.files import csv_of


def rows(content: bytes, **options: Any) -> list[list[str]]:
    return [row.cells for row in read(content, **options).rows()]


def problems(content: bytes, **options: Any) -> list[tuple[int, str]]:
    return [(row.number, str(row.problem)) for row in read(content, **options).rows() if row.problem]


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encoding_separator_and_line_ends_are_found_out(encoding: str, separator: str, newline: str) -> None:
    lines = [separator.join(cells) for cells in (("名称", "电话"), ("江南水务", "0571-88886666"), ("宁波泵站", ""))]
    table = read(csv_of(*lines, encoding=encoding, newline=newline))
    assert table.header == ["名称", "电话"]
    assert [row.cells for row in table.rows()] == [["江南水务", "0571-88886666"], ["宁波泵站", ""]]
    assert table.encoding == encoding.removesuffix("-sig")


def test_emoji_survive_in_both_encodings() -> None:
    for encoding in ("utf-8", "gb18030"):
        assert rows(csv_of("name", "泵💧站", encoding=encoding)) == [["泵💧站"]]


def test_a_packed_file_is_unpacked() -> None:
    assert rows(gzip.compress(csv_of("name", "江南"))) == [["江南"]]


def test_a_bomb_is_not_unpacked() -> None:
    """C6: bounded work for a small upload that would grow without end."""
    bomb = gzip.compress(bytes(reading.MOST_UNPACKED + 10))
    assert len(bomb) < 200_000
    with pytest.raises(RuleViolated, match="MB"):
        read(bomb)


@pytest.mark.parametrize("content", [gzip.compress(b"name\nx\n")[:-9], b"\x1f\x8bnonsense"])
def test_a_damaged_packed_file_is_refused(content: bytes) -> None:
    with pytest.raises(RuleViolated, match="damaged"):
        read(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b",,,\n1,2,3,4\n", "names of the columns"),
        (csv_of("name,phone,name", "a,b,c"), "same name: name"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no CSV or XLSX|damaged"),
        (b"PK\x03\x04\x14\x00\x06\x00", "no CSV or XLSX|damaged"),
        (b"\x14\x06x\n1", "cannot be read"),
        (b"a\0b,c\n" + b"1,2\n" * 100, "cannot be read"),
        (b'"name,phone\n1,2\n', "quotation mark"),
        (csv_of(",".join(f"c{i}" for i in range(301))), "columns"),
    ],
)
def test_a_file_without_usable_header_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(RuleViolated, match=words) as refusal:
        read(content)
    assert refusal.value.field == "file"


def test_one_broken_byte_is_told_by_row_and_column() -> None:
    good, bad = "江南水务有限公司".encode("gb18030"), "宁波泵站".encode("gb18030")
    content = "名称,备注\n".encode("gb18030") + good + b",x\n" + bad[:3] + b"\xff" + bad[3:] + b",y\n" + good + b",z\n"
    found = list(read(content).rows())
    assert [row.number for row in found if row.problem] == [3]
    assert found[1].column == "名称"
    assert "GB18030" in str(found[1].problem)
    assert [found[0].cells[1], found[2].cells[1]] == ["x", "z"]


def test_one_broken_byte_does_not_turn_utf_8_into_gb18030() -> None:
    content = csv_of("名称,备注", *(["江南水务,好"] * 20)).replace("好\n".encode(), b"\xa5\n", 1)
    assert read(content).encoding == "utf-8"
    assert [number for number, _ in problems(content)] == [2]


def test_rows_of_wrong_length_are_told_and_blank_ones_are_not() -> None:
    content = csv_of("a,b,c", "1,2", "", "1,2,3,,", " , ,", "1,2,3,4")
    assert [number for number, _ in problems(content)] == [2, 6]
    assert rows(content)[1] == ["1", "2", "3"]


def test_a_huge_cell_spoils_its_row_only() -> None:
    """10 MB in one cell."""
    content = csv_of("name", "first", "x" * (10 * 1024 * 1024), "last")
    assert [number for number, _ in problems(content)] == [3]
    assert [row.cells for row in read(content).rows() if not row.problem] == [["first"], ["last"]]


def test_a_quotation_mark_left_open_is_told() -> None:
    found = problems(csv_of("name,note", 'a,"open', "b,c"))
    assert found
    assert "quotation mark" in found[0][1]


def test_nul_is_told_by_row() -> None:
    content = csv_of("name,note", "good,x", "b\0ad,y")
    assert problems(content) == [(3, "The cell holds a NUL character.")]


def test_sep_line_of_spreadsheets_is_obeyed() -> None:
    assert rows(b"sep=;\r\nname;note\r\na,b;c\r\n") == [["a,b", "c"]]


def test_what_an_export_has_made_safe_comes_back_the_same() -> None:
    """C4: a round trip gives back the same text."""
    assert rows(csv_of("name", "'=1+1", "'quoted'", "'+86 138")) == [["=1+1"], ["'quoted'"], ["+86 138"]]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        table = read(b"name,note\n" + content)
    except RuleViolated:
        return
    for row in table.rows():
        assert row.problem or len(row.cells) == len(table.header)


# -- cells -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["", " ", "　", "none", "None", "N/A", "Unspecified", "Not known", "-", "Blank", "无", "NaN"]
)
def test_words_for_nothing(cell: str) -> None:
    assert values.is_blank(cell, zero=False)


@pytest.mark.parametrize("cell", ["0", "0.0", "00", "０"])
def test_zero_is_nothing_where_the_field_says_so(cell: str) -> None:
    assert values.is_blank(cell, zero=True)
    assert not values.is_blank(cell, zero=False)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2011-07-01 01:32:33", date(2011, 7, 1)),
        ("2011/7/1", date(2011, 7, 1)),
        ("2011.07.01", date(2011, 7, 1)),
        ("2004/02/04 00:00:00+00", date(2004, 2, 4)),
        ("2022/12/07 18:30:02.971+00", date(2022, 12, 7)),
        ("2022-12-07T18:30:02Z", date(2022, 12, 7)),
        ("2022-12-07T18:30:02+08:00", date(2022, 12, 7)),
        ("19950103", date(1995, 1, 3)),
        ("2011年7月1日", date(2011, 7, 1)),
        ("２０１１－０７－０１", date(2011, 7, 1)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_days_in_many_layouts(cell: str, day: date) -> None:
    assert values.as_day(cell, Layout()) == day


def test_day_and_month_need_an_order() -> None:
    for cell in ("03/01/2011", "3/1/2011 12:00:00 AM"):
        assert values.as_day(cell, Layout("mdy")) == date(2011, 3, 1)
        assert values.as_day(cell, Layout("dmy")) == date(2011, 1, 3)
        with pytest.raises(Unreadable, match="first"):
            values.as_day(cell, Layout())


def test_a_bare_year_is_no_day_unless_said_so() -> None:
    with pytest.raises(Unreadable, match="year"):
        values.as_day("2010", Layout())
    assert values.as_day("2010", Layout(year_as_first_day=True)) == date(2010, 1, 1)
    assert values.as_day("2010.0", Layout(year_as_first_day=True)) == date(2010, 1, 1)


@pytest.mark.parametrize("cell", ["1900", "1900/01/01 00:00:00+00", "0000", "19000101"])
def test_unknown_years_are_nothing(cell: str) -> None:
    assert values.as_day(cell, Layout(year_as_first_day=True)) is None


def test_1900_is_a_year_when_nobody_says_otherwise() -> None:
    assert values.as_day("1900-01-01", Layout(unknown_years=frozenset())) == date(1900, 1, 1)


@pytest.mark.parametrize(
    "cell",
    ["0001-01-01", "9999-12-31", "1899-12-31", "2201-01-01", "2023-02-29", "2023-13-01", "20231301", "43831", "soon",
     "2023-01-01x", "2023-1-1 99", "=TODAY()", "2011-07-01; DROP", "२०११-०७-०१x"],
)  # fmt: skip
def test_no_days(cell: str) -> None:
    with pytest.raises(Unreadable):
        values.as_day(cell, Layout("mdy", year_as_first_day=True))


@pytest.mark.parametrize(
    ("cell", "number"),
    [("17850.0", 17850), ("1,234.5", 1234.5), (" 7 ", 7), ("-3", -3), ("1e3", 1000), ("７．５", 7.5)],
)
def test_numbers(cell: str, number: float) -> None:
    assert values.as_number(cell) == number


@pytest.mark.parametrize(
    "cell", ["1e308", "1e400", "Infinity", "-inf", "nan", "1_000", "0x10", "1,2,3", "1.2.3", "=1", "９e99"]
)
def test_no_numbers(cell: str) -> None:
    with pytest.raises(Unreadable):
        values.as_number(cell)


def test_whole_numbers_and_codes() -> None:
    assert values.as_whole("24.0") == 24
    with pytest.raises(Unreadable):
        values.as_whole("24.5")
    assert values.as_code("17850.0") == "17850"
    assert values.as_code("A-1.0") == "A-1.0"


def test_choices_by_value_label_and_word() -> None:
    words = {"报废": UnitStatus.SCRAPPED}
    for cell in ("scrapped", "SCRAPPED", "Scrapped", "报废", " scrapped "):
        assert values.as_member(cell, UnitStatus, words) is UnitStatus.SCRAPPED
    with pytest.raises(Unreadable, match="in_use"):
        values.as_member("broken", UnitStatus, words)


def test_flags() -> None:
    assert values.as_flag("是") is True
    assert values.as_flag("FALSE") is False
    with pytest.raises(Unreadable):
        values.as_flag("maybe")


def test_line_breaks_of_narrow_columns_are_dropped() -> None:
    assert values.one_line("楚雄彝族\n自治州") == "楚雄彝族自治州"
    assert values.one_line("Pump\r\n station ") == "Pump station"


# -- plans -------------------------------------------------------------------------------------------------------------

FIELDS = (
    Field("name", "Name", names=("名称",), required=True),
    Field("bought_on", "Bought", "day"),
    Field("months", "Months", "whole", zero_is_blank=False),
)


def facts(plan: Plan, header: list[str], cells: list[str]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    found, wrong = RowReader(FIELDS, plan, header).facts(2, cells)
    return found, [(p.column, str(p.message)) for p in wrong]


def test_columns_are_guessed_by_name_label_and_synonym() -> None:
    assert guess(FIELDS, ["名称", "Bought ", "x"]) == {"name": Source(("名称",)), "bought_on": Source(("Bought ",))}


def test_a_row_tells_all_its_problems() -> None:
    plan = Plan({"name": Source(("n",)), "bought_on": Source(("d",)), "months": Source(("m",))})
    found, wrong = facts(plan, ["n", "d", "m"], ["-", "soon", "x"])
    assert found == {}
    assert [column for column, _ in wrong] == ["n", "d", "m"]


def test_first_column_that_says_something_or_all_joined() -> None:
    header = ["a", "b"]
    first, joined = parse_source("a | b", header), parse_source("b + a", header)
    assert facts(Plan({"name": first}), header, ["None", "y"])[0] == {"name": "y"}
    assert facts(Plan({"name": joined}), header, ["x", "y"])[0] == {"name": "y x"}
    assert parse_source("a+b", ["a+b"]) == Source(("a+b",))
    with pytest.raises(MissingInput, match="no column “c”"):
        parse_source("a | c", header)


def test_constants_fill_gaps_and_replacements_translate() -> None:
    plan = Plan(
        {"name": Source(("a",), constant="nobody"), "months": Source(constant="12")}, {"name": {"0": "zero", "x": "X"}}
    )
    assert facts(plan, ["a"], [""])[0] == {"name": "nobody", "months": 12}
    assert facts(plan, ["a"], ["0"])[0]["name"] == "zero"
    assert facts(plan, ["a"], [" X "])[0]["name"] == "X"


def test_a_plan_that_does_not_fit_is_refused() -> None:
    with pytest.raises(MissingInput, match="Name"):
        check(FIELDS, Plan())
    for wrong in (Plan({"owner": Source(("a",))}), Plan({"name": Source(("a",))}, {"owner": {}})):
        with pytest.raises(MissingInput, match="owner"):
            check(FIELDS, wrong)

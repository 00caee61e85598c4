"""The bench's own arithmetic, and that its rows are the same each time."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from backoffice.core.db import Base
from bench import report, words
from bench.client import Answer
from bench.columns import Layout, default_of
from bench.desk import first_key, next_link
from bench.grams import index_grams, norm, query_grams
from bench.measure import Timings, quantiles
from bench.office import COLUMNS, Basis, Office, Place
from bench.operations import OPERATIONS
from bench.stores import SqliteStore

END = datetime(2026, 3, 1, 16, tzinfo=UTC)
BASIS = Basis(
    branches=[(1, "HZ"), (2, "SH")],
    areas=[Place(1, 1, "city", 60, 60), Place(2, 2, "suburb", 120, 120)],
    technicians=[(1, 1), (2, 2)], clerks={1: 3, 2: 4}, models=[(1, "ISG50-160")], symptoms=[1, 2],
    parts=[1, 2, 3], supervisors={1: 5, 2: 6}, finance={1: 7, 2: 8},
)  # fmt: skip


def rows_of(calls: int, seed: int = 1) -> list[tuple[str, Any]]:
    return list(Office(calls, seed, END, BASIS).rows())


def facts(rows: list[tuple[str, Any]], table: str, name: str) -> list[Any]:
    return [row[COLUMNS[table].index(name)] for kind, row in rows if kind == table]


def test_rows_follow_from_the_seed() -> None:
    assert rows_of(200) == rows_of(200)
    assert rows_of(200) != rows_of(200, seed=2)


def test_the_register_has_the_shape_of_a_real_one() -> None:
    """Shares of STATISTICS: open calls, one large branch, vouchers for nine of ten; numbers are never used twice."""
    rows = rows_of(6000)
    states = facts(rows, "service_call", "state")
    numbers = facts(rows, "service_call", "number")
    names = facts(rows, "service_call", "customer_name")
    assert len(numbers) == len(set(numbers)) == 6000
    assert 0.01 < sum(state not in ("closed", "cancelled") for state in states) / 6000 < 0.03
    assert 0.75 < facts(rows, "service_call", "branch_id").count(1) / 6000 < 0.9
    assert 0.85 < len(facts(rows, "service_voucher", "id")) / 6000 < 0.95
    assert len(facts(rows, "customer", "id")) == 1200
    assert len(facts(rows, "installed_unit", "id")) == 1800
    for fragment, most in ((words.EIGHT_LETTERS, 0.05), (words.COMMON_PAIR, 0.15), (words.RARE_PAIR, 0.05)):
        assert 0 < sum(fragment in name for name in names) / 6000 < most
    received = facts(rows, "service_call", "received_at")
    assert max(received) < END
    assert (max(received) - min(received)).days > 3600


def test_the_workshop_has_the_shape_of_a_real_one() -> None:
    """Three cards for ten calls with receipt and line, some of them open; as many movements as calls, each whole."""
    rows = rows_of(6000)
    states = facts(rows, "repair_card", "state")
    assert 1750 < len(states) <= 1800
    assert 5 < sum(state != "returned" for state in states) < 40
    for table in ("goods_receipt", "goods_entry", "repair_card"):
        numbers = facts(rows, table, "number")
        assert len(numbers) == len(set(numbers)) == len(states)
    entries = list(zip(facts(rows, "goods_entry", "state"), facts(rows, "goods_entry", "unit_id"), strict=True))
    held = [unit for state, unit in entries if state != "returned" and unit is not None]
    assert len(held) == len(set(held)), "no unit is in our hands twice"
    assert all(out is None or out >= taken for out, taken in zip(
        facts(rows, "goods_entry", "returned_on"), facts(rows, "goods_entry", "in_on"), strict=True
    ))  # fmt: skip
    assert facts(rows, "stock_movement", "id") == list(range(1, 6001))
    kinds = facts(rows, "stock_movement", "kind")
    assert set(kinds) == {"in", "to_technician", "used"}
    moved = zip(facts(rows, "stock_movement", "transfer"), facts(rows, "stock_movement", "quantity"), strict=True)
    halves: dict[str, list[Any]] = {}
    for transfer, quantity in moved:
        halves.setdefault(transfer, []).append(quantity)
    del halves[""]
    assert {(len(pair), sum(pair)) for pair in halves.values()} == {(2, 0)}, "what leaves one place comes to another"


@pytest.mark.parametrize("word", ["水务", "务", "NORDPUMP", "13800138", "ＩＳＧ50", "江南水务ISG50", "jx"])
def test_grams_of_a_word_are_among_those_of_its_text(word: str) -> None:
    folded = norm("JXHZ-20260301-001 杭州江南水务ISG50-160 13800138000 诺德NORDPUMP泵业")
    assert norm(word) in folded
    assert set(query_grams(word)) <= set(index_grams(folded).split())


def test_unknown_columns_get_a_value() -> None:
    """A new column of the product does not stop the bench, and one that is gone is left out."""
    table = sa.Table(
        "toy", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(9)),
        sa.Column("note", sa.String(9), nullable=False), sa.Column("maybe", sa.Integer),
        sa.Column("flag", sa.Boolean, nullable=False, default=True), sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("count", sa.Integer, nullable=False, server_default="0"),
    )  # fmt: skip
    layout = Layout(table, ("id", "gone", "name"), SqliteStore.dialect, END)
    assert layout.names == ["id", "name", "note", "maybe", "flag", "at"]
    assert layout.convert((1, "?", "A"))[:5] == [1, "A", "", None, True]
    with pytest.raises(LookupError, match="does not know"):
        default_of(sa.Table("t", sa.MetaData(), sa.Column("odd", sa.LargeBinary, nullable=False)).c.odd, END)


def test_derived_columns_come_from_the_model() -> None:
    table = Base.metadata.tables["customer"]
    layout = Layout(table, ("id", "name", "phone"), SqliteStore.dialect, END)
    made = dict(zip(layout.names, layout.convert((1, "杭州 水务（集团）", "0571-88886666")), strict=True))
    assert made["name_folded"] == "杭州水务(集团)"
    assert made["phone_digits"] == "057188886666"
    assert made["phone_reversed"] == "666688881750"


def test_figures() -> None:
    assert quantiles([]) == {}
    assert quantiles([0.001, 0.002, 0.003]) == {"p50": 2.0, "p95": 3.0}
    figures = Timings(product=[0.004, 0.006, 0.030], limit=[0.002, 0.002, 0.003]).figures()
    assert figures["ratio"] == pytest.approx(3.0)
    assert figures["ratio_of_pairs"] == pytest.approx(3.0)
    assert Timings().figures()["ratio"] is None


def test_verdicts() -> None:
    assert report.verdict(2.5, 2.5) == "reached"
    assert report.verdict(2.6, 2.5) == "missed"
    assert report.verdict(500, 500, most=False) == "reached"
    assert report.verdict(499, 500, most=False) == "missed"
    assert report.verdict(None, 2.5) == report.verdict(2.5, None) == "-"
    assert report.growth(2.0, 2.9) == (1.45, "reached")
    assert report.growth(10.0, 12.0) == (1.2, "reached")
    assert report.growth(10.0, 12.5)[1] == "missed"
    assert report.middle([3, 1, 2]) == 2
    assert report.middle([4, 1, 2, 3]) == 2.5


def test_report_names_what_is_missed() -> None:
    def desk(calls: int, ms: float) -> dict[str, Any]:
        timings = Timings(product=[ms / 1000], limit=[0.002], rows=50, limit_rows=50)
        return {
            "calls": calls, "visible": calls, "hits": {"水务": 1234},
            "operations": {one.key: timings.figures() for one in OPERATIONS},
            "plans": {
                "bulk_of_5": {"statements": 25}, "bulk": {"statements": 115},
                "search_pair": {"statements": 4, "milliseconds": 9.0, "read_whole": ["service_call (Seq Scan)"]},
            },
            "cpu_ms": {"product": 4.0, "limit": 1.0}, "throughput": {"product": 100.0, "limit": 200.0},
            "exports": {
                "rows": 100, "csv": {"ms": [300.0], "first_ms": [9.0], "mb_over_idle": [30.0]},
                "xlsx": {"ms": [], "first_ms": [], "mb_over_idle": [], "note": "answers 422"},
                "limit": {"ms": [100.0], "first_ms": [9.0], "mb_over_idle": [0.0]},
            },
            "beside_plain": {"balance": {"product_ms": 0.3, "limit_ms": 0.1, "ratio": 3.0, "statements": 1}},
            "imports": [{"rows": 30, "seconds": 1.0, "rows_per_second": 30.0, "peak_mb": 99.0}],
        }  # fmt: skip

    desks = {"postgresql 10": desk(10, 4.0), "postgresql 1,000": desk(1000, 8.0), "sqlite 1,000": desk(1000, 6.0)}
    text = "\n".join(report.lines({"at": "now", "machine": report.machine(), "desks": desks}))
    assert "2.0x  2.5x     reached" in text
    assert "4.0x  2.5x      missed" in text
    assert "reads whole: service_call (Seq Scan)  (goal 5 ms, no scan: missed)" in text
    assert "3.0x the limit's CSV (100 ms), first byte 9 ms, +30 MB  (goal 4x: reached, +25 MB: missed)" in text
    assert "25 statements for 5 records, 115 for 50" in text
    assert "hits: 水务 1,234" in text
    assert "balance: 0.30 ms in 1 statements, plain 0.10 ms, 3.0x  (goal 2x: missed)" in text
    assert "export xlsx: answers 422" in text
    assert "30 rows/s, 99 MB at most  (goal 500 rows/s: missed)" in text
    assert "4.0       8.0 ms    2.00x   limit   1.00x  (goal 1.2x or +1 ms: missed)" in text
    assert "6.0       8.0 ms    0.75x  reached" in text


def test_links_of_a_page_are_found() -> None:
    page = Answer(
        200, b'<td class="pick"><td data-x><a href="/calls/details/?id=42&amp;x=1">N</a></td><a href="/x/?id=41">'
        b'<a class="btn" rel="next" data-next href="?all=1&amp;after=9">more</a>', 0, 0,
    )  # fmt: skip
    assert first_key(page) == 42
    assert next_link(page) == "?all=1&after=9"
    assert next_link(Answer(200, b"<a href='x'>", 0, 0)) is None

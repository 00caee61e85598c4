"""Past parts sales: lines of one number are one sale, across chunks of a file but not across files (E-30)."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.core import invariants
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted
from backoffice.core.permissions import Role
from backoffice.imports.models import RunState
from backoffice.imports.workflow import begin, undo
from backoffice.parts.models import StockMovement
from backoffice.receivables.models import Due
from backoffice.sales.models import PartsSale, SaleLine, SaleState
from backoffice.ui.importing import running
from backoffice.ui.importing.plan import Source
from tests import factories as make
from tests.imports.files import bring_in, csv_of, drive, plan_of, reasons, staged

HEAD = "number,date,customer,code,description,qty,price"


@pytest.fixture
def by() -> Any:
    return make.make_user(Role.ASSISTANT)


def sales() -> list[PartsSale]:
    return list(db.session.scalars(select(PartsSale).order_by(PartsSale.id)))


def test_lines_become_sales_that_are_over(by) -> None:
    """E-30: paid, delivered on their day, numbered in the series of their month; no stock moves, nothing is due."""
    customer, part = make.make_customer(), make.make_part(code="JF-9", name="Seal", spec="")
    content = csv_of(
        HEAD, f"A1,2025-10-02 10:32,{customer.number},jf-9,OLD NAME,48,4.95",
        f"A1,2025-10-02,{customer.number},X,Oven,20,1.25", f'C2,2025-11-03,{customer.number},,Postage,-1,"¥1,100.50"',
        f"A3,2025-11-03,{customer.number},Y,,0.5,0.03",
    )  # fmt: skip
    found = bring_in("sales", content, by)
    assert (found.run.state, found.good, found.rows) == (RunState.DONE, 4, 4), found.reasons()
    first, second, third = sales()
    assert (first.total, second.total, third.total) == (Decimal("262.60"), Decimal("-1100.50"), Decimal("0.02"))
    assert {sale.state for sale in sales()} == {SaleState.DELIVERED}
    assert [sale.old_number for sale in sales()] == ["A1", "C2", "A3"]
    assert [sale.number for sale in sales()] == ["LJHZ-202510-0001", "LJHZ-202511-0001", "LJHZ-202511-0002"]
    assert (first.customer, first.is_history, first.delivered_at) == (customer, True, first.sold_at)
    assert [(line.part, line.name, line.unit_cost) for line in first.lines] == [
        (part, part.label, None), (None, "X · Oven", None),
    ]  # fmt: skip
    assert db.session.scalar(select(func.count()).select_from(StockMovement)) == 0
    assert db.session.scalar(select(func.count()).select_from(Due)) == 0
    assert not list(invariants.breaches())


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",2025-10-02,K,X,Seal,1,1", "number"), ("A1,,K,X,Seal,1,1", "date"), ("A1,2999-10-02,K,X,Seal,1,1", "date"),
        ("A1,2025-10-02,,X,Seal,1,1", "customer"), ("A1,2025-10-02,nobody,X,Seal,1,1", "customer"),
        ("A1,2025-10-02,K,,,1,1", "description"), ("A1,2025-10-02,K,X,Seal,0,1", "qty"),
        ("A1,2025-10-02,K,X,Seal,,1", "qty"), ("A1,2025-10-02,K,X,Seal,NaN,1", "qty"),
        ("A1,2025-10-02,K,X,Seal,1e308,1", "qty"), ("A1,2025-10-02,K,X,Seal,--1,1", "qty"),
        ("A1,2025-10-02,K,X,Seal,0.0001,1", "qty"), ("A1,2025-10-02,K,X,Seal,1,", "price"),
        ("A1,2025-10-02,K,X,Seal,1,0.001", "price"), ("A1,2025-10-02,K,X,Seal,1,-1", "price"),
        ("A1,2025-10-02,K,X,Seal,1,1e308", "price"), ("A1,2025-10-02,K,X,Seal,999999,9999999999.99", "price"),
    ],
)  # fmt: skip
def test_rows_that_are_no_sale_are_told_by_column(by, row: str, column: str) -> None:
    """E-30, G-01: nothing is rounded or left out in silence; the good rows are not held up."""
    customer = make.make_customer()
    lines = [line.replace(",K,", f",{customer.number},") for line in ("G,2025-10-02,K,X,Seal,－２,１.5", row)]
    found = bring_in("sales", csv_of(HEAD, *lines), by, good_rows_only=True)
    assert [(number, told) for number, told, _ in reasons(found)] == [(3, column)], reasons(found)
    (sale,) = sales()
    assert (sale.old_number, sale.total) == ("G", Decimal("-3.00"))


def test_a_sale_goes_on_in_the_next_chunk_and_not_in_the_next_file(by, monkeypatch) -> None:
    """E-30: also lines that stand apart; tried first, which leaves nothing behind."""
    monkeypatch.setattr(running, "CHUNK", 2)
    customer = make.make_customer()
    rows = [f"{number},2025-10-02,{customer.number},X,Seal,1,1.00" for number in ("A", "A", "A", "B", "A", "C", "B")]
    tried = bring_in("sales", csv_of(HEAD, *rows), by, try_only=True)
    assert (tried.run.state, tried.good, len(sales())) == (RunState.TRIED, 7, 0)
    found = bring_in("sales", csv_of(HEAD, *rows), by)
    assert (found.run.state, found.good) == (RunState.DONE, 7)
    assert {sale.old_number: (sale.total, len(sale.lines)) for sale in sales()} == {
        "A": (4, 4), "B": (2, 2), "C": (1, 1),
    }  # fmt: skip
    assert [line.position for line in sales()[0].lines] == [1, 2, 3, 4]
    assert not list(invariants.breaches())
    again = bring_in("sales", csv_of(HEAD, *rows[:5], rows[0].replace("A,", "D,", 1)), by, good_rows_only=True)
    assert (again.good, [number for number, *_ in reasons(again)]) == (1, [2, 3, 4, 5, 6])
    assert sales()[0].number in reasons(again)[0][2]
    assert len(sales()[0].lines) == 4


def test_lines_of_one_sale_name_one_customer(by) -> None:
    """E-30: the row that names another is refused, in its own chunk and in a later one."""
    first, second = make.make_customer(), make.make_customer()
    rows = [f"A,2025-10-02,{one.number},X,Seal,1,1.00" for one in (first, second, first)]
    found = bring_in("sales", csv_of(HEAD, *rows), by, good_rows_only=True)
    assert [(number, column) for number, column, _ in reasons(found)] == [(3, "customer")]
    assert sales()[0].total == 2


def test_customers_are_made_once_and_rows_without_one_go_to_the_constant(by) -> None:
    """E-30: 17850.0 is the customer 17850."""
    rows = ["A,2025-10-02,17850.0,X,Seal,1,1.00", "B,2025-10-02,17850.0,X,Seal,1,1.00", "C,2025-10-02,,X,Seal,1,1.00"]
    run = staged("sales", csv_of(HEAD, *rows), by)
    plan = plan_of("sales", HEAD.split(","), options=("create_customers",), good_rows_only=True)
    begin(run, by=by, plan=plan.with_sources({"customer": Source(("customer",), constant="柜台")}))
    drive(run, by)
    assert run.good == 3
    assert [sale.customer_name for sale in sales()] == ["17850", "17850", "柜台"]


def test_import_is_taken_back_and_its_numbers_are_free(by) -> None:
    """G-03: every sale is void, none is gone; the same file may come in again."""
    customer = make.make_customer()
    content = csv_of(HEAD, *[f"A{n // 2},2025-10-02,{customer.number},X,Seal,1,1.00" for n in range(7)])
    run = bring_in("sales", content, by).run
    undo(run, by=by)
    drive(run, by)
    assert (run.state, run.undone, run.kept) == (RunState.UNDONE, 7, 0)
    assert {sale.state for sale in sales()} == {SaleState.VOID}
    assert not list(invariants.breaches())
    assert bring_in("sales", content, by).good == 7
    assert [sale.state for sale in sales()].count(SaleState.DELIVERED) == 4
    assert db.session.scalar(select(func.count()).select_from(SaleLine)) == 14


@pytest.mark.parametrize("role", [Role.SALES, Role.FINANCE, Role.MANAGER, Role.TECHNICIAN, Role.ADMIN])
def test_who_does_not_import_or_sell_brings_no_sales_in(role: Role) -> None:
    """P-3."""
    customer = make.make_customer()
    with pytest.raises(NotPermitted):
        bring_in("sales", csv_of(HEAD, f"A,2025-10-02,{customer.number},X,S,1,1"), make.make_user(role))

"""Parts out of a file, and back."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, NotPermitted
from backoffice.core.permissions import Role
from backoffice.imports.models import ImportMade
from backoffice.imports.workflow import undo
from backoffice.parts import workflow
from backoffice.parts.models import Part
from tests import factories as make
from tests.imports.files import bring_in, csv_of, reasons
from tests.imports.test_runs import drive

HEADER = "编码,名称,规格,单位,成本价,销售价,理由,易损件,最低库存"


@pytest.fixture
def by() -> Any:
    return make.make_user(Role.SUPERVISOR)


def test_parts_come_in_at_cost_or_with_a_reason(by: Any) -> None:
    """S-1.2, E-07."""
    rows = ("A1,机械密封,M7N,套,¥128.00,,,是,６", "A2,变频器,,台,1420元,1500,含调试,,", "A3,垫片,,片,0,,,否,0.5")
    result = bring_in("parts", csv_of(HEADER, *rows), by)
    assert reasons(result) == []
    first, second, third = db.session.scalars(select(Part).order_by(Part.id))
    assert (first.sale_price, first.is_wear_part, first.min_stock) == (Decimal("128.00"), True, Decimal(6))
    assert (second.sale_price, second.price_reason, second.min_stock) == (Decimal("1500.00"), "含调试", None)
    assert (third.cost_price, third.min_stock) == (Decimal("0.00"), Decimal("0.5"))


@pytest.mark.parametrize(("row", "column"), [
    ("A,密封,,套,nan,,,,", "成本价"), ("A,密封,,套,1e308,,,,", "成本价"), ("A,密封,,套,1.005,,,,", "成本价"),
    ("A,密封,,套,-1,,,,", "成本价"), ("A,密封,,套,5,6,,,", "理由"), ("A,密封,,套,5,,,,-1", "最低库存"),
    ("A,密封,,套,5,,,,0.0001", "最低库存"), ("A,密封,,,5,,,,", "单位"), ("A,,,套,5,,,,", "名称"),
    ("A,密封,,套,,,,,", "成本价"),
])  # fmt: skip
def test_what_makes_no_sense_is_told_with_its_column(by: Any, row: str, column: str) -> None:
    """E-07."""
    result = bring_in("parts", csv_of(HEADER, row), by)
    assert [(number, told) for number, told, _ in reasons(result)] == [(2, column)]
    assert db.session.scalars(select(Part)).all() == []


def test_doubles_are_told(by: Any) -> None:
    """E-07: in the file, and of parts that are there."""
    make.make_part(code="JF 1")
    lines = [f"{code},密封,,套,5,,,," for code in ("jf1", "B", "ｂ ")]
    assert [number for number, _, _ in reasons(bring_in("parts", csv_of(HEADER, *lines), by))] == [2, 4]


def test_parts_are_the_supervisors() -> None:
    """P-3: PART_WRITE."""
    with pytest.raises(NotPermitted):
        bring_in("parts", csv_of(HEADER, "A,密封,,套,5,,,,"), make.make_user(Role.ASSISTANT))


def test_an_import_is_taken_back_but_for_what_was_moved(by: Any) -> None:
    """G-03: taken out of use; brought in again they are in use again."""
    lines = [f"{code},密封,,套,5,,,," for code in ("A", "B")]
    result = bring_in("parts", csv_of(HEADER, *lines), by)
    moved, free = db.session.scalars(select(Part).order_by(Part.id))
    workflow.receive(moved, by=by, quantity=Decimal(1))
    undo(result.run, by=by)
    drive(result.run, by)
    db.session.expire_all()
    assert (moved.is_active, free.is_active) == (True, False)
    kept = db.session.scalars(select(ImportMade.reason).where(ImportMade.record_id == moved.id)).one()
    assert kept
    assert bring_in("parts", csv_of(HEADER, lines[1].replace("5", "7")), by).good == 1
    db.session.refresh(free)
    assert (free.is_active, free.cost_price) == (True, Decimal("7.00"))


@pytest.mark.parametrize("facts", [
    {"cost_price": Decimal("NaN")}, {"min_stock": Decimal("1E+308")}, {"sale_price": Decimal("0.001")}, {"code": " "},
    {"name": "x" * 121}, {"cost_price": None},
], ids=str)  # fmt: skip
def test_the_act_itself_refuses_what_no_file_reader_has_seen(by: Any, facts: dict[str, Any]) -> None:
    """E-07, G-05."""
    row = {"code": "A", "name": "密封", "unit": "套", "cost_price": Decimal(5)} | facts
    (refusal,) = workflow.import_parts(by=by, rows=[row])
    assert isinstance(refusal, BackofficeError)
    assert refusal.field == next(iter(facts))

"""Direct edits of parts sales past the acts, one for each invariant."""

from decimal import Decimal
from typing import Any

from backoffice.core.db import db
from backoffice.parts.models import MovementKind
from backoffice.receivables.models import Due
from backoffice.sales.models import SaleState
from tests import factories as make
from tests.invariants.breaking import breaks, two_alike, write
from tests.selling import make_past_sale, make_sale

two_alike("parts_sale", make_sale)


@breaks("parts_sale.adds_up")
def _() -> Any:
    make_past_sale([("-2", "4.95")])
    make_sale()
    return write(make_sale(), total=Decimal("1.00"))


@breaks("parts_sale.taken_back_adds_up")
def _() -> Any:
    sale = make_sale(state=SaleState.DELIVERED)
    write(db.session.get_one(Due, sale.due_id), amount=Decimal("200.00"))
    return write(sale, returned_total=Decimal("40.00"))


@breaks("sale_line.gives_back_no_more_than_it_sold")
def _() -> Any:
    make_sale(state=SaleState.REVERSED)
    (line,) = make_sale(state=SaleState.REVERSED).lines
    write(line.sale, returned_total=Decimal("200.00"))
    return write(line, returned_amount=Decimal("200.00"))


@breaks("parts_sale.is_reversed_when_all_came_back")
def _() -> Any:
    make_sale(state=SaleState.REVERSED)
    return write(make_sale(state=SaleState.REVERSED), state=SaleState.DELIVERED)


@breaks("parts_sale.is_due")
def _() -> Any:
    make_sale(state=SaleState.REVERSED)
    sale = make_sale(state=SaleState.DELIVERED)
    write(db.session.get_one(Due, sale.due_id), amount=Decimal("240.01"))
    return sale


@breaks("sale_line.left_the_store")
def _() -> Any:
    make_sale(state=SaleState.DELIVERED)
    (line,) = make_sale(state=SaleState.DELIVERED).lines
    write(line.sale, total=Decimal("360.00"))
    write(db.session.get_one(Due, line.sale.due_id), amount=Decimal("360.00"))
    return write(line, quantity=Decimal(3), amount=Decimal("360.00"))


@breaks("sale_line.came_back_to_the_store")
def _() -> Any:
    make_sale(state=SaleState.REVERSED)
    (line,) = make_sale(state=SaleState.DELIVERED).lines
    return write(line, returned_quantity=Decimal(1))


@breaks("stock_movement.stands_on_its_sale")
def _() -> Any:
    sale = make_sale(state=SaleState.DELIVERED)
    subject = {"subject_type": "parts_sale", "subject_id": sale.id, "subject_number": sale.number}
    other = make.make_movement().part
    return make.make_movement(other, quantity=-1, kind=MovementKind.SOLD, **subject)

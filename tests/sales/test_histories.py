"""Whatever is sold and taken back in whatever order: stock and money stay in step (E-30, E-07, W-5.1)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from backoffice.core import invariants
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Role
from backoffice.parts import workflow as stock
from backoffice.parts.models import MovementKind, StockMovement
from backoffice.parts.queries import balance
from backoffice.receivables.models import Due, DueState
from backoffice.sales.models import PartsSale, SaleLine, SaleState
from backoffice.sales.rules import BackItem, SaleItem
from backoffice.sales.workflow import create, deliver, edit, take_back, void
from tests import factories as make

OPENING = Decimal(6)
quantities = st.sampled_from([Decimal(q) for q in ("1", "0.5", "2.333", "4", "0.001", "9")])
prices = st.sampled_from([None, Decimal("0.00"), Decimal("0.01"), Decimal("3.33"), Decimal("120.00")])
lines = st.lists(st.tuples(st.integers(0, 2), quantities, prices), min_size=1, max_size=4)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("create"), lines, st.booleans()),
        st.tuples(st.just("edit"), st.integers(0, 3), lines),
        st.tuples(st.just("deliver"), st.integers(0, 3), st.none()),
        st.tuples(st.just("void"), st.integers(0, 3), st.none()),
        st.tuples(st.just("back"), st.integers(0, 3), st.lists(quantities, min_size=1, max_size=3)),
        st.tuples(st.just("all_back"), st.integers(0, 3), st.none()),
        st.tuples(st.just("receive"), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.just("dearer"), st.integers(0, 2), st.integers(1, 3)),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


class Office:
    """Three parts, a customer, a supervisor; what came in besides sales."""

    def __init__(self) -> None:
        self.by = make.make_user(Role.SUPERVISOR)
        self.customer = make.make_customer()
        self.parts = [make.make_part(cost_price=Decimal(cost)) for cost in ("0.35", "3.33", "120.00")]
        for part in self.parts:
            make.make_movement(part, OPENING)
        self.sales: list[PartsSale] = []
        self.received = [OPENING] * 3

    def items(self, chosen: list[Any]) -> list[SaleItem]:
        return [SaleItem(self.parts[n], quantity, price, "agreed") for n, quantity, price in chosen]

    def step(self, name: str, first: Any, second: Any) -> None:
        if name == "create":
            self.sales.append(
                create(by=self.by, customer=self.customer, lines=self.items(first), deliver_now=bool(second))
            )
        elif name == "receive":
            stock.receive(self.parts[first], by=self.by, quantity=Decimal(second))
            self.received[first] += second
        elif name == "dearer":
            part = self.parts[first]
            part.cost_price = part.sale_price = part.cost_price * second
            db.session.flush()
        elif self.sales:
            sale = self.sales[first % len(self.sales)]
            if name == "edit":
                edit(sale, by=self.by, lines=self.items(second))
            elif name == "deliver":
                deliver(sale, by=self.by)
            elif name == "void":
                void(sale, by=self.by, reason="r")
            elif name == "back":
                given = zip(sale.valid_lines, second, strict=False)
                take_back(sale, by=self.by, reason="r", lines=[BackItem(one.id, q) for one, q in given])
            else:
                take_back(sale, by=self.by, reason="r", everything=True)


def check(office: Office) -> None:
    for part, received in zip(office.parts, office.received, strict=True):
        here = (SaleLine.part_id == part.id, SaleLine.movement_id.is_not(None))
        sold = db.session.scalar(select(func.sum(SaleLine.quantity - SaleLine.returned_quantity)).where(*here))
        assert balance(part.id, office.by.branch_id, None) == received - (sold or 0)
        kinds = (MovementKind.SOLD, MovementKind.SOLD_BACK)
        moved = select(func.sum(StockMovement.quantity)).where(
            StockMovement.part_id == part.id, StockMovement.kind.in_(kinds)
        )
        assert -(db.session.scalar(moved) or 0) == (sold or 0)
    owed = db.session.scalar(select(func.sum(Due.amount)).where(Due.state != DueState.VOID)) or 0
    gone = (SaleState.DELIVERED, SaleState.REVERSED)
    left = select(func.sum(PartsSale.total - PartsSale.returned_total)).where(PartsSale.state.in_(gone))
    assert owed == (db.session.scalar(left) or 0)
    assert not list(invariants.breaches())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_stock_and_money_stay_in_step(app: Any, history: list[tuple[str, Any, Any]]) -> None:
    """Sold less taken back = what is due = what the store misses; a refused step leaves nothing behind."""
    with db.session.begin_nested() as outer:
        office = Office()
        for name, first, second in history:
            try:
                with db.session.begin_nested():
                    office.step(name, first, second)
            except BackofficeError:
                db.session.expire_all()
        db.session.flush()
        db.session.expire_all()
        check(office)
        outer.rollback()
    db.session.expunge_all()


@pytest.mark.parametrize("quantity", [Decimal("2.333"), Decimal("0.001")])
def test_thousandths_come_back_to_the_fen(quantity: Decimal) -> None:
    """G-01: taken back thousandth by thousandth, the last one settles the rest."""
    office = Office()
    office.step("create", [(1, quantity, Decimal("3.33"))], second=True)
    (sale,) = office.sales
    part = quantity / 7
    for _ in range(6):
        take = [BackItem(sale.lines[0].id, round(part, 3))]
        if take[0].quantity:
            take_back(sale, by=office.by, reason="r", lines=take)
    take_back(sale, by=office.by, reason="r", everything=True)
    assert (sale.state, sale.returned_total) == (SaleState.REVERSED, sale.total)
    check(office)

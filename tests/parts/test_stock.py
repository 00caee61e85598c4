"""Use and return of parts, the balance, and what the database itself refuses."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Role
from backoffice.parts import queries, workflow
from backoffice.parts.models import MovementKind, Part, StockMovement
from tests import factories as make


def use(part: Part, quantity: Any, **over: Any) -> StockMovement:
    """Use parts of the store of branch HZ for a call."""
    values = {"branch_id": make.make_branch().id, "holder_id": None, "by": make.make_user(Role.TECHNICIAN)}
    subject = over.pop("subject", None) or make.make_call()
    number = Decimal(quantity) if quantity is not None else None
    return workflow.use(part, number, subject=subject, **values | {"at": clock.now()} | over)


def test_balance_is_the_sum_of_the_movements_of_one_place() -> None:
    """E-07, G-02: store and each person apart, each branch apart, exact."""
    part, technician = make.make_part(), make.make_user(Role.TECHNICIAN)
    here, there = make.make_branch(), make.make_branch("SH")
    for quantity in ("0.1", "0.2", "5"):
        make.make_movement(part, quantity)
    make.make_movement(part, "-0.3", kind=MovementKind.USED, subject_type="service_call")
    make.make_movement(part, 2, technician)
    make.make_movement(part, 50, branch_id=there.id)
    make.make_movement(make.make_part(), 7)
    assert queries.balance(part.id, here.id, None) == Decimal(5)
    assert queries.balance(part.id, here.id, technician.id) == Decimal(2)
    assert queries.balance(part.id, there.id, None) == Decimal(50)
    assert queries.balance(part.id, there.id, technician.id) == Decimal(0)
    assert [(who.id, total) for who, total in queries.holdings(part.id, here.id)] == [(technician.id, Decimal(2))]


def test_balances_of_several_parts_cost_one_statement(count_statements: Any) -> None:
    parts = [make.make_part() for _ in range(4)]
    for place, part in enumerate(parts[:3], 1):
        make.make_movement(part, place)
    keys, branch = [part.id for part in parts], make.make_branch().id
    with count_statements() as sent:
        found = queries.balances(keys, branch, None)
    assert sent.count == 1
    assert [found[key] for key in keys] == [1, 2, 3, 0]
    with count_statements() as sent:
        queries.balance(keys[0], branch, None)
    assert sent.count == 1


def test_balance_at_a_moment_leaves_out_what_came_later() -> None:
    part, branch = make.make_part(), make.make_branch()
    moment = clock.now() - timedelta(hours=5)
    make.make_movement(part, 3, moved_at=moment)
    make.make_movement(part, 4, moved_at=moment + timedelta(minutes=1))
    assert queries.balance(part.id, branch.id, None, moment) == Decimal(3)
    assert queries.balance(part.id, branch.id, None) == Decimal(7)


def test_use_takes_from_the_store_and_keeps_the_cost() -> None:
    """E-07, K-16: the movement names the document, and what a part cost then."""
    part, call = make.make_part(cost_price=Decimal("88.50")), make.make_call()
    make.make_movement(part, 3)
    movement = use(part, "2.5", subject=call)
    part.cost_price = part.sale_price = Decimal("99.00")
    db.session.flush()
    assert (movement.kind, movement.quantity, movement.unit_cost) == (
        MovementKind.USED, Decimal("-2.5"), Decimal("88.50")
    )  # fmt: skip
    assert (movement.subject_type, movement.subject_id, movement.subject_number) == (
        "service_call", call.id, call.number
    )  # fmt: skip
    assert queries.balance(part.id, call.branch_id, None) == Decimal("0.5")


def test_use_of_more_than_there_is_refused() -> None:
    """E-07: no negative stock; the sentence says what is there, and what is elsewhere does not help."""
    part, technician = make.make_part(code="JF-9"), make.make_user(Role.TECHNICIAN)
    make.make_movement(part, 3)
    make.make_movement(part, "1.5", technician)
    with pytest.raises(RuleViolated) as refusal:
        use(part, "3.001")
    assert (refusal.value.rule, refusal.value.field) == ("E-07", "quantity")
    assert "Only 3 套 of JF-9" in str(refusal.value)
    with pytest.raises(RuleViolated) as refusal:
        use(part, 2, holder_id=technician.id)
    assert f"{technician.real_name} has only 1.5 套 of JF-9" in str(refusal.value)
    assert use(part, 3).quantity == -3


def test_two_uses_in_one_act_count_together() -> None:
    """E-07: the second one sees the first, although neither is committed."""
    part, call = make.make_part(), make.make_call()
    make.make_movement(part, 3)
    with db.session.no_autoflush:
        use(part, 2, subject=call)
        with pytest.raises(RuleViolated):
            use(part, 2, subject=call)


@pytest.mark.parametrize("quantity", [None, "0", "-1", "-0.001"])
def test_use_of_nothing_is_refused(quantity: str | None) -> None:
    """E-07."""
    part = make.make_part()
    make.make_movement(part, 3)
    with pytest.raises(MissingInput) as refusal:
        use(part, quantity)
    assert (refusal.value.rule, refusal.value.field) == ("E-07", "quantity")


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "1E+308", "0.0001"])
def test_use_of_what_is_no_quantity_is_refused(quantity: str) -> None:
    """E-07."""
    part = make.make_part()
    make.make_movement(part, 3)
    with pytest.raises(RuleViolated) as refusal:
        use(part, quantity)
    assert refusal.value.field == "quantity"


def test_use_of_a_part_not_in_use_is_refused() -> None:
    """E-07."""
    part = make.make_part(is_active=False)
    make.make_movement(part, 3)
    with pytest.raises(MissingInput) as refusal:
        use(part, 1)
    assert refusal.value.field == "part"


def test_give_back_puts_it_where_it_came_from_once() -> None:
    """E-07: whole, at the cost of then, and never twice."""
    part, technician = make.make_part(), make.make_user(Role.TECHNICIAN)
    make.make_movement(part, 3, technician)
    used = use(part, 2, holder_id=technician.id)
    back = workflow.give_back(used, by=technician, at=clock.now(), reason="not needed")
    assert (back.kind, back.quantity, back.holder_id, back.reason) == (
        MovementKind.RETURNED, Decimal(2), technician.id, "not needed"
    )  # fmt: skip
    assert (back.reversal_of_id, back.subject_number, back.unit_cost) == (used.id, used.subject_number, used.unit_cost)
    assert queries.balance(part.id, technician.branch_id, technician.id) == Decimal(3)
    for movement in (used, back):
        with pytest.raises(RuleViolated) as refusal:
            workflow.give_back(movement, by=technician, at=clock.now(), reason="again")
        assert refusal.value.rule == "E-07"


@pytest.mark.parametrize("statement", [
    "UPDATE stock_movement SET quantity = 1", "UPDATE stock_movement SET reason = 'x'", "DELETE FROM stock_movement",
])  # fmt: skip
def test_the_database_refuses_every_change_of_a_movement(statement: str) -> None:
    """E-07, G-03: append-only, also past the application."""
    make.make_movement()
    with pytest.raises(DBAPIError) as refusal, db.session.begin_nested():
        db.session.execute(text(statement))
    assert "append-only" in str(refusal.value)


@pytest.mark.parametrize("over", [
    {"quantity": 0}, {"quantity": -1}, {"kind": MovementKind.USED, "subject_type": "x"},
    {"kind": MovementKind.USED, "quantity": -1}, {"kind": MovementKind.ADJUSTED},
    {"kind": MovementKind.TO_TECHNICIAN}, {"transfer": "t"},
    {"kind": MovementKind.RETURNED, "subject_type": "x"},
], ids=str)  # fmt: skip
def test_the_database_refuses_a_movement_that_makes_no_sense(over: dict[str, Any]) -> None:
    """E-07: signs, transfers in pairs, uses with a document, differences with a reason."""
    part = make.make_part()
    with pytest.raises(IntegrityError), db.session.begin_nested():
        make.make_movement(part, **over)


def test_the_database_refuses_a_price_above_cost_without_a_reason() -> None:
    """S-1.2, E-07."""
    with pytest.raises(IntegrityError), db.session.begin_nested():
        make.make_part(sale_price=Decimal("120.01"))
    assert make.make_part(sale_price=Decimal("120.01"), price_reason="imported").id


def test_two_spellings_of_a_code_are_refused() -> None:
    """E-07."""
    make.make_part(code="JF 1")
    with pytest.raises(IntegrityError), db.session.begin_nested():
        make.make_part(code="ｊｆ1")


@pytest.mark.sqlite
def test_the_balance_is_read_from_the_index_alone() -> None:
    """E-07: one covering index, whatever the movements weigh. PostgreSQL chooses by what is committed."""
    asked = "SELECT sum(quantity) FROM stock_movement WHERE branch_id = 1 AND part_id = 1 AND holder_id IS NULL"
    (plan,) = db.session.execute(text(f"EXPLAIN QUERY PLAN {asked}"))
    assert "USING COVERING INDEX ix_stock_movement_balance" in str(plan)

"""The acts on the stock of a part."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, NotPermitted, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.parts import queries, workflow
from backoffice.parts.models import MovementKind, Part, StockMovement
from tests import factories as make

People = dict[Role, Any]


def there(part: Part, holder: Any = None) -> Decimal:
    """What is in the store of branch HZ, or with a person of it."""
    return queries.balance(part.id, make.make_branch().id, holder.id if holder is not None else None)


def movements(part: Part) -> list[StockMovement]:
    return list(db.session.scalars(select(StockMovement).where(StockMovement.part_id == part.id)))


def notices(user: Any) -> list[str]:
    db.session.flush()
    return [n.text for n in db.session.scalars(select(Notice).where(Notice.user_id == user.id))]


def test_receive_puts_goods_into_the_store(people: People) -> None:
    """E-07: of the person's own branch, at today's cost, with the delivery note."""
    part, assistant = make.make_part(), people[Role.ASSISTANT]
    workflow.receive(part, by=assistant, quantity=Decimal("12.5"), reason="SH-881")
    (movement,) = movements(part)
    assert (movement.kind, movement.quantity, movement.holder_id, movement.reason, movement.unit_cost) == (
        MovementKind.IN, Decimal("12.5"), None, "SH-881", part.cost_price
    )  # fmt: skip
    assert (movement.branch_id, movement.created_by_id) == (assistant.branch_id, assistant.id)
    assert there(part) == Decimal("12.5")
    trail = db.session.execute(select(AuditEntry.subject_type, AuditEntry.act).order_by(AuditEntry.id)).all()
    assert ("stock_movement", "part.receive") in trail
    assert ("part", "part.receive") in trail


def test_receive_of_an_event_made_earlier_keeps_its_time(people: People) -> None:
    """G-04."""
    part, at = make.make_part(), clock.now() - timedelta(days=2)
    workflow.receive(part, by=people[Role.SUPERVISOR], at=at, quantity=Decimal(1))
    assert movements(part)[0].moved_at == at
    with pytest.raises(RuleViolated):
        workflow.receive(part, by=people[Role.SUPERVISOR], at=clock.now() + timedelta(hours=1), quantity=Decimal(1))


def test_hand_out_makes_two_movements_and_tells_the_technician(people: People) -> None:
    """E-07: less in the store, more with him; both carry the same key."""
    part, technician = make.make_part(code="JF-1"), people[Role.TECHNICIAN]
    make.make_movement(part, 5)
    workflow.hand_out(part, by=people[Role.ASSISTANT], holder=technician, quantity=Decimal(2))
    assert (there(part), there(part, technician)) == (3, 2)
    pair = [m for m in movements(part) if m.kind is MovementKind.TO_TECHNICIAN]
    assert sorted((m.quantity, m.holder_id) for m in pair) == [(-2, None), (2, technician.id)]
    assert len({m.transfer for m in pair}) == 1
    assert notices(technician) == ["You now hold 2 套 more of JF-1 · 机械密封 · M7N-45."]


def test_hand_back_brings_parts_into_the_store(people: People) -> None:
    """E-07: also from somebody who has left, and of a part no longer in use."""
    part, technician = make.make_part(), people[Role.TECHNICIAN]
    make.make_movement(part, 2, technician)
    technician.is_active = part.is_active = False
    workflow.hand_back(part, by=people[Role.ASSISTANT], holder=technician, quantity=Decimal("1.5"), reason="left")
    assert (there(part), there(part, technician)) == (Decimal("1.5"), Decimal("0.5"))


@pytest.mark.parametrize("act", [workflow.hand_out, workflow.hand_back], ids=["hand_out", "hand_back"])
def test_more_than_there_is_refused_and_nothing_written(people: People, act: Any) -> None:
    """E-07: no negative stock."""
    part, technician = make.make_part(), people[Role.TECHNICIAN]
    make.make_movement(part, 1)
    make.make_movement(part, 1, technician)
    before = len(movements(part))
    with pytest.raises(RuleViolated) as refusal:
        act(part, by=people[Role.ASSISTANT], holder=technician, quantity=Decimal("1.001"))
    assert (refusal.value.rule, refusal.value.field) == ("E-07", "quantity")
    assert len(movements(part)) == before


@pytest.mark.parametrize("act", [workflow.hand_out, workflow.hand_back], ids=["hand_out", "hand_back"])
def test_people_of_other_branches_get_and_give_nothing(people: People, act: Any) -> None:
    """P-1, G-02."""
    part = make.make_part()
    make.make_movement(part, 5)
    with pytest.raises(RuleViolated) as refusal:
        act(
            part, by=people[Role.ASSISTANT], holder=make.make_user(Role.TECHNICIAN, make.make_branch("SH")),
            quantity=Decimal(1),
        )  # fmt: skip
    assert (refusal.value.rule, refusal.value.field) == ("P-1", "holder")
    with pytest.raises(MissingInput):
        act(part, by=people[Role.ASSISTANT], holder=None, quantity=Decimal(1))


@pytest.mark.parametrize("role", [Role.SALES, Role.ASSISTANT, None])
def test_hand_out_only_to_active_technicians(people: People, role: Role | None) -> None:
    """E-07."""
    part = make.make_part()
    make.make_movement(part, 5)
    holder = people[role] if role is not None else make.make_user(Role.TECHNICIAN, is_active=False)
    with pytest.raises(RuleViolated) as refusal:
        workflow.hand_out(part, by=people[Role.SUPERVISOR], holder=holder, quantity=Decimal(1))
    assert refusal.value.field == "holder"


@pytest.mark.parametrize("quantity", [None, Decimal(0), Decimal(-1), Decimal("NaN"), Decimal("0.0001")])
def test_receive_of_no_real_quantity_is_refused(people: People, quantity: Decimal | None) -> None:
    """E-07."""
    part = make.make_part()
    with pytest.raises(BackofficeError) as refusal:
        workflow.receive(part, by=people[Role.ASSISTANT], quantity=quantity)
    assert (refusal.value.rule, refusal.value.field) == ("E-07", "quantity")
    assert movements(part) == []


def test_a_part_not_in_use_is_neither_received_nor_handed_out(people: People) -> None:
    """E-07, G-03."""
    part = make.make_part(is_active=False)
    make.make_movement(part, 5)
    with pytest.raises(MissingInput):
        workflow.receive(part, by=people[Role.ASSISTANT], quantity=Decimal(1))
    with pytest.raises(MissingInput):
        workflow.hand_out(part, by=people[Role.ASSISTANT], holder=people[Role.TECHNICIAN], quantity=Decimal(1))


def test_count_that_agrees_leaves_only_a_line_in_the_trail(people: People) -> None:
    """E-07, G-04."""
    part = make.make_part()
    make.make_movement(part, 5)
    workflow.count(part, by=people[Role.ASSISTANT], counted=Decimal(5))
    assert len(movements(part)) == 1
    counted = select(func.count()).where(AuditEntry.act == "part.count", AuditEntry.subject_id == part.id)
    assert db.session.scalar(counted) == 1
    assert notices(people[Role.SUPERVISOR]) == []


@pytest.mark.parametrize(("counted", "words"), [("3", "-2"), ("6.5", "+1.5"), ("0", "-5")])
def test_count_that_differs_needs_a_reason(people: People, counted: str, words: str) -> None:
    """E-07: the difference is booked with it, and the supervisor is told."""
    part = make.make_part(code="JF-2")
    make.make_movement(part, 5)
    for reason in ("", "  "):
        with pytest.raises(MissingInput) as refusal:
            workflow.count(part, by=people[Role.ASSISTANT], counted=Decimal(counted), reason=reason)
        assert refusal.value.field == "reason"
        assert words in str(refusal.value)
    workflow.count(part, by=people[Role.ASSISTANT], counted=Decimal(counted), reason="盘亏")
    booked = movements(part)[-1]
    assert (booked.kind, booked.quantity, booked.reason) == (MovementKind.ADJUSTED, Decimal(words), "盘亏")
    assert there(part) == Decimal(counted)
    assert notices(people[Role.SUPERVISOR]) == [f"The stock-take of JF-2 differs by {words} 套: 盘亏"]


def test_count_with_a_technician_leaves_the_store_alone(people: People) -> None:
    """E-07."""
    part, technician = make.make_part(), people[Role.TECHNICIAN]
    make.make_movement(part, 5)
    make.make_movement(part, 2, technician)
    workflow.count(part, by=people[Role.SUPERVISOR], holder=technician, counted=Decimal(1), reason="lost on site")
    assert (there(part), there(part, technician)) == (5, 1)
    assert notices(people[Role.SUPERVISOR]) == []  # it was the supervisor who counted


def test_count_is_compared_with_the_balance_of_its_moment(people: People) -> None:
    """G-04: counted at noon, entered later; what went out meanwhile is no difference."""
    part, noon = make.make_part(), clock.now() - timedelta(hours=2)
    make.make_movement(part, 5, moved_at=noon - timedelta(hours=1))
    workflow.hand_out(part, by=people[Role.ASSISTANT], holder=people[Role.TECHNICIAN], quantity=Decimal(2))
    workflow.count(part, by=people[Role.ASSISTANT], at=noon, counted=Decimal(5))
    assert there(part) == 3
    workflow.count(part, by=people[Role.ASSISTANT], at=noon, counted=Decimal(4), reason="one is broken")
    assert there(part) == 2
    with pytest.raises(RuleViolated) as refusal:
        workflow.count(part, by=people[Role.ASSISTANT], at=noon, counted=Decimal(1), reason="no")
    assert refusal.value.field == "counted"
    assert there(part) == 2


@pytest.mark.parametrize("counted", [None, Decimal(-1), Decimal("NaN"), Decimal("0.0001"), Decimal("1E+308")])
def test_count_of_no_real_quantity_is_refused(people: People, counted: Decimal | None) -> None:
    """E-07."""
    part = make.make_part()
    with pytest.raises(BackofficeError) as refusal:
        workflow.count(part, by=people[Role.ASSISTANT], counted=counted, reason="r")
    assert (refusal.value.rule, refusal.value.field) == ("E-07", "counted")


@pytest.mark.parametrize("role", [Role.FINANCE, Role.TECHNICIAN, Role.MANAGER, Role.SALES, Role.ADMIN])
def test_only_assistant_and_supervisor_move_stock(people: People, role: Role) -> None:
    """P-3."""
    part = make.make_part()
    make.make_movement(part, 5)
    quantity, technician = Decimal(1), people[Role.TECHNICIAN]
    for act, inputs in (
        (workflow.receive, {"quantity": quantity}), (workflow.count, {"counted": quantity, "reason": "r"}),
        (workflow.hand_out, {"quantity": quantity, "holder": technician}),
        (workflow.hand_back, {"quantity": quantity, "holder": technician}),
    ):  # fmt: skip
        with pytest.raises(NotPermitted):
            act(part, by=people[role], **inputs)
    assert len(movements(part)) == 1


def test_who_sees_which_movements(people: People) -> None:
    """P-1, P-3: own branch; a technician his own; salesperson and administrator none; headquarters all."""
    part, technician = make.make_part(), people[Role.TECHNICIAN]
    mine, store = make.make_movement(part, 1, technician), make.make_movement(part, 1)
    other = make.make_movement(part, 1, make.make_user(Role.TECHNICIAN))
    there = make.make_movement(part, 1, make.make_user(Role.TECHNICIAN, make.make_branch("SH")))

    def seen(by: Any) -> set[int]:
        return set(db.session.scalars(select(StockMovement.id).where(queries.visible_movements(by))))

    here = {mine.id, store.id, other.id}
    for role in (Role.ASSISTANT, Role.FINANCE, Role.SUPERVISOR, Role.MANAGER):
        assert seen(people[role]) == here, role
    assert seen(technician) == {mine.id}
    assert seen(people[Role.SALES]) == seen(people[Role.ADMIN]) == set()
    assert seen(make.make_user(Role.MANAGER, make.make_branch("HQ"))) == here | {there.id}

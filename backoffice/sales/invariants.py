"""What holds for parts sales: lines and totals, stock and money tell the same (E-30)."""

from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from backoffice.core.invariants import invariant, unique_numbers
from backoffice.parts.models import MovementKind, Part, StockMovement
from backoffice.receivables.models import Due, DueState
from backoffice.receivables.rules import DueSource

from .models import PartsSale, SaleLine, SaleState

_NOTHING = Decimal(0)
_SALE = PartsSale.__tablename__
_NAMED = select(PartsSale.id, PartsSale.number)
_LINE = select(SaleLine.id, PartsSale.number).join(PartsSale, PartsSale.id == SaleLine.sale_id)
_HANDED_OVER = and_(PartsSale.state.in_((SaleState.DELIVERED, SaleState.REVERSED)), ~PartsSale.is_history)

unique_numbers(PartsSale, "N-23")


def _sum(column: Any) -> Any:
    """The sum of a column over the lines of a sale."""
    total = select(func.coalesce(func.sum(column), _NOTHING)).where(SaleLine.sale_id == PartsSale.id)
    return total.correlate(PartsSale).scalar_subquery()


@invariant(PartsSale, rule="E-30", says="Its total is not the sum of its lines.")
def adds_up() -> Select[int, str]:
    """The total is the sum of the amounts of the lines."""
    return _NAMED.where(PartsSale.total != _sum(SaleLine.amount))


@invariant(PartsSale, rule="E-30", says="What was taken back of it is not the sum of its lines.")
def taken_back_adds_up() -> Select[int, str]:
    """What was taken back is the sum of what was taken back of the lines."""
    return _NAMED.where(PartsSale.returned_total != _sum(SaleLine.returned_amount))


@invariant(SaleLine, rule="E-30", says="More of it was taken back than was sold, or for more than it cost.")
def gives_back_no_more_than_it_sold() -> Select[int, str]:
    """Of a line no more comes back than it has, whole when all of it does."""
    back = SaleLine.returned_quantity
    return _LINE.where(
        or_(
            and_(back != _NOTHING, back > SaleLine.quantity),
            and_(back != _NOTHING, SaleLine.returned_amount > SaleLine.amount),
            and_(back == _NOTHING, SaleLine.returned_amount != _NOTHING),
            and_(back != _NOTHING, back == SaleLine.quantity, SaleLine.returned_amount != SaleLine.amount),
        )
    )


@invariant(PartsSale, rule="E-30", says="It is called wholly taken back and is not, or the other way round.")
def is_reversed_when_all_came_back() -> Select[int, str]:
    """A delivered sale is reversed just when nothing of it is left with the customer."""
    left = _sum(SaleLine.quantity - SaleLine.returned_quantity)
    is_reversed = PartsSale.state == SaleState.REVERSED
    return _NAMED.where(_HANDED_OVER, or_(and_(is_reversed, left != _NOTHING), and_(~is_reversed, left == _NOTHING)))


@invariant(PartsSale, rule="E-30", says="What is due for it is not what is left of it.")
def is_due() -> Select[int, str]:
    """Of a sale above 0 so much is due as is left of it: void when nothing is, and whatever was left when waived."""
    left = PartsSale.total - PartsSale.returned_total
    is_right = and_(
        Due.id.is_not(None), Due.source == DueSource.SALE, Due.source_number == PartsSale.number,
        case(
            (Due.state == DueState.WAIVED, Due.amount >= left),
            (left == _NOTHING, Due.state == DueState.VOID),
            else_=and_(Due.amount == left, Due.state != DueState.VOID),
        ),
    )  # fmt: skip
    owes = and_(_HANDED_OVER, PartsSale.total > _NOTHING)
    return _NAMED.outerjoin(Due, Due.id == PartsSale.due_id).where(
        or_(and_(owes, ~func.coalesce(is_right, False)), and_(~owes, PartsSale.due_id.is_not(None)))
    )


@invariant(SaleLine, rule="E-30", says="The stock did not lose just this part for this sale.")
def left_the_store() -> Select[int, str]:
    """Each line of a delivered sale has its movement out of the branch's store, and no other line has one."""
    sold = StockMovement
    is_right = and_(
        sold.kind == MovementKind.SOLD, sold.subject_type == _SALE, sold.subject_id == SaleLine.sale_id,
        sold.part_id == SaleLine.part_id, sold.branch_id == SaleLine.branch_id, sold.holder_id.is_(None),
        sold.quantity + SaleLine.quantity == _NOTHING, sold.unit_cost == SaleLine.unit_cost,
    )  # fmt: skip
    moves = and_(_HANDED_OVER, SaleLine.quantity != _NOTHING)
    return _LINE.outerjoin(sold, sold.id == SaleLine.movement_id).where(
        or_(and_(moves, ~func.coalesce(is_right, False)), and_(~moves, SaleLine.movement_id.is_not(None)))
    )


@invariant(SaleLine, rule="E-30", says="The stock did not get back what was taken back of it.")
def came_back_to_the_store() -> Select[int, str]:
    """Of each part of a sale so many are in stock again as its lines say were taken back."""
    booked = (
        select(StockMovement.subject_id, StockMovement.part_id, func.sum(StockMovement.quantity).label("quantity"))
        .where(StockMovement.kind == MovementKind.SOLD_BACK, StockMovement.subject_type == _SALE)
        .group_by(StockMovement.subject_id, StockMovement.part_id)
        .subquery()
    )
    said = (
        select(SaleLine.sale_id, SaleLine.part_id, func.sum(SaleLine.returned_quantity).label("quantity"))
        .where(SaleLine.part_id.is_not(None))
        .group_by(SaleLine.sale_id, SaleLine.part_id)
        .subquery()
    )
    same = and_(booked.c.subject_id == said.c.sale_id, booked.c.part_id == said.c.part_id)
    wrong = (
        select(said.c.sale_id, said.c.part_id)
        .outerjoin(booked, same)
        .where(func.coalesce(booked.c.quantity, _NOTHING) != said.c.quantity)
        .subquery()
    )
    of_wrong = and_(wrong.c.sale_id == SaleLine.sale_id, wrong.c.part_id == SaleLine.part_id)
    return _LINE.join(wrong, of_wrong)


@invariant(StockMovement, rule="E-30", says="It was sold on no line of its sale.")
def stands_on_its_sale() -> Select[int, str]:
    """No stock leaves for a sale, or comes back of it, without standing on it."""
    on_a_line = select(SaleLine.id).where(
        SaleLine.sale_id == StockMovement.subject_id, SaleLine.part_id == StockMovement.part_id,
        or_(StockMovement.kind == MovementKind.SOLD_BACK, SaleLine.movement_id == StockMovement.id),
    )  # fmt: skip
    is_right = and_(StockMovement.subject_type == _SALE, on_a_line.correlate(StockMovement).exists())
    kinds = (MovementKind.SOLD, MovementKind.SOLD_BACK)
    return (
        select(StockMovement.id, Part.code)
        .join(Part, Part.id == StockMovement.part_id)
        .where(StockMovement.kind.in_(kinds), ~func.coalesce(is_right, False))
    )

"""What holds for the movements of stock (E-07)."""

from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from backoffice.core.invariants import invariant

from .models import STORE, MovementKind, Part, StockMovement


def _named(movement: Any) -> Select[int, str]:
    """Key and part of movements."""
    return select(movement.id, Part.code).join(Part, Part.id == movement.part_id)


@invariant(StockMovement, rule="E-07", says="It took out more than was there.")
def is_covered() -> Select[int, str]:
    """The balance of a part in one place is never below zero, not even after a movement in between."""
    place = (StockMovement.part_id, StockMovement.branch_id, StockMovement.holder_id)
    balance = func.sum(StockMovement.quantity).over(partition_by=place, order_by=StockMovement.id)
    run = select(StockMovement.id, StockMovement.part_id, balance.label("balance")).subquery()
    return select(run.c.id, Part.code).join(Part, Part.id == run.c.part_id).where(run.c.balance < Decimal(0))


@invariant(Part, rule="E-07", says="What is kept as its stock in a store is not the sum of its movements.")
def store_is_the_sum() -> Select[int, str]:
    """What stands as the balance of a store equals its movements added up, for every branch."""
    in_store = StockMovement.holder_id.is_(None)
    sums = (
        select(
            StockMovement.part_id, StockMovement.branch_id, func.sum(StockMovement.quantity).label("quantity")
        )
        .where(in_store)
        .group_by(StockMovement.part_id, StockMovement.branch_id)
        .subquery()
    )  # fmt: skip
    same = and_(sums.c.part_id == STORE.c.part_id, sums.c.branch_id == STORE.c.branch_id)
    wrong = (
        select(func.coalesce(STORE.c.part_id, sums.c.part_id))
        .select_from(STORE.join(sums, same, full=True))
        .where(STORE.c.quantity.is_distinct_from(sums.c.quantity))
    )
    return select(Part.id, Part.code).where(Part.id.in_(wrong))


@invariant(StockMovement, rule="E-07", says="The two movements from one place to another do not belong together.")
def transfer_is_a_pair() -> Select[int, str]:
    """What goes out of one place comes into another one of the same branch."""
    same = (StockMovement.part_id, StockMovement.branch_id, StockMovement.kind, StockMovement.unit_cost)
    pairs = (
        select(StockMovement.transfer)
        .where(StockMovement.transfer != "")
        .group_by(StockMovement.transfer)
        .having(
            or_(
                func.count() != 2,
                func.sum(StockMovement.quantity) != Decimal(0),
                func.count(func.coalesce(StockMovement.holder_id, 0).distinct()) != 2,
                *(func.min(column) != func.max(column) for column in same),
            )
        )
    )
    return _named(StockMovement).where(StockMovement.transfer.in_(pairs))


@invariant(StockMovement, rule="E-07", says="It does not take back, whole, the use that it names.")
def reversal_is_whole() -> Select[int, str]:
    """A use is given back as it was: part, place, quantity, cost and document."""
    use = aliased(StockMovement)
    same = ("part_id", "branch_id", "unit_cost", "subject_type", "subject_id")
    return (
        _named(StockMovement)
        .join(use, use.id == StockMovement.reversal_of_id)
        .where(
            or_(
                use.kind != MovementKind.USED,
                use.quantity + StockMovement.quantity != Decimal(0),
                use.holder_id.is_distinct_from(StockMovement.holder_id),
                *(getattr(use, name) != getattr(StockMovement, name) for name in same),
            )
        )
    )


@invariant(StockMovement, rule="E-07", says="The use that it takes back was taken back by another one already.")
def reversal_is_the_only_one() -> Select[int, str]:
    """A use is given back once."""
    twice = (
        select(StockMovement.reversal_of_id)
        .where(StockMovement.reversal_of_id.is_not(None))
        .group_by(StockMovement.reversal_of_id)
        .having(func.count() > 1)
    )
    return _named(StockMovement).where(StockMovement.reversal_of_id.in_(twice))


def lines_tell_the_stock(line: Any, document: Any, key: Any, *, stands: str) -> None:
    """Declare that the parts on documents and the movements of stock tell the same (E-07).

    line: the table of the parts, `key` its column that names the document. stands: the invariant's name for a movement
    that stands on no document.
    """
    kind = document.__tablename__
    named = select(line.id, document.number).join(document, document.id == key)

    @invariant(line, rule="E-07", says="The stock did not lose just this part for it.")
    def was_taken_from_stock() -> Select[int, str]:
        used = StockMovement
        return named.join(used, used.id == line.movement_id).where(
            or_(
                used.kind != MovementKind.USED, used.subject_type != kind, used.subject_id.is_distinct_from(key),
                used.part_id != line.part_id, used.branch_id != line.branch_id,
                used.quantity + line.quantity != Decimal(0), used.unit_cost != line.unit_cost,
                and_(used.holder_id.is_not(None), used.holder_id != line.taken_by_id),
            )
        )  # fmt: skip

    @invariant(line, rule="E-07", says="It was given back without the stock, or the stock got it back without it.")
    def is_given_back_to_stock() -> Select[int, str]:
        back = aliased(StockMovement)
        marked, booked = line.given_back_at.is_not(None), back.id.is_not(None)
        return named.outerjoin(back, back.reversal_of_id == line.movement_id).where(
            or_(and_(marked, ~booked), and_(booked, ~marked))
        )

    @invariant(StockMovement, rule="E-07", says="It was used for a document on which no such part stands.", name=stands)
    def _stands() -> Select[int, str]:
        taken = and_(StockMovement.kind == MovementKind.USED, StockMovement.subject_type == kind)
        return (
            _named(StockMovement).outerjoin(line, line.movement_id == StockMovement.id).where(taken, line.id.is_(None))
        )

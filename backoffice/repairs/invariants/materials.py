"""Parts on cards and the movements of stock tell the same (E-07, W-4.4)."""

from decimal import Decimal

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import aliased

from backoffice.core.invariants import invariant
from backoffice.parts.models import MovementKind, Part, StockMovement
from backoffice.repairs.models import CardPart, CardState, RepairCard

_CARD = RepairCard.__tablename__
_LINE = select(CardPart.id, RepairCard.number).join(RepairCard, RepairCard.id == CardPart.card_id)


@invariant(CardPart, rule="E-07", says="The stock did not lose just this part for this card.")
def was_taken_from_stock() -> Select[int, str]:
    """Each part on a card was taken from the branch's store, or from whoever built it in, at the cost kept there."""
    used = StockMovement
    return _LINE.join(used, used.id == CardPart.movement_id).where(
        or_(
            used.kind != MovementKind.USED, used.subject_type != _CARD,
            used.subject_id.is_distinct_from(CardPart.card_id), used.part_id != CardPart.part_id,
            used.branch_id != CardPart.branch_id,
            used.quantity + CardPart.quantity != Decimal(0), used.unit_cost != CardPart.unit_cost,
            and_(used.holder_id.is_not(None), used.holder_id != CardPart.taken_by_id),
        )
    )  # fmt: skip


@invariant(
    CardPart, rule="E-07", says="It was given back without the stock, or the stock got it back without the card."
)
def is_given_back_to_stock() -> Select[int, str]:
    """What was given back is in stock again, and nothing else is."""
    back = aliased(StockMovement)
    marked, booked = CardPart.given_back_at.is_not(None), back.id.is_not(None)
    return _LINE.outerjoin(back, back.reversal_of_id == CardPart.movement_id).where(
        or_(and_(marked, ~booked), and_(booked, ~marked))
    )


@invariant(StockMovement, rule="E-07", says="It was used for a repair card on which no such part stands.")
def stands_on_its_card() -> Select[int, str]:
    """No stock leaves for a card without standing on it."""
    return (
        select(StockMovement.id, Part.code)
        .join(Part, Part.id == StockMovement.part_id)
        .outerjoin(CardPart, CardPart.movement_id == StockMovement.id)
        .where(
            StockMovement.kind == MovementKind.USED, StockMovement.subject_type == _CARD, CardPart.id.is_(None)
        )
    )  # fmt: skip


@invariant(RepairCard, rule="W-4.4", says="It is repaired, and its parts contradict the tick for “no parts”.")
def says_whether_parts_were_needed() -> Select[int, str]:
    """A repaired item has parts on its card, or the tick that none were needed."""
    used = select(CardPart.id).where(CardPart.card_id == RepairCard.id, CardPart.given_back_at.is_(None))
    there = used.correlate(RepairCard).exists()
    return select(RepairCard.id, RepairCard.number).where(
        RepairCard.state.in_((CardState.REPAIRED, CardState.INSPECTED)),
        or_(and_(RepairCard.no_parts, there), and_(~RepairCard.no_parts, ~there)),
    )

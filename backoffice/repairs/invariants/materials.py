"""Parts on cards and the movements of stock tell the same (E-07, W-4.4)."""

from sqlalchemy import Select, and_, or_, select

from backoffice.core.invariants import invariant
from backoffice.parts.invariants import lines_tell_the_stock
from backoffice.repairs.models import CardPart, CardState, RepairCard

lines_tell_the_stock(CardPart, RepairCard, CardPart.card_id, stands="stands_on_its_card")


@invariant(RepairCard, rule="W-4.4", says="It is repaired, and its parts contradict the tick for “no parts”.")
def says_whether_parts_were_needed() -> Select[int, str]:
    """A repaired item has parts on its card, or the tick that none were needed."""
    used = select(CardPart.id).where(CardPart.card_id == RepairCard.id, CardPart.given_back_at.is_(None))
    there = used.correlate(RepairCard).exists()
    return select(RepairCard.id, RepairCard.number).where(
        RepairCard.state.in_((CardState.REPAIRED, CardState.INSPECTED)),
        or_(and_(RepairCard.no_parts, there), and_(~RepairCard.no_parts, ~there)),
    )

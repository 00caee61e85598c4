"""The second pair of eyes is another's (P-4), and every inspection counts (W-4.5, W-4.6, K-13)."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from backoffice.core.invariants import invariant
from backoffice.repairs.models import CardPart, CardState, Inspection, RepairCard, TimeEntry
from backoffice.repairs.rules import InspectionResult

_INSPECTION = select(Inspection.id, RepairCard.number).join(RepairCard, RepairCard.id == Inspection.card_id)


def _had_hands_on_it(person: Any) -> ColumnElement[bool]:
    """Condition: that person is technician or finisher of the card, wrote time on it (void or not) or took parts."""
    worked = select(TimeEntry.id).where(TimeEntry.card_id == RepairCard.id, TimeEntry.user_id == person)
    took = select(CardPart.id).where(CardPart.card_id == RepairCard.id, CardPart.taken_by_id == person)
    return or_(
        RepairCard.technician_id == person, RepairCard.finished_by_id == person,
        worked.correlate(RepairCard, Inspection).exists(), took.correlate(RepairCard, Inspection).exists(),
    )  # fmt: skip


@invariant(RepairCard, rule="P-4", says="Whoever inspected it has repaired it.")
def is_inspected_by_another() -> Select[int, str]:
    """No card is passed by one of its repairers."""
    return select(RepairCard.id, RepairCard.number).where(
        RepairCard.inspected_by_id.is_not(None), _had_hands_on_it(RepairCard.inspected_by_id)
    )


@invariant(Inspection, rule="P-4", says="Whoever passed the item has repaired it.")
def is_made_by_another() -> Select[int, str]:
    """Nor was it at an earlier inspection."""
    passed = Inspection.result == InspectionResult.PASSED
    return _INSPECTION.where(passed, _had_hands_on_it(Inspection.inspected_by_id))


@invariant(RepairCard, rule="W-4.5", says="It is inspected, but its last inspection does not say so.")
def is_inspected_by_its_last_inspection() -> Select[int, str]:
    """Inspector and result on the card are those of the last inspection."""
    last = select(func.max(Inspection.nth)).where(Inspection.card_id == RepairCard.id).correlate(RepairCard)
    said = select(Inspection.id).where(
        Inspection.card_id == RepairCard.id, Inspection.nth == last.scalar_subquery(),
        Inspection.result == InspectionResult.PASSED, Inspection.inspected_by_id == RepairCard.inspected_by_id,
    )  # fmt: skip
    inspected = or_(RepairCard.state == CardState.INSPECTED, RepairCard.inspected_by_id.is_not(None))
    return select(RepairCard.id, RepairCard.number).where(
        inspected, ~RepairCard.is_history, ~said.correlate(RepairCard).exists()
    )


@invariant(RepairCard, rule="K-13", says="Its rework differs from the number of its failed inspections.")
def counts_its_rework() -> Select[int, str]:
    """Every failed inspection is rework."""
    failed = and_(Inspection.card_id == RepairCard.id, Inspection.result == InspectionResult.FAILED)
    return (
        select(RepairCard.id, RepairCard.number)
        .outerjoin(Inspection, failed)
        .where(~RepairCard.is_history)
        .group_by(RepairCard.id)
        .having(func.count(Inspection.id) != RepairCard.rework_count)
    )

"""What several acts on a card ask first: whose it is, that nobody's clock runs, that it is not history."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from backoffice.calls.models import ServiceCall
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.goods.models import GoodsEntry
from backoffice.repairs.models import RepairCard
from backoffice.repairs.rules import InspectionResult


def own_card(card: RepairCard, by: Actor) -> None:
    """Guard: the card is this technician's, or he may give out the cards; raises NotPermitted (P-1)."""
    if card.technician_id != by.id and not by.can(Permission.REPAIR_ASSIGN):
        raise NotPermitted(_l("This card belongs to another technician."), rule="P-1")


def no_clock_runs(card: RepairCard, by: Actor) -> None:
    """Guard: no timer runs on the card; raises RuleViolated (E-13)."""
    running = next((entry for entry in card.time_entries if entry.ended_at is None), None)
    if running is not None:
        raise RuleViolated(
            _l("A timer of %(name)s still runs on this card. Stop it first.", name=running.user.real_name), rule="E-13",
            remedy=Remedy(_l("Stop the timer"), "repair_cards.act_view", {"name": "stop_timer", "id": card.id}),
        )  # fmt: skip


def has_passed(card: RepairCard, user_id: int) -> bool:
    """Whether that person has passed the item at an inspection, be it an earlier one."""
    return any(one.inspected_by_id == user_id and one.result is InspectionResult.PASSED for one in card.inspections)


def not_its_inspector(card: RepairCard, by: Actor) -> None:
    """Guard: whoever has passed the item does not repair it afterwards, for he would have judged his own work (P-4)."""
    if has_passed(card, by.id):
        raise NotPermitted(_l("You have passed this item at an inspection; somebody else repairs it."), rule="P-4")


def not_history(card: RepairCard, by: Actor) -> None:
    """Guard: the card is of this office; raises RuleViolated."""
    if card.is_history:
        raise RuleViolated(_l("This card is history from an older system."), rule="W-4")


def entry_of(card: RepairCard) -> GoodsEntry:
    """The line of the goods register; raises RuleViolated for history, which has none."""
    if card.entry is None:
        raise RuleViolated(_l("This card is history from an older system."), rule="W-4")
    return card.entry


def call_of(card: RepairCard) -> ServiceCall:
    """The call; raises RuleViolated for history, which has none."""
    if card.call is None:
        raise RuleViolated(_l("This card is history from an older system."), rule="W-4")
    return card.call


def load_hands(cards: Sequence[RepairCard]) -> None:
    """Load at once who has worked on these cards, their inspections and lines (bulk acts)."""
    db.session.scalars(
        select(RepairCard)
        .where(RepairCard.id.in_([card.id for card in cards]))
        .options(
            selectinload(RepairCard.time_entries), selectinload(RepairCard.inspections),
            selectinload(RepairCard.parts), joinedload(RepairCard.entry),
        )
    ).all()  # fmt: skip

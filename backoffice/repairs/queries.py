"""Who sees which cards and what is written on them, what is due, and what the workshop has on its board."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, union_all
from sqlalchemy.orm import joinedload

from backoffice.calls.queries import JOB_CALLS
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.scope import scoped
from backoffice.goods.models import GoodsEntry
from backoffice.goods.queries import JOB_RECEIPTS, visible_entries
from backoffice.organisation.queries import in_branch
from backoffice.settings import queries as settings

from .models import OPEN, CardPart, CardState, DelayReport, DelayState, Inspection, RepairCard, TimeEntry
from .rules import Estimate, InspectionResult, estimate


def _only_own(by: Actor) -> bool:
    return by.role is Role.TECHNICIAN and not by.can(Permission.REPAIR_ASSIGN)


JOB_CALLS.append(lambda by: select(RepairCard.call_id).where(RepairCard.technician_id == by.id))
JOB_RECEIPTS.append(
    lambda by: (
        select(GoodsEntry.receipt_id)
        .join(RepairCard, RepairCard.entry_id == GoodsEntry.id)
        .where(RepairCard.technician_id == by.id)
    )
)


@scoped(RepairCard)
def visible_cards(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician his own cards (P-1)."""
    if not by.can(Permission.REPAIR_READ):
        return false()
    if _only_own(by):
        return and_(in_branch(RepairCard, by), RepairCard.technician_id == by.id)
    return in_branch(RepairCard, by)


def _on_visible_cards(model: Any, by: Actor) -> ColumnElement[bool]:
    if not by.can(Permission.REPAIR_READ):
        return false()
    if _only_own(by):
        own = select(RepairCard.id).where(RepairCard.technician_id == by.id)
        return and_(in_branch(model, by), model.card_id.in_(own))
    return in_branch(model, by)


@scoped(TimeEntry)
def visible_times(by: Actor) -> ColumnElement[bool]:
    """The time on the visible cards."""
    return _on_visible_cards(TimeEntry, by)


@scoped(Inspection)
def visible_inspections(by: Actor) -> ColumnElement[bool]:
    """The inspections of the visible cards."""
    return _on_visible_cards(Inspection, by)


@scoped(DelayReport)
def visible_delays(by: Actor) -> ColumnElement[bool]:
    """The delay reports of the visible cards."""
    return _on_visible_cards(DelayReport, by)


@scoped(CardPart)
def visible_parts(by: Actor) -> ColumnElement[bool]:
    """The parts on the visible cards."""
    return _on_visible_cards(CardPart, by)


def card_of_entry(entry: GoodsEntry) -> RepairCard | None:
    """The card of a line of the goods register."""
    return db.session.scalar(select(RepairCard).where(RepairCard.entry_id == entry.id))


def cards_of_call(call_id: int) -> list[RepairCard]:
    """All cards of a call as they are in the database now."""
    query = select(RepairCard).where(RepairCard.call_id == call_id).order_by(RepairCard.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def minutes_of(card: RepairCard) -> int:
    """Minutes worked on the card; void entries and running timers do not count."""
    return sum(entry.minutes or 0 for entry in card.time_entries if entry.voided_at is None)


def estimate_of(card: RepairCard) -> Estimate:
    """What the repair comes to so far, by the labour rate of today (C-12) and the prices kept on the card."""
    return estimate(minutes_of(card), settings.amount("C-12"), [line.amount for line in card.parts])


def in_state(state: CardState, by: Actor) -> Select[int]:
    """How many visible cards are in that state."""
    return select(func.count()).where(RepairCard.state == state, visible_cards(by))


def is_open() -> ColumnElement[bool]:
    """Condition: the goods of the card are in our hands."""
    return RepairCard.state.in_(OPEN)


#: States in which the repair itself is still to be finished.
UNFINISHED = (CardState.PENDING, CardState.REPAIRING, CardState.WAITING)


def overdue() -> ColumnElement[bool]:
    """Condition: not repaired though the planned finish is past (TL-06)."""
    return and_(RepairCard.state.in_(UNFINISHED), RepairCard.planned_finish_at < clock.now())


def due_today() -> ColumnElement[bool]:
    """Condition: planned to be finished by the end of today."""
    now = clock.now()
    end = clock.day_end(clock.today())
    return and_(
        RepairCard.state.in_(UNFINISHED), RepairCard.planned_finish_at >= now, RepairCard.planned_finish_at <= end
    )


def count(by: Actor, condition: ColumnElement[bool]) -> Select[int]:
    """How many visible cards fulfil the condition."""
    return select(func.count()).where(condition, visible_cards(by))


def own_open(by: Actor) -> Select[int]:
    """How many cards of this technician are still to be repaired or handed back."""
    return select(func.count()).where(RepairCard.technician_id == by.id, is_open())


def delays_to_decide(by: Actor) -> Select[int]:
    """How many visible delay reports wait for the supervisor."""
    return select(func.count()).where(DelayReport.state == DelayState.REPORTED, visible_delays(by))


def with_number(number: str, by: Actor) -> RepairCard | None:
    """The visible card with that number, as it is scanned from its QR code; None where there is none."""
    return db.session.scalar(select(RepairCard).where(RepairCard.number == number, visible_cards(by)))


def board(by: Actor, most: int) -> dict[CardState, list[RepairCard]]:
    """The visible open cards by state, those due first, at most so many of each; one statement.

    With them come technician and register line.
    """
    keys = [
        select(select(RepairCard.id).where(RepairCard.state == state, visible_cards(by))
               .order_by(RepairCard.planned_finish_at, RepairCard.id).limit(most).subquery().c.id)
        for state in OPEN
    ]  # fmt: skip
    rows = db.session.scalars(
        select(RepairCard)
        .where(RepairCard.id.in_(union_all(*keys)))
        .options(joinedload(RepairCard.technician), joinedload(RepairCard.entry))
        .order_by(RepairCard.planned_finish_at, RepairCard.id)
    )
    found: dict[CardState, list[RepairCard]] = {state: [] for state in OPEN}
    for card in rows:
        found[card.state].append(card)
    return found


def board_counts(by: Actor) -> dict[CardState, int]:
    """How many visible open cards there are in each state."""
    query = select(RepairCard.state, func.count()).where(is_open(), visible_cards(by)).group_by(RepairCard.state)
    return dict(db.session.execute(query).all())


@dataclass(frozen=True)
class Figures:
    """What became of repairs since a day: promises kept of items returned, rework, delays told in time."""

    returned: int
    kept: int
    inspected: int
    failed: int
    told_before: int
    found_after: int


def figures(by: Actor, since: date) -> Figures:
    """The figures of the visible records since that day (K-09 by the first promise, K-13, E-14); one statement."""
    start = clock.day_start(since)
    items = (GoodsEntry.returned_on >= since, visible_entries(by))
    looks = (Inspection.inspected_at >= start, visible_inspections(by))
    delays = (DelayReport.reported_at >= start, visible_delays(by))

    def number(model: Any, *conditions: Any) -> Any:
        return select(func.count()).select_from(model).where(*conditions).scalar_subquery()

    row = db.session.execute(
        select(
            number(GoodsEntry, *items),
            number(GoodsEntry, *items, GoodsEntry.returned_on <= GoodsEntry.first_promised_on),
            number(Inspection, *looks),
            number(Inspection, *looks, Inspection.result == InspectionResult.FAILED),
            number(DelayReport, *delays, ~DelayReport.is_found_after),
            number(DelayReport, *delays, DelayReport.is_found_after),
        )
    ).one()
    return Figures(*row)


def to_hand_back() -> ColumnElement[bool]:
    """Condition: inspected or unrepairable, so the customer is to have it back."""
    return or_(RepairCard.state == CardState.INSPECTED, RepairCard.state == CardState.UNREPAIRABLE)

"""The second pair of eyes: pass, send back, or cannot be repaired (W-4.5, W-4.6, W-4.9). Never the repairer (P-4)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import clock, notices
from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted
from backoffice.core.once import once
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.texts import given
from backoffice.organisation.models import User
from backoffice.repairs.models import BEFORE_INSPECTION, CardState, Inspection, RepairCard
from backoffice.repairs.rules import InspectionResult, Offer

from .checks import entry_of, load_hands, no_clock_runs

SENT_BACK = notices.kind("repair.sent_back", _l("Repair card %(number)s comes back from inspection: %(note)s"))
PASSED = notices.kind("repair.passed", _l("Repair card %(number)s has passed; hand the goods back by %(day)s."))
UNREPAIRABLE = notices.kind("repair.unrepairable", _l("Repair card %(number)s cannot be repaired: %(reason)s"))


def hands(card: RepairCard) -> frozenset[int]:
    """Keys of everybody who has repaired the item: technician, finisher, whoever wrote time or took parts."""
    people = {card.technician_id, card.finished_by_id, *(entry.user_id for entry in card.time_entries)}
    people |= {line.taken_by_id for line in card.parts}
    return frozenset(key for key in people if key is not None)


def _supervisor_among(people: frozenset[int]) -> bool:
    query = select(User.id).where(User.id.in_(sorted(people)), User.role == Role.SUPERVISOR).limit(1)
    return once(("supervisor among", people), lambda: db.session.scalar(query) is not None)


def second_pair_of_eyes(card: RepairCard, by: Actor) -> None:
    """Guard: whoever inspects, and whoever he stands in for, has not repaired it (P-4); raises NotPermitted.

    The manager inspects only what the supervisor has repaired himself (W-4.5).
    """
    repairers = hands(card)
    if {by.id, by.on_behalf_of(Permission.REPAIR_INSPECT)} & repairers:
        raise NotPermitted(_l("Whoever repaired it does not inspect it."), rule="P-4")
    if Role.SUPERVISOR not in by.roles and not _supervisor_among(repairers):
        raise NotPermitted(
            _l("The supervisor inspects; the manager only what the supervisor has repaired himself."), rule="W-4.5"
        )


def _write(
    card: RepairCard, result: InspectionResult, by: User, at: datetime, note: str, *, at_customer: bool = False
) -> None:
    db.session.add(
        Inspection(
            branch_id=card.branch_id, card=card, nth=len(card.inspections) + 1, inspected_at=at, inspected_by_id=by.id,
            result=result, note=note, at_customer=at_customer,
        )
    )  # fmt: skip


@act(
    "card.inspect", RepairCard, permission=Permission.REPAIR_INSPECT, label=_l("Inspect: passed"), rule="W-4.5",
    sources=[CardState.REPAIRED], target=CardState.INSPECTED, guards=[second_pair_of_eyes], prepare=load_hands,
    tone="primary", order=10,
)  # fmt: skip
def inspect(card: RepairCard, *, by: User, at: datetime, note: str = "") -> None:
    """The repair is good: the inspector answers for it, and the goods may go back to the customer."""
    check_after(at, card.finished_at, _l("Repaired"))
    entry = entry_of(card)
    _write(card, InspectionResult.PASSED, by, at, note.strip()[:500])
    card.inspected_at, card.inspected_by_id, card.inspection_note = at, by.id, note.strip()[:500]
    entry.inspected_on = clock.local(at).date()
    notices.send(PASSED, [card.technician_id], card, number=card.number, day=entry.promised_return_on.isoformat())


@act(
    "card.send_back", RepairCard, permission=Permission.REPAIR_INSPECT, label=_l("Send back to the workshop"),
    rule="W-4.6", sources=[CardState.REPAIRED, CardState.INSPECTED], target=CardState.REPAIRING,
    guards=[second_pair_of_eyes], prepare=load_hands, order=20,
)  # fmt: skip
def send_back(card: RepairCard, *, by: User, at: datetime, note: str) -> None:
    """The repair is not good, or the customer rejects it at the door: it counts as rework (K-13)."""
    note = given(note, 500, "note", _l("Say what is not good."), lines=True, rule="W-4.6")
    check_after(at, card.inspected_at or card.finished_at, _l("Repaired"))
    _write(card, InspectionResult.FAILED, by, at, note, at_customer=card.state is CardState.INSPECTED)
    card.rework_count += 1
    card.inspected_at, card.inspected_by_id, card.inspection_note = None, None, note
    card.finished_at = None
    entry_of(card).inspected_on = None
    notices.send(SENT_BACK, [card.technician_id], card, number=card.number, note=note)


@act(
    "card.declare_unrepairable", RepairCard, permission=Permission.REPAIR_DECIDE, label=_l("Cannot be repaired"),
    rule="W-4.9", sources=BEFORE_INSPECTION, target=CardState.UNREPAIRABLE, guards=[no_clock_runs], tone="danger",
    bulk=False, order=70,
)  # fmt: skip
def declare_unrepairable(card: RepairCard, *, by: User, at: datetime, reason: str, offer: Offer | None) -> None:
    """The item cannot be repaired, or the customer declines the quote; what he is offered is written down."""
    reason = given(reason, 500, "reason", _l("Say why it cannot be repaired."), lines=True, rule="W-4.9")
    if offer is None:
        raise MissingInput(_l("What is the customer offered?"), rule="W-4.9", field="offer")
    check_after(at, card.received_at, _l("Taken in"))
    card.unrepairable_reason, card.offer = reason, offer
    card.waiting_for, card.waiting_reason = None, ""
    notices.send(UNREPAIRABLE, [card.technician_id], card, number=card.number, reason=reason)

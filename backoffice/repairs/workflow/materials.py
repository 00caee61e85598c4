"""Parts on a card: the stock moves and the price is kept as it was (E-07, W-4.4)."""

from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted, RuleViolated
from backoffice.core.locking import locked_one
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.organisation.models import User
from backoffice.parts.models import Part
from backoffice.parts.rules import StockPlace
from backoffice.parts.workflow import stock
from backoffice.repairs.models import BEFORE_INSPECTION, CardPart, CardState, RepairCard

from .checks import not_its_inspector, own_card


@act(
    "card.use_part", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Enter a part"), rule="E-07",
    sources=[CardState.REPAIRING], guards=[own_card, not_its_inspector], bulk=False, order=23,
)  # fmt: skip
def use_part(
    card: RepairCard, *, by: User, at: datetime, part: Part | None, quantity: Decimal | None,
    taken_from: StockPlace = StockPlace.STORE, old_part_returned: bool = False,
) -> None:  # fmt: skip
    """Build in a part from the store or from one's own stock; its cost and price of this moment stay on the card."""
    facts = stock.build_in(
        part, quantity, taken_from, subject=card, after=(card.started_at, _l("Started")), by=by, at=at
    )
    db.session.add(CardPart(card=card, old_part_returned=old_part_returned, **facts))


def _still_on_card(line: CardPart, by: Actor) -> None:
    if line.given_back_at is not None:
        raise RuleViolated(_l("This part was given back already."), rule="E-07")
    if line.taken_by_id != by.id and not by.can(Permission.REPAIR_ASSIGN):
        raise NotPermitted(_l("Somebody else has taken this part."), rule="P-1")
    if line.card.state not in BEFORE_INSPECTION:
        raise RuleViolated(
            _l("Card %(number)s is “%(state)s”; its parts can only be read.", number=line.card.number,
               state=line.card.state.label),
            rule="E-07",
        )  # fmt: skip


@act(
    "card_part.give_back", CardPart, permission=Permission.REPAIR_WORK, label=_l("Give back"), rule="E-07",
    guards=[_still_on_card], bulk=False, order=20,
)  # fmt: skip
def give_back(line: CardPart, *, by: User, at: datetime, reason: str) -> None:
    """A part was not built in after all: it goes back to where it came from, and the line stays, marked."""
    reason = given(reason, 300, "reason", _l("Say why it goes back."), lines=True, rule="E-07")
    card = locked_one(RepairCard, line.card_id)
    left = [one for one in card.parts if one.given_back_at is None and one.id != line.id]
    if card.state is CardState.REPAIRED and not left:
        raise RuleViolated(
            _l("It is the only part on a repaired card. Let the supervisor send the card back first."), rule="W-4.4"
        )
    check_after(at, line.taken_at, _l("Taken"))
    stock.give_back(line.movement, by=by, at=at, reason=reason)
    line.given_back_at = at

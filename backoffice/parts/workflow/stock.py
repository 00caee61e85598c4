"""Movements of stock, written inside acts: never below zero, never changed (E-07)."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from flask_babel import lazy_gettext as _l

from backoffice.core.acts import check_after
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated, Text
from backoffice.core.locking import locked
from backoffice.core.permissions import Actor
from backoffice.core.quantity import check_quantity, format_quantity
from backoffice.core.texts import clean
from backoffice.organisation.models import User
from backoffice.parts.models import MovementKind, Part, StockMovement
from backoffice.parts.queries import balance, reversal_of
from backoffice.parts.rules import StockPlace


def lock_parts(keys: Collection[int]) -> dict[int, Part]:
    """Lock the parts with these keys, in the one order in which everybody does, and read them anew; by key.

    An act that moves several parts calls this once before. What is pending in the session is flushed first.
    """
    db.session.flush()  # so that own movements count, and that reading anew takes nothing away
    return {part.id: part for part in locked(Part, keys)}


def use(
    part: Part, quantity: Decimal | None, *, branch_id: int, holder_id: int | None, subject: Any, by: Actor,
    at: datetime,
) -> StockMovement:  # fmt: skip
    """Take parts out of the branch's store (no holder) or from a person for a document; returns the movement.

    quantity: above 0. subject: the document, complete and in the session (which is flushed), with a number. Raises
    MissingInput for no quantity and a part not in use, RuleViolated (E-07, field quantity) where less is there.
    """
    quantity = checked(quantity)
    part = _locked(part)
    check_in_use(part)
    check_there(part, quantity, branch_id, holder_id)
    return write(
        part, -quantity, MovementKind.USED, branch_id=branch_id, holder_id=holder_id, by=by, at=at,
        subject_type=subject.__tablename__, subject_id=subject.id, subject_number=subject.number,
    )  # fmt: skip


def build_in(
    part: Part | None, quantity: Decimal | None, place: StockPlace, *, subject: Any,
    after: tuple[datetime | None, Text], by: Actor, at: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Use a part for a document; returns what a line about it keeps: the part with its cost and price of this moment.

    place: the branch's store, or what the person has himself. after: the event behind which it happened, and its name.
    Raises what `use` raises.
    """
    if part is None:
        raise MissingInput(_l("Choose the part."), rule="E-07", field="part")
    if quantity is None:
        raise MissingInput(_l("Enter the quantity."), rule="E-07", field="quantity")
    check_after(at, *after)
    holder_id = by.id if place is StockPlace.OWN else None
    movement = use(part, quantity, branch_id=subject.branch_id, holder_id=holder_id, subject=subject, by=by, at=at)
    return {
        "branch_id": subject.branch_id, "part_id": part.id, "quantity": quantity, "unit_cost": part.cost_price,
        "unit_price": part.sale_price, "movement": movement, "taken_by_id": by.id, "taken_at": at,
    }  # fmt: skip


def give_back(movement: StockMovement, *, by: Actor, at: datetime, reason: str = "") -> StockMovement:
    """Take a use back, whole and once: the parts are again where they came from; returns the movement that says so.

    Raises RuleViolated (E-07) where it is no use, or was taken back before.
    """
    part = _locked(movement.part)
    if movement.kind is not MovementKind.USED:
        raise RuleViolated(_l("Only parts that were used can be given back."), rule="E-07")
    if db.session.scalar(reversal_of(movement.id)) is not None:
        raise RuleViolated(
            _l("%(part)s was given back already.", part=part.code), rule="E-07", field="quantity"
        )  # fmt: skip
    return write(
        part, -movement.quantity, MovementKind.RETURNED, branch_id=movement.branch_id, holder_id=movement.holder_id,
        by=by, at=at, reason=reason, unit_cost=movement.unit_cost, reversal_of_id=movement.id,
        subject_type=movement.subject_type, subject_id=movement.subject_id, subject_number=movement.subject_number,
    )  # fmt: skip


def transfer(
    part: Part, quantity: Decimal, kind: MovementKind, *, branch_id: int, from_id: int | None, to_id: int | None,
    by: Actor, at: datetime, reason: str = "",
) -> None:  # fmt: skip
    """Move parts from one place to another: two movements that belong together. The part is locked already.

    Raises RuleViolated (E-07, field quantity) where less is there.
    """
    check_there(part, quantity, branch_id, from_id)
    key = uuid4().hex
    common: dict[str, Any] = {"branch_id": branch_id, "by": by, "at": at, "reason": reason, "transfer": key}
    write(part, -quantity, kind, holder_id=from_id, **common)
    write(part, quantity, kind, holder_id=to_id, **common)


def checked(quantity: Decimal | None) -> Decimal:
    """The quantity; raises MissingInput unless it is above 0, RuleViolated unless it can be stored (E-07)."""
    if quantity is None or (quantity.is_finite() and quantity <= 0):
        raise MissingInput(_l("Enter a quantity above 0."), rule="E-07", field="quantity")
    try:
        return check_quantity(quantity)
    except RuleViolated as refusal:
        raise RuleViolated(refusal.message, rule="E-07", field="quantity") from None


def check_in_use(part: Part) -> None:
    """Raises MissingInput for a part that is no longer in use (E-07)."""
    if not part.is_active:
        raise MissingInput(_l("%(part)s is no longer in use.", part=part.code), rule="E-07", field="part")


def check_there(part: Part, quantity: Decimal, branch_id: int, holder_id: int | None) -> None:
    """Raises RuleViolated (E-07, field quantity), saying what is there, where less is in stock."""
    there = balance(part.id, branch_id, holder_id)
    if quantity <= there:
        return
    figures = {"part": part.code, "there": format_quantity(there), "unit": part.unit}
    if holder_id is None:
        message = _l("Only %(there)s %(unit)s of %(part)s are in the store.", **figures)
    else:
        name = db.session.get_one(User, holder_id).real_name
        message = _l("%(name)s has only %(there)s %(unit)s of %(part)s.", name=name, **figures)
    raise RuleViolated(message, rule="E-07", field="quantity")


def write(
    part: Part, quantity: Decimal, kind: MovementKind, *, branch_id: int, holder_id: int | None, by: Actor,
    at: datetime, reason: str = "", unit_cost: Decimal | None = None, **facts: Any,
) -> StockMovement:  # fmt: skip
    """Write one movement of a part that is locked already; it has its key."""
    movement = StockMovement(
        part_id=part.id, part=part, quantity=quantity, kind=kind, branch_id=branch_id, holder_id=holder_id,
        moved_at=at, reason=clean(reason, 300, "reason"), created_by_id=by.id,
        unit_cost=part.cost_price if unit_cost is None else unit_cost, **facts,
    )  # fmt: skip
    db.session.add(movement)
    db.session.flush()
    return movement


def _locked(part: Part) -> Part:
    return lock_parts([part.id])[part.id]

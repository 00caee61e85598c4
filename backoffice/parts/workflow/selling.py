"""Parts leave the store for a sale, and come back of it: several at once, inside acts (E-07, E-30)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, RuleViolated
from backoffice.core.permissions import Actor
from backoffice.core.quantity import format_quantity
from backoffice.core.texts import clean
from backoffice.parts.models import MovementKind, Part, StockMovement
from backoffice.parts.queries import balances

from .stock import check_in_use

#: A part and how many of it, above 0.
Lot = tuple[Part, Decimal]


def sell(lots: Sequence[Lot], *, branch_id: int, subject: Any, by: Actor, at: datetime) -> list[StockMovement]:
    """Take all of it out of the branch's store for a sale, or nothing; the movements, in the order of the lots.

    The parts are locked already (`lock_parts`). The same part may stand in several lots. subject: the sale, with key
    and number. Raises MissingInput for a part not in use, RuleViolated (E-07) where less is there; the field names the
    lot: `lines-0-part`, `lines-0-quantity`.
    """
    there = balances({part.id for part, _ in lots}, branch_id, None)
    taken: defaultdict[int, Decimal] = defaultdict(Decimal)
    for place, (part, quantity) in enumerate(lots):
        try:
            check_in_use(part)
        except BackofficeError as refusal:
            refusal.field = f"lines-{place}-part"
            raise
        taken[part.id] += quantity
        if taken[part.id] > there[part.id]:
            raise RuleViolated(
                _l("Only %(there)s %(unit)s of %(part)s are in the store.", there=format_quantity(there[part.id]),
                   unit=part.unit, part=part.code),
                rule="E-07", field=f"lines-{place}-quantity",
            )  # fmt: skip
    return _write(
        [(part, -quantity, part.cost_price) for part, quantity in lots], MovementKind.SOLD, branch_id=branch_id,
        subject=subject, by=by, at=at, reason="",
    )  # fmt: skip


def sell_back(
    lots: Sequence[tuple[Part, Decimal, Decimal]], *, branch_id: int, subject: Any, by: Actor, at: datetime, reason: str
) -> list[StockMovement]:
    """Put parts of a sale back into the branch's store: (part, how many, what one cost when it was sold).

    The parts are locked already; also those no longer in use come back.
    """
    return _write(lots, MovementKind.SOLD_BACK, branch_id=branch_id, subject=subject, by=by, at=at, reason=reason)


def _write(
    lots: Sequence[tuple[Part, Decimal, Decimal]], kind: MovementKind, *, branch_id: int, subject: Any, by: Actor,
    at: datetime, reason: str,
) -> list[StockMovement]:  # fmt: skip
    words = clean(reason, 300, "reason", lines=True)
    movements = [
        StockMovement(
            part_id=part.id, quantity=quantity, kind=kind, branch_id=branch_id, holder_id=None, moved_at=at,
            reason=words, created_by_id=by.id, unit_cost=cost, subject_type=subject.__tablename__,
            subject_id=subject.id, subject_number=subject.number,
        )
        for part, quantity, cost in lots
    ]  # fmt: skip
    db.session.add_all(movements)
    db.session.flush()
    return movements

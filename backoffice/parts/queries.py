"""Who sees which parts and which stock, what there is of a part, and how a part is found."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, false, func, literal, or_, select, true

from backoffice.core import searching
from backoffice.core.audit import AuditEntry
from backoffice.core.db import Quantity, db
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped, visible
from backoffice.organisation.models import User
from backoffice.organisation.queries import in_branch

from .models import STORE, Part, StockMovement

NOTHING = Decimal(0)
#: The sum of movements; 0 where there are none.
TOTAL = func.coalesce(func.sum(StockMovement.quantity), NOTHING)


@scoped(Part)
def _parts_of(by: Actor) -> ColumnElement[bool]:
    return true() if by.can(Permission.PART_READ) else false()


@scoped(StockMovement)
def visible_movements(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician what he holds himself (P-1)."""
    if by.can(Permission.STOCK_READ):
        return in_branch(StockMovement, by)
    if by.can(Permission.STOCK_READ_OWN):
        return and_(in_branch(StockMovement, by), StockMovement.holder_id == by.id)
    return false()


def visible_trail(by: Actor, moving: Collection[str]) -> ColumnElement[bool]:
    """Condition on the trail of a part, which all branches share: what the acts `moving` did is the branch's own."""
    shared = AuditEntry.act.not_in(moving)
    return or_(shared, in_branch(AuditEntry, by)) if by.can(Permission.STOCK_READ) else shared


def parts_matching(term: str, by: Actor) -> Select[Any]:
    """Active parts whose code, name or specification hold the words of `term`, by code."""
    query = select(Part).where(visible(Part, by), Part.is_active)
    typed = term.replace("\0", "").strip()
    if typed:
        query = query.where(searching.matches(Part, typed, by))
    return query.order_by(Part.code)


#: What there is of a part in one place; made once, since every use of a part asks it.
_IN_STORE = select(TOTAL).where(
    StockMovement.branch_id == bindparam("branch"), StockMovement.part_id == bindparam("part"),
    StockMovement.holder_id.is_(None),
)  # fmt: skip
_WITH_PERSON = select(TOTAL).where(
    StockMovement.branch_id == bindparam("branch"), StockMovement.part_id == bindparam("part"),
    StockMovement.holder_id == bindparam("holder"),
)  # fmt: skip


def _at(branch_id: int, holder_id: int | None) -> ColumnElement[bool]:
    """Condition: in the branch's store, or with that person."""
    held = StockMovement.holder_id.is_(None) if holder_id is None else StockMovement.holder_id == holder_id
    return and_(StockMovement.branch_id == branch_id, held)


def balance(part_id: int, branch_id: int, holder_id: int | None, until: datetime | None = None) -> Decimal:
    """What there is of a part in the branch's store (no holder) or with one person; one read of an index.

    until: what there was at that moment, those movements included that happened just then.
    """
    asked = {"part": part_id, "branch": branch_id}
    query = _IN_STORE
    if holder_id is not None:
        query, asked["holder"] = _WITH_PERSON, holder_id
    if until is not None:
        query = query.where(StockMovement.moved_at <= until)
    return db.session.scalars(query, asked).one()


def balances(part_ids: Collection[int], branch_id: int, holder_id: int | None) -> dict[int, Decimal]:
    """The same for several parts at once, by key."""
    found = dict.fromkeys(part_ids, Decimal("0.000"))
    if found:
        query = select(StockMovement.part_id, TOTAL.label("total")).where(
            StockMovement.part_id.in_(sorted(found)), _at(branch_id, holder_id)
        )
        found |= {row.part_id: row.total for row in db.session.execute(query.group_by(StockMovement.part_id))}
    return found


def holdings(part_id: int, branch_id: int) -> Sequence[tuple[User, Decimal]]:
    """(person, what there is with them) of a part in a branch, by name; whoever has none is left out."""
    query = select(User, TOTAL).join(StockMovement, StockMovement.holder_id == User.id)
    query = query.where(StockMovement.part_id == part_id, StockMovement.branch_id == branch_id)
    somebody = query.group_by(User.id).having(TOTAL.is_distinct_from(NOTHING))
    found = db.session.execute(somebody.order_by(User.real_name, User.id))
    return [(user, total) for user, total in found]


def reversal_of(movement_id: int) -> Select[Any]:
    """Key of the movement that takes another one back."""
    return select(StockMovement.id).where(StockMovement.reversal_of_id == movement_id)


def stored(branch_id: Any) -> Any:
    """Expression over a row of `part`: what there is in the store of a branch (a key or an expression)."""
    query = select(STORE.c.quantity).where(STORE.c.part_id == Part.id, STORE.c.branch_id == branch_id)
    return func.coalesce(query.correlate(Part).scalar_subquery(), literal(NOTHING, Quantity()))


def held(branch_id: Any, holder_id: Any) -> Any:
    """The same for what is with people of a branch: with one of them, with all where `holder_id` is NULL."""
    query = select(TOTAL).where(
        StockMovement.part_id == Part.id, StockMovement.branch_id == branch_id, StockMovement.holder_id.is_not(None),
        StockMovement.holder_id == func.coalesce(holder_id, StockMovement.holder_id),
    )  # fmt: skip
    return query.correlate(Part).scalar_subquery()


def below_minimum(branch_id: int) -> ColumnElement[bool]:
    """Condition on a part in use: less in the branch's store than there should be."""
    return and_(Part.min_stock.is_not(None), Part.is_active, stored(branch_id) < Part.min_stock)


def low_parts(by: Actor) -> Select[Any]:
    """How many parts are below their minimum in the store of the person's branch."""
    return select(func.count()).select_from(Part).where(below_minimum(by.branch_id), visible(Part, by))


def shown_if(may: Any, value: Any) -> Any:
    """The value where `may` holds, else NULL."""
    return case((may, value), else_=None)

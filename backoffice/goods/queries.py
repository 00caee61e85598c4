"""Who sees which receipts and lines of the goods register, and what is held how long."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, func, or_, select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.scope import scoped
from backoffice.core.texts import fold_code
from backoffice.organisation.queries import in_branch
from backoffice.vouchers.models import ServiceVoucher

from .models import HELD, GoodsEntry, GoodsLeg, GoodsReceipt, GoodsState, ReceiptState

#: Selects of keys of receipts that a technician sees besides those that he wrote; upper features add to it.
JOB_RECEIPTS: list[Callable[[Actor], Select[Any]]] = []


def _only_own(by: Actor) -> bool:
    return by.role is Role.TECHNICIAN and not by.can(Permission.CALL_DISPATCH)


def _own_receipts(by: Actor) -> ColumnElement[bool]:
    return or_(GoodsReceipt.issued_by_id == by.id, *(GoodsReceipt.id.in_(keys(by)) for keys in JOB_RECEIPTS))


@scoped(GoodsReceipt)
def visible_receipts(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician those that he wrote and those of his cards (P-1)."""
    if not by.can(Permission.GOODS_READ):
        return false()
    if _only_own(by):
        return and_(in_branch(GoodsReceipt, by), _own_receipts(by))
    return in_branch(GoodsReceipt, by)


@scoped(GoodsEntry)
def visible_entries(by: Actor) -> ColumnElement[bool]:
    """The lines of the visible receipts."""
    if not by.can(Permission.GOODS_READ):
        return false()
    if _only_own(by):
        own = select(GoodsReceipt.id).where(_own_receipts(by))
        return and_(in_branch(GoodsEntry, by), GoodsEntry.receipt_id.in_(own))
    return in_branch(GoodsEntry, by)


@scoped(GoodsLeg)
def visible_legs(by: Actor) -> ColumnElement[bool]:
    """The legs of the visible lines."""
    if not by.can(Permission.GOODS_READ):
        return false()
    if _only_own(by):
        own = select(GoodsEntry.id).where(visible_entries(by))
        return and_(in_branch(GoodsLeg, by), GoodsLeg.entry_id.in_(own))
    return in_branch(GoodsLeg, by)


#: Written out in the statement: only so does SQLite see that the partial indexes of what is held may serve.
_HELD = bindparam("held", HELD, type_=GoodsEntry.state.type, expanding=True, literal_execute=True)


def held() -> ColumnElement[bool]:
    """Condition: the item is in our hands, in the house or sent out."""
    return GoodsEntry.state.in_(_HELD)


def held_too_long() -> ColumnElement[bool]:
    """Condition: in our hands for more days than the setting allowed when it came (C-52)."""
    return and_(held(), GoodsEntry.long_after < clock.today())


def promise_over() -> ColumnElement[bool]:
    """Condition: still in our hands though the promised day is past (TL-06)."""
    return and_(held(), GoodsEntry.promised_return_on < clock.today())


def count(by: Actor, condition: ColumnElement[bool]) -> Select[int]:
    """How many visible lines of the register fulfil the condition."""
    return select(func.count()).where(condition, visible_entries(by))


@dataclass(frozen=True)
class Flow:
    """What became of the items that were taken in: the parts always add up to the whole (E-12)."""

    held: int = 0
    returned: int = 0
    given_up: int = 0
    void: int = 0

    @property
    def taken_in(self) -> int:
        """All of them."""
        return self.held + self.returned + self.given_up + self.void


def flow(by: Actor, since: date) -> Flow:
    """The flow of the visible items that were taken in since that day; one statement."""
    query = select(GoodsEntry.state, func.count().label("items")).where(GoodsEntry.in_on >= since, visible_entries(by))
    counted = {row.state: row.items for row in db.session.execute(query.group_by(GoodsEntry.state))}
    return Flow(
        sum(counted.get(state, 0) for state in HELD), counted.get(GoodsState.RETURNED, 0),
        counted.get(GoodsState.GIVEN_UP, 0), counted.get(GoodsState.VOID, 0),
    )  # fmt: skip


def held_unit(unit_id: int) -> GoodsEntry | None:
    """The line of the unit that is in our hands, in whichever branch; None where it is not (W-2, E-12)."""
    return db.session.scalar(select(GoodsEntry).where(GoodsEntry.unit_id == unit_id, held()))


def held_serial(branch_id: int, model_text: str, serial_no: str) -> GoodsEntry | None:
    """The line of an item of that model and serial number in our hands; None without a number or such a line."""
    folded = fold_code(serial_no)[:240]
    if not folded:
        return None
    return db.session.scalar(
        select(GoodsEntry).where(
            GoodsEntry.branch_id == branch_id, GoodsEntry.model_text == model_text,
            GoodsEntry.serial_folded == folded, held(),
        )
    )  # fmt: skip


def receipts_of(voucher: ServiceVoucher) -> list[GoodsReceipt]:
    """The receipts written with a voucher, in their order."""
    query = select(GoodsReceipt).where(GoodsReceipt.voucher_id == voucher.id)
    return list(db.session.scalars(query.order_by(GoodsReceipt.id)))


def out(by: Actor) -> Select[int]:
    """How many visible receipts are with customers."""
    return select(func.count()).where(GoodsReceipt.state == ReceiptState.ISSUED, visible_receipts(by))

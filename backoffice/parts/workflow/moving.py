"""The acts on the stock of a part: it comes in, goes to technicians and back, and is counted (E-07)."""

from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.core import notices
from backoffice.core.acts import act
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.quantity import check_quantity, format_quantity
from backoffice.organisation.models import User
from backoffice.organisation.queries import supervisor_ids
from backoffice.parts.models import MovementKind, Part
from backoffice.parts.queries import balance

from .stock import check_in_use, checked, transfer, write

HANDED_OUT = notices.kind("part.handed_out", _l("You now hold %(quantity)s %(unit)s more of %(part)s."))
DIFFERED = notices.kind(
    "part.differed", _l("The stock-take of %(part)s differs by %(difference)s %(unit)s: %(reason)s")
)


@act(
    "part.receive", Part, permission=Permission.STOCK_MOVE, label=_l("Goods in"), rule="E-07", bulk=False,
    tone="primary", order=10,
)  # fmt: skip
def receive(part: Part, *, by: Actor, at: datetime, quantity: Decimal | None, reason: str = "") -> None:
    """Parts come into the store of the person's branch; reason: the delivery note, or why they came."""
    check_in_use(part)
    write(
        part, checked(quantity), MovementKind.IN, branch_id=by.branch_id, holder_id=None, by=by, at=at, reason=reason
    )  # fmt: skip


@act(
    "part.hand_out", Part, permission=Permission.STOCK_MOVE, label=_l("Hand out to a technician"), rule="E-07",
    bulk=False, order=20,
)  # fmt: skip
def hand_out(
    part: Part, *, by: Actor, at: datetime, holder: User | None, quantity: Decimal | None, reason: str = ""
) -> None:
    """Parts go from the store to a technician of the branch, who is told."""
    check_in_use(part)
    holder = _check_colleague(holder, by)
    if holder.role is not Role.TECHNICIAN or not holder.is_active:
        raise RuleViolated(
            _l("%(name)s is no active technician of this branch.", name=holder.real_name), rule="E-07", field="holder"
        )
    quantity = checked(quantity)
    transfer(
        part, quantity, MovementKind.TO_TECHNICIAN, branch_id=by.branch_id, from_id=None, to_id=holder.id, by=by,
        at=at, reason=reason,
    )  # fmt: skip
    notices.send(
        HANDED_OUT, [holder.id], part, part=part.label, quantity=format_quantity(quantity), unit=part.unit
    )  # fmt: skip


@act(
    "part.hand_back", Part, permission=Permission.STOCK_MOVE, label=_l("Take back from a technician"), rule="E-07",
    bulk=False, order=30,
)  # fmt: skip
def hand_back(
    part: Part, *, by: Actor, at: datetime, holder: User | None, quantity: Decimal | None, reason: str = ""
) -> None:
    """Parts come back into the store from a person, also one who has left, and of a part no longer in use."""
    holder = _check_colleague(holder, by)
    transfer(
        part, checked(quantity), MovementKind.FROM_TECHNICIAN, branch_id=by.branch_id, from_id=holder.id, to_id=None,
        by=by, at=at, reason=reason,
    )  # fmt: skip


@act(
    "part.count", Part, permission=Permission.STOCK_COUNT, label=_l("Stock-take"), rule="E-07", bulk=False, order=40,
)  # fmt: skip
def count(
    part: Part, *, by: Actor, at: datetime, counted: Decimal | None, holder: User | None = None, reason: str = ""
) -> None:
    """So much was there when it was counted, in the store (no holder) or with a person.

    What differs from the balance of that moment is booked with its reason, and the supervisors are told.
    """
    if counted is None:
        raise MissingInput(_l("Enter what was counted; 0 where none was there."), rule="E-07", field="counted")
    try:
        check_quantity(counted)
    except RuleViolated as refusal:
        raise RuleViolated(refusal.message, rule="E-07", field="counted") from None
    holder_id = _check_colleague(holder, by).id if holder is not None else None
    difference = counted - balance(part.id, by.branch_id, holder_id, at)
    if not difference:
        return
    words = ("+" if difference > 0 else "") + format_quantity(difference)
    if not reason.strip():
        raise MissingInput(
            _l("What was counted differs from the records by %(difference)s %(unit)s; give the reason.",
               difference=words, unit=part.unit),
            rule="E-07", field="reason",
        )  # fmt: skip
    if balance(part.id, by.branch_id, holder_id) + difference < 0:
        raise RuleViolated(
            _l("More was taken out since than was counted; count again."), rule="E-07", field="counted"
        )  # fmt: skip
    write(
        part, difference, MovementKind.ADJUSTED, branch_id=by.branch_id, holder_id=holder_id, by=by, at=at,
        reason=reason,
    )  # fmt: skip
    people = [key for key in supervisor_ids(by.branch_id) if key != by.id]
    notices.send(
        DIFFERED, people, part, part=part.code, difference=words, unit=part.unit, reason=reason.strip()
    )  # fmt: skip


#: The acts on a part that concern the stock of one branch.
MOVING = tuple(one.key for one in (receive, hand_out, hand_back, count))


def _check_colleague(holder: User | None, by: Actor) -> User:
    if holder is None:
        raise MissingInput(_l("Choose the technician."), rule="E-07", field="holder")
    if holder.branch_id != by.branch_id:
        raise RuleViolated(_l("Choose one of your own branch."), rule="P-1", field="holder")
    return holder

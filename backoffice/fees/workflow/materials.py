"""Parts built in on site: the stock moves and the price is kept as it was (E-07, E-10)."""

from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.workflow import own_job
from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted, RuleViolated
from backoffice.core.locking import locked_one
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.fees.models import SitePart
from backoffice.organisation.models import User
from backoffice.parts.models import Part
from backoffice.parts.rules import StockPlace
from backoffice.parts.workflow import stock
from backoffice.vouchers.workflow import not_waiting

#: States of a call whose voucher is not signed yet.
_UNSIGNED = (CallState.DISPATCHED, CallState.ON_SITE)


@act(
    "call.use_part", ServiceCall, permission=Permission.CALL_WORK, label=_l("Enter a part"), rule="E-10",
    sources=[CallState.ON_SITE], guards=[own_job, not_waiting], bulk=False, order=18,
)  # fmt: skip
def use_part(
    call: ServiceCall, *, by: User, at: datetime, part: Part | None, quantity: Decimal | None,
    taken_from: StockPlace = StockPlace.STORE, old_part_returned: bool = False,
) -> None:  # fmt: skip
    """Build in a part on site; its cost and price of this moment stay with the job, whatever they become later."""
    facts = stock.build_in(
        part, quantity, taken_from, subject=call, after=(call.first_arrived_at, _l("Arrived")), by=by, at=at
    )
    db.session.add(SitePart(call=call, old_part_returned=old_part_returned, **facts))


def _still_there(line: SitePart, by: Actor) -> None:
    if line.given_back_at is not None:
        raise RuleViolated(_l("This part was given back already."), rule="E-07")
    if by.id not in (line.taken_by_id, line.call.technician_id) and not by.can(Permission.CALL_DISPATCH):
        raise NotPermitted(_l("Somebody else has taken this part."), rule="P-1")
    _check_unsigned(line.call, by)


def _check_unsigned(call: ServiceCall, by: Actor) -> None:
    if call.state not in _UNSIGNED:
        raise RuleViolated(
            _l("Call %(number)s is “%(state)s”; its parts can only be read.", number=call.number,
               state=call.state.label),
            rule="E-10",
        )  # fmt: skip
    not_waiting(call, by)


@act(
    "site_part.give_back", SitePart, permission=(Permission.CALL_WORK, Permission.CALL_DISPATCH),
    label=_l("Give back"), rule="E-07", guards=[_still_there], bulk=False, order=20,
)  # fmt: skip
def give_back(line: SitePart, *, by: User, at: datetime, reason: str) -> None:
    """A part was not built in after all: it goes back to where it came from, until the customer has signed."""
    reason = given(reason, 300, "reason", _l("Say why it goes back."), lines=True, rule="E-07")
    _check_unsigned(locked_one(ServiceCall, line.call_id), by)
    check_after(at, line.taken_at, _l("Taken"))
    stock.give_back(line.movement, by=by, at=at, reason=reason)
    line.given_back_at = at

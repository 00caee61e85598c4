"""Acts on delegations (P-6)."""

from datetime import date, datetime

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, notices
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.organisation.models import Delegation, User
from backoffice.organisation.rules import check_range

NAMED = notices.kind("delegation.created", _l("You are the deputy of %(principal)s from %(from_on)s to %(to_on)s."))
ENDED = notices.kind("delegation.ended", _l("You are no longer the deputy of %(principal)s."))


@act(
    "delegation.create", Delegation, permission=Permission.DELEGATION_WRITE, label=_l("Name a deputy"), rule="P-6",
    creates=True, tone="primary",
)  # fmt: skip
def create_delegation(
    *, by: Actor, at: datetime, deputy: User | None, from_on: date | None, to_on: date | None
) -> Delegation:
    """Lend one's own rights to somebody of the same branch, never to an administrator, from today or a later day on."""
    if by.on_behalf_of(Permission.DELEGATION_WRITE) is not None:
        raise NotPermitted(_l("A deputy names no further deputy."), rule="P-6")
    if deputy is None:
        raise MissingInput(_l("Choose the deputy."), rule="P-6", field="deputy")
    if deputy.id == by.id:
        raise RuleViolated(_l("Nobody is his own deputy."), rule="P-6", field="deputy")
    if deputy.role is Role.ADMIN:
        raise RuleViolated(_l("An administrator is never a deputy."), rule="P-6", field="deputy")
    if deputy.branch_id != by.branch_id or not deputy.is_active:
        raise RuleViolated(_l("A deputy is an active member of the same branch."), rule="P-6", field="deputy")
    first, last = check_range(from_on, to_on, rule="P-6")
    if first < clock.today():
        raise RuleViolated(_l("A deputy is named from today or a later day on."), rule="P-6", field="from_on")
    delegation = Delegation(principal_id=by.id, deputy_id=deputy.id, branch_id=by.branch_id, from_on=first, to_on=last)
    db.session.add(delegation)
    principal = db.session.get_one(User, by.id)
    notices.send(
        NAMED, [deputy.id], delegation, principal=principal.real_name, from_on=f"{first:%Y-%m-%d}",
        to_on=f"{last:%Y-%m-%d}",
    )  # fmt: skip
    return delegation


def _own_and_open(delegation: Delegation, by: Actor) -> None:
    if delegation.principal_id != by.id:
        raise NotPermitted(_l("Only who named the deputy can end this."), rule="P-6")
    if delegation.ended_at is not None or delegation.to_on < clock.today():
        raise RuleViolated(_l("This has ended already."), rule="P-6")


@act(
    "delegation.end", Delegation, permission=Permission.DELEGATION_WRITE, label=_l("End now"), rule="P-6",
    guards=[_own_and_open], tone="danger", order=80,
)  # fmt: skip
def end_delegation(delegation: Delegation, *, by: Actor, at: datetime) -> None:
    """Take the rights back from the deputy at once."""
    delegation.ended_at = at
    notices.send(ENDED, [delegation.deputy_id], delegation, principal=delegation.principal.real_name)

"""Bringing a call before the next level, and answering that (W-1.15)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import LIVE, ServiceCall
from backoffice.core import notices
from backoffice.core.acts import act
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.organisation.models import User
from backoffice.organisation.queries import manager_ids, supervisor_ids

ESCALATED = notices.kind("call.escalated", _l("%(by)s escalates call %(number)s: %(reason)s"))
TAKEN_OVER = notices.kind("call.taken_over", _l("%(by)s has taken over the escalated call %(number)s."))


def _not_escalated(call: ServiceCall, by: Actor) -> None:
    if call.escalated_to is not None and call.escalated_to not in by.roles:
        raise RuleViolated(_l("It is escalated to the %(role)s already.", role=call.escalated_to.label), rule="W-1.15")


@act(
    "call.escalate",
    ServiceCall,
    permission=Permission.CALL_ESCALATE,
    label=_l("Escalate"),
    rule="W-1.15",
    sources=LIVE,
    guards=[_not_escalated],
    order=70,
)
def escalate(call: ServiceCall, *, by: User, at: datetime, reason: str) -> None:
    """Bring it before the next level: technician and assistant to the supervisor, supervisor to the manager."""
    if not reason.strip():
        raise MissingInput(_l("Say what the next level has to decide or do."), rule="W-1.15", field="reason")
    upward = Role.SUPERVISOR in by.roles
    call.escalated_to = Role.MANAGER if upward else Role.SUPERVISOR
    call.escalated_at, call.escalation_reason = at, reason.strip()[:500]
    to = manager_ids(call.branch_id) if upward else supervisor_ids(call.branch_id)
    notices.send(ESCALATED, to, call, number=call.number, by=by.real_name, reason=reason)


def _escalated_to_me(call: ServiceCall, by: Actor) -> None:
    if call.escalated_to is None:
        raise RuleViolated(_l("It is not escalated."), rule="W-1.15")
    if call.escalated_to not in by.roles:
        raise NotPermitted(_l("It is escalated to the %(role)s.", role=call.escalated_to.label), rule="W-1.15")


@act(
    "call.take_over",
    ServiceCall,
    permission=Permission.CALL_ACKNOWLEDGE,
    label=_l("Take over the escalation"),
    rule="W-1.15",
    guards=[_escalated_to_me],
    order=71,
)
def take_over(call: ServiceCall, *, by: User, at: datetime, note: str) -> None:
    """Answer an escalation: what will be done. It leaves the queue; the trail keeps both texts."""
    if not note.strip():
        raise MissingInput(_l("Say what will be done."), rule="W-1.15", field="note")
    call.escalated_to, call.escalated_at, call.escalation_reason = None, None, ""
    concerned = [call.technician_id, call.created_by_id, *supervisor_ids(call.branch_id)]
    notices.send(TAKEN_OVER, [key for key in concerned if key != by.id], call, number=call.number, by=by.real_name)

"""How a due is to be paid, and that it need not be paid at all (W-5.1, W-5.3)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core.acts import act
from backoffice.core.errors import NotPermitted, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.fees.workflow import check_onsite
from backoffice.organisation.models import User
from backoffice.receivables import queries
from backoffice.receivables.models import Due, DueState
from backoffice.vouchers.models import CollectionPath

from .dues import check_not_invoiced, check_nothing_paid


def _own_or_any(due: Due, by: Actor) -> None:
    if not by.can(Permission.DUE_SWITCH) and not queries.is_own(due, by):
        raise NotPermitted(_l("This is not a due of one of your jobs."), rule="P-3")


@act(
    "due.switch_path", Due, permission=(Permission.DUE_SWITCH, Permission.DUE_SWITCH_OWN),
    label=_l("Change how it is collected"), rule="W-5.3", sources=[DueState.DUE], guards=[_own_or_any], order=20,
)  # fmt: skip
def switch_path(due: Due, *, by: User, at: datetime, path: CollectionPath | None = None, reason: str = "") -> None:
    """Collect it on site instead of against an invoice, or the other way round (path None), with a reason.

    On site is refused above the limit (C-01) and for paid goods that were brought back (W-5.3).
    """
    other = CollectionPath.INVOICE_FIRST if due.path is CollectionPath.ONSITE else CollectionPath.ONSITE
    wanted = path or other
    if wanted is due.path:
        raise RuleViolated(_l("It is “%(path)s” already.", path=wanted.label), rule="W-5.3", field="path")
    if wanted is CollectionPath.ONSITE:
        _check_onsite(due)
    due.path_reason = given(reason, 300, "reason", _l("Say why."), lines=True, rule="W-5.3")
    due.path = wanted


def _check_onsite(due: Due) -> None:
    check_onsite(due.amount)
    if due.request_due_at is not None:
        raise RuleViolated(
            _l("Paid goods were brought back to the customer: the invoice comes first."), rule="W-5.3", field="path"
        )


def _untouched(due: Due, by: Actor) -> None:
    check_not_invoiced(due)
    check_nothing_paid(due)


def _not_own(due: Due, by: Actor) -> None:
    if due.technician_id == by.id:
        raise NotPermitted(_l("This is a due of your own job: somebody else waives it."), rule="P-4")


@act(
    "due.waive", Due, permission=Permission.DUE_WAIVE, label=_l("Waive"), rule="W-5.1", sources=[DueState.DUE],
    target=DueState.WAIVED, guards=[_not_own, _untouched], tone="danger", order=60,
)  # fmt: skip
def waive(due: Due, *, by: User, at: datetime, reason: str = "") -> None:
    """Let the customer off the whole due, with a reason: nothing of it is paid, and no invoice covers it."""
    due.end_reason = given(reason, 300, "reason", _l("Say why."), lines=True, rule="W-5.1")
    due.waived_at, due.waived_by_id = at, by.id

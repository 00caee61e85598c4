"""The supervisor proposes to merge two customers (P-3)."""

from collections.abc import Collection
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import notices
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.customers.models import Customer
from backoffice.customers.workflow import is_not_merged
from backoffice.duplicates.models import CustomerMerge, MergeState
from backoffice.organisation.models import User
from backoffice.organisation.queries import manager_ids

from .preview import check_pair, check_seen, preview

PROPOSED = notices.kind("customer_merge.proposed", _l("To decide: shall %(customer)s be merged into %(survivor)s?"))


def has_no_proposal(customer: Customer, _by: Actor) -> None:
    """Guard: nobody has proposed it yet. Raises RuleViolated with the proposal."""
    query = select(CustomerMerge.id).where(
        CustomerMerge.customer_id == customer.id, CustomerMerge.state == MergeState.PROPOSED
    )
    if (key := db.session.scalar(query)) is not None:
        raise RuleViolated(
            _l("A merge of this customer is proposed already."), rule="E-04",
            remedy=Remedy(_l("Open the proposal"), "customer_merges.details_view", {"id": key}),
        )  # fmt: skip


@act(
    "customer.propose_merge", Customer, permission=Permission.CUSTOMER_PROPOSE_MERGE,
    label=_l("Merge into…"), rule="E-04", guards=[is_not_merged, has_no_proposal], bulk=False, order=85,
)  # fmt: skip
def propose(
    customer: Customer, *, by: User, at: datetime, survivor: Customer | None = None, taken: Collection[str] = (),
    reason: str = "", seen: str = "",
) -> CustomerMerge:  # fmt: skip
    """Propose to give up this customer for `survivor`; the managers are told.

    taken: the fields whose value is kept of this customer where both have one. seen: the mark of the preview. Raises
    StaleDocument when something has changed since.
    """
    if survivor is not None:
        db.session.refresh(survivor)  # not locked: it is looked at once more when the merge is decided
    survivor = check_pair(customer, survivor)
    given(reason, 500, "reason", _l("Say why."))
    plan = preview(customer, survivor, taken)
    check_seen(plan, seen)
    kept = [fact.field for fact in plan.facts if fact.asked and fact.from_given_up]
    merge = CustomerMerge(
        branch_id=customer.branch_id, customer=customer, survivor=survivor, taken=kept, reason=reason.strip()
    )
    db.session.add(merge)
    notices.send(
        PROPOSED, [key for key in manager_ids(merge.branch_id) if key != by.id], merge,
        customer=customer.number, survivor=survivor.number,
    )  # fmt: skip
    return merge

"""The manager decides on a merge; everything of the customer given up moves to the one that stays (E-04)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core import audit, notices
from backoffice.core.acts import act
from backoffice.core.attachments import Attachment
from backoffice.core.bulk import rewrite
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.customers.models import Contact, Customer
from backoffice.duplicates import queries
from backoffice.duplicates.models import CustomerDistinct, CustomerMerge, MergeState
from backoffice.organisation.models import User

from .preview import Preview, check_pair, check_seen, locked_pair, preview

DECIDED = notices.kind("customer_merge.decided", _l("%(customer)s was merged into %(survivor)s."))
DECLINED = notices.kind("customer_merge.declined", _l("The merge of %(customer)s into %(survivor)s was declined."))


def is_anothers(merge: CustomerMerge, by: Actor) -> None:
    """Guard: nobody decides on the own proposal. Raises NotPermitted (P-4)."""
    if merge.created_by_id == by.id:
        raise NotPermitted(_l("You proposed this yourself; somebody else decides."), rule="P-4")


def may_still_be(merge: CustomerMerge, _by: Actor) -> None:
    """Guard: both customers can still be merged. Raises RuleViolated naming what stands in the way."""
    check_pair(merge.customer, merge.survivor)


@act(
    "customer_merge.approve", CustomerMerge, permission=Permission.CUSTOMER_MERGE, label=_l("Merge"), rule="E-04",
    sources=[MergeState.PROPOSED], target=MergeState.MERGED, guards=[is_anothers, may_still_be], tone="danger",
    bulk=False, order=10,
)  # fmt: skip
def approve(merge: CustomerMerge, *, by: User, at: datetime, seen: str = "") -> None:
    """Merge: facts are settled, everything moves, the customer given up leads to the other one. There is no way back.

    seen: the mark of the preview. Raises StaleDocument when something has changed since. The number of statements does
    not depend on how many rows move.
    """
    given_up, survivor = locked_pair(merge.customer_id, merge.survivor_id, by)
    check_pair(given_up, survivor)
    plan = preview(given_up, survivor, merge.taken)
    check_seen(plan, seen)
    _fold_contacts(plan, by)
    merge.moved = _move(plan, by)
    _keep_apart(plan)
    _settle(plan)
    given_up.merged_into, given_up.merged_at, given_up.is_active = survivor, at, False
    merge.decided_at = at
    audit.record(survivor, "customer_merge.approve", by=by, note=str(merge))  # even where none of its facts changes
    _tell(merge, DECIDED)


@act(
    "customer_merge.decline", CustomerMerge, permission=(Permission.CUSTOMER_MERGE, Permission.CUSTOMER_PROPOSE_MERGE),
    label=_l("Decline"), rule="E-04", sources=[MergeState.PROPOSED], target=MergeState.DECLINED, bulk=False, order=20,
)  # fmt: skip
def decline(merge: CustomerMerge, *, by: User, at: datetime, reason: str = "") -> None:
    """Leave both customers as they are; whoever proposed it may take it back."""
    given(reason, 500, "reason", _l("Say why."))
    merge.decided_at = at
    if merge.created_by_id != by.id:
        _tell(merge, DECLINED)


def _tell(merge: CustomerMerge, kind: str) -> None:
    notices.send(kind, [merge.created_by_id], merge, customer=merge.customer.number, survivor=merge.survivor.number)


def _settle(plan: Preview) -> None:
    """Give the survivor what stays of both; a telephone number that does not stay becomes a contact."""
    keeper = plan.survivor
    dropped = plan.given_up
    for fact in plan.facts:
        if fact.from_given_up:
            setattr(keeper, fact.field, fact.value)
            dropped = keeper if fact.field == "phone" and fact.asked else dropped
    if plan.kept_phone:
        name = next(fact for fact in plan.facts if fact.field == "name")
        called = name.given_up if dropped is plan.given_up else name.survivor
        db.session.add(Contact(branch_id=keeper.branch_id, customer=keeper, name=called[:60], phone=plan.kept_phone))


def _fold_contacts(plan: Preview, by: User) -> None:
    """Take contacts out of use whom the survivor has too; of two first persons to speak to the survivor's stays."""
    if plan.folded:
        doubles = [one.id for one, _ in plan.folded]
        rewrite(Contact, {"is_active": True}, {"is_active": False}, Contact.id.in_(doubles), by=by)
        rewrite(Contact, {"is_primary": True}, {"is_primary": False}, Contact.id.in_(doubles), by=by)
    if any(one.is_primary for one in plan.survivor.contacts):
        mine = {"customer_id": plan.given_up.id}
        rewrite(Contact, {"is_primary": True} | mine, {"is_primary": False} | mine, by=by)


def _move(plan: Preview, by: User) -> dict[str, int]:
    """Let every row that refers to the customer given up refer to the survivor; answers how many by table."""
    old, new = plan.given_up.id, plan.survivor.id
    moved: dict[str, int] = {}
    for one in queries.references():
        count = rewrite(one.model, {one.column: old}, {one.column: new}, by=by)
        moved[one.table] = moved.get(one.table, 0) + count
    mine = {"subject_type": Customer.__tablename__}
    moved["attachment"] = rewrite(Attachment, mine | {"subject_id": old}, mine | {"subject_id": new}, by=by)
    db.session.expire(plan.given_up, ["contacts", "projects"])
    db.session.expire(plan.survivor, ["contacts", "projects"])
    return {table: count for table, count in moved.items() if count}


def _keep_apart(plan: Preview) -> None:
    """Whoever was told apart from the customer given up is told apart from the survivor."""
    ids = (plan.given_up.id, plan.survivor.id)
    known = {one: {_other(pair, one) for pair in db.session.scalars(queries.told_apart(one))} for one in ids}
    for other in sorted(known[ids[0]] - known[ids[1]] - set(ids)):
        low, high = sorted((other, ids[1]))
        db.session.add(CustomerDistinct(branch_id=plan.survivor.branch_id, low_id=low, high_id=high))


def _other(pair: CustomerDistinct, customer_id: int) -> int:
    return pair.high_id if pair.low_id == customer_id else pair.low_id

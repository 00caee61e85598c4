"""Two customers that look alike and are not the same (E-04)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.core.texts import clean
from backoffice.customers.models import Customer
from backoffice.customers.workflow import is_not_merged
from backoffice.duplicates.models import CustomerDistinct
from backoffice.organisation.models import User


@act(
    "customer.tell_apart", Customer, permission=(Permission.CUSTOMER_PROPOSE_MERGE, Permission.CUSTOMER_MERGE),
    label=_l("Not the same as…"), rule="E-04", guards=[is_not_merged],
    bulk=False, order=86,
)  # fmt: skip
def tell_apart(
    customer: Customer, *, by: User, at: datetime, other: Customer | None = None, reason: str = ""
) -> CustomerDistinct:
    """Remember that these two are not the same, so that they are not found as doubles again."""
    if other is None:
        raise MissingInput(_l("Choose the other customer."), rule="E-04", field="other")
    if other.id == customer.id:
        raise RuleViolated(_l("This is one and the same customer."), rule="E-04", field="other")
    if other.branch_id != customer.branch_id:
        raise NotPermitted(_l("Customers of two branches are kept apart."), rule="G-02", field="other")
    low, high = sorted((customer, other), key=lambda one: one.id)
    known: CustomerDistinct | None = db.session.scalar(
        select(CustomerDistinct).where(CustomerDistinct.low_id == low.id, CustomerDistinct.high_id == high.id)
    )
    if known is not None:
        return known
    pair = CustomerDistinct(branch_id=customer.branch_id, low=low, high=high, reason=clean(reason, 500, "reason"))
    db.session.add(pair)
    return pair

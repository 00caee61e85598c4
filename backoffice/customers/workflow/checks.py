"""What the acts of this feature check and take alike."""

from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, numbering
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor
from backoffice.core.texts import given
from backoffice.customers.models import Customer
from backoffice.organisation.models import Branch
from backoffice.settings import queries as settings


def is_active(record: Any, _by: Actor) -> None:
    """Guard: the record is in use. Raises RuleViolated (G-03)."""
    if not record.is_active:
        raise RuleViolated(_l("This record is no longer active."), rule="G-03")


def is_inactive(record: Any, _by: Actor) -> None:
    """Guard: the record is out of use. Raises RuleViolated (G-03)."""
    if record.is_active:
        raise RuleViolated(_l("This record is active already."), rule="G-03")


def is_not_merged(customer: Customer, _by: Actor) -> None:
    """Guard: the customer was not merged into another one. Raises RuleViolated naming that one (E-04)."""
    check_not_merged(customer, "E-04", "")


def check_not_merged(customer: Customer, rule: str, field: str) -> None:
    """Raises RuleViolated naming the survivor of a customer that was merged into another one."""
    if customer.merged_into is not None:
        raise RuleViolated(
            _l("%(number)s was merged into %(survivor)s: use that one.", number=customer.number,
               survivor=str(customer.merged_into)),
            rule=rule, field=field,
            remedy=Remedy(_l("Open the customer"), "customers.details_view", {"id": customer.merged_into_id}),
        )  # fmt: skip


def check_in_use(customer: Customer, rule: str, field: str = "customer") -> None:
    """Raises RuleViolated for a customer that is no longer active, naming the survivor of a merged one."""
    check_not_merged(customer, rule, field)
    if not customer.is_active:
        raise RuleViolated(
            _l("Customer %(number)s is no longer active.", number=customer.number), rule=rule, field=field,
            remedy=Remedy(_l("Open the customer"), "customers.details_view", {"id": customer.id}),
        )  # fmt: skip


def check_reason(reason: str) -> None:
    """Raises MissingInput unless a reason is given."""
    given(reason, 500, "reason", _l("Say why."))


def check_branch(record: Any, branch_id: int, field: str) -> None:
    """Raises NotPermitted for an area, person or customer of another branch (P-1)."""
    if record is not None and record.branch_id != branch_id:
        raise NotPermitted(_l("Choose one of your own branch."), rule="P-1", field=field)


def take_number(document: str, branch_id: int) -> str:
    """The next number of the document (N-01, N-02) in the branch."""
    branch = db.session.get_one(Branch, branch_id)
    return numbering.take(
        document, settings.pattern(document), branch_id=branch.id, branch_code=branch.code, day=clock.today()
    )

"""What the acts of this feature check and take alike."""

from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, numbering
from backoffice.core.db import db
from backoffice.core.errors import NotPermitted, RuleViolated
from backoffice.core.permissions import Actor
from backoffice.core.texts import given
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

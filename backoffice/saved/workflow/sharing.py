"""Sharing a saved filter with others, and with which one a list opens for a role."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.organisation.models import User
from backoffice.saved import queries
from backoffice.saved.models import SavedFilter, Visibility

from .checks import check_sharing, is_owner, keeps, shared


def _opens_for_a_role(kept: SavedFilter, _by: Actor) -> None:
    if kept.default_role is None:
        raise RuleViolated(_l("The list opens with this filter for no role."), rule="R-01")


@act(
    "saved_filter.share", SavedFilter, permission=Permission.FILTER_SHARE, label=_l("Share"), rule="X-20",
    guards=[is_owner], bulk=False, order=30,
)  # fmt: skip
def share(kept: SavedFilter, *, by: User, at: datetime, visibility: Visibility | None) -> None:
    """Let the branch, or all branches, see one's own filter. Raises MissingInput, RuleViolated (X-20)."""
    if visibility is None or visibility is Visibility.PRIVATE:
        raise MissingInput(_l("Choose who shall see it."), rule="R-01", field="visibility")
    check_sharing(kept.register, kept.name, kept.address, visibility, by)
    if kept.visibility is not visibility or kept.branch_id != by.branch_id:
        kept.default_role = None  # it was set for those who saw it before
    kept.visibility, kept.branch_id = visibility, by.branch_id


@act(
    "saved_filter.unshare", SavedFilter, permission=Permission.FILTER_SAVE, label=_l("Share no longer"), rule="P-1",
    guards=[shared, keeps], bulk=False, order=40,
)  # fmt: skip
def unshare(kept: SavedFilter, *, by: User, at: datetime) -> None:
    """Leave it to its owner alone; lists that opened with it open as they did before."""
    kept.default_role = None
    kept.visibility = Visibility.PRIVATE


@act(
    "saved_filter.set_role", SavedFilter, permission=Permission.FILTER_SHARE, label=_l("Open for a role"), rule="R-01",
    guards=[shared, keeps], bulk=False, order=50,
)  # fmt: skip
def set_role(kept: SavedFilter, *, by: User, at: datetime, role: Role | None) -> None:
    """Let the list open with it for the role, in place of the one it opened with before. Raises MissingInput."""
    if role is None:
        raise MissingInput(_l("Choose the role."), rule="R-01", field="role")
    for other in queries.role_defaults(kept, role):
        other.default_role = None
    db.session.flush()  # the old one first: the database allows one
    kept.default_role = role


@act(
    "saved_filter.clear_role", SavedFilter, permission=Permission.FILTER_SHARE, label=_l("Open for no role"),
    rule="R-01", guards=[_opens_for_a_role, keeps], bulk=False, order=51,
)  # fmt: skip
def clear_role(kept: SavedFilter, *, by: User, at: datetime) -> None:
    """Let the list no longer open with it for a role."""
    kept.default_role = None

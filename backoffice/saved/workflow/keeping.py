"""Saving a list as it stands, renaming and dropping it."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Permission
from backoffice.organisation.models import User
from backoffice.saved import queries, rules
from backoffice.saved.models import SavedFilter, Visibility

from .checks import check_address, check_name, check_sharing, is_owner, keeps
from .choosing import open_with


@act(
    "saved_filter.save", SavedFilter, permission=Permission.FILTER_SAVE, label=_l("Save this list"), rule="R-01",
    creates=True, tone="primary",
)  # fmt: skip
def save(
    *, by: User, at: datetime, register: str, address: str, name: str, visibility: Visibility = Visibility.PRIVATE,
    is_default: bool = False, replace: bool = False,
) -> SavedFilter:  # fmt: skip
    """Keep the address of a list under a name, or with `replace` in place of one's own filter of that name.

    register: the endpoint of the list. address: its parameters as an address holds them; what the list does not know
    is left out. Raises MissingInput, NotPermitted or RuleViolated (X-20).
    """
    address = check_address(register, address)
    kept = queries.own_named(register, (name or "").strip(), by) if replace else None
    name = check_name(register, name, by, but=kept)
    check_sharing(register, name, address, visibility, by)
    if kept is None:
        if queries.own_count(register, by) >= rules.MOST_OF_ONE_LIST:
            raise RuleViolated(
                _l("You keep %(most)s filters of this list; drop one first.", most=rules.MOST_OF_ONE_LIST), rule="R-01"
            )
        kept = SavedFilter(owner_id=by.id, register=register, name=name, branch_id=by.branch_id)
        db.session.add(kept)
    kept.address, kept.visibility = address, visibility
    if visibility is not Visibility.PRIVATE:
        kept.branch_id = by.branch_id
    if visibility is Visibility.PRIVATE:
        kept.default_role = None
    if is_default:
        db.session.flush()  # its key is needed
        open_with(kept, by)
    return kept


@act(
    "saved_filter.rename", SavedFilter, permission=Permission.FILTER_SAVE, label=_l("Rename"), rule="R-01",
    guards=[is_owner], bulk=False, order=20,
)  # fmt: skip
def rename(kept: SavedFilter, *, by: User, at: datetime, name: str) -> None:
    """Give one's own filter another name. Raises MissingInput, RuleViolated (X-20)."""
    name = check_name(kept.register, name, by, but=kept)
    check_sharing(kept.register, name, kept.address, kept.visibility, by)
    kept.name = name


@act(
    "saved_filter.drop", SavedFilter, permission=Permission.FILTER_SAVE, label=_l("Drop"), rule="G-03",
    guards=[keeps], confirm=_l("The filter disappears from the list, for everybody who sees it."), tone="danger",
    order=90,
)  # fmt: skip
def drop(kept: SavedFilter, *, by: User, at: datetime) -> None:
    """Take a filter away; its row stays, out of use, so that the trail can be read."""
    kept.default_role = None
    kept.is_active = False

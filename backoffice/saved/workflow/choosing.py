"""What each person chooses for himself: what stands above the list, and with what the list opens."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.organisation.models import User
from backoffice.saved import queries
from backoffice.saved.models import SavedFilter, SavedFilterChoice


def _choice(kept: SavedFilter, by: User) -> SavedFilterChoice:
    found = queries.choice_of(kept, by)
    if found is None:
        found = SavedFilterChoice(user_id=by.id, register=kept.register, is_pinned=True, is_default=False)
        kept.choices.append(found)
    return found


def open_with(kept: SavedFilter, by: User) -> None:
    """Let the list open with the filter for the person, in place of another."""
    for other in queries.own_defaults(kept.register, by):
        other.is_default = False
    db.session.flush()  # the old one first: the database allows one
    _choice(kept, by).is_default = True


def _is_pinned(kept: SavedFilter, by: Actor) -> None:
    choice = queries.choice_of(kept, by)
    if choice is not None and not choice.is_pinned:
        raise RuleViolated(_l("It does not stand above the list."), rule="R-01")


def _is_unpinned(kept: SavedFilter, by: Actor) -> None:
    choice = queries.choice_of(kept, by)
    if choice is None or choice.is_pinned:
        raise RuleViolated(_l("It stands above the list already."), rule="R-01")


def _is_default(kept: SavedFilter, by: Actor) -> None:
    choice = queries.choice_of(kept, by)
    if choice is None or not choice.is_default:
        raise RuleViolated(_l("Your list does not open with it."), rule="R-01")


def _is_no_default(kept: SavedFilter, by: Actor) -> None:
    choice = queries.choice_of(kept, by)
    if choice is not None and choice.is_default:
        raise RuleViolated(_l("Your list opens with it already."), rule="R-01")


@act(
    "saved_filter.pin", SavedFilter, permission=Permission.FILTER_SAVE, label=_l("Show above the list"), rule="R-01",
    guards=[_is_unpinned], order=60,
)  # fmt: skip
def pin(kept: SavedFilter, *, by: User, at: datetime) -> None:
    """Show the filter above the list, for oneself."""
    _choice(kept, by).is_pinned = True


@act(
    "saved_filter.unpin", SavedFilter, permission=Permission.FILTER_SAVE, label=_l("Do not show above the list"),
    rule="R-01", guards=[_is_pinned], order=61,
)  # fmt: skip
def unpin(kept: SavedFilter, *, by: User, at: datetime) -> None:
    """Keep the filter in the menu only, for oneself."""
    _choice(kept, by).is_pinned = False


@act(
    "saved_filter.open_with", SavedFilter, permission=Permission.FILTER_SAVE, label=_l("Open my list with it"),
    rule="R-01", guards=[_is_no_default], tone="primary", bulk=False, order=10,
)  # fmt: skip
def choose_default(kept: SavedFilter, *, by: User, at: datetime) -> None:
    """Let one's own list open with the filter; it goes before what the role has."""
    open_with(kept, by)


@act(
    "saved_filter.open_without", SavedFilter, permission=Permission.FILTER_SAVE,
    label=_l("Open my list without it"), rule="R-01", guards=[_is_default], bulk=False, order=11,
)  # fmt: skip
def clear_default(kept: SavedFilter, *, by: User, at: datetime) -> None:
    """Let one's own list open as the role has it, or as it always did."""
    _choice(kept, by).is_default = False

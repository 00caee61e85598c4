"""What several acts on saved filters check."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.texts import given
from backoffice.organisation.models import User
from backoffice.saved import queries, rules
from backoffice.saved.models import SavedFilter, Visibility

#: What the address of a register may hold, by its endpoint; None for no list that there is. The pages know it and put
#: their own function here at start-up.
shape_of: Callable[[str], rules.Shape | None] = lambda register: None  # noqa: E731 - replaced as a whole

_SHARED = "X-20"


def reaches_all_branches(by: Any) -> bool:
    """Whether the person may share with all branches: the administrator and the manager of the headquarters."""
    return bool(by.role is Role.ADMIN or by.sees_all_branches)


def check_name(register: str, name: str, by: User, *, but: SavedFilter | None = None) -> str:
    """The name, clean and not used twice by its owner. Raises MissingInput."""
    name = given(name, rules.LONGEST_NAME, "name", _l("Give the filter a name."))
    other = queries.own_named(register, name, by)
    if other is not None and other is not but:
        raise MissingInput(_l("You have a filter of this name already. Choose another name, or replace it."),
                           field="name")  # fmt: skip
    return name


def check_address(register: str, address: str) -> str:
    """The address as it is kept: known parameters in one order. Raises MissingInput for no list or too much."""
    shape = shape_of(register)
    if shape is None:
        raise MissingInput(_l("Open the list first, then save it there."), rule="R-01")
    if len(address) > rules.MOST_READ:
        raise MissingInput(_l("This list has too many filters to be kept; take some out."), rule="R-01")
    kept = rules.address_of(rules.known(rules.pairs_of(address), shape))
    if len(kept) > rules.LONGEST_ADDRESS:
        raise MissingInput(_l("This list has too many filters to be kept; take some out."), rule="R-01")
    return kept


def check_sharing(register: str, name: str, address: str, visibility: Visibility, by: User) -> None:
    """Whether `by` may let others see it, and it holds no personal data (X-20). Raises NotPermitted, RuleViolated."""
    if visibility is Visibility.PRIVATE:
        return
    if not by.can(Permission.FILTER_SHARE):
        raise NotPermitted(_l("Your role keeps filters for itself and does not share them."), rule="P-3")
    if visibility is Visibility.COMPANY and not reaches_all_branches(by):
        raise RuleViolated(_l("Only the headquarters share filters with all branches."), rule="P-1", field="visibility")
    shape = shape_of(register)
    if shape is not None and rules.holds_personal(rules.pairs_of(address), shape):
        raise RuleViolated(
            _l("A shared filter must not hold a typed name, address or telephone. Take the words out of the search, or "
               "keep the filter for yourself."),
            rule=_SHARED, field="visibility",
        )  # fmt: skip
    if rules.names_a_phone(name):
        raise RuleViolated(
            _l("The name of a shared filter must not hold a telephone number."), rule=_SHARED, field="name"
        )


def is_owner(kept: SavedFilter, by: Actor) -> None:
    """Guard: only who saved it. Raises NotPermitted."""
    if kept.owner_id != by.id:
        raise NotPermitted(_l("Only who saved this filter may do this."), rule="P-3")


def keeps(kept: SavedFilter, by: Actor) -> None:
    """Guard: who saved it, or who looks after shared ones in its branch or in all. Raises NotPermitted."""
    in_reach = reaches_all_branches(by) or (kept.visibility is Visibility.BRANCH and kept.branch_id == by.branch_id)
    looks_after = by.can(Permission.FILTER_SHARE) and kept.is_shared and in_reach
    if kept.owner_id != by.id and not looks_after:
        raise NotPermitted(_l("Only who saved this filter, or who looks after shared ones, may do this."), rule="P-3")


def shared(kept: SavedFilter, _by: Actor) -> None:
    """Guard: others see it. Raises RuleViolated."""
    if not kept.is_shared:
        raise RuleViolated(_l("This filter is not shared."), rule="R-01")

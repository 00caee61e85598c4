"""Which saved filters a person sees (P-1), and those of one list in a single value."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal, or_, select, type_coerce

from backoffice.core import scope
from backoffice.core.db import db
from backoffice.core.scope import scoped

from .models import SavedFilter, SavedFilterChoice, Visibility
from .rules import Pairs, pairs_of

#: Between the fields of a filter and between the filters; no name and no address may hold control characters.
_FIELD, _ROW = "\x1f", "\x1e"


@dataclass(frozen=True)
class Offered:
    """A saved filter of one list as the person at the desk sees it.

    role_default: "branch" or "company" where the list opens with it for the person's role, else "".
    """

    id: int
    name: str
    pairs: Pairs
    is_own: bool
    is_pinned: bool
    is_own_default: bool
    role_default: str


@scoped(SavedFilter)
def _filters_of(by: Any) -> ColumnElement[bool]:
    """One's own, those of the branch, and those for all branches; none that was dropped."""
    return and_(
        SavedFilter.is_active,
        or_(
            SavedFilter.owner_id == by.id,
            SavedFilter.visibility == Visibility.COMPANY,
            and_(SavedFilter.visibility == Visibility.BRANCH, SavedFilter.branch_id == by.branch_id),
        ),
    )


def of_list(register: str, by: Any) -> Select[Any]:
    """Selects all filters of the register that `by` sees, as one text for `read`; NULL for none.

    One value instead of rows lets the list's page fetch it along with another statement.
    """
    choice = SavedFilterChoice
    fields: list[Any] = [
        cast(SavedFilter.id, String),
        SavedFilter.name,
        SavedFilter.address,
        _flag(SavedFilter.owner_id == by.id),
        _flag(func.coalesce(choice.is_pinned, True)),
        _flag(func.coalesce(choice.is_default, False)),
        case(
            (
                and_(SavedFilter.default_role == by.role, SavedFilter.visibility != Visibility.PRIVATE),
                type_coerce(SavedFilter.visibility, String),
            ),
            else_="",
        ),
    ]
    row = fields[0]
    for one in fields[1:]:
        row = row + literal(_FIELD) + one
    return (
        select(func.aggregate_strings(row, _ROW))
        .select_from(SavedFilter)
        .outerjoin(choice, and_(choice.saved_filter_id == SavedFilter.id, choice.user_id == by.id))
        .where(SavedFilter.register == register, scope.visible(SavedFilter, by))
    )


def _flag(condition: Any) -> Any:
    return case((condition, "1"), else_="")


def read(text: str | None) -> list[Offered]:
    """The filters out of what `of_list` gives: the person's own first, each kind by name."""
    found = []
    for row in (text or "").split(_ROW) if text else ():
        key, name, address, is_own, is_pinned, is_default, role = row.split(_FIELD)
        found.append(Offered(int(key), name, pairs_of(address), bool(is_own), bool(is_pinned), bool(is_default), role))
    return sorted(found, key=lambda one: (not one.is_own, one.name, one.id))


def choice_of(kept: SavedFilter, by: Any) -> SavedFilterChoice | None:
    """What the person has chosen about the filter, or None."""
    return next((one for one in kept.choices if one.user_id == by.id), None)


def own_named(register: str, name: str, by: Any) -> SavedFilter | None:
    """The person's own filter of that register and name."""
    return db.session.scalar(
        select(SavedFilter).where(
            SavedFilter.owner_id == by.id, SavedFilter.register == register, SavedFilter.name == name,
            SavedFilter.is_active,
        )
    )  # fmt: skip


def own_count(register: str, by: Any) -> int:
    """How many filters of that register the person keeps."""
    query = select(func.count()).select_from(SavedFilter)
    return (
        db.session.scalar(
            query.where(SavedFilter.owner_id == by.id, SavedFilter.register == register, SavedFilter.is_active)
        )
        or 0
    )


def role_defaults(kept: SavedFilter, role: Any) -> list[SavedFilter]:
    """Other filters with which the list opens for `role` where this one is seen: in the branch or in all branches."""
    query = select(SavedFilter).where(
        SavedFilter.register == kept.register, SavedFilter.default_role == role,
        SavedFilter.visibility == kept.visibility, SavedFilter.id != kept.id,
    )  # fmt: skip
    if kept.visibility is Visibility.BRANCH:
        query = query.where(SavedFilter.branch_id == kept.branch_id)
    return list(db.session.scalars(query.with_for_update(of=SavedFilter)))


def own_defaults(register: str, by: Any) -> list[SavedFilterChoice]:
    """With which filters the list opens for the person: at most one, also where he no longer sees it."""
    query = select(SavedFilterChoice).where(
        SavedFilterChoice.user_id == by.id, SavedFilterChoice.register == register, SavedFilterChoice.is_default
    )
    return list(db.session.scalars(query))

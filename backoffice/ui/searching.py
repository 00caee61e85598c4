"""What the box above a list finds: each table is asked on its own, none is joined, and none is read from end to end."""

import re
from typing import Any

from sqlalchemy import ColumnElement, and_, false, inspect, or_, select

from backoffice.core import grams, scope, searching
from backoffice.core.grams import Word
from backoffice.core.permissions import Actor, Permission
from backoffice.core.searching import Searchable, like


def search_condition(view: Any, term: str, by: Actor) -> ColumnElement[bool]:
    """Every word must be found in one of the searchable columns of the view, or in a related row that `by` sees.

    Tables that carry the search index are asked by it, in all of their searched fields; others column by column.
    """
    model = view.model
    if not issubclass(model, Searchable):
        words = grams.readings(term)[:1]
        return and_(*(_column_by_column(view, word, by) for word in words[0])) if words else false()

    def related(word: Word) -> list[ColumnElement[bool]]:
        return _related(view, word, by)

    read = searching.readings(term)
    return or_(false(), *(searching.has_words_or_related(model, words, by, related) for words in read))


def _column_by_column(view: Any, word: Word, by: Actor) -> ColumnElement[bool]:
    names = [name for name in view.column_searchable_list if "." not in name]
    own = or_(false(), *(_match(view.model, name, word.typed, by) for name in names))
    return searching.any_of(view.model, [own, *_related(view, word, by)])


def _related(view: Any, word: Word, by: Actor) -> list[ColumnElement[bool]]:
    """Conditions on the related rows that the view searches, but for those whose fields the index holds anyway."""
    model, found = view.model, {}
    held = model.__searched_with__ if issubclass(model, Searchable) else {}
    for name in view.column_searchable_list:
        head, _, last = name.rpartition(".")
        if not head or head in held:
            continue
        relation = inspect(model).relationships[head]
        (local,) = relation.local_columns
        owner = relation.mapper.class_
        if issubclass(owner, Searchable):
            found[local] = searching.has_related(local, owner, word, by)
        else:
            keys = select(owner.id).where(_match(owner, last, word.typed, by), scope.visible(owner, by))
            found[name] = local.in_(keys.correlate(None))
    return list(found.values())


def _match(owner: Any, name: str, word: str, by: Actor) -> ColumnElement[bool]:
    """Contains the word. Telephone numbers and addresses only whole, for those who may not see them (X-20)."""
    column = getattr(owner, name)
    kind = inspect(owner).column_attrs[name].columns[0].info.get("pii")
    if name.endswith("_digits"):
        kind, word = "phone", re.sub(r"\D", "", word)
        if len(word) < 4:
            return false()
    if kind in {"phone", "address"} and not by.can(Permission.CUSTOMER_UNMASK):
        return column == word if len(word) >= 7 else false()
    return column.ilike(like(word), escape="\\")

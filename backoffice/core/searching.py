"""Finding records by what somebody types: the columns that are searched, kept true at every flush, and the conditions.

A class names in `__searched__` what it can be found by. The grams of these fields are indexed on both databases
(`search_index`), so that no search reads a table; which fields count in part and which only whole follows from the
masks (X-20): nobody finds more of a personal datum than the lists show him.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Text,
    and_,
    bindparam,
    event,
    false,
    inspect,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session
from sqlalchemy.sql.functions import FunctionElement

from . import grams, scope, search_index
from .db import SECRET
from .grams import Texts, Word
from .permissions import Actor, Permission
from .search_index import as_columns

_DERIVED = SECRET | {"derived": True}
#: Figures that are found whole only from this length on, by those who may not see telephone numbers.
WHOLE_FIGURES = 7


class Searchable:
    """Mixin of a table whose records are searched. The columns follow from `__searched__`, never set by hand."""

    #: the fields by which a record is found
    __searched__: tuple[str, ...] = ()
    #: fields of a related row by which it is found as well: relation -> fields
    __searched_with__: dict[str, tuple[str, ...]] = {}
    #: the fields on which it depends whether those are masked
    __masked_by__: tuple[str, ...] = ()

    #: what everybody finds in part
    search_norm: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True, info=_DERIVED)
    #: what only those find in part who may see personal data, others whole
    search_masked: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True, info=_DERIVED)
    #: the grams of both, which are indexed
    search_grams: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True, info=_DERIVED)


def searched_texts(row: Any) -> Texts:
    """What the columns of a row are to hold, from its fields and its related rows as they are now."""
    fields = _fields(row, row.__searched__)
    for relation, names in row.__searched_with__.items():
        if (owner := _owner(row, relation)) is not None:
            fields += _fields(owner, names)
    return grams.texts_of(fields)


def _fields(row: Any, names: Iterable[str]) -> list[tuple[str | None, str]]:
    """Values with their kind of personal data, "" for those that everybody sees."""
    columns = inspect(type(row)).columns
    masks = getattr(row, "masks", None)
    kinds = {name: columns[name].info.get("pii", "") for name in names}
    return [(getattr(row, name), kind if kind and (masks is None or masks(name)) else "")
            for name, kind in kinds.items()]  # fmt: skip


def _owner(row: Any, relation: str) -> Any | None:
    """The related row: the one at hand, unless the key has changed since."""
    key = getattr(row, _key_of(type(row), relation))
    at_hand = row.__dict__.get(relation)
    if key is None or (at_hand is not None and at_hand.id == key):
        return at_hand
    session = object_session(row)
    return session.get(inspect(type(row)).relationships[relation].mapper.class_, key) if session else None


def _key_of(model: type[Any], relation: str) -> str:
    (column,) = inspect(model).relationships[relation].local_columns
    return str(inspect(model).get_property_by_column(column).key)


def _has_changed(row: Any, names: Iterable[str]) -> bool:
    attributes = inspect(row).attrs
    return any(attributes[name].history.has_changes() for name in names)


def _fill(row: Any) -> None:
    texts = searched_texts(row)
    row.search_norm, row.search_masked, row.search_grams = texts.shown, texts.masked, texts.grams


@event.listens_for(Searchable, "before_insert", propagate=True)
def _fill_new(mapper: Any, connection: Any, row: Any) -> None:
    _fill(row)


@event.listens_for(Searchable, "before_update", propagate=True)
def _fill_changed(mapper: Any, connection: Any, row: Any) -> None:
    if _has_changed(row, _own_names(type(row))):  # type: ignore[arg-type]  # a class is hashable
        _fill(row)


@event.listens_for(Session, "before_flush")
def _fill_followers(session: Session, context: Any, instances: Any) -> None:
    """What changes in a row is found anew by the rows that are found by it; their versions stay as they are."""
    for row in list(session.dirty):
        for model, relation in _followers(type(row)):  # type: ignore[arg-type]  # a class is hashable
            names = (*model.__searched_with__[relation], *row.__masked_by__)
            if not _has_changed(row, names):
                continue
            key = getattr(model, _key_of(model, relation))
            following = session.scalars(select(model).where(key == row.id)).all()
            changes = [{"key": one.id, **as_columns(searched_texts(one))} for one in following]
            search_index.write(session.connection(), model.__tablename__, changes)


@cache
def _own_names(model: type[Any]) -> frozenset[str]:
    """The columns from which the texts of a row follow, the keys of its related rows among them."""
    keys = (_key_of(model, relation) for relation in model.__searched_with__)
    return frozenset((*model.__searched__, *model.__masked_by__, *keys))


@cache
def watched(model: type[Any]) -> frozenset[str]:
    """The columns of which a change has to pass through the unit of work: other rows and the index follow it."""
    if not issubclass(model, Searchable):
        return frozenset()
    searched: Any = model
    followed = (name for follower, relation in _followers(searched) for name in follower.__searched_with__[relation])
    return _own_names(searched).union(followed)


@cache
def _followers(model: type[Any]) -> list[tuple[Any, str]]:
    """Which tables are found by fields of `model`, by which of their relations."""
    if not issubclass(model, Searchable):
        return []
    return [
        (mapper.class_, relation)
        for mapper in inspect(model).registry.mappers
        if issubclass(mapper.class_, Searchable)
        for relation in mapper.class_.__searched_with__
        if mapper.relationships[relation].mapper.class_ is model
    ]


class HasGrams(FunctionElement[bool]):
    """Condition: the record has all these grams, by the index.

    The grams stand in the statement, so that the database knows how common they are when it chooses its way.
    """

    inherit_cache = True
    type = Boolean()
    name = "has_grams"

    def __init__(self, model: Any, wanted: Sequence[str]) -> None:
        joined = bindparam(None, " ".join(wanted), Text, unique=True, literal_execute=True)
        super().__init__(model.id, model.search_grams, joined)

    def self_group(self, against: Any = None) -> Any:
        """Itself: `... = 1`, as SQLite's conditions of unknown kind are written, is found by no index."""
        return self


@compiles(HasGrams, "postgresql")
def _in_array(element: HasGrams, compiler: Any, **kw: Any) -> str:
    _key, column, joined = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"string_to_array({column}, ' ') @> string_to_array({joined}, ' ')"


@compiles(HasGrams, "sqlite")
def _in_full_text(element: HasGrams, compiler: Any, **kw: Any) -> str:
    key, _column, joined = (compiler.process(clause, **kw) for clause in element.clauses)
    table = compiler.preparer.quote(search_index.fts_name(next(iter(element.clauses)).table.name))
    return f"{key} IN (SELECT rowid FROM {table} WHERE {table} MATCH {joined})"  # noqa: S608 - names of our own tables


def like(words: str) -> str:
    """`%words%` for LIKE with the backslash as escape: what the person typed is taken literally."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def has_words(model: Any, words: Sequence[Word], by: Actor) -> ColumnElement[bool]:
    """Condition: the searched fields of `model` hold every word, as far as `by` may search them.

    Words of one or two letters or digits are looked for in what the other words have found. Where no word is longer
    they find what begins with them, and a word without any letter finds nothing: all else would read the whole table.
    """
    alone = not any(grams.query_grams(word.text) for word in words)
    wanted: set[str] = set()
    texts = []
    for word in words:
        pattern, cut = word.text, grams.query_grams(word.text)
        if not cut and alone:
            pattern, cut = f"\n{word.text}", grams.beginning_grams(word.text)
            if not cut:
                return false()
        wanted.update(cut)
        texts.append(_stands_in(model, word.text, pattern, by))
    # The text first: where rows are read in the order of the list, that is far cheaper than cutting up the grams.
    return and_(*texts, HasGrams(model, sorted(wanted)))


def _stands_in(model: Any, word: str, pattern: str, by: Actor) -> ColumnElement[bool]:
    texts = [model.search_norm.like(like(pattern), escape="\\")]
    if by.can(Permission.CUSTOMER_UNMASK):
        texts.append(model.search_masked.like(like(pattern), escape="\\"))
    elif not word.isdigit() or len(word) >= WHOLE_FIGURES:
        texts.append(model.search_masked.like(like(f"\n{word}\n"), escape="\\"))
    return or_(*texts)


def is_whole(model: Any, text: str) -> ColumnElement[bool]:
    """Condition: a field that everybody sees is just the folded `text`, which needs three letters or digits."""
    wanted = grams.query_grams(text)
    line = model.search_norm.like(like(f"\n{text}\n"), escape="\\")
    return and_(HasGrams(model, wanted), line) if wanted else false()


def has_related(column: Any, owner: Any, word: Word, by: Actor) -> ColumnElement[bool]:
    """Condition: the visible row of `owner` whose key stands in `column` has the word."""
    found = select(owner.id).where(has_words(owner, [word], by), scope.visible(owner, by))
    among: ColumnElement[bool] = column.in_(found.correlate(None))
    return among


def any_of(model: Any, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """One of the conditions, each asked by a select of its own: an OR over two tables is found by no index."""
    if len(conditions) < 2:
        return or_(false(), *conditions)
    each = (select(model.id).where(one).correlate(None) for one in conditions)
    among: ColumnElement[bool] = model.id.in_(union_all(*each))
    return among


def has_words_or_related(
    model: Any, words: Sequence[Word], by: Actor, related: Callable[[Word], Sequence[ColumnElement[bool]]]
) -> ColumnElement[bool]:
    """Condition: every word stands in a searched field of `model`, or meets one of the conditions `related(word)`."""
    others = [related(word) for word in words]
    if not any(others):
        return has_words(model, words, by)
    return and_(*(
        any_of(model, [has_words(model, [word], by), *more]) for word, more in zip(words, others, strict=True)
    ))  # fmt: skip


def readings(term: str) -> list[list[Word]]:
    """How `term` may be meant, without the words that are nothing but blanks, dashes and brackets."""
    read = ([word for word in words if word.text] for words in grams.readings(term))
    return [words for words in read if words]


def matches(model: Any, term: str, by: Actor, through: Sequence[tuple[Any, Any]] = ()) -> ColumnElement[bool]:
    """Condition: every word of `term` stands in a searched field of `model` or of one of its related rows.

    through: (column of `model`, searchable table whose key it holds). Row scope of `model` itself is the caller's.
    An empty term finds nothing.
    """

    def related(word: Word) -> list[ColumnElement[bool]]:
        return [has_related(*way, word, by) for way in through]

    return or_(false(), *(has_words_or_related(model, words, by, related) for words in readings(term)))

"""Bulk acts change many rows alike: one UPDATE for those that change in the same way, whatever their number.

The unit of work would send one per row. Audit entries, versions and the check for stale rows stay as they are there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import inspect, tuple_, update
from sqlalchemy.orm import RelationshipDirection, Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from . import audit, searching
from .clock import now

FEWEST = 2
_at_once: ContextVar[bool] = ContextVar("at_once", default=False)
Change = tuple[tuple[str, Any], ...]


@contextmanager
def together() -> Iterator[None]:
    """Within the block rows that change alike are written by one statement at the next flush."""
    token = _at_once.set(True)
    try:
        yield
    finally:
        _at_once.reset(token)


def write(session: Session) -> None:
    """Write what changes alike, and leave those rows clean; called before a flush, when all guards have looked.

    Raises StaleDataError where somebody else was faster with one of them.
    """
    if not _at_once.get():
        return
    alike: dict[tuple[type[Any], Change], list[Any]] = {}
    for row in session.dirty:
        change = _change_of(row)
        if change:
            alike.setdefault((type(row), change), []).append(row)
    for (model, change), rows in alike.items():
        if len(rows) >= FEWEST:
            _write_group(session, model, dict(change), rows)


def _change_of(row: Any) -> Change | None:
    """The new values of a row's columns; None where the unit of work has to look after the row itself."""
    state = inspect(row)
    mapper = state.mapper
    if mapper.version_id_col is None or not _take_keys(state):
        return None
    found = []
    for attribute in mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if history.has_changes():
            if attribute.columns[0].info.get("derived") or attribute.key in searching.watched(mapper.class_):
                return None  # its hooks run row by row
            found.append((attribute.key, history.added[0]))
    try:
        hash(tuple(found))
    except TypeError:
        return None
    return tuple(found)


def _take_keys(state: Any) -> bool:
    """Write the keys of newly assigned records into their columns; False where that is more than a key."""
    for relation in state.mapper.relationships:
        history = state.attrs[relation.key].history
        if not history.has_changes():
            continue
        target = history.added[0] if history.added else None
        if relation.direction is not RelationshipDirection.MANYTOONE or relation.post_update:
            return False
        if target is not None and not inspect(target).persistent:
            return False
        (column,) = relation.local_columns
        setattr(state.obj(), state.mapper.get_property_by_column(column).key, target.id if target is not None else None)
    return True


def _write_group(session: Session, model: Any, values: dict[str, Any], rows: list[Any]) -> None:
    entries = audit.entries_of(rows)
    versions = {row.id: row.version for row in rows}
    keys = tuple_(model.id, model.version).in_(list(versions.items()))
    values |= {"updated_at": now()}
    statement = update(model).where(keys).values(**values, version=model.version + 1)
    written: Any = session.execute(statement.execution_options(synchronize_session=False))
    if written.rowcount != len(rows):
        raise StaleDataError(f"{len(rows) - written.rowcount} of {len(rows)} rows were changed meanwhile")
    audit.write(session, entries)
    for row in rows:
        for relation in inspect(row).mapper.relationships:
            if inspect(row).attrs[relation.key].history.has_changes():
                set_committed_value(row, relation.key, getattr(row, relation.key))
        for name, value in values.items():
            set_committed_value(row, name, value)
        set_committed_value(row, "version", versions[row.id] + 1)

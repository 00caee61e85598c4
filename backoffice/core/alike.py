"""Many rows changed by one act: one UPDATE for those that change alike, and one for those that change the same columns.

The unit of work would send one per row. Audit entries, versions and the check for stale rows stay as they are there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import bindparam, inspect, tuple_, update
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
    """Within the block rows that change alike, or the same columns, are written by one statement at the next flush."""
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
    others: dict[tuple[type[Any], tuple[str, ...]], list[Any]] = {}
    for (model, change), rows in alike.items():
        if len(rows) >= FEWEST:
            _write_group(session, model, dict(change), rows)
        else:
            others.setdefault((model, tuple(name for name, _value in change)), []).extend(rows)
    for (model, names), rows in others.items():
        if len(rows) >= FEWEST:
            _write_each(session, model, names, rows)


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
    _settle(session, written.rowcount, rows, entries, {row.id: values for row in rows})


def _write_each(session: Session, model: Any, names: tuple[str, ...], rows: list[Any]) -> None:
    """Rows that change the same columns, each to values of its own: one statement, sent for all of them at once."""
    entries, moment = audit.entries_of(rows), now()
    values = {row.id: {**{name: getattr(row, name) for name in names}, "updated_at": moment} for row in rows}
    table = model.__table__
    columns = {name: inspect(model).column_attrs[name].columns[0] for name in (*names, "updated_at")}
    statement = (
        update(table)
        .where(table.c.id == bindparam("key_of_row"), table.c.version == bindparam("version_of_row"))
        .values({**{column: bindparam(f"new_{name}") for name, column in columns.items()},
                 table.c.version: table.c.version + 1})
    )  # fmt: skip
    sent = [
        {"key_of_row": row.id, "version_of_row": row.version} | {f"new_{n}": v for n, v in values[row.id].items()}
        for row in rows
    ]
    written: Any = session.connection().execute(statement, sent)
    _settle(session, written.rowcount, rows, entries, values)


def _settle(
    session: Session, written: int, rows: list[Any], entries: list[dict[str, Any]], values: dict[int, dict[str, Any]]
) -> None:
    """Write the trail, and leave the rows as the database has them; raises StaleDataError where some were missed."""
    if written != len(rows):
        raise StaleDataError(f"{len(rows) - written} of {len(rows)} rows were changed meanwhile")
    audit.write(session, entries)
    for row in rows:
        for relation in inspect(row).mapper.relationships:
            if inspect(row).attrs[relation.key].history.has_changes():
                set_committed_value(row, relation.key, getattr(row, relation.key))
        for name, value in values[row.id].items():
            set_committed_value(row, name, value)
        set_committed_value(row, "version", row.version + 1)

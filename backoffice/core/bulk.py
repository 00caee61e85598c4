"""Changing many rows alike: two statements whatever their number, each row with its own line in the audit trail."""

from typing import Any

from sqlalchemy import ColumnElement, insert, update

from . import audit, searching
from .db import db
from .permissions import Actor


def rewrite(
    model: type[Any], old: dict[str, Any], new: dict[str, Any], *conditions: ColumnElement[bool], by: Actor
) -> int:
    """Give every row of `model` whose columns hold `old` the values `new` instead; returns how many there were.

    old, new: {column: value} with the same columns, so that the trail tells the truth without a look before. One
    UPDATE and, where the table is audited, one INSERT of as many audit rows. Only within a running act; versions are
    counted up, rows at hand are refreshed. Not for states and for what is searched: those change row by row.
    """
    what = audit.occasion()
    if what is None:
        raise LookupError("rows are rewritten within an act only")
    if "state" in new:
        raise ValueError("a state changes by the act that declares it")
    if searching.watched(model).intersection(new):  # type: ignore[arg-type]  # a class is hashable
        raise ValueError("what is searched changes row by row, so that the search index follows")
    values: dict[str, Any] = dict(new)
    if hasattr(model, "version"):
        values |= {"version": model.version + 1, "updated_by_id": by.id}
    statement = (
        update(model)
        .where(*(getattr(model, name) == value for name, value in old.items()), *conditions)
        .values(values)
        .returning(model)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    rows = list(db.session.scalars(statement))
    if rows and getattr(model, "__audited__", False):
        changes = {name: [audit.plain(old[name]), audit.plain(new[name])] for name in new if old[name] != new[name]}
        db.session.execute(insert(audit.AuditEntry), [audit.row_of(what, row, changes) for row in rows])
        what.written.update((row.__tablename__, row.id) for row in rows)
    return len(rows)

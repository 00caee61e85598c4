"""The second line of defence, at every flush.

No state changes but by an act that declares it, no document is deleted, and no text is written that one of the
databases would cut, refuse or keep broken.
"""

from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import String, Text, event, inspect
from sqlalchemy.orm import Session

from . import alike, audit
from .db import Document
from .errors import IllegalTransition, MissingInput, RuleViolated


def install() -> None:
    """Watch every flush of every session of this process. Safe to call twice."""
    if not event.contains(Session, "before_flush", _guard_flush):
        event.listen(Session, "before_flush", _guard_flush)


def _guard_flush(session: Session, context: Any, instances: Any) -> None:
    """Second line of defence: no state changes but by an act that declares it, and no document is ever deleted."""
    what = audit.occasion()
    actor_id = what.by.id if what and what.by else None
    for row in session.deleted:
        if isinstance(row, Document):
            raise RuleViolated(_l("Records are voided, never deleted."), rule="G-03")
    for row in session.new:
        if hasattr(row, "created_by_id") and row.created_by_id is None:
            row.created_by_id = actor_id
        _check_texts(row)
    for row in session.dirty:
        if not session.is_modified(row):
            continue
        _check_texts(row)
        if hasattr(row, "updated_by_id") and actor_id is not None:
            row.updated_by_id = actor_id
        history = inspect(row).attrs.state.history if "state" in inspect(row).attrs else None
        if history is None or not history.has_changes() or not history.deleted:
            continue
        old, new = history.deleted[0], history.added[0]
        if old is not new and (what is None or (type(row), old, new) not in what.allowed):
            raise IllegalTransition(
                _l("The state cannot change from “%(old)s” to “%(new)s” here.", old=old.label, new=new.label),
                rule="G-05",
            )
    alike.write(session)


def _check_texts(row: Any) -> None:
    """Raises MissingInput for a text that one of the databases would cut, refuse or keep broken (G-05)."""
    for key, length in _text_columns(type(row)):  # type: ignore[arg-type]  # a class is hashable
        value = row.__dict__.get(key)
        if not value or not isinstance(value, str):
            continue
        if length is not None and len(value) > length:
            raise MissingInput(_l("At most %(length)s characters fit here.", length=length), rule="G-05", field=key)
        if "\0" in value:
            raise MissingInput(_l("The text holds a character that cannot be stored."), rule="G-05", field=key)


@cache
def _text_columns(model: type[Any]) -> list[tuple[str, int | None]]:
    columns = inspect(model).column_attrs
    return [(a.key, a.columns[0].type.length) for a in columns if type(a.columns[0].type) in (String, Text)]

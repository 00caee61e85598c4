"""The append-only audit trail (G-04): one flush listener writes a row for every changed row of every audited table.

Event time (when it happened) and entry time (when it was typed) are kept apart. Personal data is masked and secrets
are left out, so that the trail may be read by those who may not see either.
"""

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, event, insert, inspect
from sqlalchemy.orm import Mapped, Session, UOWTransaction, mapped_column

from . import masking
from .clock import now
from .db import db
from .permissions import Actor


class AuditEntry(db.Model):
    """One row changed by one act. Triggers of the database refuse UPDATE and DELETE."""

    __tablename__ = "audit_entry"
    __shown__ = ("act", "subject", "subject_type")
    __audited__ = False
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject_type", "subject_id", "id"),
        Index("ix_audit_entry_branch", "branch_id", "id"),
        Index("ix_audit_entry_act_id", "act", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: when it was entered
    at: Mapped[datetime] = mapped_column(index=True)
    #: when it happened
    event_at: Mapped[datetime]
    is_late: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    on_behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id", ondelete="RESTRICT"))
    ip: Mapped[str] = mapped_column(String(45), default="")
    act: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int | None]
    subject: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(String(2000), default="")
    changes: Mapped[dict[str, Any] | None]

    def __str__(self) -> str:
        return f"{self.act} · {self.subject or self.subject_type}"


@dataclass
class Occasion:
    """What is going on while rows change: which act, by whom, when it happened, and why."""

    act: str
    by: Actor | None = None
    event_at: datetime | None = None
    is_late: bool = False
    on_behalf_of_id: int | None = None
    note: str = ""
    allowed: frozenset[Any] = frozenset()
    written: set[tuple[str, int]] = field(default_factory=set)
    #: what the trail says of one row, (table, key), instead of the note
    notes: dict[tuple[str, int], str] = field(default_factory=dict)
    #: notices to be written when the act is done
    notices: list[dict[str, Any]] = field(default_factory=list)
    #: rows of tables without a trail, likewise; one statement for each table
    rows: dict[type[Any], list[dict[str, Any]]] = field(default_factory=dict)


_occasion: ContextVar[Occasion | None] = ContextVar("occasion", default=None)
#: Address of the person at the other end; set by the web layer per request.
origin: ContextVar[str] = ContextVar("origin", default="")


def occasion() -> Occasion | None:
    """The occasion of the running act, or None outside any."""
    return _occasion.get()


@contextmanager
def during(what: Occasion) -> Iterator[Occasion]:
    """Let every row flushed inside the block be audited under `what`; what is pending before it is flushed first."""
    token = _occasion.set(what)
    try:
        yield what
    finally:
        _occasion.reset(token)


def record(subject: Any, act: str, *, by: Actor | None, note: str = "", changes: dict[str, Any] | None = None) -> None:
    """Write one entry for something that changes no row: a login, a print, an export, an unmask (G-04)."""
    what = _occasion.get() or Occasion(act=act, by=by)
    what = Occasion(act, by or what.by, what.event_at, what.is_late, what.on_behalf_of_id, note)
    db.session.execute(insert(AuditEntry), [row_of(what, subject, changes)])


def record_unchanged(subjects: Iterable[Any], what: Occasion) -> None:
    """Write one entry for each subject of an act that the flush has not written one for, all with one statement."""
    quiet = [one for one in subjects if (one.__tablename__, one.id) not in what.written]
    write(db.session(), [row_of(what, one, None) for one in quiet])


def row_of(what: Occasion, subject: Any, changes: dict[str, Any] | None) -> dict[str, Any]:
    """The entry that says what became of `subject` on this occasion, as the columns of AuditEntry."""
    moment = now()
    named = isinstance(subject, str)
    return {
        "at": moment,
        "event_at": what.event_at or moment,
        "is_late": what.is_late,
        "user_id": what.by.id if what.by else None,
        "on_behalf_of_id": what.on_behalf_of_id,
        "branch_id": getattr(subject, "branch_id", None) or (what.by.branch_id if what.by else None),
        "ip": origin.get()[:45],
        "act": what.act,
        "subject_type": subject if named else subject.__tablename__,
        "subject_id": None if named else subject.id,
        "subject": "" if named else audit_name(subject)[:120],
        "note": (what.note if named else what.notes.get((subject.__tablename__, subject.id), what.note))[:2000],
        "changes": changes,
    }


def audit_name(row: Any) -> str:
    """The number or code of a row; never its personal data."""
    for name in ("number", "code", "username", "serial_no", "key"):
        value = getattr(row, name, None)
        if value:
            return str(value)
    return f"#{row.id}"


def plain(value: Any) -> Any:
    """`value` as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, list, dict)):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


_SKIPPED = {"id", "created_at", "updated_at", "created_by_id", "updated_by_id", "version"}


def _always(field: str) -> bool:
    """Personal data is masked unless the row says by `masks(field)` that it is none, as a company's name (X-20)."""
    return True


def changes_of(row: Any) -> dict[str, list[Any]]:
    """`{field: [old, new]}` of a row in the session, personal data masked, secrets named only."""
    state = inspect(row)
    found: dict[str, list[Any]] = {}
    for attribute in state.mapper.column_attrs:
        column = attribute.columns[0]
        if attribute.key in _SKIPPED or column.info.get("derived"):
            continue
        history = state.attrs[attribute.key].history
        if not history.has_changes():
            continue
        old = history.deleted[0] if history.deleted else None
        new = history.added[0] if history.added else None
        if old == new or (old is None and new in (None, "")):
            continue
        if column.info.get("secret"):
            found[attribute.key] = ["***", "***"]
        elif (kind := column.info.get("pii")) and getattr(row, "masks", _always)(attribute.key):
            found[attribute.key] = [masking.mask(kind, old), masking.mask(kind, new)]
        else:
            found[attribute.key] = [plain(old), plain(new)]
    return found


def entries_of(rows: Iterable[Any], *, new: Container[Any] = (), deleted: Container[Any] = ()) -> list[dict[str, Any]]:
    """The entries for rows about to be flushed, those of tables without a trail and unchanged ones left out."""
    what = _occasion.get() or Occasion(act="system")
    entries = []
    for row in rows:
        if not getattr(row, "__audited__", False):
            continue
        changes = {"deleted": [True, None]} if row in deleted else changes_of(row)
        if changes or row in new:
            entries.append(row_of(what, row, changes))
            what.written.add((row.__tablename__, row.id))
    return entries


def write(session: Session, entries: list[dict[str, Any]]) -> None:
    """Write entries, all with one statement."""
    if entries:
        session.connection().execute(insert(AuditEntry), entries)


def _write(session: Session, context: UOWTransaction) -> None:
    changed = [row for row in session.dirty if session.is_modified(row)]
    rows = [*session.new, *changed, *session.deleted]
    write(session, entries_of(rows, new=session.new, deleted=session.deleted))


event.listen(Session, "after_flush", _write)

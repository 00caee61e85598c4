"""Notices in the application (E-32), written in the act's own transaction.

The text is a template of the feature that sends it, rendered in the reader's language when it is read.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, insert, text
from sqlalchemy.orm import Mapped, mapped_column

from . import audit
from .clock import now
from .db import db
from .errors import Text

#: Template by kind: "call.registered" -> "Call %(number)s waits for dispatch."
KINDS: dict[str, Text] = {}
#: Who carries notices further, by e-mail: gets the rows just written, with their keys. The feature `watch` puts itself
#: here where e-mail is set up.
carry: Callable[[list[dict[str, Any]]], None] | None = None


class Notice(db.Model):
    """One message to one person about one record."""

    __tablename__ = "notice"
    __audited__ = False
    __table_args__ = (
        Index("ix_notice_unread", "user_id", "id", postgresql_where=text("read_at IS NULL"),
              sqlite_where=text("read_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[str] = mapped_column(String(60))
    params: Mapped[dict[str, Any] | None]
    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]

    @property
    def text(self) -> str:
        """The message in the reader's language."""
        return str(KINDS[self.kind]) % (self.params or {})


def kind(name: str, template: Text) -> str:
    """Declare a kind of notice; returns its name."""
    if name in KINDS:
        raise ValueError(f"notice kind {name} is declared twice")
    KINDS[name] = template
    return name


def send(kind: str, to: Iterable[int | None], subject: Any, **params: Any) -> None:
    """Tell each person (user keys; doubles and None are dropped) about `subject`; visible once the act is committed."""
    if kind not in KINDS:
        raise LookupError(f"unknown kind of notice {kind}")
    if subject.id is None:
        db.session.flush()  # the notice links to its record
    people = dict.fromkeys(key for key in to if key is not None)
    common = {"kind": kind, "params": params, "subject_type": subject.__tablename__, "subject_id": subject.id}
    rows = [{"user_id": user_id, **common} for user_id in people]
    what = audit.occasion()
    if what is not None:
        what.notices += rows
    else:
        write(rows)


def write(rows: list[dict[str, Any]]) -> None:
    """Write notices, all with one statement, and have them carried further in the same transaction."""
    if not rows:
        return
    if carry is None:
        db.session.execute(insert(Notice), rows)
        return
    keys = db.session.scalars(insert(Notice).returning(Notice.id, sort_by_parameter_order=True), rows)
    carry([row | {"id": key} for key, row in zip(keys, rows, strict=True)])

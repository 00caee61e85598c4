"""A form sent twice writes once: the key of every accepted form is kept together with the answer it got."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from .clock import now
from .db import db


class Submission(db.Model):
    """One accepted form: its key, what was in it (digest) and where the answer sent the person."""

    __tablename__ = "submission"
    __audited__ = False
    __table_args__ = (UniqueConstraint("user_id", "key", name="uq_submission_user_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    key: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    location: Mapped[str] = mapped_column(String(500), default="")
    result: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


def digest_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Digest of what a form holds, whatever the order of its fields; without passwords: this hash is a fast one."""
    kept = sorted((name, value) for name, value in pairs if name != "password")
    content = repr(kept).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()


def claim(user_id: int, key: str, digest: str) -> Submission | None:
    """Take the key within the running transaction; None when an accepted form has it already.

    A second sender waits here until the first has committed or rolled back. A rolled back claim leaves the key free.
    """
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(Submission)
        .values(user_id=user_id, key=key, digest=digest, location="", created_at=now())
        .on_conflict_do_nothing(index_elements=["user_id", "key"])
        .returning(Submission.id)
    )
    new_id = db.session.scalar(statement)
    return db.session.get(Submission, new_id) if new_id is not None else None


def find(user_id: int, key: str) -> Submission | None:
    """The accepted form with this key, of this person."""
    return db.session.scalar(select(Submission).where(Submission.user_id == user_id, Submission.key == key))


def prune(before: datetime) -> None:
    """Forget the forms accepted before that moment; the caller commits."""
    db.session.execute(delete(Submission).where(Submission.created_at < before))

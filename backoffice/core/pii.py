"""Who has looked at which personal data (E-37): one row per value shown in full."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, insert
from sqlalchemy.orm import Mapped, mapped_column

from . import audit
from .clock import now
from .db import db
from .permissions import Actor


class PiiAccess(db.Model):
    """One value that one person had shown in full. Rows are only ever added."""

    __tablename__ = "pii_access"
    __audited__ = False
    __table_args__ = (Index("ix_pii_access_subject", "subject_type", "subject_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int]
    field: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(String(40), default="")


def shown(subject: Any, field: str, *, by: Actor, purpose: str = "") -> None:
    """Write down that `field` of `subject` is about to be shown to `by` (X-20, G-04). The caller commits."""
    db.session.add(
        PiiAccess(
            user_id=by.id, subject_type=subject.__tablename__, subject_id=subject.id, field=field, purpose=purpose[:40]
        )
    )
    audit.record(subject, f"{subject.__tablename__}.unmask", by=by, note=field)


def shown_at_once(values: Sequence[tuple[Any, str]], *, by: Actor, at: datetime, purpose: str) -> None:
    """Like `shown` for many (subject, field) that one print shows at `at`, by two statements whatever their number."""
    if not values:
        return
    rows = [
        {"at": at, "user_id": by.id, "subject_type": one.__tablename__, "subject_id": one.id, "field": field,
         "purpose": purpose[:40]}
        for one, field in values
    ]  # fmt: skip
    db.session.execute(insert(PiiAccess), rows)
    entries = []
    for one, field in values:
        what = audit.Occasion(f"{one.__tablename__}.unmask", by, at, note=field)
        entries.append(audit.row_of(what, one, None))
    audit.write(db.session(), entries)

"""With which records a job has dealt on a day, so that it deals with each once however often it is started."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.db import db


class JobMark(db.Model):
    """A job has dealt with a record on a day."""

    __tablename__ = "job_mark"
    __audited__ = False
    __table_args__ = (UniqueConstraint("job", "day", "subject_type", "subject_id", name="uq_job_mark_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int]
    marked_at: Mapped[datetime]


def fresh(key: str, day: date, at: datetime, records: Iterable[Any]) -> list[Any]:
    """Those of the records with which the job has not dealt on that day, now marked; two runs at once share none."""
    wanted = {(record.__tablename__, record.id): record for record in records}
    if not wanted:
        return []
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [
        {"job": key, "day": day, "subject_type": table, "subject_id": number, "marked_at": at}
        for table, number in sorted(wanted)
    ]
    found = []
    for start in range(0, len(rows), 500):
        statement = dialect.insert(JobMark).values(rows[start : start + 500]).on_conflict_do_nothing()
        for table, number in db.session.execute(statement.returning(JobMark.subject_type, JobMark.subject_id)):
            found.append(wanted[table, number])
    return found

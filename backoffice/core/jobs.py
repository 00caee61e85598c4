"""Jobs that run by the clock (J): each does its work once a day for each record, however often it is started.

A job is a function `(day, at) -> number of records` declared with `job`. It asks `fresh` with which of its records it
has not dealt on that day; what it writes and the marks are one transaction.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from . import clock
from .db import db
from .errors import Text

Run = Callable[[date, datetime], int]


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


@dataclass(frozen=True)
class Job:
    """A declared job."""

    key: str
    label: Text
    #: when it should be started, as cron writes it, in the office's zone
    when: str
    run: Run


#: Every job by its key, "J-03".
JOBS: dict[str, Job] = {}


def job(key: str, label: Text, *, when: str) -> Callable[[Run], Run]:
    """Declare the decorated function as the job `key`; ValueError where there is one already."""

    def declare(run: Run) -> Run:
        if key in JOBS:
            raise ValueError(f"job {key} is declared twice")
        JOBS[key] = Job(key, label, when, run)
        return run

    return declare


def run(key: str, day: date | None = None) -> int:
    """Run a job for a day (today); returns how many records it dealt with. The caller commits. Raises KeyError."""
    return JOBS[key].run(day or clock.today(), clock.now())


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

"""The book of all runs: what is due is written down once whatever the number of hosts, then run by one of them."""

from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.db import Stamped, db, enum_type
from backoffice.core.states import StateEnum


class RunState(StateEnum):
    """What has become of a run."""

    WAITING = "waiting", _l("Waiting for a worker"), "warn"
    RUNNING = "running", _l("Running"), "info"
    DONE = "done", _l("Done"), "good", True
    FAILED = "failed", _l("Failed"), "bad", True
    INTERRUPTED = "interrupted", _l("Interrupted, run again"), "warn", True


#: States of a run that is still to come to an end.
OPEN = (RunState.WAITING, RunState.RUNNING)
_OPEN = text("state IN ('waiting', 'running')")


class JobRun(Stamped, db.Model):
    """One run of a job: due by its schedule, or asked for by a person. Its course is written by the worker alone."""

    __tablename__ = "job_run"
    __shown__ = ("job", "due_at")
    __audited__ = False  # its own rows are the log; who asked for a run stands in the trail as that act
    __table_args__ = (
        UniqueConstraint("job", "due_at", "attempt", name="uq_job_run_once"),
        CheckConstraint("attempt > 0", name="attempt_counts"),
        CheckConstraint("state = 'waiting' OR started_at IS NOT NULL", name="started_has_time"),
        CheckConstraint("(state IN ('waiting', 'running')) = (finished_at IS NULL)", name="finished_has_time"),
        CheckConstraint("state <> 'done' OR found IS NOT NULL", name="done_has_result"),
        CheckConstraint("state <> 'failed' OR error <> ''", name="failed_has_error"),
        Index("ix_job_run_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_job_run_job_id", "job", "id"),
        Index("ix_job_run_state_id", "state", "id"),
        Index("ix_job_run_due_at_id", "due_at", "id"),
    )

    job: Mapped[str] = mapped_column(String(20))
    #: the day that it is run for
    day: Mapped[date]
    due_at: Mapped[datetime]
    #: 1, and one more each time it was interrupted
    attempt: Mapped[int] = mapped_column(default=1)
    state: Mapped[RunState] = mapped_column(enum_type(RunState), default=RunState.WAITING)
    #: due by its schedule; else a person asked for it, in the panel or by the command
    is_scheduled: Mapped[bool] = mapped_column(default=True)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    #: with how many records it dealt
    found: Mapped[int | None]
    error: Mapped[str] = mapped_column(String(500), default="")
    #: host and process that took it
    host: Mapped[str] = mapped_column(String(80), default="")

    def __str__(self) -> str:
        return f"{self.job} {self.day:%Y-%m-%d}"

"""The book of runs: what is due is written down once, taken by one worker, and run again where it broke off (J).

A run and the result that is written into the book are one transaction, which holds the run locked. A run that says
“running” and is not locked belongs to a worker that is gone: it is marked as interrupted and written down anew, which
is right since every job may be started twice. Jobs that commit themselves count as gone after LEASE instead.
"""

import logging
import os
import socket
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from backoffice.core import clock, jobs, notices
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.jobs import JobRun, RunState
from backoffice.core.permissions import Permission, Role
from backoffice.organisation.models import User
from backoffice.settings import queries as settings

log = logging.getLogger(__name__)
#: Between taking a run and locking it for good lies a moment; only after this time another worker looks at it.
GRACE = timedelta(seconds=30)
#: A job that commits itself is taken for dead after this time.
LEASE = timedelta(minutes=15)
#: So often an interrupted run is tried; then it has failed.
MOST_ATTEMPTS = 5
#: Days of which missed runs are made up, where a job wants that.
MOST_MISSED = 31
#: Runs of jobs that come every minute and found nothing are kept so long.
KEPT = timedelta(days=1)

FAILED = notices.kind("job.failed", _l("Job %(job)s of %(day)s has failed. Look into the book of jobs."))


def here() -> str:
    """Host and process, as the book names the worker."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


@act(
    "job_run.ask", JobRun, permission=Permission.JOB_RUN, label=_l("Run now"), rule="J-01", creates=True,
    tone="primary",
)  # fmt: skip
def ask(*, by: User, at: datetime, job: str, day: Any = None) -> JobRun:
    """Ask for a run of a job, for a day (today); the next worker takes it, within a minute."""
    if job not in jobs.JOBS:
        raise MissingInput(_l("Choose the job."), rule="J-01", field="job")
    today = clock.local(at).date()
    if day is not None and day > today:
        raise RuleViolated(_l("The day lies in the future."), rule="J-01", field="day")
    waiting = select(JobRun.id).where(JobRun.job == job, JobRun.state == RunState.WAITING).limit(1)
    if db.session.scalar(waiting) is not None:
        raise RuleViolated(
            _l("It waits to be run already. If nothing happens, no worker is running: ask whoever runs the server."),
            rule="J-01", field="job",
        )  # fmt: skip
    run = JobRun(job=job, day=day or today, due_at=clock.now(), state=RunState.WAITING, is_scheduled=False)
    run.asked_by_id = by.id
    db.session.add(run)
    return run


def run_by_command(key: str, day: date | None = None) -> JobRun:
    """Run a job at once, for a day (today), and write that into the book like any other run. Commits.

    Returns the run as it ended: done or failed. Raises KeyError where there is no such job.
    """
    now = clock.now()
    run = JobRun(
        job=jobs.JOBS[key].key, day=day or clock.local(now).date(), due_at=now, state=RunState.RUNNING,
        is_scheduled=False, started_at=now, host=here(),
    )  # fmt: skip
    db.session.add(run)
    db.session.commit()
    work_off(run)
    db.session.refresh(run)
    return run


def write_down(at: datetime) -> int:
    """Write every run into the book that is due and not there yet; how many. The caller commits.

    Of the moments that have passed while no worker ran, each job runs the latest, one that wants every day all of
    them. A moment at or before the last one in the book never comes again, whatever the clock is set to.
    """
    scheduled = select(JobRun.job, func.max(JobRun.due_at).label("due")).where(JobRun.is_scheduled).group_by(JobRun.job)
    last = {row.job: row.due for row in db.session.execute(scheduled)}
    rows = []
    for job in jobs.JOBS.values():
        due = job.schedule.last(at)
        if due is None or (job.key in last and due <= last[job.key]):
            continue
        dues = [due]
        if job.every_day and job.key in last:
            dues = job.schedule.between(last[job.key], at, MOST_MISSED)
        rows += [
            {
                "job": job.key, "day": clock.local(one).date(), "due_at": one, "attempt": 1,
                "state": RunState.WAITING, "is_scheduled": True,
            }
            for one in dues
        ]  # fmt: skip
    if not rows:
        return 0
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(JobRun).values(
        [{**row, "created_at": at, "updated_at": at, "version": 1} for row in rows]
    )
    return len(db.session.scalars(statement.on_conflict_do_nothing().returning(JobRun.id)).all())


def take(at: datetime) -> JobRun | None:
    """Take the next run that waits, mark those that broke off on the way; None where nothing is to do. Commits."""
    open_runs = select(JobRun).where(JobRun.state.in_(jobs.OPEN)).order_by(JobRun.id)
    locked = open_runs.with_for_update(of=JobRun, skip_locked=True).execution_options(populate_existing=True)
    found = db.session.scalars(locked).all()
    mine, again = None, False
    for run in found:
        if run.state is RunState.WAITING:
            _set(run.id, state=RunState.RUNNING, started_at=at, host=here())
            mine = run
            break
        if _is_gone(run, at):
            _broke_off(run, at)
            again = True
    db.session.commit()
    return take(at) if mine is None and again else mine


def _is_gone(run: JobRun, at: datetime) -> bool:
    job = jobs.JOBS.get(run.job)
    patience = LEASE if job is None or job.commits else GRACE
    return run.started_at is None or not run.started_at <= at < run.started_at + patience


def _broke_off(run: JobRun, at: datetime) -> None:
    if run.attempt >= MOST_ATTEMPTS:
        said = f"interrupted {run.attempt} times"
        _set(run.id, state=RunState.FAILED, error=said, finished_at=at)
        _tell(run)
        return
    _set(run.id, state=RunState.INTERRUPTED, finished_at=at)
    db.session.add(
        JobRun(
            job=run.job, day=run.day, due_at=run.due_at, attempt=run.attempt + 1, state=RunState.WAITING,
            is_scheduled=run.is_scheduled, asked_by_id=run.asked_by_id,
        )
    )  # fmt: skip
    db.session.flush()


def work_off(run: JobRun) -> bool:
    """Do a run that was taken and write its result into the book; whether it went well. Commits.

    What goes wrong with the database itself is raised: the run stays open and is taken again.
    """
    try:
        job = jobs.JOBS[run.job]
        if not job.commits and not _hold(run):
            return False
        found = job.run(run.day, clock.now())
        _set(run.id, state=RunState.DONE, found=found, finished_at=clock.now())
        db.session.commit()
    except DBAPIError:
        db.session.rollback()
        raise
    except Exception as error:
        db.session.rollback()
        log.exception("job %s has failed", run.job)
        said = f"{type(error).__name__}: {error}"[:500]
        _set(run.id, state=RunState.FAILED, error=said, finished_at=clock.now())
        _tell(run)
        db.session.commit()
        return False
    return True


def _hold(run: JobRun) -> bool:
    """Lock the run for the time of its transaction; False where another worker has taken it for gone."""
    mine = select(JobRun.id).where(JobRun.id == run.id, JobRun.state == RunState.RUNNING, JobRun.host == here())
    return db.session.scalar(mine.with_for_update(of=JobRun)) is not None


def run_due(stop: Callable[[], bool] = lambda: False) -> int:
    """Write down what is due and work it off; returns how many runs went well."""
    write_down(clock.now())
    db.session.commit()
    count = 0
    while not stop() and (run := take(clock.now())) is not None:
        count += work_off(run)
        settings.forget(db.session())  # the next one reads the parameters and the calendar anew
    return count


def tidy(at: datetime) -> None:
    """Forget old runs of jobs that come every minute and found nothing; the caller commits."""
    often = [job.key for job in jobs.JOBS.values() if len(job.schedule.times) > 24]
    old = delete(JobRun).where(
        JobRun.job.in_(often), JobRun.state == RunState.DONE, JobRun.found == 0, JobRun.due_at < at - KEPT
    )
    db.session.execute(old.execution_options(synchronize_session=False))


def _set(key: int, **values: Any) -> None:
    statement = update(JobRun).where(JobRun.id == key).values(updated_at=clock.now(), **values)
    db.session.execute(statement.execution_options(synchronize_session=False))


def _tell(run: JobRun) -> None:
    admins = db.session.scalars(select(User.id).where(User.role == Role.ADMIN, User.is_active)).all()
    notices.send(FAILED, admins, run, job=run.job, day=run.day.isoformat())

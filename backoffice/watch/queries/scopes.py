"""Who sees these tables (P-1): the administrator; the ladder everybody who may read the settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy import false as nothing

from backoffice.core.db import db
from backoffice.core.jobs import JobRun, RunState
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped
from backoffice.watch.models import ChatRobot, LadderStep, MessageState, OutboxMessage, WatchMark

#: The job that sweeps; its runs show that a worker is alive.
SWEEP = "J-01"


def _for_who_runs(by: Actor) -> ColumnElement[bool]:
    return true() if by.can(Permission.JOB_RUN) else nothing()


for _model in (OutboxMessage, ChatRobot, JobRun, WatchMark):
    scoped(_model)(_for_who_runs)


@scoped(LadderStep)
def visible_steps(by: Actor) -> ColumnElement[bool]:
    """Whoever may read the settings."""
    return true() if by.can(Permission.SETTING_READ) else nothing()


def last_runs() -> dict[str, JobRun]:
    """The newest run of each job."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.job)
    return {run.job: run for run in db.session.scalars(select(JobRun).where(JobRun.id.in_(newest)))}


def last_sweep() -> datetime | None:
    """When a worker has finished a sweep for the last time."""
    done = select(func.max(JobRun.finished_at)).where(JobRun.job == SWEEP, JobRun.state == RunState.DONE)
    return db.session.scalar(done)


def stuck() -> Select[Any]:
    """How many messages wait for a person to decide."""
    return select(func.count()).where(OutboxMessage.state.in_((MessageState.FAILED, MessageState.UNCLEAR)))

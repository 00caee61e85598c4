"""What the worker did of late: time limits swept, jobs of the day run, each of them in the book (J)."""

from datetime import datetime

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.jobs import JOBS, JobRun, RunState
from backoffice.watch.models import Channel
from backoffice.watch.queries import SWEEP, WATCHES
from backoffice.watch.workflow import create_robot, edit_robot
from backoffice.watch.workflow.sweeping import sweep_batch

from .agenda import Life
from .office import Crew, Office

#: Working days ago, hour and minute at which the time limits are swept: of a sweep every minute, some.
_SWEEPS = (
    (2, 17, 40),
    (1, 9, 0),
    (1, 11, 30),
    (1, 15, 0),
    (1, 18, 0),
    (0, 8, 31),
    (0, 10, 30),
    (0, 13, 30),
    (0, 16, 0),
)
#: Evenings for which the jobs of the day are run.
_EVENINGS = 2


def sweeps(office: Office) -> Life:
    """The ladder is climbed for whatever was late at those moments, and a few minutes ago."""
    moments = [office.workday(*one) for one in _SWEEPS]
    for moment in (*(one for one in moments if one < office.ago(minutes=30)), office.ago(minutes=4)):
        yield moment
        _write_down(SWEEP, moment, sum(sweep_batch(one, 0)[0] for one in WATCHES.values()))


def jobs_of_the_day(office: Office) -> Life:
    """Those of the evening for the last days, the others of this morning."""
    for ago in range(_EVENINGS, -1, -1):
        for key, hour, minute in (
            *((("J-09", 0, 15), ("J-03", 8, 0), ("J-02", 9, 0)) if ago < 2 else ()),
            *((("J-10", 0, 0), ("J-10-touched", 0, 5), ("J-11", 7, 30)) if ago == 1 else ()),
            ("J-04-morning", 9, 0), ("TL-09", 12, 0), ("W-6.3", 23, 45), ("J-04", 23, 55),
        ):  # fmt: skip
            moment = office.workday(ago, hour, minute)
            yield moment
            _write_down(key, moment, JOBS[key].run(clock.local(moment).date(), clock.now()))


def robot(office: Office, crew: Crew) -> Life:
    """A robot that is prepared but sends nothing: a demo stays in the house."""
    yield office.workday(6, 10, 30)
    new = create_robot(
        by=office.admin, name=f"{crew.branch.name}售后群", channel=Channel.DINGTALK, branch=crew.branch,
        address="https://oapi.dingtalk.com/robot/send?access_token=demo",
    )  # fmt: skip
    edit_robot(new, by=office.admin, name=new.name, branch=crew.branch, is_active=False)


def _write_down(key: str, due: datetime, found: int) -> None:
    now = clock.now()
    run = JobRun(job=key, day=clock.local(due).date(), due_at=due, state=RunState.DONE, found=found, host="demo")
    run.started_at = run.finished_at = now
    db.session.add(run)
    db.session.flush()

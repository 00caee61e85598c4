"""Which jobs there are, and when each is due."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from backoffice.core import clock
from backoffice.core.errors import Text

from .schedule import Schedule, parse

Run = Callable[[date, datetime], int]


@dataclass(frozen=True)
class Job:
    """A declared job."""

    key: str
    label: Text
    #: when it is started, as cron writes it, in the office's zone
    when: str
    run: Run
    #: days on which no worker ran are made up, one run for each due moment; else only the latest is
    every_day: bool = False
    #: it works in transactions of its own and commits them
    commits: bool = False

    @cached_property
    def schedule(self) -> Schedule:
        """The moments at which it is due."""
        return parse(self.when)


#: Every job by its key, "J-03".
JOBS: dict[str, Job] = {}


def job(key: str, label: Text, *, when: str, every_day: bool = False, commits: bool = False) -> Callable[[Run], Run]:
    """Declare the decorated function as the job `key`; ValueError where there is one, or for a wrong `when`."""

    def declare(run: Run) -> Run:
        if key in JOBS:
            raise ValueError(f"job {key} is declared twice")
        parse(when)
        JOBS[key] = Job(key, label, when, run, every_day=every_day, commits=commits)
        return run

    return declare


def run(key: str, day: date | None = None) -> int:
    """Run a job for a day (today); returns how many records it dealt with. The caller commits. Raises KeyError."""
    return JOBS[key].run(day or clock.today(), clock.now())

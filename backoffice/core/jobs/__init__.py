"""Jobs that run by the clock (J): each does its work once a day for each record, however often it is started.

A job is a function `(day, at) -> number of records` declared with `job`. It asks `fresh` with which of its records it
has not dealt on that day; what it writes and the marks are one transaction. `JobRun` says when each has run and with
which result; the worker of the feature `watch` starts what is due.
"""

from .declared import JOBS, Job, job, run
from .marks import JobMark, fresh
from .runs import OPEN, JobRun, RunState
from .schedule import Schedule, parse

__all__ = ["JOBS", "OPEN", "Job", "JobMark", "JobRun", "RunState", "Schedule", "fresh", "job", "parse", "run"]

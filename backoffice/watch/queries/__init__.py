"""Which records have a time limit running, and who sees the ladder, the outbox and the book of jobs."""

from .declared import WATCHES, Watch, watch
from .limits import LADDER
from .people import TheTold, robots_for, told_people
from .scopes import SWEEP, last_runs, last_sweep, stuck

__all__ = [
    "LADDER", "SWEEP", "WATCHES", "TheTold", "Watch", "last_runs", "last_sweep", "robots_for", "stuck", "told_people",
    "watch",
]  # fmt: skip

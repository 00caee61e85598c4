"""The sweep, the book of runs, the outbox and its sender, and the acts of the administrator on them."""

from . import outbox
from .ladder import ensure_ladder
from .messages import drop, send_again
from .robots import create_robot, edit_robot, try_out
from .running import ask, run_by_command, run_due
from .sending import send_due
from .sweeping import sweep

__all__ = [
    "ask", "create_robot", "drop", "edit_robot", "ensure_ladder", "outbox", "run_by_command", "run_due", "send_again",
    "send_due", "sweep", "try_out",
]  # fmt: skip

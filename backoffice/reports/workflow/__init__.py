"""The acts of the daily reports (W-6)."""

from .evening import name_missing, remind_of_summary
from .lines import NewLine, add_lines, correct, remove
from .reporting import open_report, refresh, submit
from .reviewing import return_report, return_supervisors, review, review_supervisors
from .summarising import create_summary, review_summary, revise_summary, submit_summary

__all__ = [
    "NewLine", "add_lines", "correct", "create_summary", "name_missing", "open_report", "refresh",
    "remind_of_summary", "remove", "return_report", "return_supervisors", "review", "review_summary",
    "review_supervisors", "revise_summary", "submit", "submit_summary",
]  # fmt: skip

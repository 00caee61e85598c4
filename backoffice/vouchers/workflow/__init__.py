"""The acts on vouchers and visits, those on calls that need their voucher, and what the repair calls."""

from .charging import COMPLETED, ENDING_CHECKS, FEE_CHECKS, KNOW_ENDING, KNOW_MONEY, MONEY_CHECKS, Findings
from .desk import FOLLOWERS, archive, reissue, take_back, undo_write_off, void, write_off
from .dispatching import cancel, dispatch, reassign
from .findings import check_decided, end_visit
from .on_site import arrive, correct_visit, refuse, revisit
from .signing import (
    checked_signature,
    complete,
    confirm_unsigned,
    decline_unsigned,
    job_done,
    not_waiting,
    report_unsigned,
)

__all__ = [
    "COMPLETED", "ENDING_CHECKS", "FEE_CHECKS", "FOLLOWERS", "KNOW_ENDING", "KNOW_MONEY", "MONEY_CHECKS", "Findings",
    "archive", "arrive", "cancel", "check_decided", "checked_signature", "complete", "confirm_unsigned",
    "correct_visit", "decline_unsigned", "dispatch", "end_visit", "job_done", "not_waiting", "reassign", "refuse",
    "reissue", "report_unsigned", "revisit", "take_back", "undo_write_off", "void", "write_off",
]  # fmt: skip

"""The acts on vouchers and visits, and those on calls that need their voucher."""

from .desk import archive, take_back, undo_write_off, void, write_off
from .dispatching import cancel, dispatch, reassign
from .on_site import arrive, correct_visit, refuse, revisit
from .signing import complete, confirm_unsigned, decline_unsigned, report_unsigned

__all__ = [
    "archive", "arrive", "cancel", "complete", "confirm_unsigned", "correct_visit", "decline_unsigned", "dispatch",
    "reassign", "refuse", "report_unsigned", "revisit", "take_back", "undo_write_off", "void", "write_off",
]  # fmt: skip

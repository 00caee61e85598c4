"""The acts on receipts and lines of the goods register that need no repair card, and what the repair calls."""

from .movements import bring_back, end_custody, send_out, take_in
from .receipts import attach, attach_to_line, correct_leg, declare_lost, end_receipt, note, note_on_line

__all__ = [
    "attach", "attach_to_line", "bring_back", "correct_leg", "declare_lost", "end_custody", "end_receipt", "note",
    "note_on_line", "send_out", "take_in",
]  # fmt: skip

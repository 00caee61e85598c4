"""The acts on blocks of paper, and what other features call when a document takes or spoils a sheet."""

from .blocks import hand_out, hand_over, take_back
from .sheets import declare_lost, spoil
from .using import SPOILING, USING, free_number, spoil_sheet, use_sheet

__all__ = [
    "SPOILING", "USING", "declare_lost", "free_number", "hand_out", "hand_over", "spoil", "spoil_sheet", "take_back",
    "use_sheet",
]  # fmt: skip

"""The acts on dues, payments and cash handovers, and what the features above call."""

from . import handing_over, receiving
from .charging import charge
from .deciding import switch_path, waive
from .dues import RESTATING, DueItem, credit, lock_dues, make_due, restate, void_due
from .handing_over import confirm, withdraw
from .periods import bill
from .proving import check, reverse
from .receiving import receive
from .remarks import attach, attach_to_payment, note, note_on_payment

hand_over = handing_over.create
receive_several = receiving.create

__all__ = [
    "RESTATING", "DueItem", "attach", "attach_to_payment", "bill", "charge", "check", "confirm", "credit", "hand_over",
    "lock_dues", "make_due", "note", "note_on_payment", "receive", "receive_several", "restate", "reverse",
    "switch_path", "void_due", "waive", "withdraw",
]  # fmt: skip

"""The acts of the call register that touch the call alone (W-1.1, W-1.6, W-1.15)."""

from .escalation import escalate, take_over
from .history import import_history, take_back_history
from .registering import edit, register
from .service_type import checked_type, decide_type, link_unit, own_job, propose_for, propose_type, write_type
from .timeline import attach, note

__all__ = [
    "attach", "checked_type", "decide_type", "edit", "escalate", "import_history", "link_unit", "note", "own_job",
    "propose_for", "propose_type", "register", "take_back_history", "take_over", "write_type",
]  # fmt: skip

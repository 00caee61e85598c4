"""The acts on service contracts (E-09), and the job that marks and reminds (J-09)."""

from .ending import expire, terminate
from .force import activate
from .reminding import NIGHTLY, remind
from .timeline import attach, note
from .units import add_units, remove_units
from .writing import create, edit, renew

__all__ = [
    "NIGHTLY", "activate", "add_units", "attach", "create", "edit", "expire", "note", "remind", "remove_units", "renew",
    "terminate",
]  # fmt: skip

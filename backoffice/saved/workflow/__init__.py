"""The acts on saved filters: keeping.py for the owner, sharing.py for the others, choosing.py for each reader."""

from .choosing import choose_default, clear_default, pin, unpin
from .keeping import drop, rename, save
from .sharing import clear_role, set_role, share, unshare

__all__ = [
    "choose_default",
    "clear_default",
    "clear_role",
    "drop",
    "pin",
    "rename",
    "save",
    "set_role",
    "share",
    "unpin",
    "unshare",
]

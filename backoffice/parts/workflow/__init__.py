"""The acts on parts, and what other features call when a document uses parts."""

from .stock import give_back, lock_parts, use

__all__ = ["give_back", "lock_parts", "use"]

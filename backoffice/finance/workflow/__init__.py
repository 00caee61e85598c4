"""What the finance desk does by the clock (J-02)."""

from .reminding import remind

__all__ = ["remind"]

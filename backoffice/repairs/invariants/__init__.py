"""What holds for repair cards: as a whole, for who inspected them, for time and parts on them."""

from . import cards, inspections, materials, times

__all__ = ["cards", "inspections", "materials", "times"]

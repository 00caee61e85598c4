"""Input pages of the acts on cards, and of those that take goods in."""

from . import custody, inspection, taking_in, work

__all__ = ["custody", "inspection", "taking_in", "work"]

"""The acts on dues, payments and cash handovers, and what the features above call."""

from .charging import charge
from .dues import RESTATING, DueItem, credit, make_due, restate, void_due

__all__ = ["RESTATING", "DueItem", "charge", "credit", "make_due", "restate", "void_due"]

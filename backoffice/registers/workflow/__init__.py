"""Asking for a file of a list, making it in the background, and deleting it."""

from . import files, lists
from .asking import ask, withdraw
from .clearing import clear
from .making import make_next, make_waiting
from .taking import note_taken

__all__ = ["ask", "clear", "files", "lists", "make_next", "make_waiting", "note_taken", "withdraw"]

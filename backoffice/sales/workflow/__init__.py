"""The acts on parts sales (E-30)."""

from .delivering import deliver
from .history import import_history, take_back_history
from .returning import take_back
from .writing import create, edit, void

__all__ = ["create", "deliver", "edit", "import_history", "take_back", "take_back_history", "void"]

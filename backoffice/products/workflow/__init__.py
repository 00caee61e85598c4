"""The acts on installed units, the import of models, and the commissioning of projects, which concerns their units."""

from .importing import import_models, import_rows, take_back_models, take_back_units
from .projects import commission
from .units import (
    add_symptoms,
    change_status,
    check_figure,
    create,
    edit,
    extend_warranty,
    move,
    replace_unit,
    usual_months,
)

__all__ = [
    "add_symptoms", "change_status", "check_figure", "commission", "create", "edit", "extend_warranty",
    "import_models", "import_rows", "move", "replace_unit", "take_back_models", "take_back_units", "usual_months",
]  # fmt: skip

"""The acts on installed units, the import of models, and the commissioning of projects, which concerns their units."""

from .projects import commission
from .units import (
    add_symptoms,
    change_status,
    check_figure,
    create,
    edit,
    extend_warranty,
    import_models,
    import_rows,
    move,
    usual_months,
)

__all__ = [
    "add_symptoms", "change_status", "check_figure", "commission", "create", "edit", "extend_warranty",
    "import_models", "import_rows", "move", "usual_months",
]  # fmt: skip

"""The look-up of parts, and the input pages of the acts on their stock."""

from typing import Any

from sqlalchemy import Select

from backoffice.core.permissions import Actor, Permission
from backoffice.ui.lookups import lookup

from . import queries
from .models import Part


@lookup("parts", model=Part, permission=Permission.PART_READ, label=lambda part: part.label)
def find_parts(term: str, by: Actor) -> Select[Any]:
    """Parts in use by code, name or specification."""
    return queries.parts_matching(term, by)

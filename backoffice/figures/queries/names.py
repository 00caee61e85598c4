"""The lines of a breakdown under their names."""

from typing import Any

from flask_babel import gettext
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.figures.rules import Kind
from backoffice.organisation.models import User, Zone
from backoffice.products.models import ProductModel

from .figures import FIGURES
from .reading import Reading, Sums

_TABLES: dict[Kind, tuple[Any, Any]] = {
    Kind.TECHNICIAN: (User.id, User.real_name), Kind.MODEL: (ProductModel.id, ProductModel.code),
}  # fmt: skip


def lines_of(found: Reading, kind: Kind, most: int | None = None) -> list[tuple[str, str, Sums]]:
    """(key, name, sums), those with most calls first; lines in which nothing is counted are left out. One statement."""
    wholes = [one.whole for one in FIGURES.values() if kind in one.kinds]
    order = sorted(found.parts.items(), key=lambda one: (-one[1]["done"] - one[1]["received"], one[0]))
    lines = [(key, sums) for key, sums in order if any(sums[name] for name in wholes)][:most]
    names: dict[str, str] = {zone.value: str(zone.label) for zone in Zone}
    if kind in _TABLES:
        key, name = _TABLES[kind]
        keys = [int(one) for one, _ in lines if one.isdigit()]
        names = {str(one): text for one, text in db.session.execute(select(key, name).where(key.in_(keys)))}
    return [(one, names.get(one, one) if one else gettext("none"), sums) for one, sums in lines]

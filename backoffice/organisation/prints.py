"""What every printed paper takes from the organisation: letterheads and languages."""

from collections.abc import Iterable

from sqlalchemy import or_, select

from backoffice.core.db import db
from backoffice.ui import printing
from backoffice.ui.printing import Letterhead

from .models import LOCALES, Branch, BranchKind


def letterheads(keys: Iterable[int]) -> dict[int | None, Letterhead]:
    """The heads of the papers of these branches by their keys; under None the company, which is the headquarters."""
    query = select(Branch).where(or_(Branch.id.in_(list(keys)), Branch.kind == BranchKind.HEADQUARTERS))
    branches = list(db.session.scalars(query.order_by(Branch.id)))
    company = next((one.name for one in branches if one.kind is BranchKind.HEADQUARTERS), "")
    heads: dict[int | None, Letterhead] = {None: Letterhead(company)}
    for one in branches:
        name = one.name if one.name != company else ""
        heads[one.id] = Letterhead(company or one.name, name, one.service_department_name, one.address, one.phone)
    return heads


printing.letterheads = letterheads
printing.languages = LOCALES

"""What holds for every part that is entered, whichever way it comes (E-07)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.errors import MissingInput
from backoffice.parts.models import Part
from backoffice.parts.rules import checked_price


def check_part(part: Part) -> None:
    """Settle the price of a part about to be stored, and see that its code is nobody else's.

    Raises MissingInput for a code that another part has, and for a price above cost without a reason (S-1.2).
    """
    query = select(Part.id).where(Part.code_folded == part.code_folded)
    if part.id is not None:
        query = query.where(Part.id != part.id)
    if db.session.scalar(query) is not None:
        raise MissingInput(_l("There is a part with this code already."), rule="E-07", field="code")
    part.sale_price, part.price_reason = checked_price(part.cost_price, part.sale_price, part.price_reason or "")

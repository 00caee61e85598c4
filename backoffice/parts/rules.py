"""Prices of parts, and where they are taken from. Pure functions."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import MissingInput
from backoffice.core.states import LabelledEnum


class StockPlace(LabelledEnum):
    """Where a part is taken from."""

    STORE = "store", _l("The store")
    OWN = "own", _l("My own stock")


def checked_price(cost: Decimal, sale: Decimal | None, reason: str) -> tuple[Decimal, str]:
    """(sale price, its reason): without a price of its own a part is sold at cost, and no reason is kept for that.

    Raises MissingInput where a price above cost has no reason (S-1.2, E-07).
    """
    if sale is None or sale <= cost:
        return cost if sale is None else sale, ""
    if not reason.strip():
        raise MissingInput(
            _l("Parts are sold at cost; a price above it needs a reason."), rule="E-07", field="price_reason"
        )
    return sale, reason.strip()

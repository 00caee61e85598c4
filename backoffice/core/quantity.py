"""Decimal quantities of goods, exact to the thousandth (E-07); never a float."""

import re
import unicodedata
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from .errors import RuleViolated

PLACES = Decimal("0.001")
MAXIMUM = Decimal("999999.999")
_WRITTEN = re.compile(r"-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?", re.ASCII)


def parse_quantity(text: str) -> Decimal:
    """Quantity from what a person typed, full-width figures folded.

    Raises RuleViolated unless it is a plain number from 0 to 999,999.999, exact to the thousandth.
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    if not _WRITTEN.fullmatch(folded):
        raise RuleViolated(_l("Enter a quantity such as 12 or 0.5."), rule="E-07")
    return check_quantity(Decimal(folded.replace(",", "")))


def check_quantity(quantity: Decimal) -> Decimal:
    """`quantity` itself; raises RuleViolated unless finite, exact to the thousandth and 0 to 999,999.999."""
    if not quantity.is_finite():
        raise RuleViolated(_l("Enter a quantity such as 12 or 0.5."), rule="E-07")
    if not Decimal(0) <= quantity <= MAXIMUM:
        raise RuleViolated(_l("The quantity must lie between 0 and 999,999.999."), rule="E-07")
    if quantity != quantity.quantize(PLACES):
        raise RuleViolated(_l("A quantity has at most three decimal places."), rule="E-07")
    return quantity


def format_quantity(quantity: Decimal | None) -> str:
    """`1,250`, `0.5`, `-3`: as few places as say it; None gives ""."""
    return "" if quantity is None else f"{quantity.normalize():,f}"

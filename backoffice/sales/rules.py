"""Rules of parts sales on plain values."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from backoffice.core.money import check_amount, round_fen

if TYPE_CHECKING:
    from backoffice.parts.models import Part

#: Most lines of a sale that is typed in; what an import brings may have more.
MOST_LINES = 200


@dataclass(frozen=True)
class SaleItem:
    """A line as somebody wants it. unit_price: in yuan with tax; none: the part's sale price.

    seen_price: the part's sale price as the page showed it; none: it showed none.
    """

    part: "Part | None"
    quantity: Decimal | None
    unit_price: Decimal | None = None
    price_reason: str = ""
    seen_price: Decimal | None = None


@dataclass(frozen=True)
class BackItem:
    """So many of a line come back; none or 0: none of it."""

    line_id: int | None
    quantity: Decimal | None


def amount_of(unit_price: Decimal, quantity: Decimal, field: str = "") -> Decimal:
    """Price times quantity, half-up to the fen; below 0 where the quantity is. Raises RuleViolated out of range."""
    amount = round_fen(unit_price * quantity)
    check_amount(abs(amount), field)
    return amount


def taken_back(unit_price: Decimal, left: Decimal, back: Decimal) -> Decimal:
    """What is given back for `back` of the `left` of a line: all parts of it together give back its whole amount."""
    return round_fen(unit_price * left) - round_fen(unit_price * (left - back))


def needs_leave(unit_price: Decimal, sale_price: Decimal, cost: Decimal) -> bool:
    """Whether a price needs the supervisor and his reason: it is neither the part's sale price nor its cost (A-8)."""
    return unit_price not in (sale_price, cost)

"""Decimal money in yuan with two places (G-01); never a float."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import lazy_gettext as _l

from .errors import MissingInput, RuleViolated

FEN = Decimal("0.01")
NOTHING = Decimal("0.00")
MAXIMUM = Decimal("9999999999.99")
_WRITTEN = re.compile(r"(-?)[¥]?\s*(-?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]*)?)\s*元?", re.ASCII)


def round_fen(amount: Decimal) -> Decimal:
    """`amount` rounded half-up to the fen."""
    return amount.quantize(FEN, rounding=ROUND_HALF_UP)


def parse_amount(text: str) -> Decimal:
    """Amount from what a person typed, full-width figures folded, with a currency sign, 元 or separators if he likes.

    Raises RuleViolated unless it is a plain number, exact to the fen and in range.
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    written = _WRITTEN.fullmatch(folded)
    if written is None or (written[1] and written[2].startswith("-")):
        raise RuleViolated(_l("Enter an amount such as 1234.50."), rule="G-01")
    return check_amount(Decimal(written[1] + written[2].replace(",", "")))


def check_amount(amount: Decimal, field: str = "") -> Decimal:
    """`amount` itself; raises RuleViolated unless finite, exact to the fen and 0 to 9,999,999,999.99."""
    try:
        return _checked(amount)
    except RuleViolated as refusal:
        refusal.field = field
        raise


def check_above_zero(amount: Decimal | None, field: str, *, rule: str = "G-01") -> Decimal:
    """`amount` itself; raises MissingInput for none or 0, RuleViolated unless it can be kept (G-01)."""
    if amount is None or amount == 0:
        raise MissingInput(_l("Enter an amount above 0."), rule=rule, field=field)
    return check_amount(amount, field)


def _checked(amount: Decimal) -> Decimal:
    if not amount.is_finite():
        raise RuleViolated(_l("Enter an amount such as 1234.50."), rule="G-01")
    if not Decimal(0) <= amount <= MAXIMUM:
        raise RuleViolated(_l("The amount must lie between 0 and 9,999,999,999.99 yuan."), rule="G-01")
    if amount != amount.quantize(FEN):
        raise RuleViolated(_l("An amount has at most two decimal places."), rule="G-01")
    return amount

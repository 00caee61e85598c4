"""Decimal money in yuan with two places (G-01); never a float."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from flask_babel import lazy_gettext as _l

from .errors import RuleViolated

FEN = Decimal("0.01")
MAXIMUM = Decimal("9999999999.99")


def round_fen(amount: Decimal) -> Decimal:
    """`amount` rounded half-up to the fen."""
    return amount.quantize(FEN, rounding=ROUND_HALF_UP)


def parse_amount(text: str) -> Decimal:
    """Amount from what a person typed; raises RuleViolated unless it is finite, exact to the fen and in range."""
    try:
        amount = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        raise RuleViolated(_l("Enter an amount such as 1234.50."), rule="G-01") from None
    return check_amount(amount)


def check_amount(amount: Decimal, field: str = "") -> Decimal:
    """`amount` itself; raises RuleViolated unless finite, exact to the fen and 0 to 9,999,999,999.99."""
    try:
        return _checked(amount)
    except RuleViolated as refusal:
        refusal.field = field
        raise


def _checked(amount: Decimal) -> Decimal:
    if not amount.is_finite():
        raise RuleViolated(_l("Enter an amount such as 1234.50."), rule="G-01")
    if not Decimal(0) <= amount <= MAXIMUM:
        raise RuleViolated(_l("The amount must lie between 0 and 9,999,999,999.99 yuan."), rule="G-01")
    if amount != amount.quantize(FEN):
        raise RuleViolated(_l("An amount has at most two decimal places."), rule="G-01")
    return amount

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


def line_amount(unit_price: Decimal, quantity: Decimal) -> Decimal:
    """Price times quantity, to the fen."""
    return round_fen(unit_price * quantity)


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


_FIGURES = "零壹贰叁肆伍陆柒捌玖"
_TENS = ("", "拾", "佰", "仟")
_MYRIADS = ("", "万", "亿")


def capitals(amount: Decimal) -> str:
    """The amount as it is written on papers against forgery: 1234.50 gives 壹仟贰佰叁拾肆元伍角整.

    Exact to the fen; below 0 it begins with 负. Between figures any number of zeros is one 零, and 整 closes what has
    no fen. Raises RuleViolated for what is no amount (G-01).
    """
    fen = int(check_amount(amount.copy_abs()) * 100)
    yuan, (jiao, rest) = fen // 100, divmod(fen % 100, 10)
    words = _whole(yuan) + "元" if yuan else ""
    if jiao:
        words += f"{_FIGURES[jiao]}角"
    elif rest and yuan:
        words += "零"
    words = f"{words}{_FIGURES[rest]}分" if rest else f"{words or '零元'}整"
    return f"负{words}" if amount < 0 else words


def _whole(number: int) -> str:
    """A whole number above 0 in figures against forgery: 1001 gives 壹仟零壹."""
    words, place, gap = "", 0, False
    while number:
        number, myriad = divmod(number, 10_000)
        if myriad:
            words = f"{_myriad(myriad)}{_MYRIADS[place]}{'零' if gap and words else ''}{words}"
        gap = myriad < 1000  # zeros between this group and the one before it
        place += 1
    return words


def _myriad(number: int) -> str:
    """1 to 9999 likewise, without leading 零."""
    words, place, gap = "", 0, False
    while number:
        number, figure = divmod(number, 10)
        if figure:
            words = f"{_FIGURES[figure]}{_TENS[place]}{'零' if gap and words else ''}{words}"
        gap = not figure
        place += 1
    return words

"""Rules of customers on plain values: telephone numbers, credit codes, names that are the same name."""

import re
import unicodedata
from datetime import date

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import MissingInput, RuleViolated

_MOBILE = re.compile(r"1[3-9]\d{9}")
#: Area codes: 010, 02x with three digits, 03x to 09x with four; then 7 or 8 digits and perhaps an extension.
_LANDLINE = re.compile(r"(010|02\d|0[3-9]\d{2})(\d{7,8})(?:(?:-|转|ext\.?|x|#)(\d{1,6}))?", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s()\[\]（）·.\u2010-\u2015_/]+")

_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS = tuple(3**place % 31 for place in range(17))


def digits(text: str) -> str:
    """The figures of `text`, full-width ones folded, without the country code +86 or 0086."""
    folded = unicodedata.normalize("NFKC", text or "")
    figures = "".join(c for c in folded if c in "0123456789")
    if folded.strip().startswith("+86") or figures.startswith("0086"):
        figures = figures.removeprefix("00").removeprefix("86")
        # Behind the country code a landline has lost the zero of its area code.
        return figures if not figures or re.match(r"1([3-9]|$)|0", figures) else f"0{figures}"
    return figures


def normal_phone(text: str) -> str:
    """The number in its one form: 13812345678, or 0571-88886666 with -123 for an extension; "" stays "".

    Blanks, dashes, brackets and full-width figures are folded and +86 is dropped. Raises MissingInput (E-04) unless
    it is a mobile number or a landline with its area code.
    """
    folded = unicodedata.normalize("NFKC", text or "").strip()
    if not folded:
        return ""
    plain = _SEPARATORS.sub("", re.sub(r"^(\+86|0086)[\s-]*", "", folded))
    mobile = plain.replace("-", "")
    if _MOBILE.fullmatch(mobile):
        return mobile
    if not plain.startswith("0") and folded.startswith(("+86", "0086")):
        plain = f"0{plain}"
    return _normal_landline(plain)


def _normal_landline(plain: str) -> str:
    whole = re.fullmatch(r"([\d-]*\d)((?:转|ext\.?|x|#)\d{1,6})?", plain, re.IGNORECASE)
    if whole:
        candidates = [whole[1].replace("-", "") + (whole[2] or "")]
        if not whole[2] and "-" in whole[1]:
            number, _, extension = whole[1].rpartition("-")
            candidates.append(f"{number.replace('-', '')}-{extension}")
        for candidate in candidates:
            if found := _LANDLINE.fullmatch(candidate):
                return "-".join(part for part in found.groups() if part)
    raise MissingInput(
        _l("Enter a mobile number such as 13812345678, or a landline with its area code such as 0571-88886666."),
        rule="E-04",
        field="phone",
    )


def reversed_digits(figures: str) -> str:
    """The figures from the last to the first, so that the last figures are found by an index."""
    return figures[::-1]


def fold_name(name: str) -> str:
    """What makes two spellings the same name: width, case, blanks and the form of brackets and dashes do not count."""
    folded = unicodedata.normalize("NFKC", name or "").casefold()
    folded = folded.translate(str.maketrans("[【〔{〈《]】〕}〉》", "(((((())))))"))
    return re.sub(r"[\s\u00b7\u2010-\u2015\u30fb_-]+", "", folded)


def check_credit_code(code: str) -> str:
    """The unified social credit code in capitals; "" stays "". Raises MissingInput unless its check fits (X-06)."""
    folded = unicodedata.normalize("NFKC", code or "").strip().upper()
    if not folded:
        return ""
    if len(folded) != 18 or any(c not in _CODE_ALPHABET for c in folded):
        raise MissingInput(
            _l("A credit code has 18 characters: figures and capital letters without I, O, S, V and Z."),
            rule="X-06",
            field="credit_code",
        )
    total = sum(_CODE_ALPHABET.index(c) * weight for c, weight in zip(folded[:17], _CODE_WEIGHTS, strict=True))
    if _CODE_ALPHABET[(31 - total % 31) % 31] != folded[17]:
        raise MissingInput(
            _l("This credit code has a wrong check digit: compare it with the business licence."),
            rule="X-06",
            field="credit_code",
        )
    return folded


def check_email(address: str) -> str:
    """The address itself, "" included; raises MissingInput where it has no form of one."""
    if address and not re.fullmatch(r"[^@\s<>,;:\"']+@[^@\s<>,;:\"']+\.[^@\s<>,;:\"'.]+", address):
        raise MissingInput(
            _l("Enter an e-mail address such as office@example.com."), rule="E-04", field="invoice_email"
        )
    return address


def check_step_day(day: date | None, previous: date | None, today: date, field: str) -> date:
    """The day of a project's step (W-9). Raises MissingInput for none, RuleViolated in the future or out of order."""
    if day is None:
        raise MissingInput(_l("Enter the day."), rule="W-9", field=field)
    if day > today:
        raise RuleViolated(_l("The date lies in the future."), rule="G-04", field=field)
    if previous is not None and day < previous:
        raise RuleViolated(_l("The step before it was on %(day)s; this cannot be earlier.", day=previous), rule="W-9",
                           field=field)  # fmt: skip
    if day.year < 1900:
        raise MissingInput(_l("Enter a date after the year 1900."), rule="G-04", field=field)
    return day

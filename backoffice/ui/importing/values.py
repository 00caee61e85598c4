"""What a cell means: nothing, a text, a number, a day, one of a list. Raises Unreadable with a sentence."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core import clock
from backoffice.core.errors import BackofficeError, Text
from backoffice.core.money import parse_amount
from backoffice.core.quantity import parse_quantity
from backoffice.core.states import LabelledEnum

FIRST_YEAR, LAST_YEAR = 1900, 2200
#: Words for "nothing" in any column, folded; a field may add "0".
BLANKS = frozenset(
    {
        "", "-", "--", "---", "—", "–", "/", "none", "null", "nil", "n/a", "#n/a", "na", "nan", "unspecified",
        "unknown", "not known", "blank", "(blank)", "无", "空", "不详", "未知", "暂无", "未填",
    }
)  # fmt: skip


_BREAK = re.compile(r"\s*[\r\n]\s*")
_HAN_BREAK = re.compile(r"(?<=[\u3400-\u9fff（）])\s*[\r\n]\s*(?=[\u3400-\u9fff（）])")


class Unreadable(Exception):
    """A cell that does not mean what its column should."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Layout:
    """How the file writes days. order: ymd, mdy (03/01/2011 is the first of March) or dmy (the third of January).

    year_as_first_day: a year alone means its first of January. unknown_years: years that stand for "not known".
    """

    order: str = "ymd"
    year_as_first_day: bool = False
    unknown_years: frozenset[int] = frozenset({0, 1900})


def fold(text: str) -> str:
    """What makes two words the same word: width, case and blanks around do not count."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def is_blank(cell: str, *, zero: bool) -> bool:
    """Whether the cell says nothing; zero: whether "0" says nothing too."""
    folded = fold(cell)
    return folded in BLANKS or (zero and re.fullmatch(r"0+([.,]0*)?", folded) is not None)


def one_line(cell: str) -> str:
    """The cell without the line breaks of a narrow column: Chinese goes on without a blank, other writing with one."""
    if "\n" not in cell and "\r" not in cell:
        return cell.strip()
    return _BREAK.sub(" ", _HAN_BREAK.sub("", cell.strip()))


def with_lines(cell: str) -> str:
    """The cell as it stands, its line ends as forms make them."""
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def as_code(cell: str) -> str:
    """A number used as a name; spreadsheets turn 17850 into 17850.0."""
    text = one_line(cell)
    return text[:-2] if re.fullmatch(r"\d+\.0", text, re.ASCII) else text


def as_number(cell: str) -> float:
    """A finite number below a million million; `1,234.5` has a thousands separator."""
    folded = fold(cell).replace(" ", "")
    plain = folded.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", folded) else folded
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", plain, re.ASCII):
        raise Unreadable(_l("This is no number."))
    number = float(plain)
    if not math.isfinite(number) or abs(number) >= 1e12:
        raise Unreadable(_l("This number is too large."))
    return number


def as_whole(cell: str) -> int:
    """A whole number; 24.0 is one."""
    number = as_number(cell)
    if number != int(number):
        raise Unreadable(_l("This is no whole number."))
    return int(number)


def as_money(cell: str) -> Decimal:
    """An amount in yuan, with or without its sign."""
    return _exact(fold(cell).removeprefix("¥").removesuffix("元").strip(), parse_amount)


def as_quantity(cell: str) -> Decimal:
    """A quantity of goods."""
    return _exact(cell, parse_quantity)


def as_signed(cell: str) -> Decimal:
    """A quantity of goods that may lie below 0, for what came back."""
    folded = fold(cell).replace("\N{MINUS SIGN}", "-")
    quantity = as_quantity(folded.removeprefix("-").strip())
    return -quantity if folded.startswith("-") else quantity


def _exact(text: str, parse: Callable[[str], Decimal]) -> Decimal:
    try:
        return parse(text)
    except BackofficeError as refusal:
        raise Unreadable(refusal.message) from None


def as_member(cell: str, kind: type[LabelledEnum], words: Mapping[str, LabelledEnum]) -> LabelledEnum:
    """The member of `kind` that the cell names by its value, its label, or one of `words` (folded)."""
    folded = fold(cell)
    for member in kind:
        if folded in {member.value, member.name.casefold(), fold(str(member.label))}:
            return member
    if folded in words:
        return words[folded]
    choices = ", ".join(member.value for member in kind)
    raise Unreadable(_l("“%(cell)s” is none of the known values: %(choices)s.", cell=cell[:40], choices=choices))


_TIME = r"(?:[t ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]m)?(?: ?(?:z|[+-]\d{2}(?::?\d{2})?))?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", re.ASCII)
_CHINESE = re.compile(rf"(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日{_TIME}", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_TIME}", re.ASCII)
_YEAR = re.compile(r"(\d{4})(?:年|\.0)?", re.ASCII)


def as_day(cell: str, layout: Layout) -> date | None:
    """The day that the cell names, without its time of day; None where its year stands for "not known"."""
    folded = fold(cell)
    if found := _YEAR.fullmatch(folded):
        return _of_year(int(found[1]), layout)
    if found := _YEAR_FIRST.fullmatch(folded):
        return _day(int(found[1]), int(found[3]), int(found[4]), layout)
    if found := (_CHINESE.fullmatch(folded) or _COMPACT.fullmatch(folded)):
        return _day(int(found[1]), int(found[2]), int(found[3]), layout)
    if found := _YEAR_LAST.fullmatch(folded):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if layout.order == "mdy":
            return _day(year, first, second, layout)
        if layout.order == "dmy":
            return _day(year, second, first, layout)
        raise Unreadable(_l("Is the day or the month first? Say so in the options of the import."))
    raise Unreadable(_l("This is no date such as 2026-11-24."))


_MOMENT = re.compile(
    r"(?P<day>.*?)(?:[t ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?(?: ?(?P<half>[ap]m))?"
    r"(?: ?(?P<zone>z|[+-]\d{2}(?::?\d{2})?))?)?",
    re.ASCII,
)


def as_moment(cell: str, layout: Layout) -> datetime | None:
    """The moment that the cell names, on the office's clock unless it says its zone; a day alone is its first minute.

    None where its year stands for "not known".
    """
    found = _MOMENT.fullmatch(fold(cell))
    day = as_day(found["day"] if found else cell, layout)
    if day is None or found is None:
        return None
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if found["half"]:
        if not 1 <= hour <= 12:
            raise Unreadable(_l("There is no such time."))
        hour = hour % 12 + (12 if found["half"] == "pm" else 0)
    try:
        wall = datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001 - its zone comes next
        return wall.replace(tzinfo=_zone(found["zone"])).astimezone(UTC) if found["zone"] else clock.from_local(wall)
    except (ValueError, OverflowError):
        raise Unreadable(_l("There is no such time.")) from None


def _zone(text: str) -> timezone:
    if text == "z":
        return UTC
    figures = text[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(figures[:2]), minutes=int(figures[2:]))
    return timezone(-ahead if text[0] == "-" else ahead)


def _of_year(year: int, layout: Layout) -> date | None:
    if year in layout.unknown_years:
        return None
    if not layout.year_as_first_day:
        raise Unreadable(_l("A year is no day. The options of the import can let it mean its first of January."))
    return _day(year, 1, 1, layout)


def _day(year: int, month: int, day: int, layout: Layout) -> date | None:
    if year in layout.unknown_years:
        return None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unreadable(_l("The year must lie between %(a)s and %(b)s.", a=FIRST_YEAR, b=LAST_YEAR))
    try:
        return date(year, month, day)
    except ValueError:
        raise Unreadable(_l("There is no such day.")) from None


def as_flag(cell: str) -> Any:
    """Yes or no."""
    folded = fold(cell)
    if folded in {"1", "y", "yes", "true", "t", "是", "有", "√", "x"}:
        return True
    if folded in {"0", "n", "no", "false", "f", "否"}:
        return False
    raise Unreadable(_l("Write yes or no."))

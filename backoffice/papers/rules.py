"""Numbers as they are printed on paper. Pure functions."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import MissingInput, RuleViolated, Text

#: Sheets in one block at most.
MOST_SHEETS = 500
#: Characters of a number at most; the documents keep it in a column of this length.
LONGEST = 30
#: Figures at the end that are counted; what stands before them is the prefix.
MOST_FIGURES = 9

_IGNORED = re.compile(r"[\s\u2010-\u2015\u2212_-]+")
_MARK = re.compile(r"^NO(\.(?=.)|(?=[0-9]))")
_PARTS = re.compile(rf"(.*?)([0-9]{{1,{MOST_FIGURES}}})", re.DOTALL)


def normal(text: str | None) -> str:
    """The number in one spelling: width and case are folded, blanks and dashes and a leading “No.” do not count."""
    folded = _IGNORED.sub("", unicodedata.normalize("NFKC", text or "").upper())
    return _MARK.sub("", folded)


@dataclass(frozen=True)
class Numbers:
    """The numbers of a block: prefix, first and last as figures, and the width to which they are printed."""

    prefix: str
    first: int
    last: int
    width: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __iter__(self) -> Iterator[str]:
        return (f"{self.prefix}{serial:0{self.width}d}" for serial in range(self.first, self.last + 1))

    @property
    def name(self) -> str:
        """`A0012301–A0012350`."""
        first, last = (f"{self.prefix}{serial:0{self.width}d}" for serial in (self.first, self.last))
        return f"{first}–{last}"


def numbers_between(first: str, last: str) -> Numbers:
    """The numbers from the first to the last one printed on the pad.

    Raises MissingInput or RuleViolated naming `first` or `last` where one is missing, has no figures or strange signs,
    where the two do not belong together, or where the block is too large (E-10).
    """
    prefix, low = _parts(first, "first", _l("Enter the first number on the pad."))
    other, high = _parts(last, "last", _l("Enter the last number on the pad."))
    if prefix != other or len(low) != len(high):
        raise RuleViolated(
            _l("The last number has the same letters and as many figures as the first one."), rule="E-10", field="last"
        )
    found = Numbers(prefix, int(low), int(high), len(low))
    if found.last < found.first:
        raise RuleViolated(_l("The last number lies before the first one."), rule="E-10", field="last")
    if len(found) > MOST_SHEETS:
        raise RuleViolated(
            _l("A block holds at most %(most)s sheets, these are %(count)s.", most=MOST_SHEETS, count=len(found)),
            rule="E-10", field="last",
        )  # fmt: skip
    return found


def _parts(text: str, field: str, message: Text) -> tuple[str, str]:
    number = normal(text)
    if not number:
        raise MissingInput(message, rule="E-10", field=field)
    found = _PARTS.fullmatch(number)
    if found is None or not number.isalnum():
        raise RuleViolated(
            _l("A number on paper has letters and figures, and ends with figures."), rule="E-10", field=field
        )
    if len(number) > LONGEST:
        raise RuleViolated(_l("At most %(length)s characters fit here.", length=LONGEST), rule="E-10", field=field)
    return found[1], found[2]

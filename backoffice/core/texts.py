"""Texts as they may be stored: within their column and without characters that cannot be shown."""

import unicodedata

from flask_babel import lazy_gettext as _l

from .errors import MissingInput, Text

#: Marks before which spreadsheets would run a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def clean(text: str | None, longest: int, field: str, *, lines: bool = False) -> str:
    """`text` without blanks around it; None gives "". lines: whether line breaks and tabs are allowed inside.

    Raises MissingInput naming `field` where it has more than `longest` characters or holds control characters.
    """
    kept = (text or "").strip()
    allowed = "\n\r\t" if lines else ""
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed for c in kept):
        raise MissingInput(_l("The text holds a character that cannot be shown; type it anew."), field=field)
    if len(kept) > longest:
        raise MissingInput(
            _l("At most %(most)s characters fit here, these are %(count)s.", most=longest, count=len(kept)), field=field
        )
    return kept


def given(text: str | None, longest: int, field: str, message: Text, *, lines: bool = False, rule: str = "") -> str:
    """Like `clean`, and never empty: raises MissingInput with `message` and `rule`."""
    kept = clean(text, longest, field, lines=lines)
    if not kept:
        raise MissingInput(message, rule=rule, field=field)
    return kept


def fold_code(code: str | None) -> str:
    """What makes two spellings the same code or serial number: width, case and blanks do not count."""
    return "".join(unicodedata.normalize("NFKC", code or "").upper().split())


def harmless(cell: str) -> str:
    """The text as a cell of a CSV file: behind an apostrophe where a spreadsheet would take it for a formula.

    A text that begins with apostrophes and then such a mark gets one more, so that `as_written` gives back any text.
    """
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def as_written(cell: str) -> str:
    """The text of which `harmless` has made the cell."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell

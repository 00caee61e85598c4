"""A list on paper: A4 landscape, with the company, the list's name, its filters in words, day and page numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import render_template
from flask_babel import gettext

from backoffice.core import clock
from backoffice.core.permissions import Actor

from . import formatters, printing
from .printing import Letterhead, Paper, Sheet

#: Rows that a list on paper has at most; whoever wants more takes the file.
MOST_ROWS = 1000


@dataclass(frozen=True)
class ListPaper:
    """What the frame of a sheet asks of a form, told of a list: its rule, name and paper."""

    key: str
    label: Any
    paper: Paper = Paper.A4_LANDSCAPE


def page(
    view: Any, by: Actor, header: Sequence[Any], rows: Sequence[Sequence[Any]], words: Iterable[str], *,
    is_cut: bool = False, back: str = "",
) -> str:  # fmt: skip
    """The page that breaks the list into sheets and opens the print dialog.

    rows: cells as files have them. words: the filters in force. is_cut: there are more rows than these.
    """
    head = printing.letterheads([by.branch_id]).get(by.branch_id)
    form = ListPaper(getattr(view, "rule", ""), view.name)
    sheet = Sheet(form, head or Letterhead(""), clock.today().isoformat(), view.name)  # type: ignore[arg-type]
    sheet.printed_at, sheet.printed_by = clock.now(), getattr(by, "real_name", "")
    numeric = [any(isinstance(row[place], (int, float, Decimal)) for row in rows) for place in range(len(header))]
    return render_template(
        "print/list.html", form=form, sheet=sheet, f=formatters, header=list(zip(header, numeric, strict=True)),
        rows=[[_words(value) for value in row] for row in rows], words=list(words) or [gettext("Everything")],
        is_cut=is_cut, most=MOST_ROWS, back=back or view.list_url(),
    )  # fmt: skip


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")[:16]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)

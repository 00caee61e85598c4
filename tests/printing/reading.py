"""Reading sheets without a browser: the boxes and rows of their HTML, and what a paper calls things in a language."""

import html
import re

from backoffice.core.language import speaking
from backoffice.core.states import LabelledEnum


def label_in(locale: str, one: LabelledEnum) -> str:
    """The label as the paper says it in that language."""
    with speaking(locale):
        return html.escape(str(one.label), quote=False)


def facts_of(sheet: str) -> dict[str, str]:
    """The boxes of a sheet by their label, as text."""
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", sheet, re.DOTALL)
    return {label: html.unescape(re.sub(r"<[^>]+>", "", value)).strip() for label, value in pairs}


def rows_of(sheet: str) -> list[list[str]]:
    """The rows of all tables of a sheet, as text, lines of a cell joined by a bar."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", sheet, re.DOTALL)
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell.replace("<br>", "|"))) for cell in row] for row in cells]

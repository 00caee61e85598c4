"""What the page of a new import asks for, and the plan out of the page on which a person has set it up."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FileField

from backoffice.core.errors import MissingInput
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField
from backoffice.ui.importing.plan import Field, Plan, Source
from backoffice.ui.importing.values import Layout, fold

from .models import ImportKind
from .targets import TARGETS

ORDERS = {
    "ymd": _l("2011-03-01, 20110301, 2011年3月1日"),
    "mdy": _l("03/01/2011 is the first of March"),
    "dmy": _l("03/01/2011 is the third of January"),
}
#: How two columns make one fact.
WAYS = {"else": _l("if empty:"), "and": _l("joined with")}
#: Kinds of fields in which a cell may stand for another value.
REPLACED = frozenset({"choice", "ref", "code", "flag"})
LONGEST, MOST_LINES = 200, 500


@form_for("import.upload")
class UploadForm(ActForm):
    """A file and what is in it."""

    kind = EnumField(_l("What is in the file?"), ImportKind)
    file = FileField(_l("CSV or XLSX file"))


def sent_plan(kind: ImportKind, header: Sequence[str], sent: Mapping[str, str]) -> Plan:
    """The plan out of a sent form; columns that the file does not have are left out.

    Raises MissingInput for a line of the cells that stand for another value that is none.
    """
    sources, replacements = {}, {}
    for field in TARGETS[kind].fields:
        chosen = [sent.get(f"{part}-{field.name}", "") for part in ("column", "else")]
        columns = tuple(column for column in dict.fromkeys(chosen) if column in header)
        constant = sent.get(f"set-{field.name}", "").strip()[:LONGEST]
        joined = sent.get(f"way-{field.name}") == "and" and len(columns) > 1
        if columns or constant:
            sources[field.name] = Source(columns, joined=joined, constant=constant)
        if field.kind in REPLACED and (cells := _cells(field, sent.get(f"values-{field.name}", ""))):
            replacements[field.name] = cells
    years = frozenset(
        int(part) for part in sent.get("unknown_years", "").replace("，", ",").split(",")
        if part.strip().isascii() and part.strip().isdigit() and len(part.strip()) < 5
    )  # fmt: skip
    order = sent.get("order", "")
    layout = Layout(order if order in ORDERS else "ymd", bool(sent.get("year_as_first_day")), years)
    options = frozenset(name for name in TARGETS[kind].options if sent.get(name))
    return Plan(sources, replacements, layout, options, good_rows_only=bool(sent.get("good_rows_only")))


def _cells(field: Field, text: str) -> dict[str, str]:
    cells = {}
    for line in text.splitlines()[:MOST_LINES]:
        cell, equals, value = line.partition("=")
        if not line.strip():
            continue
        if not equals or not cell.strip():
            raise MissingInput(
                _l("%(field)s: write “cell = value”, a line each, not “%(line)s”.", field=field.label, line=line[:40]),
                field="map",
            )
        cells[fold(cell)] = value.strip()[:LONGEST]
    return cells


def cells_in_lines(cells: Mapping[str, Any]) -> str:
    """The cells that stand for another value as `sent_plan` reads them."""
    return "\n".join(f"{cell} = {value}" for cell, value in cells.items())

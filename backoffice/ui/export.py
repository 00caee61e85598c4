"""Export of a list: the rows and columns of the list at hand as CSV or XLSX, masked as they are there (X-20, C-43)."""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any
from urllib.parse import quote

from flask import Response, abort, request, stream_with_context
from flask_admin import expose
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Enum, inspect

from backoffice.core import audit, clock, masking
from backoffice.core.errors import Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission

from . import formatters, listing, sheets, xlsx
from .act_page import reading, write_once
from .filters import TextFilter
from .guards import holds, needs

MIMETYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: Most rows of one file; the application sets it to the parameter C-43.
most_rows: Callable[[], int] = lambda: 200_000  # noqa: E731 - replaced as a whole


class Exports:
    """Mixin of `views.BaseView`. export_more: columns that the file has besides those of the list."""

    export_more: tuple[str, ...] = ()

    def may_export(self, by: Actor) -> bool:
        """Whether the list offers itself as a file."""
        return holds(by, Permission.DATA_EXPORT)

    @expose("/export/", methods=("POST",))
    @needs(Permission.DATA_EXPORT)
    def export_view(self) -> Response:
        """The list of this address, all its pages, as a file; written down before the first row leaves."""
        by = self._by()
        kind = request.form.get("as", "")
        if kind not in MIMETYPES:
            abort(400)
        reading()
        asked = listing.read_address(self)
        most = most_rows()
        number = listing.count(self, asked, by, most)
        if number > most:
            raise RuleViolated(
                _l("This list has more than %(most)s records, and a file takes no more. Set a filter, then export.",
                   most=f"{most:,}"),
                rule="C-43", remedy=Remedy(_l("Back to the list"), f"{self.endpoint}.index_view", asked.values()),
            )  # fmt: skip
        self._note_export(kind, number, asked, by)
        columns = columns_of(self)
        header, rows = [label for label, _ in columns], _rows(self, columns, asked, by, number)
        if kind == "csv":
            parts = sheets.csv_parts(header, rows)
        else:
            parts = xlsx.xlsx_parts(str(self.name), header, rows)
        response = Response(stream_with_context(parts), mimetype=MIMETYPES[kind])
        name = quote(f"{self.name} {clock.today()}.{kind}", safe="")
        response.headers["Content-Disposition"] = f"attachment; filename=\"export.{kind}\"; filename*=UTF-8''{name}"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    def _note_export(self, kind: str, number: int, asked: listing.Asked, by: Actor) -> None:
        """Write down who takes how many rows out, under which filters (G-04)."""
        table = self.model.__tablename__
        words = [ngettext("%(num)s record", "%(num)s records", number), kind.upper()]
        words += _filters_in_words(self, asked, by)
        occasion = audit.Occasion(f"{table}.export", by, on_behalf_of_id=by.on_behalf_of(Permission.DATA_EXPORT))

        def do() -> tuple[str, None]:
            with audit.during(occasion):
                audit.record(table, occasion.act, by=by, note=" · ".join(words))
            return "", None

        write_once(by, do)
        reading()


def columns_of(view: Any) -> list[tuple[Any, Callable[[Any], Any]]]:
    """(label, function row -> cell of the file) for each column: those of the list, and a few more."""
    return [
        (view.label(name), _reader_of(view, name)) for name in dict.fromkeys((*view.column_list, *view.export_more))
    ]


def _reader_of(view: Any, name: str) -> Callable[[Any], Any]:
    """The function for one column, chosen once for all rows."""
    formatter = {**(view.column_formatters or {}), **(view.column_formatters_export or {})}.get(name)
    if formatter is not None:
        return lambda row: sheets.typed(formatter(view, None, row, name))
    mapper, kinds = inspect(view.model), formatters.pii_fields(view.model)
    if name in kinds:
        return _masked(view, name, kinds[name])
    if name in mapper.relationships:
        return _once_per_key(name)
    column = mapper.columns.get(name)
    if column is None:
        read = formatters.value_of(name, view.model)
        return lambda row: sheets.typed(read(row))
    if isinstance(column.type, Enum):
        return _once_per_value(attrgetter(name))
    if formatters.python_type(column) is str:
        return lambda row: getattr(row, name) or None
    return lambda row: sheets.typed(getattr(row, name))


def _masked(view: Any, name: str, kind: str) -> Callable[[Any], Any]:
    def read(row: Any) -> Any:
        value = getattr(row, name)
        return (masking.mask(kind, value) if view.masks(row, name) else value) if value else None

    return read


def _once_per_key(name: str) -> Callable[[Any], Any]:
    """A related record is put into words once, in however many rows it stands."""
    made: dict[int, Any] = {}

    def read(row: Any) -> Any:
        related = getattr(row, name)
        if related is None:
            return None
        if related.id not in made:
            made[related.id] = sheets.typed(related)
        return made[related.id]

    return read


def _once_per_value(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A state has one word."""
    made: dict[Any, Any] = {}

    def words(row: Any) -> Any:
        value = read(row)
        if value not in made:
            made[value] = sheets.typed(value)
        return made[value]

    return words


def _rows(view: Any, columns: list[Any], asked: listing.Asked, by: Actor, most: int) -> Iterator[list[Any]]:
    readers = [read for _, read in columns]
    for row in listing.stream(view, asked, by, most):
        yield [read(row) for read in readers]


def _filters_in_words(view: Any, asked: listing.Asked, by: Actor) -> list[str]:
    """The filters and the search as the list shows them, without the names and phones that were typed."""
    words = []
    typed = {one.name: one for one in view.list_filters if isinstance(one, TextFilter)}
    for chip in listing.chips(view, asked, [], by):
        if chip.param in typed:
            chip.words = formatters.labelled(typed[chip.param].label, masking.discreet(chip.value))
        words.append(chip.words.unescape() if isinstance(chip.words, Markup) else chip.words)
    if asked.search:
        words.append(formatters.labelled(gettext("Search"), masking.discreet(asked.search)).unescape())
    return words

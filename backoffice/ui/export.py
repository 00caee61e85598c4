"""Export of a list: its rows and columns as CSV, as XLSX or on paper, masked as they are there (X-20, C-43)."""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, abort, request, stream_with_context
from flask_admin import expose
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Enum, inspect

from backoffice.core import audit, clock, masking
from backoffice.core.errors import Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission

from . import formatters, list_paper, listing, sheets, xlsx
from .act_page import reading, write_once
from .filters import TextFilter
from .guards import holds, needs
from .paging import place_of, read_place

MIMETYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: Most rows of one file; the application sets it to the parameter C-43.
most_rows: Callable[[], int] = lambda: 200_000  # noqa: E731 - replaced as a whole
#: More rows than this are prepared in the background instead of being waited for, as parameter C-57 says.
most_at_once: Callable[[], int] = lambda: 20_000  # noqa: E731 - replaced as a whole
#: Endpoint of the page on which such a file is asked for; the feature that prepares them puts its own here.
prepare = ""


class Exports:
    """Mixin of `views.BaseView`. export_more: columns that the file has besides those of the list."""

    export_more: tuple[str, ...] = ()

    def may_export(self, by: Actor) -> bool:
        """Whether the list offers itself as a file."""
        return holds(by, Permission.DATA_EXPORT)

    @expose("/export/", methods=("POST",))
    @needs(Permission.DATA_EXPORT)
    def export_view(self) -> Any:
        """The list of this address, all its pages, as a file; written down before the first row leaves."""
        by = self._by()
        kind = request.form.get("as", "")
        if kind not in (*MIMETYPES, "print"):
            abort(400)
        reading()
        asked = listing.read_address(self)
        if kind == "print":
            return self._on_paper(asked, by)
        number = self._counted(kind, asked, by)

        def do() -> tuple[str, None]:
            write_down(self, kind, number, asked, by)
            return "", None

        write_once(by, do)
        reading()
        columns = columns_of(self)
        header, rows = [label for label, _ in columns], _rows(self, columns, asked, by, number)
        if kind == "csv":
            parts = sheets.csv_parts(header, rows)
        else:
            parts = xlsx.xlsx_parts(str(self.name), header, rows)
        response = Response(stream_with_context(parts), mimetype=MIMETYPES[kind])
        return as_download(response, f"{self.name} {clock.today()}", kind)

    def _on_paper(self, asked: listing.Asked, by: Actor) -> str:
        """The list of this address as sheets to be printed, the first rows of a longer one; written down before."""
        number = listing.count(self, asked, by, list_paper.MOST_ROWS)

        def do() -> tuple[str, None]:
            write_down(self, gettext("on paper"), min(number, list_paper.MOST_ROWS), asked, by)
            return "", None

        write_once(by, do)
        reading()
        columns = columns_of(self, more=False)
        rows = list(_rows(self, columns, asked, by, list_paper.MOST_ROWS))
        words = filters_in_words(self, asked, by)
        back = f"{self.list_url()}{asked.url()}"
        return list_paper.page(self, by, [label for label, _ in columns], rows, words,
                               is_cut=number > list_paper.MOST_ROWS, back=back)  # fmt: skip

    def _counted(self, kind: str, asked: listing.Asked, by: Actor) -> int:
        """How many rows the file has. Raises RuleViolated where it takes no more, or has to be prepared first."""
        most, at_once = most_rows(), most_at_once()
        number = listing.count(self, asked, by, most)
        if number > most:
            raise RuleViolated(
                _l("This list has more than %(most)s records, and a file takes no more. Set a filter, then export.",
                   most=f"{most:,}"),
                rule="C-43", remedy=Remedy(_l("Back to the list"), f"{self.endpoint}.index_view", asked.values()),
            )  # fmt: skip
        if number > at_once and prepare:
            raise RuleViolated(
                _l("This list has %(count)s records: more than %(most)s are not waited for. Have the file prepared; "
                   "you get a notice when it is ready.", count=f"{number:,}", most=f"{at_once:,}"),
                rule="C-57",
                remedy=Remedy(
                    _l("Prepare the file"), prepare,
                    {"register": self.endpoint, "format": kind, "address": urlencode(asked.params)},
                ),
            )  # fmt: skip
        return number


def as_download(response: Response, name: str, kind: str) -> Response:
    """The answer as a file to be saved under a name, which no browser opens or keeps."""
    written = quote(f"{name}.{kind}", safe="")
    response.headers["Content-Disposition"] = f"attachment; filename=\"export.{kind}\"; filename*=UTF-8''{written}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def write_down(view: Any, kind: str, number: int, asked: listing.Asked, by: Actor) -> None:
    """Write into the trail who takes how many rows out, under which filters (G-04). The caller commits."""
    table = view.model.__tablename__
    words = [ngettext("%(num)s record", "%(num)s records", number), kind if kind not in MIMETYPES else kind.upper()]
    words += filters_in_words(view, asked, by)
    occasion = audit.Occasion(f"{table}.export", by, on_behalf_of_id=by.on_behalf_of(Permission.DATA_EXPORT))
    with audit.during(occasion):
        audit.record(table, occasion.act, by=by, note=" · ".join(words))


def columns_of(view: Any, *, more: bool = True) -> list[tuple[Any, Callable[[Any], Any]]]:
    """(label, function row -> cell of the file) for each column: those of the list and, `more`, those besides."""
    names = dict.fromkeys((*view.column_list, *(view.export_more if more else ())))
    return [(view.label(name), _reader_of(view, name)) for name in names]


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


class Piecemeal:
    """A list written to a file piece by piece, so that it can be gone on with; the file is that of `export_view`.

    until: the largest key at the beginning; what is entered later is left out.
    """

    def __init__(self, view: Any, kind: str, asked: listing.Asked, by: Actor, until: int) -> None:
        self.view, self.kind, self.asked, self.by, self.until = view, kind, asked, by, until
        columns = columns_of(view)
        self._header = [label for label, _ in columns]
        self._readers = [read for _, read in columns]

    def count(self, most: int) -> int:
        """How many rows there are; `most` + 1 for more than `most`."""
        return listing.count(self.view, self.asked, self.by, most, self.until)

    def head(self) -> bytes:
        """What stands in the part file before the first row."""
        return sheets.csv_head(self._header) if self.kind == "csv" else b""

    def piece(self, place: str, done: int, most: int) -> tuple[bytes, int, str]:
        """(the next `most` rows behind a place as they stand in the part file, how many, the place behind them).

        place: "" for the beginning. done: how many rows stand before it. Raises ValueError for no place of this list.
        """
        order = self.asked.order(self.view)
        after = read_place(place, order) if place else None
        if place and after is None:
            raise ValueError(place)
        rows = listing.stretch(self.view, self.asked, self.by, after, most, self.until)
        if not rows:
            return b"", 0, place
        cells = [[read(row) for read in self._readers] for row in rows]
        if self.kind == "csv":
            content = sheets.csv_rows(cells)
        else:
            content = xlsx.rows_part(len(self._header), done + 2, cells)
        return content, len(rows), place_of(rows[-1], order).written()

    def packed(self, part: Iterable[bytes]) -> Iterator[bytes] | None:
        """The file around the part file; None where that is the file already."""
        return None if self.kind == "csv" else xlsx.packed(str(self.view.name), self._header, part)

    def write_down(self, number: int) -> None:
        """Write the export into the trail. The caller commits."""
        write_down(self.view, self.kind, number, self.asked, self.by)


def filters_in_words(view: Any, asked: listing.Asked, by: Actor) -> list[str]:
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

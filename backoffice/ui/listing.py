"""The list page: what the address asks for, and the rows that answer it with two statements.

Columns are read instead of entities (`rows`), from any place on in both directions (`paging`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext, ngettext
from sqlalchemy import ColumnElement, func, select

from backoffice.core import scope
from backoffice.core.db import db
from backoffice.core.permissions import Actor

from . import formatters, saved
from .filters import Chip, Filter, RelationFilter
from .guards import parse_number
from .paging import END, PLACE, Order, Place, keys, place_of, read_place
from .searching import search_condition

COUNT_MOST = 1000
#: Rows that a file has in memory at a time.
CHUNK = 500
LAST_PAGE = 1_000_000
LONGEST_SEARCH = 100


@dataclass
class Asked:
    """What the address asks for, cleaned."""

    page: int = 1
    after: Place | None = None
    before: Place | None = None
    from_end: bool = False
    exact: bool = False
    sort: str = ""
    desc: bool = False
    search: str = ""
    filters: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    params: list[tuple[str, str]] = field(default_factory=list)

    def url(self, *, without: tuple[str, str] | None = None, **changes: Any) -> str:
        """Address of the same list, changed; it begins at the first row unless a place in it is given."""
        pairs = [(k, v) for k, v in self.params if (k, v) != without and k not in changes]
        pairs += [(k, str(v)) for k, v in changes.items() if v not in (None, "")]
        if without is not None and not pairs:
            pairs = [("all", "1")]
        return f"?{urlencode(pairs)}" if pairs else "?"

    def order(self, view: Any) -> Order:
        """How the list runs: as asked for, else as the view says, else the newest first."""
        if self.sort:
            return Order(view.model, self.sort, self.desc)
        name, desc = view.default_sort
        return Order(view.model, name, desc if name else True)

    def values(self) -> dict[str, list[str]]:
        """What the address says, by parameter."""
        return {name: [v for k, v in self.params if k == name] for name, _ in self.params}


def read_address(view: Any) -> Asked:
    """The list's state out of the address; where it asks for nothing, as the list opens for this person."""
    asked = read_params(view, saved.opening(view, request.args))
    _read_place(view, asked)
    if not (asked.filters or asked.search) and (view.default_filters or saved.default_of(view)):
        asked.params.append(("all", "1"))  # else the next page would open as the list begins
    return asked


def read_params(view: Any, args: Any) -> Asked:
    """The list's state out of parameters; whatever makes no sense is left out and told."""
    asked = Asked(
        page=parse_number(args.get("page"), 1, 1, LAST_PAGE),
        search=args.get("q", "").strip()[:LONGEST_SEARCH],
    )
    if args.get("sort") in view.column_sortable_list:
        asked.sort, asked.desc = args["sort"], args.get("desc") == "1"
    values = {name: args.getlist(name) for name in args}
    if view.default_filters and not set(values) - PLACE - {"sort", "desc"}:
        values |= {name: list(given) for name, given in view.default_filters.items()}
    for one in view.list_filters:
        value, wrong = one.read(values)
        if value is not None:
            asked.filters[one.name] = value
            asked.params += [(param, v) for param in one.params for v in dict.fromkeys(values.get(param, [])) if v]
        if wrong:
            asked.problems.append(
                gettext(
                    "The filter “%(name)s” does not know “%(value)s”; it was left out.",
                    name=one.label, value=formatters.listed(w[:40] for w in wrong[:3]),
                )
            )  # fmt: skip
    if asked.search:
        asked.params.append(("q", asked.search))
    if asked.sort:
        asked.params += [("sort", asked.sort)] + ([("desc", "1")] if asked.desc else [])
    return asked


def _read_place(view: Any, asked: Asked) -> None:
    """Where in the list to begin; a place that is none begins at the first row and says so."""
    args, order = request.args, asked.order(view)
    asked.exact = args.get("count") == "exact"
    after, before = args.get("after", ""), args.get("before", "")
    if before == END:
        asked.from_end = True
    elif before:
        asked.before = read_place(before, order)
    elif after:
        asked.after = read_place(after, order)
    if (before or after) and not (asked.from_end or asked.before or asked.after):
        asked.page = 1
        asked.problems.append(gettext("This place in the list is not known; the list begins at its first record."))


@dataclass
class Page:
    """One page of the list, ready for the template."""

    asked: Asked
    rows: list[Any]
    total: int
    #: number of the page where it is known, else None
    page: int | None
    chips: list[Chip]
    #: addresses of the neighbours, "" where there is none
    previous: str = ""
    next: str = ""

    @property
    def is_capped(self) -> bool:
        """Whether there are more records than were counted."""
        return self.total > COUNT_MOST and not self.asked.exact

    @property
    def count_words(self) -> str:
        """`37 records`, or `1,000+ records`."""
        if self.is_capped:
            return gettext("1,000+ records")
        if self.total > COUNT_MOST:
            return gettext("%(count)s records", count=f"{self.total:,}")
        return ngettext("%(num)s record", "%(num)s records", self.total)

    def last(self, size: int) -> int | None:
        """Number of the last page where the records were counted to the end."""
        return None if self.is_capped else max(1, -(-self.total // size))


def read_page(view: Any, by: Actor) -> Page:
    """The rows that the address asks for, within the person's scope: two statements, whatever the page."""
    asked = read_address(view)
    where = conditions(view, asked, by)
    total = _count(view, where, None if asked.exact else COUNT_MOST)
    size, order = view.page_size, asked.order(view)
    last = max(1, -(-total // size)) if total <= COUNT_MOST or asked.exact else None
    if last is not None and asked.page > last:
        asked.page = last
    rows, more = _read(view, asked, order, where, size) if total else ([], False)
    if total and _missed(asked, rows, size):
        rows, more = _read(view, asked, order, where, size)
    page = Page(asked, rows, total, _number(asked, last), chips(view, asked, rows, by))
    if rows:
        _link(page, order, more)
    return page


def _missed(asked: Asked, rows: list[Any], size: int) -> bool:
    """Whether to read again: nothing lies behind the place (show the end), or less than a page before it (page 1)."""
    if not rows:
        asked.after, asked.before, asked.from_end = None, None, True
    elif asked.before is not None and len(rows) < size:
        asked.before, asked.page = None, 1
    else:
        return False
    return True


def _read(view: Any, asked: Asked, order: Order, where: list[Any], size: int) -> tuple[list[Any], bool]:
    """(the rows in their order, whether more lie beyond them in the direction of reading)."""
    backwards = asked.from_end or asked.before is not None
    skip = 0 if backwards or asked.after else (asked.page - 1) * size
    found = keys(order, where, size + 1, after=asked.after, before=asked.before, backwards=backwards, skip=skip)
    statement = view.shape.select().where(view.model.id.in_(found)).order_by(*order.clauses(backwards=backwards))
    rows = view.shape.fetch(statement.limit(size + 1))
    more, rows = len(rows) > size, rows[:size]
    return (rows[::-1] if backwards else rows), more


def first_rows(view: Any, asked: Asked, by: Actor, most: int) -> list[Any]:
    """The first rows that are asked for, at most so many, within the person's scope; one statement."""
    return _read(view, asked, asked.order(view), conditions(view, asked, by), most)[0]


def _number(asked: Asked, last: int | None) -> int | None:
    """The page's number; None at the end of a list that was not counted so far."""
    return last if asked.from_end else asked.page


def _link(page: Page, order: Order, more: bool) -> None:
    """The addresses of the pages before and after this one; the number goes along, to be shown."""
    asked, number = page.asked, page.page
    backwards = asked.from_end or asked.before is not None
    begins = not backwards and asked.after is None and asked.page == 1
    if more if backwards else not begins:
        first = place_of(page.rows[0], order).written()
        page.previous = asked.url(before=first, page=max(1, number - 1) if number else "")
    if not asked.from_end if backwards else more:
        end = place_of(page.rows[-1], order).written()
        page.next = asked.url(after=end, page=number + 1 if number else "")


def _count(view: Any, where: list[ColumnElement[bool]], most: int | None) -> int:
    """How many rows there are; `most` + 1 for more than `most`."""
    found = select(view.model.id).where(*where)
    if most is not None:
        found = found.limit(most + 1)
    return db.session.scalar(select(func.count()).select_from(found.subquery())) or 0


def count(view: Any, asked: Asked, by: Actor, most: int) -> int:
    """How many rows the address asks for; `most` + 1 for more than `most`."""
    return _count(view, conditions(view, asked, by), most)


def stream(view: Any, asked: Asked, by: Actor, most: int) -> Iterator[Any]:
    """The rows of all pages, at most `most`, with one statement whose result is never whole in memory."""
    statement = view.file_shape.select().where(*conditions(view, asked, by)).order_by(*asked.order(view).clauses())
    return view.file_shape.stream(statement.limit(most), CHUNK)  # type: ignore[no-any-return]


def chips(view: Any, asked: Asked, rows: list[Any], by: Actor) -> list[Chip]:
    """The filters in words; `rows` may know the names of related rows."""
    found: list[Chip] = []
    filters: dict[str, Filter] = {one.name: one for one in view.list_filters}
    for name, value in asked.filters.items():
        made = filters[name].chips(value)
        if isinstance(filters[name], RelationFilter):
            filters[name].name_chips(made, rows, by)
        found += made
    return found


def conditions(view: Any, asked: Asked, by: Actor) -> list[ColumnElement[bool]]:
    """What a record fulfils that the address asks for, the person's scope first."""
    filters: dict[str, Filter] = {one.name: one for one in view.list_filters}
    where = [scope.visible(view.model, by)]
    where += [filters[name].condition(value, by) for name, value in asked.filters.items()]
    if asked.search and view.column_searchable_list:
        where.append(search_condition(view, asked.search, by))
    return where

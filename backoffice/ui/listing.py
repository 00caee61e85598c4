"""The list page: at most two statements for the rows and their number, one flat loop, no form per row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext, ngettext
from markupsafe import escape
from sqlalchemy import ColumnElement, Select, and_, false, func, inspect, or_, select
from sqlalchemy.orm import joinedload

from backoffice.core import scope
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission

from . import formatters, saved
from .filters import Chip, Filter, RelationFilter
from .guards import parse_number
from .lookups import like

COUNT_MOST = 1000
#: Rows that a file has in memory at a time.
CHUNK = 500
LAST_PAGE = 200
LONGEST_SEARCH = 100


@dataclass
class Asked:
    """What the address asks for, cleaned."""

    page: int = 1
    sort: str = ""
    desc: bool = False
    search: str = ""
    filters: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    params: list[tuple[str, str]] = field(default_factory=list)

    def url(self, *, without: tuple[str, str] | None = None, **changes: Any) -> str:
        """Address of the same list, changed; paging starts anew unless `page` is given."""
        pairs = [(k, v) for k, v in self.params if (k, v) != without and k not in changes and k != "page"]
        pairs += [(k, str(v)) for k, v in changes.items() if v not in (None, "")]
        if without is not None and not pairs:
            pairs = [("all", "1")]
        return f"?{urlencode(pairs)}" if pairs else "?"

    def values(self) -> dict[str, list[str]]:
        """What the address says, by parameter."""
        return {name: [v for k, v in self.params if k == name] for name, _ in self.params}


def read_address(view: Any) -> Asked:
    """The list's state out of the address; where it asks for nothing, as the list opens for this person."""
    asked = read_params(view, saved.opening(view, request.args))
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
    if view.default_filters and not set(values) - {"page", "sort", "desc"}:
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


def search_condition(view: Any, term: str, by: Actor) -> ColumnElement[bool]:
    """Every word must be found in one of the searchable columns. Each table is asked on its own, never joined."""
    return and_(*[_word(view, word, by) for word in term.split()[:5]])


def _word(view: Any, word: str, by: Actor) -> ColumnElement[bool]:
    hits: list[Select[Any]] = []
    own: list[ColumnElement[bool]] = []
    model = view.model
    for name in view.column_searchable_list:
        head, _, last = name.rpartition(".")
        owner = inspect(model).relationships[head].mapper.class_ if head else model
        match = _match(owner, last, word, by)
        if match is None:
            continue
        if head:
            (local,) = inspect(model).relationships[head].local_columns
            keys = select(owner.id).where(match, scope.visible(owner, by))
            hits.append(select(model.id).where(local.in_(keys)))
        else:
            own.append(match)
    if not hits:
        return or_(*own) if own else false()
    hits += [select(model.id).where(match) for match in own]
    return model.id.in_(hits[0].union(*hits[1:]) if len(hits) > 1 else hits[0])


def _match(owner: Any, name: str, word: str, by: Actor) -> ColumnElement[bool] | None:
    """Contains the word. Telephone numbers and addresses only whole, for those who may not see them (X-20)."""
    column = getattr(owner, name)
    kind = inspect(owner).column_attrs[name].columns[0].info.get("pii")
    if name.endswith("_digits"):
        kind, word = "phone", re.sub(r"\D", "", word)
        if len(word) < 4:
            return None
    if kind in {"phone", "address"} and not by.can(Permission.CUSTOMER_UNMASK):
        return column == word if len(word) >= 7 else None
    return column.ilike(like(word), escape="\\")


@dataclass
class Page:
    """One page of the list, ready for the template."""

    asked: Asked
    rows: list[Any]
    total: int
    page: int
    more: bool
    chips: list[Chip]

    @property
    def count_words(self) -> str:
        """`37 records`, or `1,000+ records`."""
        if self.total > COUNT_MOST:
            return gettext("1,000+ records")
        return ngettext("%(num)s record", "%(num)s records", self.total)


def read_page(view: Any, by: Actor) -> Page:
    """The rows that the address asks for, within the person's scope: two statements."""
    asked = read_address(view)
    model = view.model
    where = _where(view, asked, by)
    total = count(view, asked, by, COUNT_MOST)
    page = asked.page
    if total <= COUNT_MOST:
        page = min(page, max(1, -(-total // view.page_size)))
    order = _order(view, asked)
    keys = select(model.id).where(*where).order_by(*order).limit(view.page_size + 1).offset((page - 1) * view.page_size)
    query = select(model).where(model.id.in_(keys)).order_by(*order).options(*loads(view))
    rows = list(db.session.scalars(query).unique()) if total else []
    more = len(rows) > view.page_size and page < LAST_PAGE
    return Page(asked, rows[: view.page_size], total, page, more, chips(view, asked, rows, by))


def count(view: Any, asked: Asked, by: Actor, most: int) -> int:
    """How many rows the address asks for; `most` + 1 for more than `most`."""
    capped = select(view.model.id).where(*_where(view, asked, by)).limit(most + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(capped)) or 0


def stream(view: Any, asked: Asked, by: Actor, most: int) -> Iterator[Any]:
    """The rows of all pages, at most `most`, with one statement whose result is never whole in memory."""
    query = select(view.model).where(*_where(view, asked, by)).order_by(*_order(view, asked)).limit(most)
    found = db.session.scalars(query.options(*loads(view)).execution_options(yield_per=CHUNK))
    try:
        yield from found
    finally:
        found.close()


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


def _where(view: Any, asked: Asked, by: Actor) -> list[ColumnElement[bool]]:
    filters: dict[str, Filter] = {one.name: one for one in view.list_filters}
    where = [scope.visible(view.model, by)]
    where += [filters[name].condition(value, by) for name, value in asked.filters.items()]
    if asked.search and view.column_searchable_list:
        where.append(search_condition(view, asked.search, by))
    return where


def _order(view: Any, asked: Asked) -> list[Any]:
    name, desc = (asked.sort, asked.desc) if asked.sort else view.default_sort
    model = view.model
    if not name:
        return [model.id.desc()]
    column = getattr(model, name)
    return [column.desc(), model.id.desc()] if desc else [column.asc(), model.id.asc()]


def loads(view: Any) -> list[Any]:
    """Options that load the relations of `list_loads` along with the rows."""
    loads = []
    for path in view.list_loads:
        option, model = None, view.model
        for step in path.split("."):
            attribute = getattr(model, step)
            option = joinedload(attribute) if option is None else option.joinedload(attribute)
            model = attribute.property.mapper.class_
        loads.append(option)
    return loads


def cells_of(view: Any) -> list[Any]:
    """Per column: (name, label, class of the cell, function row -> Markup)."""
    made = []
    columns = inspect(view.model).columns
    for name in view.column_list:
        formatter = (view.column_formatters or {}).get(name)
        show = _formatted(view, name, formatter) if formatter else formatters.cell_of(name, view.model)
        kind = formatters.python_type(columns[name]) if name in columns else None
        made.append((name, view.label(name), "num" if formatters.is_number(kind) else "", show))
    return made


def labelled(cells: list[Any]) -> list[Any]:
    """The cells with their labels in the reader's language, translated once for all rows."""
    return [(name, escape(str(label)), kind, show) for name, label, kind, show in cells]


def _formatted(view: Any, name: str, formatter: Any) -> Any:
    return lambda row: formatters.plain(formatter(view, None, row, name))

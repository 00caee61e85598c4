"""The page of results, by kind."""

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from backoffice.core import scope
from backoffice.core.db import db
from backoffice.core.permissions import Actor
from backoffice.ui import listing, registry
from backoffice.ui.guards import PageView, actor, anyone

#: The registers that are asked, in this order, each with the columns whose whole value opens the record.
KINDS = {
    "service_calls": ("number", "old_number"), "service_vouchers": ("number", "paper_no"),
    "customers": ("number", "former_number"), "units": ("serial_no",), "projects": ("number",), "contacts": (),
}  # fmt: skip
SHOWN = 8


@dataclass(frozen=True)
class Hits:
    """What one register has: its view, the first rows, and whether there are more."""

    view: Any
    rows: list[Any]
    more: bool


class SearchView(PageView):
    """Everybody's box; each register only for those who may open it."""

    endpoint = "search"
    url = "/search"
    name = _l("Search")
    read = staticmethod(anyone)

    @expose("/")
    def index_view(self) -> Any:
        """The record with that number, or what fits, by kind."""
        by, term = actor(), request.args.get("q", "").strip()[: listing.LONGEST_SEARCH]
        views = [view for view in map(registry.view_at, KINDS) if view is not None and view.is_accessible()]
        found: list[Hits] = []
        if by is not None and term:
            exact = [(view, row) for view in views for row in _with_number(view, term, by)]
            if len(exact) == 1:
                view, row = exact[0]
                return redirect(view.url_of(row))
            found = [hits for view in views if (hits := _hits(view, term, by)).rows]
        return render_template(
            "search/results.html", view=self, term=term, found=found, shown=SHOWN, home_of=url_for("admin.index")
        )


def _with_number(view: Any, term: str, by: Actor) -> list[Any]:
    """The visible rows whose whole number this is, whatever the case; at most two."""
    columns = [getattr(view.model, name) for name in KINDS[view.endpoint]]
    if not columns:
        return []
    spellings = {term, term.upper(), term.lower()}  # not UPPER(column): that would read the whole table
    same = or_(*[column.in_(spellings) for column in columns])
    query = select(view.model).where(same, scope.visible(view.model, by)).limit(2)
    return list(db.session.scalars(query))


def _hits(view: Any, term: str, by: Actor) -> Hits:
    query = (
        select(view.model)
        .where(listing.search_condition(view, term, by), scope.visible(view.model, by))
        .options(*view.linked_rows())
        .order_by(view.model.id.desc())
        .limit(SHOWN + 1)
    )
    rows = list(db.session.scalars(query).unique())
    return Hits(view, rows[:SHOWN], len(rows) > SHOWN)


VIEWS = [SearchView]

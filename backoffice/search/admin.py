"""The page of results, by kind."""

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import scope, searching
from backoffice.core.db import db
from backoffice.core.grams import compact
from backoffice.core.permissions import Actor
from backoffice.ui import listing, registry
from backoffice.ui.guards import PageView, actor, anyone

#: The registers that are asked, in this order, each with the columns whose whole value opens the record.
KINDS = {
    "service_calls": ("number", "old_number"), "service_vouchers": ("number", "paper_no"),
    "customers": ("number", "former_number"), "units": ("serial_no",), "projects": ("number",), "contacts": (),
    "service_contracts": ("number", "customer_no"),
    "parts": ("code",), "product_models": (), "goods_receipts": ("number", "paper_no"), "goods_entries": ("number",),
    "repair_cards": ("number", "old_number", "paper_no"),
}  # fmt: skip
SHOWN = 8
#: As many records with a field of just that text are looked at for one whose number it is.
CANDIDATES = 20


@dataclass(frozen=True)
class Hits:
    """What one register has: its view, the first rows, and how many there are (COUNT_MOST + 1 for more than that)."""

    view: Any
    rows: list[Any]
    count: int

    @property
    def more(self) -> bool:
        """Whether there are rows that are not shown."""
        return self.count > len(self.rows)

    @property
    def count_words(self) -> str:
        """`37`, or `1,000+`."""
        return f"{listing.COUNT_MOST:,}+" if self.count > listing.COUNT_MOST else str(self.count)


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
            found = [hits for view in views if (hits := _hits(view, term, by)).count]
        return render_template(
            "search/results.html", view=self, term=term, found=found, shown=SHOWN, home_of=url_for("admin.index")
        )


def _with_number(view: Any, term: str, by: Actor) -> list[Any]:
    """The visible rows whose whole number this is, whatever width, case, blanks and dashes."""
    names, number = KINDS[view.endpoint], compact(term)
    if not names:
        return []
    same = [getattr(view.model, name) == term for name in names]  # a number may be too short for the search index
    found = searching.any_of(view.model, [searching.is_whole(view.model, number), *same])
    query = select(view.model).where(found, scope.visible(view.model, by))
    rows = db.session.scalars(query.limit(CANDIDATES))
    return [row for row in rows if any(compact(getattr(row, name)) == number for name in names)]


def _hits(view: Any, term: str, by: Actor) -> Hits:
    """The newest rows that fit, and how many fit."""
    model = view.model
    keys = (
        select(model.id)
        .where(listing.search_condition(view, term, by), scope.visible(model, by))
        .order_by(model.id.desc())
        .limit(listing.COUNT_MOST + 1)
    )
    found = list(db.session.scalars(keys))
    if not found:
        return Hits(view, [], 0)
    query = select(model).where(model.id.in_(found[:SHOWN])).options(*view.linked_rows()).order_by(model.id.desc())
    return Hits(view, list(db.session.scalars(query).unique()), len(found))


VIEWS = [SearchView]

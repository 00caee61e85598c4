"""The workshop board: every open card in the column of its state, the one that is due first on top."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from backoffice.core import clock
from backoffice.core.permissions import Permission
from backoffice.goods import queries as goods
from backoffice.repairs import queries
from backoffice.repairs.models import CardState
from backoffice.ui import registry
from backoffice.ui.guards import PageView, actor
from backoffice.ui.views import NavGroup

from .cards import notes_cell, plan_cell

#: Registers of what is written on cards and of goods outside; they stand here instead of in the sidebar.
BESIDE = ("time_entries", "card_parts", "inspections", "goods_legs")
#: Cards of a column that are shown; the rest is in the list behind its head.
SHOWN = 20


@dataclass(frozen=True)
class Column:
    """A state with the first of its cards, how many there are, and the list of all."""

    state: CardState
    cards: list[Any]
    count: int
    url: str


class WorkshopView(PageView):
    """What is in the workshop, by state and planned finish."""

    endpoint = "workshop"
    url = "/workshop"
    name = _l("Workshop")
    group = NavGroup.GOODS
    order = 1
    icon = "board"
    read = Permission.REPAIR_READ

    @expose("/")
    def index_view(self) -> Any:
        """The board."""
        by = actor()
        month = clock.today().replace(day=1)
        found, counts = queries.board(by, SHOWN), queries.board_counts(by)
        columns = [
            Column(state, cards, counts.get(state, 0), url_for("repair_cards.index_view", state=state.value))
            for state, cards in found.items()
        ]
        return render_template(
            "repairs/board.html", view=self, admin_view=self, columns=columns, plan=plan_cell, notes=notes_cell,
            waiting=sum(counts.values()), figures=queries.figures(by, month), flow=goods.flow(by, month),
            beside=[view for view in map(registry.view_at, BESIDE) if view is not None and view.is_accessible()],
        )  # fmt: skip

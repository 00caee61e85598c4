"""The sidebar: what the person may open, in groups, with counts of what waits. One statement for all counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask import g, request, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select

from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Actor
from backoffice.core.states import LabelledEnum

from . import registry
from .guards import actor, holds

#: What a page needs from the database besides and may fetch along with the sidebar: name -> (actor -> select of one
#: value, or None where the page does not need it).
RIDERS: dict[str, Callable[[Actor], Select[Any] | None]] = {}


class NavGroup(LabelledEnum):
    """The groups of the sidebar, in their order."""

    HOME = "home", _l("Home")
    SERVICE = "service", _l("Service")
    GOODS = "goods", _l("Goods and parts")
    MONEY = "money", _l("Money")
    CUSTOMERS = "customers", _l("Customers and units")
    ORGANISATION = "organisation", _l("Organisation")
    SYSTEM = "system", _l("System")


@dataclass(frozen=True)
class NavItem:
    """One line of the sidebar."""

    label: Any
    url: str
    icon: str
    count: int | None
    is_current: bool


@dataclass(frozen=True)
class Waiting:
    """One queue with its figure and the address of the list that shows just it."""

    label: Any
    url: str
    count: int


@dataclass(frozen=True)
class Sidebar:
    """The groups with their lines, what waits for the person, how many notices are unread, and what came along."""

    groups: list[tuple[NavGroup, list[NavItem]]]
    waiting: list[Waiting]
    unread: int
    carried: dict[str, Any] = field(default_factory=dict)


@lru_cache(4096)
def _address(root: str, endpoint: str, filters: tuple[tuple[str, Any], ...] = ()) -> str:
    """Address of a page; the same for everybody, so it is put together once (`root` is the prefix of the site)."""
    return url_for(endpoint, **{name: list(v) if isinstance(v, tuple) else v for name, v in filters})


def _list_address(view: Any, filters: Mapping[str, Any]) -> str:
    given = tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in filters.items())
    return _address(request.script_root, f"{view.endpoint}.{view.first_page}", given)


def sidebar() -> Sidebar:
    """The sidebar of the person at the desk; counted once per request, in one statement."""
    if "sidebar" not in g:
        g.sidebar = _build()
    return g.sidebar


def _build() -> Sidebar:
    by = actor()
    if by is None:
        return Sidebar([], [], 0)
    shown = [v for v in registry.views() if v.group is not None and v.is_visible() and holds(by, type(v).read, v)]
    shown.sort(key=lambda v: v.order)
    queues = [(v, queue) for v in shown for queue in v.queues(by)]
    unread = select(func.count()).select_from(Notice).where(Notice.user_id == by.id, Notice.read_at.is_(None))
    columns = [unread.scalar_subquery()] + [queue.count.scalar_subquery() for _, queue in queues]
    riders = {name: query for name, ask in RIDERS.items() if (query := ask(by)) is not None}
    figures = db.session.execute(select(*columns, *[query.scalar_subquery() for query in riders.values()])).one()
    carried = dict(zip(riders, figures[len(columns) :], strict=True))
    waiting, counts = [], {"notices": figures[0]}
    for (view, queue), figure in zip(queues, figures[1 : len(columns)], strict=True):
        counts[view.endpoint] = counts.get(view.endpoint, 0) + figure
        waiting.append(Waiting(queue.label, _list_address(view, queue.filters), figure))
    current = (request.endpoint or "").partition(".")[0]
    groups = []
    for group in NavGroup:
        lines = [
            NavItem(v.name, _list_address(v, {}), v.icon, counts.get(v.endpoint), v.endpoint == current)
            for v in shown
            if v.group is group
        ]
        if lines:
            groups.append((group, lines))
    return Sidebar(groups, waiting, figures[0], carried)

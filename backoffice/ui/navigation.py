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
from backoffice.core.plans import plan
from backoffice.core.states import LabelledEnum

from . import registry
from .guards import Queue, actor, holds

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
    """One queue with its figure, its view, and the address of the list that shows just it."""

    queue: Queue
    view: Any
    url: str
    count: int

    @property
    def label(self) -> Any:
        """The words of the queue."""
        return self.queue.label


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


@dataclass(frozen=True)
class _Plan:
    """What the sidebar of a person needs before it is counted: lines, queues, riders, and their one statement."""

    shown: list[Any]
    queues: list[tuple[Any, Queue]]
    riders: list[str]
    statement: Select[Any]


def sidebar() -> Sidebar:
    """The sidebar of the person at the desk; counted once per request, in one statement."""
    if "sidebar" not in g:
        by = actor()
        g.sidebar = Sidebar([], [], 0) if by is None else _counted(_plan_of(by))
    return g.sidebar


def _plan_of(by: Actor) -> _Plan:
    """The plan for this page, since riders go by the page."""
    return plan("sidebar", by, lambda: _planned(by), registry.itself(), request.endpoint)


def _planned(by: Actor) -> _Plan:
    shown = [v for v in registry.views() if v.group is not None and v.is_visible() and holds(by, type(v).read, v)]
    groups = list(NavGroup)
    shown.sort(key=lambda v: (groups.index(v.group), v.order))
    queues = [(v, queue) for v in shown for queue in v.queues(by)]
    unread = select(func.count()).select_from(Notice).where(Notice.user_id == by.id, Notice.read_at.is_(None))
    riders = {name: query for name, ask in RIDERS.items() if (query := ask(by)) is not None}
    counted = [unread, *(queue.count for _, queue in queues), *riders.values()]
    return _Plan(shown, queues, list(riders), select(*[query.scalar_subquery() for query in counted]))


def _counted(planned: _Plan) -> Sidebar:
    unread, *figures = db.session.execute(planned.statement).one()
    carried = dict(zip(planned.riders, figures[len(planned.queues) :], strict=True))
    waiting, counts = [], {"notices": unread}
    for (view, queue), figure in zip(planned.queues, figures[: len(planned.queues)], strict=True):
        counts[view.endpoint] = counts.get(view.endpoint, 0) + figure
        waiting.append(Waiting(queue, view, _list_address(view, queue.filters), figure))
    current = (request.endpoint or "").partition(".")[0]
    groups = []
    for group in NavGroup:
        lines = [
            NavItem(v.name, _list_address(v, {}), v.icon, counts.get(v.endpoint), v.endpoint == current)
            for v in planned.shown
            if v.group is group
        ]
        if lines:
            groups.append((group, lines))
    return Sidebar(groups, waiting, unread, carried)

"""Saved filters above a list, and with which one it opens. The feature that keeps them puts itself in `source`.

They come along with the sidebar's one statement, so that a list costs no statement more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from flask import g, request, url_for
from sqlalchemy import Select
from werkzeug.datastructures import MultiDict

from backoffice.core.permissions import Actor

from . import navigation, registry
from .paging import PLACE

#: Filters that stand above the list; the others are in the menu beside them.
MOST_SHOWN = 8
#: The whole list, whatever it opens with.
WHOLE = (("all", "1"),)
_RIDER = "saved filters"


class Kept(Protocol):
    """A saved filter of one list as the person sees it; see `backoffice.saved.queries.Offered`."""

    id: int
    name: str
    pairs: tuple[tuple[str, str], ...]
    is_own: bool
    is_pinned: bool
    is_own_default: bool
    role_default: str


class Source(Protocol):
    """Where saved filters come from."""

    #: endpoint of the register of saved filters
    endpoint: str

    def select(self, register: str, by: Actor) -> Select[Any]:
        """Selects all filters of the list that `by` sees, as one value."""

    def read(self, value: Any) -> list[Kept]:
        """The filters out of that value."""

    def canonical(self, pairs: Iterable[tuple[str, str]]) -> Any:
        """Equal for two addresses of the same list."""


#: None in an application without the feature.
source: Source | None = None


@dataclass(frozen=True)
class Tab:
    """A saved filter as a link; `is_default` where the list opens with it."""

    name: Any
    url: str
    is_current: bool
    is_default: bool = False


@dataclass(frozen=True)
class Bar:
    """What stands above a list: tabs, the rest in a menu, the page that saves the list, and the register of them."""

    tabs: list[Tab]
    menu: list[Tab]
    save: str
    manager: str


def offered(view: Any) -> list[Any]:
    """The filters of the view's list that the person sees; none where another page than the list is asked for.

    A file, for one, is asked for by the address that its list has spelled out.
    """
    if source is None or _listed() is not view or registry.view_at(source.endpoint) is None:
        return []
    if "saved_filters" not in g:
        g.saved_filters = source.read(navigation.sidebar().carried[_RIDER])
    return g.saved_filters


def opening(view: Any, args: Any) -> Any:
    """The address's parameters; where it asks for nothing, those with which the list opens for this person."""
    if _asks(view, args):
        return args
    first = default_of(view)
    if first is None:
        return args
    own_order = "sort" in args
    pairs = [(k, v) for k, v in first.pairs if not (own_order and k in ("sort", "desc"))]
    return MultiDict([*(pairs if _asks(view, dict(pairs)) else (*pairs, *WHOLE)), *args.items(multi=True)])


def default_of(view: Any) -> Any | None:
    """The filter with which the list opens: the person's own, else the branch's for his role, else the company's."""
    found = offered(view)
    for fits in (
        lambda one: one.is_own_default,
        lambda one: one.role_default == "branch",
        lambda one: one.role_default == "company",
    ):
        first = next((one for one in found if fits(one)), None)
        if first is not None:
            return first
    return None


def bar(view: Any, asked: Any) -> Bar | None:
    """What stands above the list that `asked` shows; None in an application that keeps no filters."""
    if source is None or registry.view_at(source.endpoint) is None:
        return None
    manager = registry.view_at(source.endpoint)
    here = known_pairs(view, asked)
    default = default_of(view)
    # what the list shows, and what was asked for: a filter with a value that is no longer known is found again too
    current = {
        source.canonical(here),
        source.canonical(p for p in request.args.items(multi=True) if p[0] not in PLACE),
    }
    tabs, menu = [], []
    for one in sorted(offered(view), key=lambda one: one is not default):
        tab = Tab(one.name, address(one.pairs), source.canonical(one.pairs) in current, one is default)
        (tabs if one.is_pinned and len(tabs) < MOST_SHOWN else menu).append(tab)
    save = url_for(f"{source.endpoint}.create_view", register=view.endpoint, address=urlencode(here) or None)
    manage = f"{manager.list_url()}?register={view.endpoint}"
    return Bar([Tab("", address(()), not here), *tabs], menu, save=save, manager=manage)


def address(pairs: Iterable[tuple[str, str]]) -> str:
    """The plain address of a list: it works in a new window, as a bookmark, and whatever the list opens with."""
    return f"?{urlencode(list(pairs) or WHOLE)}"


def known_pairs(view: Any, asked: Any) -> list[tuple[str, str]]:
    """The parameters of the list as it is shown, without what its filters did not understand and without the page."""
    kept = []
    filters = {param: one for one in view.list_filters for param in one.params}
    for name, value in asked.params:
        if name in filters and filters[name].read({name: [value]})[0] is None:
            continue
        if name != "all":
            kept.append((name, value))
    return kept


def _asks(view: Any, args: Any) -> bool:
    """Whether the parameters say which rows are wanted."""
    words = {"q", "all", *(param for one in view.list_filters for param in one.params)}
    return any(name in words for name in args)


def _listed() -> Any | None:
    """The view whose list is asked for, or None on any other page."""
    endpoint, _, method = (request.endpoint or "").partition(".")
    view = registry.view_at(endpoint)
    return view if method == "index_view" and hasattr(view, "list_filters") else None


def _along(by: Actor) -> Select[Any] | None:
    """What the sidebar's statement fetches for the list that is asked for."""
    view = _listed()
    if source is None or view is None or registry.view_at(source.endpoint) is None:
        return None
    return source.select(view.endpoint, by)


navigation.RIDERS[_RIDER] = _along

"""The doors of the kit: who is asking, typed keys, and a view base that denies whatever is not declared."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, current_app, request
from flask_admin import BaseView as AdminBaseView
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import Select

from backoffice.core.db import MAX_KEY
from backoffice.core.permissions import Actor, Permission

from . import registry

Right = Permission | tuple[Permission, ...] | Callable[[Any, Actor], bool]


def actor() -> Actor | None:
    """The signed-in, active person of this request, or None."""
    person = current_user._get_current_object()  # noqa: SLF001 - the person outlives the request's proxy
    return person if person is not None and person.is_authenticated and person.is_active else None


def needs(right: Right) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the right that an exposed method asks for: a permission, one of several, or `(view, by) -> bool`.

    Without it the method answers 403 and the application does not start.
    """

    def declare(method: Callable[..., Any]) -> Callable[..., Any]:
        method.right = right  # type: ignore[attr-defined]
        return method

    return declare


def parse_key(text: Any) -> int | None:
    """A record's key from an address or a form: plain digits, 1 to 2^31-1; None for anything else."""
    text = str(text or "")
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        return None
    return key if 1 <= (key := int(text)) <= MAX_KEY else None


def parse_number(text: str | None, default: int, lowest: int, highest: int) -> int:
    """A whole number from the address, brought into its limits; `default` for anything else."""
    text = (text or "").strip()
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    if not digits.isascii() or not digits.isdigit():
        return default
    return max(lowest, min(highest, sign * int(digits[:18])))


def holds(by: Actor | None, right: Right | None, view: Any = None) -> bool:
    """Whether `by` has the right; no right declared means no."""
    if by is None or right is None or not by.is_active:
        return False
    if isinstance(right, Permission):
        return by.can(right)
    if isinstance(right, tuple):
        return any(by.can(one) for one in right)
    return right(view, by)


def wants_json() -> bool:
    """Whether a script asks, rather than a person."""
    return request.headers.get("X-Requested-With") == "fetch" or request.accept_mimetypes.best == "application/json"


def refuse_anonymous() -> Any:
    """The answer to somebody who is not signed in: the login page, or 401 to a script or a write."""
    manager = getattr(current_app, "login_manager", None)
    if manager is None or wants_json() or request.method not in {"GET", "HEAD"}:
        abort(401)
    return manager.unauthorized()


@dataclass(frozen=True)
class Queue:
    """Work that waits for somebody: its words, how it is counted, and the filters under which the list shows it.

    glance: the columns of the list with which its first rows stand on the home page; none: only its figure does.
    """

    label: Any
    count: Select[Any]
    filters: Mapping[str, Any]
    glance: tuple[str, ...] = ()


class Guarded:
    """Mixin before a Flask-Admin view: deny by default.

    read: who may open the view at all. Every exposed method but those in `rights` declares its own with `needs`.
    """

    read: Right | None = None
    #: right per exposed method; what is missing here and carries no `needs` is refused
    rights: dict[str, Right | None] = {}
    group: Any = None
    order = 50
    icon = "dot"
    first_page = "index_view"

    @classmethod
    def queues(cls, by: Actor) -> list["Queue"]:
        """What waits for `by` in this view; the sum stands in the sidebar, each queue on the home page."""
        return []

    def is_accessible(self) -> bool:
        """Whether the person may open this view at all."""
        return holds(actor(), type(self).read, self)

    def right_of(self, name: str) -> Right | None:
        """The right that the exposed method `name` asks for, or None when none is declared."""
        declared = getattr(getattr(type(self), name, None), "right", None)
        return declared if declared is not None else self.rights.get(name)

    def _handle_view(self, name: str, /, **kwargs: Any) -> Any:
        by = actor()
        if by is None:
            return refuse_anonymous()
        if not self.is_accessible() or not holds(by, self.right_of(name), self):
            abort(403, description=gettext("Your role may not open this page."))
        return None

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return fn(self, *args, **kwargs)  # the stock one hides every TypeError

    def create_blueprint(self, admin: Any) -> Any:
        """Register the view; raises TypeError for an exposed method without a declared right."""
        open_doors = [name for _, name, _ in self._exposed() if self.right_of(name) is None]
        if open_doors:
            raise TypeError(f"{type(self).__name__}: no right declared for {', '.join(open_doors)}")
        if self.read is None:
            raise TypeError(f"{type(self).__name__}: `read` is missing")
        blueprint = super().create_blueprint(admin)  # type: ignore[misc]
        registry.register(admin.app, self)
        return blueprint

    def _exposed(self) -> Iterable[tuple[str, str, Any]]:
        return self._urls  # type: ignore[attr-defined,no-any-return]


class PageView(Guarded, AdminBaseView):
    """A page of the same Admin that shows no single table: a board, a search, the home page.

    Class attributes as in `views.BaseView`: endpoint, url, name, group, order, icon, read. Every exposed method asks
    for `read` unless it declares more with `needs`.
    """

    endpoint = ""
    url = ""
    name: Any = ""

    def __init__(self) -> None:
        cls = type(self)
        super().__init__(name=cls.name, endpoint=cls.endpoint, url=cls.url.rstrip("/") or "/")
        if cls.first_page == "index_view" and not hasattr(cls, "index_view"):
            self.first_page = self._default_view

    def right_of(self, name: str) -> Right | None:
        """The declared right of the method, else that of the page."""
        return super().right_of(name) or type(self).read


def anyone(view: Any, by: Actor) -> bool:
    """The right of everybody who is signed in: `read = anyone`."""
    return True

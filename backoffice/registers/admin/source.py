"""What the business has to know of the lists, told by the pages; see `workflow.lists`."""

from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from backoffice.core.db import db
from backoffice.core.permissions import Actor
from backoffice.organisation.models import User
from backoffice.registers.models import ExportRun
from backoffice.registers.workflow import lists
from backoffice.ui import listing, registry
from backoffice.ui.background import at_desk_of
from backoffice.ui.export import Piecemeal
from backoffice.ui.guards import holds

#: Of an address that somebody sends.
MOST_READ = 40_000


def list_of(register: str, by: Actor) -> Any | None:
    """The view of a list that the person may open and take as a file; None for any other."""
    view = registry.view_at(register)
    if view is None or not hasattr(view, "list_filters"):
        return None
    return view if holds(by, type(view).read, view) and view.may_export(by) else None


def asked_of(view: Any, address: str) -> listing.Asked:
    """What an address asks of a list: nothing but what it says."""
    pairs = parse_qsl(address[:MOST_READ], keep_blank_values=False, errors="replace")
    return listing.read_params(view, MultiDict([*pairs, ("all", "1")]))


class Lists:
    """The lists of this application."""

    def known(self, register: str, address: str, by: User) -> str | None:
        """The address as the list understands it; None where there is no such list or `by` may not take it."""
        view = list_of(register, by)
        return None if view is None else urlencode(asked_of(view, address).params)

    def newest(self, register: str) -> int:
        """The largest key in the table of a list; 0 where it is empty."""
        return db.session.scalar(select(func.max(registry.view_at(register).model.id))) or 0

    def desk(self, user_id: int, locale: str) -> AbstractContextManager[User | None]:
        """Inside the block everything is as in a request of that person."""
        return at_desk_of(lambda: db.session.get(User, user_id, options=[joinedload(User.branch)]), locale)

    def opened(self, run: ExportRun, by: User, until: int) -> Piecemeal:
        """The list that a file is made of."""
        view = registry.view_at(run.register)
        return Piecemeal(view, run.format.value, asked_of(view, run.address), by, until)


lists.source = Lists()

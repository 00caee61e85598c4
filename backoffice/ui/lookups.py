"""Look-ups: the choice of a row out of a growing table, always within the person's scope, at most 20 at a time."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import abort, jsonify, request
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from backoffice.core import scope, searching
from backoffice.core.db import db
from backoffice.core.permissions import Actor

from .formatters import title
from .guards import PageView, Right, actor, anyone, holds, parse_key, parse_number

MOST = 20
LONGEST_TERM = 100
#: Every look-up by its name.
LOOKUPS: dict[str, "Lookup"] = {}

like = searching.like


@dataclass(frozen=True)
class Lookup:
    """A declared look-up."""

    name: str
    model: type[Any]
    permission: Right
    query: Callable[..., Select[Any]]
    label: Callable[[Any], Any] | None
    accepts: frozenset[str]
    fills: Callable[[Any], dict[str, str]] | None = None

    def select(self, term: str, by: Actor, context: dict[str, Any]) -> Select[Any]:
        """The query for `term` within the scope of `by`; context that the function does not know is left out."""
        known = {key: value for key, value in context.items() if key in self.accepts}
        return self.query(term[:LONGEST_TERM], by, **known).where(scope.visible(self.model, by))

    def find(self, term: str, by: Actor, context: dict[str, Any], limit: int = MOST) -> list[Any]:
        """The first rows for `term`; none when the person may not use the look-up."""
        if not holds(by, self.permission):
            return []
        limit = max(1, min(limit, MOST))
        return list(db.session.scalars(self.select(term, by, context).limit(limit)).unique())

    def get(self, key: int | None, by: Actor, context: dict[str, Any]) -> Any | None:
        """The row with that key, if the look-up offers it to the person; else None."""
        if key is None or not holds(by, self.permission):
            return None
        query = self.select("", by, context).where(self.model.id == key).order_by(None)
        return db.session.scalars(query).unique().first()

    def offer(self, row: Any) -> dict[str, Any]:
        """A row as the combobox takes it."""
        offered = {"id": row.id, "label": self.show(row)}
        return offered if self.fills is None else offered | {"fills": self.fills(row)}

    def show(self, row: Any) -> str:
        """What a row is called in the list, personal data masked."""
        return title(row, str(self.label(row)) if self.label else None)


def lookup(
    name: str,
    *,
    model: type[Any],
    permission: Right,
    label: Callable[[Any], Any] | None = None,
    fills: Callable[[Any], dict[str, str]] | None = None,
) -> Callable[[Callable[..., Select[Any]]], Callable[..., Select[Any]]]:
    """Declare the function `(term, by, **context) -> Select[model]`, ordered, as the look-up `name`.

    An empty term offers everything that may be chosen. Row scope and limit are added by the kit. fills: what choosing
    a row puts into the fields beside, by their names; without script they stay as they are.
    """

    def declare(query: Callable[..., Select[Any]]) -> Callable[..., Select[Any]]:
        if name in LOOKUPS:
            raise ValueError(f"look-up {name} is declared twice")
        accepts = frozenset(list(inspect.signature(query).parameters)[2:])
        LOOKUPS[name] = Lookup(name, model, permission, query, label, accepts, fills)
        return query

    return declare


def lookup_of(model: type[Any]) -> Lookup | None:
    """The first look-up that chooses rows of `model`."""
    return next((found for found in LOOKUPS.values() if found.model is model), None)


def context_of(values: Any, names: Any) -> dict[str, int | None]:
    """The keys under `names` out of a form or an address; None for what is no key."""
    return {name: parse_key(values.get(name)) for name in names}


class LookupView(PageView):
    """Answers the combobox of the forms."""

    endpoint = "lookup"
    url = "/lookup"
    name = _l("Look-up")
    read = staticmethod(anyone)

    @expose("/")
    def index_view(self) -> Any:
        """There is no page of its own."""
        abort(404)

    @expose("/<name>")
    def find(self, name: str) -> Any:
        """The rows for `q`: `{"results": [{"id": 1, "label": "…"}]}`, perhaps with what each `fills`.

        403 without the right, 404 for no such name.
        """
        found = LOOKUPS.get(name)
        if found is None:
            abort(404)
        by = actor()
        if by is None or not holds(by, found.permission):
            abort(403)
        limit = parse_number(request.args.get("limit"), MOST, 1, MOST)
        term = request.args.get("q", "").strip()
        rows = found.find(term, by, context_of(request.args, found.accepts), limit)
        return jsonify(results=[found.offer(row) for row in rows])

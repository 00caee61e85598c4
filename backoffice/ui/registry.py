"""Which view shows which table: links from notices, timelines, remedies and files to the page of a record."""

from collections.abc import Hashable
from typing import Any

from flask import Flask, current_app, url_for
from markupsafe import Markup

_KEY = "backoffice_ui"


def _of(app: Flask) -> dict[str, Any]:
    return app.extensions.setdefault(_KEY, {"tables": {}, "endpoints": {}, "itself": object()})


def itself() -> Hashable:
    """What tells the views of the running application from those of another one in the process."""
    return _of(current_app)["itself"]  # type: ignore[no-any-return]


def register(app: Flask, view: Any) -> None:
    """Note the view under its endpoint and, if it shows a table, under its model. Raises ValueError for doubles.

    A page that is no list names in `shows` what links and notices lead to it.
    """
    known = _of(app)
    if view.endpoint in known["endpoints"]:
        raise ValueError(f"endpoint {view.endpoint} is used twice")
    known["endpoints"][view.endpoint] = view
    model = getattr(view, "model", None) or getattr(view, "shows", None)
    if model is not None:
        known["tables"].setdefault(model.__tablename__, view)


def views() -> list[Any]:
    """All views of the running application, in the order in which they were added."""
    return list(_of(current_app)["endpoints"].values())


def view_of(model: Any) -> Any | None:
    """The view that shows the model, the row or the table name; None where there is none."""
    table = model if isinstance(model, str) else getattr(model, "__tablename__", "")
    return _of(current_app)["tables"].get(table)


def view_at(endpoint: str) -> Any | None:
    """The view with this endpoint, or None."""
    return _of(current_app)["endpoints"].get(endpoint)


def link_to(table: Any, key: int | None) -> str:
    """Address of the record's page, or "" when the person may not open that register at all."""
    view = view_of(table)
    if view is None or key is None or not view.is_accessible():
        return ""
    return url_for(f"{view.endpoint}.details_view", id=key)


def path_of(table: str, key: int | None) -> str:
    """Path of the record's page for messages outside, whoever reads them; "" where no view shows the table."""
    view = view_of(table)
    return f"{view.url.rstrip('/')}/details/?id={key}" if view is not None and key is not None else ""


def linked(table: Any, key: int | None, words: Any) -> Markup:
    """The words, as a link to the record's page where the person may open that register."""
    url = link_to(table, key)
    words = Markup('<a href="{}">{}</a>').format(url, words) if url else words
    return Markup("<bdi>{}</bdi>").format(words)  # a link of its own in a cell is the row's title on a phone


def remedy_link(remedy: Any) -> str:
    """Address of the page that supplies what is missing, or "" where it does not exist or may not be opened.

    The endpoint is a view's ("customers.edit_view") or any other of the application ("site.home").
    """
    view = view_at(remedy.endpoint.partition(".")[0])
    if remedy.endpoint not in current_app.view_functions or (view is not None and not view.is_accessible()):
        return ""
    return url_for(remedy.endpoint, **remedy.params)

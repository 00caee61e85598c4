"""Puts the kit into an application: doors, error pages, what the templates use, and the views of the kit itself."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, abort, current_app, g, request, url_for
from flask_admin.theme import Bootstrap4Theme
from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from backoffice.core import clock, db

from . import errors, formatters, registry, saying
from .act_page import new_key
from .files import FilesView
from .guards import actor
from .lookups import LookupView
from .navigation import sidebar
from .print_pages import PrintsView

#: Views that belong to every application with the kit; the factory adds them to the Admin with the features' views.
VIEWS = [LookupView, FilesView, PrintsView]
#: Endpoints that the frame links to where they exist.
FRAME = {
    "home": "home.index_view",
    "search": "search.index_view",
    "notices": "notices.index_view",
    "language": "site.set_language",
    "logout": "site.logout",
    "account": "site.account",
}
#: Characters that a form may hold in all; its longest field is a signature.
MOST_TEXT = 2_000_000
_SAFE = {"GET", "HEAD", "OPTIONS"}


def theme() -> Any:
    """The Flask-Admin theme to give to the Admin."""
    return Bootstrap4Theme(base_template="base.html")


def install(app: Flask, **endpoints: str) -> None:
    """Install the kit. `endpoints` replaces names of FRAME, e.g. `logout="auth.logout"`."""
    app.extensions["backoffice_frame"] = FRAME | endpoints
    app.before_request_funcs.setdefault(None, []).insert(0, _door)
    saying.install(app)
    errors.install(app)
    app.jinja_env.globals.update(
        asset=asset, icon=icon, sidebar=sidebar, frame_url=frame_url, actor=actor, new_key=new_key,
        new_csrf=generate_csrf,
        remedy_link=registry.remedy_link, link_to=registry.link_to, page_language=_language, now=clock.now,
        f=formatters,
    )  # fmt: skip
    app.jinja_env.filters.update(
        moment=formatters.moment, exact=formatters.exact, day=formatters.day, money=formatters.money,
        badge=formatters.badge, plain=formatters.plain,
    )  # fmt: skip
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _door() -> None:
    """Refuse NUL wherever it hides, before anything else reads the request; open SQLite for writing only to write."""
    db.writing.set(request.method not in _SAFE)
    if "\x00" in request.path or any("\x00" in k or "\x00" in v for k, v in request.args.items(multi=True)):
        abort(400)
    if request.method not in _SAFE:
        if sum(len(value) for value in request.form.values()) > MOST_TEXT:
            abort(413)
        if any("\x00" in k or "\x00" in v for k, v in request.form.items(multi=True)):
            abort(400)
        if any("\x00" in (one.filename or "") for one in request.files.values()):
            abort(400)


def asset(path: str) -> str:
    """Address of a static file with its fingerprint, so that it may be cached for ever."""
    prints: dict[str, str] = current_app.extensions.setdefault("backoffice_assets", {})
    if path not in prints or current_app.debug:
        file = Path(current_app.static_folder or "") / path
        prints[path] = hashlib.sha256(file.read_bytes()).hexdigest()[:8] if file.is_file() else "0"
    return url_for("static", filename=path, v=prints[path])


def icon(name: str) -> Markup:
    """An icon of the sprite; decoration only, words stand beside it."""
    if "sprite" not in g:
        g.sprite = asset("icons.svg")
    address = escape(f"{g.sprite}#{name}")
    return Markup(f'<svg class="icon" aria-hidden="true"><use href="{address}"></use></svg>')  # noqa: S704


def frame_url(name: str) -> str:
    """Address of a page that the frame links to, or "" where the application has none."""
    endpoint = current_app.extensions["backoffice_frame"][name]
    return url_for(endpoint) if endpoint in current_app.view_functions else ""


def _language() -> str:
    locale = get_locale()
    if locale is None:
        return "en"
    return "zh-CN" if locale.language == "zh" else locale.language

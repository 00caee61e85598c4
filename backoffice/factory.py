"""Making the application: settings, extensions, features, error pages and the headers of every answer."""

import logging
import os
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import Flask, request, session
from flask_admin import Admin
from flask_babel import Babel, get_locale
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from sqlalchemy import exists, select
from sqlalchemy.exc import DBAPIError
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from backoffice.core import acts, attachments, audit, clock
from backoffice.core.db import db, install_engine_listeners
from backoffice.organisation import login
from backoffice.organisation.models import LOCALES, User
from backoffice.settings import queries as settings

from . import commands
from .site import answers
from .site.home import HomeView

#: The features in process order, lowest first.
FEATURES = ("settings", "organisation", "customers", "products", "calls", "vouchers")
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]


class Office(Flask):
    """The application; a failure is logged under the reference that its page shows."""

    def log_exception(self, exc_info: Any) -> None:
        """Log the failure with its trace; the address without its query, which may hold a name or a phone number."""
        self.logger.error("failure %s on %s %s", answers.reference(), request.method, request.path, exc_info=exc_info)


def create_app(overrides: dict[str, Any] | None = None) -> Flask:
    """The application as the environment configures it; `overrides` win. Raises config.Misconfigured."""
    app = Office("backoffice")
    app.config.from_mapping(
        SESSION_REFRESH_EACH_REQUEST=False,  # the login renews the cookie itself, once a minute
        SQLALCHEMY_TRACK_MODIFICATIONS=False,
        BABEL_DEFAULT_LOCALE="en",
    )
    app.config.from_mapping(config.load(os.environ))
    app.config.from_mapping(overrides or {})
    if app.config["MODE"] == "demo":
        app.config["TRUSTED_HOSTS"] = LOOPBACK  # its accounts are public
    _configure_kernel(app)
    _install_extensions(app)
    _register_features(app)
    answers.init_app(app)
    commands.init_app(app)
    _refuse_demo_accounts(app)
    return app


def _configure_kernel(app: Flask) -> None:
    logging.getLogger("backoffice").setLevel(logging.INFO)
    clock.configure(app.config["BABEL_DEFAULT_TIMEZONE"])
    attachments.configure(app.config["UPLOAD_DIR"])
    acts.late_after = lambda: timedelta(minutes=settings.integer("C-44"))


def _install_extensions(app: Flask) -> None:
    install_engine_listeners()
    db.init_app(app)
    Migrate(app, db, directory=str(config.ROOT / "migrations"), render_as_batch=True)
    Babel(app, locale_selector=_locale)
    app.before_request(_note_origin)
    answers.guard_input(app)
    CSRFProtect(app)
    login.init_app(app)
    app.teardown_appcontext(answers.put_session_away)
    app.context_processor(_words)
    hops = app.config["TRUSTED_PROXIES"]
    wsgi = answers.Door(app.wsgi_app, app)
    app.wsgi_app = ProxyFix(wsgi, x_for=hops, x_proto=hops, x_host=0) if hops else wsgi  # type: ignore[method-assign]


def _locale() -> str:
    """The person's language, which the login copies to the session; else the browser's; else English."""
    chosen = session.get("locale")
    if chosen in LOCALES:
        return str(chosen)
    for wanted in request.accept_languages.values():
        for locale in LOCALES:
            if wanted.lower()[:2] == locale[:2]:
                return locale
    return "en"


def _words() -> dict[str, Any]:
    """What the templates without frame need besides their own values."""
    return {"locales": LOCALES, "locale_code": str(get_locale()), "back": request.full_path.rstrip("?")}


def _note_origin() -> None:
    audit.origin.set(request.remote_addr or "")


def _register_features(app: Flask) -> None:
    admin = Admin(app, name="", index_view=HomeView(), url="/")
    for feature in FEATURES:
        if find_spec(f"backoffice.{feature}.admin") is None:
            continue
        for view in import_module(f"backoffice.{feature}.admin").VIEWS:
            admin.add_view(view())


def _refuse_demo_accounts(app: Flask) -> None:
    if app.config["MODE"] != "production":
        return
    with app.app_context():
        try:
            found = db.session.scalar(select(exists().where(User.is_demo, User.is_active)))
        except DBAPIError:
            return  # no such table yet, or no database: nobody can log in either, and no demo account ever does
        finally:
            db.session.remove()
            db.engine.dispose()
    if found:
        raise config.Misconfigured(
            "the database holds demo accounts, whose password everybody knows: use a database of its own"
        )

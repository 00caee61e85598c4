"""Making the application: settings, extensions, features, error pages and the headers of every answer."""

import os
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import Flask, has_request_context, request, session
from flask_admin import Admin
from flask_babel import Babel
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
from backoffice.registers.workflow import files
from backoffice.settings import queries as settings
from backoffice.watch.workflow import outbox

from . import commands, translations
from .site import answers, health
from .site.home import HomeView
from .ui import export, kit, registry

#: The features in process order, lowest first.
FEATURES = (
    "settings", "organisation", "saved", "papers", "customers", "duplicates", "parts", "products", "contracts", "calls",
    "vouchers", "goods", "repairs", "fees", "receivables", "invoices", "sales", "finance", "watch",
    "reports", "reconciliation", "figures", "registers", "imports", "search",
)  # fmt: skip
#: Modules of a feature that declare by being imported: scopes, invariants, acts, forms and look-ups, papers, views. A
#: feature has those of them that it needs.
PARTS = ("queries", "invariants", "workflow", "forms", "prints", "admin")
LOOPBACK = ["localhost", "127.0.0.1"]


def create_app(overrides: dict[str, Any] | None = None) -> Flask:
    """The application as the environment configures it; `overrides` win. Raises config.Misconfigured."""
    app = Flask("backoffice")
    app.config.from_mapping(
        SESSION_REFRESH_EACH_REQUEST=False,  # the login renews the cookie itself, once a minute
        SQLALCHEMY_TRACK_MODIFICATIONS=False,
        BABEL_DEFAULT_LOCALE="en",
    )
    app.config.from_mapping(config.load(os.environ))
    app.config.from_mapping(overrides or {})
    app.config["DEMO"] = app.config["MODE"] == "demo"
    if app.config["DEMO"]:
        app.config["TRUSTED_HOSTS"] = LOOPBACK  # its accounts are public
    _configure_kernel(app)
    _install_extensions(app)
    _register_features(app)
    commands.init_app(app)
    _refuse_demo_accounts(app)
    return app


def _configure_kernel(app: Flask) -> None:
    clock.configure(app.config["BABEL_DEFAULT_TIMEZONE"])
    attachments.configure(app.config["UPLOAD_DIR"])
    attachments.largest = lambda: settings.integer("C-51") * config.MEBIBYTE
    export.most_rows = lambda: settings.integer("C-43")
    export.most_at_once = lambda: settings.integer("C-57")
    files.configure(app.config["UPLOAD_DIR"])
    outbox.configure(app.config["MAIL"], app.config["PUBLIC_URL"], app.config["CHAT_HOSTS"], registry.path_of)
    acts.late_after = lambda: timedelta(minutes=settings.integer("C-44"))


def _install_extensions(app: Flask) -> None:
    translations.compile_if_stale()
    install_engine_listeners()
    db.init_app(app)
    Migrate(app, db, directory=str(config.ROOT / "migrations"), render_as_batch=True)
    Babel(app, locale_selector=_locale)
    app.before_request(_note_origin)
    CSRFProtect(app)
    login.init_app(app)
    kit.install(
        app, home="admin.index", language="login.change_locale", logout="login.log_out", account="login.change_password"
    )
    app.register_blueprint(health.bp)
    answers.init_app(app)
    if hops := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]


def _locale() -> str:
    """The person's language, which the login copies to the session; else the browser's; else English."""
    if not has_request_context():
        return "en"  # commands speak English
    chosen = session.get("locale")
    if chosen in LOCALES:
        return str(chosen)
    for wanted in request.accept_languages.values():
        for locale in LOCALES:
            if wanted.lower()[:2] == locale[:2]:
                return locale
    return "en"


def _note_origin() -> None:
    audit.origin.set(request.remote_addr or "")


def load_features() -> None:
    """Import every feature, so that all tables, acts and forms are known."""
    for feature in FEATURES:
        for part in PARTS:
            if find_spec(f"backoffice.{feature}.{part}") is not None:
                import_module(f"backoffice.{feature}.{part}")


def _register_features(app: Flask) -> None:
    load_features()  # first, since acts and forms of a later feature are offered on pages of an earlier one
    admin = Admin(app, name="", theme=kit.theme(), index_view=HomeView(), url="/")
    views = [view for feature in FEATURES for view in import_module(f"backoffice.{feature}.admin").VIEWS]
    for view in (*kit.VIEWS, *views):
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

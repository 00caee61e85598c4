"""Logging in and out, one's own password and language (D2, D4, D5).

A login counts the attempt, looks at the password outside any transaction, and then begins a new session; the answer to
an unknown name and to a wrong password is the same and takes as long. Reading requests write nothing: the idle time
runs in the signed cookie, which is renewed once a minute.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
)
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_login import LoginManager, login_required, login_user
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from backoffice.core import audit, clock, submissions
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, RuleViolated
from backoffice.settings import queries as settings
from backoffice.ui.guards import actor

from . import passwords, sessions, throttle
from .models import LOCALES, User
from .rules import login_name
from .workflow import change_own_locale, change_own_password

bp = Blueprint("login", __name__)
_LONGEST_ADDRESS = 2000
_RENEWED_AFTER = 60  # seconds
#: How long the key of an accepted form is remembered; forms are sent again within minutes, not days.
SUBMISSIONS_KEPT = timedelta(days=7)
_DENIED = _l("The user name or the password is wrong.")


def init_app(app: Flask) -> None:
    """Let the pages of `app` know who is asking, and add the pages of this module."""
    manager = LoginManager(app)
    manager.login_view = "login.log_in"
    manager.login_message = _l("Please log in.")
    manager.login_message_category = "info"
    manager.session_protection = None  # a technician's phone changes its address all day
    manager.user_loader(_person_of_cookie)
    app.register_blueprint(bp)


def _person_of_cookie(token: str) -> User | None:
    seen = session.get("seen")
    if not isinstance(seen, int) or not isinstance(token, str):
        return None
    if "nobody_known" in g:  # the page that says so must come out
        return None
    now = int(clock.now().timestamp())
    try:
        person = sessions.person_of(token, datetime.fromtimestamp(seen, UTC))
    except SQLAlchemyError:
        g.nobody_known = True
        raise
    if person is not None and now - seen >= _RENEWED_AFTER:
        session["seen"] = now
    return person


def _begin(person: User) -> None:
    """Put a new session in place of whatever the browser sent (no fixation), and commit."""
    old = session.get("_user_id")
    if isinstance(old, str):
        sessions.end_session(old)
    person.session_token = sessions.open_session(person)
    submissions.prune(clock.now() - SUBMISSIONS_KEPT)
    db.session.commit()
    chosen = person.locale or session.get("locale")
    session.clear()
    session.permanent = True
    session["seen"] = int(clock.now().timestamp())
    if chosen:
        session["locale"] = chosen
    login_user(person)


@bp.route("/login", methods=["GET", "POST"])
def log_in() -> Any:
    """The login page; a POST with `username` and `password` begins a session or is refused."""
    target = safe_address(request.values.get("next", ""))
    if request.method == "GET":
        if actor() is not None:
            return redirect(target)
        return render_template("site/login.html", target=target, username="", problem="")
    username = request.form.get("username", "")[:200]
    try:
        person = _authenticate(username, request.form.get("password", ""), request.remote_addr or "")
    except throttle.Paused as pause:
        minutes = -(-pause.seconds // 60)
        problem = gettext("Too many wrong passwords. Try again in %(minutes)s minutes.", minutes=minutes)
        return _refused(problem, username, target, 429, {"Retry-After": str(pause.seconds)})
    if person is None:
        return _refused(str(_DENIED), username, target, 401, {})
    _begin(person)
    return redirect(target, 303)


def _refused(problem: str, username: str, target: str, status: int, headers: dict[str, str]) -> Any:
    page = render_template("site/login.html", target=target, username=username, problem=problem)
    return make_response(page, status, headers)


def _authenticate(typed: str, password: str, address: str) -> User | None:
    """The person whose name and password these are, or None. Raises throttle.Paused. Three short transactions."""
    account = login_name(typed)
    try:
        throttle.count_attempt(account, address)
    except throttle.Paused as pause:
        if pause.is_new:
            audit.record("user", "user.login_paused", by=None, note=f"{pause.seconds} s")
        db.session.commit()
        raise
    person = db.session.scalar(select(User).where(User.username == account))
    known_hash = person.password_hash if person else None
    db.session.commit()

    fits = passwords.fits(password, known_hash)  # slow: no transaction is open here

    if person is not None:
        db.session.refresh(person)
    if person is None or not fits or not _may_enter(person) or person.password_hash != known_hash:
        audit.record(person or "user", "user.login_refused", by=None)
        throttle.prune()
        db.session.commit()
        return None
    throttle.forgive(account, address)
    audit.record(person, "user.login", by=person)
    return person


def _may_enter(person: User) -> bool:
    return person.is_active and not (person.is_demo and current_app.config["MODE"] == "production")


@bp.post("/logout")
def log_out() -> Any:
    """End the session of this browser; a copy of its cookie is dead as well."""
    token = session.get("_user_id")
    person = actor()
    if isinstance(person, User):
        sessions.end_session(person.session_token)
        audit.record(person, "user.logout", by=person)
        db.session.commit()
    elif isinstance(token, str):
        sessions.end_session(token)
        db.session.commit()
    locale = session.get("locale")
    session.clear()
    if locale:
        session["locale"] = locale
    return redirect("/login", 303)


@bp.route("/password", methods=["GET", "POST"])
@login_required
def change_password() -> Any:
    """One's own password: `current`, `password`, `again`. All sessions end, this browser gets a new one."""
    if request.method == "GET":
        return render_template("site/password.html", problems={}, minimum=settings.integer("C-50"))
    person = actor()
    if not isinstance(person, User):
        abort(401)
    known_hash, minimum = person.password_hash, settings.integer("C-50")
    try:
        throttle.count_attempt(person.username, request.remote_addr or "")
        db.session.commit()
        new_hash = _new_password(person.username, known_hash, minimum)  # slow: no transaction is open here
        throttle.forgive(person.username, request.remote_addr or "")
        change_own_password(person, new_hash)
    except throttle.Paused as pause:
        db.session.commit()
        problem = gettext(
            "Too many wrong passwords. Try again in %(minutes)s minutes.", minutes=-(-pause.seconds // 60)
        )
        page = render_template("site/password.html", problems={"current": problem}, minimum=minimum)
        return make_response(page, 429, {"Retry-After": str(pause.seconds)})
    except BackofficeError as refusal:
        db.session.rollback()
        if refusal.field != "current":
            throttle.forgive(person.username, request.remote_addr or "")
            db.session.commit()
        page = render_template(
            "site/password.html", problems={refusal.field or "password": refusal.message}, minimum=minimum
        )
        return make_response(page, 422)
    _begin(person)
    flash(gettext("Your password is changed. All other sessions have ended."), "success")
    return redirect("/", 303)


def _new_password(username: str, known_hash: str, minimum: int) -> str:
    if not passwords.fits(request.form.get("current", ""), known_hash):
        raise RuleViolated(_l("This is not your present password."), field="current")
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        raise RuleViolated(_l("The two new passwords differ."), field="again")
    return passwords.hash_password(password, minimum=minimum, username=username)


@bp.post("/locale")
def change_locale() -> Any:
    """The language of this browser and, for somebody who is logged in, of the person: `locale` is en or zh."""
    wanted = request.form.get("locale", "")
    locale = next((known for known in LOCALES if wanted in {known, known[:2]}), "")
    if not locale:
        raise RuleViolated(_l("There is no such language."), rule="G-01", field="locale")
    person = actor()
    if isinstance(person, User):
        change_own_locale(person, locale)
        db.session.commit()
    session["locale"] = locale
    return redirect(safe_address(request.form.get("next", "") or _path_of(request.referrer)), 303)


def _path_of(address: str | None) -> str:
    """Path and query of an address of this very site, else ""."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return ""
    if parts.netloc != request.host:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def safe_address(target: str) -> str:
    """`target` when it is a path of this site, else the home page: nobody is led away after the login (D4)."""
    if not target.startswith("/") or target.startswith("//") or len(target) > _LONGEST_ADDRESS:
        return "/"
    if "\\" in target or any(c.isspace() or not c.isprintable() for c in target):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or parts.path in {"/logout", "/locale"}:
        return "/"
    return target

"""Refusals and errors as pages, in the person's language; never with SQL, traces or data of others."""

import logging
import secrets
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, StaleDocument

from .guards import actor, wants_json

log = logging.getLogger(__name__)

_TITLES = {
    400: _l("This request could not be understood"),
    401: _l("Please sign in"),
    403: _l("This is not open to you"),
    404: _l("There is no such page here"),
    405: _l("This address cannot be used in this way"),
    409: _l("This is not possible now"),
    413: _l("That is too large"),
    422: _l("Something is missing or wrong"),
    429: _l("Too many attempts"),
    500: _l("Something went wrong on our side"),
    503: _l("The office is not reachable at the moment"),
}
_HINTS = {
    400: _l("Go back, reload the page and try once more."),
    401: _l("Your session has ended. Sign in and go on."),
    403: _l("If you need it for your work, ask your administrator."),
    404: _l("The address may be mistyped, or the record belongs to another branch."),
    405: _l("Go back and use the buttons of the page."),
    413: _l("Send a smaller file or a shorter text."),
    429: _l("Wait a few minutes, then try again."),
    500: _l("Nothing was saved. Try again; if it stays, tell your administrator the reference."),
    503: _l("Nothing was saved. Wait a moment and try again."),
}


def error_page(
    status: int, *, message: Any = "", rule: str = "", remedy: Any = None, reference: str = "", headers: Any = None
) -> Response:
    """The error page, or `{"error": ...}` for a script."""
    message = str(message or "")
    if wants_json():
        response = jsonify(error=message or str(_TITLES.get(status, "")), rule=rule)
    else:
        # The frame counts what waits; where the database is in trouble the page does without it.
        framed = status < 500 and actor_is_known()
        response = Response(
            render_template(
                "error.html", framed=framed, status=status, title=_TITLES.get(status, _TITLES[400]), message=message,
                hint=_HINTS.get(status, ""), rule=rule, remedy=remedy, reference=reference,
            )
        )  # fmt: skip
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    for name, value in headers or ():
        response.headers[name] = value
    return response


def actor_is_known() -> bool:
    """Whether somebody is signed in; False also where that cannot be found out."""
    try:
        return actor() is not None
    except Exception:  # noqa: BLE001 - the page must come out whatever is broken
        return False


def _rollback() -> None:
    try:
        db.session.rollback()
    except Exception:
        log.exception("rollback failed")


def _on_refusal(refusal: BackofficeError) -> Any:
    _rollback()
    return error_page(refusal.status, message=refusal.message, rule=refusal.rule, remedy=refusal.remedy)


def _on_http(error: HTTPException) -> Any:
    if error.response is not None or (error.code or 500) < 400:
        return error
    _rollback()
    status = error.code or 500
    stock = type(error).description
    message = "" if error.description == stock or status in {400, 405, 413} else error.description
    keep = {"Allow", "Retry-After"}
    return error_page(status, message=message, headers=[h for h in error.get_headers() if h[0] in keep])


def _on_csrf(error: CSRFError) -> Any:
    _rollback()
    words = _l(
        "The form is no longer valid. Go back, reload the page and send it again; what you typed is still there."
    )
    return error_page(400, message=words)


def _on_conflict(error: Exception) -> Any:
    _rollback()
    log.warning("the database refused a write: %s", type(error).__name__)
    if isinstance(error, StaleDataError):
        return _on_refusal(StaleDocument())
    status = 422 if isinstance(error, DataError) else 409
    return error_page(status, message=_l("The database refused these values. Nothing was saved."))


def _on_database_down(error: Exception) -> Any:
    _rollback()
    log.error("database: %s", type(getattr(error, "orig", None) or error).__name__)
    return error_page(503, headers=[("Retry-After", "5")])


def _on_bug(error: Exception) -> Any:
    _rollback()
    reference = secrets.token_hex(4)
    log.error("reference %s: %s %s", reference, request.method, request.endpoint)  # Flask has logged the trace
    return error_page(500, reference=reference)


def install(app: Flask) -> None:
    """Register the pages. In tests a bug is raised, not shown (PROPAGATE_EXCEPTIONS)."""
    app.register_error_handler(CSRFError, _on_csrf)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(BackofficeError, _on_refusal)
    for conflict in (IntegrityError, DataError, StaleDataError):
        app.register_error_handler(conflict, _on_conflict)
    for down in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(down, _on_database_down)
    app.register_error_handler(500, _on_bug)

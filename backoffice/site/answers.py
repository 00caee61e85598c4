"""What every answer has in common: its headers, its error page, and the way out when the database is gone."""

import logging
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import BadRequest, HTTPException, SecurityError
from werkzeug.wsgi import ClosingIterator

from backoffice.core import audit
from backoffice.core.db import db, writing
from backoffice.core.errors import BackofficeError, RuleViolated, StaleDocument, Text
from backoffice.ui import registry
from backoffice.ui.guards import wants_json

log = logging.getLogger("backoffice")
READING = {"GET", "HEAD", "OPTIONS"}
#: How much of a refused upload is read before the answer, so that the browser gets to see it.
_DRAINED = 64 * 1024 * 1024

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"

MESSAGES: dict[int, Text] = {
    400: _l("The request cannot be read. Go back, reload the page and try again."),
    401: _l("Please log in."),
    403: _l("Your role may not open this page."),
    404: _l("There is no such page or record here."),
    405: _l("This address does not take this kind of request."),
    413: _l("What was sent is too large. A file may have at most 10 MB."),
    429: _l("Too many requests. Wait a little and try again."),
    500: _l("Something went wrong on our side. Nothing was saved. Tell the administrator the reference below."),
    503: _l("The database does not answer at the moment. Nothing was saved; wait a little and try again."),
}


def init_app(app: Flask) -> None:
    """Give every answer of `app` its headers and every refusal its page."""
    app.after_request(_secure)
    app.register_error_handler(BackofficeError, _refusal)
    app.register_error_handler(CSRFError, _expired_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _database_gone)
    app.register_error_handler(StaleDataError, _stale)


def guard_input(app: Flask) -> None:
    """Refuse NUL characters at the door: no text has them, and PostgreSQL cannot store them."""
    app.before_request(_refuse_nul)


def _refuse_nul() -> None:
    texts: Iterable[Any] = (
        request.path,
        *(text for pair in request.args.items(multi=True) for text in pair),
        *(text for pair in request.form.items(multi=True) for text in pair),
        *(file.filename or "" for file in request.files.values()),
    )
    if any("\0" in text for text in texts):
        raise BadRequest


def reference() -> str:
    """The reference under which this request's failure is logged and shown."""
    if "failure" not in g:
        g.failure = secrets.token_hex(4)
    return str(g.failure)


# -- headers ----------------------------------------------------------------------------------------------------------


def _secure(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static" and not (request.endpoint or "").endswith(".static"):
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    return response


# -- pages of refusals ------------------------------------------------------------------------------------------------


def _page(status: int, message: Text, *, rule: str = "", remedy: Any = None, shown_reference: str = "") -> Any:
    _take_back()
    text = str(message)
    if wants_json():
        body = {"error": text, "rule": rule, "reference": shown_reference}
        return jsonify({key: value for key, value in body.items() if value}), status
    link = registry.remedy_link(remedy) if remedy is not None else ""
    page = render_template(
        "site/error.html", status=status, message=text, rule=rule, reference=shown_reference, remedy=remedy, link=link
    )
    return page, status


def _take_back() -> None:
    try:
        db.session.rollback()
    except DBAPIError:
        put_session_away(None)


def _refusal(refusal: BackofficeError) -> Any:
    return _page(refusal.status, refusal.message, rule=refusal.rule, remedy=refusal.remedy)


def _expired_form(error: CSRFError) -> Any:
    return _page(400, _l("This page is out of date, perhaps because you logged in anew. Reload it and send it again."))


def _http_error(error: HTTPException) -> Any:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if isinstance(error, SecurityError):  # a foreign Host header: no address of this site can be made for it
        return Response("400 Bad Request\n", 400, mimetype="text/plain")
    status = error.code
    shown_reference = reference() if status == 500 else ""
    own_words = status == 403 and error.description != type(error).description
    message = error.description if own_words and error.description else MESSAGES.get(status, error.name)
    page, status = _page(status, message, shown_reference=shown_reference)
    response = Response(page, status) if isinstance(page, str) else page
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after", "www-authenticate"}:
            response.headers[name] = value
    return response


def _stale(error: StaleDataError) -> Any:
    return _refusal(StaleDocument())


def _database_error(error: DBAPIError) -> Any:
    if isinstance(error, IntegrityError):
        message = _l("This contradicts a record that exists already. Look at the list, then try again.")
        return _refusal(RuleViolated(message))
    if isinstance(error, DataError):
        return _page(400, _l("A value is too long or too large."))
    if error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError)):
        return _database_gone(error)
    raise error


def _database_gone(error: Exception) -> Any:
    log.error("no database for %s %s: %s", request.method, request.path, type(getattr(error, "orig", error)).__name__)
    page, status = _page(503, MESSAGES[503])
    response = Response(page, status) if isinstance(page, str) else page
    response.status_code = status
    response.headers["Retry-After"] = "5"
    return response


# -- the way in and out -----------------------------------------------------------------------------------------------


def put_session_away(error: BaseException | None) -> None:
    """Close the request's session; a dead connection then is no reason to lose an answer that is ready."""
    try:
        db.session.remove()
    except DBAPIError as broken:
        log.warning("a connection died while it was given back: %s", type(broken.orig).__name__)
        db.session.registry.clear()


class Door:
    """Around the application: which requests write, and 503 for a database that fails outside all error handlers."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], app: Flask) -> None:
        self.inner = inner
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        writing.set(environ.get("REQUEST_METHOD") not in READING)
        started: list[tuple[Any, ...]] = []

        def hold(*details: Any) -> Callable[[bytes], None]:
            started[:] = [details]
            return lambda _: None

        try:
            body = self.inner(environ, hold)
        except DBAPIError:
            log.exception("the database failed while %s was put away", environ.get("PATH_INFO", ""))
            body = self._unavailable(environ, hold)
        self._drain(environ)
        start_response(*started[0])
        return ClosingIterator(body, [_leave])

    def _unavailable(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = Response("503 Service Unavailable\n", 503, HEADERS, mimetype="text/plain")
        response.headers["Cache-Control"] = "no-store"
        response.headers["Retry-After"] = "5"
        return response(environ, start_response)

    def _drain(self, environ: dict[str, Any]) -> None:
        """Read what is left of a body that was refused unread: else the browser sees a cut connection, no sentence."""
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return
        if length > (self.app.config["MAX_CONTENT_LENGTH"] or length):
            left = min(length, _DRAINED)
            while left > 0 and (chunk := environ["wsgi.input"].read(min(left, 65536))):
                left -= len(chunk)


def _leave() -> None:
    """Nothing of this request stays with the thread that served it."""
    writing.set(True)
    audit.origin.set("")

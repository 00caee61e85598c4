"""What every answer has in common: its headers, and the way out when the database is gone."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import SecurityError
from werkzeug.wsgi import ClosingIterator

from backoffice.core import audit
from backoffice.core.db import db, writing
from backoffice.ui.errors import error_page

log = logging.getLogger(__name__)
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
#: For files whose address changes with their content.
FOR_EVER = "public, max-age=31536000, immutable"
HSTS = "max-age=31536000"


def init_app(app: Flask) -> None:
    """Give every answer of `app` its headers, and stand between it and the server."""
    app.after_request(_secure)
    app.register_error_handler(SecurityError, _foreign_host)
    for gone in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(gone, _no_database)
    app.teardown_appcontext(put_session_away)
    app.wsgi_app = Door(app.wsgi_app, app)  # type: ignore[method-assign]


def _secure(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static" and "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = FOR_EVER
    elif request.endpoint != "static" and not (request.endpoint or "").endswith(".static"):
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    return response


def _foreign_host(error: SecurityError) -> Response:
    """For a foreign Host header no page can be made: there is no address of this site to link to."""
    return Response("400 Bad Request\n", 400, mimetype="text/plain")


def _no_database(error: Exception) -> Response:
    """503, on a page that does not ask the database who is reading it."""
    g.nobody_known = True
    put_session_away(error)
    log.error("no database for %s: %s", request.endpoint, type(getattr(error, "orig", None) or error).__name__)
    return error_page(503, headers=[("Retry-After", "5")])


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
        """Answer one request."""
        writing.set(environ.get("REQUEST_METHOD") not in READING)
        started: list[tuple[Any, ...]] = []

        def hold(*details: Any) -> Callable[[bytes], None]:
            started[:] = [details]
            return lambda _: None

        try:
            body = self.inner(environ, hold)
        except DBAPIError:
            log.exception("the database failed while %s was put away", environ.get("PATH_INFO", ""))
            body = _unavailable(environ, hold)
        if started[0][0].startswith("413"):
            _drain(environ)
        start_response(*started[0])
        return ClosingIterator(body, [_leave])


def _unavailable(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    response = Response("503 Service Unavailable\n", 503, HEADERS, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Retry-After"] = "5"
    return response(environ, start_response)


def _drain(environ: dict[str, Any]) -> None:
    """Read what is left of a body that was refused unread: else the browser sees a cut connection and no sentence."""
    try:
        left = min(int(environ.get("CONTENT_LENGTH") or 0), _DRAINED)
    except ValueError:
        return
    while left > 0 and (chunk := environ["wsgi.input"].read(min(left, 65536))):
        left -= len(chunk)


def _leave() -> None:
    """Nothing of this request stays with the thread that served it."""
    writing.set(True)
    audit.origin.set("")

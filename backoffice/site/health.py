"""Two addresses for whoever watches the office from outside: does it run, and does it reach its database."""

from typing import Any

from flask import Blueprint
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backoffice.core.db import db

bp = Blueprint("health", __name__)
_PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


@bp.get("/healthz")
def alive() -> Any:
    """The process answers; the database is not asked."""
    return "ok\n", 200, _PLAIN


@bp.get("/readyz")
def ready() -> Any:
    """The database answers; 503 when it does not."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "no database\n", 503, _PLAIN
    return "ok\n", 200, _PLAIN

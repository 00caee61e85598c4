"""A person's desk without the person: what a page would show is made by the worker, in that person's language."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, session
from flask_login import login_user

from backoffice.core.db import writing


@contextmanager
def at_desk_of(find: Callable[[], Any], locale: str) -> Iterator[Any]:
    """Inside the block everything is as in a request of that person; yields what `find` has found, perhaps nobody.

    The block has a database session of its own, which is closed at its end; nothing is committed by itself.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    host = (app.config["TRUSTED_HOSTS"] or ["localhost"])[0].lstrip(".")
    with app.app_context(), app.test_request_context("/", base_url=f"http://{host}"):
        before = writing.get()
        person = find()
        session["locale"] = locale
        if person is not None:
            login_user(person, force=True)
        try:
            yield person
        finally:
            writing.set(before)

"""Saying something in another language than the reader's: papers and invoices are in the office's."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from flask_babel import force_locale

#: What keeps texts for the running request and puts them aside meanwhile; the web layer adds its own.
ASIDE: list[Callable[[], AbstractContextManager[None]]] = []


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Inside the block everything is said in that language ("zh_Hans_CN"); afterwards in the reader's again."""
    with ExitStack() as stack:
        for put_aside in ASIDE:
            stack.enter_context(put_aside())
        stack.enter_context(force_locale(locale))
        yield

"""Asking once what is the same for every record of a bulk act: who is told, who is away, which voucher is meant."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers", default=None)


@contextmanager
def asking() -> Iterator[None]:
    """Within the block every question is asked once."""
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def once(question: Hashable, ask: Callable[[], T]) -> T:
    """The answer to a question; outside of `asking` it is asked anew each time."""
    known = _answers.get()
    if known is None:
        return ask()
    if question not in known:
        known[question] = ask()
    answer: T = known[question]
    return answer


def know(question: Hashable, answer: Any) -> None:
    """Give the answer before the question comes; outside of `asking` it is forgotten."""
    known = _answers.get()
    if known is not None:
        known[question] = answer

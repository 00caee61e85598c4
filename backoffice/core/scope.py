"""Row scope: which rows of a table a person may see at all (P-1). One rule per table, used on every path."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from .permissions import Actor

Scope = Callable[[Any], ColumnElement[bool]]
_SCOPES: dict[type, Scope] = {}


def scoped(model: type) -> Callable[[Scope], Scope]:
    """Declare the function (actor -> condition) that limits `model`; exactly one per table."""

    def declare(rule: Scope) -> Scope:
        if model in _SCOPES:
            raise ValueError(f"{model.__name__} has a scope already")
        _SCOPES[model] = rule
        return rule

    return declare


def is_scoped(model: type) -> bool:
    """Whether a row scope is declared for `model`."""
    return model in _SCOPES


def visible(model: type, by: Actor) -> ColumnElement[bool]:
    """The condition that limits `model` to the rows that `by` may see. LookupError where none is declared."""
    try:
        return _SCOPES[model](by)
    except KeyError:
        raise LookupError(f"{model.__name__} has no row scope") from None


def select_visible(model: type, by: Actor) -> Select[Any]:
    """`SELECT model` within the person's scope."""
    return select(model).where(visible(model, by))

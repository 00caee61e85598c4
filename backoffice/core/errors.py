"""The few kinds of refusal. The text is for the clerk: what is wrong, what to do, and where."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

Text: TypeAlias = str | LazyString


@dataclass(frozen=True)
class Remedy:
    """Where the missing thing is supplied: a label, the page's endpoint and its parameters (the web layer links it)."""

    label: Text
    endpoint: str
    params: dict[str, Any] = field(default_factory=dict)


class BackofficeError(Exception):
    """A refusal for the person at the desk.

    message: what is wrong and what to do, translatable. rule: the ID of the rule that refuses, e.g. "W-1.8".
    field: the input it belongs to, if any. remedy: the page that supplies what is missing, if any.
    """

    status = 409

    def __init__(self, message: Text, *, rule: str = "", field: str = "", remedy: Remedy | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.rule = rule
        self.field = field
        self.remedy = remedy

    def __str__(self) -> str:
        if not self.rule:
            return str(self.message)
        return str(gettext("%(message)s (%(rule)s)", message=self.message, rule=self.rule))


class NotPermitted(BackofficeError):
    """The person may not do this, whatever the state of the record (P-3, P-4)."""

    status = 403


class RecordNotFound(BackofficeError):
    """No such record within the person's row scope (P-1); says nothing about records outside it."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_l("There is no such record here."), rule="P-1")


class IllegalTransition(BackofficeError):
    """The record is not in a state from which this act may start (G-05)."""


class RuleViolated(BackofficeError):
    """A rule of the office forbids it."""


class MissingInput(BackofficeError):
    """Something that the act needs was not given; `field` names it."""

    status = 422


class StaleDocument(BackofficeError):
    """Somebody else changed the record since this person saw it (G-06)."""

    def __init__(self, message: Text | None = None) -> None:
        super().__init__(
            message or _l("Somebody else has changed this record in the meantime. Look at it again, then decide."),
            rule="G-06",
        )

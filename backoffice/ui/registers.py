"""Which registers the office has (R-01 and on): data to which every feature adds its own.

A register is one list or several, each opened with the filters that make it the register; the feature `registers`
shows them all on one page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import url_for

from backoffice.core.permissions import Actor

from . import registry
from .guards import holds


@dataclass(frozen=True)
class Entry:
    """A list, or another page, under the filters that make it a register. label: "" for the list's own name."""

    endpoint: str
    label: Any = ""
    filters: Mapping[str, Any] = field(default_factory=dict)
    page: str = "index_view"

    def opens_for(self, by: Actor) -> Any | None:
        """The view behind it where the person may open that; else None."""
        view = registry.view_at(self.endpoint)
        return view if view is not None and holds(by, type(view).read, view) else None

    def url(self) -> str:
        """Address of the list, filtered; the whole list rather than what it opens with for this person."""
        return url_for(f"{self.endpoint}.{self.page}", **self._asked())

    def file_url(self) -> str:
        """Address to which the file of the list, or its print, is asked for."""
        return url_for(f"{self.endpoint}.export_view", **self._asked())

    def _asked(self) -> Mapping[str, Any]:
        view = registry.view_at(self.endpoint)
        is_whole = not self.filters and hasattr(view, "list_filters") and not view.default_filters
        return {"all": "1"} if is_whole and self.page == "index_view" else self.filters

    def has_file(self, by: Actor) -> bool:
        """Whether the person may take it as a file or on paper."""
        view = self.opens_for(by)
        return view is not None and self.page == "index_view" and hasattr(view, "may_export") and view.may_export(by)


@dataclass
class Register:
    """A register by its rule: what it is called, what it shows, and the lists that it consists of."""

    rule: str
    name: Any
    says: Any
    entries: list[Entry]


#: By rule, "R-01".
REGISTERS: dict[str, Register] = {}


def declare(rule: str, name: Any, says: Any, *entries: Entry) -> None:
    """Declare a register. Raises ValueError where there is one of this rule."""
    if rule in REGISTERS:
        raise ValueError(f"register {rule} is declared twice")
    REGISTERS[rule] = Register(rule, name, says, list(entries))


def add(rule: str, *entries: Entry) -> None:
    """Add lists to a register of an earlier feature. Raises KeyError where there is none."""
    REGISTERS[rule].entries.extend(entries)

"""The audit trail in words: the timeline of a record, and what an entry says to a reader of either language."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import inspect, select

from backoffice.core import acts as core_acts
from backoffice.core import scope
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.permissions import Actor
from backoffice.core.states import LabelledEnum

from . import formatters, registry

ENTRIES_PER_PAGE = 30
#: What happens besides the acts, by its whole key or by its verb.
EVENTS = {
    "unmask": _l("Personal data shown"),
    "attach": _l("File attached"),
    "edit": _l("Changed"),
    "create": _l("Created"),
    "add": _l("Added"),
    "install": _l("Installed with its default"),
    "carry": _l("Entered by the job of the evening"),
    "print": _l("Printed"),
    "export": _l("Exported"),
    "system": _l("Entered by the system"),
    "user.login": _l("Logged in"),
    "user.logout": _l("Logged out"),
    "user.login_refused": _l("Login refused"),
    "user.login_paused": _l("Login paused after too many wrong passwords"),
    "user.change_password": _l("Changed the own password"),
    "user.change_locale": _l("Changed the own language"),
    "holiday.install": _l("Installed from the official calendar"),
}


@dataclass
class Entry:
    """One entry of the timeline."""

    at: datetime
    words: Any
    who: str
    entered: datetime | None = None
    is_late: bool = False
    note: str = ""
    for_whom: str = ""
    changes: list[tuple[Any, Markup | None, Markup]] = field(default_factory=list)


def timeline(view: Any, doc: Any, by: Actor, page: int) -> tuple[list[Entry], bool]:
    """(entries of the page, newest first; whether older ones follow)."""
    people = db.metadata.tables["user"]
    other = people.alias()
    query = (
        select(AuditEntry, people.c.real_name, other.c.real_name)
        .outerjoin(people, people.c.id == AuditEntry.user_id)
        .outerjoin(other, other.c.id == AuditEntry.on_behalf_of_id)
        .where(AuditEntry.subject_type == doc.__tablename__, AuditEntry.subject_id == doc.id)
        .where(view.trail_condition(by))
        .order_by(AuditEntry.id.desc())
        .limit(ENTRIES_PER_PAGE + 1)
        .offset((page - 1) * ENTRIES_PER_PAGE)
    )
    rows = db.session.execute(query).all()
    names = Names(view.model, [row[0].changes or {} for row in rows], by)
    entries = [_entry(view, names, *row) for row in rows[:ENTRIES_PER_PAGE]]
    return entries, len(rows) > ENTRIES_PER_PAGE


def _entry(view: Any, names: "Names", row: AuditEntry, who: str | None, other: str | None) -> Entry:
    late = abs((row.at - row.event_at).total_seconds()) >= 60
    note = _note(view, row)
    return Entry(
        row.event_at, act_words(row.act), who or gettext("system"), row.at if late else None, row.is_late, note,
        other or "", changed(view, names, row),
    )  # fmt: skip


def _note(view: Any, row: AuditEntry) -> str:
    if row.act.endswith(".unmask"):
        return str(view.label(row.note))
    if row.act in core_acts.REGISTRY and row.act.endswith(".print") and row.note:
        return gettext("Reprint no. %(n)s", n=row.note)
    return row.note


def changed(view: Any, names: "Names", row: AuditEntry) -> list[tuple[Any, Markup | None, Markup]]:
    """(label of the field, old value or None, new value) of an entry, in the reader's words."""
    return [
        (view.label(key), None if pair[0] is None else names.show(key, pair[0]), names.show(key, pair[1]))
        for key, pair in (row.changes or {}).items()
        if isinstance(pair, list) and len(pair) == 2
    ]


def act_words(key: str) -> Any:
    """What an entry's act is called: the act's own label, a known event, else the verb of its key."""
    act = core_acts.REGISTRY.get(key)
    return act.label if act is not None else EVENTS.get(key) or EVENTS.get(key.rpartition(".")[2]) or key


class Names:
    """Readable values of an audit entry: enum labels, names of rows behind keys (one statement per table)."""

    def __init__(self, model: type[Any], all_changes: Iterable[dict[str, Any]], by: Actor) -> None:
        self.columns = {a.key: a.columns[0] for a in inspect(model).column_attrs}
        self.targets = {
            column.key: relation.mapper.class_
            for relation in inspect(model).relationships
            if len(relation.local_columns) == 1 and not relation.uselist
            for column in relation.local_columns
        }
        for key, column in self.columns.items():
            for foreign in getattr(column, "foreign_keys", ()):
                owner = registry.view_of(foreign.target_fullname.partition(".")[0])
                if owner is not None:
                    self.targets.setdefault(key, owner.model)
        wanted: dict[type[Any], set[int]] = {}
        for changes in all_changes:
            for key, pair in changes.items():
                if key in self.targets and isinstance(pair, list):
                    wanted.setdefault(self.targets[key], set()).update(v for v in pair if isinstance(v, int))
        self.titles: dict[tuple[type[Any], int], str] = {}
        for target, keys in wanted.items():
            at_hand = {key: row for key in keys if (row := _at_hand(target, key)) is not None}
            for row in [*at_hand.values(), *self._rows(target, keys - at_hand.keys(), by)]:
                self.titles[target, row.id] = formatters.title(row)

    @staticmethod
    def _rows(target: type[Any], keys: set[int], by: Actor) -> Iterable[Any]:
        if not keys:
            return []
        try:
            query = scope.select_visible(target, by).where(target.id.in_(keys))
        except LookupError:
            return []
        return db.session.scalars(query).unique()

    def show(self, key: str, value: Any) -> Markup:
        """The stored value in words."""
        column = self.columns.get(key)
        if key in self.targets and isinstance(value, int):
            return formatters.text(self.titles.get((self.targets[key], value), f"#{value}"))
        if column is None or value is None:
            return formatters.plain(value)
        kind = formatters.python_type(column)
        if isinstance(kind, type) and issubclass(kind, LabelledEnum) and isinstance(value, str):
            member = kind._value2member_map_.get(value)
            return formatters.badge(member) if member is not None else formatters.text(value)  # type: ignore[arg-type]
        if kind is Decimal and isinstance(value, str):
            if formatters.is_quantity(column):
                return formatters.quantity(Decimal(value))
            return formatters.plain(Decimal(value))
        if kind is date and isinstance(value, str):
            return formatters.day(date.fromisoformat(value))
        if kind is datetime and isinstance(value, str):
            return formatters.moment_exact(_moment(value))
        return formatters.plain(value)


def _moment(value: str) -> datetime | None:
    found = datetime.fromisoformat(value)
    return found if found.tzinfo is not None else None


def _at_hand(target: type[Any], key: int) -> Any | None:
    """The row if the page has loaded it already, as what the record links to."""
    return db.session.identity_map.get(inspect(target).identity_key_from_primary_key((key,)))

"""The record page: stage bar, act buttons, sections, related counts, files and one timeline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import func, inspect, select

from backoffice.core import acts as core_acts
from backoffice.core import scope
from backoffice.core.attachments import Attachment
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Actor
from backoffice.core.states import LabelledEnum, StateEnum

from . import formatters, registry
from .act_page import FORMS

ENTRIES_PER_PAGE = 30
#: Acts of these names stand beside the timeline instead of above the record.
TIMELINE_ACTS = frozenset({"note", "attach"})


@dataclass
class Button:
    """An act offered on a record: a link when it asks for input, else a form with one button."""

    act: core_acts.Act
    label: Any
    url: str
    record: Any
    is_link: bool
    reason: str = ""
    is_primary: bool = False
    group: Any = ""


@dataclass
class Shown:
    """One field of a section."""

    name: str
    label: Any
    value: Any
    can_show: bool = False


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


@dataclass(frozen=True)
class Stage:
    """One stage of the bar: past, current or ahead."""

    label: Any
    tone: str
    when: str


def buttons(view: Any, doc: Any, by: Actor) -> list[Button]:
    """What the person may do: possible acts first as they are ordered; impossible ones carry their reason."""
    back = f"{doc.__tablename__}:{doc.id}"
    found = _buttons(view, doc, by, back, "")
    for path, label in view.also_acts:
        related = getattr(doc, path, None)
        owner = registry.view_of(related) if related is not None else None
        if owner is not None and owner.is_accessible():
            found += _buttons(owner, related, by, back, label)
    primary = next((b for b in found if b.act.tone == "primary" and not b.reason), None)
    if primary is not None:
        primary.is_primary = True
    return found


def _buttons(view: Any, doc: Any, by: Actor, back: str, group: Any) -> list[Button]:
    found = []
    for act in view.acts():
        if not act.permitted(by):
            continue
        reason = ""
        try:
            act.check(doc, by)
        except BackofficeError as refusal:
            reason = str(refusal)
        if act.key == view.edit_act:
            url = url_for(f"{view.endpoint}.edit_view", id=doc.id)
        elif act.key in FORMS:
            url = url_for(f"{view.endpoint}.act_view", name=act.name, id=doc.id, back=back)
        else:
            url = url_for(f"{view.endpoint}.act_view", name=act.name)
        found.append(
            Button(act, act.label, url, doc, act.key in FORMS or act.key == view.edit_act, reason, group=group)
        )
    return found


def stage_bar(view: Any, doc: Any) -> list[Stage]:
    """The stages of the document with the current one marked; a state outside the bar is added at its end."""
    if not view.stages:
        return []
    stages: Sequence[StateEnum] = view.stages
    current = doc.state
    if current not in stages:
        return [*(Stage(s.label, "", "ahead") for s in stages), Stage(current.label, current.tone, "current")]
    place = stages.index(current)
    return [
        Stage(s.label, s.tone, "past" if i < place else "current" if i == place else "ahead")
        for i, s in enumerate(stages)
    ]


def sections(view: Any, doc: Any, by: Actor, revealed: dict[str, str]) -> list[tuple[Any, list[Shown]]]:
    """The sections of the page with their values; personal data masked unless just revealed."""
    may = view.may_unmask(doc, by)
    found = []
    for one in view.page_sections():
        fields = [_shown(view, doc, name, may, revealed) for name in one.fields]
        if one.only_filled:
            fields = [shown for shown in fields if shown.value not in ("", formatters.EMPTY)]
        if fields:
            found.append((one.title, fields))
    return found


def _shown(view: Any, doc: Any, name: str, may: bool, revealed: dict[str, str]) -> Shown:
    if name in revealed:
        return Shown(name, view.label(name), formatters.text(revealed[name]))
    formatter = (view.column_formatters_detail or view.column_formatters or {}).get(name)
    if formatter is not None:
        value = formatters.plain(formatter(view, None, doc, name))
    elif "." not in name and hasattr(getattr(doc, name, None), "__tablename__"):
        value = linked(getattr(doc, name))
    else:
        raw = getattr(doc, name) if "." not in name else None
        is_moment = isinstance(raw, datetime)
        value = formatters.moment_exact(raw) if is_moment else formatters.cell_of(name, view.model)(doc)
    hidden = "." not in name and bool(getattr(doc, name, None)) and formatters.is_masked(doc, name)
    return Shown(name, view.label(name), value, can_show=may and hidden)


def linked(row: Any) -> Markup:
    """The row's title, linked where the person may open its page."""
    url = registry.link_to(row, row.id)
    words = formatters.text(formatters.title(row))
    return Markup('<a href="{}">{}</a>').format(url, words) if url else words


def related(view: Any, doc: Any) -> list[tuple[Any, str, int]]:
    """(label, address of the list, count) of what belongs to the record: one statement for all counts."""
    links = []
    for one in view.related:
        owner = registry.view_at(one.endpoint)
        if owner is not None and owner.is_accessible():
            url = url_for(f"{one.endpoint}.index_view", **{one.filter_name: doc.id})
            links.append((one.label, url, one.count(doc)))
    if not links:
        return []
    figures = db.session.execute(select(*[count.scalar_subquery() for _, _, count in links])).one()
    return [(label, url, figure or 0) for (label, url, _), figure in zip(links, figures, strict=True)]


def prints(doc: Any) -> int:
    """How often the record has been printed (E-39)."""
    query = select(func.count()).select_from(AuditEntry)
    return db.session.scalar(
        query.where(
            AuditEntry.subject_type == doc.__tablename__, AuditEntry.subject_id == doc.id,
            AuditEntry.act == f"{doc.__tablename__}.print",
        )
    ) or 0  # fmt: skip


def files(doc: Any) -> list[Attachment]:
    """The files of the record, newest first."""
    query = select(Attachment).where(Attachment.subject_type == doc.__tablename__, Attachment.subject_id == doc.id)
    return list(db.session.scalars(query.order_by(Attachment.id.desc()).limit(60)))


def timeline(view: Any, doc: Any, by: Actor, page: int) -> tuple[list[Entry], bool]:
    """(entries of the page, newest first; whether older ones follow)."""
    people = db.metadata.tables["user"]
    other = people.alias()
    query = (
        select(AuditEntry, people.c.real_name, other.c.real_name)
        .outerjoin(people, people.c.id == AuditEntry.user_id)
        .outerjoin(other, other.c.id == AuditEntry.on_behalf_of_id)
        .where(AuditEntry.subject_type == doc.__tablename__, AuditEntry.subject_id == doc.id)
        .order_by(AuditEntry.id.desc())
        .limit(ENTRIES_PER_PAGE + 1)
        .offset((page - 1) * ENTRIES_PER_PAGE)
    )
    rows = db.session.execute(query).all()
    names = _Names(view.model, [row[0].changes or {} for row in rows], by)
    entries = [_entry(view, names, *row) for row in rows[:ENTRIES_PER_PAGE]]
    return entries, len(rows) > ENTRIES_PER_PAGE


_EVENTS = {
    "unmask": _l("Personal data shown"),
    "attach": _l("File attached"),
    "edit": _l("Changed"),
    "create": _l("Created"),
    "print": _l("Printed"),
    "export": _l("Exported"),
    "system": _l("Entered by the system"),
}


def _entry(view: Any, names: "_Names", row: AuditEntry, who: str | None, other: str | None) -> Entry:
    act = core_acts.REGISTRY.get(row.act)
    name = row.act.rpartition(".")[2]
    words = act.label if act is not None else _EVENTS.get(name) or row.act
    late = abs((row.at - row.event_at).total_seconds()) >= 60
    changes = [
        (view.label(key), None if pair[0] is None else names.show(key, pair[0]), names.show(key, pair[1]))
        for key, pair in (row.changes or {}).items()
        if isinstance(pair, list) and len(pair) == 2
    ]
    note = str(view.label(row.note)) if name == "unmask" else row.note
    return Entry(
        row.event_at, words, who or gettext("system"), row.at if late else None, row.is_late, note, other or "", changes
    )


class _Names:
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
            for row in self._rows(target, keys, by):
                self.titles[target, row.id] = formatters.title(row)

    @staticmethod
    def _rows(target: type[Any], keys: set[int], by: Actor) -> Iterable[Any]:
        try:
            query = scope.select_visible(target, by).where(target.id.in_(keys))
        except LookupError:
            return []
        return db.session.scalars(query).unique() if keys else []

    def show(self, key: str, value: Any) -> Markup:
        """The stored value in words."""
        column = self.columns.get(key)
        if key in self.targets and isinstance(value, int):
            return formatters.text(self.titles.get((self.targets[key], value), f"#{value}"))
        if column is None or value is None:
            return formatters.plain(value)
        kind = _python_type(column)
        if isinstance(kind, type) and issubclass(kind, LabelledEnum) and isinstance(value, str):
            member = kind._value2member_map_.get(value)
            return formatters.badge(member) if member is not None else formatters.text(value)  # type: ignore[arg-type]
        if kind is Decimal and isinstance(value, str):
            return formatters.plain(Decimal(value))
        if kind is date and isinstance(value, str):
            return formatters.day(date.fromisoformat(value))
        if kind is datetime and isinstance(value, str):
            return formatters.moment_exact(_moment(value))
        return formatters.plain(value)


def _moment(value: str) -> datetime | None:
    found = datetime.fromisoformat(value)
    return found if found.tzinfo is not None else None


def _python_type(column: Any) -> Any:
    try:
        return column.type.python_type
    except NotImplementedError:
        return None

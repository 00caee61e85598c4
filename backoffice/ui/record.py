"""The record page: stage bar, act buttons, sections, related counts, files and one timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import func, select

from backoffice.core import acts as core_acts
from backoffice.core.attachments import Attachment
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Actor
from backoffice.core.states import StateEnum

from . import formatters, registry
from .act_page import FORMS

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
            # only what is possible now, and notes stay with their own record
            offered = _buttons(owner, related, by, back, label)
            found += [b for b in offered if not b.reason and b.act.name not in TIMELINE_ACTS]
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
        related_row = getattr(doc, name)
        value = registry.linked(related_row, related_row.id, formatters.text(formatters.title(related_row)))
    else:
        raw = getattr(doc, name) if "." not in name else None
        is_moment = isinstance(raw, datetime)
        value = formatters.moment_exact(raw) if is_moment else formatters.cell_of(name, view.model)(doc)
    hidden = "." not in name and bool(getattr(doc, name, None)) and formatters.is_masked(doc, name)
    return Shown(name, view.label(name), value, can_show=may and hidden)


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

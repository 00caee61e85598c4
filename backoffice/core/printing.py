"""Printed papers (E-39): which form of which record was printed for the how-maniest time, when, by whom.

Printing is an act of its own for each form, so that permission, row scope and audit trail hold for it as for any other.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from . import audit
from .acts import Act, act
from .db import db
from .errors import Text
from .once import know, once
from .permissions import Actor, Permission

#: What else happens when a form of a record is printed; the record is locked, the caller flushes.
OnPrint = Callable[[Any, Actor, datetime], None]
RULE = "E-39"


class PrintEntry(db.Model):
    """One print of one form: of a record, or of a list on one day. Rows are only ever added."""

    __tablename__ = "print_entry"
    __audited__ = False  # the trail of the printed record says it
    __shown__ = ("form", "subject")
    __table_args__ = (
        Index("uq_print_entry_nth", "subject_type", "subject_id", "form", "nth", unique=True,
              sqlite_where=text("subject_id IS NOT NULL"), postgresql_where=text("subject_id IS NOT NULL")),
        Index("uq_print_entry_list_nth", "branch_id", "form", "subject", "nth", unique=True,
              sqlite_where=text("subject_id IS NULL AND subject <> ''"),
              postgresql_where=text("subject_id IS NULL AND subject <> ''")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id", ondelete="RESTRICT"), index=True)
    #: "F-02"
    form: Mapped[str] = mapped_column(String(20), index=True)
    subject_type: Mapped[str] = mapped_column(String(60))
    #: None for a list
    subject_id: Mapped[int | None]
    #: number of the record; of a list its day, "" for an extract
    subject: Mapped[str] = mapped_column(String(120), default="", index=True)
    #: 1 is the first print, 2 the first reprint
    nth: Mapped[int]
    printed_at: Mapped[datetime] = mapped_column(index=True)
    printed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    locale: Mapped[str] = mapped_column(String(12))
    #: names the sheets that were printed together
    ticket: Mapped[str] = mapped_column(String(64), index=True)
    #: keys of the records that a list holds
    extent: Mapped[dict[str, Any] | None]

    @property
    def number(self) -> str:
        """What the audit trail calls it."""
        return " ".join(part for part in (self.form, self.subject) if part)

    @property
    def reprint(self) -> int:
        """0 for the first print, then counted."""
        return self.nth - 1

    def __str__(self) -> str:
        return self.number


def last_print(form: str, subject: Any) -> int:
    """How often a form of the record has been printed."""
    query = select(func.max(PrintEntry.nth)).where(
        PrintEntry.subject_type == subject.__tablename__, PrintEntry.subject_id == subject.id, PrintEntry.form == form
    )
    return once(("prints", form, subject.id), lambda: db.session.scalar(query) or 0)


def _know_prints(form: str, model: type[Any]) -> Callable[[Sequence[Any]], None]:
    def prepare(docs: Sequence[Any]) -> None:
        keys = [doc.id for doc in docs]
        query = (
            select(PrintEntry.subject_id, func.max(PrintEntry.nth))
            .where(
                PrintEntry.subject_type == model.__tablename__, PrintEntry.subject_id.in_(keys),
                PrintEntry.form == form,
            )
            .group_by(PrintEntry.subject_id)
        )  # fmt: skip
        found = {row.subject_id: row[1] for row in db.session.execute(query)}
        for key in keys:
            know(("prints", form, key), found.get(key, 0))

    return prepare


def print_act(
    form: str, model: type[Any], *, permission: Permission | tuple[Permission, ...], label: Text,
    on_print: OnPrint | None = None,
) -> Act:  # fmt: skip
    """Declare the act `form.print` of the records of `model`; `on_print` is called for each record."""

    @act(
        f"{form}.print", model, permission=permission, label=_l("Print: %(form)s", form=label), rule=RULE,
        prepare=_know_prints(form, model), order=95, offered=False,
    )  # fmt: skip
    def print_record(doc: Any, *, by: Actor, at: datetime, ticket: str, locale: str) -> None:
        """Note the print; from the second on the paper says which reprint it is."""
        nth = last_print(form, doc) + 1
        what = audit.occasion()
        assert what is not None  # noqa: S101 - an act runs on an occasion
        if nth > 1:
            what.notes[doc.__tablename__, doc.id] = str(nth - 1)
        what.rows.setdefault(PrintEntry, []).append(
            {
                "branch_id": doc.branch_id, "form": form, "subject_type": doc.__tablename__, "subject_id": doc.id,
                "subject": audit.audit_name(doc)[:120], "nth": nth, "printed_at": at, "printed_by_id": by.id,
                "locale": locale, "ticket": ticket,
            }
        )  # fmt: skip
        if on_print is not None:
            on_print(doc, by, at)

    return print_record


def print_list_act(form: str, model: type[Any], *, permission: Permission | tuple[Permission, ...], label: Text) -> Act:
    """Declare the act `form.print` of a list of records of `model`; it makes the entry of the print log."""

    @act(
        f"{form}.print", PrintEntry, permission=permission, label=_l("Print: %(form)s", form=label), rule=RULE,
        creates=True,
    )  # fmt: skip
    def print_list(
        *, by: Actor, at: datetime, ticket: str, locale: str, keys: Sequence[int], subject: str = ""
    ) -> PrintEntry:
        """Note the print of a list; that of a day says which reprint it is, an extract by a filter does not."""
        nth = 1
        if subject:
            earlier = select(func.max(PrintEntry.nth)).where(
                PrintEntry.branch_id == by.branch_id, PrintEntry.form == form, PrintEntry.subject == subject,
                PrintEntry.subject_id.is_(None),
            )  # fmt: skip
            nth = (db.session.scalar(earlier) or 0) + 1
        entry = PrintEntry(
            branch_id=by.branch_id, form=form, subject_type=model.__tablename__, subject_id=None, subject=subject,
            nth=nth, printed_at=at, printed_by_id=by.id, locale=locale, ticket=ticket, extent={"keys": list(keys)},
        )  # fmt: skip
        db.session.add(entry)
        return entry

    return print_list

"""Printed papers: what a feature declares, and how its sheets are made (F-01 and on, E-39).

A form is declared by decorating the function that finds what its sheets say, for any number of records with a fixed
number of statements. The pages around it are in `print_pages`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

import segno
from flask import current_app, render_template, url_for
from flask_babel import get_locale, gettext
from markupsafe import Markup
from sqlalchemy import false, select

from backoffice.core import clock
from backoffice.core.acts import Act
from backoffice.core.attachments import Attachment, AttachmentKind
from backoffice.core.db import db
from backoffice.core.language import speaking
from backoffice.core.permissions import Actor, Permission
from backoffice.core.printing import OnPrint, PrintEntry, print_act, print_list_act

from . import formatters, registry

#: Every form by its key, "F-02".
PRINTS: dict[str, "PrintForm"] = {}
#: Records that one print takes, and lines that a printed list has at most.
MOST_RECORDS = 100
MOST_LINES = 1000
#: Languages of the papers, as they call themselves; the organisation puts its own here.
languages: dict[str, str] = {"en": "English"}


class Paper(Enum):
    """Sizes of the sheets; the value is the class of the page and the name of its style sheet."""

    A4 = "a4"
    A4_LANDSCAPE = "a4-landscape"
    A5 = "a5"
    A6 = "a6"

    @property
    def words(self) -> str:
        """As a print dialog calls it."""
        return gettext("A4 landscape") if self is Paper.A4_LANDSCAPE else self.value.upper()


@dataclass(frozen=True)
class Letterhead:
    """Who prints: the head of every sheet."""

    company: str
    branch: str = ""
    department: str = ""
    address: str = ""
    phone: str = ""


#: Letterheads by the keys of branches, None standing for the company alone; the organisation puts its own here.
letterheads: Callable[[Iterable[int]], dict[int | None, Letterhead]] = lambda keys: {}  # noqa: E731 - replaced


class Personal:
    """Personal data on the papers of one print.

    A form for the customer asks for it in full, `full`; then it is in full for those who may have it shown, and
    every value is noted in `noted`. reveal: False in a preview, which masks all. only: values, as (table, key, field),
    that were noted when the papers were printed; nothing else is shown.
    """

    def __init__(self, by: Actor, *, reveal: bool, only: set[tuple[str, int, str]] | None = None) -> None:
        self.by = by
        self.reveal = reveal
        self.only = only
        self.noted: dict[tuple[str, int, str], Any] = {}

    def full(self, row: Any, name: str, by_way_of: Any = None) -> str:
        """The datum in full where `by` may have it shown (X-20), else masked.

        by_way_of: the record whose view decides, where that is not the row itself.
        """
        value = getattr(row, name) or ""
        if not value or not formatters.is_masked(row, name):
            return value
        key = (row.__tablename__, row.id, name)
        if self.reveal and (self.only is None or key in self.only) and self._may(by_way_of or row):
            self.noted[key] = row
            return value
        return formatters.masked(row, name)

    def masked(self, row: Any, name: str) -> str:
        """The datum as internal papers show it."""
        return formatters.masked(row, name)

    def _may(self, row: Any) -> bool:
        view = registry.view_of(row)
        return view is not None and view.may_unmask(row, self.by)


Facts = Callable[[Sequence[Any], Personal], Sequence[dict[str, Any]]]
#: (day, key of the branch) -> template values of the sheet of a day
DayFacts = Callable[[date, int], dict[str, Any]]


@dataclass(frozen=True)
class PrintForm:
    """One declared form. See `print_form`, `print_list` and `print_day`."""

    key: str
    model: type[Any]
    label: Any
    paper: Paper
    template: str
    facts: Facts
    act: Act
    copies: tuple[Any, ...] = ()
    load: tuple[Any, ...] = ()
    is_list: bool = False
    on_day: Callable[[date], Any] | None = None
    order: tuple[Any, ...] = ()
    scan: str = ""
    of_day: DayFacts | None = None

    def permitted(self, by: Actor) -> bool:
        """Whether the person may ever print it: the act's right, and that of the register."""
        view = registry.view_of(self.model)
        return view is not None and view.is_accessible() and self.act.permitted(by)


@dataclass
class Sheet:
    """What the frame of a sheet needs to know; templates read it as `sheet`."""

    form: PrintForm
    head: Letterhead
    number: str
    title: Any
    qr: Markup | str = ""
    copy: str = ""
    #: "" or why the paper is not valid: it is a preview, or its record is void
    marks: tuple[str, ...] = ()
    reprint: int = 0
    printed_at: datetime | None = None
    printed_by: str = ""


def print_form(
    key: str, model: type[Any], *, label: Any, paper: Paper, template: str,
    permission: Permission | tuple[Permission, ...], copies: Sequence[Any] = (),
    load: Sequence[Any] = (), on_print: OnPrint | None = None, scan: str = "",
) -> Callable[[Facts], Facts]:  # fmt: skip
    """Declare the decorated function as what the sheets of form `key` say about records of `model`.

    The function takes the records and `Personal`, and gives one dictionary of template values for each, in their
    order. copies: who gets which copy, one sheet each. load: loader options of the records. on_print: called in the
    act for each record, as (record, by, at). scan: endpoint for the QR code instead of the record's page; it is built
    with `number`.
    """

    def declare(facts: Facts) -> Facts:
        act = print_act(key, model, permission=permission, label=label, on_print=on_print)
        _declare(PrintForm(key, model, label, paper, template, facts, act, tuple(copies), tuple(load), scan=scan))
        return facts

    return declare


def print_list(
    key: str, model: type[Any], *, label: Any, paper: Paper, template: str,
    permission: Permission | tuple[Permission, ...], on_day: Callable[[date], Any],
    order: Sequence[Any], load: Sequence[Any] = (),
) -> Callable[[Facts], Facts]:  # fmt: skip
    """Declare the decorated function as what the list `key` says about records of `model`, one dictionary for each.

    on_day: day -> condition of the records that stand on the list of that day. order: how they follow each other.
    """

    def declare(facts: Facts) -> Facts:
        act = print_list_act(key, model, permission=permission, label=label)
        _declare(
            PrintForm(key, model, label, paper, template, facts, act, (), tuple(load), is_list=True, on_day=on_day,
                      order=tuple(order))
        )  # fmt: skip
        return facts

    return declare


def print_day(
    key: str, model: type[Any], *, label: Any, paper: Paper, template: str,
    permission: Permission | tuple[Permission, ...],
) -> Callable[[DayFacts], DayFacts]:  # fmt: skip
    """Declare the decorated function as what the sheet `key` says of a day of a branch: figures, no records.

    model: the table in whose name it is logged, and whose register one has to be allowed to open.
    """

    def declare(of_day: DayFacts) -> DayFacts:
        act = print_list_act(key, model, permission=permission, label=label)
        _declare(
            PrintForm(key, model, label, paper, template, _no_lines, act, is_list=True, on_day=lambda day: false(),
                      of_day=of_day)
        )  # fmt: skip
        return of_day

    return declare


def _no_lines(docs: Sequence[Any], personal: Personal) -> list[dict[str, Any]]:
    return []


def _declare(form: PrintForm) -> None:
    if form.key in PRINTS:
        raise ValueError(f"form {form.key} is declared twice")
    PRINTS[form.key] = form


def offered(view: Any, by: Actor) -> tuple[list[PrintForm], list[PrintForm]]:
    """(forms of a record, lists) of the view's table that the person may print; none on a second view of a table."""
    if registry.view_of(view.model) is not view:
        return [], []
    found = [one for one in PRINTS.values() if one.model is view.model and one.of_day is None and one.permitted(by)]
    return [one for one in found if not one.is_list], [one for one in found if one.is_list]


def has_forms(model: type[Any]) -> bool:
    """Whether records of the table are printed on forms, and not as the page on the screen."""
    return any(one.model is model and not one.is_list for one in PRINTS.values())


@dataclass
class Printing:
    """One print, or its preview: how the sheets are to be marked."""

    form: PrintForm
    by: Actor
    locale: str
    personal: Personal
    preview: str = ""
    #: the entries of the print log by the record's key; of a list, under None
    entries: dict[int | None, PrintEntry] = field(default_factory=dict)
    #: of a list: its day, or what it is an extract by
    scope_words: str = ""
    #: of a list: its day, None for an extract
    day: date | None = None

    def sheets(self, docs: Sequence[Any]) -> list[Markup]:
        """Every copy of every record, or the one list of them, as HTML; a fixed number of statements."""
        with speaking(self.locale):
            facts = self.form.facts(docs, self.personal)
            if self.form.is_list:
                return [self._list(docs, facts)]
            heads = letterheads({doc.branch_id for doc in docs})
            made = []
            for doc, values in zip(docs, facts, strict=True):
                sheet = self._sheet(self.entries.get(doc.id), heads.get(doc.branch_id), formatters.audit_name(doc))
                sheet.qr = qr_code(self._address(doc))
                if values.get("void"):
                    sheet.marks += (str(values["void"]),)
                for copy in self.form.copies or ("",):
                    sheet.copy = copy
                    made.append(self._render(sheet, doc=doc, **values))
            return made

    def _list(self, docs: Sequence[Any], facts: Sequence[dict[str, Any]]) -> Markup:
        branches = {doc.branch_id for doc in docs} or {self.by.branch_id}
        heads = letterheads(branches)
        head = heads.get(next(iter(branches)) if len(branches) == 1 else None)
        sheet = self._sheet(self.entries.get(None), head, self.scope_words)
        lines = list(zip(docs, facts, strict=True))
        more = self.form.of_day(self.day, self.by.branch_id) if self.form.of_day and self.day else {}
        return self._render(sheet, lines=lines, **more)

    def _render(self, sheet: Sheet, **values: Any) -> Markup:
        html = render_template(self.form.template, sheet=sheet, f=formatters, **values)
        return Markup(html)  # noqa: S704 - the template escapes

    def _sheet(self, entry: PrintEntry | None, head: Letterhead | None, number: str) -> Sheet:
        sheet = Sheet(self.form, head or Letterhead(""), number, self.form.label)
        sheet.printed_by = getattr(self.by, "real_name", "")
        sheet.printed_at = entry.printed_at if entry is not None else clock.now()
        sheet.reprint = entry.reprint if entry is not None else 0
        sheet.marks = (self.preview,) if self.preview else ()
        return sheet

    def _address(self, doc: Any) -> str:
        if self.form.scan and self.form.scan in current_app.view_functions:
            return url_for(self.form.scan, number=doc.number, _external=True)
        view = registry.view_of(doc)
        return url_for(f"{view.endpoint}.details_view", id=doc.id, _external=True)


def signatures(table: str, keys: Iterable[int]) -> dict[int, str]:
    """Addresses of the pictures of the signatures that were drawn for records of a table; the newest of each."""
    query = select(Attachment.subject_id, Attachment.id).where(
        Attachment.subject_type == table, Attachment.subject_id.in_(list(keys)),
        Attachment.kind == AttachmentKind.SIGNATURE,
    )  # fmt: skip
    return {key: url_for("files.serve", key=file) for key, file in db.session.execute(query.order_by(Attachment.id))}


def qr_code(address: str) -> Markup:
    """The address as a QR code, an SVG without styles of its own."""
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(omitsize=True, border=2, svgclass="qr", lineclass=None))  # noqa: S704 - its own SVG


def default_language() -> str:
    """The reader's language, among those of the papers."""
    now = str(get_locale() or "")
    return next((one for one in languages if one == now or one[:2] == now[:2]), next(iter(languages)))

"""The pages of printing: a preview that is not valid, the print that is written down, and its sheets.

The sheets are shown to whoever printed them, for a quarter of an hour; later they are printed anew, as a reprint.
"""

import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import abort, redirect, render_template, request, url_for
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import clock, pii, scope, submissions
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RecordNotFound, RuleViolated
from backoffice.core.permissions import Actor
from backoffice.core.printing import PrintEntry

from . import listing, printing, registry
from .act_page import sent_key, write_once
from .guards import PageView, actor, anyone, parse_key
from .printing import MOST_LINES, MOST_RECORDS, Personal, PrintForm, Printing

#: How long the sheets of a print can be opened, and how many records its preview shows.
OPEN_FOR = timedelta(minutes=15)
PREVIEWED = 5
#: Parameters of the preview itself; the rest of its address are filters of the list.
OWN = frozenset({"id", "day", "lang", "csrf_token", "client_key", "by", "back"})
RULE = "E-39"


@dataclass
class Wanted:
    """What is to be printed: keys of records, and what a list is called."""

    keys: list[int]
    #: address parameters that ask for the same again
    params: list[tuple[str, str]] = field(default_factory=list)
    day: date | None = None
    by_filter: bool = False

    @property
    def subject(self) -> str:
        """What the print log calls a list: its day; "" for an extract."""
        return self.day.isoformat() if self.day is not None else ""


class PrintsView(PageView):
    """Preview, print and sheets of every declared form."""

    endpoint = "prints"
    url = "/prints"
    name = _l("Print")
    read = staticmethod(anyone)

    @expose("/")
    def index_view(self) -> Any:
        """There is no page of its own; the print log is a register."""
        abort(404)

    @expose("/pick/<key>", methods=("POST",))
    def pick_view(self, key: str) -> Any:
        """From the rows picked in a list to their preview."""
        form = _form(key, _by())
        keys = [parse_key(row) for row in dict.fromkeys(request.form.getlist("rowid"))]
        if not keys:
            raise MissingInput(_l("Select at least one record."), rule=RULE)
        if len(keys) > (MOST_LINES if form.is_list else MOST_RECORDS):
            raise _too_many(form)
        if None in keys:
            raise RecordNotFound
        return redirect(url_for("prints.new_view", key=key, id=keys), 303)

    @expose("/new/<key>", methods=("GET", "POST"))
    def new_view(self, key: str) -> Any:
        """The preview; sent back, the print."""
        by = _by()
        form = _form(key, by)
        locale = _locale()
        wanted = _wanted(form, by)
        if request.method == "POST":
            location, _ = write_once(by, lambda: _print(form, wanted, by, locale))
            return redirect(location, 303)
        docs = _load(form, wanted.keys[: None if form.is_list else PREVIEWED], by)
        if not docs and not form.is_list:
            raise RecordNotFound
        with printing.speaking(locale):
            preview = gettext("Preview – not valid")
        job = Printing(
            form,
            by,
            locale,
            Personal(by, reveal=False),
            preview=preview,
            scope_words=_scope_words(wanted, locale),
            day=wanted.day,
        )
        return self._page(
            form, locale, job.sheets(docs), wanted=wanted, back=_back(form, wanted), is_preview=True,
            more=max(0, len(wanted.keys) - PREVIEWED) if not form.is_list else 0,
        )  # fmt: skip

    @expose("/<ticket>")
    def sheets_view(self, ticket: str) -> Any:
        """The sheets of a print, for whoever printed them; 404 for everybody else and later."""
        by = _by()
        entries = list(
            db.session.scalars(
                select(PrintEntry)
                .where(
                    PrintEntry.ticket == ticket[:64], PrintEntry.printed_by_id == by.id,
                    PrintEntry.printed_at > clock.now() - OPEN_FOR,
                )
                .order_by(PrintEntry.id)
            )
        )  # fmt: skip
        if not entries:
            abort(404, description=gettext("Sheets are open to whoever printed them, for 15 minutes. Print again."))
        first = entries[0]
        form = _form(first.form, by)
        keys = first.extent["keys"] if first.extent else [entry.subject_id for entry in entries]
        wanted = Wanted(keys, day=date.fromisoformat(first.subject) if form.is_list and first.subject else None)
        job = Printing(
            form, by, first.locale, Personal(by, reveal=True, only=_noted(form, by, first)),
            entries={entry.subject_id: entry for entry in entries}, scope_words=_scope_words(wanted, first.locale),
            day=wanted.day,
        )  # fmt: skip
        docs = _load(form, keys, by)
        return self._page(
            form, first.locale, job.sheets(docs), wanted=wanted, back=_back(form, wanted), is_preview=False,
            refused=_refused(by, ticket),
        )  # fmt: skip

    @staticmethod
    def _page(form: PrintForm, locale: str, sheets: list[Any], **values: Any) -> str:
        with printing.speaking(locale):
            title = str(form.label)
        lang = "zh-CN" if locale.startswith("zh") else locale
        return render_template(
            "print/page.html", form=form, sheets=sheets, locale=locale, sheet_lang=lang, title=title,
            languages=printing.languages, **values,
        )  # fmt: skip


def _by() -> Actor:
    by = actor()
    if by is None:
        abort(401)
    return by


def _form(key: str, by: Actor) -> PrintForm:
    form = printing.PRINTS.get(key)
    if form is None:
        abort(404, description=gettext("There is no such form."))
    form.act.require(by)
    if not form.permitted(by):
        raise NotPermitted(_l("Your role may not open this page."), rule="P-3")
    return form


def _locale() -> str:
    asked = request.values.get("lang", "")
    return asked if asked in printing.languages else printing.default_language()


def _too_many(form: PrintForm) -> RuleViolated:
    most = MOST_LINES if form.is_list else MOST_RECORDS
    return RuleViolated(_l("At most %(n)s records are printed at a time.", n=most), rule=RULE)


# -- what is to be printed ---------------------------------------------------------------------------------------------


def _wanted(form: PrintForm, by: Actor) -> Wanted:
    """The records that the address names: keys, for a list also a day, which goes first, or filters of its register."""
    if form.of_day is not None:
        day = _day()
        return Wanted([], [("day", day.isoformat())], day=day)
    given = request.values.getlist("id") if not (form.is_list and request.values.get("day")) else []
    if given or not form.is_list:
        keys = [parse_key(one) for one in dict.fromkeys(given)]
        if not keys or None in keys:
            raise RecordNotFound
        if len(keys) > (MOST_LINES if form.is_list else MOST_RECORDS):
            raise _too_many(form)
        return Wanted(keys, [("id", str(key)) for key in keys])  # type: ignore[misc]
    if request.values.get("by") == "filter" and not request.values.get("day"):
        return _by_filter(form, by)
    day = _day()
    query = select(form.model.id).where(
        form.on_day(day), form.model.branch_id == by.branch_id, scope.visible(form.model, by)
    )
    keys = _limited(form, query.order_by(*form.order))
    return Wanted(keys, [("day", day.isoformat())], day=day)


def _day() -> date:
    try:
        return date.fromisoformat(request.values.get("day", "")[:10])
    except ValueError:
        return clock.today()


def _by_filter(form: PrintForm, by: Actor) -> Wanted:
    view = registry.view_of(form.model)
    asked = listing.read_params(view, request.values)
    query = select(form.model.id).where(*listing.conditions(view, asked, by))
    keys = _limited(form, query.order_by(*asked.order(view).clauses()))
    return Wanted(keys, [("by", "filter"), *asked.params], by_filter=True)


def _limited(form: PrintForm, query: Any) -> list[int]:
    keys = list(db.session.scalars(query.limit(MOST_LINES + 1)))
    if len(keys) > MOST_LINES:
        raise _too_many(form)
    return keys


def _load(form: PrintForm, keys: list[int], by: Actor) -> list[Any]:
    """The records in the order of the keys, within the person's scope."""
    query = select(form.model).where(form.model.id.in_(keys), scope.visible(form.model, by))
    query = query.options(*form.load).execution_options(populate_existing=True)
    found = {doc.id: doc for doc in db.session.scalars(query).unique()}
    return [found[key] for key in keys if key in found]


def _scope_words(wanted: Wanted, locale: str) -> str:
    with printing.speaking(locale):
        if wanted.day is not None:
            return wanted.day.isoformat()
        return gettext("Extract of %(day)s", day=clock.today().isoformat())


def _back(form: PrintForm, wanted: Wanted) -> str:
    view = registry.view_of(form.model)
    if len(wanted.keys) == 1 and not form.is_list:
        return url_for(f"{view.endpoint}.details_view", id=wanted.keys[0])
    filters = [pair for pair in wanted.params if pair[0] not in OWN] if wanted.by_filter else []
    return view.list_url() + (f"?{urlencode(filters)}" if filters else "")


# -- the print ---------------------------------------------------------------------------------------------------------


def _print(form: PrintForm, wanted: Wanted, by: Actor, locale: str) -> tuple[str, dict[str, Any]]:
    """Do the act for every record, write down what is shown in full; raises the refusal where nothing was done."""
    ticket = secrets.token_urlsafe(16)
    refused: list[list[Any]] = []
    if form.is_list:
        if not wanted.keys and not wanted.day:
            raise RecordNotFound
        keys = [doc.id for doc in _load(form, wanted.keys, by)]
        if len(keys) < len(wanted.keys):
            raise RecordNotFound
        form.act(by=by, ticket=ticket, locale=locale, keys=keys, subject=wanted.subject)
    else:
        outcomes = form.act.bulk(wanted.keys, by=by, ticket=ticket, locale=locale)
        keys = [one.id for one in outcomes if one.error is None]
        refused = [[one.id, one.name, str(one.error)] for one in outcomes if one.error is not None]
        if not keys:
            raise next(one.error for one in outcomes if one.error is not None)
    personal = Personal(by, reveal=True)
    with printing.speaking(locale):
        form.facts(_load(form, keys, by), personal)
    at = db.session.scalar(select(PrintEntry.printed_at).where(PrintEntry.ticket == ticket).limit(1))
    noted = [(row, name) for (_table, _key, name), row in personal.noted.items()]
    pii.shown_at_once(noted, by=by, at=at or clock.now(), purpose=_purpose(form))
    return url_for("prints.sheets_view", ticket=ticket, key=sent_key() or None), {"ticket": ticket, "refused": refused}


def _purpose(form: PrintForm) -> str:
    return f"print {form.key}"


def _noted(form: PrintForm, by: Actor, entry: PrintEntry) -> set[tuple[str, int, str]]:
    """What the print showed in full, as it was written down."""
    query = select(pii.PiiAccess.subject_type, pii.PiiAccess.subject_id, pii.PiiAccess.field).where(
        pii.PiiAccess.user_id == by.id, pii.PiiAccess.at == entry.printed_at, pii.PiiAccess.purpose == _purpose(form)
    )
    return {tuple(row) for row in db.session.execute(query)}  # type: ignore[misc]


def _refused(by: Actor, ticket: str) -> list[list[Any]]:
    kept = submissions.find(by.id, request.args.get("key", "")[:64])
    if kept is None or not kept.result or kept.result.get("ticket") != ticket:
        return []
    return list(kept.result["refused"])

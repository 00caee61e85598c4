"""Files prepared in the background: asking for one, watching it, taking it."""

from datetime import timedelta
from typing import Any

from flask import Response, jsonify, request, send_file
from flask_admin import expose
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.core import clock
from backoffice.core.permissions import Actor, Permission
from backoffice.registers import forms as _forms  # noqa: F401 - declares the input page
from backoffice.registers import workflow
from backoffice.registers.models import ExportRun, ExportState
from backoffice.registers.rules import share
from backoffice.ui import export, formatters, listing, registry
from backoffice.ui.act_page import write_once
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import needs
from backoffice.ui.views import DocumentView, Section

from .source import asked_of, list_of


def _register_name(register: str) -> Any:
    view = registry.view_at(register)
    return view.name if view is not None else register


def _registers() -> list[tuple[str, Any]]:
    return [(view.endpoint, view.name) for view in registry.views() if hasattr(view, "list_filters")]


def _course(run: Any) -> str:
    """`1,200 of 45,000 records`, or how many the file has."""
    if run.rows_total is None or run.state not in (ExportState.RUNNING, ExportState.WAITING):
        return ngettext("%(num)s record", "%(num)s records", run.rows_done)
    return gettext("%(done)s of %(total)s records", done=f"{run.rows_done:,}", total=f"{run.rows_total:,}")


def _last_day(run: Any) -> Any:
    """The last day on which the file can be taken."""
    return formatters.day(clock.local(run.expires_at - timedelta(seconds=1)).date()) if run.expires_at else ""


def in_words(view: Any, address: str, by: Actor) -> str:
    """The filters, the search and the order of an address, as the list shows them."""
    asked = asked_of(view, address)
    words = [chip.words for chip in listing.chips(view, asked, [], by)]
    if asked.search:
        words.append(formatters.labelled(gettext("Search"), asked.search))
    if asked.sort:
        words.append(
            formatters.labelled(gettext("Sorted by"), f"{view.label(asked.sort)} {'↓' if asked.desc else '↑'}")
        )
    plain = [word.unescape() if isinstance(word, Markup) else word for word in words]
    return formatters.listed(plain) if plain else gettext("Everything")


class ExportRunView(DocumentView):
    """One's own prepared files."""

    model = ExportRun
    endpoint = "exports"
    url = "/exports/"
    name = _l("Prepared files")
    name_one = _l("Prepared file")
    icon = "export"
    read = Permission.DATA_EXPORT
    create_act = "export_run.ask"
    details_template = "registers/export.html"
    form_template = "registers/ask.html"

    column_list = ("created_at", "register", "format", "state", "course", "finished_at", "expires_at")
    column_labels = {
        "created_at": _l("Asked for on"), "register": _l("List"), "format": _l("Format"), "course": _l("Records"),
        "started_at": _l("Begun"), "finished_at": _l("Ended"), "expires_at": _l("Kept until"), "size": _l("Size"),
        "problem": _l("Why"), "sets": _l("What it shows"),
    }  # fmt: skip
    column_filters = (
        ChoiceFilter("register", _l("List"), _registers, lambda values, by: ExportRun.register.in_(values)),
        "state", "format",
    )  # fmt: skip
    column_default_sort = ("id", True)
    column_formatters = {
        "register": lambda view, context, run, name: _register_name(run.register),
        "course": lambda view, context, run, name: _course(run),
        "expires_at": lambda view, context, run, name: _last_day(run),
    }
    column_formatters_detail = {
        "expires_at": lambda view, context, run, name: _last_day(run),
        "register": lambda view, context, run, name: view.link_to_list(run),
        "sets": lambda view, context, run, name: view.sets(run),
        "size": lambda view, context, run, name: (
            "" if run.size is None else gettext("%(kb)s KB", kb=f"{-(-run.size // 1024):,}")
        ),
    }
    list_needs = ("rows_done", "rows_total")
    sections = (
        Section(_l("File"), ("register", "sets", "format", "size"), only_filled=True),
        Section(_l("Course"), ("created_at", "started_at", "finished_at", "problem", "expires_at"), only_filled=True),
    )
    stages = (ExportState.WAITING, ExportState.RUNNING, ExportState.READY)
    empty_text = _l("A list that is too long to be waited for is prepared here: export it there.")

    def heading(self, doc: ExportRun) -> str:
        """The list and when it was asked for."""
        return f"{_register_name(doc.register)} · {formatters.exact(doc.created_at)}"

    def link_to_list(self, run: ExportRun) -> Any:
        """The list as it was asked for, as a link where the person may open it."""
        view = list_of(run.register, self._by())
        if view is None:
            return _register_name(run.register)
        return Markup('<a href="{}?{}">{}</a>').format(view.list_url(), run.address or "all=1", view.name)

    def sets(self, run: ExportRun) -> str:
        """Its filters in words."""
        view = list_of(run.register, self._by())
        return "" if view is None else in_words(view, run.address, self._by())

    def preview(self, form: Any) -> str:
        """Which list is about to be prepared, in words; "" for none that the person may take."""
        view = list_of(form.register.data or "", self._by())
        return (
            "" if view is None else formatters.labelled(view.name, in_words(view, form.address.data or "", self._by()))
        )

    def after(self, result: Any) -> str:
        """The page of the file, where its course is seen."""
        return self.url_of(result)

    def more(self, doc: ExportRun, by: Actor) -> dict[str, Any]:
        """How far it is."""
        return {"course": _course(doc), "share": share(doc.rows_done, doc.rows_total)}

    def may_unmask(self, doc: ExportRun, by: Actor) -> bool:
        """Nothing of it is masked."""
        return False

    @expose("/progress/")
    @needs(Permission.DATA_EXPORT)
    def progress_view(self) -> Response:
        """How far a file is, for the script of its page."""
        run = self.one_or_404(request.args.get("id"))
        answer = jsonify(
            state=run.state.value, is_open=run.is_open, words=_course(run), share=share(run.rows_done, run.rows_total)
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @expose("/take/", methods=("POST",))
    @needs(Permission.DATA_EXPORT)
    def take_view(self) -> Response:
        """The file; written down before it leaves."""
        by = self._by()
        run = self.one_or_404(request.form.get("id"))
        paths: list[Any] = []

        def do() -> tuple[str, None]:
            paths.append(workflow.note_taken(run, by=by, at=clock.now()))
            return "", None

        write_once(by, do)
        kind = run.format.value
        path = paths[0] if paths else workflow.files.path_of(run.stored_name)
        answer = send_file(path.resolve(), mimetype=export.MIMETYPES[kind], etag=False, conditional=False, max_age=0)
        return export.as_download(answer, f"{_register_name(run.register)} {clock.local(run.finished_at).date()}", kind)

    def _form_page(self, form: Any, heading: Any, act: Any, *, cancel: str, **more: Any) -> Any:
        view = list_of(form.register.data or "", self._by()) if act is not None and act.creates else None
        if view is not None:
            cancel = f"{view.list_url()}?{form.address.data or 'all=1'}"
        return super()._form_page(form, heading, act, cancel=cancel, **more)


export.prepare = f"{ExportRunView.endpoint}.create_view"

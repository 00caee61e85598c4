"""Imports in the panel: the runs, a new file, what is what in it, and one run from its try to its end."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Response, abort, current_app, flash, jsonify, redirect, request, stream_with_context, url_for
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from backoffice.core import audit
from backoffice.core.acts import Act
from backoffice.core.errors import BackofficeError, MissingInput, NotPermitted
from backoffice.core.permissions import Actor, Permission
from backoffice.ui import registry
from backoffice.ui.act_page import new_key, reading, write_once
from backoffice.ui.export import MIMETYPES
from backoffice.ui.guards import needs, parse_key, wants_json
from backoffice.ui.importing.plan import Plan, guess
from backoffice.ui.importing.reading import ENCODINGS, MEBIBYTE, MOST_BYTES, SEPARATORS, read
from backoffice.ui.importing.tables import spooled
from backoffice.ui.views import DocumentView, NavGroup, Section

from . import drafts, forms, queries, refused, workflow
from .models import ImportRun, RunState
from .targets import TARGETS

MOST_ROWS = 50_000
PREVIEWED, SHOWN = 5, 100
#: How long one request without scripts goes on with a run.
PATIENCE_SECONDS = 5.0
_SETTING_UP = (RunState.UPLOADED, RunState.TRIED)


class ImportRunView(DocumentView):
    """Every file that the person has brought in; a run is driven by its page, a chunk of rows at a time."""

    model = ImportRun
    endpoint = "imports"
    url = "/import/"
    name = _l("Import")
    name_one = _l("Import")
    group = NavGroup.CUSTOMERS
    order = 90
    icon = "import"
    read = Permission.DATA_IMPORT
    create_act = "import.upload"

    column_list = ("file_name", "kind", "state", "rows", "good", "refused", "undone", "created_at", "ended_at")
    column_labels = {
        "file_name": _l("File"), "kind": _l("What"), "rows": _l("Rows"), "good": _l("Good rows"),
        "refused": _l("Refused rows"), "undone": _l("Taken back"), "kept": _l("Had to stay"), "ended_at": _l("Ended"),
        "started_at": _l("Began"), "encoding": _l("Encoding"), "separator": _l("Separator"), "sheet": _l("Sheet"),
        "made": _l("Made on the way"), "header": _l("Columns"), "sha256": _l("Digest (SHA-256)"),
        "digest": _l("Digest (SHA-256)"),
        "swept_at": _l("Rows removed"),
    }  # fmt: skip
    column_default_sort = ("id", True)
    column_filters = ("kind", "state", "created_at")
    sections = (
        Section(
            _l("File"),
            ("file_name", "kind", "encoding", "sheet", "rows", "digest", "created_at", "started_at", "ended_at",
             "swept_at"),
            only_filled=True,
        ),
    )  # fmt: skip
    details_template = "imports/record.html"
    empty_text = _l("Here stands every file you bring in, from customers and parts to past calls and repair cards.")

    def acts(self) -> list[Act]:
        """None of the kit's buttons: this page has its own."""
        return []

    # -- a new file ----------------------------------------------------------------------------------------------------

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Choose what and upload the file."""
        by = self._by()
        if request.method == "GET":
            return self._start(by)
        reading()
        try:
            return redirect(self._upload(by))
        except NotPermitted:
            raise
        except BackofficeError as refusal:
            return self._start(by, refusal), refusal.status

    def _start(self, by: Actor, refusal: BackofficeError | None = None) -> str:
        kinds = [target for target in TARGETS.values() if by.can(target.permission)]
        return self.show(
            "imports/start.html", kinds=kinds, refusal=refusal, most=MOST_BYTES // MEBIBYTE, most_rows=MOST_ROWS,
            chosen=request.values.get("kind", ""),
        )  # fmt: skip

    def _upload(self, by: Any) -> str:
        target = workflow.target_of(request.form.get("kind", ""))
        if not by.can(target.permission):
            abort(403)
        file = request.files.get("file")
        if file is None or not file.filename:
            raise MissingInput(_l("Choose a file."), field="file")
        content = file.stream.read(MOST_BYTES + 1)
        file.close()
        if len(content) > MOST_BYTES:
            raise MissingInput(_l("The file is larger than %(mb)s MB.", mb=MOST_BYTES // MEBIBYTE), field="file")
        table = read(content)  # a file without usable header goes no further
        name = "".join(c for c in file.filename if c.isprintable())
        with spooled(table.rows(), MOST_ROWS) as rows:
            stored = drafts.store(_folder(), content)

            def do() -> tuple[str, None]:
                workflow.sweep(by=by)
                run = workflow.upload(
                    by=by, kind=target.kind, table=table, rows=rows, file_name=name, stored_name=stored,
                    sha256=hashlib.sha256(content).hexdigest(),
                )  # fmt: skip
                return url_for("imports.plan_view", id=run.id), None

            return write_once(by, do)[0]

    # -- what is what --------------------------------------------------------------------------------------------------

    @expose("/plan/", methods=("GET", "POST"))
    @needs(Permission.DATA_IMPORT)
    def plan_view(self) -> Any:
        """Say which column is what; then try, or import."""
        run = self.one_or_404(request.values.get("id"))
        if run.state not in _SETTING_UP:
            return redirect(self.url_of(run))
        if request.method == "GET":
            return self._plan_page(run, self._first_plan(run))
        reading()
        plan = self._first_plan(run)
        try:
            if self._read_again(run):
                flash(gettext("The file was read again. Check the columns."), "info")
                return redirect(url_for("imports.plan_view", id=run.id))
            plan = forms.sent_plan(run.kind, run.header, request.form)
            return redirect(self._begin(run, plan, try_only=request.form.get("do") != "import"))
        except NotPermitted:
            raise
        except BackofficeError as refusal:
            return self._plan_page(self.one_or_404(run.id), plan, refusal=refusal), refusal.status

    def _first_plan(self, run: ImportRun) -> Plan:
        """The run's own plan, else what of the last one of this kind fits, completed by the names of the columns."""
        fields = TARGETS[run.kind].fields
        guessed = guess(fields, run.header)
        kept = run.plan or queries.last_plan(run.kind, self._by())
        if kept is None:
            return Plan(sources=guessed)
        plan = Plan.from_json(kept).fitting(fields, run.header)
        return plan if run.plan else plan.with_sources({n: s for n, s in guessed.items() if n not in plan.sources})

    def _read_again(self, run: ImportRun) -> bool:
        """Read the stored file as the form says, where it says something else; answers whether it does."""
        sent = {
            "encoding": _choice("encoding", ENCODINGS), "separator": _choice("separator", SEPARATORS),
            "sheet": request.form.get("sheet", ""),
        }  # fmt: skip
        wanted = {name: value for name, value in sent.items() if value and getattr(run, name)}
        if all(getattr(run, name) == value for name, value in wanted.items()):
            return False
        content = drafts.load(_folder(), run.stored_name)
        if content is None:
            raise MissingInput(_l("The file itself is no longer here. Upload it again."), field="file")
        table = read(content, **wanted)
        with spooled(table.rows(), MOST_ROWS) as rows:

            def do() -> tuple[str, None]:
                workflow.read_again(run.id, by=self._by(), table=table, rows=rows)
                return "", None

            write_once(self._by(), do)
        return True

    def _begin(self, run: ImportRun, plan: Plan, *, try_only: bool) -> str:
        """Start the try, or the import; rows that may be refused are tried first unless the good ones are enough."""
        by = self._by()

        def do() -> tuple[str, None]:
            if try_only or not plan.good_rows_only:
                tried = run.state is RunState.TRIED and run.plan == plan.as_json() and not run.refused
                if try_only or not tried:
                    workflow.start_try(run.id, by=by, plan=plan, goes_on=not try_only)
                    return self.url_of(run), None
            workflow.begin(run.id, by=by, plan=plan)
            return self.url_of(run), None

        return write_once(by, do)[0]

    def _plan_page(self, run: ImportRun, plan: Plan, *, refusal: BackofficeError | None = None) -> str:
        sheets: list[str] = []
        if run.sheet and (content := drafts.load(_folder(), run.stored_name)) is not None:
            sheets = list(read(content, sheet=run.sheet).sheets)
        return self.show(
            "imports/plan.html", run=run, plan=plan, target=TARGETS[run.kind], refusal=refusal, orders=forms.ORDERS,
            ways=forms.WAYS, replaced=forms.REPLACED, cells_in_lines=forms.cells_in_lines, encodings=ENCODINGS,
            preview=queries.preview(run, PREVIEWED), sheets=sheets, client_key=new_key(), branch=self._by().branch,
        )  # fmt: skip

    # -- one run -------------------------------------------------------------------------------------------------------

    def more(self, doc: ImportRun, by: Actor) -> dict[str, Any]:
        """The reasons of what was refused, the notes, and what had to stay."""
        reasons = queries.reasons(doc) if doc.refused and not doc.is_moving else []
        made = queries.made_by(doc)
        return {
            "target": TARGETS[doc.kind], "reasons": reasons[: queries.MOST_REASONS], "made": made,
            "refused_rows": queries.first_refused(doc, SHOWN) if reasons else [],
            "notes": queries.first_notes(doc, SHOWN) if not doc.is_moving else [],
            "kept_records": queries.kept_records(doc, SHOWN) if doc.kept else [], "shown": SHOWN,
            "kept_days": workflow.KEPT_DAYS, "progress": _progress(doc, made), "tables": _TABLES,
            "record_url": registry.link_to,
        }  # fmt: skip

    @expose("/do/", methods=("POST",))
    @needs(Permission.DATA_IMPORT)
    def do_view(self) -> Any:
        """Begin, stop, go on, take back or discard."""
        by, run = self._by(), self.one_or_404(request.form.get("id"))
        name = request.form.get("do", "")
        steps: dict[str, Callable[[], Any]] = {
            "begin": lambda: workflow.begin(run.id, by=by, plan=Plan.from_json(run.plan or {})),
            "begin_good": lambda: workflow.begin(run.id, by=by, plan=_good_only(run)),
            "stop": lambda: workflow.stop(run.id, by=by),
            "resume": lambda: workflow.resume(run.id, by=by),
            "undo": lambda: workflow.undo(run.id, by=by),
            "discard": lambda: workflow.discard(run.id, by=by),
        }
        if name not in steps or (name.startswith("begin") and run.plan is None):
            abort(400)
        stored = run.stored_name

        def do() -> tuple[str, None]:
            steps[name]()
            return self.list_url() if name == "discard" else self.url_of(run), None

        try:
            location, _ = write_once(by, do)
        except NotPermitted:
            raise
        except BackofficeError as refusal:
            return self.record_page(self.one_or_404(run.id), refusal=refusal, status=refusal.status)
        if name == "discard":
            drafts.drop(_folder(), stored)
        return redirect(location)

    @expose("/drive/", methods=("POST",))
    @needs(Permission.DATA_IMPORT)
    def drive_view(self) -> Any:
        """Settle the next chunk of rows; without scripts, as many as fit into a few seconds."""
        by, key = self._by(), parse_key(request.form.get("id"))
        run = self.one_or_404(key)
        stored, began = run.stored_name, time.monotonic()
        driver = f"page {request.form.get('driver', '')}"[:64] if wants_json() else ""
        try:
            while run.is_moving:
                write_once(by, lambda: (_proceed(key, by, driver), None))
                run = self.one_or_404(key)
                if wants_json() or time.monotonic() - began > PATIENCE_SECONDS:
                    break
        except BackofficeError as refusal:
            if wants_json() or isinstance(refusal, NotPermitted):
                raise
            return self.record_page(self.one_or_404(key), refusal=refusal, status=refusal.status)
        if run.state is RunState.DONE:
            drafts.drop(_folder(), stored)
        if wants_json():
            at, most, words = _progress(run, 0 if run.state is not RunState.UNDOING else queries.made_by(run))
            return jsonify(moving=run.is_moving, at=at, most=most, words=words)
        return redirect(self.url_of(run))

    @expose("/refused/", methods=("POST",))
    @needs(Permission.DATA_IMPORT)
    def refused_view(self) -> Response:
        """The refused rows with their reasons, as a file that can be corrected and sent again; written down (G-04)."""
        run, kind = self.one_or_404(request.form.get("id")), request.form.get("as", "csv")
        if kind not in MIMETYPES or not run.refused or run.swept_at is not None:
            abort(404)

        def do() -> tuple[str, None]:
            audit.record(run, "import_run.export", by=self._by(), note=f"{run.refused} · {kind.upper()}")
            return "", None

        write_once(self._by(), do)
        reading()
        parts = refused.as_csv(run) if kind == "csv" else refused.as_xlsx(run)
        response = Response(stream_with_context(parts), mimetype=MIMETYPES[kind])
        response.headers["Content-Disposition"] = f'attachment; filename="refused.{kind}"'
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response


#: What the tables are called in which records are made on the way.
_TABLES = {"customer": _l("customers"), "product_model": _l("models")}


def _proceed(key: Any, by: Any, driver: str) -> str:
    workflow.proceed(key, by=by, driver=driver)
    return ""


def _progress(run: ImportRun, made: int) -> tuple[int, int, str]:
    """How far the run is, out of how much, and in words."""
    if run.state in (RunState.UNDOING, RunState.UNDONE):
        at, most = run.undone + run.kept, run.undone + max(made, run.kept)
        return at, most, gettext("%(at)s of %(most)s records", at=f"{at:,}", most=f"{most:,}")
    return run.settled, run.rows, gettext("%(at)s of %(most)s rows", at=f"{run.settled:,}", most=f"{run.rows:,}")


def _good_only(run: ImportRun) -> Plan:
    return Plan.from_json({**(run.plan or {}), "good_rows_only": True})


def _folder() -> Path:
    return Path(current_app.config["UPLOAD_DIR"]) / "imports"


def _choice(name: str, allowed: Any) -> str:
    sent = request.form.get(name, "")
    return sent if sent and sent in allowed else ""


VIEWS = [ImportRunView]

"""The page “Import”: upload, say what is what, try, import."""

import json
from pathlib import Path
from typing import Any

from flask import Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask_admin import expose
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from backoffice.core.db import db, writing
from backoffice.core.errors import BackofficeError, MissingInput
from backoffice.core.permissions import Permission
from backoffice.ui.act_page import new_key, reading, write_once
from backoffice.ui.guards import PageView, actor
from backoffice.ui.importing.plan import Plan, Source, guess
from backoffice.ui.importing.reading import ENCODINGS, MEBIBYTE, MOST_BYTES, Table, read
from backoffice.ui.importing.running import Result, refused_csv
from backoffice.ui.importing.values import Layout
from backoffice.ui.views import NavGroup

from . import drafts
from .targets import TARGETS
from .workflow import NotClean, import_table, target_of

MOST_ROWS = 50_000
PREVIEWED, SHOWN = 5, 100
ORDERS = {
    "ymd": _l("2011-03-01, 20110301, 2011年3月1日"),
    "mdy": _l("03/01/2011 is the first of March"),
    "dmy": _l("03/01/2011 is the third of January"),
}
#: The list that shows what was imported.
LISTS = {"customers": "customers", "models": "product_models", "units": "units"}


class ImportView(PageView):
    """Bring in a CSV file in three steps; the try is the real import, taken back."""

    endpoint = "imports"
    url = "/import"
    name = _l("Import")
    group = NavGroup.CUSTOMERS
    order = 90
    icon = "import"
    read = Permission.DATA_IMPORT

    @expose("/", methods=("GET", "POST"))
    def index_view(self) -> Any:
        """Choose what and upload the file."""
        by = actor()
        kinds = [target for target in TARGETS.values() if by is not None and by.can(target.permission)]
        if request.method == "GET":
            return self._start(kinds)
        reading()
        try:
            draft = self._upload(kinds, by)
        except BackofficeError as refusal:
            return self._start(kinds, refusal), refusal.status
        return redirect(url_for("imports.plan_view", token=draft.token))

    def _start(self, kinds: list[Any], refusal: BackofficeError | None = None) -> str:
        return self._page("imports/start.html", kinds=kinds, refusal=refusal, most=MOST_BYTES // MEBIBYTE)

    def _upload(self, kinds: list[Any], by: Any) -> drafts.Draft:
        target = target_of(request.form.get("kind", ""))
        if target not in kinds:
            abort(403)
        file = request.files.get("file")
        if file is None or not file.filename:
            raise MissingInput(_l("Choose a file."), field="file")
        content = file.stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise MissingInput(_l("The file is larger than %(mb)s MB.", mb=MOST_BYTES // MEBIBYTE), field="file")
        read(content)  # a file without usable header goes no further
        name = "".join(c for c in file.filename if c.isprintable())
        return drafts.store(_folder(), content, user_id=by.id, kind=target.name, name=name)

    @expose("/<token>/", methods=("GET", "POST"))
    def plan_view(self, token: str) -> Any:
        """Say which column is what, try, import."""
        draft = _draft(token)
        if not draft.is_open:
            return self._page("imports/done.html", draft=draft, summary=json.loads(draft.kept("summary") or b"{}"))
        if request.method == "POST":
            reading()
        try:
            content = draft.content
            table = read(
                content, encoding=_choice("encoding", ENCODINGS), separator=_choice("separator", (",", ";", "\t"))
            )
        except BackofficeError as refusal:
            return self._start(list(TARGETS.values()), refusal), refusal.status
        fields = TARGETS[draft.kind].fields
        if request.method == "GET":
            return self._plan_page(draft, table, Plan(sources=guess(fields, table.header)))
        plan = _sent_plan(draft.kind, table)
        if request.form.get("do") not in {"try", "import"}:
            return self._plan_page(draft, table, plan)
        try:
            return self._do(draft, table, plan, content)
        except BackofficeError as refusal:
            return self._plan_page(draft, table, plan, refusal=refusal), refusal.status

    def _do(self, draft: drafts.Draft, table: Table, plan: Plan, content: bytes) -> Any:
        if sum(1 for _ in table.rows()) > MOST_ROWS:
            raise MissingInput(
                _l("More than %(most)s rows: split the file, or let the administrator import it.", most=MOST_ROWS),
                field="file",
            )
        by = actor()

        def bring_in() -> Result:
            return import_table(draft.kind, table, plan, by=by, name=draft.name, content=content)

        if request.form["do"] == "try":
            result = _taken_back(bring_in)
            self._keep_refused(draft, result)
            return self._plan_page(draft, table, plan, result=result)
        results: list[Result] = []

        def do() -> tuple[str, None]:
            results.append(bring_in())
            return url_for("imports.plan_view", token=draft.token), None

        try:
            location, is_new = write_once(by, do)
        except NotClean as refusal:
            self._keep_refused(draft, refusal.result)
            return self._plan_page(draft, table, plan, result=refusal.result, refusal=refusal), refusal.status
        if is_new:
            self._keep_refused(draft, results[0])
            draft.close(_summary(results[0], draft))
            flash(ngettext("%(num)s row imported.", "%(num)s rows imported.", results[0].good), "success")
        return redirect(location)

    @expose("/<token>/refused.csv")
    def refused_view(self, token: str) -> Any:
        """The refused rows of the last try or import, each with its reasons."""
        content = _draft(token).kept("refused")
        if content is None:
            abort(404)
        headers = {"Content-Disposition": 'attachment; filename="refused.csv"', "X-Content-Type-Options": "nosniff"}
        return Response(content, mimetype="text/csv", headers=headers)

    @staticmethod
    def _keep_refused(draft: drafts.Draft, result: Result) -> None:
        if result.refused:
            draft.keep("refused", refused_csv(result))

    def _plan_page(
        self, draft: drafts.Draft, table: Table, plan: Plan, *, result: Result | None = None,
        refusal: BackofficeError | None = None,
    ) -> str:  # fmt: skip
        preview = [row for row, _ in zip(table.rows(), range(PREVIEWED), strict=False)]
        return self._page(
            "imports/plan.html", draft=draft, table=table, plan=plan, target=TARGETS[draft.kind], preview=preview,
            result=result, refusal=refusal, orders=ORDERS, encodings=ENCODINGS, shown=SHOWN, client_key=new_key(),
            branch=actor().branch,
        )  # fmt: skip

    def _page(self, template: str, **values: Any) -> str:
        return render_template(template, view=self, admin_view=self, **values)


def _folder() -> Path:
    return Path(current_app.config["UPLOAD_DIR"]) / "imports"


def _draft(token: str) -> drafts.Draft:
    found = drafts.find(_folder(), token, actor().id)
    if found is None:
        abort(404, description=gettext("This file is no longer here. Upload it again."))
    return found


def _taken_back(bring_in: Any) -> Result:
    """The real import, taken back."""
    db.session.commit()
    writing.set(True)
    try:
        return bring_in()
    except NotClean as refusal:
        return refusal.result
    finally:
        db.session.rollback()
        writing.set(False)


def _choice(name: str, allowed: Any) -> str:
    sent = request.form.get(name, "")
    return sent if sent in allowed else ""


def _sent_plan(kind: str, table: Table) -> Plan:
    sources = {}
    for field in TARGETS[kind].fields:
        chosen = [request.form.get(f"{part}-{field.name}", "") for part in ("column", "else")]
        columns = tuple(column for column in dict.fromkeys(chosen) if column in table.header)
        constant = request.form.get(f"set-{field.name}", "").strip()[:200]
        if columns or constant:
            sources[field.name] = Source(columns, constant=constant)
    years = frozenset(int(part) for part in request.form.get("unknown_years", "").replace("，", ",").split(",")
                      if part.strip().isascii() and part.strip().isdigit() and len(part.strip()) < 5)  # fmt: skip
    layout = Layout(_choice("order", ORDERS) or "ymd", bool(request.form.get("year_as_first_day")), years)
    options = frozenset(name for name in TARGETS[kind].options if request.form.get(name))
    return Plan(sources, layout=layout, options=options, good_rows_only=bool(request.form.get("good_rows_only")))


def _summary(result: Result, draft: drafts.Draft) -> dict[str, Any]:
    return {
        "rows": result.rows,
        "good": result.good,
        "refused": len(result.refused),
        "made": [[str(label), number] for label, number in result.made.items() if number],
        "notes": [[note.row, note.column, str(note.message)] for note in result.warnings[:SHOWN]],
        "list": LISTS[draft.kind],
    }


VIEWS = [ImportView]

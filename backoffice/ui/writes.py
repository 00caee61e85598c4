"""The writing half of a view: create and edit pages, act pages, bulk acts and their outcome, showing personal data."""

from typing import Any

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import acts as core_acts
from backoffice.core import audit, clock, pii, scope, submissions
from backoffice.core.db import db, writing
from backoffice.core.errors import BackofficeError, MissingInput, NotPermitted, RecordNotFound, Remedy, StaleDocument
from backoffice.core.permissions import Actor

from . import formatters, record, registry
from .act_page import FORMS, AlreadySent, fill, new_key, reading, sent_key, write_once
from .formatters import is_masked, pii_fields, title
from .guards import parse_key, wants_json

MOST_AT_ONCE = 5000
NAMED_AT_ONCE = 30


class Writes:
    """Mixin of `views.BaseView`; every write goes through `act_page.write_once`."""

    # -- create and edit ---------------------------------------------------------------------------------------------

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """The page for a new record."""
        by = self._by()
        act = core_acts.REGISTRY.get(self.create_act or "")
        heading = act.label if act is not None else _l("New: %(name)s", name=self.name_one)
        if request.method == "GET":
            form = fill(self.create_form_class(), [], by, sent=False)
            return self._form_page(form, heading, act, cancel=self.list_url())
        reading()
        form = fill(self.create_form_class(), [], by, sent=True)
        if not form.validate():
            return self._form_page(form, heading, act, cancel=self.list_url(), status=422)

        def do() -> tuple[str, None]:
            made = self.write_new(form, by)
            return self.after(made), None

        try:
            return self._go(write_once(by, do), heading)
        except BackofficeError as refusal:
            return self._form_page(form, heading, act, cancel=self.list_url(), refusal=refusal)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """The page to change a record."""
        by = self._by()
        doc = self.one_or_404(request.values.get("id"))
        act = core_acts.REGISTRY.get(self.edit_act or "")
        if act is not None:
            act.check(doc, by)
        heading = act.label if act is not None else _l("Edit")
        page = {"docs": [doc], "cancel": self.url_of(doc)}
        if request.method == "GET":
            form = fill(self.edit_form_class(), [doc], by, sent=False, source=doc)
            return self._form_page(form, heading, act, version=doc.version, **page)
        reading()
        version = parse_key(request.form.get("version"))
        form = fill(self.edit_form_class(), [doc], by, sent=True, source=doc)
        if not form.validate():
            return self._form_page(form, heading, act, version=version, status=422, **page)
        form.unmask()

        def do() -> tuple[str, None]:
            if version is None:
                raise StaleDocument
            self.write_edit(doc, form, by, version)
            return self.url_of(doc), None

        try:
            return self._go(write_once(by, do), heading, doc)
        except StaleDocument as refusal:
            doc = self.one_or_404(request.values.get("id"))
            form.compare(doc)
            return self._form_page(form, heading, act, version=doc.version, refusal=refusal, **page)
        except BackofficeError as refusal:
            return self._form_page(form, heading, act, version=version, refusal=refusal, **page)

    # -- acts --------------------------------------------------------------------------------------------------------

    def bulk_acts(self, by: Actor) -> list[core_acts.Act]:
        """The acts offered for several rows of the list."""
        return [a for a in self.acts() if a.bulk_allowed and a.permitted(by) and a.key != self.edit_act]

    def _act(self, name: str) -> core_acts.Act:
        act = next((a for a in self.acts() if a.name == name), None)
        if act is None or act.key == self.edit_act:
            abort(404)
        return act

    @expose("/act/<name>", methods=("GET", "POST"))
    def act_view(self, name: str) -> Any:
        """The input page of an act, its confirmation, and its execution on one record or on several."""
        by = self._by()
        act = self._act(name)
        act.require(by)
        if request.method == "GET":
            doc = self.one_or_404(request.args.get("id"))
            act.check(doc, by)
            return self._act_page(act, [doc], by)
        keys, is_bulk = self._sent_keys()
        if not is_bulk:
            return self._act_on_one(act, keys[0], by)
        return self._act_on_many(act, keys, by)

    @expose("/action/", methods=("POST",))
    def action_view(self) -> Any:
        """The bulk bar of the list: ask for what the act needs, or do it."""
        act = self._act(request.form.get("action", ""))
        act.require(self._by())
        keys, _ = self._sent_keys()
        if act.name not in self._actions_data:
            raise MissingInput(_l("This can only be done record by record."), rule=act.rule)
        handler, *_words = self._actions_data[act.name]
        return handler(keys)

    def handle_action(self, act: core_acts.Act, keys: list[int]) -> Any:
        """What Flask-Admin's action of this name does: ask for input or a confirmation first, else act."""
        by = self._by()
        if act.key in FORMS or act.confirm:
            return self._act_page(act, self._rows(keys), by, keys=keys)
        return self._act_on_many(act, keys, by)

    def _sent_keys(self) -> tuple[list[int], bool]:
        rows = request.form.getlist("rowid")
        if not rows:
            key = parse_key(request.values.get("id"))
            if key is None:
                if request.values.get("id"):
                    raise RecordNotFound
                raise MissingInput(_l("Select at least one record."))
            return [key], False
        if len(rows) > MOST_AT_ONCE:
            raise MissingInput(_l("At most %(n)s records at a time.", n=MOST_AT_ONCE))
        keys = [parse_key(row) for row in dict.fromkeys(rows)]
        if None in keys:
            raise RecordNotFound
        return keys, True  # type: ignore[return-value]

    def _rows(self, keys: list[int]) -> list[Any]:
        query = select(self.model).where(self.model.id.in_(keys), scope.visible(self.model, self._by()))
        rows = list(db.session.scalars(query.order_by(self.model.id)).unique())
        if not rows:
            raise RecordNotFound
        return rows

    def _act_page(
        self, act: core_acts.Act, docs: list[Any], by: Actor, *, keys: list[int] | None = None, form: Any = None,
        refusal: Any = None, status: int = 200, version: int | None = None,
    ) -> Any:  # fmt: skip
        if form is None and act.key in FORMS:
            form = fill(FORMS[act.key], docs, by, sent=False)
        if version is None and keys is None:
            version = docs[0].version
        return self._form_page(
            form, act.label, act, docs=docs, keys=keys, refusal=refusal, status=status, version=version,
            cancel=self._back() or (self.url_of(docs[0]) if keys is None else self.list_url()),
            action=url_for(f"{self.endpoint}.act_view", name=act.name),
        )  # fmt: skip

    def _act_on_one(self, act: core_acts.Act, key: int, by: Actor) -> Any:
        doc = self.one_or_404(key)
        version = parse_key(request.form.get("version"))
        form = None
        if act.key in FORMS:
            reading()
            form = fill(FORMS[act.key], [doc], by, sent=True)
            if form.is_live and request.form.get("compute"):
                return self._computed(act, doc, by, form, version)
            if not form.validate():
                return self._act_page(act, [doc], by, form=form, status=422, version=version)
        elif act.confirm and not request.form.get("confirmed"):
            act.check(doc, by)
            return self._act_page(act, [doc], by)

        def do() -> tuple[str, None]:
            result = act(key, by=by, version=version, **self._inputs(form))
            return self._back() or self._after_act(result, doc), None

        try:
            return self._go(write_once(by, do), act.label, doc)
        except BackofficeError as refusal:
            doc = self.one_or_404(key)
            if isinstance(refusal, NotPermitted | RecordNotFound):
                raise
            if form is None:
                return self.record_page(doc, refusal=refusal, status=refusal.status)
            version = doc.version if isinstance(refusal, StaleDocument) else version
            return self._act_page(act, [doc], by, form=form, refusal=refusal, version=version)

    def _after_act(self, result: Any, doc: Any) -> str:
        """The page of the new record that the act has made, if it has one, else that of the record itself."""
        made = registry.link_to(result, result.id) if hasattr(result, "__tablename__") else ""
        return made or self.url_of(doc)

    def _computed(self, act: core_acts.Act, doc: Any, by: Actor, form: Any, version: int | None) -> Any:
        """What comes out of a form that is being filled in, for the script or as the page; writes nothing."""
        act.check(doc, by)
        if wants_json():
            return jsonify(html=str(form.live([doc], by)))
        return self._act_page(act, [doc], by, form=form, version=version)

    def _act_on_many(self, act: core_acts.Act, keys: list[int], by: Actor) -> Any:
        form = None
        docs = self._rows(keys)
        if act.key in FORMS:
            reading()
            form = fill(FORMS[act.key], docs, by, sent=True)
            if not form.validate():
                return self._act_page(act, docs, by, keys=keys, form=form, status=422)
        elif act.confirm and not request.form.get("confirmed"):
            return self._act_page(act, docs, by, keys=keys)
        key = sent_key()
        names = {doc.id: title(doc) for doc in docs}

        def do() -> tuple[str, dict[str, Any] | None]:
            if act.joint:
                return self._after_act(act.jointly(keys, by=by, **self._inputs(form)), docs[0]), None
            outcomes = act.bulk(keys, by=by, **self._inputs(form))
            result = {
                "act": act.key,
                "done": [[o.id, names[o.id]] for o in outcomes if o.error is None],
                "refused": [[o.id, names.get(o.id, f"#{o.id}"), str(o.error)] for o in outcomes if o.error is not None],
            }
            where = url_for(f"{self.endpoint}.outcome_view", key=key) if key else self.list_url()
            return where, result

        try:
            written = write_once(by, do)
        except BackofficeError as refusal:
            if form is None or isinstance(refusal, NotPermitted | RecordNotFound):
                raise
            return self._act_page(act, self._rows(keys), by, keys=keys, form=form, refusal=refusal)
        return self._go(written, act.label) if act.joint else redirect(written[0])

    @staticmethod
    def _inputs(form: Any) -> dict[str, Any]:
        return {} if form is None else {"at": form.event_at(), **form.inputs()}

    @expose("/outcome/")
    def outcome_view(self) -> Any:
        """What became of each record of a bulk act."""
        kept = submissions.find(self._by().id, request.args.get("key", "")[:64])
        if kept is None or not kept.result:
            abort(404)
        act = core_acts.REGISTRY.get(kept.result["act"])
        return self.show("kit/outcome.html", outcome=kept.result, act=act, heading=act.label if act else "")

    def _back(self) -> str:
        """Address of the record or page from which the act was called: `table:key` or an endpoint; "" for none."""
        table, _, key = request.values.get("back", "").partition(":")
        if not key and "." in table:
            return registry.remedy_link(Remedy("", table))
        return registry.link_to(table, parse_key(key)) if parse_key(key) is not None else ""

    # -- answers -----------------------------------------------------------------------------------------------------

    def _go(self, written: tuple[str, bool], label: Any, doc: Any = None) -> Any:
        location, is_new = written
        if is_new:
            name = title(doc)[:80] if doc is not None else str(self.name_one)
            flash(gettext("Done: %(act)s · %(record)s", act=label, record=name), "success")
        return redirect(location)

    def _form_page(
        self, form: Any, heading: Any, act: Any, *, cancel: str, docs: list[Any] | None = None,
        keys: list[int] | None = None, version: int | None = None, refusal: Any = None, status: int = 200,
        action: str = "",
    ) -> Any:  # fmt: skip
        status = refusal.status if refusal is not None else status
        key = new_key() if isinstance(refusal, AlreadySent) else sent_key() or new_key()
        on_field = form is not None and refusal is not None and form.blame(refusal)
        if form is not None and docs and keys is None and status != 200:
            form.mask(docs[0])
        html = self.show(
            getattr(form, "template", None) or self.form_template,
            form=form, heading=heading, act=act, docs=docs or [], keys=keys, version=version,
            refusal=refusal, on_field=on_field, client_key=key, cancel=cancel,
            action=action or request.full_path.rstrip("?"),
            back=request.values.get("back", "")[:80], named=NAMED_AT_ONCE,
        )  # fmt: skip
        return html, status

    # -- paper -------------------------------------------------------------------------------------------------------

    @expose("/print/", methods=("POST",))
    def print_view(self) -> Any:
        """Write down that the record is printed (E-39, G-04) and say which copy it is; the browser prints the page."""
        by = self._by()
        doc = self.one_or_404(request.form.get("id"))
        copies = record.prints(doc) + 1

        def do() -> tuple[str, None]:
            audit.record(doc, f"{doc.__tablename__}.print", by=by, note=f"{copies}")
            return self.url_of(doc), None

        location, _is_new = write_once(by, do)
        if wants_json():
            now, name = formatters.exact(clock.now()), getattr(by, "real_name", "")
            first = gettext("Printed %(time)s by %(name)s", time=now, name=name)
            again = gettext("Reprint no. %(n)s, %(time)s by %(name)s", n=copies - 1, time=now, name=name)
            return jsonify(note=first if copies == 1 else again)
        flash(gettext("Noted as printed. Use your browser's menu to print the page."), "success")
        return redirect(location)

    # -- personal data -----------------------------------------------------------------------------------------------

    @expose("/unmask/", methods=("POST",))
    def unmask_view(self) -> Any:
        """Show one personal datum in full and write down who has seen it (X-20)."""
        by = self._by()
        doc = self.one_or_404(request.form.get("id"))
        name = request.form.get("field", "")
        if name not in pii_fields(self.model):
            abort(404)
        if not self.may_unmask(doc, by):
            raise NotPermitted(_l("Your role may not see this in full."), rule="X-20")
        value = getattr(doc, name) or ""
        if is_masked(doc, name):
            db.session.commit()
            writing.set(True)
            pii.shown(doc, name, by=by, purpose=self.endpoint)
            db.session.commit()
        if wants_json():
            return jsonify(value=value)
        return self.record_page(doc, revealed={name: value})

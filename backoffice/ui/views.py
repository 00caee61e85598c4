"""The view classes a feature declares from: BaseView to read, DocumentView with acts, ReferenceView to edit.

A view that is declared wrongly does not start: TypeError names what is missing.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from flask import abort, render_template, request, url_for
from flask_admin import expose
from flask_admin.actions import action
from flask_admin.contrib.sqla import ModelView
from flask_babel import gettext
from sqlalchemy import ColumnElement, func, inspect, select, true
from sqlalchemy.orm import joinedload

from backoffice.core import acts as core_acts
from backoffice.core import once, scope
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission
from backoffice.core.states import StateEnum

from . import formatters, listing, printing, record, registry, saved, trail
from .act_page import FORMS, ActForm, check_form
from .cells import table_body
from .declared import Declared, Related, Section
from .export import Exports
from .guards import Guarded, Right, actor, anyone, holds, parse_key, parse_number
from .navigation import NavGroup
from .reference import form_of, save
from .writes import Writes

__all__ = ["BaseView", "DocumentView", "NavGroup", "ReferenceView", "Related", "Section"]


class BaseView(Guarded, Declared, Writes, Exports, ModelView):
    """A register that can be read: list, search, filters, record page with its timeline.

    Declare: model, endpoint, url, name, name_one, group, order, icon, read; column_list, column_labels,
    column_searchable_list, column_filters, column_sortable_list, column_default_sort; sections, related.
    Optional: list_needs (columns and relations, dotted, that the
    formatters read besides those of the list), computed ({name: expression over the table}, columns of the list that
    the database computes), default_filters ({name: values} set when the address
    says nothing), column_formatters (Flask-Admin's signature), link_column, head_fields, export_more, boxes (functions
    (record, person) -> markup below the sections of the record page; later features add to them).
    Hooks: queues, masks, may_unmask, trail_condition.
    """

    model: type[Any]
    name_one: Any = ""
    group: NavGroup | None = None
    first_page = "index_view"
    page_size = 50
    can_create = can_edit = can_delete = can_export = False
    can_view_details = True
    column_labels: dict[str, Any] = {}
    column_searchable_list: tuple[str, ...] = ()
    column_sortable_list: tuple[str, ...] = ()
    column_filters: tuple[Any, ...] = ()
    column_formatters_detail: Any = None
    list_needs: tuple[str, ...] = ()
    computed: dict[str, Any] = {}
    default_filters: dict[str, tuple[str, ...]] = {}
    link_column = ""
    sections: tuple[Section, ...] = ()
    related: tuple[Related, ...] = ()
    boxes: tuple[Callable[[Any, Actor], Any], ...] = ()
    also_acts: tuple[tuple[str, Any], ...] = ()
    stages: tuple[StateEnum, ...] = ()
    next_actor: dict[Any, Any] = {}
    create_act: str | None = None
    edit_act: str | None = None
    list_template = "kit/list.html"
    details_template = "kit/record.html"
    form_template = "kit/form.html"
    empty_text: Any = ""
    rights = {
        "index_view": anyone, "details_view": anyone, "act_view": anyone, "action_view": anyone, "outcome_view": anyone,
        "print_view": anyone, "create_view": lambda view, by: view.may_create(by),
        "edit_view": lambda view, by: view.may_edit(by),
        "unmask_view": (Permission.CUSTOMER_UNMASK, Permission.CUSTOMER_UNMASK_OWN),
    }  # fmt: skip

    # Doors of the stock view that this product does not have: no route is made for them.
    ajax_update = None
    ajax_lookup = None
    delete_view = None
    export = None
    action_delete = None

    def __init__(self) -> None:
        cls = type(self)
        for wanted in ("model", "endpoint", "url", "name", "name_one", "column_list"):
            if not getattr(cls, wanted, None):
                raise TypeError(f"{cls.__name__}: `{wanted}` is missing")
        self.list_filters: list[Any] = []
        for act in self.acts():
            if act.bulk_allowed and act.key != cls.edit_act:
                self._offer(act)
        super().__init__(cls.model, db, name=cls.name, endpoint=cls.endpoint, url=cls.url)

    def _offer(self, act: core_acts.Act) -> None:
        """Make the act one of Flask-Admin's own actions of this view, found by its scan of the attributes."""

        @action(act.name, act.label, act.confirm or None)
        def handle(ids: list[int]) -> Any:
            return self.handle_action(act, ids)

        setattr(self, f"action_{act.name}", handle)

    # -- what the person may -----------------------------------------------------------------------------------------

    def acts(self) -> list[core_acts.Act]:
        """The acts offered on a record of this view."""
        return core_acts.acts_of(self.model)

    def may_create(self, by: Actor) -> bool:
        """Whether there is a page for a new record for this person."""
        return self.create_act is not None and core_acts.REGISTRY[self.create_act].permitted(by)

    def may_edit(self, by: Actor) -> bool:
        """Whether there is an edit page for this person."""
        return self.edit_act is not None and core_acts.REGISTRY[self.edit_act].permitted(by)

    def masks(self, row: Any, field: str) -> bool:
        """Hook: whether the personal datum `field` of `row` is masked; by default as the row's own `masks` says."""
        return formatters.row_masks(row, field)

    def may_unmask(self, doc: Any, by: Actor) -> bool:
        """Hook: whether `by` may have personal data of `doc` shown; by default only with the right for all records."""
        return by.can(Permission.CUSTOMER_UNMASK)

    def trail_condition(self, by: Actor) -> ColumnElement[bool]:
        """Hook: which entries of a record's timeline `by` sees; all, unless the table is shared by branches."""
        return true()

    # -- rows, always within the scope -------------------------------------------------------------------------------

    def get_query(self) -> Any:
        """The stock list query, within the scope."""
        return db.session.query(self.model).filter(scope.visible(self.model, self._by()))

    def get_count_query(self) -> Any:
        """The stock count query, within the scope."""
        return db.session.query(func.count()).select_from(self.model).filter(scope.visible(self.model, self._by()))

    def get_one(self, id: Any) -> Any:
        """The record with that key within the scope, or None; also for a key that is none."""
        key = parse_key(id)
        if key is None:
            return None
        query = select(self.model).where(self.model.id == key, scope.visible(self.model, self._by()))
        return db.session.scalars(query.options(*self.linked_rows())).unique().one_or_none()

    @cache  # noqa: B019 - a view lives as long as the application
    def linked_rows(self) -> list[Any]:
        """Options that load what the record page links to, along with the record."""
        shown = {name for section in self.page_sections() for name in section.fields}
        relations = inspect(self.model).relationships
        return [joinedload(getattr(self.model, r.key)) for r in relations if r.key in shown and not r.uselist]

    def one_or_404(self, key: Any) -> Any:
        """The record with that key within the scope; aborts with 404."""
        found = self.get_one(key)
        if found is None:
            abort(404, description=gettext("There is no such record here."))
        return found

    @staticmethod
    def _by() -> Actor:
        by = actor()
        if by is None:
            abort(401)
        return by

    def is_action_allowed(self, name: str) -> bool:
        """Whether the role may ever do the act; the stock delete is never offered."""
        act = next((act for act in self.acts() if act.name == name), None)
        return act is not None and act.permitted(self._by())

    def handle_view_exception(self, exc: Exception) -> bool:
        """Never shows an exception's text to anybody."""
        return False

    # -- pages -------------------------------------------------------------------------------------------------------

    @expose("/")
    def index_view(self) -> Any:
        """The list."""
        by = self._by()
        page, bulk_acts = listing.read_page(self, by), self.bulk_acts(by)
        papers, lists = printing.offered(self, by)
        pick = bool(bulk_acts or papers or lists)
        return self.show(
            self.list_template, page=page, body=table_body(self, page.rows, pick=pick), bulk_acts=bulk_acts,
            pick=pick, papers=papers, lists=lists,
            saved=saved.bar(self, page.asked),
            may_create=self.may_create(by),
        )  # fmt: skip

    @expose("/details/")
    def details_view(self) -> Any:
        """The record."""
        return self.record_page(self.one_or_404(request.args.get("id")))

    def record_page(
        self, doc: Any, *, refusal: Any = None, status: int = 200, revealed: dict[str, str] | None = None
    ) -> Any:
        """The record's page, perhaps with a refusal on top or with personal data shown."""
        by = self._by()
        page = parse_number(request.args.get("page"), 1, 1, 1000)
        with once.asking():  # guards, boxes and sections ask for the same
            html = self._record_html(doc, by, page, refusal, revealed or {})
        return (html, status) if status != 200 else html

    def _record_html(self, doc: Any, by: Actor, page: int, refusal: Any, revealed: dict[str, str]) -> str:
        entries, older = trail.timeline(self, doc, by, page)
        offered = record.buttons(self, doc, by)
        return self.show(
            self.details_template, doc=doc, heading=self.heading(doc), stages=record.stage_bar(self, doc),
            next_actor=self.next_actor.get(getattr(doc, "state", None), ""), refusal=refusal,
            buttons=[b for b in offered if b.act.name not in record.TIMELINE_ACTS],
            side_buttons=[b for b in offered if b.act.name in record.TIMELINE_ACTS],
            sections=record.sections(self, doc, by, revealed),
            boxes=[html for box in self.boxes if (html := box(doc, by))], related=record.related(self, doc),
            files=record.files(doc), entries=entries, older=older, entry_page=page,
            may_edit=self.may_edit(by) and self.edit_act is None, papers=printing.offered(self, by)[0],
            on_forms=printing.has_forms(self.model), **self.more(doc, by),
        )  # fmt: skip

    def more(self, doc: Any, by: Actor) -> dict[str, Any]:
        """Hook: further values for a feature's own record template."""
        return {}

    def show(self, template: str, **values: Any) -> str:
        """Render a template with the view at hand as `view`."""
        return render_template(template, view=self, admin_view=self, home_of=self.list_url(), **values)

    def list_url(self) -> str:
        """Address of the list."""
        return url_for(f"{self.endpoint}.index_view")

    def url_of(self, doc: Any) -> str:
        """Address of the record's page."""
        return url_for(f"{self.endpoint}.details_view", id=doc.id)

    def after(self, result: Any) -> str:
        """Where a person goes after an act: the page of what came out of it, else the list."""
        if hasattr(result, "__tablename__"):
            if isinstance(result, self.model):
                return self.url_of(result)
            if url := registry.link_to(result, result.id):
                return url
        return self.list_url()


class DocumentView(BaseView):
    """A register of documents: created, edited and moved on by acts only.

    create_act, edit_act: keys of acts with a form. stages: the states of the stage bar. next_actor: state -> who is
    next. also_acts: ((attribute, label), ...) - acts of a related document offered on this page too.
    """

    def write_new(self, form: ActForm, by: Actor) -> Any:
        """Create by the create act."""
        return core_acts.REGISTRY[self.create_act or ""](by=by, at=form.event_at(), **form.inputs())

    def write_edit(self, doc: Any, form: ActForm, by: Actor, version: int | None) -> Any:
        """Edit by the edit act."""
        act = core_acts.REGISTRY[self.edit_act or ""]
        return act(doc.id, by=by, at=form.event_at(), version=version, **form.inputs())

    def create_form_class(self) -> type[ActForm]:
        """The form of the create act."""
        return FORMS[self.create_act or ""]

    def edit_form_class(self) -> type[ActForm]:
        """The form of the edit act."""
        return FORMS[self.edit_act or ""]


class ReferenceView(BaseView):
    """Reference data edited in the panel: `write` to edit (and create, unless `create` says otherwise); no delete.

    form_columns is mandatory. A relation is chosen by the look-up of its model. form_overrides: {name: field class or
    unbound field}. Hook: before_save.
    """

    write: Right | None = None
    create: Right | None = None
    form_columns: tuple[str, ...] = ()
    form_overrides: dict[str, Any] = {}

    def __init__(self) -> None:
        cls = type(self)
        if not cls.form_columns:
            raise TypeError(f"{cls.__name__}: `form_columns` is missing")
        if cls.write is None:
            raise TypeError(f"{cls.__name__}: `write` is missing")
        super().__init__()

    def create_blueprint(self, admin: Any) -> Any:
        """Register the view with its form; raises TypeError for a relation without a look-up."""
        self._form = form_of(self)
        check_form(self._form)
        return super().create_blueprint(admin)

    def may_create(self, by: Actor) -> bool:
        """Whether this person may add a row."""
        return holds(by, type(self).create or type(self).write, self)

    def may_edit(self, by: Actor) -> bool:
        """Whether this person may edit a row."""
        return holds(by, type(self).write, self)

    def before_save(self, row: Any, form: Any, by: Actor, *, is_new: bool) -> None:
        """Hook: check or complete the row before it is flushed; raises BackofficeError to refuse."""

    def write_new(self, form: Any, by: Actor) -> Any:
        """Create the row."""
        return save(self, self.model(), form, by, version=None, is_new=True)

    def write_edit(self, doc: Any, form: Any, by: Actor, version: int | None) -> Any:
        """Change the row."""
        return save(self, doc, form, by, version=version, is_new=False)

    def create_form_class(self) -> type[ActForm]:
        """The form made from `form_columns`."""
        return self._form

    def edit_form_class(self) -> type[ActForm]:
        """The form made from `form_columns`."""
        return self._form

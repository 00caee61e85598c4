"""What a view declares: checked at start-up, so that a wrong one does not start; and the words for its fields."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, inspect
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm.exc import UnmappedClassError

from backoffice.core import acts as core_acts
from backoffice.core import scope

from . import formatters
from .act_page import FORMS
from .cells import Cell
from .filters import make_filter
from .rows import Shape


@dataclass(frozen=True)
class Section:
    """A box of the record page: a heading and the names of fields, relations or properties.

    only_filled: leave out what is empty, for facts that come one after the other.
    """

    title: Any
    fields: tuple[str, ...]
    only_filled: bool = False


@dataclass(frozen=True)
class Related:
    """A counted link to the list `endpoint`, filtered by `filter_name` = the record's key."""

    label: Any
    endpoint: str
    filter_name: str
    count: Callable[[Any], Select[Any]]


#: Labels of the columns that every table has.
LABELS: dict[str, Any] = {
    "id": _l("Key"),
    "created_at": _l("Created"),
    "updated_at": _l("Changed"),
    "created_by_id": _l("Created by"),
    "updated_by_id": _l("Changed by"),
    "branch_id": _l("Branch"),
    "branch": _l("Branch"),
    "state": _l("State"),
    "number": _l("Number"),
    "name": _l("Name"),
    "code": _l("Code"),
    "is_active": _l("In use"),
    "reason": _l("Reason"),
    "note": _l("Note"),
}


class Declared:
    """Mixin of `views.BaseView`."""

    # -- set up once -------------------------------------------------------------------------------------------------

    def _refresh_cache(self) -> None:
        """Check the declarations and prepare what the pages need; replaces the stock scaffolding of forms and filters.

        Raises TypeError for an unknown, secret or unindexed column.
        """
        self.column_labels = self.column_labels or {}
        self.column_searchable_list = tuple(self.column_searchable_list or ())
        self.column_sortable_list = tuple(self.column_sortable_list or ())
        self._mapper()
        for name in (*self.column_list, *self.export_more, *[f for s in self.sections for f in s.fields]):
            self._check_column(name)
        for name in self.column_searchable_list:
            self._check_column(name)
        for name in self.column_sortable_list:
            self._check_sortable(name)
        by_index = [name for name in self.column_list if self._is_sortable(name)]
        self.column_sortable_list = tuple(dict.fromkeys((*self.column_sortable_list, *by_index)))
        sort = self.column_default_sort
        self.default_sort = (sort, False) if isinstance(sort, str) else tuple(sort) if sort else ("", False)
        if self.default_sort[0]:
            self._check_sortable(self.default_sort[0])
        self.list_filters = [make_filter(self.model, one, self.label) for one in self.column_filters or ()]
        names = {one.name for one in self.list_filters}
        if unknown := set(self.default_filters) - names:
            raise TypeError(f"{type(self).__name__}: no filter {', '.join(sorted(unknown))}")
        self.cells = [Cell(self, name) for name in self.column_list]
        read = (*self.column_list, *self.list_needs, *self.column_sortable_list, self.default_sort[0] or "id")
        self.shape = Shape(self.model, read, self.computed)
        self.file_shape = Shape(self.model, (*read, *self.export_more), self.computed)
        self._list_columns = self._details_columns = self._export_columns = [
            (name, self.label(name)) for name in self.column_list
        ]
        self._search_supported = bool(self.column_searchable_list)
        self._filters = self._filter_groups = self._filter_args = None
        self._form_ajax_refs: dict[str, Any] = {}

    def _mapper(self) -> Any:
        try:
            return inspect(self.model)
        except (NoInspectionAvailable, UnmappedClassError):
            raise TypeError(f"{type(self).__name__}: {self.model!r} is no table") from None

    def _check_column(self, name: str) -> None:
        if name in self.computed:
            return
        model: Any = self.model
        *heads, last = name.split(".")
        for head in heads:
            relation = inspect(model).relationships.get(head)
            if relation is None:
                raise TypeError(f"{type(self).__name__}: {model.__name__}.{head} is no relation")
            model = relation.mapper.class_
        in_formatters = name in {**(self.column_formatters or {}), **(self.column_formatters_detail or {})}
        if not hasattr(model, last) and not in_formatters:
            raise TypeError(f"{type(self).__name__}: there is no {model.__name__}.{last}")
        column = inspect(model).column_attrs.get(last)
        if column is not None and column.columns[0].info.get("secret"):
            raise TypeError(f"{type(self).__name__}: {name} is secret")

    def _check_sortable(self, name: str) -> None:
        attribute = inspect(self.model).column_attrs.get(name)
        column = attribute.columns[0] if attribute is not None else None
        if column is None or column.info.get("secret") or column.info.get("pii"):
            raise TypeError(f"{type(self).__name__}: {name} cannot be sorted by")
        if not has_index(self.model, name):
            raise TypeError(f"{type(self).__name__}: {name} has no index to sort by")

    def _is_sortable(self, name: str) -> bool:
        """Whether a column of the list can be sorted by without being declared."""
        attribute = inspect(self.model).column_attrs.get(name)
        return attribute is not None and not attribute.columns[0].info and has_index(self.model, name)

    def create_blueprint(self, admin: Any) -> Any:
        """Register the view; raises TypeError where an act's form or name is missing or double, or no scope is set."""
        if not scope.is_scoped(self.model):
            raise TypeError(f"{self.model.__name__} has no row scope")
        for key in (self.create_act, self.edit_act):
            if key is not None and (key not in core_acts.REGISTRY or key not in FORMS):
                raise TypeError(f"{type(self).__name__}: {key} is no act with a form")
        names = [act.name for act in self.acts()]
        if len(names) != len(set(names)):
            raise TypeError(f"{type(self).__name__}: two acts share a name")
        return super().create_blueprint(admin)

    # -- words -------------------------------------------------------------------------------------------------------

    def label(self, name: str) -> Any:
        """The label of a field: its own, that of its relation, else its name in words."""
        labels = self.column_labels or {}
        if name in labels:
            return labels[name]
        if name.endswith("_id") and name[:-3] in labels:
            return labels[name[:-3]]
        return LABELS.get(name) or name.removesuffix("_id").replace("_", " ").replace(".", " ").capitalize()

    def page_sections(self) -> tuple[Section, ...]:
        """The declared sections, or one with the columns of the list."""
        fields = tuple(self.column_details_list or self.column_list)
        return self.sections or (Section(self.name_one, fields),)

    def heading(self, doc: Any) -> str:
        """What the record is called on its page, personal data masked."""
        return formatters.title(doc)


def has_index(model: type[Any], name: str) -> bool:
    """Whether rows of `model` can be read in the order of a column: it leads an index, perhaps behind the branch."""
    table = model.__table__  # type: ignore[attr-defined]
    column = inspect(model).column_attrs[name].columns[0]
    groups = [list(index.columns) for index in table.indexes]
    groups += [list(c.columns) for c in table.constraints if type(c).__name__ == "UniqueConstraint"]
    leading = [next((c for c in group if c.name != "branch_id"), None) for group in groups]
    return bool(column.primary_key or column.unique or any(found is column for found in leading))

"""Editing reference data: the form made from the columns, and the audited write."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect, select
from wtforms import BooleanField
from wtforms.validators import Optional

from backoffice.core import audit, scope
from backoffice.core.db import Document, db
from backoffice.core.errors import MissingInput, NotPermitted, RecordNotFound, StaleDocument
from backoffice.core.permissions import Actor
from backoffice.core.states import LabelledEnum

from .act_page import ActForm
from .fields import (
    EnumField,
    LocalDateField,
    LocalDateTimeField,
    LookupField,
    MoneyField,
    PhoneField,
    Required,
    TextBlock,
    TextLine,
    WholeNumberField,
)  # fmt: skip
from .lookups import lookup_of

_FORBIDDEN = {"id", "version", "created_at", "updated_at", "created_by_id", "updated_by_id", "state"}


def form_of(view: Any) -> type[ActForm]:
    """The form class of a reference view, made from `form_columns`.

    Raises TypeError for columns that are never edited and for a relation that has no look-up.
    """
    fields: dict[str, Any] = {}
    for name in view.form_columns:
        if name in _FORBIDDEN:
            raise TypeError(f"{type(view).__name__}: {name} is never edited")
        override = view.form_overrides.get(name)
        if override is not None and hasattr(override, "field_class"):
            fields[name] = override
            continue
        fields[name] = _field(view, name, override)
    return type(f"{view.model.__name__}Form", (ActForm,), fields)


def _field(view: Any, name: str, override: Any) -> Any:
    mapper = inspect(view.model)
    label = view.label(name)
    description = (view.column_descriptions or {}).get(name, "")
    if name in mapper.relationships:
        return _relation_field(view, name, label, description)
    if name not in mapper.column_attrs:
        raise TypeError(f"{type(view).__name__}: {name} is no column")
    column = mapper.column_attrs[name].columns[0]
    if column.info.get("secret"):
        raise TypeError(f"{type(view).__name__}: {name} is secret")
    if column.foreign_keys:
        raise TypeError(f"{type(view).__name__}: give the relation of {name}, not its key")
    default = column.default.arg if column.default is not None and not callable(column.default.arg) else None
    common: dict[str, Any] = {"description": description, "default": default}
    validators = [] if column.nullable else [Required()]
    if override is not None:
        return override(label, validators=validators, **common)
    kind = column.type.python_type
    if isinstance(kind, type) and issubclass(kind, LabelledEnum):
        return EnumField(label, kind, empty_label="" if column.nullable or default is None else None,
                         validators=validators, **common)  # fmt: skip
    if kind is str:
        return _text_field(column, label, common)
    if kind is bool:
        return BooleanField(label, **common)
    if kind not in _FIELDS:
        raise TypeError(f"{type(view).__name__}: give form_overrides[{name!r}]")
    return _FIELDS[kind](label, validators=validators, **common)


_FIELDS: dict[Any, Any] = {
    int: WholeNumberField, Decimal: MoneyField, datetime: LocalDateTimeField, date: LocalDateField,
}  # fmt: skip


def _relation_field(view: Any, name: str, label: Any, description: Any) -> Any:
    relation = inspect(view.model).relationships[name]
    (column,) = relation.local_columns
    found = lookup_of(relation.mapper.class_)
    if found is None:
        raise TypeError(f"{type(view).__name__}.{name}: {relation.mapper.class_.__name__} has no look-up")
    validators = [Optional()] if column.nullable else [Required()]
    return LookupField(label, validators, lookup=found.name, description=description)


def _text_field(column: Any, label: Any, common: dict[str, Any]) -> Any:
    longest = column.type.length or 4000
    validators = [Required()] if not column.nullable and common["default"] is None else []
    if column.info.get("pii") == "phone":
        return PhoneField(label, max=longest, validators=validators, **common)
    return (TextBlock if longest > 300 else TextLine)(label, max=longest, validators=validators, **common)


def save(view: Any, row: Any, form: Any, by: Actor, *, version: int | None, is_new: bool) -> Any:
    """Write the form into the row and flush it under its occasion.

    Raises StaleDocument for another version than the person saw, MissingInput for a value that another row has,
    NotPermitted when the row would lie outside the person's scope, and whatever `before_save` raises.
    """
    model = view.model
    if not is_new:
        query = select(model).where(model.id == row.id, scope.visible(model, by))
        row = db.session.scalars(
            query.with_for_update(of=model).execution_options(populate_existing=True)
        ).unique().one_or_none()  # fmt: skip
        if row is None:
            raise RecordNotFound
        if version is None or version != row.version:
            raise StaleDocument
    _check_unique(model, row, form, is_new)
    with audit.during(audit.Occasion(act=f"{model.__tablename__}.{'create' if is_new else 'edit'}", by=by)):
        with db.session.no_autoflush:
            for name, value in form.inputs().items():
                _set(row, name, value)
            if is_new and isinstance(row, Document) and row.branch_id is None and getattr(row, "branch", None) is None:
                row.branch_id = by.branch_id
            view.before_save(row, form, by, is_new=is_new)
        if is_new:
            db.session.add(row)
        db.session.flush()
    if db.session.scalar(select(model.id).where(model.id == row.id, scope.visible(model, by))) is None:
        raise NotPermitted(_l("This would lie outside the branch that you work for."), rule="P-1")
    return row


def _set(row: Any, name: str, value: Any) -> None:
    column = inspect(type(row)).column_attrs.get(name)
    if value == "" and column is not None and column.columns[0].nullable:
        value = None
    setattr(row, name, value)


def _check_unique(model: Any, row: Any, form: Any, is_new: bool) -> None:
    for name, value in form.inputs().items():
        attribute = inspect(model).column_attrs.get(name)
        if attribute is None or not attribute.columns[0].unique or value in (None, ""):
            continue
        query = select(model.id).where(getattr(model, name) == value)
        if not is_new:
            query = query.where(model.id != row.id)
        if db.session.scalar(query.limit(1)) is not None:
            raise MissingInput(gettext("Another record has this value already."), field=name)

"""Parts and the movements of their stock in the panel."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import Boolean, Integer, bindparam, false, func, or_, select

from backoffice.core.permissions import Actor, Permission
from backoffice.core.quantity import format_quantity
from backoffice.ui import formatters, registry
from backoffice.ui.fields import MoneyField, QuantityField
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue, actor
from backoffice.ui.views import DocumentView, NavGroup, ReferenceView, Related, Section

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries, workflow
from .models import Part, StockMovement

_READ_STOCK = (Permission.STOCK_READ, Permission.STOCK_READ_OWN)


def _asked(name: str, kind: Any, answer: Any) -> Any:
    """A value of the statement that depends on who reads the list."""
    return bindparam(name, type_=kind, callable_=lambda: answer(actor()))


_BRANCH = _asked("stock_branch", Integer(), lambda by: by.branch_id)
_MAY_SEE_STORE = _asked("sees_store", Boolean(), lambda by: by.can(Permission.STOCK_READ))
_MAY_SEE_HELD = _asked("sees_held", Boolean(), lambda by: any(by.can(one) for one in _READ_STOCK))
_HOLDER = _asked("stock_holder", Integer(), lambda by: None if by.can(Permission.STOCK_READ) else by.id)


def _low(values: list[str], by: Actor) -> Any:
    return queries.below_minimum(by.branch_id) if by.can(Permission.STOCK_READ) else false()


def _quantity_in_store(there: Any, part: Any) -> Any:
    """What is in the store, marked where there should be more."""
    if there is None or part.min_stock is None or there >= part.min_stock or not part.is_active:
        return formatters.quantity(there)
    return formatters.tag(format_quantity(there), "warn", gettext("Below the minimum"))


def _in_store(part: Part) -> Any:
    by = actor()
    if by is None or not by.can(Permission.STOCK_READ):
        return ""
    there = queries.balance(part.id, by.branch_id, None)
    return _quantity_in_store(there, part)


def _held(part: Part) -> Any:
    """With whom of the branch how many are; a technician sees his own."""
    by = actor()
    if by is None or not any(by.can(one) for one in _READ_STOCK):
        return ""
    found = queries.holdings(part.id, by.branch_id)
    all_of_them = by.can(Permission.STOCK_READ)
    return [f"{user.real_name} {format_quantity(n)}" for user, n in found if all_of_them or user.id == by.id]


class _PriceOrCost(MoneyField):
    """A sale price; empty for the cost price."""

    def __init__(self, label: Any = None, validators: Any = None, **more: Any) -> None:
        super().__init__(label, [], **more)


class PartView(ReferenceView):
    """What is kept in stock, its prices, and what there is of it in one's branch."""

    model = Part
    endpoint = "parts"
    url = "/parts/"
    name = _l("Parts")
    name_one = _l("Part")
    group = NavGroup.GOODS
    order = 60
    icon = "part"
    read = Permission.PART_READ
    write = Permission.PART_WRITE

    column_list = (
        "code", "name", "spec", "unit", "cost_price", "sale_price", "in_store", "with_technicians", "min_stock",
    )  # fmt: skip
    column_labels = {
        "spec": _l("Specification"), "unit": _l("Unit of quantity"), "cost_price": _l("Cost price"),
        "sale_price": _l("Sale price"), "price_reason": _l("Reason of a price above cost"),
        "is_wear_part": _l("Wear part"), "min_stock": _l("Minimum"), "in_store": _l("In the store"),
        "with_technicians": _l("With technicians"), "stock": _l("Stock"),
    }  # fmt: skip
    column_descriptions = {
        "unit": _l("As it is counted: 个, 套, 米"),
        "sale_price": _l("What it costs outside the warranty. Empty: the cost price"),
        "price_reason": _l("Parts are sold at cost; a price above it needs a reason (S-1.2)"),
        "min_stock": _l("What should be in each branch's store at least; empty: no matter"),
    }
    column_searchable_list = ("code", "name", "spec")
    column_sortable_list = ("code", "name", "spec")
    column_default_sort = "code"
    column_filters = (
        ChoiceFilter("stock", _l("Stock"), (("low", _l("below the minimum")),), _low), "is_wear_part", "is_active",
    )  # fmt: skip
    default_filters = {"is_active": ("yes",)}
    computed = {
        "in_store": queries.shown_if(_MAY_SEE_STORE, queries.stored(_BRANCH)),
        "with_technicians": queries.shown_if(_MAY_SEE_HELD, queries.held(_BRANCH, _HOLDER)),
    }
    list_needs = ("is_active",)
    export_more = ("is_wear_part", "price_reason", "is_active")
    column_formatters = {"in_store": lambda view, context, part, name: _quantity_in_store(part.in_store, part)}
    column_formatters_export = {"in_store": lambda view, context, part, name: part.in_store}
    column_formatters_detail = {
        "in_store": lambda view, context, part, name: _in_store(part),
        "with_technicians": lambda view, context, part, name: _held(part),
    }
    sections = (
        Section(_l("Part"), ("code", "name", "spec", "unit", "is_wear_part", "is_active")),
        Section(_l("Price"), ("cost_price", "sale_price", "price_reason")),
        Section(_l("Stock in your branch"), ("in_store", "with_technicians", "min_stock")),
    )
    form_columns = (
        "code", "name", "spec", "unit", "cost_price", "sale_price", "price_reason", "is_wear_part", "min_stock",
        "is_active",
    )  # fmt: skip
    form_overrides = {
        "sale_price": _PriceOrCost, "min_stock": QuantityField,
    }  # fmt: skip
    related = (
        Related(
            _l("Movements"), "stock_movements", "part",
            lambda part: select(func.count()).where(
                StockMovement.part_id == part.id, queries.visible_movements(actor())
            ),
        ),
    )  # fmt: skip
    empty_text = _l("Here stands every part that is kept in stock, with its prices.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """What has to be ordered."""
        if not by.can(Permission.STOCK_MOVE):
            return []
        return [Queue(_l("Parts below their minimum"), queries.low_parts(by), {"stock": "low"})]

    def trail_condition(self, by: Actor) -> Any:
        """What happens to the stock of another branch is not told here (P-1)."""
        return queries.visible_trail(by, workflow.MOVING)

    def before_save(self, row: Part, form: Any, by: Any, *, is_new: bool) -> None:
        """One code, one part; at cost unless there is a reason (E-07)."""
        workflow.check_part(row)


def _where(movement: Any) -> Any:
    return formatters.title(movement.holder) if movement.holder is not None else gettext("Store")


def _document(movement: Any) -> Any:
    """The document for which it was used, linked where the person may open it."""
    if not movement.subject_number:
        return ""
    return registry.linked(movement.subject_type, movement.subject_id, movement.subject_number)


def _taken_back(movement: Any) -> Any:
    key = movement.reversal_of_id
    return registry.linked(StockMovement, key, f"#{key}") if key is not None else ""


def _place(values: list[str], by: Actor) -> Any:
    store = StockMovement.holder_id.is_(None)
    return or_(*(store if value == "store" else ~store for value in values))


class StockMovementView(DocumentView):
    """Everything by which stock became more or less; written once, never changed."""

    model = StockMovement
    endpoint = "stock_movements"
    url = "/stock-movements/"
    name = _l("Stock movements")
    name_one = _l("Stock movement")
    group = NavGroup.GOODS
    order = 62
    icon = "stock"
    read = _READ_STOCK

    column_list = ("moved_at", "part", "kind", "quantity", "holder", "document", "reason")
    column_labels = {
        "moved_at": _l("When"), "part": _l("Part"), "kind": _l("Movement"), "quantity": _l("Quantity"),
        "holder": _l("Where"), "document": _l("Document"), "unit_cost": _l("Cost price then"), "place": _l("Where"),
        "subject_number": _l("Document"), "reversal_of_id": _l("Takes back"),
    }  # fmt: skip
    column_sortable_list = ("moved_at",)
    column_default_sort = ("moved_at", True)
    column_filters = (
        "part", "kind", "holder", "moved_at",
        ChoiceFilter("place", _l("Where"), (("store", _l("in the store")), ("held", _l("with technicians"))), _place),
    )  # fmt: skip
    list_needs = ("subject_type", "subject_id", "subject_number")
    export_more = ("unit_cost",)
    column_formatters = {
        "holder": lambda view, context, movement, name: _where(movement),
        "document": lambda view, context, movement, name: _document(movement),
        "reversal_of_id": lambda view, context, movement, name: _taken_back(movement),
    }
    column_formatters_export = {"document": lambda view, context, movement, name: movement.subject_number}
    sections = (
        Section(
            _l("Stock movement"), ("moved_at", "part", "kind", "quantity", "holder", "unit_cost", "document", "reason")
        ),
        Section(_l("Correction"), ("reversal_of_id",), only_filled=True),
    )
    empty_text = _l("Goods that come in, go to technicians, are used or counted stand here.")


class BuiltInView(DocumentView):
    """What the lists of parts that were built in share; `subject` is the relation to what they were built in for."""

    subject: str
    icon = "part"

    column_labels = {
        "taken_at": _l("Taken"), "part": _l("Part"), "quantity": _l("Quantity"), "unit_cost": _l("Cost"),
        "unit_price": _l("Unit price"), "amount": _l("Amount"), "taken_by": _l("Taken by"),
        "given_back_at": _l("Given back"), "old_part_returned": _l("Old part to the customer"),
        "movement": _l("Movement"), "use": _l("Used"),
    }  # fmt: skip
    column_sortable_list = ("taken_at",)
    column_default_sort = ("taken_at", True)
    column_formatters = {"amount": lambda view, context, line, name: formatters.money(line.amount)}
    list_needs = ("unit_price", "quantity", "given_back_at")
    link_column = "taken_at"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        shown = ("quantity", "unit_cost", "unit_price", "amount", "taken_by", "taken_at", "old_part_returned",
                 "movement", "given_back_at")  # fmt: skip
        cls.column_list = ("taken_at", "part", "quantity", "unit_price", "amount", cls.subject, "taken_by",
                           "given_back_at")  # fmt: skip
        use = (("used", _l("built in")), ("back", _l("given back")))
        cls.column_filters = (
            cls.subject, "part", "taken_by", "taken_at", ChoiceFilter("use", _l("Used"), use, cls._is_used),
        )  # fmt: skip
        cls.sections = (Section(_l("Part"), (cls.subject, "part", *shown)),)

    @classmethod
    def _is_used(cls, values: list[str], by: Actor) -> Any:
        back = cls.model.given_back_at
        conditions = {"used": back.is_(None), "back": back.is_not(None)}
        return or_(*(conditions[value] for value in values))


VIEWS = [PartView, StockMovementView]

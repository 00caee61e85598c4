"""Parts sales in the panel."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import func, or_, select

from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.customers.admin import CustomerView
from backoffice.parts.admin import PartView
from backoffice.parts.models import Part
from backoffice.receivables.admin import DueView
from backoffice.ui import formatters, registry
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue, actor
from backoffice.ui.views import DocumentView, NavGroup, Related, Section

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries
from .models import PartsSale, SaleLine, SaleState

#: Lines that the record page shows.
_SHOWN = 200


def _history(values: list[str], by: Actor) -> Any:
    conditions = {"only": PartsSale.is_history, "without": ~PartsSale.is_history}
    return or_(*(conditions[value] for value in values))


def _remarks(sale: Any) -> list[tuple[Any, str]]:
    """(words, tone) of what is out of the ordinary."""
    found: list[tuple[Any, str]] = []
    if sale.is_history:
        found.append((gettext("history"), "neutral"))
    if sale.total < 0:
        found.append((gettext("reversal"), "neutral"))
    if sale.returned_total and sale.state is SaleState.DELIVERED:
        found.append((gettext("partly taken back"), "warn"))
    return found


def _tags(sale: Any) -> Any:
    """The same as tags."""
    return Markup(" ").join(formatters.tag(words, tone) for words, tone in _remarks(sale))


class PartsSaleView(DocumentView):
    """Every sale of parts, the newest first."""

    model = PartsSale
    endpoint = "parts_sales"
    url = "/parts-sales/"
    name = _l("Parts sales")
    name_one = _l("Parts sale")
    group = NavGroup.MONEY
    order = 60
    icon = "part"
    read = Permission.SALE_READ
    create_act = "sale.create"
    edit_act = "sale.edit"

    column_list = ("number", "state", "note", "customer_name", "sold_at", "total", "returned_total", "due")
    column_labels = {
        "note": _l("Note"), "customer_name": _l("Customer"), "customer": _l("Customer record"),
        "sold_at": _l("Entered"), "delivered_at": _l("Delivered"), "delivered_by": _l("Delivered by"),
        "total": _l("Total"), "returned_total": _l("Taken back"), "due": _l("Due"), "remark": _l("Remark"),
        "void_reason": _l("Why void"), "is_history": _l("History"), "old_number": _l("Old number"),
        "history": _l("History"), "lines": _l("Lines"),
    }  # fmt: skip
    column_searchable_list = ("number", "old_number", "customer_name")
    column_sortable_list = ("number", "sold_at")
    column_default_sort = ("sold_at", True)
    column_filters = (
        "state", "customer", "sold_at", "due",
        ChoiceFilter("history", _l("History"), (("without", _l("without")), ("only", _l("only"))), _history),
    )  # fmt: skip
    list_needs = ("is_history",)
    export_more = ("delivered_at", "old_number", "remark")
    column_formatters = {
        "note": lambda view, context, sale, name: _tags(sale),
        "returned_total": lambda view, context, sale, name: formatters.money(sale.returned_total or None),
    }
    column_formatters_export = {
        "note": lambda view, context, sale, name: "; ".join(str(words) for words, _tone in _remarks(sale)),
        "returned_total": lambda view, context, sale, name: sale.returned_total,
    }
    stages = (SaleState.DRAFT, SaleState.DELIVERED)
    next_actor = {SaleState.DRAFT: Role.ASSISTANT.label}
    sections = (
        Section(_l("Parts sale"), ("customer", "sold_at", "total", "returned_total", "remark"), only_filled=True),
        Section(_l("Course"), ("delivered_at", "delivered_by", "due", "void_reason", "old_number"), only_filled=True),
    )
    related: tuple[Related, ...] = (Related(_l("Lines"), "sale_lines", "sale", queries.lines_of),)
    details_template = "sales/record.html"
    empty_text = _l("Parts that a customer buys without a visit: from the store to what is due.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Drafts whose parts are still in the store."""
        if not by.can(Permission.SALE_WRITE):
            return []
        return [Queue(_l("Parts sales to deliver"), queries.drafts(by), {"state": "draft"})]

    def more(self, doc: PartsSale, by: Actor) -> dict[str, Any]:
        """Its first lines, each part linked."""
        lines = queries.first_lines(doc, _SHOWN)
        count = len(lines) if len(lines) < _SHOWN else db.session.scalar(queries.lines_of(doc))
        shown = [
            {
                "words": registry.linked(Part, line.part_id, line.name), "quantity": line.quantity, "unit": line.unit,
                "unit_price": line.unit_price, "amount": line.amount, "reason": line.price_reason,
                "returned": line.returned_quantity,
            }
            for line in lines
        ]  # fmt: skip
        return {"lines": shown, "count": count, "taken_back": any(line.returned_quantity for line in lines)}


class SaleLineView(DocumentView):
    """The parts on sales, one a line."""

    model = SaleLine
    endpoint = "sale_lines"
    url = "/sale-lines/"
    name = _l("Parts on sales")
    name_one = _l("Part on a sale")
    icon = "part"
    read = Permission.SALE_READ

    column_list = ("name", "quantity", "unit", "unit_price", "amount", "returned_quantity", "sale")
    column_labels = {
        "name": _l("Part"), "part": _l("Part record"), "quantity": _l("Quantity"), "unit": _l("Unit of quantity"),
        "unit_cost": _l("Cost price then"), "unit_price": _l("Unit price"), "price_reason": _l("Reason of the price"),
        "amount": _l("Amount"), "returned_quantity": _l("Taken back"), "returned_amount": _l("Amount taken back"),
        "sale": _l("Parts sale"), "movement": _l("Movement"),
    }  # fmt: skip
    column_sortable_list = ()
    column_default_sort = ("id", True)
    column_filters = ("sale", "part")
    export_more = ("unit_cost", "price_reason", "returned_amount")
    sections = (
        Section(
            _l("Part"),
            ("sale", "part", "name", "quantity", "unit", "unit_cost", "unit_price", "price_reason", "amount",
             "movement"),
            only_filled=True,
        ),
        Section(_l("Taken back"), ("returned_quantity", "returned_amount")),
    )  # fmt: skip
    empty_text = _l("Lines are entered on a parts sale.")


#: The lower pages show what hangs on them without knowing this feature.
CustomerView.related += (
    Related(
        _l("Parts sales"), "parts_sales", "customer",
        lambda customer: select(func.count()).where(PartsSale.customer_id == customer.id),
    ),
)  # fmt: skip
PartView.related += (
    Related(
        _l("Sales"), "sale_lines", "part",
        lambda part: select(func.count()).where(
            SaleLine.part_id == part.id, queries.visible_sale_lines(actor()),  # type: ignore[arg-type]
        ),
    ),
)  # fmt: skip
DueView.related += (
    Related(
        _l("Parts sale"), "parts_sales", "due", lambda due: select(func.count()).where(PartsSale.due_id == due.id)
    ),
)  # fmt: skip

VIEWS = [PartsSaleView, SaleLineView]

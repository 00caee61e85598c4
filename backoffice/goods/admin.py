"""Receipts and the goods register in the panel."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from backoffice.core import clock
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section
from backoffice.vouchers.admin import ServiceVoucherView

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries
from .models import HELD, GoodsEntry, GoodsLeg, GoodsReceipt, GoodsState, ReceiptState

_ITEM_LABELS = {
    "customer_name": _l("Customer"), "model_text": _l("Model"), "serial_no": _l("Serial number"), "unit": _l("Unit"),
    "customer": _l("Customer record"),
}  # fmt: skip


def promise_cell(promised_on: Any, *, is_held: bool) -> Any:
    """The promised day; what is in our hands beyond it stands out."""
    if promised_on is None:
        return ""
    late = (clock.today() - promised_on).days
    if is_held and late > 0:
        return formatters.tag(f"{promised_on} · {gettext('%(n)s days late', n=late)}", "bad")
    if is_held and late == 0:
        return formatters.tag(f"{promised_on} · {gettext('today')}", "warn")
    return formatters.day(promised_on)


class GoodsReceiptView(DocumentView):
    """Every receipt that was written for a customer's goods."""

    model = GoodsReceipt
    endpoint = "goods_receipts"
    url = "/receipts/"
    name = _l("Goods receipts")
    name_one = _l("Goods receipt")
    group = NavGroup.GOODS
    order = 20
    icon = "file"
    read = Permission.GOODS_READ

    column_list = (
        "number", "state", "customer_name", "model_text", "serial_no", "promised_return_on", "issued_by", "issued_at",
    )  # fmt: skip
    column_labels = {
        **_ITEM_LABELS, "promised_return_on": _l("Promised for"), "issued_by": _l("Issued by"),
        "issued_at": _l("Issued"), "voucher": _l("Voucher"), "accessories": _l("Accessories"),
        "appearance": _l("Appearance"), "fault_text": _l("Fault"), "estimated_fee": _l("Estimated fee"),
        "paper_no": _l("Paper number"), "ended_at": _l("Ended"), "end_reason": _l("Why"), "entry": _l("Register line"),
    }  # fmt: skip
    column_searchable_list = ("number", "paper_no", "serial_no", "model_text", "customer_name")
    column_sortable_list = ("number", "issued_at")
    column_default_sort = ("issued_at", True)
    column_filters = ("state", "customer", "unit", "voucher", "issued_by", "issued_at")
    next_actor = {ReceiptState.ISSUED: Role.TECHNICIAN.label}
    sections = (
        Section(_l("Receipt"), ("voucher", "entry", "paper_no", "issued_by", "issued_at", "promised_return_on")),
        Section(_l("Item"), ("customer_name", "customer", "unit", "model_text", "serial_no", "accessories",
                             "appearance", "fault_text", "estimated_fee")),
        Section(_l("End"), ("ended_at", "end_reason"), only_filled=True),
    )  # fmt: skip
    empty_text = _l("A receipt is written when goods are taken away from a customer.")


def _held(values: list[str], by: Actor) -> Any:
    conditions = {
        "held": queries.held(), "long": queries.held_too_long(), "late": queries.promise_over(),
        "out": GoodsEntry.state.in_((GoodsState.FACTORY, GoodsState.OUTSOURCED)), "gone": ~queries.held(),
    }  # fmt: skip
    return or_(*(conditions[value] for value in values))


def _days_cell(entry: GoodsEntry) -> Any:
    days = entry.days_held
    return "" if days is None else gettext("%(n)s d", n=days)


class GoodsEntryView(DocumentView):
    """The goods register: every item that is or was in our hands, and where it is."""

    model = GoodsEntry
    endpoint = "goods_entries"
    url = "/goods/"
    name = _l("Goods register")
    name_one = _l("Register line")
    group = NavGroup.GOODS
    order = 10
    icon = "unit"
    read = Permission.GOODS_READ

    column_list = (
        "number", "state", "moved_at", "customer_name", "model_text", "serial_no", "in_on", "days",
        "promised_return_on", "returned_on", "moved_by", "receipt", "receipt.state",
    )  # fmt: skip
    column_labels = {
        **_ITEM_LABELS, "state": _l("Where"), "moved_at": _l("Since"), "moved_by": _l("By"), "in_on": _l("Taken in"),
        "days": _l("Days with us"), "promised_return_on": _l("Promised for"), "returned_on": _l("Returned on"),
        "receipt": _l("Receipt"), "receipt.state": _l("Receipt is"), "first_promised_on": _l("First promise"),
        "inspected_on": _l("Inspected on"), "returned_by": _l("Returned by"), "received_by": _l("Received by"),
        "return_signed_at": _l("Signed for"), "remark": _l("Remark"), "held": _l("In our hands"),
    }  # fmt: skip
    column_searchable_list = ("number", "serial_no", "model_text", "customer_name", "receipt.number")
    column_sortable_list = ("number", "in_on", "promised_return_on", "returned_on")
    column_default_sort = ("in_on", True)
    column_filters = (
        "state", "customer", "unit", "receipt", "in_on", "promised_return_on", "returned_on",
        ChoiceFilter(
            "held", _l("In our hands"),
            (("held", _l("in our hands")), ("late", _l("promise past")), ("long", _l("held too long")),
             ("out", _l("out of the house")), ("gone", _l("not any more"))),
            _held,
        ),
    )  # fmt: skip
    list_needs = ("returned_on",)
    export_more = ("first_promised_on", "inspected_on", "returned_by", "remark")
    column_formatters = {
        "days": lambda view, context, entry, name: _days_cell(entry),
        "promised_return_on": lambda view, context, entry, name: promise_cell(
            entry.promised_return_on, is_held=entry.state in HELD
        ),
    }
    next_actor = {
        GoodsState.WORKSHOP: Role.TECHNICIAN.label, GoodsState.BACK: Role.TECHNICIAN.label,
        GoodsState.FACTORY: Role.TECHNICIAN.label, GoodsState.OUTSOURCED: Role.TECHNICIAN.label,
    }  # fmt: skip
    also_acts = (("receipt", _l("Goods receipt")),)
    sections = (
        Section(_l("Item"), ("customer_name", "customer", "unit", "model_text", "serial_no", "receipt")),
        Section(_l("Where it is"), ("state", "moved_at", "moved_by", "in_on", "days", "promised_return_on",
                                    "first_promised_on", "inspected_on")),
        Section(_l("Way back"), ("returned_on", "returned_by", "received_by", "return_signed_at", "remark"),
                only_filled=True),
    )  # fmt: skip
    related = (
        Related(
            _l("Out of the house and back"), "goods_legs", "entry",
            lambda entry: select(func.count()).select_from(GoodsLeg).where(GoodsLeg.entry_id == entry.id),
        ),
    )  # fmt: skip
    empty_text = _l("Here stands every item that a customer has given us, until he has it back.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Items beyond their promise, and those held too long."""
        if not by.can(Permission.GOODS_VOID):
            return []
        return [
            Queue(_l("Goods beyond the promised day"), queries.count(by, queries.promise_over()), {"held": "late"}),
            Queue(_l("Goods held too long"), queries.count(by, queries.held_too_long()), {"held": "long"}),
        ]


def _leg_is_open(values: list[str], by: Actor) -> Any:
    conditions = {"out": GoodsLeg.back_on.is_(None), "back": GoodsLeg.back_on.is_not(None)}
    return or_(*(conditions[value] for value in values))


class GoodsLegView(DocumentView):
    """Goods sent to an outside workshop or to the factory, with carrier and dates."""

    model = GoodsLeg
    endpoint = "goods_legs"
    url = "/goods-sent/"
    name = _l("Goods sent out")
    name_one = _l("Way out and back")
    group = NavGroup.GOODS
    order = 30
    icon = "map"
    read = Permission.GOODS_READ

    column_list = (
        "sent_on",
        "destination",
        "sent_to",
        "entry",
        "entry.model_text",
        "carrier",
        "tracking_no",
        "back_on",
    )
    column_labels = {
        "sent_on": _l("Sent on"), "destination": _l("Who repairs it"), "sent_to": _l("Sent to"),
        "entry": _l("Register line"), "entry.model_text": _l("Model"), "carrier": _l("Carrier"),
        "tracking_no": _l("Tracking number"), "back_on": _l("Back on"), "sent_by": _l("Sent by"),
        "back_by": _l("Brought back by"), "way": _l("Way"),
    }  # fmt: skip
    column_sortable_list = ("sent_on", "back_on")
    column_default_sort = ("sent_on", True)
    column_filters = (
        "destination",
        "entry",
        "sent_on",
        "back_on",
        ChoiceFilter("way", _l("Way"), (("out", _l("still out")), ("back", _l("back"))), _leg_is_open),
    )
    link_column = "sent_on"
    sections = (
        Section(_l("Way out"), ("entry", "destination", "sent_to", "carrier", "tracking_no", "sent_on", "sent_by")),
        Section(_l("Way back"), ("back_on", "back_by"), only_filled=True),
    )
    empty_text = _l("Here stands what was sent to the factory or to an outside workshop.")


#: The lower page shows what hangs on it without knowing this feature.
ServiceVoucherView.related += (
    Related(
        _l("Goods receipts"), "goods_receipts", "voucher",
        lambda voucher: select(func.count()).select_from(GoodsReceipt).where(GoodsReceipt.voucher_id == voucher.id),
    ),
)  # fmt: skip

VIEWS = [GoodsEntryView, GoodsReceiptView, GoodsLegView]

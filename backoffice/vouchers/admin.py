"""Vouchers and visits in the panel."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from backoffice.calls.admin import ServiceCallView
from backoffice.calls.models import CancelReason
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries
from .models import ServiceVoucher, SignatureMode, Visit, VoucherState


def _due_cell(voucher: ServiceVoucher) -> Any:
    if voucher.state is VoucherState.SIGNED:
        return "" if voucher.return_due_at is None else formatters.deadline(voucher.return_due_at)
    if voucher.state is VoucherState.RETURNED and voucher.write_off_due_at is not None:
        return formatters.deadline(voucher.write_off_due_at)
    return ""


def _void_reason(voucher: ServiceVoucher) -> Any:
    """What was written down, or the reason for which its call was cancelled."""
    coded = {reason.value: reason.label for reason in CancelReason}
    return coded.get(voucher.void_reason, voucher.void_reason)


def _unsigned(values: list[str], by: Actor) -> Any:
    return (ServiceVoucher.signature_mode == SignatureMode.UNSIGNED) & ServiceVoucher.signed_at.is_(None)


def _due_back(values: list[str], by: Actor) -> Any:
    conditions = {"back": queries.due_back(), "out": ~queries.due_back()}
    return or_(*(conditions[value] for value in values))


class ServiceVoucherView(DocumentView):
    """Every voucher: out, signed, back, archived, void."""

    model = ServiceVoucher
    endpoint = "service_vouchers"
    url = "/vouchers/"
    name = _l("Vouchers")
    name_one = _l("Service voucher")
    group = NavGroup.SERVICE
    order = 20
    icon = "file"
    read = Permission.VOUCHER_READ

    column_list = (
        "number", "state", "due", "call", "call.customer_name", "technician", "onsite_result", "issued_at",
        "returned_at", "archive_location",
    )  # fmt: skip
    column_labels = {
        "due": _l("Time limit"), "call": _l("Call"), "call.customer_name": _l("Customer"),
        "call.model_text": _l("Model"), "technician": _l("Technician"), "onsite_result": _l("Result"),
        "issued_at": _l("Issued"), "signed_at": _l("Signed"), "returned_at": _l("Returned"),
        "archive_location": _l("Kept where"), "paper_no": _l("Paper number"), "work_done": _l("Work done"),
        "fault_cause": _l("Cause"), "labour_minutes": _l("Minutes of work"), "service_type": _l("Service type"),
        "signature_mode": _l("Signature"), "signed_by": _l("Signed by"), "unsigned_reason": _l("Why not signed"),
        "unsigned_confirmed_by": _l("Confirmed by"), "return_due_at": _l("Due back"),
        "returned_to": _l("Taken back by"),
        "write_off_due_at": _l("Write off by"), "archived_at": _l("Archived"), "archived_by": _l("Archived by"),
        "voided_at": _l("Void since"), "void_reason": _l("Why void"), "replaced_by": _l("Replaced by"),
        "helpers": _l("Helpers"), "unsigned": _l("Unsigned"),
    }  # fmt: skip
    column_searchable_list = ("number", "paper_no", "call.number", "call.customer_name")
    column_sortable_list = ("number", "issued_at", "signed_at", "returned_at", "archived_at")
    column_default_sort = ("issued_at", True)
    column_filters = (
        "state", "technician", "call", "onsite_result", "service_type", "issued_at",
        ChoiceFilter("goods", _l("Way back"), (("back", _l("due back")), ("out", _l("not due yet"))), _due_back),
        ChoiceFilter("unsigned", _l("Unsigned"), (("waiting", _l("waits for the supervisor")),), _unsigned),
    )  # fmt: skip
    column_formatters = {"due": lambda view, context, voucher, name: _due_cell(voucher)}
    column_formatters_detail: Any = {"void_reason": lambda view, context, voucher, name: _void_reason(voucher)}
    list_needs = ("return_due_at", "write_off_due_at")
    export_more = ("signed_at", "return_due_at", "write_off_due_at", "archived_at")
    stages = (VoucherState.ISSUED, VoucherState.SIGNED, VoucherState.RETURNED, VoucherState.ARCHIVED)
    next_actor = {
        VoucherState.ISSUED: Role.TECHNICIAN.label,
        VoucherState.SIGNED: Role.ASSISTANT.label,
        VoucherState.RETURNED: Role.ASSISTANT.label,
    }
    also_acts = (("call", _l("Service call")),)
    sections = (
        Section(
            _l("Voucher"), ("call", "call.customer_name", "call.model_text", "technician", "helpers", "paper_no",
                            "issued_at"),
        ),
        Section(
            _l("Findings"), ("onsite_result", "work_done", "fault_cause", "labour_minutes", "service_type"),
            only_filled=True,
        ),
        Section(
            _l("Signature"), ("signature_mode", "signed_by", "signed_at", "unsigned_reason", "unsigned_confirmed_by"),
            only_filled=True,
        ),
        Section(
            _l("Way back"),
            ("return_due_at", "returned_at", "returned_to", "write_off_due_at", "archived_at", "archived_by",
             "archive_location", "voided_at", "void_reason", "replaced_by"),
            only_filled=True,
        ),
    )  # fmt: skip
    related = (
        Related(
            _l("Visits"), "visits", "voucher",
            lambda voucher: select(func.count()).select_from(Visit).where(Visit.voucher_id == voucher.id),
        ),
    )  # fmt: skip
    empty_text = _l("A voucher is issued when a call is dispatched; the technician takes it to the customer.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """What waits for this role: vouchers to take back, to write off, or to confirm without a signature."""
        found = []
        if by.can(Permission.VOUCHER_RETURN):
            signed = {"state": VoucherState.SIGNED.value, "goods": "back"}
            returned = {"state": VoucherState.RETURNED.value}
            found.append(Queue(_l("Vouchers to take back"), queries.to_take_back(by), signed,
                               ("number", "due", "call.customer_name", "technician")))  # fmt: skip
            found.append(
                Queue(_l("Vouchers back, to write off"), queries.in_state(VoucherState.RETURNED, by), returned)
            )
        if by.can(Permission.VOUCHER_CONFIRM_UNSIGNED):
            unsigned = {"unsigned": "waiting", "state": VoucherState.ISSUED.value}
            found.append(Queue(_l("Unsigned jobs to confirm"), queries.waiting_unsigned(by), unsigned))
        return found


class VisitView(DocumentView):
    """Every attendance on site, with its times."""

    model = Visit
    endpoint = "visits"
    url = "/visits/"
    name = _l("Visits")
    name_one = _l("Visit")
    group = NavGroup.SERVICE
    order = 30
    icon = "map"
    read = Permission.VOUCHER_READ

    column_list = ("arrived_at", "left_at", "result", "voucher", "technician", "note")
    column_labels = {
        "arrived_at": _l("Arrived"), "left_at": _l("Left"), "result": _l("Result"), "voucher": _l("Voucher"),
        "technician": _l("Technician"), "departed_at": _l("Departed"), "note": _l("Note"),
    }  # fmt: skip
    column_sortable_list = ("arrived_at",)
    column_default_sort = ("arrived_at", True)
    column_filters = ("voucher", "technician", "result", "arrived_at")
    link_column = "arrived_at"
    sections = (
        Section(_l("Visit"), ("voucher", "technician", "departed_at", "arrived_at", "left_at", "result", "note")),
    )
    empty_text = _l("A visit is noted when the technician presses “Arrived”.")


#: The lower page shows what hangs on it without knowing this feature.
ServiceCallView.related += (
    Related(
        _l("Vouchers"), "service_vouchers", "call",
        lambda call: select(func.count()).select_from(ServiceVoucher).where(ServiceVoucher.call_id == call.id),
    ),
)  # fmt: skip

VIEWS = [ServiceVoucherView, VisitView]

"""The registers of calls and vouchers: R-01 to R-03."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.calls.admin import ServiceCallView
from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.permissions import Permission
from backoffice.reconciliation.admin import UndoneLineView
from backoffice.reconciliation.models import UndoneLine
from backoffice.ui.filters import ChoiceFilter, through
from backoffice.vouchers.models import ServiceVoucher, VoucherState

from .base import RegisterView, of_branch

#: States of a voucher that is with the technician.
OUT = (VoucherState.ISSUED, VoucherState.SIGNED)
_CALL = ServiceCallView.column_labels


def _named(columns: Any, *names: str) -> tuple[Any, ...]:
    """The filters of another view with these names."""
    return tuple(one for one in columns if (one if isinstance(one, str) else one.name) in names)


class CallRegisterView(RegisterView):
    """The call register in the columns of the paper (R-01)."""

    rule = "R-01"
    model = ServiceCall
    endpoint = "call_register"
    url = "/registers/calls/"
    name = _l("Call register")
    name_one = _l("Service call")
    read = Permission.CALL_READ

    column_list = (
        "number", "received_at", "customer_name", "address", "phone", "model_text", "fault_symptom", "service_type",
        "technician", "dispatched_at", "first_arrived_at", "completed_at", "voucher", "closed_at",
    )  # fmt: skip
    column_labels = _CALL | {"voucher": _l("Voucher"), "technician": _l("Dispatched to")}
    column_searchable_list = ServiceCallView.column_searchable_list
    column_default_sort = ("received_at", True)
    page_size = 40  # its rows are long, and a page stays small
    column_filters = (
        "received_at", of_branch(ServiceCall), "technician", "zone", "service_type", "state",
        *_named(ServiceCallView.column_filters, "history"),
    )  # fmt: skip
    computed = {
        "voucher": select(ServiceVoucher.number)
        .where(ServiceVoucher.call_id == ServiceCall.__table__.c.id, ServiceVoucher.state != VoucherState.VOID)
        .correlate(ServiceCall.__table__)
        .scalar_subquery()
    }
    export_more = ("state", "fault_text", "zone", "cancelled_at", "remark")


def _days(days: int) -> str:
    return gettext("%(n)s d", n=days)


class UnservedView(RegisterView):
    """What was not served by the end of a day, with its age and what was decided (R-02)."""

    rule = "R-02"
    model = UndoneLine
    endpoint = "unserved_register"
    url = "/registers/unserved/"
    name = _l("Unserved on the day")
    name_one = _l("Carried-over call")
    read = Permission.DAY_READ

    column_list = (
        "day", "call", "call.customer_name", "call.received_at", "age", "standing", "times", "decision",
        "decision_note", "decided_by", "call.state",
    )  # fmt: skip
    column_labels = UndoneLineView.column_labels | {"age": _l("Age"), "day": _l("Day"), "call.state": _l("Call is now")}
    column_default_sort = ("deliver_on", True)
    column_formatters = {"age": lambda view, context, line, name: _days(_age(line))}
    column_formatters_export = {"age": lambda view, context, line, name: _age(line)}
    column_filters = (
        "day", of_branch(UndoneLine), through(UndoneLine.call_id, ServiceCall, "technician", _CALL["technician"]),
        through(UndoneLine.call_id, ServiceCall, "zone", _CALL["zone"]),
        through(UndoneLine.call_id, ServiceCall, "service_type", _CALL["service_type"]),
        "state", "decision", *_named(UndoneLineView.column_filters, "look"),
    )  # fmt: skip
    list_needs = ("call.customer_kind",)
    link_column = "day"


def _age(line: Any) -> int:
    """Whole days from the call to the end of the day at which it was found unserved."""
    return int((line.day - clock.local(line.call.received_at).date()).days)


def _where(values: list[str], by: Any) -> Any:
    out = ServiceVoucher.state.in_(OUT)
    return out | ~out if len(values) > 1 else (out if "out" in values else ~out)


class VouchersOutView(RegisterView):
    """The vouchers that are with the technicians, and since when (R-03)."""

    rule = "R-03"
    model = ServiceVoucher
    endpoint = "vouchers_out"
    url = "/registers/vouchers-out/"
    name = _l("Vouchers out")
    name_one = _l("Service voucher")
    read = Permission.VOUCHER_READ

    column_list = (
        "number", "paper_no", "technician", "issued_at", "days", "state", "call", "call.customer_name", "call.state",
        "return_due_at",
    )  # fmt: skip
    column_labels = {
        "paper_no": _l("Paper number"), "technician": _l("Technician"), "issued_at": _l("Issued"),
        "days": _l("Days out"), "call": _l("Call"), "call.customer_name": _l("Customer"), "call.state": _l("Call is"),
        "return_due_at": _l("Due back"), "where": _l("Where it is"), "returned_at": _l("Returned"),
    }  # fmt: skip
    column_searchable_list = ("number", "paper_no", "call.number", "call.customer_name")
    column_default_sort = ("issued_at", False)
    column_formatters = {"days": lambda view, context, voucher, name: _days(_days_out(voucher))}
    column_formatters_export = {"days": lambda view, context, voucher, name: _days_out(voucher)}
    column_filters = (
        ChoiceFilter("where", _l("Where it is"), (("out", _l("out")), ("back", _l("back or void"))), _where),
        "issued_at", of_branch(ServiceVoucher), "technician",
        through(ServiceVoucher.call_id, ServiceCall, "zone", _CALL["zone"]),
        through(ServiceVoucher.call_id, ServiceCall, "service_type", _CALL["service_type"]), "state",
    )  # fmt: skip
    default_filters = {"where": ("out",)}
    list_needs = ("call.customer_kind", "returned_at", "voided_at")


def _days_out(voucher: Any) -> int:
    """Whole days from the issue until it came back or was void, or until today."""
    end = voucher.returned_at or voucher.voided_at or clock.now()
    return int((clock.local(end).date() - clock.local(voucher.issued_at).date()).days)

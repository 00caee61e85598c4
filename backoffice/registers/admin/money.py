"""The register of fees and invoices: R-05."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from backoffice.calls.admin import ServiceCallView
from backoffice.calls.models import ServiceCall
from backoffice.core.permissions import Permission
from backoffice.fees.admin import FeeSheetView
from backoffice.fees.models import FeeSheet
from backoffice.invoices.models import Invoice, InvoiceDue, InvoiceLine
from backoffice.receivables.models import Due, DueState, Payment, PaymentShare
from backoffice.receivables.rules import DueSource
from backoffice.ui import formatters
from backoffice.ui.filters import through

from .base import RegisterView, of_branch

_CALL = ServiceCallView.column_labels
_SHEET = FeeSheet.__table__


def _of_job(what: Any, *joined: tuple[Any, Any]) -> Any:
    """One value of the live due of a sheet's job."""
    query = select(what).select_from(Due)
    for table, condition in joined:
        query = query.join(table, condition)
    query = query.where(Due.call_id == _SHEET.c.call_id, Due.source == DueSource.JOB, Due.state != DueState.VOID)
    return query.correlate(_SHEET)


_COVERS = ((InvoiceDue, (InvoiceDue.due_id == Due.id) & InvoiceDue.is_live.is_(True)),)


class FeeRegisterView(RegisterView):
    """What each job has cost, what was collected and handed over of it, and how it was invoiced (R-05)."""

    rule = "R-05"
    model = FeeSheet
    endpoint = "fee_register"
    url = "/registers/fees/"
    name = _l("Fees and invoices")
    name_one = _l("Fee")
    read = Permission.DUE_READ

    column_list = (
        "settled_at", "voucher", "call.customer_name", "labour_fee", "travel_fee", "parts_fee", "other_fee",
        "discount", "total", "path", "collected", "handed_over", "invoice_no", "tax",
    )  # fmt: skip
    column_labels = FeeSheetView.column_labels | {
        "collected": _l("Collected"), "handed_over": _l("Handed over or seen"), "invoice_no": _l("Invoice number"),
        "tax": _l("Tax"), "due_state": _l("State"),
    }  # fmt: skip
    column_default_sort = ("settled_at", True)
    column_filters = (
        "settled_at", of_branch(FeeSheet),
        through(FeeSheet.call_id, ServiceCall, "technician", _CALL["technician"]),
        through(FeeSheet.call_id, ServiceCall, "zone", _CALL["zone"]), "service_type", "path",
        *(one for one in FeeSheetView.column_filters if getattr(one, "name", "") == "status"),
    )  # fmt: skip
    default_filters = {"status": ("charged",)}
    computed = {
        "voucher": FeeSheetView.computed["voucher"],
        "collected": _of_job(Due.paid_amount).scalar_subquery(),
        "handed_over": _of_job(
            func.sum(PaymentShare.amount), (PaymentShare, PaymentShare.due_id == Due.id),
            (Payment, (Payment.id == PaymentShare.payment_id)
             & or_(Payment.is_handed_over.is_(True), Payment.checked_at.is_not(None))),
        ).scalar_subquery(),
        "invoice_no": _of_job(
            Invoice.invoice_no, *_COVERS, (Invoice, Invoice.id == InvoiceDue.invoice_id)
        ).order_by(Invoice.id.desc()).limit(1).scalar_subquery(),
        "tax": _of_job(
            func.sum(InvoiceLine.tax), *_COVERS,
            (InvoiceLine, (InvoiceLine.invoice_id == InvoiceDue.invoice_id) & (InvoiceLine.due_id == Due.id)),
        ).scalar_subquery(),
    }  # fmt: skip
    column_formatters = {
        "settled_at": lambda view, context, sheet, name: (
            formatters.moment_exact(sheet.settled_at) if sheet.settled_at else ""
        ),
        **{
            one: (lambda view, context, sheet, name: formatters.money(getattr(sheet, name)))
            for one in ("collected", "handed_over", "tax")
        },
    }
    column_formatters_export = {
        one: (lambda view, context, sheet, name: getattr(sheet, name))
        for one in ("settled_at", "collected", "handed_over", "tax")
    }
    export_more = ("service_type",)
    list_needs = ("call.customer_kind",)
    link_column = "settled_at"

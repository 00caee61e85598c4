"""Invoices in the panel, with their lines and the dues that they cover."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from backoffice.calls.admin import ServiceCallView
from backoffice.calls.models import ServiceCall
from backoffice.core.money import capitals
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.customers.admin import CustomerView
from backoffice.receivables.admin import DueView
from backoffice.receivables.models import Due
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter, LinkFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries
from .models import LIVE, Invoice, InvoiceDue, InvoiceLine, InvoiceState

#: Lines, dues and red invoices that the record page names.
_NAMED = 60


def _paid_words(state: InvoiceState, open_amount: Any) -> tuple[str, str]:
    """(whether an invoice that covers dues is paid, the tone of it); ("", "") for others."""
    if state not in LIVE:
        return "", ""
    if open_amount:
        return gettext("%(amount)s open", amount=formatters.money(open_amount)), "warn"
    return gettext("paid"), "good"


def _paid(invoice: Any, *, plain: bool = False) -> Any:
    """Of a row of the list; a red invoice has nothing to be paid."""
    words, tone = ("", "") if invoice.is_red else _paid_words(invoice.state, invoice.open_amount)
    return words if plain or not words else formatters.tag(words, tone)


def _paid_on_page(invoice: Invoice) -> Any:
    words, tone = ("", "") if invoice.is_red else _paid_words(invoice.state, queries.open_of(invoice))
    return formatters.tag(words, tone) if words else ""


def _issue_clock(invoice: Any) -> Any:
    """The time that is left for a request (TL-15); nothing once it is issued or rejected."""
    if invoice.state is not InvoiceState.REQUESTED:
        return ""
    return formatters.deadline(invoice.issue_due_at, None, invoice.requested_at)


def _is_paid(values: list[str], by: Actor) -> Any:
    conditions = {"paid": queries.is_paid(), "open": queries.is_open()}
    return or_(*(conditions[value] for value in values))


def _is_late(values: list[str], by: Actor) -> Any:
    return queries.is_late()


def _is_to_request_again(values: list[str], by: Actor) -> Any:
    return queries.is_to_request_again()


class InvoiceView(DocumentView):
    """Every invoice from its request on; finance issues it, and sees what waits, is late, or is not paid yet."""

    model = Invoice
    endpoint = "invoices"
    url = "/invoices/"
    name = _l("Invoices")
    name_one = _l("Invoice")
    group = NavGroup.MONEY
    order = 30
    icon = "file"
    read = Permission.INVOICE_READ
    create_act = "invoice.record_external_red"
    edit_act = "invoice.edit_request"
    rights = DocumentView.rights | {
        "unmask_view": (Permission.INVOICE_ISSUE, Permission.CUSTOMER_UNMASK, Permission.CUSTOMER_UNMASK_OWN)
    }

    column_list = (
        "number", "state", "title", "gross_total", "paid", "invoice_no", "issued_on", "issue_clock",
    )  # fmt: skip
    column_labels = {
        "customer": _l("Customer"), "customer_name": _l("Customer"), "kind": _l("Kind"), "medium": _l("Issued as"),
        "title": _l("Title"), "tax_id": _l("Tax id"), "buyer_address": _l("Address"), "buyer_phone": _l("Phone"),
        "bank_name": _l("Bank"), "bank_account": _l("Bank account"), "email": _l("E-mail"), "remark": _l("Remark"),
        "net_total": _l("Net"), "tax_total": _l("Tax"), "gross_total": _l("Amount with tax"), "paid": _l("Paid"),
        "red_total": _l("Taken back by red invoices"), "requested_at": _l("Requested"),
        "requested_by": _l("Requested by"),
        "issue_due_at": _l("To be issued by"), "issue_clock": _l("To be issued"), "reject_reason": _l("Why rejected"),
        "invoice_code": _l("Invoice code"), "invoice_no": _l("Invoice number"), "issued_on": _l("Day of issue"),
        "issued_by": _l("Issued by"), "delivered_via": _l("Delivered by"), "delivered_at": _l("Delivered"),
        "tracking_no": _l("Tracking number"), "is_red": _l("Red invoice"), "red_of": _l("Takes back"),
        "external_original_no": _l("Number of the original"),
        "red_confirmation_no": _l("Number of the red-information confirmation"), "red_reason": _l("Why red"),
        "late": _l("Late"), "again": _l("Rejected"), "due": _l("What is due"), "call": _l("Call"),
        "capitals": _l("Amount in words"),
    }  # fmt: skip
    column_searchable_list = ("number", "invoice_no", "title", "tax_id", "customer_name", "customer.number")
    column_sortable_list = ("number", "requested_at", "issued_on")
    column_default_sort = ("id", True)
    column_filters = (
        "state", "customer", LinkFilter("due", _l("What is due"), target=Due, where=queries.with_dues),
        LinkFilter("call", _l("Call"), target=ServiceCall, where=queries.with_calls), "kind", "medium", "is_red",
        "red_of", "requested_by", "requested_at", "issued_on", "delivered_via",
        ChoiceFilter("paid", _l("Paid"), (("paid", _l("paid")), ("open", _l("something is open"))), _is_paid),
        ChoiceFilter("late", _l("Late"), (("yes", _l("not issued in time")),), _is_late),
        ChoiceFilter("again", _l("Rejected"), (("yes", _l("to be requested again")),), _is_to_request_again),
    )  # fmt: skip
    computed = {"open_amount": queries.open_amount()}
    list_needs = ("is_red", "issue_due_at", "requested_at")
    column_formatters = {
        "paid": lambda view, context, invoice, name: _paid(invoice),
        "issue_clock": lambda view, context, invoice, name: _issue_clock(invoice),
    }
    column_formatters_export = {
        "paid": lambda view, context, invoice, name: _paid(invoice, plain=True),
        "issue_clock": lambda view, context, invoice, name: formatters.exact(invoice.issue_due_at),
    }
    column_formatters_detail = {
        "paid": lambda view, context, invoice, name: _paid_on_page(invoice),
        "capitals": lambda view, context, invoice, name: capitals(invoice.gross_total),
        "red_total": lambda view, context, invoice, name: formatters.money(invoice.red_total or None),
    }
    export_more = (
        "kind", "medium", "tax_id", "net_total", "tax_total", "red_total", "requested_at", "requested_by", "invoice_code",
        "delivered_via", "delivered_at", "tracking_no", "red_confirmation_no", "customer_name",
    )  # fmt: skip
    stages = (InvoiceState.REQUESTED, InvoiceState.ISSUED, InvoiceState.DELIVERED)
    next_actor = {InvoiceState.REQUESTED: Role.FINANCE.label, InvoiceState.ISSUED: Role.FINANCE.label}
    sections = (
        Section(
            _l("Invoice"),
            ("customer", "kind", "medium", "invoice_code", "invoice_no", "issued_on", "capitals", "paid", "red_total",
             "remark"),
            only_filled=True,
        ),
        Section(
            _l("Red invoice"), ("red_of", "external_original_no", "red_confirmation_no", "red_reason"),
            only_filled=True,
        ),
        Section(
            _l("Buyer"),
            ("title", "tax_id", "buyer_address", "buyer_phone", "bank_name", "bank_account", "email"),
            only_filled=True,
        ),
        Section(
            _l("Course"),
            ("requested_at", "requested_by", "issue_due_at", "issued_by", "reject_reason", "delivered_via",
             "delivered_at", "tracking_no"),
            only_filled=True,
        ),
    )  # fmt: skip
    related: tuple[Related, ...] = (
        Related(
            _l("Lines"), "invoice_lines", "invoice",
            lambda invoice: select(func.count()).where(InvoiceLine.invoice_id == invoice.id),
        ),
        Related(
            _l("Dues"), "dues", "invoice",
            lambda invoice: select(func.count()).where(InvoiceDue.invoice_id == invoice.id),
        ),
        Related(
            _l("Red invoices"), "invoices", "red_of",
            lambda invoice: select(func.count()).where(Invoice.red_of_id == invoice.id),
        ),
    )  # fmt: skip
    list_template = "invoices/list.html"
    details_template = "invoices/record.html"
    empty_text = _l("An invoice is requested on the page of a due, or for several dues picked on their list.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Requests to be issued and issued ones to be delivered; rejected ones for whoever may ask again."""
        found = []
        if by.can(Permission.INVOICE_ISSUE):
            for label, state in (
                (_l("Invoices to issue"), InvoiceState.REQUESTED), (_l("Invoices to deliver"), InvoiceState.ISSUED),
            ):  # fmt: skip
                found.append(Queue(label, queries.count_where(Invoice.state == state, by), {"state": state.value}))
        elif by.can(Permission.INVOICE_REQUEST) or by.can(Permission.INVOICE_REQUEST_OWN):
            rejected = queries.count_where(queries.is_to_request_again(), by)
            found.append(Queue(_l("Rejected invoice requests"), rejected, {"again": "yes"}))
        return found

    def heading(self, doc: Invoice) -> str:
        """Number and title, the name of a person masked."""
        return f"{doc.number} · {formatters.masked(doc, 'title')}"

    def may_unmask(self, doc: Invoice, by: Actor) -> bool:
        """Finance types the buyer into the tax platform; the desk sees it as it sees customers (X-20)."""
        return by.can(Permission.INVOICE_ISSUE) or by.can(Permission.CUSTOMER_UNMASK)

    def more(self, doc: Invoice, by: Actor) -> dict[str, Any]:
        """The first lines and the totals."""
        lines = queries.lines_of(doc, _NAMED + 1)
        return {"lines": lines[:_NAMED], "has_more_lines": len(lines) > _NAMED}


class InvoiceLineView(DocumentView):
    """What stands on invoices, line by line."""

    model = InvoiceLine
    endpoint = "invoice_lines"
    url = "/invoice-lines/"
    name = _l("Lines of invoices")
    name_one = _l("Line of an invoice")
    icon = "file"
    read = Permission.INVOICE_READ

    column_list = ("invoice", "position", "name", "tax_nature", "quantity", "unit_price", "rate", "net", "tax", "gross")
    column_labels = {
        "invoice": _l("Invoice"), "position": _l("Line"), "name": _l("What"), "tax_nature": _l("Nature"),
        "tax_class": _l("Tax class"), "quantity": _l("Quantity"), "unit": _l("Unit of quantity"),
        "unit_price": _l("Unit price"),
        "rate": _l("Rate in percent"), "net": _l("Net"), "tax": _l("Tax"), "gross": _l("Amount with tax"),
        "due": _l("What is due"),
    }  # fmt: skip
    column_default_sort = ("id", True)
    column_filters = ("invoice", "tax_nature")
    column_formatters = {"rate": lambda view, context, line, name: f"{line.rate.normalize():f}"}
    link_column = "name"
    sections = (
        Section(
            _l("Line"),
            ("invoice", "position", "name", "tax_nature", "tax_class", "quantity", "unit", "unit_price", "rate", "net",
             "tax", "gross"),
        ),
    )  # fmt: skip
    empty_text = _l("Lines are copied from the dues when an invoice is requested.")


class InvoiceDueView(DocumentView):
    """Which invoice covers which due."""

    model = InvoiceDue
    endpoint = "invoice_dues"
    url = "/invoice-dues/"
    name = _l("Dues on invoices")
    name_one = _l("Due on an invoice")
    icon = "file"
    read = Permission.INVOICE_READ

    column_list = ("invoice", "due", "amount", "is_live")
    column_labels = {
        "invoice": _l("Invoice"), "due": _l("What is due"), "amount": _l("Amount"), "is_live": _l("Covers it now"),
    }  # fmt: skip
    column_default_sort = ("id", True)
    column_filters = ("invoice", "due")
    link_column = "amount"
    sections = (Section(_l("Due on an invoice"), ("invoice", "due", "amount", "is_live")),)
    empty_text = _l("Dues come here when an invoice is requested for them.")


#: The lower pages show what hangs on them without knowing this feature.
CustomerView.related += (
    Related(
        _l("Invoices"), "invoices", "customer",
        lambda customer: select(func.count()).where(Invoice.customer_id == customer.id),
    ),
)  # fmt: skip
ServiceCallView.related += (
    Related(
        _l("Invoices"), "invoices", "call",
        lambda call: select(func.count()).where(queries.with_calls([call.id])).select_from(Invoice),
    ),
)  # fmt: skip
DueView.related += (
    Related(
        _l("Invoices"), "invoices", "due",
        lambda due: select(func.count()).where(InvoiceDue.due_id == due.id),
    ),
)  # fmt: skip
DueView.column_filters += (LinkFilter("invoice", _l("Invoice"), target=Invoice, where=queries.in_invoices),)

VIEWS = [InvoiceView, InvoiceLineView, InvoiceDueView]

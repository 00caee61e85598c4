"""Parts used on site and fees in the panel, and the fee on the pages of calls, vouchers and cards."""

from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import func, or_, select

from backoffice.calls.admin import ServiceCallView
from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor, Permission
from backoffice.parts.admin import BuiltInView
from backoffice.repairs.admin.cards import RepairCardView
from backoffice.repairs.models import RepairCard
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.views import DocumentView, Related, Section
from backoffice.vouchers.admin import ServiceVoucherView
from backoffice.vouchers.models import ServiceVoucher, VoucherState

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries
from .models import FeeLine, FeeSheet, SitePart

_CALL = {"call": _l("Call"), "call.customer_name": _l("Customer")}


class SitePartView(BuiltInView):
    """Parts that were built in at the customer's."""

    model = SitePart
    subject = "call"
    endpoint = "site_parts"
    url = "/site-parts/"
    name = _l("Parts used on site")
    name_one = _l("Part used on site")
    read = Permission.CALL_READ

    column_labels = BuiltInView.column_labels | _CALL
    empty_text = _l("A technician enters on his job what he builds in on site; the stock moves with it.")


def _settled(values: list[str], by: Actor) -> Any:
    charged = FeeSheet.settled_at.is_not(None) & FeeSheet.is_current
    conditions = {
        "charged": charged & (FeeSheet.total > NOTHING), "free": charged & (FeeSheet.total == NOTHING),
        "open": FeeSheet.settled_at.is_(None), "replaced": ~FeeSheet.is_current,
    }  # fmt: skip
    return or_(*(conditions[value] for value in values))


class FeeSheetView(DocumentView):
    """What each job has cost (R-05)."""

    model = FeeSheet
    endpoint = "fee_sheets"
    url = "/fees/"
    name = _l("Fees")
    name_one = _l("Fee")
    icon = "tag"
    read = Permission.CALL_READ

    column_list = (
        "settled_at", "voucher", "call.customer_name", "labour_fee", "travel_fee", "parts_fee", "other_fee", "discount",
        "total", "path",
    )  # fmt: skip
    column_labels = {
        **_CALL, "settled_at": _l("Settled"), "voucher": _l("Voucher"), "service_type": _l("Service type"),
        "labour_fee": _l("Labour"), "travel_fee": _l("Travel"), "parts_fee": _l("Parts"), "other_fee": _l("Other"),
        "discount": _l("Discount"), "total": _l("Total"), "path": _l("How it is paid"), "status": _l("Fee"),
        "hourly_rate": _l("Labour rate for an hour"), "travel_rate": _l("Travel fee"),
        "other_amount": _l("Other fee"), "other_reason": _l("What for"), "discount_percent": _l("Discount in percent"),
        "discount_reason": _l("Reason of the discount"), "discount_by": _l("Discount by"),
        "discount_at": _l("Discount given"), "discount_limit": _l("Supervisor's limit, percent"),
        "discount_role": _l("Given as"), "replaces": _l("In place of"), "replaced_reason": _l("Why corrected"),
        "is_current": _l("Current"),
    }  # fmt: skip
    column_sortable_list = ("settled_at",)
    column_default_sort = ("settled_at", True)
    column_filters = (
        "call", "service_type", "path", "settled_at",
        ChoiceFilter(
            "status", _l("Fee"),
            (("charged", _l("to be paid")), ("free", _l("nothing to pay")), ("open", _l("not settled yet")),
             ("replaced", _l("corrected since"))),
            _settled,
        ),
    )  # fmt: skip
    computed = {
        "voucher": select(ServiceVoucher.number)
        .where(ServiceVoucher.call_id == FeeSheet.__table__.c.call_id, ServiceVoucher.state != VoucherState.VOID)
        .correlate(FeeSheet.__table__)
        .scalar_subquery()
    }
    column_formatters = {
        "settled_at": lambda view, context, sheet, name: (
            formatters.moment_exact(sheet.settled_at) if sheet.settled_at else view.not_settled
        ),
    }
    column_formatters_export = {"settled_at": lambda view, context, sheet, name: sheet.settled_at}
    column_formatters_detail = {
        "discount_percent": lambda view, context, sheet, name: (
            formatters.quantity(sheet.discount_percent) if sheet.discount_percent else ""
        ),
        "discount_limit": lambda view, context, sheet, name: (
            formatters.quantity(sheet.discount_limit) if sheet.discount_percent else ""
        ),
        "voucher": lambda view, context, sheet, name: _voucher_of(sheet),
    }
    not_settled = _l("not settled yet")
    export_more = ("service_type", "discount_percent", "discount_reason")
    link_column = "settled_at"
    sections = (
        Section(
            _l("Fee"),
            ("call", "voucher", "call.customer_name", "service_type", "settled_at", "path", "is_current"),
        ),
        Section(
            _l("Sums"),
            ("labour_fee", "travel_fee", "parts_fee", "other_fee", "discount", "total", "hourly_rate", "travel_rate"),
        ),
        Section(
            _l("By hand"),
            ("other_amount", "other_reason", "discount_percent", "discount_reason", "discount_by", "discount_role",
             "discount_limit", "discount_at", "replaces", "replaced_reason"),
            only_filled=True,
        ),
    )  # fmt: skip
    related = (
        Related(
            _l("Lines"), "fee_lines", "sheet",
            lambda sheet: select(func.count()).select_from(FeeLine).where(FeeLine.sheet_id == sheet.id),
        ),
    )  # fmt: skip
    empty_text = _l("The fee of a job is settled when it is completed; its lines are never computed again.")

    def heading(self, doc: FeeSheet) -> str:
        """The call that it belongs to."""
        return f"{self.name_one} · {doc.call.number}"


def _voucher_of(sheet: FeeSheet) -> str:
    voucher = queries.live_voucher(sheet.call)
    return voucher.number if voucher is not None else ""


class FeeLineView(DocumentView):
    """The lines of settled fees."""

    model = FeeLine
    endpoint = "fee_lines"
    url = "/fee-lines/"
    name = _l("Lines of fees")
    name_one = _l("Line of a fee")
    icon = "tag"
    read = Permission.CALL_READ

    column_list = ("id", "sheet", "kind", "name", "quantity", "unit", "unit_price", "amount", "tax_nature", "card")
    column_labels = {
        "id": _l("Line"), "sheet": _l("Fee"), "kind": _l("Kind"), "name": _l("What for"), "quantity": _l("Quantity"),
        "unit": _l("Unit of measure"), "unit_price": _l("Unit price"), "amount": _l("Amount"),
        "tax_nature": _l("For the tax office"), "card": _l("Repair card"), "part": _l("Part"),
        "position": _l("Position"),
    }  # fmt: skip
    column_sortable_list = ("id",)
    column_default_sort = ("id", True)
    column_filters = ("sheet", "kind", "tax_nature", "part", "card")
    sections = (
        Section(
            _l("Line"),
            ("sheet", "position", "kind", "name", "quantity", "unit", "unit_price", "amount", "tax_nature", "part",
             "card"),
            only_filled=True,
        ),
    )  # fmt: skip
    empty_text = _l("The lines of a fee are copied when a job is completed.")


# -- the fee on other pages --------------------------------------------------------------------------------------------


def call_box(call: ServiceCall, by: Actor) -> Any:
    """The fee of a job: as it stands, or as it was settled; none before somebody works on it."""
    if call.is_history or call.state in (CallState.REGISTERED, CallState.CANCELLED):
        return ""
    standing = queries.priced(call)
    if not standing.is_settled and call.state in (CallState.COMPLETED, CallState.CLOSED):
        return ""  # completed before fees were kept here
    is_undecided = call.service_type is ServiceType.UNDECIDED
    html = render_template("fees/box.html", standing=standing, is_undecided=is_undecided)
    return Markup(html)  # noqa: S704 - made by a template


def voucher_box(voucher: ServiceVoucher, by: Actor) -> Any:
    """The same on the page of the voucher; none on a void one."""
    return "" if voucher.state is VoucherState.VOID else call_box(voucher.call, by)


def card_box(card: RepairCard, by: Actor) -> Any:
    """What the card adds to the fee of its job: its labour and its parts."""
    fee = queries.of_cards([card]).get(card.id)
    if fee is None or not fee.lines:
        return ""
    html = render_template("fees/box.html", standing=queries.Standing(fee, None, None), of_card=True)
    return Markup(html)  # noqa: S704 - made by a template


ServiceCallView.boxes += (call_box,)
ServiceVoucherView.boxes += (voucher_box,)
RepairCardView.boxes += (card_box,)
ServiceCallView.related += (
    Related(
        _l("Parts used on site"), "site_parts", "call",
        lambda call: select(func.count()).select_from(SitePart).where(SitePart.call_id == call.id),
    ),
    Related(
        _l("Fees"), "fee_sheets", "call",
        lambda call: select(func.count()).select_from(FeeSheet).where(FeeSheet.call_id == call.id),
    ),
)  # fmt: skip

VIEWS = [SitePartView, FeeSheetView, FeeLineView]

"""The printed papers of calls and vouchers: the call register of a day (F-01) and the service voucher (F-02)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload, selectinload

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Permission
from backoffice.core.states import LabelledEnum
from backoffice.products.models import InstalledUnit
from backoffice.products.rules import Evidence
from backoffice.ui.printing import Paper, Personal, print_form, print_list, signatures

from .models import OnsiteResult, ServiceVoucher, Visit, VoucherState
from .rules import CONDUCT


@dataclass(frozen=True)
class PaperFee:
    """What a voucher says about the fee: rows (name, specification, quantity, unit price, amount) and sums in words.

    Empty texts are places to write on.
    """

    parts: Sequence[tuple[str, str, str, str, str]] = ()
    #: (what for, amount) of what is no part
    others: Sequence[tuple[str, str]] = ()
    total: str = ""
    in_words: str = ""
    path: str = ""
    is_settled: bool = False


#: Finds at once what vouchers say about the fee, by their keys; the feature that knows fees puts its own here.
paper_fees: Callable[[Sequence[ServiceVoucher]], dict[int, PaperFee]] = lambda vouchers: {}  # noqa: E731 - replaced

#: Lines to write on: visits and parts of a voucher; a void one needs none.
VISIT_LINES = 2
PART_LINES = 4


class PaymentWay(LabelledEnum):
    """How the customer pays, to be ticked on the paper."""

    CASH = "cash", _l("Cash")
    WECHAT = "wechat", _l("WeChat Pay")
    ALIPAY = "alipay", _l("Alipay")
    TRANSFER = "transfer", _l("Bank transfer")
    CHEQUE = "cheque", _l("Cheque")


def received_on(day: date) -> ColumnElement[bool]:
    """Condition: the call came in on that day of the office; history was never on a register of ours."""
    begin, end = clock.day_start(day), clock.day_end(day)
    return (ServiceCall.received_at >= begin) & (ServiceCall.received_at < end) & ~ServiceCall.is_history


@print_list(
    "F-01", ServiceCall, label=_l("Call register"), paper=Paper.A4_LANDSCAPE, template="vouchers/print_register.html",
    permission=Permission.CALL_READ, on_day=received_on, order=(ServiceCall.received_at, ServiceCall.id),
    load=(
        joinedload(ServiceCall.fault_symptom), joinedload(ServiceCall.unit), joinedload(ServiceCall.area),
        joinedload(ServiceCall.technician),
    ),
)  # fmt: skip
def register_lines(calls: Sequence[ServiceCall], personal: Personal) -> list[dict[str, Any]]:
    """A line for each call with its voucher and whoever wrote it off; personal data masked."""
    query = (
        select(ServiceVoucher)
        .where(ServiceVoucher.call_id.in_([call.id for call in calls]), ServiceVoucher.state != VoucherState.VOID)
        .options(joinedload(ServiceVoucher.archived_by))
    )
    vouchers = {voucher.call_id: voucher for voucher in db.session.scalars(query)}
    lines = []
    for call in calls:
        voucher = vouchers.get(call.id)
        closed = call.state is CallState.CLOSED
        lines.append(
            {
                "customer": personal.masked(call, "customer_name"), "phone": personal.masked(call, "phone"),
                "address": personal.masked(call, "address"), "voucher": voucher.number if voucher is not None else "",
                "by": voucher.archived_by if closed and voucher is not None else None, "remark": _remark(call),
            }
        )  # fmt: skip
    return lines


def _remark(call: ServiceCall) -> str:
    words = [call.remark]
    if call.state is CallState.CANCELLED and call.cancel_reason is not None:
        words.insert(0, f"{call.state.label}: {call.cancel_reason.label}")
    if call.is_carried_over:
        words.insert(0, gettext("carried over %(n)s×", n=call.carry_over_count))
    return " · ".join(word for word in words if word)


@print_form(
    "F-02", ServiceVoucher, label=_l("Service voucher"), paper=Paper.A4, template="vouchers/print_voucher.html",
    permission=Permission.VOUCHER_READ,
    copies=(_l("Copy 1 · customer"), _l("Copy 2 · department"), _l("Copy 3 · finance")),
    load=(
        joinedload(ServiceVoucher.call).options(
            joinedload(ServiceCall.unit).joinedload(InstalledUnit.model), joinedload(ServiceCall.area),
            joinedload(ServiceCall.fault_symptom),
        ),
        joinedload(ServiceVoucher.technician), selectinload(ServiceVoucher.helpers),
        joinedload(ServiceVoucher.returned_to), joinedload(ServiceVoucher.archived_by),
        joinedload(ServiceVoucher.unsigned_confirmed_by), joinedload(ServiceVoucher.replaced_by),
        selectinload(ServiceVoucher.visits).joinedload(Visit.technician),
    ),
)  # fmt: skip
def voucher_sheets(vouchers: Sequence[ServiceVoucher], personal: Personal) -> list[dict[str, Any]]:
    """What a voucher says: blank lines to write on where nothing was found yet, else the findings."""
    fees = paper_fees(vouchers)
    pictures = signatures(ServiceVoucher.__tablename__, [voucher.id for voucher in vouchers])
    return [
        {
            "call": voucher.call,
            "customer": personal.full(voucher.call, "customer_name"),
            "contact": personal.full(voucher.call, "contact_name"),
            "phone": personal.full(voucher.call, "phone"),
            "address": personal.full(voucher.call, "address"),
            "signed_by": personal.full(voucher, "signed_by", by_way_of=voucher.call),
            "signature": pictures.get(voucher.id, ""),
            "bought": _bought(voucher.call),
            "service_type": voucher.service_type or voucher.call.service_type,
            "visit_lines": max(0, VISIT_LINES - len(voucher.visits)),
            "fee": fees.get(voucher.id, PaperFee()),
            "part_lines": _part_lines(voucher, fees.get(voucher.id, PaperFee())),
            "types": [one for one in ServiceType if one is not ServiceType.UNDECIDED],
            "causes": FaultCause, "results": OnsiteResult, "ways": PaymentWay, "conduct": CONDUCT,
            "void": gettext("Void") if voucher.state is VoucherState.VOID else "",
        }
        for voucher in vouchers
    ]  # fmt: skip


def _part_lines(voucher: ServiceVoucher, fee: PaperFee) -> int:
    """Lines to write parts on: four until the fee is settled; then one where the table would be empty."""
    if fee.is_settled or voucher.state is VoucherState.VOID:
        return int(not fee.parts)
    return max(PART_LINES - len(fee.parts), 1)


def _bought(call: ServiceCall) -> str:
    """The day from which the warranty runs, and what day that is; that of the call, else that of the unit."""
    if call.warranty_evidence is not None and call.warranty_starts_on is not None:
        return f"{call.warranty_starts_on} {call.warranty_evidence.label}"
    for evidence in Evidence:
        day = getattr(call.unit, evidence.value, None)
        if day is not None:
            return f"{day} {evidence.label}"
    return ""

"""The printed papers of goods in custody: the receipt for the customer (F-03) and the goods register (F-04)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import joinedload, selectinload

from backoffice.core.permissions import Permission
from backoffice.products.models import InstalledUnit
from backoffice.ui.printing import Paper, Personal, print_form, print_list
from backoffice.vouchers.models import ServiceVoucher

from .models import HELD, GoodsEntry, GoodsLeg, GoodsReceipt, ReceiptState


@print_form(
    "F-03", GoodsReceipt, label=_l("Receipt for goods"), paper=Paper.A5, template="goods/print_receipt.html",
    permission=Permission.GOODS_READ, copies=(_l("Copy 1 · customer"), _l("Copy 2 · department")),
    load=(
        joinedload(GoodsReceipt.voucher).joinedload(ServiceVoucher.call), joinedload(GoodsReceipt.issued_by),
        joinedload(GoodsReceipt.entry).joinedload(GoodsEntry.returned_by),
        joinedload(GoodsReceipt.unit).joinedload(InstalledUnit.model),
    ),
)  # fmt: skip
def receipt_sheets(receipts: Sequence[GoodsReceipt], personal: Personal) -> list[dict[str, Any]]:
    """What a receipt says; one that is no longer good is marked across with what became of it (W-3)."""
    return [
        {
            "customer": personal.full(receipt, "customer_name", by_way_of=receipt.voucher.call),
            "goods": (receipt.unit and receipt.unit.model.name) or receipt.model_text,
            "taken_back_by": _taken_back_by(receipt), "ends": ReceiptState, "issued": ReceiptState.ISSUED,
            "void": "" if receipt.state is ReceiptState.ISSUED else receipt.state.label,
        }
        for receipt in receipts
    ]  # fmt: skip


def _taken_back_by(receipt: GoodsReceipt) -> str:
    """Whoever returned the goods took the receipt back (S-3.6)."""
    by = receipt.entry.returned_by if receipt.entry is not None else None
    return by.real_name if by is not None and receipt.state is ReceiptState.RECOVERED else ""


def taken_in_on(day: date) -> ColumnElement[bool]:
    """Condition: the item was taken in on that day."""
    return GoodsEntry.in_on == day


@print_list(
    "F-04", GoodsEntry, label=_l("Register of customers' goods"), paper=Paper.A4_LANDSCAPE,
    template="goods/print_register.html", permission=Permission.GOODS_READ, on_day=taken_in_on,
    order=(GoodsEntry.in_on, GoodsEntry.id),
    load=(
        joinedload(GoodsEntry.receipt), joinedload(GoodsEntry.returned_by), selectinload(GoodsEntry.legs),
    ),
)  # fmt: skip
def register_lines(entries: Sequence[GoodsEntry], personal: Personal) -> list[dict[str, Any]]:
    """A line for each item, personal data masked; `counts_as` is the one sum of the foot in which it stands (E-12)."""
    return [
        {
            "customer": personal.masked(entry, "customer_name"),
            "received_by": personal.masked(entry, "received_by"),
            "legs": "\n".join(_way(leg) for leg in entry.legs),
            "counts_as": "held" if entry.state in HELD else entry.state.value,
        }
        for entry in entries
    ]  # fmt: skip


def _way(leg: GoodsLeg) -> str:
    """One way out and back in two lines: to whom and how, on which days."""
    how = " ".join(word for word in (leg.carrier, leg.tracking_no) if word)
    to = " · ".join(word for word in (leg.sent_to or str(leg.destination.label), how) if word)
    return f"{to}\n{leg.sent_on} → {leg.back_on or '…'}"

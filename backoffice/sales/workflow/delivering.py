"""Handing parts over: out of the store, and due (E-30, W-5.3)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.core import alike
from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import Remedy, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.fees.rules import TaxNature, path_of
from backoffice.fees.workflow import check_onsite
from backoffice.organisation.models import User
from backoffice.parts import workflow as parts
from backoffice.parts.models import Part
from backoffice.receivables.rules import DueSource
from backoffice.receivables.workflow import DueItem, make_due
from backoffice.sales.models import PartsSale, SaleLine, SaleState
from backoffice.sales.rules import needs_leave
from backoffice.settings import queries as settings
from backoffice.vouchers.models import CollectionPath

from .lines import know_lines, read_lines


def _prepare(sales: Sequence[PartsSale]) -> None:
    """Read the lines of all of them, and lock their parts in the one order in which everybody does."""
    know_lines(sales)
    parts.lock_parts({line.part_id for sale in sales for line in sale.valid_lines if line.part_id is not None})


@act(
    "sale.deliver", PartsSale, permission=Permission.SALE_WRITE, label=_l("Deliver"), rule="E-30",
    sources=[SaleState.DRAFT], target=SaleState.DELIVERED, prepare=_prepare, tone="primary", order=10,
)  # fmt: skip
def deliver(sale: PartsSale, *, by: User, at: datetime, path: CollectionPath | None = None) -> None:
    """Hand the parts over: they leave the branch's store, all or none, and what they cost is due.

    path: how it is paid; none: at the counter up to the limit, else invoice first (C-01). Above the limit the invoice
    comes first. A sale for nothing makes no due.
    """
    check_after(at, sale.sold_at, _l("Entered"))
    read_lines(sale)
    hand_over(sale, by, at, path)


def hand_over(sale: PartsSale, by: User, at: datetime, path: CollectionPath | None) -> None:
    """What delivering a sale does besides its state; for acts that have it locked."""
    path = _path(sale.total, path)
    lines = sale.valid_lines
    found = parts.lock_parts({line.part_id for line in lines if line.part_id is not None})
    lots = [(found[line.part_id or 0], line.quantity) for line in lines]
    for line, (part, _quantity) in zip(lines, lots, strict=True):
        _settle_price(sale, line, part)
    movements = parts.sell(lots, branch_id=sale.branch_id, subject=sale, by=by, at=at)
    for line, movement in zip(lines, movements, strict=True):
        line.movement, line.unit_cost = movement, movement.unit_cost
    with alike.together():
        db.session.flush()
    if sale.total > 0:
        items = [
            DueItem(line.name, TaxNature.PARTS, line.quantity, line.unit, line.unit_price, line.amount)
            for line in lines
            if line.amount
        ]
        sale.due = make_due(
            sale.customer, items, source=DueSource.SALE, source_number=sale.number, branch_id=sale.branch_id,
            path=path, at=at,
        )  # fmt: skip
    sale.delivered_at, sale.delivered_by = at, by


def _path(total: Decimal, path: CollectionPath | None) -> CollectionPath:
    if path is CollectionPath.ONSITE:
        check_onsite(total)
    return path_of(total, path, settings.amount("C-01"), brought_back=False) or CollectionPath.ONSITE


def _settle_price(sale: PartsSale, line: SaleLine, part: Part) -> None:
    """The price of the draft holds where somebody gave a reason for it; else it is what the part costs now (A-8)."""
    if line.price_reason or not needs_leave(line.unit_price, part.sale_price, part.cost_price):
        line.price_reason = line.price_reason or (part.price_reason if line.unit_price > part.cost_price else "")
        return
    raise RuleViolated(
        _l("%(part)s costs ¥%(new)s now, the draft says ¥%(old)s. Edit the draft first.", part=part.code,
           new=f"{part.sale_price:,.2f}", old=f"{line.unit_price:,.2f}"),
        rule="E-30", remedy=Remedy(_l("Edit the draft"), "parts_sales.edit_view", {"id": sale.id}),
    )  # fmt: skip

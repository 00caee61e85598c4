"""Makers of parts sales for tests, by the acts."""

from decimal import Decimal
from typing import Any

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.organisation.models import Branch, User
from backoffice.parts.models import Part
from backoffice.sales import workflow as sales
from backoffice.sales.models import PartsSale, SaleState
from backoffice.sales.rules import SaleItem
from tests import factories as make

_counter = iter(range(1, 10**9))


def make_sale(
    lines: list[tuple[Part, Any]] | None = None, state: SaleState = SaleState.DRAFT, customer: Customer | None = None,
    by: User | None = None, **inputs: Any,
) -> PartsSale:  # fmt: skip
    """A parts sale by the acts: (part, how many), one part of which ten are in store when not given."""
    customer = customer or make.make_customer()
    by = by or make.make_user(Role.ASSISTANT, db.session.get_one(Branch, customer.branch_id))
    items = [SaleItem(part, Decimal(str(quantity))) for part, quantity in lines or [(make.make_movement().part, 2)]]
    sale: PartsSale = sales.create(
        by=by, customer=customer, lines=items, deliver_now=state in (SaleState.DELIVERED, SaleState.REVERSED), **inputs
    )
    if state is SaleState.VOID:
        sales.void(sale, by=by, reason="not wanted")
    if state is SaleState.REVERSED:
        sales.take_back(sale, by=by, reason="wrong size", everything=True)
    return sale


def make_past_sale(rows: list[tuple[str, str]], by: User | None = None, **facts: Any) -> PartsSale:
    """A sale of an older system; rows: (quantity, unit price)."""
    by = by or make.make_user(Role.ASSISTANT)
    common = {"old_number": f"OLD-{next(_counter)}", "customer": make.make_customer(), "name": "Seal",
              "sold_at": clock.now()} | facts  # fmt: skip
    lines = sales.import_history(
        by=by, rows=[common | {"quantity": Decimal(q), "unit_price": Decimal(price)} for q, price in rows]
    )
    sale: PartsSale = lines[0].sale
    return sale

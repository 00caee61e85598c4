"""What is written on the lines of a sale: part, quantity and price, each checked (E-30, E-07, A-8)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from backoffice.core import alike, clock
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, RuleViolated
from backoffice.core.money import NOTHING, check_amount
from backoffice.core.once import know, once
from backoffice.core.permissions import Actor, Permission
from backoffice.core.quantity import check_quantity
from backoffice.core.texts import clean
from backoffice.parts.models import Part
from backoffice.parts.workflow.stock import check_in_use, checked, lock_parts
from backoffice.sales.models import PartsSale, SaleLine
from backoffice.sales.rules import MOST_LINES, SaleItem, amount_of, needs_leave


def read_lines(sale: PartsSale) -> None:
    """Read the lines of a locked sale as they are now; nothing of it is changed yet."""
    once(("sale_lines", sale.id), lambda: _read([sale]))


def know_lines(sales: Sequence[PartsSale]) -> None:
    """The same for many sales at once (bulk acts)."""
    _read(sales)
    for sale in sales:
        know(("sale_lines", sale.id), None)


def _read(sales: Sequence[PartsSale]) -> None:
    query = select(PartsSale).where(PartsSale.id.in_([sale.id for sale in sales]))
    anew = query.options(selectinload(PartsSale.lines)).execution_options(populate_existing=True)
    db.session.scalars(anew).all()


def write_lines(sale: PartsSale, items: Sequence[SaleItem], by: Actor) -> None:
    """Let the draft have these lines, in their order; its parts are locked, so that their prices stay what they are.

    Lines that it has and needs no longer are struck: records are never deleted (G-03). Raises what is wrong with a
    line, naming its field: `lines-0-quantity`.
    """
    if not items:
        raise MissingInput(_l("Enter at least one part."), rule="E-30", field="lines")
    if len(items) > MOST_LINES:
        raise RuleViolated(
            _l("A sale has at most %(most)s lines, these are %(count)s.", most=MOST_LINES, count=len(items)),
            rule="E-30", field="lines",
        )  # fmt: skip
    parts = lock_parts({item.part.id for item in items if item.part is not None})
    facts = [_facts(item, place, parts, by) for place, item in enumerate(items)]
    there = list(sale.lines)
    for line, values in zip(there, facts, strict=False):
        for name, value in values.items():
            setattr(line, name, value)
    for line in there[len(facts) :]:
        line.quantity, line.amount = Decimal(0), NOTHING
    sale.lines.extend(
        SaleLine(branch_id=sale.branch_id, position=place + 1, **values)
        for place, values in list(enumerate(facts))[len(there) :]
    )
    sale.total = check_amount(sum((values["amount"] for values in facts), NOTHING), "lines")
    sale.updated_at = clock.now()  # whoever has seen other lines is told, though nothing else of it has changed
    with alike.together():
        db.session.flush()


def _facts(item: SaleItem, place: int, parts: dict[int, Part], by: Actor) -> dict[str, Any]:
    try:
        if item.part is None:
            raise MissingInput(_l("Choose the part."), rule="E-30", field="part")
        part = parts[item.part.id]
        check_in_use(part)
        quantity = checked(item.quantity)
        price = part.sale_price if item.unit_price is None else check_amount(item.unit_price, "unit_price")
        _check_seen(item.seen_price, part)
        return {
            "part_id": part.id, "name": part.label, "quantity": check_quantity(quantity), "unit": part.unit,
            "unit_cost": part.cost_price, "unit_price": price, "price_reason": _reason(item, price, part, by),
            "amount": amount_of(price, quantity, "quantity"),
        }  # fmt: skip
    except BackofficeError as refusal:
        refusal.field = f"lines-{place}-{refusal.field}" if refusal.field else ""
        raise


def _check_seen(seen: Decimal | None, part: Part) -> None:
    """Raises RuleViolated where the price has changed since the page showed it."""
    if seen is not None and seen != part.sale_price:
        raise RuleViolated(
            _l("The price of %(part)s has changed meanwhile from ¥%(old)s to ¥%(new)s. Check it and save again.",
               part=part.code, old=f"{seen:,.2f}", new=f"{part.sale_price:,.2f}"),
            rule="E-30", field="unit_price",
        )  # fmt: skip


def _reason(item: SaleItem, price: Decimal, part: Part, by: Actor) -> str:
    """Why the price is what it is; "" where it needs no reason. Another than sale price and cost needs leave (A-8)."""
    typed = clean(item.price_reason, 300, "price_reason")
    if not needs_leave(price, part.sale_price, part.cost_price):
        return typed or (part.price_reason if price > part.cost_price else "")
    if not by.can(Permission.PART_WRITE):
        raise RuleViolated(
            _l("%(part)s is sold at ¥%(price)s. Ask the supervisor for another price.", part=part.code,
               price=f"{part.sale_price:,.2f}"),
            rule="A-8", field="unit_price",
        )  # fmt: skip
    if not typed:
        raise MissingInput(
            _l("%(part)s is sold at ¥%(price)s; another price needs a reason.", part=part.code,
               price=f"{part.sale_price:,.2f}"),
            rule="A-8", field="price_reason",
        )  # fmt: skip
    return typed

"""Who sees which parts sales, and what their pages ask."""

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, select

from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch_of_money

from .models import PartsSale, SaleLine, SaleState

#: A line that was not struck out of its draft.
_COUNTS = SaleLine.quantity != Decimal(0)


@scoped(PartsSale)
def visible_sales(by: Actor) -> ColumnElement[bool]:
    """Own branch; finance at the headquarters all; technicians and administrators none (P-1)."""
    return in_branch_of_money(PartsSale, by) if by.can(Permission.SALE_READ) else false()


@scoped(SaleLine)
def visible_sale_lines(by: Actor) -> ColumnElement[bool]:
    """The lines of the visible sales; those struck out of a draft are nobody's."""
    return and_(in_branch_of_money(SaleLine, by), _COUNTS) if by.can(Permission.SALE_READ) else false()


def drafts(by: Actor) -> Select[Any]:
    """How many visible sales wait for their parts to be handed over."""
    return select(func.count()).select_from(PartsSale).where(PartsSale.state == SaleState.DRAFT, visible_sales(by))


def lines_of(sale: PartsSale) -> Select[Any]:
    """How many lines a sale has, those struck out of its draft left out."""
    return select(func.count()).where(SaleLine.sale_id == sale.id, _COUNTS)


def first_lines(sale: PartsSale, most: int) -> list[SaleLine]:
    """The first of them, in their order."""
    query = select(SaleLine).where(SaleLine.sale_id == sale.id, _COUNTS)
    return list(db.session.scalars(query.order_by(SaleLine.position).limit(most)))

"""Who sees which parts sales."""

from sqlalchemy import ColumnElement, false

from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch_of_money

from .models import PartsSale, SaleLine


@scoped(PartsSale)
def visible_sales(by: Actor) -> ColumnElement[bool]:
    """Own branch; finance at the headquarters all; technicians and administrators none (P-1)."""
    return in_branch_of_money(PartsSale, by) if by.can(Permission.SALE_READ) else false()


@scoped(SaleLine)
def visible_sale_lines(by: Actor) -> ColumnElement[bool]:
    """The lines of the visible sales."""
    return in_branch_of_money(SaleLine, by) if by.can(Permission.SALE_READ) else false()

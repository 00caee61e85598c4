"""Who sees which invoices."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select

from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch_of_money
from backoffice.receivables.models import Due
from backoffice.receivables.queries import only_own, own_dues

from .models import Invoice, InvoiceDue, InvoiceLine


def _own(by: Actor) -> ColumnElement[bool]:
    """Condition: of a due of an own job, or requested by oneself."""
    covered = select(InvoiceDue.invoice_id).where(InvoiceDue.due_id.in_(select(Due.id).where(own_dues(by))))
    return or_(Invoice.requested_by_id == by.id, Invoice.id.in_(covered))


@scoped(Invoice)
def visible_invoices(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician those of his own jobs; finance at the headquarters all; an administrator none (P-1)."""
    if not by.can(Permission.INVOICE_READ):
        return false()
    here = in_branch_of_money(Invoice, by)
    return and_(here, _own(by)) if only_own(by) else here


def _of_visible(model: Any, by: Actor) -> ColumnElement[bool]:
    if not by.can(Permission.INVOICE_READ):
        return false()
    here = in_branch_of_money(model, by)
    return and_(here, model.invoice_id.in_(select(Invoice.id).where(_own(by)))) if only_own(by) else here


@scoped(InvoiceDue)
def visible_covers(by: Actor) -> ColumnElement[bool]:
    """What the visible invoices cover."""
    return _of_visible(InvoiceDue, by)


@scoped(InvoiceLine)
def visible_invoice_lines(by: Actor) -> ColumnElement[bool]:
    """The lines of the visible invoices."""
    return _of_visible(InvoiceLine, by)

"""What holds for invoices: sums, covers, red ones within their originals, numbers once (E-16, W-5.5, X-03, X-05)."""

from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from backoffice.core.invariants import invariant, unique_numbers
from backoffice.core.money import NOTHING
from backoffice.receivables.models import Due

from .models import LIVE, Invoice, InvoiceDue, InvoiceLine, InvoiceState

unique_numbers(Invoice, "N-11")


@invariant(Invoice, rule="X-03", says="Its totals are not the sums of its lines.")
def is_the_sum_of_its_lines() -> Select[int, str]:
    """Net, tax and gross."""
    parts: list[Any] = [InvoiceLine.net, InvoiceLine.tax, InvoiceLine.gross]
    sums = (
        select(InvoiceLine.invoice_id, *(func.sum(part).label(part.key) for part in parts))
        .group_by(InvoiceLine.invoice_id)
        .subquery()
    )
    differs = or_(
        sums.c.invoice_id.is_(None), sums.c.net != Invoice.net_total, sums.c.tax != Invoice.tax_total,
        sums.c.gross != Invoice.gross_total,
    )  # fmt: skip
    return select(Invoice.id, Invoice.number).outerjoin(sums, sums.c.invoice_id == Invoice.id).where(differs)


@invariant(Invoice, rule="E-16", says="It is not for the sum of the dues that it covers.")
def is_the_sum_of_its_dues() -> Select[int, str]:
    """What it said when it was requested, and what the dues are while it covers them."""
    covers = (
        select(InvoiceDue.invoice_id, func.sum(InvoiceDue.amount).label("amount"))
        .group_by(InvoiceDue.invoice_id)
        .subquery()
    )
    other_due = exists().where(
        InvoiceDue.invoice_id == Invoice.id, InvoiceDue.is_live, Due.id == InvoiceDue.due_id,
        Due.amount != InvoiceDue.amount,
    )  # fmt: skip
    differs = or_(covers.c.amount.is_(None), covers.c.amount != Invoice.gross_total, other_due.correlate(Invoice))
    return (
        select(Invoice.id, Invoice.number)
        .outerjoin(covers, covers.c.invoice_id == Invoice.id)
        .where(~Invoice.is_red, differs)
    )


@invariant(Invoice, rule="W-5.5", says="Whether it covers its dues does not fit its state.")
def covers_while_it_is_live() -> Select[int, str]:
    """A request, and an issued invoice until it is wholly red, cover all their dues; others cover none."""
    stray = exists().where(
        InvoiceDue.invoice_id == Invoice.id,
        or_(
            and_(InvoiceDue.is_live, Invoice.state.not_in(LIVE)),
            and_(~InvoiceDue.is_live, Invoice.state.in_(LIVE)),
        ),
    )
    return select(Invoice.id, Invoice.number).where(stray.correlate(Invoice))


@invariant(Due, rule="W-5.5", says="It says wrongly whether an invoice covers it.")
def knows_whether_it_is_invoiced() -> Select[int, str]:
    """Marked as invoiced if and only if a live invoice covers it."""
    covered = exists().where(InvoiceDue.due_id == Due.id, InvoiceDue.is_live).correlate(Due)
    return select(Due.id, Due.number).where(or_(and_(Due.is_invoiced, ~covered), and_(~Due.is_invoiced, covered)))


@invariant(Due, rule="W-5.5", says="Two live invoices cover it.")
def is_on_one_invoice() -> Select[int, str]:
    """No due is invoiced twice."""
    twice = select(InvoiceDue.due_id).where(InvoiceDue.is_live).group_by(InvoiceDue.due_id).having(func.count() > 1)
    return select(Due.id, Due.number).where(Due.id.in_(twice))


@invariant(Invoice, rule="X-05", says="What it says was taken back of it is not the sum of its red invoices.")
def counts_its_red_invoices() -> Select[int, str]:
    """And it is wholly red when nothing is left."""
    reds = aliased(Invoice)
    sums = (
        select(reds.red_of_id, func.sum(reds.gross_total).label("gross"))
        .where(reds.red_of_id.is_not(None))
        .group_by(reds.red_of_id)
        .subquery()
    )
    wrong_sum = or_(
        and_(sums.c.gross.is_(None), Invoice.red_total != NOTHING), sums.c.gross != -Invoice.red_total
    )  # fmt: skip
    whole = Invoice.red_total == Invoice.gross_total
    wrong_state = and_(~Invoice.is_red, whole, Invoice.state != InvoiceState.RED_ISSUED)
    return (
        select(Invoice.id, Invoice.number)
        .outerjoin(sums, sums.c.red_of_id == Invoice.id)
        .where(or_(wrong_sum, wrong_state))
    )


@invariant(Invoice, rule="X-05", says="A red invoice takes back more of one of its lines than there is.")
def is_red_within_its_lines() -> Select[int, str]:
    """Line by line the red amounts stay within the original, at the rate of the original."""
    red, red_line = aliased(Invoice), aliased(InvoiceLine)
    taken = (
        select(red.red_of_id, red_line.position, func.sum(red_line.gross).label("gross"))
        .join(red_line, red_line.invoice_id == red.id)
        .where(red.red_of_id.is_not(None))
        .group_by(red.red_of_id, red_line.position)
        .subquery()
    )
    line = aliased(InvoiceLine)
    return (
        select(Invoice.id, Invoice.number)
        .distinct()
        .join(taken, taken.c.red_of_id == Invoice.id)
        .outerjoin(line, and_(line.invoice_id == Invoice.id, line.position == taken.c.position))
        .where(or_(line.id.is_(None), line.gross < -taken.c.gross))
    )


@invariant(Invoice, rule="X-05", says="Another invoice has the same number on the tax platform.")
def invoice_no_is_unique() -> Select[int, str]:
    """Number and code are recorded once."""
    other = aliased(Invoice)
    same = exists().where(
        other.id != Invoice.id, other.invoice_no == Invoice.invoice_no, other.invoice_code == Invoice.invoice_code
    )
    return select(Invoice.id, Invoice.number).where(Invoice.invoice_no.is_not(None), same.correlate(Invoice))

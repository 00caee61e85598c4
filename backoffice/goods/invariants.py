"""What holds for goods in custody: receipts, lines of the register, legs and units tell the same (E-11, E-12, W-3)."""

from sqlalchemy import Select, and_, case, func, or_, select

from backoffice.core.invariants import invariant, unique_numbers
from backoffice.papers.invariants import documents_on_paper
from backoffice.papers.models import PaperKind
from backoffice.products.models import InstalledUnit, UnitStatus
from backoffice.vouchers.models import ServiceVoucher, VoucherState

from .models import HELD, OUTSIDE, Destination, GoodsEntry, GoodsLeg, GoodsReceipt, GoodsState, ReceiptState

unique_numbers(GoodsReceipt, "N-06")
unique_numbers(GoodsEntry, "N-07")
documents_on_paper(GoodsReceipt, PaperKind.RECEIPT, ReceiptState.VOID)

_HELD = GoodsEntry.state.in_(HELD)
_OPEN_LEG = and_(GoodsLeg.entry_id == GoodsEntry.id, GoodsLeg.back_on.is_(None))


def _receipts_with_line() -> Select[int, str]:
    return select(GoodsReceipt.id, GoodsReceipt.number).join(GoodsEntry, GoodsEntry.receipt_id == GoodsReceipt.id)


def _lines_with_receipt() -> Select[int, str]:
    return select(GoodsEntry.id, GoodsEntry.number).join(GoodsReceipt, GoodsReceipt.id == GoodsEntry.receipt_id)


@invariant(GoodsReceipt, rule="E-12", says="It does not have exactly one line in the goods register.")
def has_one_line() -> Select[int, str]:
    """Receipts are items: each has its line, also a void one."""
    return (
        select(GoodsReceipt.id, GoodsReceipt.number)
        .outerjoin(GoodsEntry, GoodsEntry.receipt_id == GoodsReceipt.id)
        .group_by(GoodsReceipt.id)
        .having(func.count(GoodsEntry.id) != 1)
    )


@invariant(GoodsReceipt, rule="W-3", says="It is still with the customer, though the item is not in our hands.")
def is_in_only_while_goods_are_held() -> Select[int, str]:
    """No item that was returned, given up or never taken has a receipt that is still good."""
    return _receipts_with_line().where(GoodsReceipt.state == ReceiptState.ISSUED, ~_HELD)


@invariant(GoodsEntry, rule="W-3", says="The item is in our hands, but its receipt is neither out nor declared lost.")
def is_held_against_a_receipt() -> Select[int, str]:
    """The customer holds the receipt of every item that we hold, or has lost it."""
    good = (ReceiptState.ISSUED, ReceiptState.LOST)
    return _lines_with_receipt().where(_HELD, GoodsReceipt.state.not_in(good))


@invariant(GoodsEntry, rule="W-3", says="Of the line and its receipt only one is void.")
def is_void_with_its_receipt() -> Select[int, str]:
    """Both are void when the item never left the site."""
    line, receipt = GoodsEntry.state == GoodsState.VOID, GoodsReceipt.state == ReceiptState.VOID
    return _lines_with_receipt().where(or_(and_(line, ~receipt), and_(receipt, ~line)))


@invariant(GoodsEntry, rule="E-12", says="Branch, customer, unit or serial number differ from those of its receipt.")
def is_the_item_of_its_receipt() -> Select[int, str]:
    """Line and receipt speak of the same thing of the same customer."""
    same = ("branch_id", "customer_id", "unit_id", "model_text", "serial_folded")
    differ = [getattr(GoodsEntry, name).is_distinct_from(getattr(GoodsReceipt, name)) for name in same]
    return _lines_with_receipt().where(or_(*differ))


@invariant(GoodsReceipt, rule="W-2", says="It is good, but its voucher is void.")
def hangs_on_a_live_voucher() -> Select[int, str]:
    """A receipt goes along when another voucher takes the place of its own."""
    return (
        select(GoodsReceipt.id, GoodsReceipt.number)
        .join(ServiceVoucher, ServiceVoucher.id == GoodsReceipt.voucher_id)
        .where(GoodsReceipt.state != ReceiptState.VOID, ServiceVoucher.state == VoucherState.VOID)
    )


@invariant(GoodsEntry, rule="E-12", says="Another line says that we hold the same unit.")
def holds_its_unit_once() -> Select[int, str]:
    """A unit is in one place."""
    twice = select(GoodsEntry.unit_id).where(_HELD).group_by(GoodsEntry.unit_id).having(func.count() > 1)
    return select(GoodsEntry.id, GoodsEntry.number).where(_HELD, GoodsEntry.unit_id.in_(twice))


@invariant(GoodsEntry, rule="E-12", says="Another line of the branch says that we hold the same item.")
def holds_its_serial_once() -> Select[int, str]:
    """An item with a serial number is in one place, whether we sold it or not."""
    one = (GoodsEntry.branch_id, GoodsEntry.model_text, GoodsEntry.serial_folded)
    known = and_(_HELD, GoodsEntry.serial_folded != "")
    twice = select(*one).where(known).group_by(*one).having(func.count() > 1).subquery()
    same = and_(*(column == twice.c[column.key] for column in one))
    return select(GoodsEntry.id, GoodsEntry.number).join(twice, same).where(known)


@invariant(GoodsEntry, rule="E-12", says="The item is out of the house on more than one way at once.")
def has_one_open_leg() -> Select[int, str]:
    """An item is sent out once before it is back."""
    several = select(GoodsLeg.entry_id).where(GoodsLeg.back_on.is_(None)).group_by(GoodsLeg.entry_id)
    return select(GoodsEntry.id, GoodsEntry.number).where(GoodsEntry.id.in_(several.having(func.count() > 1)))


@invariant(GoodsEntry, rule="E-12", says="It is said to be out of the house, but was not sent there.")
def was_sent_where_it_is() -> Select[int, str]:
    """An item outside has an open leg to just that place."""
    there = case((GoodsEntry.state == GoodsState.FACTORY, Destination.FACTORY), else_=Destination.OUTSOURCED)
    sent = select(GoodsLeg.id).where(_OPEN_LEG, GoodsLeg.destination == there).correlate(GoodsEntry).exists()
    return select(GoodsEntry.id, GoodsEntry.number).where(GoodsEntry.state.in_(OUTSIDE), ~sent)


@invariant(GoodsEntry, rule="E-12", says="It was sent out and is not back, but is said to be somewhere else.")
def is_where_it_was_sent() -> Select[int, str]:
    """An open leg belongs to an item that is outside."""
    return select(GoodsEntry.id, GoodsEntry.number).join(GoodsLeg, _OPEN_LEG).where(GoodsEntry.state.not_in(OUTSIDE))


@invariant(GoodsEntry, rule="W-1.5", says="The item is in our hands, but its unit is not “in repair”.")
def puts_its_unit_in_repair() -> Select[int, str]:
    """A unit that we hold is in repair."""
    return (
        select(GoodsEntry.id, GoodsEntry.number)
        .join(InstalledUnit, InstalledUnit.id == GoodsEntry.unit_id)
        .where(_HELD, InstalledUnit.status != UnitStatus.IN_REPAIR)
    )


@invariant(
    InstalledUnit, rule="W-1.9", says="It is “in repair”, but no line of the goods register says that we hold it."
)
def is_held_while_in_repair() -> Select[int, str]:
    """A unit in repair is one that we hold."""
    held = select(GoodsEntry.unit_id).where(_HELD, GoodsEntry.unit_id == InstalledUnit.id).correlate(InstalledUnit)
    return select(InstalledUnit.id, InstalledUnit.serial_no).where(
        InstalledUnit.status == UnitStatus.IN_REPAIR, ~held.exists()
    )

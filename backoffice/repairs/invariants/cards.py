"""Card, line of the goods register and call go together (W-4, W-1.9)."""

from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core.invariants import invariant, unique_numbers
from backoffice.goods.models import HELD, OUTSIDE, GoodsEntry, GoodsReceipt, GoodsState
from backoffice.papers.invariants import documents_on_paper
from backoffice.papers.models import PaperKind
from backoffice.repairs.models import OPEN, CardState, RepairCard
from backoffice.repairs.rules import WaitingFor
from backoffice.vouchers.models import ServiceVoucher

unique_numbers(RepairCard, "N-08")
documents_on_paper(RepairCard, PaperKind.CARD, CardState.VOID)

_CARD_WITH_LINE = select(RepairCard.id, RepairCard.number).join(GoodsEntry, GoodsEntry.id == RepairCard.entry_id)
#: Where the goods of a card are that is over.
_GONE = {
    CardState.RETURNED: GoodsState.RETURNED, CardState.RELINQUISHED: GoodsState.GIVEN_UP,
    CardState.VOID: GoodsState.VOID,
}  # fmt: skip


@invariant(GoodsEntry, rule="W-4", says="It does not have exactly one repair card.")
def has_one_card() -> Select[int, str]:
    """A card hangs on every item."""
    return (
        select(GoodsEntry.id, GoodsEntry.number)
        .outerjoin(RepairCard, RepairCard.entry_id == GoodsEntry.id)
        .group_by(GoodsEntry.id)
        .having(func.count(RepairCard.id) != 1)
    )


@invariant(RepairCard, rule="W-4", says="Its state and that of its line in the goods register contradict each other.")
def goes_with_its_goods() -> Select[int, str]:
    """A card is open while its goods are in our hands, and over in the way in which they left."""
    is_open = RepairCard.state.in_(OPEN)
    gone = [and_(RepairCard.state == card, GoodsEntry.state != goods) for card, goods in _GONE.items()]
    return _CARD_WITH_LINE.where(or_(and_(is_open, GoodsEntry.state.not_in(HELD)), *gone))


@invariant(RepairCard, rule="W-4", says="Branch, customer, unit or serial number differ from those of its line.")
def is_the_item_of_its_line() -> Select[int, str]:
    """Card and line speak of the same thing of the same customer."""
    same = ("branch_id", "customer_id", "unit_id", "model_text", "serial_folded")
    differ = [getattr(RepairCard, name).is_distinct_from(getattr(GoodsEntry, name)) for name in same]
    return _CARD_WITH_LINE.where(or_(*differ))


@invariant(RepairCard, rule="W-1.5", says="Its goods were taken away on the voucher of another call.")
def is_of_its_goods_call() -> Select[int, str]:
    """Card and receipt belong to the same call."""
    return (
        _CARD_WITH_LINE.join(GoodsReceipt, GoodsReceipt.id == GoodsEntry.receipt_id)
        .join(ServiceVoucher, ServiceVoucher.id == GoodsReceipt.voucher_id)
        .where(ServiceVoucher.call_id != RepairCard.call_id)
    )


@invariant(
    RepairCard, rule="W-4.2", says="It waits for goods that are outside, or they are outside without its waiting."
)
def waits_for_goods_outside() -> Select[int, str]:
    """Goods are outside while their card waits for just that place, or since it turned out that it is no use."""
    waited_for = case(
        (RepairCard.waiting_for == WaitingFor.FACTORY, GoodsState.FACTORY),
        (RepairCard.waiting_for == WaitingFor.OUTSOURCED, GoodsState.OUTSOURCED),
    )
    waiting = RepairCard.state == CardState.WAITING
    missed = and_(waiting, waited_for.is_not(None), GoodsEntry.state != waited_for)
    unasked = and_(
        GoodsEntry.state.in_(OUTSIDE), RepairCard.state != CardState.UNREPAIRABLE,
        or_(~waiting, GoodsEntry.state.is_distinct_from(waited_for)),
    )  # fmt: skip
    return _CARD_WITH_LINE.where(or_(missed, unasked))


@invariant(RepairCard, rule="G-04", says="What happened to it stands in an impossible order of time.")
def happened_in_order() -> Select[int, str]:
    """Taken in, started, repaired, inspected, gone; what is missing does not count."""
    steps = (
        RepairCard.received_at, RepairCard.started_at, RepairCard.finished_at, RepairCard.inspected_at,
        RepairCard.ended_at,
    )  # fmt: skip
    wrong = [steps[later] < steps[early] for later in range(len(steps)) for early in range(later)]
    return select(RepairCard.id, RepairCard.number).where(~RepairCard.is_history, or_(*wrong))


def _open_cards() -> Any:
    return (
        select(RepairCard.id)
        .where(RepairCard.call_id == ServiceCall.id, RepairCard.state.in_(OPEN))
        .correlate(ServiceCall)
        .exists()
    )


@invariant(ServiceCall, rule="W-1.9", says="It is in repair, but none of its items is in our hands any more.")
def has_goods_while_in_repair() -> Select[int, str]:
    """With its last item a call completes."""
    return select(ServiceCall.id, ServiceCall.number).where(ServiceCall.state == CallState.IN_REPAIR, ~_open_cards())


@invariant(ServiceCall, rule="W-1.9", says="It is not in repair, but has an open repair card.")
def is_in_repair_while_we_have_goods() -> Select[int, str]:
    """No call completes, is written off or goes on at the site while an item of it is in our hands."""
    with_goods = select(RepairCard.call_id).where(RepairCard.state.in_(OPEN))
    return select(ServiceCall.id, ServiceCall.number).where(
        ServiceCall.state != CallState.IN_REPAIR, ServiceCall.id.in_(with_goods)
    )

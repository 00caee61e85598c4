"""An item's whole way: taken away, repaired, inspected, handed back (W-1.5, W-4, W-3, W-1.9)."""

from datetime import timedelta

import pytest

from backoffice.calls.models import CallState
from backoffice.calls.rules import FaultCause
from backoffice.core import attachments, clock
from backoffice.core.attachments import AttachmentKind
from backoffice.core.permissions import Role
from backoffice.goods.models import GoodsState, ReceiptState
from backoffice.products.models import UnitStatus
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import CardState
from backoffice.repairs.queries import cards_of_call
from backoffice.vouchers import workflow as vouchers
from backoffice.vouchers.models import SignatureMode, VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.custody import item, second_signature
from tests.pictures import png


@pytest.fixture
def people():
    """One person of each role at branch HZ."""
    return {role: make.make_user(role) for role in Role}


def signature(**over):
    return {"signed_by": "张三", "signature_mode": SignatureMode.ON_SCREEN,
            "signature": attachments.prepare("s.png", png()), **over}  # fmt: skip


def take_away(call, technician, *items, **over):
    repairs.take_away(call, by=technician, items=items, **signature(**over))
    return cards_of_call(call.id)


def repair(card, technician, start):
    """An hour's work from `start` on."""
    end = start + timedelta(hours=1)
    repairs.start(card, by=technician, at=start)
    repairs.log_time(card, by=technician, started_at=start, ended_at=end, work="换机封")
    repairs.finish(card, by=technician, at=end, work_done="换机封", fault_cause=FaultCause.PRODUCT, no_parts=True)


def test_two_items_go_the_whole_way_and_the_call_completes_with_the_last(people):
    """W-1.5, W-4.1 to W-4.8, W-3, W-1.9, S-3.5, S-3.6: receipt, line, card; repaired, inspected, signed for, void."""
    technician, supervisor, assistant = (people[r] for r in (Role.TECHNICIAN, Role.SUPERVISOR, Role.ASSISTANT))
    morning = clock.now() - timedelta(hours=8)
    call = make.make_call(CallState.ON_SITE, technician=technician, received_at=morning)
    cards = take_away(call, technician, item(unit=call.unit), item(serial_no=""), at=morning + timedelta(hours=1))
    voucher = live_voucher(call)
    assert call.state is CallState.IN_REPAIR
    assert voucher.state is VoucherState.SIGNED
    assert voucher.return_due_at is None
    assert call.unit.status is UnitStatus.IN_REPAIR
    assert [file.kind for file in attachments.of(voucher)] == [AttachmentKind.SIGNATURE]
    for place, card in enumerate(cards):
        assert card.entry.receipt.state is ReceiptState.ISSUED
        card.printed_at = clock.now()
        repair(card, technician, morning + timedelta(hours=2 + place))
        repairs.inspect(card, by=supervisor)
        assert card.entry.inspected_on == clock.today()
    repairs.hand_back(cards[0], by=technician, **second_signature())
    assert cards[0].entry.state is GoodsState.RETURNED
    assert cards[0].entry.receipt.state is ReceiptState.RECOVERED
    assert call.unit.status is UnitStatus.IN_USE
    assert call.state is CallState.IN_REPAIR
    repairs.hand_back(cards[1], by=technician, **second_signature())
    assert call.state is CallState.COMPLETED
    assert call.completed_at == cards[1].ended_at
    assert voucher.return_due_at is not None
    vouchers.take_back(voucher, by=assistant)
    vouchers.write_off(call, by=assistant, location="A-1")
    assert call.state is CallState.CLOSED
    assert [card.state for card in cards] == [CardState.RETURNED] * 2

"""Goods are taken away, and receipts written wrongly (W-1.5, W-3, E-11, E-12)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from backoffice.calls.models import CallState
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.goods.models import GoodsState
from backoffice.papers.models import PaperKind
from backoffice.products.models import UnitStatus
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import CardState
from backoffice.repairs.queries import cards_of_call
from backoffice.vouchers.models import VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.custody import item, make_card, make_taken_call, second_signature
from tests.repairs.steps import refused, signed, under_repair


@pytest.mark.parametrize(
    ("over", "field"),
    [({"accessories": " "}, "accessories"), ({"appearance": ""}, "appearance"), ({"fault_text": ""}, "fault_text"),
     ({"model_text": ""}, "model_text"), ({"promised_return_on": None}, "promised_return_on"),
     ({"promised_return_on": clock.today() - timedelta(days=2)}, "promised_return_on"),
     ({"estimated_fee": Decimal(-1)}, "estimated_fee"), ({"estimated_fee": Decimal("NaN")}, "estimated_fee")],
)  # fmt: skip
def test_take_away_names_what_is_missing_of_the_second_item(technician, over, field):
    """E-11, W-1.5: beside the field of the item, and nothing of the first one is kept."""
    call = make.make_call(CallState.ON_SITE, technician=technician)
    with pytest.raises(BackofficeError) as refusal:
        repairs.take_away(call, by=technician, items=[item(), item(**over)], **signed())
    assert refusal.value.field == f"items-1-{field}"


def test_take_away_without_items_or_signature_is_refused(technician):
    """W-1.5"""
    call = make.make_call(CallState.ON_SITE, technician=technician)
    refused(repairs.take_away, call, by=technician, items=[], rule="W-1.5", **signed())
    refused(repairs.take_away, call, by=technician, items=[item()], rule="W-1.5", field="signature",
            **signed(signature=None))  # fmt: skip
    assert call.state is CallState.ON_SITE
    assert cards_of_call(call.id) == []


@pytest.mark.parametrize(("name", "kind"), [("paper_no", PaperKind.RECEIPT), ("card_paper_no", PaperKind.CARD)])
def test_a_numbered_sheet_is_the_technicians_and_used_once(technician, name, kind):
    """E-10: refused beside the field of the item: in another's hands, in no block, used before, also in this form."""
    own, others = make.make_block(technician, kind=kind), make.make_block(kind=kind)
    free, foreign = (f"{block.prefix}{block.first_no:09}" for block in (own, others))
    call = make.make_call(CallState.ON_SITE, technician=technician)
    for wrong in (foreign, "X999", free):
        items = [item(**{name: free}), item(**{name: wrong})]
        with db.session.begin_nested() as half:
            refused(
                repairs.take_away, call, by=technician, items=items, rule="E-10", field=f"items-1-{name}", **signed()
            )
            half.rollback()
    repairs.take_away(call, by=technician, items=[item(**{name: free.lower()})], **signed())
    (card,) = cards_of_call(call.id)
    assert (card if kind is PaperKind.CARD else card.entry.receipt).paper_no == free


def test_a_unit_that_is_with_us_is_not_taken_in_again(technician):
    """E-12: in one place at a time, in whichever call."""
    card = make_card(technician=technician)
    call = make.make_call(CallState.ON_SITE, technician=technician, customer=card.customer, unit=card.unit)
    refused(repairs.take_away, call, by=technician, items=[item(unit=card.unit)], rule="E-12", field="items-0-unit",
            **signed())  # fmt: skip


def test_void_of_the_only_receipt_brings_the_call_back_to_the_site(technician, supervisor):
    """W-3: line and card are void with it, the unit is in use, a new voucher takes the place of the signed one."""
    card = make_card(technician=technician)
    old = live_voucher(card.call)
    repairs.void_receipt(card.entry.receipt, by=supervisor, reason="泵未带走")
    assert (card.state, card.entry.state) == (CardState.VOID, GoodsState.VOID)
    assert card.call.state is CallState.ON_SITE
    assert card.unit.status is UnitStatus.IN_USE
    new = live_voucher(card.call)
    assert (old.state, new.state, old.replaced_by) == (VoucherState.VOID, VoucherState.ISSUED, new)
    assert new.visits
    assert new.signed_at is None


def test_void_of_one_of_two_receipts_leaves_the_call_in_repair_and_completes_it_when_the_other_is_back(
    technician, supervisor
):
    """W-3, W-1.9"""
    call = make_taken_call(technician)
    first = make_card(CardState.INSPECTED, call=call)
    second = make_card(call=call)
    repairs.hand_back(first, by=technician, **second_signature())
    assert call.state is CallState.IN_REPAIR
    repairs.void_receipt(second.entry.receipt, by=supervisor, reason="写错")
    assert call.state is CallState.COMPLETED
    assert live_voucher(call).state is VoucherState.SIGNED


def test_a_receipt_of_goods_at_work_is_not_void(technician, supervisor):
    """W-3: only before anybody has begun."""
    card = under_repair(technician)
    refused(repairs.void_receipt, card.entry.receipt, by=supervisor, reason="r", rule="W-3")

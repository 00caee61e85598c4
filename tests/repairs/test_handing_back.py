"""The goods leave our hands (W-4.8 to W-4.10, W-3, W-1.8, W-2)."""

from backoffice.calls.models import CallState
from backoffice.calls.rules import ServiceType
from backoffice.core import attachments
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.goods import workflow as goods
from backoffice.goods.models import GoodsState, ReceiptState
from backoffice.products.models import UnitStatus
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import CardState, DelayReport
from backoffice.vouchers import workflow as vouchers
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.custody import make_card, second_signature
from tests.pictures import png
from tests.repairs.steps import refused


def test_hand_back_needs_receipt_and_second_signature(technician, supervisor):
    """W-4.8, W-3, S-3.6: or the receipt is declared lost with the customer's signed statement."""
    card = make_card(CardState.INSPECTED, technician=technician)
    refused(repairs.hand_back, card, by=technician, rule="W-3", field="receipt_back",
            **second_signature(receipt_back=False))  # fmt: skip
    refused(repairs.hand_back, card, by=technician, rule="W-4.8", field="signature", **second_signature(signature=None))
    refused(
        repairs.hand_back, card, by=technician, rule="W-4.8", field="received_by", **second_signature(received_by=" ")
    )
    receipt = card.entry.receipt
    refused(goods.declare_lost, receipt, by=supervisor, reason="丢了", rule="W-3", field="statement")
    goods.declare_lost(receipt, by=supervisor, reason="丢了", statement=attachments.prepare("l.png", png()))
    repairs.hand_back(card, by=technician, **second_signature(receipt_back=False))
    assert receipt.state is ReceiptState.LOST
    assert card.call.state is CallState.COMPLETED


def test_an_item_that_is_given_up_is_scrapped_and_replaced(technician, supervisor):
    """W-4.9, W-4.10: with the signed cession; the new unit names the faulty one, once."""
    card = make_card(CardState.UNREPAIRABLE, technician=technician)
    refused(repairs.relinquish, card, by=supervisor, receipt_back=True, rule="W-4.10", field="cession")
    repairs.relinquish(card, by=supervisor, receipt_back=True, cession=attachments.prepare("c.png", png()))
    assert (card.entry.state, card.unit.status) == (GoodsState.GIVEN_UP, UnitStatus.SCRAPPED)
    assert card.call.state is CallState.COMPLETED
    refused(repairs.replace, card, by=supervisor, unit=make.make_unit(), rule="W-4.9", field="unit")
    unit = make.make_unit(card.customer)
    repairs.replace(card, by=supervisor, unit=unit)
    assert unit.replaces_id == card.unit_id
    other = make_card(CardState.UNREPAIRABLE)
    refused(repairs.replace, other, by=supervisor, unit=unit, rule="W-4.9", field="unit")


def test_a_voucher_is_not_taken_back_and_a_paid_repair_not_written_off(technician):
    """W-2, W-1.8: goods still with us; then what it costs is due."""
    assistant = make.make_user()
    card = make_card(CardState.INSPECTED, technician=technician)
    voucher = live_voucher(card.call)
    refused(vouchers.take_back, voucher, by=assistant, rule="W-2")
    card.call.service_type = ServiceType.PAID
    card.call.service_type_decided_by_id = make.make_user(Role.SUPERVISOR).id
    repairs.hand_back(card, by=technician, **second_signature())
    vouchers.take_back(voucher, by=assistant)
    refused(vouchers.write_off, card.call, by=assistant, location="A", rule="W-1.8")


def test_void_and_replace_of_a_voucher_takes_its_receipts_along(technician, supervisor):
    """W-2, W-3: the goods hang on the new voucher."""
    card = make_card(technician=technician)
    vouchers.void(live_voucher(card.call), by=supervisor, reason="写错")
    assert card.entry.receipt.voucher is live_voucher(card.call)
    assert db.session.query(DelayReport).count() == 0

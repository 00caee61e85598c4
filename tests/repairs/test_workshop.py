"""The work on a card: start, send out, time, parts, finish (W-4.1 to W-4.4, E-13, E-07)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.goods import workflow as goods
from backoffice.goods.models import GoodsState
from backoffice.parts.queries import balance
from backoffice.products.models import UnitStatus
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import CardState
from backoffice.repairs.queries import estimate_of
from backoffice.repairs.rules import Offer, WaitingFor
from tests import factories as make
from tests.custody import make_card, make_card_part, make_time, second_signature
from tests.repairs.steps import FINISH, refused, under_repair


def test_start_needs_a_card_that_hangs_on_the_goods(technician):
    """W-4.1, S-3.6: printed, or written on a pre-numbered one."""
    card = make_card(technician=technician, printed_at=None)
    refusal = refused(repairs.start, card, by=technician, rule="W-4.1")
    assert refusal.remedy is not None
    card.paper_no = "K0000001"
    repairs.start(card, by=technician)
    assert card.state is CardState.REPAIRING


def test_goods_go_to_the_factory_and_back_and_not_twice_at_once(technician):
    """W-4.2, W-4.3, E-12: with carrier and days; the register says where they are."""
    card = under_repair(technician)
    wait = {"waiting_for": WaitingFor.FACTORY, "reason": "返厂"}
    refused(repairs.wait, card, by=technician, rule="E-12", field="carrier", **wait)
    repairs.wait(card, by=technician, carrier="顺丰", **wait)
    assert card.entry.state is GoodsState.FACTORY
    leg = card.entry.open_leg
    assert (leg.carrier, leg.sent_on) == ("顺丰", clock.today())
    goods.correct_leg(leg, by=technician, carrier="顺丰", tracking_no="SF123")
    repairs.resume(card, by=technician)
    assert card.entry.state is GoodsState.BACK
    assert leg.back_on == clock.today()
    repairs.wait(card, by=technician, carrier="德邦", **wait)
    assert [one.back_on is None for one in card.entry.legs] == [False, True]


def test_an_item_outside_is_not_handed_back(technician, supervisor):
    """W-4.2: unrepairable while it is at the factory; it has to come back first."""
    card = under_repair(technician)
    repairs.wait(card, by=technician, waiting_for=WaitingFor.FACTORY, reason="返厂", carrier="顺丰")
    repairs.declare_unrepairable(card, by=supervisor, reason="无法修复", offer=Offer.RETURN)
    refused(repairs.hand_back, card, by=technician, rule="W-4.2", **second_signature())
    repairs.come_back(card, by=technician)
    repairs.hand_back(card, by=technician, **second_signature())
    assert card.entry.state is GoodsState.RETURNED
    assert card.unit.status is UnitStatus.SCRAPPED


def test_finish_asks_for_time_cause_work_and_parts_or_none(technician):
    """W-4.4: each is named; a running timer is stopped first."""
    card = under_repair(technician)
    refused(repairs.finish, card, by=technician, rule="W-4.4", no_parts=True, **FINISH)
    repairs.start_timer(card, by=technician)
    refused(repairs.finish, card, by=technician, rule="E-13", no_parts=True, **FINISH)
    repairs.stop_timer(card, by=technician, work="拆检")
    refused(repairs.finish, card, by=technician, rule="W-4.4", field="no_parts", **FINISH)
    refused(
        repairs.finish,
        card,
        by=technician,
        rule="W-4.4",
        field="work_done",
        no_parts=True,
        **FINISH | {"work_done": ""},
    )
    refused(repairs.finish, card, by=technician, rule="W-4.4", field="fault_cause", no_parts=True,
            **FINISH | {"fault_cause": None})  # fmt: skip
    refused(repairs.finish, card, by=technician, rule="E-13", field="test_flow", no_parts=True, test_flow=float("nan"),
            **FINISH)  # fmt: skip
    make_card_part(card)
    refused(repairs.finish, card, by=technician, rule="W-4.4", field="no_parts", no_parts=True, **FINISH)
    repairs.finish(card, by=technician, **FINISH)
    assert card.finished_by_id == technician.id


def test_finish_asks_for_a_settled_type_and_a_confirmed_cause(technician):
    """W-1.6, G-07: undecided at taking in, settled before the repair is finished."""
    card = under_repair(technician)
    make_time(card)
    card.call.service_type = ServiceType.UNDECIDED
    refused(repairs.finish, card, by=technician, rule="W-1.6", no_parts=True, **FINISH)
    card.call.service_type = ServiceType.FREE
    refused(
        repairs.finish, card, by=technician, rule="G-07", no_parts=True, **FINISH | {"fault_cause": FaultCause.MISUSE}
    )


def test_a_dear_paid_repair_needs_a_quote_and_the_customers_yes(technician, supervisor):
    """W-4.4, C-03, C-12: labour and parts count; a quote below them is none, a new one needs a new yes."""
    card = under_repair(technician)
    card.call.service_type, card.call.service_type_decided_by_id = ServiceType.PAID, supervisor.id
    make_time(card)
    make_card_part(card, "9", part=make.make_part(cost_price=Decimal("111.10")))
    assert estimate_of(card).total == Decimal("999.90") + Decimal("6.00")
    refused(repairs.finish, card, by=technician, rule="W-4.4", **FINISH)
    refused(repairs.agree, card, by=technician, agreed_by="李女士", rule="W-4.4")
    refused(repairs.quote, card, by=technician, quote_amount=Decimal(0), rule="W-4.4", field="quote_amount")
    repairs.quote(card, by=technician, quote_amount=Decimal(1000))
    repairs.agree(card, by=technician, agreed_by="李女士，电话")
    refused(repairs.finish, card, by=technician, rule="W-4.4", **FINISH)
    repairs.quote(card, by=technician, quote_amount=Decimal(1100))
    refused(repairs.finish, card, by=technician, rule="W-4.4", **FINISH)
    repairs.agree(card, by=technician, agreed_by="李女士，电话")
    repairs.finish(card, by=technician, **FINISH)
    assert card.state is CardState.REPAIRED


@pytest.mark.parametrize("minutes", [0, -5, 1441, 10**9])
def test_minutes_out_of_range_are_refused(technician, minutes):
    """E-13: 1 to 1,440."""
    card = under_repair(technician)
    refused(repairs.log_time, card, by=technician, started_at=card.started_at, minutes=minutes, work="w", rule="E-13",
            field="minutes")  # fmt: skip


def test_time_in_the_future_before_the_repair_or_backwards_is_refused(technician):
    """E-13, G-04"""
    card = under_repair(technician)
    start, now = card.started_at, clock.now()
    for inputs, rule in (
        ({"started_at": start, "ended_at": now + timedelta(hours=1)}, "E-13"),
        ({"started_at": now, "ended_at": start}, "E-13"),
        ({"started_at": start - timedelta(minutes=1), "minutes": 5}, "G-04"),
        ({"started_at": None, "minutes": 5}, "E-13"),
        ({"started_at": start}, "E-13"),
        ({"started_at": start, "minutes": 5, "ended_at": now}, "E-13"),
        ({"started_at": now - timedelta(hours=25), "ended_at": now}, "E-13"),
    ):
        refused(repairs.log_time, card, by=technician, work="w", rule=rule, **inputs)
    assert card.time_entries == []


def test_one_persons_time_never_overlaps_on_any_card(technician):
    """E-13: the other card is named; another person may work at the same time, and next to it is free."""
    card = under_repair(technician)
    start = card.started_at
    other = under_repair(technician, started_at=start)
    repairs.log_time(card, by=technician, started_at=start + timedelta(minutes=10), minutes=20, work="w")
    for begin, minutes in ((0, 11), (15, 5), (29, 30), (5, 60)):
        refusal = refused(repairs.log_time, other, by=technician, started_at=start + timedelta(minutes=begin),
                          minutes=minutes, work="w", rule="E-13", field="started_at")  # fmt: skip
        assert card.number in str(refusal)
    repairs.log_time(other, by=technician, started_at=start + timedelta(minutes=30), minutes=5, work="w")
    repairs.log_time(other, by=technician, started_at=start, minutes=10, work="w")
    supervisor = make.make_user(Role.SUPERVISOR)
    repairs.log_time(other, by=supervisor, started_at=start + timedelta(minutes=10), minutes=20, work="w")


def test_a_void_entry_counts_no_more_and_gives_its_time_back(technician):
    """E-13: marked with its reason, once; after the inspection time can only be read."""
    card = under_repair(technician)
    entry = make_time(card)
    refused(repairs.void_time, entry, by=make.make_user(Role.TECHNICIAN), reason="r", rule="P-1")
    repairs.void_time(entry, by=technician, reason="记错")
    assert estimate_of(card).total == 0
    refused(repairs.void_time, entry, by=technician, reason="r", rule="E-13")
    repairs.log_time(card, by=technician, started_at=entry.started_at, minutes=3, work="w")
    passed = make_card(CardState.INSPECTED, technician=technician)
    refused(repairs.void_time, passed.time_entries[0], by=technician, reason="r", rule="E-13")


def test_parts_move_the_stock_and_keep_their_price(technician):
    """E-07: not more than there is; a later price changes no card; given back once."""
    card = under_repair(technician)
    part = make.make_part(cost_price=Decimal(50))
    make.make_movement(part, quantity=3)
    refused(repairs.use_part, card, by=technician, part=part, quantity=Decimal(4), rule="E-07", field="quantity")
    repairs.use_part(card, by=technician, part=part, quantity=Decimal(2))
    part.cost_price = part.sale_price = Decimal(80)
    db.session.flush()
    (line,) = card.parts
    assert line.amount == Decimal(100)
    assert balance(part.id, card.branch_id, None) == 1
    repairs.give_back(line, by=technician, reason="型号不符")
    assert balance(part.id, card.branch_id, None) == 3
    assert estimate_of(card).parts == 0
    refused(repairs.give_back, line, by=technician, reason="r", rule="E-07")

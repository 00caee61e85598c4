"""The second pair of eyes, and delays (W-4.5 to W-4.7, P-4, E-14)."""

from datetime import timedelta

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import CardState, DelayState, Inspection
from backoffice.repairs.queries import figures
from backoffice.repairs.rules import InspectionResult
from tests import factories as make
from tests.custody import make_card, make_card_part, make_delay, make_time, second_signature
from tests.repairs.steps import FINISH, delay, refused, under_repair


def test_whoever_touched_it_does_not_inspect(supervisor):
    """P-4, W-4.5: finisher, whoever wrote time, void or not, and whoever took parts; one by one and many at once."""
    wrote, took, voided = (make_card(CardState.REPAIRED) for _ in range(3))
    make_time(wrote, user_id=supervisor.id)
    make_card_part(took, taken_by_id=supervisor.id)
    begun = clock.now() - timedelta(hours=9)
    make_time(voided, user_id=supervisor.id, started_at=begun, ended_at=begun + timedelta(hours=1), minutes=60,
              voided_at=clock.now(), void_reason="r")  # fmt: skip
    finished = make_card(CardState.REPAIRED, finished_by_id=supervisor.id)
    cards = [wrote, took, voided, finished]
    for card in cards:
        refused(repairs.inspect, card, by=supervisor, rule="P-4")
        refused(repairs.send_back, card, by=supervisor, note="n", rule="P-4")
    good = make_card(CardState.REPAIRED)
    outcomes = repairs.inspect.bulk([card.id for card in (*cards, good)], by=supervisor)
    assert [outcome.error is None for outcome in outcomes] == [False] * 4 + [True]
    assert good.state is CardState.INSPECTED
    assert {card.state for card in cards} == {CardState.REPAIRED}


def test_the_manager_inspects_what_the_supervisor_has_repaired(supervisor):
    """W-4.5"""
    manager = make.make_user(Role.MANAGER)
    card, other = make_card(CardState.REPAIRED, finished_by_id=supervisor.id), make_card(CardState.REPAIRED)
    refused(repairs.inspect, other, by=manager, rule="W-4.5")
    repairs.inspect(card, by=manager)
    assert card.inspected_by_id == manager.id


def test_a_deputy_of_the_repairer_does_not_inspect(supervisor):
    """P-4, P-6: nor whoever stands in for somebody who has repaired it."""
    deputy = make.make_user(Role.TECHNICIAN)
    make.make_delegation(supervisor, deputy)
    deputy.deputise([(supervisor.id, Role.SUPERVISOR)])
    card = make_card(CardState.REPAIRED, finished_by_id=supervisor.id)
    refused(repairs.inspect, card, by=deputy, rule="P-4")


def test_sending_back_counts_as_rework_and_asks_for_everything_again(technician, supervisor):
    """W-4.6, K-13: also when the customer rejects it at the door."""
    card = make_card(CardState.REPAIRED, technician=technician)
    refused(repairs.send_back, card, by=supervisor, note=" ", rule="W-4.6", field="note")
    repairs.send_back(card, by=supervisor, note="仍漏")
    assert (card.state, card.rework_count, card.finished_at) == (CardState.REPAIRING, 1, None)
    repairs.finish(card, by=technician, no_parts=True, **FINISH)
    repairs.inspect(card, by=supervisor)
    repairs.send_back(card, by=supervisor, note="客户现场拒收")
    assert (card.rework_count, card.inspected_at, card.entry.inspected_on) == (2, None, None)
    found = db.session.query(Inspection).filter_by(card_id=card.id).order_by(Inspection.nth).all()
    assert [one.result for one in found] == [InspectionResult.FAILED, InspectionResult.PASSED, InspectionResult.FAILED]
    assert [one.at_customer for one in found] == [False, False, True]
    month = figures(supervisor, clock.today().replace(day=1))
    assert (month.inspected, month.failed) == (3, 2)


def test_a_delay_moves_plan_and_promise_when_it_is_accepted_and_the_first_promise_stays(technician, supervisor):
    """W-4.7, E-14, TL-06, K-09"""
    card = under_repair(technician)
    promised, planned = card.entry.promised_return_on, card.planned_finish_at
    report = repairs.report_delay(card, by=technician, **delay(card))
    assert not report.is_found_after
    refused(repairs.report_delay, card, by=technician, rule="W-4.7", **delay(card))
    refused(repairs.decide, report, by=supervisor, accept=None, decision="d", rule="W-4.7", field="accept")
    repairs.decide(report, by=supervisor, accept=True, decision="同意")
    assert card.planned_finish_at == planned + timedelta(days=10)
    assert card.entry.promised_return_on == promised + timedelta(days=10)
    assert card.entry.first_promised_on == promised
    assert report.state is DelayState.ACCEPTED


def test_a_refused_delay_moves_nothing(technician, supervisor):
    """W-4.7"""
    card = under_repair(technician)
    planned = card.planned_finish_at
    report = repairs.report_delay(card, by=technician, **delay(card))
    repairs.decide(report, by=supervisor, accept=False, decision="加班完成")
    assert card.planned_finish_at == planned


def test_nobody_decides_on_his_own_report(supervisor):
    """P-4"""
    card = make_card(CardState.REPAIRING)
    report = repairs.report_delay(card, by=supervisor, **delay(card))
    refused(repairs.decide, report, by=supervisor, accept=True, decision="d", rule="P-4")


def test_a_late_repair_is_not_finished_before_it_is_reported_and_counts_as_found_after(technician, supervisor):
    """S-3.8, W-4.7: told before and found after are counted apart."""
    card = under_repair(technician, planned_finish_at=clock.now() - timedelta(minutes=30))
    make_time(card)
    refused(repairs.finish, card, by=technician, rule="W-4.7", no_parts=True, **FINISH)
    now = clock.now()
    for wrong in ({"new_finish_at": now - timedelta(minutes=1)}, {"new_finish_at": None}, {"help_requested": ""},
                  {"cause": None}, {"new_finish_at": now + timedelta(days=900)}):  # fmt: skip
        refused(repairs.report_delay, card, by=technician, rule="E-14", **delay(card) | wrong)
    report = repairs.report_delay(card, by=technician, **delay(card))
    assert report.is_found_after
    repairs.finish(card, by=technician, no_parts=True, **FINISH)
    month = figures(supervisor, clock.today().replace(day=1))
    assert (month.told_before, month.found_after) == (0, 1)


def test_goods_are_handed_back_when_the_customer_knows_of_every_delay(technician):
    """E-14: told before close."""
    card = make_card(CardState.INSPECTED, technician=technician)
    report = make_delay(card)
    refused(repairs.hand_back, card, by=technician, rule="E-14", **second_signature())
    refused(repairs.inform, report, by=technician, informed_how=" ", rule="E-14", field="informed_how")
    repairs.inform(report, by=technician, informed_how="电话告知")
    repairs.hand_back(card, by=technician, **second_signature())
    assert card.state is CardState.RETURNED


def test_goods_beyond_the_promise_are_not_handed_back_without_a_report(technician):
    """W-4.7"""
    card = make_card(CardState.INSPECTED, technician=technician)
    card.entry.promised_return_on = clock.today() - timedelta(days=1)
    refused(repairs.hand_back, card, by=technician, rule="W-4.7", **second_signature())

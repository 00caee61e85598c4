"""The acts on what a job costs, and its fee from the first part to the due (W-1.4, W-1.6, W-1.9, W-5.2, E-10)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.calls import workflow as calls
from backoffice.calls.models import CallState, CancelReason
from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.contracts.rules import FeeMode
from backoffice.core import clock, invariants
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RecordNotFound, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.fees import workflow
from backoffice.fees.models import FeeSheet, SitePart
from backoffice.fees.queries import priced, sheet_of
from backoffice.fees.rules import FeeKind
from backoffice.parts import workflow as parts
from backoffice.parts.queries import balance
from backoffice.parts.rules import StockPlace
from backoffice.receivables.models import Due, DueState
from backoffice.receivables.queries import due_of_call
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import CardState
from backoffice.settings import queries as settings
from backoffice.vouchers import workflow as vouchers
from backoffice.vouchers.models import CollectionPath, OnsiteResult
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.custody import make_card, make_card_part, make_taken_call, second_signature
from tests.fees.jobs import in_store, paid, under_contract
from tests.vouchers.jobs import findings, signed

D = Decimal
REFUSALS = (RuleViolated, MissingInput, NotPermitted, RecordNotFound)


def refused(act: Any, *args: Any, rule: str, field: str = "", **inputs: Any) -> Any:
    with pytest.raises(REFUSALS) as refusal, db.session.begin_nested():
        act(*args, **inputs)
    assert refusal.value.rule == rule, refusal.value
    assert not field or refusal.value.field == field
    return refusal.value


def sound() -> None:
    """Nothing that must hold is broken."""
    db.session.flush()
    assert [str(breach) for breach in invariants.breaches()] == []


# -- parts on site -----------------------------------------------------------------------------------------------------


def test_part_built_in_on_site_keeps_its_price(people):
    """E-10, E-07, S-1.2: out of the store or of one's own, cost and price of that moment stay."""
    technician, part = people[Role.TECHNICIAN], in_store("80.00", 5)
    parts.hand_out(part, by=people[Role.ASSISTANT], holder=technician, quantity=D(1))
    call = paid(technician)
    workflow.use_part(call, by=technician, part=part, quantity=D("2.5"), old_part_returned=True)
    workflow.use_part(call, by=technician, part=part, quantity=D(1), taken_from=StockPlace.OWN)
    part.cost_price = part.sale_price = D("99.00")
    db.session.flush()
    first, second = db.session.scalars(select(SitePart).order_by(SitePart.id))
    assert (first.amount, first.unit_cost, first.old_part_returned) == (D("200.00"), D("80.00"), True)
    assert (second.amount, second.movement.holder_id) == (D("80.00"), technician.id)
    assert balance(part.id, technician.branch_id, None) == D("1.5")
    assert balance(part.id, technician.branch_id, technician.id) == 0
    assert priced(call).fee.of(FeeKind.PART) == D("280.00")
    refused(workflow.use_part, call, by=technician, part=part, quantity=D(2), rule="E-07", field="quantity")
    sound()


@pytest.mark.parametrize("quantity", [None, D(0), D(-1), D("NaN"), D("1e308"), D("0.0001")])
def test_quantity_that_is_none(people, quantity):
    call = paid(people[Role.TECHNICIAN])
    refused(workflow.use_part, call, by=people[Role.TECHNICIAN], part=in_store(), quantity=quantity, rule="E-07",
            field="quantity")  # fmt: skip


def test_part_is_given_back_until_the_customer_has_signed(people):
    """E-07, E-10: by whoever took it, whoever has the job now, or the supervisor; whole and once."""
    technician, other, part = people[Role.TECHNICIAN], make.make_user(Role.TECHNICIAN), in_store()
    call = paid(technician)
    for _ in range(2):
        workflow.use_part(call, by=technician, part=part, quantity=D(1))
    first, second = db.session.scalars(select(SitePart).order_by(SitePart.id))
    refused(workflow.give_back, first, by=technician, reason=" ", rule="E-07", field="reason")
    for role in (Role.ASSISTANT, Role.FINANCE, Role.MANAGER, Role.SALES, Role.ADMIN):
        refused(workflow.give_back, first, by=people[role], reason="r", rule="P-3")
    refused(workflow.give_back, first, by=other, reason="r", rule="P-1")  # not his job: he does not even see it
    workflow.give_back(first, by=technician, reason="没用上")
    refused(workflow.give_back, first, by=technician, reason="r", rule="E-07")
    assert (first.amount, balance(part.id, call.branch_id, None)) == (0, D(9))
    vouchers.reassign(call, by=people[Role.SUPERVISOR], technician=other, reason="r")
    workflow.give_back(second, by=other, reason="型号不对")
    vouchers.arrive(call, by=other)
    workflow.use_part(call, by=other, part=part, quantity=D(1))
    third = db.session.scalars(select(SitePart).order_by(SitePart.id.desc())).first()
    vouchers.complete(call, by=other, **signed())
    refused(workflow.give_back, third, by=people[Role.SUPERVISOR], reason="r", rule="E-10")
    sound()


def test_parts_are_not_left_on_a_job_that_ends_without_service(people):
    """W-1.10, W-1.13, W-1.4: cancelled, refused, or completed as refused: first they go back; the way is linked."""
    technician, supervisor, part = people[Role.TECHNICIAN], people[Role.SUPERVISOR], in_store()
    call = paid(technician)
    workflow.use_part(call, by=technician, part=part, quantity=D(1))
    refusal = refused(vouchers.refuse, call, by=supervisor, reason="太贵", rule="E-07")
    assert (refusal.remedy.endpoint, refusal.remedy.params) == ("site_parts.index_view", {"call": call.id})
    refused(vouchers.complete, call, by=technician, rule="E-07", **signed(onsite_result=OnsiteResult.REFUSED))
    vouchers.revisit(call, by=technician, reason="缺件", next_visit_at=clock.now() + timedelta(days=1))
    reason = {"cancel_reason": CancelReason.CUSTOMER_WITHDREW}
    refused(vouchers.cancel, call, by=supervisor, rule="E-07", **reason)
    (line,) = db.session.scalars(select(SitePart))
    workflow.give_back(line, by=supervisor, reason="客户退单")
    vouchers.cancel(call, by=supervisor, **reason)
    assert call.state is CallState.CANCELLED
    sound()


def test_nothing_changes_while_the_supervisor_looks_at_a_report_without_signature(people):
    """W-1.4: what was reported is what he confirms."""
    technician, part = people[Role.TECHNICIAN], in_store()
    call = paid(technician)
    workflow.use_part(call, by=technician, part=part, quantity=D(1))
    vouchers.report_unsigned(call, by=technician, reason="客户不在", **findings())
    (line,) = db.session.scalars(select(SitePart))
    refused(workflow.use_part, call, by=technician, part=part, quantity=D(1), rule="W-1.4")
    refused(workflow.give_back, line, by=technician, reason="r", rule="W-1.4")
    refused(workflow.add_fee, call, by=technician, amount=D(9), reason="r", rule="W-1.4")
    vouchers.confirm_unsigned(call, by=people[Role.SUPERVISOR])
    assert sheet_of(call.id).total == D("210.00")  # 40 minutes, the way, the part
    sound()


# -- other fee and discount --------------------------------------------------------------------------------------------


def test_other_fee_is_added_and_taken_off(people):
    """W-5.2: with its reason, by whoever has the job or the supervisor; not on a free job."""
    technician, call = people[Role.TECHNICIAN], paid(people[Role.TECHNICIAN])
    refused(workflow.add_fee, call, by=technician, amount=D("30.00"), reason="", rule="W-5.2", field="reason")
    workflow.add_fee(call, by=technician, amount=D("30.00"), reason="吊车")
    assert priced(call).fee.total == D("80.00")
    workflow.add_fee(call, by=people[Role.SUPERVISOR], amount=D("20.00"), reason="吊车")
    assert priced(call).fee.of(FeeKind.OTHER) == D("20.00")
    workflow.add_fee(call, by=technician, amount=D(0))
    sheet = sheet_of(call.id)
    assert (sheet.other_amount, sheet.other_reason, priced(call).fee.total) == (0, "", D("50.00"))
    free = make.make_call(CallState.ON_SITE, technician=technician)
    refused(workflow.add_fee, free, by=technician, amount=D(9), reason="r", rule="W-5.2")
    other = make.make_user(Role.TECHNICIAN)
    refused(workflow.add_fee, call, by=other, amount=D(9), reason="r", rule="P-1")
    sound()


@pytest.mark.parametrize("amount", [None, D("NaN"), D("Infinity"), D("1e308"), D("-0.01"), D("0.001")])
def test_amount_that_is_none(people, amount):
    """G-01."""
    with pytest.raises((RuleViolated, MissingInput)) as refusal:
        workflow.add_fee(paid(people[Role.TECHNICIAN]), by=people[Role.TECHNICIAN], amount=amount, reason="r")
    assert refusal.value.field == "amount"


def test_discount_by_the_supervisor_up_to_his_limit_and_by_the_manager_beyond(people):
    """W-5.2, C-54, P-4: who approved it stands there; 0 takes it back; the technician is told."""
    technician, supervisor, manager = people[Role.TECHNICIAN], people[Role.SUPERVISOR], people[Role.MANAGER]
    call = paid(technician)
    refused(workflow.discount, call, by=supervisor, percent=D("20.01"), reason="r", rule="W-5.2", field="percent")
    refused(workflow.discount, call, by=supervisor, percent=D(20), reason=" ", rule="W-5.2", field="reason")
    workflow.discount(call, by=supervisor, percent=D(20), reason="老客户")
    sheet = sheet_of(call.id)
    assert (sheet.discount_by, sheet.discount_role, sheet.discount_limit) == (supervisor, Role.SUPERVISOR, D("20.00"))
    assert priced(call).fee.total == D("40.00")
    workflow.discount(call, by=manager, percent=D(50), reason="投诉补偿")
    assert (sheet.discount_by, sheet.discount_role, priced(call).fee.total) == (manager, Role.MANAGER, D("25.00"))
    workflow.discount(call, by=supervisor, percent=D(0))
    assert (sheet.discount_by, sheet.discount_at, sheet.discount_reason) == (None, None, "")
    assert priced(call).fee.total == D("50.00")
    told = db.session.scalars(select(Notice.kind).where(Notice.user_id == technician.id)).all()
    assert told == ["fee.discounted", "fee.discounted", "fee.discount_taken_back"]
    sound()


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_nobody_else_gives_a_discount(people, role):
    """P-3, P-4: every other role is refused, a technician always."""
    call, by = paid(people[Role.TECHNICIAN]), people[role]
    if role in (Role.SUPERVISOR, Role.MANAGER):
        workflow.discount(call, by=by, percent=D(10), reason="r")
    else:
        refused(workflow.discount, call, by=by, percent=D(10), reason="r", rule="P-3")


def test_technician_who_stands_in_for_the_supervisor_gives_none_on_his_own_job(people):
    """P-4, P-6: neither he, nor who helps, nor who has worked on a card; on another's job he may."""
    technician, helper = people[Role.TECHNICIAN], make.make_user(Role.TECHNICIAN)
    for deputy in (technician, helper):
        make.make_delegation(people[Role.SUPERVISOR], deputy)
    call = paid(technician)
    live_voucher(call).helpers = [helper]
    db.session.flush()
    for by in (technician, helper):
        refused(workflow.discount, call, by=by, percent=D(5), reason="r", rule="P-4")
    workflow.discount(paid(technician), by=helper, percent=D(5), reason="r")
    sheet = db.session.scalars(select(FeeSheet)).one()
    assert (sheet.discount_by, sheet.discount_role) == (helper, Role.SUPERVISOR)
    card = make_card(CardState.INSPECTED, call=make_taken_call(people[Role.TECHNICIAN]))
    card.call.service_type = ServiceType.PAID
    card.technician = card.finished_by = helper
    db.session.flush()
    refused(workflow.discount, card.call, by=helper, percent=D(5), reason="r", rule="P-4")


@pytest.mark.parametrize("percent", [None, D("NaN"), D("1e308"), D(-1), D("100.01"), D("0.001")])
def test_discount_that_is_none(people, percent):
    refused(workflow.discount, paid(people[Role.TECHNICIAN]), by=people[Role.MANAGER], percent=percent, reason="r",
            rule="W-5.2", field="percent")  # fmt: skip


# -- settling ----------------------------------------------------------------------------------------------------------


def test_paid_300_is_collected_on_site(people):
    """W-5.3, scenario 3: settled as it was shown, due on site; every figure the same on sheet, lines and due."""
    technician, part = people[Role.TECHNICIAN], in_store("85.00")
    call = paid(technician)
    workflow.use_part(call, by=technician, part=part, quantity=D(2))
    shown = priced(call, vouchers.Findings(OnsiteResult.FIXED, 40, None)).fee
    vouchers.complete(call, by=technician, **signed(seen_total=shown.total))
    sheet, due = sheet_of(call.id), due_of_call(call.id)
    assert shown.total == sheet.total == due.amount == D("300.00")
    assert (sheet.path, due.path, sheet.service_type) == (
        CollectionPath.ONSITE,
        CollectionPath.ONSITE,
        ServiceType.PAID,
    )
    assert (sheet.labour_fee, sheet.travel_fee, sheet.parts_fee) == (D("80.00"), D("50.00"), D("170.00"))
    assert [line.amount for line in sheet.lines] == [line.amount for line in shown.lines]
    assert [(one.name, one.amount) for one in due.lines] == [(one.name, one.amount) for one in sheet.lines]
    sound()


def test_paid_3000_is_not_collected_on_site(people):
    """W-5.3, C-01, scenario 4: the path on site is refused; without a choice the invoice comes first."""
    technician, part = people[Role.TECHNICIAN], in_store("2870.00")
    call = paid(technician)
    workflow.use_part(call, by=technician, part=part, quantity=D(1))
    refusal = refused(vouchers.complete, call, by=technician, rule="W-5.3", field="path",
                      **signed(path=CollectionPath.ONSITE))  # fmt: skip
    assert "3,000.00" in str(refusal)
    vouchers.complete(call, by=technician, **signed())
    assert (sheet_of(call.id).total, due_of_call(call.id).path) == (D("3000.00"), CollectionPath.INVOICE_FIRST)
    refused(vouchers.take_back, live_voucher(call), by=technician, rule="P-3")
    vouchers.take_back(live_voucher(call), by=people[Role.ASSISTANT])
    refused(vouchers.write_off, call, by=people[Role.ASSISTANT], location="A", rule="W-1.8")
    sound()


def test_amounts_are_copied_and_never_computed_again(people):
    """W-5.2: prices, rates and limits that change afterwards change nothing that was settled."""
    technician, part = people[Role.TECHNICIAN], in_store()
    call = paid(technician)
    workflow.use_part(call, by=technician, part=part, quantity=D(1))
    vouchers.complete(call, by=technician, **signed())
    before = priced(call)
    part.cost_price = part.sale_price = D("500.00")
    for key in ("C-12", "C-13-suburb", "C-01"):
        make.set_setting(key, "1.00")
    settings.forget(db.session())
    after = priced(call)
    assert (after.fee, after.path) == (before.fee, before.path)
    assert after.is_settled


def test_fee_that_changed_since_it_was_shown_is_not_signed_for(people):
    """W-1.4: a price changed between page and click; the refusal names both, nothing is written."""
    technician = people[Role.TECHNICIAN]
    call = paid(technician)
    seen = priced(call, vouchers.Findings(OnsiteResult.FIXED, 40, None)).fee.total
    make.set_setting("C-12", "150.00")
    refusal = refused(vouchers.complete, call, by=technician, rule="W-1.4", **signed(seen_total=seen))
    assert "150.00" in str(refusal)
    assert "130.00" in str(refusal)
    assert (call.state, sheet_of(call.id)) == (CallState.ON_SITE, None)
    vouchers.complete(call, by=technician, **signed(seen_total=D("150.00")))


def test_customer_who_refuses_owes_a_fee_or_the_supervisor_ends_the_call(people):
    """W-1.4, W-1.13: the way is charged; where nothing is, only the supervisor ends it."""
    technician = people[Role.TECHNICIAN]
    call = paid(technician)
    vouchers.complete(call, by=technician, **signed(onsite_result=OnsiteResult.REFUSED, labour_minutes=None))
    assert [line.kind for line in sheet_of(call.id).lines] == [FeeKind.TRAVEL]
    near = paid(technician, customer=make.make_customer())
    refused(vouchers.complete, near, by=technician, rule="W-1.13", field="onsite_result",
            **signed(onsite_result=OnsiteResult.REFUSED, labour_minutes=0))  # fmt: skip
    sound()


@pytest.mark.parametrize(
    ("mode", "parts_included", "total"),
    [
        (FeeMode.ANNUAL, True, "0.00"), (FeeMode.ANNUAL, False, "80.00"), (FeeMode.PER_QUARTER, False, "80.00"),
        (FeeMode.PER_VISIT, True, "360.00"), (FeeMode.PER_VISIT, False, "440.00"),
    ],
)  # fmt: skip
def test_contract_job_costs_what_its_contract_says(people, mode, parts_included, total):
    """W-5.2, E-09, W-1.8: two visits; written off where nothing is due, else when it is in order."""
    technician, assistant, part = people[Role.TECHNICIAN], people[Role.ASSISTANT], in_store()
    call = under_contract(technician, mode, parts_included=parts_included)
    make.make_visit(live_voucher(call), arrived_at=call.first_arrived_at - timedelta(days=1),
                    left_at=call.first_arrived_at - timedelta(hours=20))  # fmt: skip
    db.session.expire_all()
    workflow.use_part(call, by=technician, part=part, quantity=D(1))
    vouchers.complete(call, by=technician, **signed())
    sheet = sheet_of(call.id)
    assert (sheet.total, sheet.labour_fee, sheet.travel_fee) == (D(total), 0, 0)
    due = due_of_call(call.id)
    assert (due.amount if due else D("0.00")) == D(total)
    vouchers.take_back(live_voucher(call), by=assistant)
    if due is not None:
        refused(vouchers.write_off, call, by=assistant, location="A", rule="W-1.8")
        due.is_invoiced = True
        db.session.flush()
    vouchers.write_off(call, by=assistant, location="A")
    assert call.state is CallState.CLOSED
    sound()


def test_free_job_settles_at_nothing_and_names_its_parts(people):
    """S-1.1, W-5.2: warranty."""
    technician, part = people[Role.TECHNICIAN], in_store()
    call = make.make_call(CallState.ON_SITE, technician=technician)
    workflow.use_part(call, by=technician, part=part, quantity=D(1))
    vouchers.complete(call, by=technician, **signed(path=CollectionPath.ONSITE))
    sheet = sheet_of(call.id)
    assert [(line.kind, line.amount) for line in sheet.lines] == [(FeeKind.PART, 0)]
    assert (sheet.total, sheet.path, due_of_call(call.id)) == (0, None, None)
    sound()


def test_goods_brought_back_are_settled_with_the_last_item(people):
    """W-1.9, W-5.3, TL-07: labour of every card, the way once; the invoice first, its request due the same day."""
    technician = people[Role.TECHNICIAN]
    call = make_taken_call(technician, customer=make.make_customer())
    call.service_type, call.service_type_decided_by_id = ServiceType.PAID, people[Role.SUPERVISOR].id
    live_voucher(call).labour_minutes = None
    make.set_setting("C-13-city", "20.00")
    first = make_card(CardState.INSPECTED, call=call, unit=call.unit)
    second = make_card(CardState.INSPECTED, call=call)
    line = make_card_part(second, "2")
    second.no_parts = False
    second.time_entries[0].user_id = make.make_user(Role.TECHNICIAN).id  # nobody works at two places at once
    db.session.flush()
    repairs.hand_back(first, by=technician, **second_signature())
    assert (sheet_of(call.id), call.state) == (None, CallState.IN_REPAIR)
    shown = priced(call)
    assert shown.path is CollectionPath.INVOICE_FIRST
    repairs.hand_back(second, by=technician, **second_signature())
    sheet = sheet_of(call.id)
    assert [(one.kind, one.card_id, one.amount) for one in sheet.lines] == [
        (FeeKind.LABOUR, first.id, D("6.00")), (FeeKind.LABOUR, second.id, D("6.00")),
        (FeeKind.TRAVEL, None, D("20.00")), (FeeKind.PART, second.id, D("240.00")),
    ]  # fmt: skip
    assert sheet.total == line.amount + D("32.00") == shown.fee.total == due_of_call(call.id).amount
    assert sheet.path is CollectionPath.INVOICE_FIRST
    assert due_of_call(call.id).request_due_at == clock.day_end(clock.today())
    sound()


# -- correcting --------------------------------------------------------------------------------------------------------


def completed(technician: Any, part: Any, **over: Any) -> Any:
    """A free job that was completed with a part."""
    call = make.make_call(CallState.ON_SITE, technician=technician)
    workflow.use_part(call, by=technician, part=part, quantity=D(1))
    vouchers.complete(call, by=technician, **signed(**over))
    return call


def test_wrong_type_is_corrected_with_the_same_facts_and_prices(people):
    """W-1.6: another fee takes the place, by the prices and rates of that time; it becomes due."""
    technician, supervisor, part = people[Role.TECHNICIAN], people[Role.SUPERVISOR], in_store()
    call = completed(technician, part)
    part.cost_price = part.sale_price = D("500.00")
    make.set_setting("C-12", "999.00")
    refused(workflow.correct_type, call, by=supervisor, service_type=ServiceType.PAID, reason=" ", rule="W-1.6",
            field="reason")  # fmt: skip
    refused(workflow.correct_type, call, by=supervisor, service_type=ServiceType.FREE, reason="r", rule="W-1.6",
            field="service_type")  # fmt: skip
    new = workflow.correct_type(call, by=supervisor, service_type=ServiceType.PAID, reason="已过保")
    old = new.replaces
    assert (old.is_current, new.is_current, new.replaced_reason) == (False, True, "已过保")
    assert (old.total, new.total) == (D("0.00"), D("160.00"))  # 40 minutes at 120, the part at 80
    assert (call.service_type, live_voucher(call).service_type) == (ServiceType.PAID, ServiceType.PAID)
    assert (due_of_call(call.id).amount, call.service_type_decided_by) == (D("160.00"), supervisor)
    back = workflow.correct_type(call, by=supervisor, service_type=ServiceType.FREE, reason="看错了")
    assert (back.total, due_of_call(call.id)) == (D("0.00"), None)
    states = db.session.scalars(select(Due.state).where(Due.call_id == call.id)).all()
    assert states == [DueState.VOID]
    sound()


def test_correction_keeps_what_was_added_and_taken_off_by_hand(people):
    """W-1.6, W-5.2: with whoever gave it."""
    technician, supervisor = people[Role.TECHNICIAN], people[Role.SUPERVISOR]
    call = paid(technician)
    workflow.add_fee(call, by=technician, amount=D("20.00"), reason="吊车")
    workflow.discount(call, by=supervisor, percent=D(10), reason="老客户")
    vouchers.complete(call, by=technician, **signed())
    workflow.correct_type(call, by=supervisor, service_type=ServiceType.FREE, reason="在保")
    assert sheet_of(call.id).total == 0
    again = workflow.correct_type(call, by=supervisor, service_type=ServiceType.PAID, reason="不在保")
    assert (again.total, again.discount_by) == (D("135.00"), supervisor)  # (80 + 50 + 20) less 10 %
    sound()


def test_correction_to_contract_needs_one_that_covers_the_unit(people):
    """W-1.6."""
    call = completed(people[Role.TECHNICIAN], in_store())
    inputs = {"service_type": ServiceType.CONTRACT, "reason": "有合同"}
    refused(workflow.correct_type, call, by=people[Role.SUPERVISOR], rule="W-1.6", field="service_type", **inputs)
    contract = make.make_contract(customer=call.customer, units=[call.unit], fee_mode=FeeMode.PER_VISIT)
    new = workflow.correct_type(call, by=people[Role.SUPERVISOR], **inputs)
    assert (call.contract, new.total) == (contract, contract.fee_amount + D("80.00"))
    sound()


def test_correction_to_free_is_refused_for_a_cause_that_excludes_it(people):
    """G-07."""
    call = paid(people[Role.TECHNICIAN])
    vouchers.complete(call, by=people[Role.TECHNICIAN], **signed(fault_cause=FaultCause.MISUSE))
    refused(workflow.correct_type, call, by=people[Role.SUPERVISOR], service_type=ServiceType.FREE, reason="r",
            rule="G-07", field="service_type")  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"is_invoiced": True}, "W-5.5"),
        ({"paid_amount": D("50.00")}, "E-15"),
        ({"state": DueState.WAIVED, "end_reason": "x"}, "W-5.1"),
    ],
)  # fmt: skip
def test_correction_is_refused_once_money_or_an_invoice_is_there(people, facts, rule):
    """W-1.6, W-5.5, E-15: the refusal names the due and links it; nothing is changed."""
    call = paid(people[Role.TECHNICIAN])
    vouchers.complete(call, by=people[Role.TECHNICIAN], **signed())
    due = due_of_call(call.id)
    if "state" in facts:
        facts |= {"waived_at": clock.now(), "waived_by_id": people[Role.MANAGER].id}
    db.session.execute(Due.__table__.update().where(Due.id == due.id).values(facts))
    db.session.expire_all()
    refusal = refused(workflow.correct_type, call, by=people[Role.SUPERVISOR], service_type=ServiceType.FREE,
                      reason="r", rule=rule)  # fmt: skip
    assert refusal.remedy.params == {"id": due.id}
    assert (call.service_type, sheet_of(call.id).total) == (ServiceType.PAID, D("130.00"))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SUPERVISOR], ids=lambda role: role.value)
def test_only_the_supervisor_corrects(people, role):
    """P-3, W-1.6."""
    call = completed(people[Role.TECHNICIAN], in_store())
    inputs = {"service_type": ServiceType.PAID, "reason": "r"}
    refused(workflow.correct_type, call, by=people[role], rule="P-3", **inputs)


def test_technician_who_stands_in_for_the_supervisor_corrects_no_job_of_his_own(people):
    """P-4, P-6."""
    technician = make.make_user(Role.TECHNICIAN)
    make.make_delegation(people[Role.SUPERVISOR], technician)
    inputs = {"service_type": ServiceType.PAID, "reason": "r"}
    refused(workflow.correct_type, completed(technician, in_store()), by=technician, rule="P-4", **inputs)
    assert workflow.correct_type(completed(people[Role.TECHNICIAN], in_store()), by=technician, **inputs).is_current


def test_replaced_voucher_keeps_how_the_fee_is_paid(people):
    """W-2: void and replace takes the path along."""
    technician = people[Role.TECHNICIAN]
    call = paid(technician)
    vouchers.report_unsigned(call, by=technician, reason="r", **findings(path=CollectionPath.INVOICE_FIRST))
    vouchers.void(live_voucher(call), by=people[Role.SUPERVISOR], reason="写错")
    assert live_voucher(call).path is CollectionPath.INVOICE_FIRST


def test_type_decided_before_the_signature_changes_the_fee_at_once(people):
    """W-1.6: computed live from the type of now."""
    call = paid(people[Role.TECHNICIAN])
    assert priced(call).fee.total == D("50.00")
    calls.decide_type(call, by=people[Role.SUPERVISOR], service_type=ServiceType.FREE, reason="在保")
    assert priced(call).fee.total == 0

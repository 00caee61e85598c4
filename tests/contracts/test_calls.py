"""The service type of a job follows from the contract that covers its unit (W-1.6, W-5.2)."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from backoffice.calls import workflow as calls
from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.contracts import workflow
from backoffice.contracts.models import ContractState
from backoffice.contracts.queries import visits_used
from backoffice.contracts.rules import FeeMode
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Role
from backoffice.fees.queries import sheet_of
from backoffice.products import workflow as products
from backoffice.vouchers import workflow as vouchers
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.vouchers.jobs import on_site, signed


@pytest.fixture
def contract():
    """A year's contract, begun 100 days ago; its unit is out of warranty."""
    unit = make.make_unit(commissioned_on=clock.today() - timedelta(days=900))
    return make.make_contract(customer=unit.customer, units=[unit])


def registered(people, unit, **over):
    """A call of the unit's customer."""
    values = {"fault_symptom": make.make_symptom(), "fault_text": "不出水", "is_repeat": False, "reason": "late"}
    return calls.register(by=people[Role.ASSISTANT], unit=unit, **values | over)


def under(contract, technician, **over):
    """A job on site under the contract."""
    values = {"customer": contract.customer, "unit": contract.units[0], "service_type": ServiceType.CONTRACT,
              "contract_id": contract.id}  # fmt: skip
    return on_site(technician, **values | over)


def test_covered_unit_is_contract_service(people, contract):
    """W-1.6: the contract counts before the warranty; it is named, with the reason in words."""
    call = registered(people, contract.units[0])
    assert (call.service_type, call.contract) == (ServiceType.CONTRACT, contract)
    why = str(call.service_type_why)
    assert contract.number in why
    assert str(contract.end_on) in why
    in_warranty = make.make_unit(contract.customer)
    workflow.add_units(contract, by=people[Role.SUPERVISOR], units=[in_warranty], reason="r")
    assert registered(people, in_warranty).service_type is ServiceType.CONTRACT


@pytest.mark.parametrize(
    ("state", "shift", "expected"),
    [
        (ContractState.ACTIVE, 0, ServiceType.CONTRACT), (ContractState.ACTIVE, -1, ServiceType.PAID),
        (ContractState.EXPIRED, 0, ServiceType.CONTRACT), (ContractState.DRAFT, 0, ServiceType.PAID),
    ],
)  # fmt: skip
def test_the_day_of_the_call_decides(people, frozen_clock, state, shift, expected):
    """W-1.6: a call that came in on the last day of the contract, or a day behind it, entered today."""
    received = frozen_clock.now - timedelta(days=1)
    unit = make.make_unit(commissioned_on=clock.today() - timedelta(days=900))
    end = clock.local(received).date() + timedelta(days=shift)
    make.make_contract(state, customer=unit.customer, units=[unit], end_on=end)
    assert registered(people, unit, at=received).service_type is expected


def test_first_and_last_day_are_days_of_the_office(people, frozen_clock, contract):
    """G-01: midnight in Hangzhou, not in Greenwich."""
    unit = contract.units[0]
    first = clock.day_start(contract.start_on)
    before = registered(people, unit, at=first - timedelta(minutes=1))
    assert (before.service_type, before.contract) == (ServiceType.PAID, None)
    assert registered(people, unit, at=first).contract is contract


def test_unit_linked_on_site_brings_its_contract(people, contract):
    """W-1.6: and one that was given to another customer brings none."""
    technician = people[Role.TECHNICIAN]
    call = on_site(technician, customer=contract.customer, unit=None, service_type=ServiceType.UNDECIDED)
    calls.link_unit(call, by=technician, unit=contract.units[0])
    assert (call.service_type, call.contract_id) == (ServiceType.CONTRACT, contract.id)
    moved = contract.units[0]
    products.move(moved, by=people[Role.ASSISTANT], customer=make.make_customer(), reason="r")
    assert registered(people, moved).service_type is ServiceType.PAID


def test_supervisor_decides_contract_only_where_one_covers_the_unit(people, contract):
    """W-1.6: the refusal says what is missing; another decision lets the contract go."""
    supervisor, technician = people[Role.SUPERVISOR], people[Role.TECHNICIAN]
    decision = {"service_type": ServiceType.CONTRACT, "reason": "补充协议"}
    for over in ({}, {"unit": None}):
        with pytest.raises(RuleViolated) as refusal:
            calls.decide_type(make.make_call(CallState.ON_SITE, **over), by=supervisor, **decision)
        assert (refusal.value.rule, refusal.value.field) == ("W-1.6", "service_type")
        assert ("no unit is linked" in str(refusal.value)) is bool(over)
    call = on_site(technician, customer=contract.customer, unit=contract.units[0])
    calls.propose_type(call, by=technician, service_type=ServiceType.CONTRACT, reason="有合同")
    calls.decide_type(call, by=supervisor, **decision)
    assert (call.service_type, call.contract, call.proposed_type) == (ServiceType.CONTRACT, contract, None)
    assert call.service_type_why == "补充协议"
    calls.decide_type(call, by=supervisor, service_type=ServiceType.FREE, reason="保修")
    assert (call.service_type, call.contract_id) == (ServiceType.FREE, None)


@pytest.mark.parametrize("mode", [FeeMode.ANNUAL, FeeMode.PER_QUARTER])
def test_job_paid_by_the_period_costs_nothing_on_site(people, contract, mode):
    """W-5.2, W-1.4, W-1.8: completed, written off one by one."""
    contract.fee_mode = mode
    call = under(contract, people[Role.TECHNICIAN])
    vouchers.complete(call, by=people[Role.TECHNICIAN], **signed())
    assert call.state is CallState.COMPLETED
    voucher = live_voucher(call)
    assert voucher.service_type is ServiceType.CONTRACT
    vouchers.take_back(voucher, by=people[Role.ASSISTANT])
    vouchers.write_off(call, by=people[Role.ASSISTANT], location="A-1")
    assert call.state is CallState.CLOSED


def test_job_paid_by_the_visit_costs_its_visits(people, contract):
    """W-1.4, W-1.8, W-5.2: completed with the fee of the contract; written off when that is in order."""
    contract.fee_mode = FeeMode.PER_VISIT
    technician, assistant = people[Role.TECHNICIAN], people[Role.ASSISTANT]
    call = under(contract, technician)
    vouchers.complete(call, by=technician, **signed())
    assert sheet_of(call.id).total == contract.fee_amount
    vouchers.take_back(live_voucher(call), by=assistant)
    with pytest.raises(RuleViolated) as refusal:
        vouchers.write_off(call, by=assistant, location="A")
    assert refusal.value.rule == "W-1.8"


def test_database_ties_contract_service_to_its_contract(people, contract):
    """W-1.6: no contract without contract service, and none on past calls; the rest is asked by `flask check`."""
    past = make.make_call(CallState.CLOSED, service_type=ServiceType.CONTRACT, is_history=True)
    for call in (make.make_call(CallState.ON_SITE), past):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.execute(update(ServiceCall).where(ServiceCall.id == call.id).values(contract_id=contract.id))


def test_visits_of_the_contract_year_are_counted(people, contract):
    """E-09: completed and written-off jobs under it, within its own year."""
    contract.start_on = clock.today() - timedelta(days=400)
    db.session.flush()
    job = {"customer": contract.customer, "unit": contract.units[0], "service_type": ServiceType.CONTRACT,
           "contract_id": contract.id}  # fmt: skip
    for state in (CallState.COMPLETED, CallState.CLOSED, CallState.ON_SITE, CallState.CANCELLED):
        make.make_call(state, **job)
    make.make_call(CallState.CLOSED, **job | {"received_at": clock.now() - timedelta(days=60)})
    make.make_call(CallState.CLOSED, customer=contract.customer, unit=contract.units[0])
    assert visits_used(contract, clock.today()) == 2
    assert visits_used(contract, clock.today() - timedelta(days=60)) == 1

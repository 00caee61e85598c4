"""Contracts are drafted, approved by somebody else, change by the right people, and end (E-09)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from backoffice.contracts import workflow
from backoffice.contracts.models import ContractState, ServiceContract
from backoffice.contracts.queries import covering, ending, to_approve
from backoffice.contracts.rules import FeeMode
from backoffice.core import attachments, clock, jobs
from backoffice.core.acts import chart
from backoffice.core.attachments import AttachmentKind
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, IllegalTransition, MissingInput, NotPermitted, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.customers import workflow as customers
from backoffice.products import workflow as products
from backoffice.products.models import UnitStatus
from tests import factories as make
from tests.pictures import png


def facts(customer, **over):
    """What an assistant types for a contract of a year."""
    return {
        "customer": customer, "start_on": clock.today(), "end_on": clock.today() + timedelta(days=364),
        "fee_mode": FeeMode.ANNUAL, "fee_amount": Decimal("4800.00"), **over,
    }  # fmt: skip


def drafted(people, units=None, **over):
    """A draft with one unit and its signed paper."""
    units = [make.make_unit()] if units is None else units
    contract = workflow.create(by=people[Role.ASSISTANT], **facts(units[0].customer, units=units, **over))
    paper(contract, people)
    return contract


def paper(contract, people):
    """Attach the signed paper."""
    scan = attachments.prepare("contract.png", png())
    workflow.attach(contract, by=people[Role.ASSISTANT], files=[scan], kind=AttachmentKind.SCAN)


def entries(contract):
    """(act, note) of the contract's trail, in order."""
    query = select(AuditEntry).where(
        AuditEntry.subject_type == "service_contract", AuditEntry.subject_id == contract.id
    )
    return [(entry.act, entry.note) for entry in db.session.scalars(query.order_by(AuditEntry.id))]


def test_chart_is_the_rule_books():
    """E-09."""
    moves = {(old.value, new.value) for old, new in chart(ServiceContract)}
    assert moves == {
        ("draft", "active"), ("active", "expired"), ("draft", "terminated"), ("active", "terminated"),
    }  # fmt: skip


def test_drafted_with_number_and_units(frozen_clock, people):
    """E-09, N-04: our number, the customer's beside it, units without doubles; it does not hold yet."""
    customer = make.make_customer()
    units = [make.make_unit(customer) for _ in range(2)]
    make.make_unit(customer, status=UnitStatus.SCRAPPED)
    contract = workflow.create(
        by=people[Role.SALES],
        **facts(customer, units=units[:1], all_units=True, customer_no=" WX-7 ", visits_per_year=4),
    )
    assert contract.number == "HTHZ-2026-001"
    assert (contract.state, contract.customer_no, contract.visits_per_year) == (ContractState.DRAFT, "WX-7", 4)
    assert set(contract.units) == set(units)
    assert covering(units[0], clock.today()) is None
    second = workflow.create(by=people[Role.SUPERVISOR], **facts(customer))
    assert (second.number, second.units) == ("HTHZ-2026-002", [])


@pytest.mark.parametrize("fault", ["nobody", "branch", "inactive", "stranger", "scrapped", "void", "fee"])
def test_wrong_draft_is_refused(people, fault):
    """E-09, P-1: a customer of the branch who is in use; units of his that are neither scrapped nor void."""
    customer = make.make_customer()
    bad = {
        "nobody": lambda: {"customer": None},
        "branch": lambda: {"customer": make.make_customer(make.make_branch("SH"))},
        "inactive": lambda: {"customer": make.make_customer(is_active=False)},
        "stranger": lambda: {"units": [make.make_unit()]},
        "scrapped": lambda: {"units": [make.make_unit(customer, status=UnitStatus.SCRAPPED)]},
        "void": lambda: {"units": [make.make_unit(customer, status=UnitStatus.VOID, void_no=77)]},
        "fee": lambda: {"fee_amount": Decimal(-1)},
    }[fault]()
    with pytest.raises(BackofficeError) as refusal:
        workflow.create(by=people[Role.ASSISTANT], **facts(customer) | bad)
    assert refusal.value.field == next(iter(bad))


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.FINANCE, Role.MANAGER, Role.ADMIN])
def test_others_do_not_draft(people, role):
    """P-3: AA, SS and SA draft."""
    with pytest.raises(NotPermitted):
        workflow.create(by=people[role], **facts(make.make_customer()))


def test_only_a_draft_is_edited(people):
    """E-09: what was approved stays as it was approved."""
    contract = drafted(people)
    values = facts(contract.customer, fee_mode=FeeMode.PER_QUARTER, fee_amount=Decimal("0.00"), terms="a\nb")
    del values["customer"]
    workflow.edit(contract, by=people[Role.SUPERVISOR], **values)
    assert (contract.fee_mode, contract.fee_amount, contract.terms) == (FeeMode.PER_QUARTER, Decimal(0), "a\nb")
    workflow.activate(contract, by=people[Role.MANAGER])
    with pytest.raises(IllegalTransition):
        workflow.edit(contract, by=people[Role.SUPERVISOR], **values)


def test_manager_approves_what_has_paper_and_units(people):
    """E-09, C-53: from then on it holds; the day on which it counts as ending soon is kept; who wrote it is told."""
    contract = workflow.create(by=people[Role.ASSISTANT], **facts(make.make_customer()))
    with pytest.raises(MissingInput) as refusal:
        workflow.activate(contract, by=people[Role.MANAGER])
    assert refusal.value.remedy.params["name"] == "attach"
    paper(contract, people)
    with pytest.raises(MissingInput) as refusal:
        workflow.activate(contract, by=people[Role.MANAGER])
    assert refusal.value.remedy.params["name"] == "add_units"
    assert db.session.scalar(to_approve(people[Role.MANAGER])) == 0
    unit = make.make_unit(contract.customer)
    workflow.add_units(contract, by=people[Role.SALES], units=[unit])
    assert db.session.scalar(to_approve(people[Role.MANAGER])) == 1
    make.set_setting("C-53", "40")
    workflow.activate(contract, by=people[Role.MANAGER])
    assert (contract.state, contract.activated_by_id) == (ContractState.ACTIVE, people[Role.MANAGER].id)
    assert contract.remind_from == contract.end_on - timedelta(days=40)
    assert covering(unit, clock.today()) is contract
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.kind == "contract.active")))
    assert told == {people[Role.ASSISTANT].id, people[Role.SUPERVISOR].id}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MANAGER])
def test_only_the_manager_approves(people, role):
    """P-3: GM A."""
    with pytest.raises(NotPermitted):
        workflow.activate(drafted(people), by=people[role])


@pytest.mark.parametrize("how", ["drafted", "edited", "units", "renewed"])
def test_nobody_approves_what_he_has_written(people, how):
    """P-4, P-6: a supervisor who stands in for the manager does not approve a contract on which he has written."""
    deputy = people[Role.SUPERVISOR]
    make.make_delegation(people[Role.MANAGER], deputy)
    if how == "drafted":
        unit = make.make_unit()
        contract = workflow.create(by=deputy, **facts(unit.customer, units=[unit]))
        paper(contract, people)
    elif how == "renewed":
        contract = workflow.renew(make.make_contract(), by=deputy)
        paper(contract, people)
    else:
        contract = drafted(people)
        if how == "edited":
            values = facts(None)
            del values["customer"]
            workflow.edit(contract, by=deputy, **values)
            workflow.edit(contract, by=people[Role.ASSISTANT], **values | {"terms": "later"})
        else:
            workflow.add_units(contract, by=deputy, units=[make.make_unit(contract.customer)])
    with pytest.raises(NotPermitted) as refusal:
        workflow.activate(contract, by=deputy)
    assert refusal.value.rule == "P-4"
    workflow.activate(contract, by=people[Role.MANAGER])
    other = drafted(people)
    workflow.activate(other, by=deputy)
    assert other.activated_by_id == deputy.id


def test_what_is_over_is_not_approved(people):
    """E-09."""
    contract = drafted(people, start_on=clock.today() - timedelta(days=9), end_on=clock.today() - timedelta(days=1))
    with pytest.raises(RuleViolated) as refusal:
        workflow.activate(contract, by=people[Role.MANAGER])
    assert refusal.value.field == "end_on"


@pytest.mark.parametrize("change", ["scrapped", "moved", "customer"])
def test_units_are_looked_at_again_on_approval(people, change):
    """E-09: between draft and approval a unit was scrapped or given away, or the customer taken out of use."""
    contract = drafted(people)
    unit, assistant = contract.units[0], people[Role.ASSISTANT]
    if change == "scrapped":
        products.change_status(unit, by=assistant, status=UnitStatus.SCRAPPED, reason="r")
    elif change == "moved":
        products.move(unit, by=assistant, customer=make.make_customer(), reason="r")
    else:
        customers.deactivate(contract.customer, by=assistant, reason="r")
    with pytest.raises(RuleViolated) as refusal:
        workflow.activate(contract, by=people[Role.MANAGER])
    assert refusal.value.field == ("customer" if change == "customer" else "units")


@pytest.mark.parametrize(("shift", "is_refused"), [(0, True), (364, True), (-364, True), (365, False), (-365, False)])
def test_no_unit_is_covered_twice_on_a_day(people, shift, is_refused):
    """E-09: first and last day count; the refusal names unit and contract; neighbours do not touch."""
    unit = make.make_unit()
    first = make.make_contract(customer=unit.customer, units=[unit], start_on=clock.today(),
                               end_on=clock.today() + timedelta(days=364))  # fmt: skip
    days = {"start_on": first.start_on + timedelta(days=shift), "end_on": first.end_on + timedelta(days=shift)}
    second = drafted(people, [unit, make.make_unit(unit.customer)], **days)
    if days["end_on"] < clock.today():
        with clock.freeze(clock.day_start(days["start_on"]) + timedelta(hours=9)):
            workflow.activate(second, by=people[Role.MANAGER])
        return
    if not is_refused:
        workflow.activate(second, by=people[Role.MANAGER])
        return
    with pytest.raises(RuleViolated) as refusal:
        workflow.activate(second, by=people[Role.MANAGER])
    assert unit.serial_no in str(refusal.value)
    assert first.number in str(refusal.value)
    assert second.state is ContractState.DRAFT


def test_ended_contract_makes_room_from_the_day_after(people):
    """E-09: the days behind its last day may be covered by another one, whatever it says as its end."""
    unit, today = make.make_unit(), clock.today()
    first = make.make_contract(customer=unit.customer, units=[unit])
    workflow.terminate(first, by=people[Role.SUPERVISOR], last_on=today, reason="换约")
    second = drafted(people, [unit], start_on=today, end_on=today + timedelta(days=9))
    with pytest.raises(RuleViolated):
        workflow.activate(second, by=people[Role.MANAGER])
    third = drafted(people, [unit], start_on=today + timedelta(days=1))
    workflow.activate(third, by=people[Role.MANAGER])
    assert (covering(unit, today), covering(unit, today + timedelta(days=1))) == (first, third)


def test_units_of_an_active_contract_are_the_supervisors(people):
    """E-09, G-04: only with a reason; the trail says which; the same checks as on approval."""
    contract = make.make_contract()
    there = contract.units[0]
    more = make.make_unit(contract.customer)
    for role in (Role.ASSISTANT, Role.SALES, Role.MANAGER):
        with pytest.raises(NotPermitted):
            workflow.add_units(contract, by=people[role], units=[more], reason="r")
    supervisor = people[Role.SUPERVISOR]
    with pytest.raises(MissingInput) as refusal:
        workflow.add_units(contract, by=supervisor, units=[more], reason=" ")
    assert refusal.value.field == "reason"
    workflow.add_units(contract, by=supervisor, units=[more], reason="补充协议")
    assert set(contract.units) == {there, more}
    assert entries(contract)[-1] == ("contract.add_units", f"+1: {more.serial_no} · 补充协议")
    other = make.make_contract(customer=contract.customer)
    with pytest.raises(RuleViolated) as refusal:
        workflow.add_units(contract, by=supervisor, units=other.units, reason="r")
    assert other.number in str(refusal.value)
    workflow.remove_units(contract, by=supervisor, units=[there], reason="已报废")
    assert (contract.units, covering(there, clock.today())) == ([more], None)
    assert entries(contract)[-1] == ("contract.remove_units", f"−1: {there.serial_no} · 已报废")
    with pytest.raises(RuleViolated):
        workflow.remove_units(contract, by=supervisor, units=[more], reason="r")
    with pytest.raises(RuleViolated):
        workflow.remove_units(contract, by=supervisor, units=[there], reason="r")


def test_units_of_a_draft_are_changed_by_who_drafts(people):
    """E-09: without a reason; none twice, all of the customer's at once."""
    contract = drafted(people)
    first = contract.units[0]
    make.make_unit(contract.customer)
    make.make_unit(contract.customer, status=UnitStatus.RETURNED)
    workflow.add_units(contract, by=people[Role.SALES], all_units=True)
    assert len(contract.units) == 2
    for units, all_units in (([], False), ([first], False), ([], True)):
        with pytest.raises(BackofficeError) as refusal:
            workflow.add_units(contract, by=people[Role.SALES], units=units, all_units=all_units)
        assert refusal.value.field == "units"
    workflow.remove_units(contract, by=people[Role.ASSISTANT], units=contract.units)
    assert contract.units == []


def test_terminated_with_day_and_reason(people):
    """E-09: SS or GM; a day of its term or the one before it; covered up to and including that day."""
    contract = make.make_contract()
    unit, today = contract.units[0], clock.today()
    for role in (Role.ASSISTANT, Role.SALES):
        with pytest.raises(NotPermitted):
            workflow.terminate(contract, by=people[role], last_on=today, reason="r")
    early, late = contract.start_on - timedelta(days=2), contract.end_on + timedelta(days=1)
    for last_on, reason, field in ((None, "r", "last_on"), (today, " ", "reason"), (early, "r", "last_on"),
                                   (late, "r", "last_on")):  # fmt: skip
        with pytest.raises(BackofficeError) as refusal:
            workflow.terminate(contract, by=people[Role.MANAGER], last_on=last_on, reason=reason)
        assert refusal.value.field == field
        db.session.expire(contract)
    workflow.terminate(contract, by=people[Role.MANAGER], last_on=today, reason="客户停产")
    assert (contract.state, contract.terminated_on, contract.last_on) == (ContractState.TERMINATED, today, today)
    assert covering(unit, today) is contract
    assert covering(unit, today + timedelta(days=1)) is None


def test_terminated_before_it_begins_never_holds(people):
    """E-09: the day before its first day."""
    today = clock.today()
    contract = make.make_contract(start_on=today + timedelta(days=5), end_on=today + timedelta(days=50))
    workflow.terminate(contract, by=people[Role.SUPERVISOR], last_on=today + timedelta(days=4), reason="r")
    for days in (4, 5, 6):
        assert covering(contract.units[0], today + timedelta(days=days)) is None
    second = drafted(people, contract.units)
    workflow.activate(second, by=people[Role.MANAGER])


def test_dropped_draft_has_no_day(people):
    """E-09: it never held."""
    contract = drafted(people)
    with pytest.raises(RuleViolated):
        workflow.terminate(contract, by=people[Role.SUPERVISOR], last_on=clock.today(), reason="r")
    db.session.expire(contract)
    workflow.terminate(contract, by=people[Role.SUPERVISOR], reason="客户不签")
    assert (contract.state, contract.terminated_on) == (ContractState.TERMINATED, None)
    assert covering(contract.units[0], clock.today()) is None


def test_expires_behind_its_last_day_only(people):
    """E-09: by hand, or by the night's job (J-09); what it covered stays covered."""
    today = clock.today()
    contract = make.make_contract(end_on=today, fee_mode=FeeMode.PER_VISIT)  # nothing of it is due by the period
    with pytest.raises(RuleViolated):
        workflow.expire(contract, by=people[Role.ASSISTANT])
    over = make.make_contract(end_on=today - timedelta(days=1), fee_mode=FeeMode.PER_VISIT)
    unit = over.units[0]
    assert covering(unit, today) is None
    workflow.expire(over, by=people[Role.ASSISTANT])
    assert (over.state, covering(unit, today - timedelta(days=1))) == (ContractState.EXPIRED, over)
    with clock.freeze(clock.now() + timedelta(days=1)):
        assert jobs.run("J-09") == 1
        assert jobs.run("J-09") == 0
    assert contract.state is ContractState.EXPIRED
    assert entries(contract)[-1] == ("contract.expire", "")


def test_renewed_without_gap(people):
    """E-09: terms and units that may still be covered go along; it is a draft of its own, and there is one."""
    contract = make.make_contract(
        start_on=date(2026, 1, 1), end_on=date(2026, 12, 31), visits_per_year=4, terms="t", parts_included=True,
        customer_no="WX-7", fee_mode=FeeMode.PER_QUARTER,
    )  # fmt: skip
    gone = make.make_unit(contract.customer, status=UnitStatus.SCRAPPED)
    moved = make.make_unit()
    kept = contract.units[0]
    contract.units = [kept, gone, moved]
    db.session.flush()
    draft = workflow.renew(contract, by=people[Role.ASSISTANT])
    assert (draft.start_on, draft.end_on, draft.units) == (date(2027, 1, 1), date(2027, 12, 31), [kept])
    assert (draft.state, draft.renews_id, draft.activated_at) == (ContractState.DRAFT, contract.id, None)
    for name in ("customer_id", "visits_per_year", "terms", "parts_included", "customer_no", "fee_mode", "fee_amount"):
        assert getattr(draft, name) == getattr(contract, name)
    assert draft.number != contract.number
    with pytest.raises(RuleViolated) as refusal:
        workflow.renew(contract, by=people[Role.ASSISTANT])
    assert draft.number in str(refusal.value)
    workflow.terminate(draft, by=people[Role.SUPERVISOR], reason="重拟")
    assert workflow.renew(contract, by=people[Role.ASSISTANT]).renews_id == contract.id


def test_ending_soon_until_another_one_follows(people):
    """J-09, C-53: the 30th day before the end counts, the day of the end too; a draft that follows changes nothing."""
    today = clock.today()
    soon = [make.make_contract(end_on=today + timedelta(days=days)) for days in (0, 30)]
    make.make_contract(end_on=today + timedelta(days=31))
    make.make_contract(end_on=today - timedelta(days=1))
    make.make_contract(ContractState.TERMINATED, end_on=today + timedelta(days=5))
    found = select(ServiceContract).where(ending()).order_by(ServiceContract.id)
    assert db.session.scalars(found).all() == soon
    draft = workflow.renew(soon[1], by=people[Role.ASSISTANT])
    assert db.session.scalars(found).all() == soon
    paper(draft, people)
    workflow.activate(draft, by=people[Role.MANAGER])
    assert db.session.scalars(found).all() == soon[:1]


def test_told_once_of_the_end(people):
    """J-09: the supervisors and whoever drafted it, once, however often the job runs, and on no later day again."""
    assistant, supervisor = people[Role.ASSISTANT], people[Role.SUPERVISOR]
    by_visit = {"fee_mode": FeeMode.PER_VISIT}  # nothing of them is due by the period
    contract = make.make_contract(end_on=clock.today() + timedelta(days=20), created_by_id=assistant.id, **by_visit)
    make.make_contract(end_on=clock.today() + timedelta(days=90), **by_visit)
    assert [jobs.run("J-09"), jobs.run("J-09")] == [1, 0]
    with clock.freeze(clock.now() + timedelta(days=3)):
        assert jobs.run("J-09") == 0
    told = [
        (n.user_id, n.subject_id) for n in db.session.scalars(select(Notice).where(Notice.kind == "contract.ending"))
    ]
    assert sorted(told) == sorted([(assistant.id, contract.id), (supervisor.id, contract.id)])


def test_notes_and_files_by_those_who_write_or_approve(people):
    """G-04, P-3: FA and TE read only."""
    contract = make.make_contract()
    for role in (Role.ASSISTANT, Role.SUPERVISOR, Role.SALES, Role.MANAGER):
        workflow.note(contract, by=people[role], note="电话确认")
    for role in (Role.FINANCE, Role.TECHNICIAN):
        with pytest.raises(BackofficeError):
            workflow.note(contract, by=people[role], note="x")

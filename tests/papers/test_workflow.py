"""Blocks go out and come back, and every sheet is accounted for (E-10)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.calls.models import CancelReason
from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, NotPermitted, RecordNotFound, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.papers import workflow
from backoffice.papers.models import BlockState, PaperKind, PaperSheet, SheetState
from backoffice.papers.queries import next_blank
from backoffice.vouchers import workflow as vouchers
from backoffice.vouchers.queries import live_voucher
from tests import factories as make


def sheets(block):
    """Number of each sheet's state, in order."""
    query = select(PaperSheet).where(PaperSheet.block_id == block.id).order_by(PaperSheet.position)
    return {sheet.number: sheet for sheet in db.session.scalars(query)}


def states(block):
    """The sheets' states in order, by their first letter; what the block counts is compared."""
    found = "".join(sheet.state.value[0] for sheet in sheets(block).values())
    assert (block.blank_left, block.missing) == (found.count("b"), found.count("m"))
    assert (block.state is BlockState.CLOSED) is ("b" not in found)
    return found


@pytest.fixture
def block(people):
    """A1 to A6, in the technician's hands, made by the act."""
    return workflow.hand_out(
        by=people[Role.ASSISTANT], kind=PaperKind.VOUCHER, first="a1", last="Ａ-6", holder=people[Role.TECHNICIAN]
    )


def dispatch(people, paper_no, technician=None):
    """A dispatched call whose voucher stands on that paper; returns the call."""
    call = make.make_call()
    technician = technician or people[Role.TECHNICIAN]
    vouchers.dispatch(call, by=people[Role.SUPERVISOR], technician=technician, paper_no=paper_no)
    return call


def test_handed_out_with_all_its_sheets(people, block):
    """E-10: sheets in order, the holder is told, one line in the audit trail."""
    assert (block.number, block.state, block.holder_id) == ("A1–A6", BlockState.OPEN, people[Role.TECHNICIAN].id)
    assert list(sheets(block)) == ["A1", "A2", "A3", "A4", "A5", "A6"]
    assert states(block) == "bbbbbb"
    told = db.session.scalars(select(Notice.user_id).where(Notice.kind == "paper.handed_out")).all()
    assert told == [people[Role.TECHNICIAN].id]
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "paper.hand_out")).all()
    assert [entry.subject_type for entry in entries] == ["paper_block"]
    assert next_blank(PaperKind.VOUCHER, people[Role.TECHNICIAN].id) == "A1"
    assert next_blank(PaperKind.CARD, people[Role.TECHNICIAN].id) == ""


def test_blocks_of_a_kind_do_not_overlap(people, block):
    """E-10: unique per kind in the whole company; another kind may carry the same numbers."""
    there = make.make_branch("SH")
    assistant, technician = make.make_user(Role.ASSISTANT, there), make.make_user(Role.TECHNICIAN, there)
    with pytest.raises(RuleViolated) as refusal:
        workflow.hand_out(by=assistant, kind=PaperKind.VOUCHER, first="A6", last="A9", holder=technician)
    assert (refusal.value.field, "A1–A6" in str(refusal.value.message)) == ("first", True)
    other = workflow.hand_out(by=assistant, kind=PaperKind.RECEIPT, first="A6", last="A9", holder=technician)
    assert states(other) == "bbbb"


@pytest.mark.parametrize("fault", ["nobody", "inactive", "branch", "kind"])
def test_handed_out_to_somebody_of_the_branch(people, fault):
    """E-10: an active person of the branch."""
    holder = {
        "nobody": None, "inactive": make.make_user(is_active=False),
        "branch": make.make_user(branch=make.make_branch("SH")), "kind": people[Role.TECHNICIAN],
    }[fault]  # fmt: skip
    kind = None if fault == "kind" else PaperKind.CARD
    with pytest.raises(BackofficeError) as refusal:
        workflow.hand_out(by=people[Role.ASSISTANT], kind=kind, first="A1", last="A6", holder=holder)
    assert refusal.value.field == ("kind" if fault == "kind" else "holder")


def test_a_voucher_takes_its_sheet(people, block):
    """E-10: the sheet knows its document, the document its number."""
    call = dispatch(people, " a 1")
    voucher = live_voucher(call)
    used = sheets(block)["A1"]
    assert voucher.paper_no == "A1"
    assert (used.subject_type, used.subject_id, used.subject_number) == (
        "service_voucher", voucher.id, voucher.number,
    )  # fmt: skip
    assert states(block) == "ubbbbb"
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "call.dispatch")).all()
    assert sorted(entry.subject_type for entry in entries) == ["paper_sheet", "service_call", "service_voucher"]


def test_a_gap_is_missing_until_its_number_is_used(people, block):
    """E-10: blank sheets before a used one are missing; a later use heals."""
    dispatch(people, "A4")
    assert states(block) == "mmmubb"
    dispatch(people, "A2")
    assert states(block) == "mumubb"
    assert sheets(block)["A2"].missing_since is None
    assert next_blank(PaperKind.VOUCHER, people[Role.TECHNICIAN].id) == "A5"


def test_the_last_sheet_closes_the_block(people, block):
    """E-10: a block without blank sheets is used up, and a missing number may still turn up."""
    dispatch(people, "A6")
    assert (states(block), block.state) == ("mmmmmu", BlockState.CLOSED)
    dispatch(people, "A1")
    assert states(block) == "ummmmu"


@pytest.mark.parametrize(
    ("paper_no", "part"),
    [("B1", "B1"), ("A7", "A7"), ("A1", "PZ"), ("A2", "wet"), ("A3", "Lost"), ("x" * 31, "30"), ("S1", "S1")],
)  # fmt: skip
def test_sheets_that_cannot_be_used(people, block, paper_no, part):
    """E-10: not handed out here, used, spoiled, lost: refused beside the field, with the reason; nothing is written."""
    make.make_block(make.make_user(branch=make.make_branch("SH")), prefix="S", first_no=1, width=1, count=3)
    number = live_voucher(dispatch(people, "A1")).number
    workflow.spoil(block, by=people[Role.TECHNICIAN], first="A2", reason="wet")
    workflow.declare_lost(block, by=people[Role.SUPERVISOR], first="A3", reason="Lost on the train")
    with pytest.raises(BackofficeError) as refusal:
        dispatch(people, paper_no)
    assert (refusal.value.field, refusal.value.rule) == ("paper_no", "E-10")
    assert (number if part == "PZ" else part) in str(refusal.value.message)


def test_a_sheet_is_used_by_its_holder(people, block):
    """E-10: somebody else's paper is refused by name; the supervisor's own may go along."""
    other = make.make_user(Role.TECHNICIAN)
    with pytest.raises(RuleViolated) as refusal:
        dispatch(people, "A1", other)
    assert people[Role.TECHNICIAN].real_name in str(refusal.value.message)
    db.session.rollback()


def test_the_supervisors_own_paper(people):
    """E-10: `people` are the technician and whoever dispatches."""
    block = make.make_block(people[Role.SUPERVISOR], prefix="S", first_no=1, width=1, count=3)
    assert live_voucher(dispatch(people, "S1")).paper_no == "S1"
    assert states(block) == "ubb"


def test_a_void_voucher_spoils_its_sheet(people, block):
    """G-03, W-2: the number stays with the void document, and a new sheet takes its place."""
    call = dispatch(people, "A1")
    old = live_voucher(call)
    vouchers.void(old, by=people[Role.SUPERVISOR], reason="写错", paper_no="A2")
    assert (old.paper_no, live_voucher(call).paper_no) == ("A1", "A2")
    assert states(block) == "subbbb"
    assert (sheets(block)["A1"].reason, sheets(block)["A1"].subject_id) == ("写错", old.id)
    with pytest.raises(RuleViolated):
        dispatch(people, "A1")


def test_reassigned_and_cancelled_jobs_spoil_their_sheets(people, block):
    """W-1.10, W-1.12: the old voucher is void, the new technician writes on his own paper."""
    other = make.make_user(Role.TECHNICIAN)
    own = make.make_block(other, prefix="C", first_no=1, width=1, count=2)
    call = dispatch(people, "A1")
    vouchers.reassign(call, by=people[Role.SUPERVISOR], technician=other, reason="ill", paper_no="C1")
    assert (states(block), states(own)) == ("sbbbbb", "ub")
    outcomes = vouchers.cancel.bulk(
        [call.id, dispatch(people, "A2").id], by=people[Role.SUPERVISOR], cancel_reason=CancelReason.NOT_OURS
    )
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert (states(block), states(own)) == ("ssbbbb", "sb")


def test_spoiled_sheets(people, block):
    """E-10: the holder, the assistant and the supervisor; blank ones before are missing; used ones are voided."""
    holder = people[Role.TECHNICIAN]
    dispatch(people, "A1")
    workflow.spoil(block, by=holder, first="A3", last="a4", reason="coffee")
    assert states(block) == "umssbb"
    workflow.spoil(block, by=people[Role.ASSISTANT], first="A2", reason="found torn")
    assert states(block) == "usssbb"
    with pytest.raises(RuleViolated):
        workflow.spoil(block, by=holder, first="A1", reason="x")
    for first, last, reason, field in (("", "", "x", "first"), ("A5", "A4", "x", "last"), ("A9", "", "x", "first"),
                                       ("A5", "", " ", "reason")):  # fmt: skip
        with pytest.raises(BackofficeError) as refusal:
            workflow.spoil(block, by=holder, first=first, last=last, reason=reason)
        assert refusal.value.field == field


def test_somebody_elses_sheets_are_not_spoiled(people, block):
    """P-1, P-3: another technician does not see the block; after a hand-over the old holder's blanks are not his."""
    other = make.make_user(Role.TECHNICIAN)
    with pytest.raises(RecordNotFound):
        workflow.spoil(block, by=other, first="A1", reason="x")
    dispatch(people, "A2")
    workflow.hand_over(block, by=people[Role.ASSISTANT], holder=other)
    with pytest.raises(NotPermitted):
        workflow.spoil(block, by=other, first="A1", reason="x")
    workflow.spoil(block, by=other, first="A3", reason="x")
    assert states(block) == "musbbb"


def test_declared_lost(people, block):
    """E-10: by the supervisor; lost is not missing, and a lost sheet that turns up is spoiled."""
    dispatch(people, "A3")
    with pytest.raises(NotPermitted):
        workflow.declare_lost(block, by=people[Role.ASSISTANT], first="A1", reason="x")
    workflow.declare_lost(block, by=people[Role.SUPERVISOR], first="A1", last="A2", reason="bag stolen")
    assert states(block) == "llubbb"
    workflow.spoil(block, by=people[Role.ASSISTANT], first="A1", reason="turned up")
    assert states(block) == "slubbb"
    workflow.declare_lost(block, by=people[Role.SUPERVISOR], first="A4", last="A6", reason="bag stolen")
    assert (states(block), block.state) == ("slulll", BlockState.CLOSED)


def test_taken_back(people, block):
    """E-10: the blank sheets that are there lie in the office, those before them are missing."""
    dispatch(people, "A1")
    with pytest.raises(RuleViolated) as refusal:
        workflow.take_back(block, by=people[Role.ASSISTANT], present_from="A1")
    assert refusal.value.field == "present_from"
    workflow.take_back(block, by=people[Role.ASSISTANT], present_from="a4")
    assert (states(block), block.state, block.holder_id) == ("ummbbb", BlockState.RETURNED, None)
    assert {s.holder_id for s in sheets(block).values() if s.state is SheetState.BLANK} == {None}
    assert sheets(block)["A2"].holder_id == people[Role.TECHNICIAN].id
    with pytest.raises(RuleViolated):
        dispatch(people, "A4")
    dispatch(people, "A2")
    assert states(block) == "uumbbb"


def test_taken_back_without_sheets(people, block):
    """E-10: nothing is there: all blank ones are missing."""
    for inputs in ({}, {"present_from": " "}, {"present_from": "A2", "none_there": True}):
        with pytest.raises(BackofficeError) as refusal:
            workflow.take_back(block, by=people[Role.SUPERVISOR], **inputs)
        assert refusal.value.field == "present_from"
    workflow.take_back(block, by=people[Role.SUPERVISOR], none_there=True)
    assert (states(block), block.state, block.holder_id) == ("mmmmmm", BlockState.CLOSED, people[Role.TECHNICIAN].id)


def test_handed_over(people, block):
    """E-10: the blank sheets go to the other; who had the missing ones keeps answering; from the office too."""
    other = make.make_user(Role.TECHNICIAN)
    dispatch(people, "A2")
    workflow.hand_over(block, by=people[Role.ASSISTANT], holder=other)
    by_holder = [(s.number, s.holder_id == other.id) for s in sheets(block).values()]
    assert by_holder == [("A1", False), ("A2", False), ("A3", True), ("A4", True), ("A5", True), ("A6", True)]
    dispatch(people, "A3", other)
    dispatch(people, "A1")
    workflow.take_back(block, by=people[Role.ASSISTANT], present_from="A5")
    workflow.hand_over(block, by=people[Role.ASSISTANT], holder=people[Role.TECHNICIAN])
    assert (states(block), block.state) == ("uuumbb", BlockState.OPEN)
    dispatch(people, "A5")
    with pytest.raises(RuleViolated):
        workflow.hand_over(block, by=people[Role.ASSISTANT], holder=people[Role.TECHNICIAN])


def test_a_block_does_not_come_back_before_it_goes_out(people, block):
    """G-04."""
    with pytest.raises(RuleViolated) as refusal:
        workflow.take_back(block, by=people[Role.ASSISTANT], at=clock.now() - timedelta(days=1), present_from="A1")
    assert (refusal.value.rule, refusal.value.field) == ("G-04", "at")

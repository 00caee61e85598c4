"""W-3 and W-4 as charts: each act on a card and a receipt, from each state, by each role."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from backoffice.calls.rules import FaultCause
from backoffice.core import acts, attachments
from backoffice.core.attachments import AttachmentKind
from backoffice.core.db import db
from backoffice.core.errors import IllegalTransition, NotPermitted, RecordNotFound
from backoffice.core.permissions import Role
from backoffice.factory import load_features
from backoffice.goods.models import GoodsEntry, GoodsReceipt, ReceiptState
from backoffice.repairs.models import CardState, DelayReport, RepairCard
from backoffice.repairs.rules import DelayReason, Offer, WaitingFor
from tests import factories as make
from tests.custody import make_card, make_receipt, make_time, second_signature
from tests.pictures import png

load_features()

OFFICE = tuple(Role)
W3 = {("issued", "voided_on_return"), ("issued", "lost_declared"), ("issued", "void")}
W4 = {
    ("pending", "repairing"), ("pending", "waiting"), ("repairing", "waiting"), ("waiting", "repairing"),
    ("repairing", "repaired"), ("repaired", "inspected"), ("repaired", "repairing"), ("inspected", "repairing"),
    ("inspected", "returned"), ("unrepairable", "returned"), ("unrepairable", "relinquished"), ("pending", "void"),
    ("pending", "unrepairable"), ("repairing", "unrepairable"), ("waiting", "unrepairable"),
    ("repaired", "unrepairable"),
}  # fmt: skip
PLACES = {
    (old, new) for old in ("workshop", "back") for new in ("factory", "outsourced", "returned", "given_up", "void")
} | {("factory", "back"), ("outsourced", "back")}  # fmt: skip
E14 = {("reported", "accepted"), ("reported", "refused")}


@pytest.mark.no_app
@pytest.mark.parametrize(
    ("model", "expected"), [(GoodsReceipt, W3), (RepairCard, W4), (GoodsEntry, PLACES), (DelayReport, E14)]
)
def test_chart_is_the_rule_books(model: type[Any], expected: set[tuple[str, str]]) -> None:
    """W-3, W-4, E-12, E-14: no move more and none less; history that is taken back is the one exception."""
    moves = {(old.value, new.value) for old, new in acts.chart(model) if old is not new}
    history = {("returned", "void"), ("relinquished", "void")} if model is RepairCard else set()
    assert moves - history == expected


#: Right inputs for each act, made for the card at hand.
INPUTS: dict[str, Any] = {
    "card.start": lambda card: {},
    "card.wait": lambda card: {"waiting_for": WaitingFor.PARTS, "reason": "缺机封"},
    "card.resume": lambda card: {},
    "card.quote": lambda card: {"quote_amount": Decimal(800)},
    "card.finish": lambda card: {"work_done": "换机封", "fault_cause": FaultCause.PRODUCT, "no_parts": True},
    "card.start_timer": lambda card: {},
    "card.log_time": lambda card: {
        "started_at": card.started_at or card.received_at, "minutes": 1, "work": "拆检",
    },
    "card.use_part": lambda card: {"part": make.make_movement().part, "quantity": Decimal(1)},
    "card.inspect": lambda card: {},
    "card.send_back": lambda card: {"note": "仍漏"},
    "card.declare_unrepairable": lambda card: {"reason": "叶轮碎裂", "offer": Offer.RETURN},
    "card.report_delay": lambda card: {
        "cause": DelayReason.PARTS, "new_finish_at": card.planned_finish_at + timedelta(days=1),
        "help_requested": "催货",
    },
    "card.hand_back": lambda card: second_signature(),
    "card.relinquish": lambda card: {"cession": attachments.prepare("c.png", png()), "receipt_back": True},
    "card.replace": lambda card: {"unit": make.make_unit(card.customer)},
    "card.reassign": lambda card: {"technician": make.make_user(Role.TECHNICIAN), "reason": "人手"},
    "card.note": lambda card: {"note": "n"},
    "card.attach": lambda card: {"files": [attachments.prepare("a.png", png())], "kind": AttachmentKind.PHOTO},
    "receipt.void": lambda receipt: {"reason": "写错"},
    "receipt.declare_lost": lambda receipt: {"reason": "遗失", "statement": attachments.prepare("l.png", png())},
}  # fmt: skip
#: Acts that need more than a state; their own tests prove them.
GUARDED = {"card.agree", "card.stop_timer", "card.bring_back"}


def _card(state: CardState, technician: Any, key: str = "") -> RepairCard:
    # long enough ago that an hour's work fits; what replaces an item replaces one that cannot be repaired
    over = {"unrepairable_reason": "碎裂"} if key == "card.replace" else {}
    card = make_card(state, technician=technician, **over)
    if state is CardState.REPAIRING:
        make_time(card, started_at=card.received_at + timedelta(minutes=5),
                  ended_at=card.received_at + timedelta(minutes=6), minutes=1)  # fmt: skip
    return card


def _triples() -> list[Any]:
    return [
        pytest.param(act, state, role, id=f"{act.key}-{state.value}-{role.value}")
        for act in acts.REGISTRY.values()
        if act.key in INPUTS and act.model is RepairCard
        for state in CardState
        for role in OFFICE
    ]


@pytest.mark.no_app
def test_every_act_on_cards_and_receipts_is_tried() -> None:
    """W-3, W-4: none is forgotten; printing has tests of its own, and history acts do too."""
    apart = {"F-03.print", "F-05.print", "card.import", "card.take_back_import", "receipt.note", "receipt.attach"}
    declared = {act.key for act in acts.REGISTRY.values() if act.model in (RepairCard, GoodsReceipt)}
    assert declared - apart == set(INPUTS) | GUARDED


@pytest.mark.parametrize(("act", "state", "role"), _triples())
def test_act_state_role(act: acts.Act, state: CardState, role: Role) -> None:
    """W-4, P-3, P-4: only the listed triples succeed; every refusal sends no write to the database."""
    technician = make.make_user(Role.TECHNICIAN)
    by = technician if role is Role.TECHNICIAN else make.make_user(role)
    card = _card(state, technician, act.key)
    inputs = INPUTS[act.key](card)
    db.session.flush()
    possible = act.permitted(by) and (not act.sources or state in act.sources)
    # the manager inspects only what the supervisor has repaired himself (W-4.5)
    if possible and not (role is Role.MANAGER and act.key in ("card.inspect", "card.send_back")):
        act(card, by=by, **inputs)
        if act.target is not None:
            assert card.state is act.target
        return
    writes: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            writes.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with pytest.raises((NotPermitted, IllegalTransition, RecordNotFound)):
            act(card, by=by, **inputs)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert not writes
    assert not db.session.dirty
    assert not db.session.new


@pytest.mark.parametrize("role", OFFICE, ids=lambda role: role.value)
@pytest.mark.parametrize("state", ReceiptState, ids=lambda state: state.value)
@pytest.mark.parametrize("key", ["receipt.void", "receipt.declare_lost"])
def test_act_on_receipt_state_role(key: str, state: ReceiptState, role: Role) -> None:
    """W-3: the supervisor voids and declares lost, while the customer holds it; nobody else, and never again."""
    act = acts.REGISTRY[key]
    card = make_card(CardState.PENDING)
    receipt = card.entry.receipt if state is ReceiptState.ISSUED else make_receipt(card.call, state=state)
    by = make.make_user(role)
    if role is Role.SUPERVISOR and state is ReceiptState.ISSUED:
        act(receipt, by=by, **INPUTS[key](receipt))
        assert receipt.state is act.target
        return
    with pytest.raises((NotPermitted, IllegalTransition, RecordNotFound)):
        act(receipt, by=by, **INPUTS[key](receipt))
    assert receipt.state is state


@pytest.mark.parametrize("key", sorted(key for key in INPUTS if key.startswith("card.")))
def test_act_on_another_branchs_card_is_not_found(key: str) -> None:
    """P-1: for every act a card of another branch does not exist, whatever the role may do at home."""
    act = acts.REGISTRY[key]
    there = make.make_branch("SH")
    state = next(iter(act.sources), CardState.REPAIRING)
    card = make_card(state, technician=make.make_user(Role.TECHNICIAN, there), branch=there)
    for role in OFFICE:
        by = make.make_user(role)
        with pytest.raises((RecordNotFound, NotPermitted)) as refusal:
            act(card, by=by, **INPUTS[key](card))
        assert isinstance(refusal.value, RecordNotFound) is act.permitted(by), role


def test_state_of_a_card_changes_by_acts_only() -> None:
    """G-05: the flush refuses a state that no act has set."""
    card = make_card(CardState.REPAIRED)
    card.state = CardState.INSPECTED
    with pytest.raises(IllegalTransition):
        db.session.flush()

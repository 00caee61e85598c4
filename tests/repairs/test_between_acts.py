"""What one act may not leave to the next: found by random histories, kept here by name."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backoffice.calls import workflow as calls
from backoffice.calls.models import CallState
from backoffice.calls.rules import FaultCause
from backoffice.core import attachments, clock
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Role
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import CardState, RepairCard
from backoffice.vouchers.models import SignatureMode
from tests import factories as make
from tests.custody import item, make_card
from tests.pictures import png


def take_away(call: Any, *items: Any) -> None:
    repairs.take_away(
        call, by=call.technician, items=items, signed_by="张三", signature_mode=SignatureMode.ON_SCREEN,
        signature=attachments.prepare("s.png", png()),
    )  # fmt: skip


@pytest.mark.parametrize("together", [True, False])
def test_a_unit_is_not_taken_in_twice_under_its_nameplate(together: bool) -> None:
    """E-12: once as an item with model and serial number, once as our unit: the second one is refused in words."""
    call = make.make_call(CallState.ON_SITE)
    plate = item(model_text=call.unit.model.code, serial_no=call.unit.serial_no)
    if not together:
        other = make.make_call(CallState.ON_SITE)
        take_away(other, plate)
    with pytest.raises(RuleViolated) as refusal:
        take_away(call, *([plate] if together else []), item(unit=call.unit))
    assert (refusal.value.rule, refusal.value.field) == ("E-12", f"items-{int(together)}-unit")


def test_no_service_type_is_no_decision() -> None:
    """W-1.6: neither asked for nor decided; both are refused in words."""
    call = make.make_call(CallState.ON_SITE)
    for act, by in ((calls.propose_type, call.technician), (calls.decide_type, make.make_user(Role.SUPERVISOR))):
        with pytest.raises(MissingInput) as refusal:
            act(call, by=by, service_type=None, reason="r")
        assert (refusal.value.rule, refusal.value.field) == ("W-1.6", "service_type")


def passed_by_a_deputy() -> tuple[RepairCard, Any]:
    """A card that a technician has passed in the supervisor's stead, and the technician."""
    card = make_card(CardState.REPAIRED)
    supervisor, deputy = make.make_user(Role.SUPERVISOR), make.make_user(Role.TECHNICIAN)
    make.make_delegation(supervisor, deputy)
    repairs.inspect(card, by=deputy)
    return card, deputy


def test_the_inspector_does_not_get_the_card() -> None:
    """P-4: a technician who passed an item as deputy would else be its repairer and its inspector."""
    card, deputy = passed_by_a_deputy()
    supervisor = make.make_user(Role.SUPERVISOR)
    with pytest.raises(RuleViolated) as refusal:
        repairs.reassign(card, by=supervisor, technician=deputy, reason="人手")
    assert (refusal.value.rule, refusal.value.field) == ("P-4", "technician")
    repairs.send_back(card, by=supervisor, note="客户拒收")
    with pytest.raises(RuleViolated):  # his word from before stays on the card
        repairs.reassign(card, by=supervisor, technician=deputy, reason="人手")
    repairs.reassign(card, by=supervisor, technician=make.make_user(Role.TECHNICIAN), reason="人手")


WORK = {
    "start_timer": lambda card: {},
    "log_time": lambda card: {"started_at": card.started_at + timedelta(minutes=4), "minutes": 1, "work": "补"},
    "use_part": lambda card: {"part": make.make_movement().part, "quantity": Decimal(1)},
    "finish": lambda card: {"work_done": "换机封", "fault_cause": FaultCause.PRODUCT, "no_parts": True},
}


@pytest.mark.parametrize("name", WORK)
def test_the_inspector_does_not_repair_what_he_has_passed(name: str) -> None:
    """P-4: the supervisor passes an item, the customer rejects it, and the work on it is another's again.

    Else he could even enter working time from before his inspection.
    """
    card = make_card(CardState.REPAIRED)
    supervisor = make.make_user(Role.SUPERVISOR)
    repairs.inspect(card, by=supervisor)
    repairs.send_back(card, by=supervisor, note="客户拒收")
    inputs = WORK[name](card)
    with pytest.raises(NotPermitted) as refusal:
        getattr(repairs, name)(card, by=supervisor, **inputs)
    assert refusal.value.rule == "P-4"
    with clock.freeze(clock.now() + timedelta(minutes=5)):
        getattr(repairs, name)(card, by=card.technician, **inputs)
    db.session.flush()


def test_who_only_sent_it_back_may_repair_it() -> None:
    """P-4, W-4.5: he has passed nothing; the manager then inspects what the supervisor has repaired."""
    card = make_card(CardState.REPAIRED)
    supervisor = make.make_user(Role.SUPERVISOR)
    repairs.send_back(card, by=supervisor, note="漏")
    with clock.freeze(clock.now() + timedelta(minutes=5)):
        repairs.finish(card, by=supervisor, work_done="换", fault_cause=FaultCause.PRODUCT, no_parts=True)
        with pytest.raises(NotPermitted):
            repairs.inspect(card, by=supervisor)
        repairs.inspect(card, by=make.make_user(Role.MANAGER))
    assert card.state is CardState.INSPECTED

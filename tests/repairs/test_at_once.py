"""Two people at the same goods at the same moment, with real connections: one wins, the other is told."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core.acts import REGISTRY
from backoffice.core.attachments import prepare
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, IllegalTransition, RuleViolated
from backoffice.core.permissions import Role
from backoffice.goods.models import HELD, GoodsEntry
from backoffice.organisation.models import User
from backoffice.parts.models import Part
from backoffice.parts.queries import balance
from backoffice.products.models import InstalledUnit
from backoffice.repairs.models import CardState, Inspection, RepairCard, TimeEntry
from backoffice.repairs.rules import InspectionResult
from backoffice.vouchers.models import SignatureMode
from tests import factories as make
from tests.custody import item, make_card, second_signature
from tests.fixtures_live import LiveDatabase
from tests.pictures import png
from tests.test_concurrency import at_once

pytestmark = pytest.mark.no_app


def scene(live: LiveDatabase, build: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `build` makes, committed; it returns keys."""
    with live.app.app_context():
        keys = build()
        db.session.commit()
        return keys


def do(key: str, doc: int, by: int, **inputs: Any) -> str:
    """Do the act in a transaction of its own, as one request does."""
    person = db.session.get_one(User, by)
    db.session.rollback()
    REGISTRY[key](doc, by=person, **inputs)
    db.session.commit()
    return "done"


def told(results: list[Any]) -> list[BackofficeError]:
    """The refusals; all others are done."""
    assert all(result == "done" or isinstance(result, BackofficeError) for result in results), results
    return [result for result in results if result != "done"]


def is_sound(live: LiveDatabase) -> None:
    """`flask check` finds nothing."""
    answer = live.app.test_cli_runner().invoke(args=["check"])
    assert answer.exit_code == 0, answer.output


def test_one_item_is_handed_back_once(live_database: LiveDatabase) -> None:
    """W-4.8, G-06: of six who hand it back one does, and its call completes; the others are told its state."""

    def build() -> dict[str, Any]:
        card = make_card(CardState.INSPECTED)
        supervisor = make.make_user(Role.SUPERVISOR)
        return {"card": card.id, "call": card.call_id, "people": [card.technician_id, supervisor.id]}

    keys = scene(live_database, build)
    results = at_once(
        live_database, 6, lambda n: do("card.hand_back", keys["card"], keys["people"][n % 2], **second_signature())
    )
    refused = told(results)
    assert len(refused) == 5
    assert {type(refusal) for refusal in refused} == {IllegalTransition}
    with live_database.app.app_context():
        assert db.session.get_one(ServiceCall, keys["call"]).state is CallState.COMPLETED
    is_sound(live_database)


def test_a_call_completes_once_when_its_last_items_go_together(live_database: LiveDatabase) -> None:
    """W-1.9: four items of one call leave at the same moment; with the last of them, and only then, it completes."""

    def build() -> dict[str, Any]:
        first = make_card(CardState.INSPECTED)
        cards = [first, *(make_card(CardState.INSPECTED, call=first.call) for _ in range(3))]
        for card in cards:
            card.time_entries[0].user_id = make.make_user(Role.TECHNICIAN).id  # each was repaired by another
        return {"cards": [card.id for card in cards], "by": first.technician_id, "call": first.call_id}

    keys = scene(live_database, build)
    results = at_once(
        live_database, 4, lambda n: do("card.hand_back", keys["cards"][n], keys["by"], **second_signature())
    )
    assert not told(results)
    with live_database.app.app_context():
        call = db.session.get_one(ServiceCall, keys["call"])
        gone = db.session.scalars(select(func.max(RepairCard.ended_at))).one()
        assert (call.state, call.completed_at) == (CallState.COMPLETED, gone)
        trail = select(AuditEntry).where(AuditEntry.subject_type == "service_call", AuditEntry.subject_id == call.id)
        completed = [entry for entry in db.session.scalars(trail) if "completed_at" in (entry.changes or {})]
        assert len(completed) == 1
    is_sound(live_database)


def test_the_last_piece_is_built_in_once(live_database: LiveDatabase) -> None:
    """E-07: two cards want the last one; one gets it, the other is told that none is left."""

    def build() -> dict[str, Any]:
        part = make.make_movement(quantity=1).part
        cards = [make_card(CardState.REPAIRING) for _ in range(2)]
        return {"part": part.id, "branch": cards[0].branch_id,
                "cards": [(card.id, card.technician_id) for card in cards]}  # fmt: skip

    keys = scene(live_database, build)

    def build_in(n: int) -> str:
        part = db.session.get_one(Part, keys["part"])
        return do("card.use_part", *keys["cards"][n], part=part, quantity=Decimal(1))

    (refusal,) = told(at_once(live_database, 2, build_in))
    assert (refusal.rule, refusal.field) == ("E-07", "quantity")
    with live_database.app.app_context():
        assert balance(keys["part"], keys["branch"], None) == 0
    is_sound(live_database)


def test_one_of_several_inspects(live_database: LiveDatabase) -> None:
    """W-4.5, W-4.6: of two who pass it and two who send it back one has the word."""

    def build() -> dict[str, Any]:
        card = make_card(CardState.REPAIRED)
        return {"card": card.id, "people": [make.make_user(Role.SUPERVISOR).id for _ in range(4)]}

    keys = scene(live_database, build)

    def inspect(n: int) -> str:
        key, note = ("card.inspect", "good") if n % 2 else ("card.send_back", "leaks")
        return do(key, keys["card"], keys["people"][n], note=note)

    refused = told(at_once(live_database, 4, inspect))
    with live_database.app.app_context():
        results = list(db.session.scalars(select(Inspection.result).order_by(Inspection.nth)))
        state = db.session.get_one(RepairCard, keys["card"]).state
    # what has passed may still be sent back, and nothing else follows
    assert results in ([InspectionResult.PASSED], [InspectionResult.FAILED],
                       [InspectionResult.PASSED, InspectionResult.FAILED])  # fmt: skip
    assert len(refused) == 4 - len(results)
    assert state is (CardState.REPAIRING if InspectionResult.FAILED in results else CardState.INSPECTED)
    is_sound(live_database)


@pytest.mark.parametrize("has_unit", [True, False], ids=["unit", "serial"])
def test_an_item_is_taken_in_once(live_database: LiveDatabase, has_unit: bool) -> None:
    """E-12: four calls of one customer take the same item away; one does, the others are told its line."""

    def build() -> dict[str, Any]:
        customer = make.make_customer()
        units = [make.make_unit(customer).id for _ in range(2)]
        calls = [make.make_call(CallState.ON_SITE, customer=customer) for _ in range(4)]
        return {"units": units, "calls": [(call.id, call.technician_id) for call in calls]}

    keys = scene(live_database, build)

    def take_away(n: int) -> str:
        if has_unit:  # in both orders, since nobody may wait in a circle
            units = [
                db.session.get_one(InstalledUnit, key) for key in (keys["units"] if n % 2 else keys["units"][::-1])
            ]
            items = [item(unit=unit) for unit in units]
        else:
            items = [item(serial_no="ABC 1")]
        signed = {"signed_by": "张三", "signature_mode": SignatureMode.ON_SCREEN, "signature": prepare("s.png", png())}
        return do("call.take_away", *keys["calls"][n], items=items, **signed)

    refused = told(at_once(live_database, 4, take_away))
    assert [(type(refusal), refusal.rule) for refusal in refused] == [(RuleViolated, "E-12")] * 3
    with live_database.app.app_context():
        held = db.session.scalars(select(func.count()).where(GoodsEntry.state.in_(HELD))).one()
    assert held == (2 if has_unit else 1)
    is_sound(live_database)


@pytest.mark.parametrize("cards", [1, 2])
def test_a_person_has_one_timer(live_database: LiveDatabase, cards: int) -> None:
    """E-13: who starts it on two devices has it once, on one card or on two."""

    def build() -> dict[str, Any]:
        first = make_card(CardState.REPAIRING)
        others = [make_card(CardState.REPAIRING, technician=first.technician) for _ in range(cards - 1)]
        return {"cards": [card.id for card in (first, *others)], "by": first.technician_id}

    keys = scene(live_database, build)
    refused = told(at_once(live_database, 4, lambda n: do("card.start_timer", keys["cards"][n % cards], keys["by"])))
    assert [refusal.rule for refusal in refused] == ["E-13"] * 3
    with live_database.app.app_context():
        assert db.session.scalars(select(func.count()).select_from(TimeEntry)).one() == 1
    is_sound(live_database)

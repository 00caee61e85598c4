"""The same stock taken twice at once, with real connections."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.parts import queries, workflow
from backoffice.parts.models import MovementKind, Part, StockMovement
from tests import factories as make
from tests.fixtures_live import LiveDatabase
from tests.test_concurrency import at_once

pytestmark = pytest.mark.no_app


def _office(live: LiveDatabase, stock: int, parts: int = 1) -> dict[str, Any]:
    """Keys of parts with that much in store, of a call, a technician and an assistant; committed."""
    with live.app.app_context():
        keys = [make.make_part().id for _ in range(parts)]
        for key in keys:
            make.make_movement(db.session.get_one(Part, key), stock)
        technician = make.make_user(Role.TECHNICIAN)
        found = {
            "parts": keys, "call": make.make_call().id, "technician": technician.id, "branch": technician.branch_id,
            "assistant": make.make_user(Role.ASSISTANT).id,
        }  # fmt: skip
        db.session.commit()
    return found


def _use(keys: dict[str, Any], part: int, quantity: int) -> StockMovement:
    by, call = db.session.get_one(User, keys["technician"]), db.session.get_one(ServiceCall, keys["call"])
    return workflow.use(
        db.session.get_one(Part, part), Decimal(quantity), branch_id=keys["branch"], holder_id=None, subject=call,
        by=by, at=clock.now(),
    )  # fmt: skip


def test_stock_taken_by_ten_at_once_never_goes_below_zero(live_database: LiveDatabase) -> None:
    """E-07: of ten who take 2 of 5, two get them; the others are told what is left."""
    keys = _office(live_database, 5)

    def take(n: int) -> int:
        _use(keys, keys["parts"][0], 2)
        db.session.commit()
        return n

    results = at_once(live_database, 10, take)
    told = [r for r in results if isinstance(r, RuleViolated)]
    assert (len([r for r in results if isinstance(r, int)]), len(told)) == (2, 8), results
    assert {(r.rule, r.field) for r in told} == {("E-07", "quantity")}
    with live_database.app.app_context():
        assert queries.balance(keys["parts"][0], keys["branch"], None) == Decimal(1)


def test_a_use_is_given_back_once_by_ten_at_once(live_database: LiveDatabase) -> None:
    """E-07: nine are told; the part is there once."""
    keys = _office(live_database, 5)
    with live_database.app.app_context():
        used = _use(keys, keys["parts"][0], 2).id
        db.session.commit()

    def give_back(n: int) -> int:
        movement, by = db.session.get_one(StockMovement, used), db.session.get_one(User, keys["technician"])
        workflow.give_back(movement, by=by, at=clock.now(), reason="r")
        db.session.commit()
        return n

    results = at_once(live_database, 10, give_back)
    assert len([r for r in results if isinstance(r, int)]) == 1, results
    assert len([r for r in results if isinstance(r, RuleViolated)]) == 9
    with live_database.app.app_context():
        assert queries.balance(keys["parts"][0], keys["branch"], None) == Decimal(5)
        returned = select(StockMovement).where(StockMovement.kind == MovementKind.RETURNED)
        assert len(db.session.scalars(returned).all()) == 1


def test_several_parts_in_any_order_wait_in_no_circle(live_database: LiveDatabase) -> None:
    """E-07: whoever uses several parts locks them in one order first."""
    keys = _office(live_database, 40, parts=3)

    def take(n: int) -> int:
        chosen = keys["parts"][::-1] if n % 2 else keys["parts"]
        workflow.lock_parts(chosen)
        for part in chosen:
            _use(keys, part, 1)
        db.session.commit()
        return n

    assert at_once(live_database, 12, take) == list(range(12))
    with live_database.app.app_context():
        found = queries.balances(keys["parts"], keys["branch"], None)
        assert set(found.values()) == {Decimal(28)}


def test_store_emptied_by_all_acts_at_once_agrees_in_the_end(live_database: LiveDatabase) -> None:
    """E-07: handed out, used and counted at once: whatever their order, nothing below zero and nothing lost."""
    keys = _office(live_database, 6)
    part = keys["parts"][0]

    def work(n: int) -> int:
        assistant = db.session.get_one(User, keys["assistant"])
        if n % 3 == 0:
            technician = db.session.get_one(User, keys["technician"])
            db.session.rollback()
            workflow.hand_out(part, by=assistant, holder=technician, quantity=Decimal(2))
        elif n % 3 == 1:
            _use(keys, part, 2)
        else:
            db.session.rollback()
            workflow.count(part, by=assistant, counted=Decimal(3), reason="counted")
        db.session.commit()
        return n

    results = at_once(live_database, 12, work)
    assert all(isinstance(r, (int, RuleViolated)) for r in results), results
    with live_database.app.app_context():
        moved = db.session.scalars(select(StockMovement).order_by(StockMovement.id)).all()
        left = Decimal(0)
        for movement in moved:
            left += movement.quantity if movement.holder_id is None else 0
            assert left >= 0
        assert queries.balance(part, keys["branch"], None) == left
        handed = sum(1 for n in (0, 3, 6, 9) if results[n] == n)
        assert queries.balance(part, keys["branch"], keys["technician"]) == 2 * handed


def test_ten_transfers_of_the_same_parts_keep_their_sum(live_database: LiveDatabase) -> None:
    """E-07: out and back at once: pairs stay pairs."""
    keys = _office(live_database, 10)
    part = keys["parts"][0]

    def move(n: int) -> int:
        assistant, technician = (db.session.get_one(User, keys[who]) for who in ("assistant", "technician"))
        db.session.rollback()
        act = workflow.hand_out if n % 2 else workflow.hand_back
        act(part, by=assistant, holder=technician, quantity=Decimal(1))
        db.session.commit()
        return n

    results = at_once(live_database, 10, move)
    assert all(isinstance(r, (int, RuleViolated)) for r in results), results
    with live_database.app.app_context():
        places = [queries.balance(part, keys["branch"], who) for who in (None, keys["technician"])]
        assert sum(places) == 10
        assert min(places) >= 0
        pairs: dict[str, list[Decimal]] = {}
        for movement in db.session.scalars(select(StockMovement).where(StockMovement.transfer != "")):
            pairs.setdefault(movement.transfer, []).append(movement.quantity)
        assert all(sorted(pair) == [-1, 1] for pair in pairs.values())

"""The last piece sold twice at once, with real connections."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.core import invariants
from backoffice.core.db import db
from backoffice.core.errors import IllegalTransition, RuleViolated
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.parts.queries import balance, balances
from backoffice.receivables.models import Due
from backoffice.sales import workflow
from backoffice.sales.models import PartsSale, SaleState
from tests import factories as make
from tests.fixtures_live import LiveDatabase
from tests.selling import make_sale
from tests.test_concurrency import at_once

pytestmark = pytest.mark.no_app


def _office(live: LiveDatabase, stock: int, wanted: list[list[int]], parts: int = 1) -> dict[str, Any]:
    """Keys of parts with that much in store, of an assistant, and of drafts that want these of them; committed."""
    with live.app.app_context():
        found = [make.make_movement(quantity=stock).part for _ in range(parts)]
        assistant, customer = make.make_user(Role.ASSISTANT), make.make_customer()
        drafts = [make_sale([(found[n], 1) for n in lots], customer=customer, by=assistant) for lots in wanted]
        keys = {
            "parts": [part.id for part in found], "by": assistant.id, "branch": assistant.branch_id,
            "sales": [sale.id for sale in drafts],
        }  # fmt: skip
        db.session.commit()
    return keys


def _act(name: str, key: int, by: int, **inputs: Any) -> int:
    person = db.session.get_one(User, by)
    db.session.rollback()
    getattr(workflow, name)(key, by=person, **inputs)
    db.session.commit()
    return key


def test_last_piece_is_sold_once(live_database: LiveDatabase) -> None:
    """E-07, E-30: of two who deliver it at once one is told that it is gone; one due."""
    keys = _office(live_database, 1, [[0], [0]])
    results = at_once(live_database, 2, lambda n: _act("deliver", keys["sales"][n], keys["by"]))
    (told,) = [r for r in results if isinstance(r, RuleViolated)]
    assert (told.rule, told.field) == ("E-07", "lines-0-quantity"), results
    with live_database.app.app_context():
        assert balance(keys["parts"][0], keys["branch"], None) == 0
        assert len(db.session.scalars(select(Due)).all()) == 1
        states = sorted(db.session.scalars(select(PartsSale.state)))
        assert states == [SaleState.DELIVERED, SaleState.DRAFT]
        assert not list(invariants.breaches())


def test_one_sale_is_delivered_once_and_taken_back_once(live_database: LiveDatabase) -> None:
    """E-30: nine of ten clicks are told; stock and due move once."""
    keys = _office(live_database, 20, [[0]])
    results = at_once(live_database, 10, lambda n: _act("deliver", keys["sales"][0], keys["by"]))
    assert len([r for r in results if isinstance(r, int)]) == 1, results
    assert len([r for r in results if isinstance(r, IllegalTransition)]) == 9
    more = {"reason": "r", "everything": True}
    results = at_once(live_database, 10, lambda n: _act("take_back", keys["sales"][0], keys["by"], **more))
    assert len([r for r in results if isinstance(r, int)]) == 1, results
    with live_database.app.app_context():
        assert balance(keys["parts"][0], keys["branch"], None) == 20
        assert len(db.session.scalars(select(Due)).all()) == 1
        assert not list(invariants.breaches())


def test_sales_of_the_same_parts_in_any_order_wait_in_no_circle(live_database: LiveDatabase) -> None:
    """E-07: parts are locked in one order, whatever the order of the lines; numbers have no gap."""
    keys = _office(live_database, 12, [[0, 1, 2] if n % 2 else [2, 1, 0] for n in range(12)], parts=3)
    results = at_once(live_database, 12, lambda n: _act("deliver", keys["sales"][n], keys["by"]))
    assert results == keys["sales"]
    with live_database.app.app_context():
        assert set(balances(keys["parts"], keys["branch"], None).values()) == {Decimal(0)}
        numbers = sorted(int(number[-4:]) for number in db.session.scalars(select(Due.number)))
        assert numbers == list(range(1, 13))
        assert not list(invariants.breaches())

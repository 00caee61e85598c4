"""`flask check` names each record that breaks what must hold, and finds nothing in an office that has worked."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from backoffice.core import invariants
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.factory import load_features
from backoffice.goods.models import GoodsState
from backoffice.repairs.models import CardState
from tests import factories as make
from tests.custody import make_card, make_card_part
from tests.invariants import breaking_evening as _evening  # noqa: F401 - adds its edits
from tests.invariants import breaking_fees as _fees  # noqa: F401 - adds its edits
from tests.invariants import breaking_figures as _figures  # noqa: F401 - adds its edits
from tests.invariants import breaking_invoices as _invoices  # noqa: F401 - adds its edits
from tests.invariants import breaking_receivables as _receivables  # noqa: F401 - adds its edits
from tests.invariants import breaking_registers as _registers  # noqa: F401 - adds its edits
from tests.invariants import breaking_sales as _sales  # noqa: F401 - adds its edits
from tests.invariants import breaking_watch as _watch  # noqa: F401 - adds its edits
from tests.invariants.breaking import BREAKS, REFUSED_BY_SQLITE

load_features()


def check(app: Flask) -> Any:
    db.session.flush()
    return app.test_cli_runner().invoke(args=["check"])


@pytest.mark.no_app
def test_every_invariant_is_broken_once() -> None:
    assert set(BREAKS) == set(invariants.REGISTRY)


@pytest.mark.no_app
@pytest.mark.parametrize("one", invariants.REGISTRY.values(), ids=lambda one: one.key)
def test_invariant_is_declared_whole(one: invariants.Invariant) -> None:
    """A rule, a sentence in English, and a line that says what holds."""
    assert re.fullmatch(r"[A-Z]{1,2}-\d+(\.\d+)?", one.rule)
    assert re.fullmatch(r"[A-Z].*\.", one.says)


#: Two records contradict each other here, and both are named.
PAIRS = {
    "goods_entry.holds_its_unit_once", "goods_entry.holds_its_serial_once", "stock_movement.transfer_is_a_pair",
    "service_contract.covers_its_units_alone", "cash_handover.is_the_only_open_one", "invoice.invoice_no_is_unique",
}  # fmt: skip


@pytest.mark.parametrize("key", sorted(invariants.REGISTRY))
def test_direct_edit_is_found_by_name(app: Flask, key: str) -> None:
    """Rule, table, key and number of the record are told, no sound record is blamed, and the command fails."""
    if key in REFUSED_BY_SQLITE and db.session.get_bind().dialect.name == "sqlite":
        with pytest.raises(IntegrityError):
            BREAKS[key]()
        return
    one = invariants.REGISTRY[key]
    row = BREAKS[key]()
    found = list(invariants.breaches())
    named = {breach.id: breach.number for breach in found if breach.invariant is one}
    assert row.id in named
    assert len(named) == (2 if key in PAIRS | REFUSED_BY_SQLITE else 1)
    told = check(app)
    assert told.exit_code == 1, told.output
    assert f"{one.rule:<6} {one.model.__tablename__} {row.id} {named[row.id]}: {one.says}\n" in told.output
    assert f"Error: {len(found)} breaches of {len(invariants.REGISTRY)} rules" in told.output


@pytest.mark.parametrize(
    ("state", "place"),
    [
        *((state, GoodsState.WORKSHOP) for state in CardState if not state.is_final and state is not CardState.WAITING),
        (CardState.WAITING, GoodsState.FACTORY), (CardState.UNREPAIRABLE, GoodsState.OUTSOURCED),
        (CardState.REPAIRED, GoodsState.BACK),
    ],
)  # fmt: skip
def test_goods_in_our_hands_pass(app: Flask, state: CardState, place: GoodsState) -> None:
    """No false alarm, whichever state card and goods are in."""
    card = make_card(state, at=place)
    make_card(call=card.call)
    if state is CardState.REPAIRING:
        make_card_part(card, quantity="0.5")
    told = check(app)
    assert told.exit_code == 0, told.output
    assert told.output == f"All {len(invariants.REGISTRY)} rules that must hold do so.\n"


def test_statements_do_not_grow_with_the_records(app: Flask) -> None:
    """One statement for each invariant."""
    for _ in range(5):
        make_card(CardState.INSPECTED)
    make.make_user(Role.TECHNICIAN)
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert not list(invariants.breaches())
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len([s for s in statements if "SAVEPOINT" not in s]) == len(invariants.REGISTRY)

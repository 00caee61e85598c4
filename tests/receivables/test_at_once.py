"""Two people at the same money at the same moment, with real connections: one wins, the other is told."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.core import clock
from backoffice.core.acts import REGISTRY
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.receivables import queries
from backoffice.receivables.models import CashHandover, Due, DueState, HandoverState, Payment
from backoffice.receivables.workflow import bill
from tests import factories as make
from tests.fixtures_live import LiveDatabase
from tests.money import make_due, make_payment
from tests.test_concurrency import at_once

pytestmark = pytest.mark.no_app


def scene(live: LiveDatabase, build: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `build` makes, committed; it returns keys."""
    with live.app.app_context():
        keys = build()
        db.session.commit()
        return keys


def do(key: str, doc: int | None, by: int, **inputs: Any) -> str:
    """Do the act in a transaction of its own, as one request does."""
    person = db.session.get_one(User, by)
    db.session.rollback()
    args = () if doc is None else (doc,)
    REGISTRY[key](*args, by=person, **inputs)
    db.session.commit()
    return "done"


def split(results: list[Any]) -> tuple[int, int]:
    """(how many were done, how many refused)."""
    assert all(result == "done" or isinstance(result, BackofficeError) for result in results), results
    return results.count("done"), len(results) - results.count("done")


def is_sound(live: LiveDatabase) -> None:
    """`flask check` finds nothing."""
    answer = live.app.test_cli_runner().invoke(args=["check"])
    assert answer.exit_code == 0, answer.output


def test_of_two_confirmations_one_counts(live_database: LiveDatabase) -> None:
    """W-5.1: two finance assistants confirm the same slip with different counts: exactly one holds."""

    def build() -> dict[str, Any]:
        technician = make.make_user(Role.TECHNICIAN)
        make_payment(make_due(state=DueState.COLLECTED, technician_id=technician.id), technician)
        handover = REGISTRY["handover.create"](by=technician)
        return {"handover": handover.id, "who": [make.make_user(Role.FINANCE).id for _ in range(4)],
                "technician": technician.id}  # fmt: skip

    keys = scene(live_database, build)
    results = at_once(
        live_database, 4, lambda n: do("handover.confirm", keys["handover"], keys["who"][n],
                                       counted_total=Decimal(300 - n), reason="x")
    )  # fmt: skip
    assert split(results) == (1, 3)
    with live_database.app.app_context():
        handover = db.session.get_one(CashHandover, keys["handover"])
        assert handover.confirmed_by_id == keys["who"][300 - int(handover.counted_total)]
        assert queries.cash_of(keys["technician"]).amount == 300 - handover.counted_total
    is_sound(live_database)


def test_two_receive_at_once_and_nothing_is_overpaid(live_database: LiveDatabase) -> None:
    """E-15: six people type the same due; what is open is paid once."""

    def build() -> dict[str, Any]:
        due = make_due("300")
        return {"due": due.id, "who": [make.make_user(Role.FINANCE).id for _ in range(6)]}

    keys = scene(live_database, build)
    results = at_once(
        live_database, 6, lambda n: do("due.receive", keys["due"], keys["who"][n], amount=Decimal(100))
    )  # fmt: skip
    assert split(results) == (3, 3)
    with live_database.app.app_context():
        due = db.session.get_one(Due, keys["due"])
        assert (due.paid_amount, due.state) == (Decimal(300), DueState.COLLECTED)
        assert db.session.scalar(select(func.sum(Payment.amount))) == Decimal(300)
    is_sound(live_database)


def test_payments_over_the_same_dues_in_any_order_do_not_deadlock(live_database: LiveDatabase) -> None:
    """E-15: dues are locked in one order; the second payment finds them paid."""

    def build() -> dict[str, Any]:
        customer = make.make_customer()
        return {"dues": [make_due("10", customer).id for _ in range(5)],
                "who": [make.make_user(Role.FINANCE).id for _ in range(6)]}  # fmt: skip

    keys = scene(live_database, build)

    def pay(n: int) -> str:
        chosen = [db.session.get_one(Due, key) for key in keys["dues"][:: 1 if n % 2 else -1]]
        return do("payment.create", None, keys["who"][n], dues=chosen)

    assert split(at_once(live_database, 6, pay)) == (1, 5)
    is_sound(live_database)


def test_cash_goes_on_one_slip(live_database: LiveDatabase) -> None:
    """E-15: a slip sent twice at once is one slip; what was missing is carried once."""

    def build() -> dict[str, Any]:
        technician, finance = make.make_user(Role.TECHNICIAN), make.make_user(Role.FINANCE)
        make_payment(make_due(state=DueState.COLLECTED), technician)
        handover = REGISTRY["handover.create"](by=technician)
        REGISTRY["handover.confirm"](handover, by=finance, counted_total=Decimal(250), reason="x")
        return {"technician": technician.id}

    keys = scene(live_database, build)
    assert split(at_once(live_database, 5, lambda n: do("handover.create", None, keys["technician"]))) == (1, 4)
    with live_database.app.app_context():
        waiting = select(CashHandover).where(CashHandover.state == HandoverState.OPEN)
        assert db.session.scalars(waiting).one().total == Decimal(50)
    is_sound(live_database)


def test_reversal_and_handover_at_once_agree(live_database: LiveDatabase) -> None:
    """E-15: either the reversal comes first and is on the slip, or the slip is first and the reversal waits."""

    def build() -> dict[str, Any]:
        technician = make.make_user(Role.TECHNICIAN)
        payment = make_payment(make_due(state=DueState.COLLECTED), technician)
        return {"technician": technician.id, "finance": make.make_user(Role.FINANCE).id, "payment": payment.id}

    keys = scene(live_database, build)

    def work(n: int) -> str:
        if n:
            return do("payment.reverse", keys["payment"], keys["finance"], reason="x")
        return do("handover.create", None, keys["technician"])

    done, refused = split(at_once(live_database, 2, work))
    assert (done, refused) in ((2, 0), (1, 1))
    is_sound(live_database)


def test_period_is_billed_once_by_two_runs(live_database: LiveDatabase) -> None:
    """J-09: two runs at once make each due once."""

    def build() -> dict[str, Any]:
        for _ in range(5):
            make.make_contract()
        return {}

    scene(live_database, build)

    def run(n: int) -> str:
        bill(clock.today(), clock.now())
        db.session.commit()
        return "done"

    assert split(at_once(live_database, 3, run)) == (3, 0)
    with live_database.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Due)) == 5
    is_sound(live_database)

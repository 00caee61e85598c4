"""Many people at once, with real connections and real commits."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backoffice.calls import workflow as calls
from backoffice.calls.models import CallState, ServiceCall
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, IllegalTransition
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.organisation.models import User
from backoffice.products.models import FaultSymptom
from backoffice.vouchers import workflow
from backoffice.vouchers.models import ServiceVoucher, VoucherState
from tests import factories as make
from tests.fixtures_live import LiveDatabase

pytestmark = pytest.mark.no_app


def at_once(live: LiveDatabase, count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(n)` in that many threads, each with a session of its own, all let go together; results or errors."""
    gate, results = threading.Barrier(count), [None] * count

    def run(n: int) -> None:
        with live.app.app_context():
            gate.wait(30)
            try:
                results[n] = work(n)
            except BackofficeError as refusal:
                db.session.rollback()
                results[n] = refusal
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    return results


def _people(live: LiveDatabase) -> dict[str, int]:
    with live.app.app_context():
        call = make.make_call()
        found = {
            "call": call.id, "customer": call.customer_id, "symptom": call.fault_symptom_id,
            "supervisor": make.make_user(Role.SUPERVISOR).id, "technician": make.make_user(Role.TECHNICIAN).id,
            "assistant": make.make_user(Role.ASSISTANT).id,
        }  # fmt: skip
        db.session.commit()
        return found


def test_of_fifty_dispatches_of_one_call_one_wins(live_database: LiveDatabase) -> None:
    """G-06: exactly one dispatch wins, the other 49 are told; one voucher, one step in the trail."""
    keys = _people(live_database)

    def dispatch(n: int) -> str:
        by, technician = db.session.get(User, keys["supervisor"]), db.session.get(User, keys["technician"])
        db.session.rollback()
        call = workflow.dispatch(keys["call"], by=by, technician=technician)
        db.session.commit()
        return str(call.number)

    results = at_once(live_database, 50, dispatch)
    won = [r for r in results if isinstance(r, str)]
    told = [r for r in results if isinstance(r, IllegalTransition)]
    assert (len(won), len(told)) == (1, 49)
    with live_database.app.app_context():
        assert db.session.get_one(ServiceCall, keys["call"]).state is CallState.DISPATCHED
        assert db.session.scalar(select(func.count()).select_from(ServiceVoucher)) == 1
        steps = select(func.count()).where(AuditEntry.act == "call.dispatch", AuditEntry.subject_type == "service_call")
        assert db.session.scalar(steps) == 1


def test_twenty_writers_leave_no_gap_in_the_numbers(live_database: LiveDatabase) -> None:
    """N-00, E2: 20 writers x 50 registrations, numbers unique, consecutive, and nobody is locked out."""
    keys = _people(live_database)

    def register(n: int) -> list[str]:
        numbers = []
        for turn in range(50):
            by = db.session.get(User, keys["assistant"])
            customer = db.session.get(Customer, keys["customer"])
            symptom = db.session.get(FaultSymptom, keys["symptom"])
            call = calls.register(
                by=by, customer=customer, model_text="ISG50", fault_symptom=symptom, fault_text=f"{n}/{turn}"
            )
            numbers.append(call.number)
            db.session.commit()
        return numbers

    results = at_once(live_database, 20, register)
    numbers = sorted(number for one in results for number in one)
    assert len(set(numbers)) == len(numbers) == 1000
    serials = sorted(int(number.rpartition("-")[2]) for number in numbers)
    assert serials == list(range(1, 1001))


def test_two_people_take_one_voucher_back(live_database: LiveDatabase) -> None:
    """G-06: of two assistants with one voucher in hand, one takes it back."""
    keys = _people(live_database)
    with live_database.app.app_context():
        call = make.make_call(CallState.COMPLETED)
        voucher_id = db.session.scalar(select(ServiceVoucher.id).where(ServiceVoucher.call_id == call.id))
        db.session.commit()

    def take_back(n: int) -> str:
        by = db.session.get(User, keys["assistant"])
        db.session.rollback()
        voucher = workflow.take_back(voucher_id, by=by)
        db.session.commit()
        return str(voucher.number)

    results = at_once(live_database, 8, take_back)
    assert sum(isinstance(r, str) for r in results) == 1
    with live_database.app.app_context():
        assert db.session.get_one(ServiceVoucher, voucher_id).state is VoucherState.RETURNED


def test_bulk_acts_in_opposite_order_do_not_deadlock(live_database: LiveDatabase) -> None:
    """ARCHITECTURE: records are locked in one order, whatever order they were ticked in."""
    keys = _people(live_database)
    with live_database.app.app_context():
        ids = [make.make_call().id for _ in range(20)]
        db.session.commit()

    def dispatch(n: int) -> int:
        by, technician = db.session.get(User, keys["supervisor"]), db.session.get(User, keys["technician"])
        db.session.rollback()
        outcomes = workflow.dispatch.bulk(ids if n % 2 else ids[::-1], by=by, technician=technician)
        db.session.commit()
        return sum(outcome.error is None for outcome in outcomes)

    results = at_once(live_database, 6, dispatch)
    assert all(isinstance(r, int) for r in results), results
    assert sum(results) == 20


def test_over_the_web_one_dispatch_wins_and_the_others_are_told(live_database: LiveDatabase) -> None:
    """E1: 50 people press “Dispatch” on one call: one success, 49 answers of 409 with a sentence."""
    keys = _people(live_database)
    with live_database.app.app_context():
        username = db.session.get_one(User, keys["supervisor"]).username

    clients = [FlaskClient(live_database.app, live_database.app.response_class) for _ in range(50)]
    for client in clients:
        assert client.post("/login", data={"username": username, "password": "demo"}).status_code == 303

    def dispatch(n: int) -> tuple[int, str]:
        form = {
            "id": keys["call"],
            "version": 1,
            "technician": keys["technician"],
            "client_key": f"key-of-person-{n:03}",
        }
        answer = clients[n].post("/calls/act/dispatch", data=form)
        return answer.status_code, answer.text

    results = at_once(live_database, 50, dispatch)
    assert sorted(status for status, _ in results) == [302] + [409] * 49
    assert all('id="refusal"' in page for status, page in results if status == 409)
    with live_database.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ServiceVoucher)) == 1


def test_many_logins_of_one_account_at_once_do_not_deadlock(live_database: LiveDatabase) -> None:
    """D5: the throttle's rows are locked in one order; who is right gets in or is asked to wait, never an error."""
    keys = _people(live_database)
    with live_database.app.app_context():
        username = db.session.get_one(User, keys["supervisor"]).username

    def log_in(n: int) -> int:
        client = FlaskClient(live_database.app, live_database.app.response_class)
        return client.post("/login", data={"username": username, "password": "demo"}).status_code

    assert set(at_once(live_database, 30, log_in)) <= {303, 429}

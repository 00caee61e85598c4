"""Merges at the same moment as other merges and as new calls, with real connections and real commits."""

import threading
import time
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.calls import workflow as calls
from backoffice.calls.models import ServiceCall
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, StaleDocument
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.duplicates.models import CustomerMerge, MergeState
from backoffice.duplicates.workflow import approve, preview
from backoffice.organisation.models import ServiceArea, User
from backoffice.products.models import FaultSymptom
from tests import factories as make
from tests.fixtures_live import LiveDatabase
from tests.test_concurrency import at_once

pytestmark = pytest.mark.no_app


def _approve(key: int, manager: int) -> str:
    by, merge = db.session.get_one(User, manager), db.session.get_one(CustomerMerge, key)
    seen = preview(merge.customer, merge.survivor, ()).seen
    db.session.rollback()
    approve(key, by=by, seen=seen)
    db.session.commit()
    return "merged"


def test_two_merges_the_other_way_round(live_database: LiveDatabase) -> None:
    """G-06, E-04: of A into B and B into A one wins, the other is told; no deadlock, no circle."""
    with live_database.app.app_context():
        manager = make.make_user(Role.MANAGER).id
        one, other = make.make_customer(), make.make_customer()
        keys = [make.make_merge(one, other).id, make.make_merge(other, one).id]
        db.session.commit()
    results = at_once(live_database, 2, lambda n: _approve(keys[n], manager))
    assert sorted(isinstance(result, BackofficeError) for result in results) == [False, True], results
    with live_database.app.app_context():
        merged = list(db.session.scalars(select(Customer).where(Customer.merged_into_id.is_not(None))))
        assert len(merged) == 1
        assert merged[0].merged_into is not None
        assert merged[0].merged_into.merged_into_id is None


def test_a_row_of_merges_leaves_no_chain(live_database: LiveDatabase) -> None:
    """E-04: A into B, B into C, C into D at once; whatever wins, nobody leads to somebody who is gone."""
    with live_database.app.app_context():
        manager = make.make_user(Role.MANAGER).id
        row = [make.make_customer() for _ in range(6)]
        keys = [make.make_merge(a, b).id for a, b in pairwise(row)]
        db.session.commit()
    results = at_once(live_database, len(keys), lambda n: _approve(keys[n], manager))
    assert "merged" in results
    with live_database.app.app_context():
        for customer in db.session.scalars(select(Customer)):
            assert customer.survivor.merged_into_id is None
        done = select(func.count()).where(CustomerMerge.state == MergeState.MERGED)
        assert db.session.scalar(done) == results.count("merged")


def test_one_proposal_approved_by_many_is_done_once(live_database: LiveDatabase) -> None:
    """G-06."""
    with live_database.app.app_context():
        managers = [make.make_user(Role.MANAGER).id for _ in range(8)]
        one, other = make.make_customer(), make.make_customer()
        key = make.make_merge(one, other).id
        db.session.commit()
    results = at_once(live_database, 8, lambda n: _approve(key, managers[n]))
    assert results.count("merged") == 1, results


def test_a_call_that_waits_for_the_merge_is_refused(live_database: LiveDatabase) -> None:
    """E-04: whoever read the customer before the merge, and writes after it, is told the survivor's number."""
    with live_database.app.app_context():
        manager, assistant = make.make_user(Role.MANAGER).id, make.make_user(Role.ASSISTANT).id
        go, stay = make.make_customer(), make.make_customer()
        key, symptom, area = make.make_merge(go, stay).id, make.make_symptom().id, go.area_id
        go_id, stays = go.id, stay.number
        db.session.commit()
    read, written = threading.Event(), threading.Event()

    def merge() -> str:
        by, merge = db.session.get_one(User, manager), db.session.get_one(CustomerMerge, key)
        seen = preview(merge.customer, merge.survivor, ()).seen
        db.session.rollback()
        assert read.wait(30)
        approve(key, by=by, seen=seen)
        written.set()
        time.sleep(0.5)  # the other one arrives meanwhile and waits for the lock
        db.session.commit()
        return "merged"

    def register() -> str:
        by, customer = db.session.get_one(User, assistant), db.session.get_one(Customer, go_id)
        assert customer.merged_into is None
        inputs = {"fault_symptom": db.session.get(FaultSymptom, symptom), "area": db.session.get(ServiceArea, area)}
        db.session.commit()  # what was read stays at hand, as it does in the form
        read.set()
        assert written.wait(30)
        calls.register(by=by, customer=customer, model_text="m", fault_text="t", **inputs)
        db.session.commit()
        return "registered"

    done, refused = at_once(live_database, 2, lambda n: (merge, register)[n]())
    assert done == "merged"
    assert isinstance(refused, BackofficeError)
    assert stays in str(refused)
    with live_database.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ServiceCall)) == 0


def test_calls_of_a_customer_who_is_being_merged(live_database: LiveDatabase) -> None:
    """E-04, S-3.2: a call is moved along or refused with the survivor's number; none is left behind."""
    with live_database.app.app_context():
        manager, assistant = make.make_user(Role.MANAGER).id, make.make_user(Role.ASSISTANT).id
        go, stay = make.make_customer(), make.make_customer()
        key, symptom, area = make.make_merge(go, stay).id, make.make_symptom().id, go.area_id
        go_id, stays = go.id, stay.number
        db.session.commit()

    def register(_n: int) -> str:
        by, customer = db.session.get_one(User, assistant), db.session.get_one(Customer, go_id)
        inputs = {"fault_symptom": db.session.get(FaultSymptom, symptom), "area": db.session.get(ServiceArea, area)}
        db.session.commit()  # what was read stays at hand, as it does in the form
        calls.register(by=by, customer=customer, model_text="m", fault_text="t", **inputs)
        db.session.commit()
        return "registered"

    def merge(_n: int) -> str:
        for _ in range(20):  # the preview may be out of date by the time of the click
            try:
                return _approve(key, manager)
            except StaleDocument:
                db.session.rollback()
        return "given up"

    def work(n: int) -> Any:
        return merge(n) if n == 6 else register(n)

    results = at_once(live_database, 12, work)
    refused = [result for result in results if isinstance(result, BackofficeError)]
    assert all(stays in str(result) for result in refused), results
    with live_database.app.app_context():
        rows = dict(
            db.session.execute(select(ServiceCall.customer_id, func.count()).group_by(ServiceCall.customer_id)).all()
        )
        assert sum(rows.values()) == results.count("registered")
        if "merged" in results:
            assert go_id not in rows, rows

"""Bulk acts: the statements do not grow with the records, and every record is changed, counted up and audited."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from backoffice.calls.models import CallState, CancelReason, ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.core import acts, clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.products.models import InstalledUnit, UnitStatus
from backoffice.vouchers.models import ServiceVoucher, VoucherState
from tests import factories as make

DAY = timedelta(days=1)
Statements = Callable[[], AbstractContextManager[Any]]


def _calls(state: CallState, count: int) -> list[int]:
    return [make.make_call(state).id for _ in range(count)]


def _vouchers(state: CallState, count: int) -> list[int]:
    keys = _calls(state, count)
    return list(db.session.scalars(select(ServiceVoucher.id).where(ServiceVoucher.call_id.in_(keys))))


def _contract_jobs(count: int) -> list[int]:
    """Completed jobs, each under a contract of its own, their vouchers back."""
    found = []
    for _ in range(count):
        contract = make.make_contract()
        call = make.make_call(
            CallState.COMPLETED, voucher_state=VoucherState.RETURNED, customer=contract.customer,
            unit=contract.units[0], service_type=ServiceType.CONTRACT, contract_id=contract.id,
        )  # fmt: skip
        found.append(call.id)
    return found


CASES: dict[str, tuple[Role, Callable[[int], list[int]], Callable[[], dict[str, Any]]]] = {
    "call.escalate": (Role.SUPERVISOR, lambda n: _calls(CallState.REGISTERED, n), lambda: {"reason": "too far"}),
    "call.dispatch": (
        Role.SUPERVISOR, lambda n: _calls(CallState.REGISTERED, n),
        lambda: {"technician": make.make_user(Role.TECHNICIAN)},
    ),
    "call.cancel": (
        Role.SUPERVISOR, lambda n: _calls(CallState.REGISTERED, n),
        lambda: {"cancel_reason": CancelReason.CUSTOMER_WITHDREW, "note": "by phone"},
    ),
    "voucher.take_back": (Role.ASSISTANT, lambda n: _vouchers(CallState.COMPLETED, n), dict),
    "call.write_off": (Role.ASSISTANT, _contract_jobs, lambda: {"location": "A-1"}),
    "contract.expire": (
        Role.ASSISTANT, lambda n: [make.make_contract(end_on=clock.today() - DAY).id for _ in range(n)], dict,
    ),
    "customer.deactivate": (
        Role.SUPERVISOR, lambda n: [make.make_customer().id for _ in range(n)], lambda: {"reason": "closed down"},
    ),
    "unit.change_status": (
        Role.SUPERVISOR, lambda n: [make.make_unit().id for _ in range(n)],
        lambda: {"status": UnitStatus.SCRAPPED, "reason": "worn out"},
    ),
}  # fmt: skip


def _is_new_key(statement: str) -> bool:
    """SQLite gives a new record its key one by one; PostgreSQL gives all keys in one statement."""
    return statement.startswith("INSERT") and "RETURNING id" in statement and db.engine.dialect.name == "sqlite"


@pytest.mark.parametrize("key", CASES)
def test_statements_do_not_grow_with_the_records(count_statements: Statements, key: str) -> None:
    role, prepare, inputs = CASES[key]
    by = make.make_user(role)
    make.make_user(Role.MANAGER)
    costs = []
    for count in (2, 3, 12):  # the first run also reads settings and compiles
        ids, given = prepare(count), inputs()
        db.session.flush()
        db.session.expunge_all()
        by = db.session.get_one(type(by), by.id)
        given = {name: db.session.merge(v) if hasattr(v, "__tablename__") else v for name, v in given.items()}
        with count_statements() as sent:
            outcomes = acts.REGISTRY[key].bulk(ids, by=by, **given)
        assert [str(o.error) for o in outcomes if o.error] == []
        costs.append(sum(not _is_new_key(text) for text in sent.texts))
    assert costs[1] == costs[2], "\n".join(t[:90] + t[-60:] for t in sent.texts)


def test_each_record_is_changed_counted_up_and_audited() -> None:
    """G-04: one entry per record with its old and new value, as if it were done alone; one notice per manager."""
    by, manager = make.make_user(Role.SUPERVISOR), make.make_user(Role.MANAGER)
    ids = _calls(CallState.REGISTERED, 5)
    versions = dict(db.session.execute(select(ServiceCall.id, ServiceCall.version)).all())
    acts.REGISTRY["call.escalate"].bulk(ids, by=by, reason="too far")
    db.session.expire_all()
    for key in ids:
        call = db.session.get_one(ServiceCall, key)
        assert (call.escalated_to, call.escalation_reason) == (Role.MANAGER, "too far")
        assert call.version == versions[key] + 1
        assert call.updated_by_id == by.id
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.act == "call.escalate", AuditEntry.subject_id == key)
        ).one()
        assert entry.changes["escalated_to"] == [None, "manager"]
        assert (entry.user_id, entry.note) == (by.id, "too far")
    told = select(func.count()).where(Notice.user_id == manager.id, Notice.kind == "call.escalated")
    assert db.session.scalar(told) == 5


def test_rows_at_hand_are_current_afterwards() -> None:
    """What the session holds equals what the database holds, without a further question."""
    by, technician = make.make_user(Role.SUPERVISOR), make.make_user(Role.TECHNICIAN)
    calls = [make.make_call(CallState.REGISTERED) for _ in range(3)]
    acts.REGISTRY["call.dispatch"].bulk([c.id for c in calls], by=by, technician=technician)
    at_hand = [(c.id, c.state, c.technician_id, c.version, c.updated_at) for c in calls]
    assert not any(db.session.is_modified(call) for call in calls)
    db.session.expire_all()
    assert at_hand == [(c.id, c.state, c.technician_id, c.version, c.updated_at) for c in calls]
    assert {c.state for c in calls} == {CallState.DISPATCHED}
    states = set(db.session.scalars(select(ServiceVoucher.state)))
    assert states == {VoucherState.ISSUED}


def test_a_row_that_changes_meanwhile_takes_the_run_back() -> None:
    """Between reading and writing one of three units changes: the run is taken back, then each is done alone."""
    by = make.make_user(Role.SUPERVISOR)
    ids = [make.make_unit().id for _ in range(3)]
    db.session.commit()
    meddled: list[int] = []

    def meddle(session: Any, *_args: Any) -> None:
        if not meddled:
            meddled.append(ids[1])
            rows = update(InstalledUnit.__table__).where(InstalledUnit.id == ids[1]).values(version=99)
            session.connection().execute(rows)

    event.listen(db.session, "before_flush", meddle, insert=True)
    try:
        outcomes = acts.REGISTRY["unit.change_status"].bulk(ids, by=by, status=UnitStatus.SCRAPPED, reason="worn out")
    finally:
        event.remove(db.session, "before_flush", meddle)
    assert meddled
    assert [o.error is None for o in outcomes] == [True, True, True]
    db.session.expire_all()
    assert {db.session.get_one(InstalledUnit, key).status for key in ids} == {UnitStatus.SCRAPPED}

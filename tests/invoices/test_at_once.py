"""Many people at once, with real connections: numbers without gaps, one number once, red ones within the original."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, RuleViolated
from backoffice.core.permissions import Role
from backoffice.invoices import workflow
from backoffice.invoices.models import Invoice, InvoiceDue, InvoiceState
from backoffice.organisation.models import User
from backoffice.receivables.models import Due, DueLine
from tests import factories as make
from tests.fixtures_live import LiveDatabase
from tests.invoicing import buyer, company, digital_no, make_invoice, today
from tests.money import make_due
from tests.test_concurrency import at_once

pytestmark = pytest.mark.no_app
WORKERS, EACH, BATCH = 20, 500, 25


def _dues(live: LiveDatabase, count: int) -> tuple[list[int], int]:
    """Keys of so many dues of one customer, and of a finance assistant."""
    with live.app.app_context():
        first = make_due(customer=company())
        values = {c.name: getattr(first, c.name) for c in Due.__table__.c if c.name not in ("id", "number")}
        line = {c.name: getattr(first.lines[0], c.name) for c in DueLine.__table__.c if c.name not in ("id", "due_id")}
        rows = [values | {"number": f"SKHZ-T-{n:06}"} for n in range(count)]
        db.session.execute(Due.__table__.insert(), rows)
        keys = list(db.session.scalars(select(Due.id).where(Due.id != first.id).order_by(Due.id)))
        db.session.execute(DueLine.__table__.insert(), [line | {"due_id": key} for key in keys])
        by = make.make_user(Role.FINANCE).id
        db.session.commit()
        return keys, by


@pytest.mark.postgresql
def test_twenty_workers_leave_no_gap_in_ten_thousand_requests(live_database: LiveDatabase) -> None:
    """N-11: 20 workers x 500 requests, an act each, some taken back on the way: unique, consecutive, none twice."""
    keys, finance = _dues(live_database, WORKERS * EACH)

    def work(n: int) -> list[str]:
        mine = keys[n * EACH : (n + 1) * EACH]
        numbers = []
        for start in range(0, EACH, BATCH):
            by = db.session.get_one(User, finance)
            batch = mine[start : start + BATCH]
            if start == BATCH:  # whoever fails gives his numbers back
                for key in batch:
                    workflow.request(key, by=by, **buyer())
                db.session.rollback()
                by = db.session.get_one(User, finance)
            numbers += [workflow.request(key, by=by, **buyer()).number for key in batch]
            db.session.commit()
            db.session.expunge_all()
        return numbers

    results = at_once(live_database, WORKERS, work)
    assert all(isinstance(one, list) for one in results), results
    numbers = [number for one in results for number in one]
    assert len(set(numbers)) == len(numbers) == WORKERS * EACH
    assert sorted(int(number.rpartition("-")[2]) for number in numbers) == list(range(1, WORKERS * EACH + 1))
    with live_database.app.app_context():
        twice = select(InvoiceDue.due_id).group_by(InvoiceDue.due_id).having(func.count() > 1)
        assert db.session.scalars(twice).all() == []


def _made(live: LiveDatabase, count: int, state: InvoiceState = InvoiceState.REQUESTED) -> tuple[list[int], int]:
    with live.app.app_context():
        keys = [make_invoice(state).id for _ in range(count)]
        by = make.make_user(Role.FINANCE).id
        db.session.commit()
        return keys, by


def test_of_two_invoices_with_one_number_one_wins(live_database: LiveDatabase) -> None:
    """X-05: the others are told, in words; none is half-issued."""
    keys, finance = _made(live_database, 6)
    number = digital_no()

    def issue(n: int) -> str:
        by = db.session.get_one(User, finance)
        db.session.rollback()
        workflow.issue(keys[n], by=by, invoice_no=number, issued_on=today())
        db.session.commit()
        return "issued"

    results = at_once(live_database, 6, issue)
    assert results.count("issued") == 1
    told = [one for one in results if isinstance(one, RuleViolated)]
    assert len(told) == 5, results
    assert all(one.field == "invoice_no" for one in told)
    with live_database.app.app_context():
        states = list(db.session.scalars(select(Invoice.state)))
        assert states.count(InvoiceState.ISSUED) == 1


def test_red_invoices_at_once_never_exceed_the_original(live_database: LiveDatabase) -> None:
    """X-05: of ten red invoices of 40 % each, two fit."""
    (key,), finance = _made(live_database, 1, InvoiceState.ISSUED)

    def red(n: int) -> str:
        by = db.session.get_one(User, finance)
        db.session.rollback()
        workflow.red(
            key, by=by, invoice_no=digital_no(), issued_on=today(), red_confirmation_no="C", reason="r",
            amounts={1: Decimal("120.00")},
        )  # fmt: skip
        db.session.commit()
        return "red"

    results = at_once(live_database, 10, red)
    assert results.count("red") == 2, results
    assert sum(isinstance(one, BackofficeError) for one in results) == 8
    with live_database.app.app_context():
        invoice: Any = db.session.get_one(Invoice, key)
        assert (invoice.red_total, invoice.state) == (Decimal("240.00"), InvoiceState.ISSUED)


def test_one_due_requested_by_many_is_on_one_invoice(live_database: LiveDatabase) -> None:
    """W-5.5: in overlapping picks, in any order; nothing deadlocks."""
    keys, finance = _dues(live_database, 3)

    def request(n: int) -> str:
        by = db.session.get_one(User, finance)
        db.session.rollback()
        picked = [keys[0], keys[1 + n % 2]]
        number = workflow.request.jointly(picked[::-1] if n % 3 else picked, by=by, **buyer()).number
        db.session.commit()
        return number

    results = at_once(live_database, 8, request)
    assert sum(isinstance(one, str) for one in results) == 1, results
    assert sum(isinstance(one, RuleViolated) for one in results) == 7

"""The hourly job J-02: limits of money that passed, told once a day to whom they concern."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from backoffice.core import clock, jobs
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.finance.queries import waiting
from backoffice.receivables.models import HandoverState
from backoffice.settings.models import Holiday
from backoffice.vouchers.models import CollectionPath
from tests import factories as make
from tests.money import make_due, make_payment

from .makers import make_handover, make_invoice

#: A Thursday, three in the afternoon in China.
AT = datetime(2026, 11, 26, 7, tzinfo=UTC)
MIDNIGHT = clock.day_end(clock.local(AT).date())


def told(kind: str) -> set[int]:
    """Keys of those who were told of it."""
    return set(db.session.scalars(select(Notice.user_id).where(Notice.kind == kind)))


def run(at: datetime) -> int:
    with clock.freeze(at):
        return jobs.run("J-02")


def ids(people, *roles):
    return {people[role].id for role in roles}


def test_paid_goods_without_request_breach_at_midnight(people):
    """Scenario 8, TL-07: returned today without an invoice request; at 24:00 finance and the supervisors are told."""
    with clock.freeze(AT):
        due = make_due("3000.00", path=CollectionPath.INVOICE_FIRST, request_due_at=MIDNIGHT)
        assert waiting.figures(people[Role.FINANCE])["request-today"].count == 1
    assert run(MIDNIGHT) == 0
    assert run(MIDNIGHT + clock.RESOLUTION) == 1
    assert told("finance.request_late") == ids(people, Role.FINANCE, Role.SUPERVISOR)
    with clock.freeze(MIDNIGHT + clock.RESOLUTION):
        found = waiting.figures(people[Role.FINANCE])
        assert (found["late-request"].count, found["request-today"].count) == (1, 0)
    assert run(MIDNIGHT + timedelta(hours=1)) == 0  # once on a day
    assert run(MIDNIGHT + timedelta(days=1, hours=1)) == 1
    due.is_invoiced = True
    assert run(MIDNIGHT + timedelta(days=2, hours=1)) == 0


def test_a_branch_without_finance_is_told_at_the_headquarters(people):
    head = make.make_user(Role.FINANCE, make.make_branch("HQ"))
    there = make.make_branch("SH")
    make_due("10.00", make.make_customer(there), path=CollectionPath.INVOICE_FIRST, request_due_at=AT)
    assert run(AT + timedelta(hours=1)) == 1
    assert told("finance.request_late") == {head.id}


@pytest.mark.parametrize(("holidays", "late_on"), [((), "2026-11-28"), (("2026-11-27",), "2026-12-01")])
def test_cash_is_late_after_a_working_day(people, holidays, late_on):
    """TL-14: received on Thursday, late after Friday 24:00; over a holiday and the weekend after Monday 24:00."""
    for day in holidays:
        make.saved(Holiday(on=date.fromisoformat(day), name="Holiday"))
    technician = people[Role.TECHNICIAN]
    with clock.freeze(AT):
        payment = make_payment(make_due("80.00"), technician)
    limit = datetime.fromisoformat(f"{late_on}T00:00+08:00")
    assert run(limit - clock.RESOLUTION) == 0
    assert run(limit + clock.RESOLUTION) == 1
    assert told("finance.cash_late") == ids(people, Role.TECHNICIAN, Role.FINANCE, Role.SUPERVISOR)
    (notice, *_) = db.session.scalars(select(Notice).where(Notice.kind == "finance.cash_late"))
    assert (notice.subject_type, notice.subject_id) == ("payment", payment.id)
    assert notice.params == {"name": technician.real_name, "amount": "80.00", "day": "2026-11-26"}
    with clock.freeze(limit + timedelta(days=1)):
        make_handover(technician, [payment])
    assert run(limit + timedelta(days=2)) == 0  # it waits to be counted


def test_missing_cash_is_late_too(people):
    """What a count missed stays with the collector, from the count on."""
    technician = people[Role.TECHNICIAN]
    with clock.freeze(AT):
        handover = make_handover(
            technician, [make_payment(make_due("80.00"), technician)], HandoverState.CONFIRMED, counted="70.00",
            by=people[Role.FINANCE],
        )  # fmt: skip
    assert run(AT + timedelta(days=1)) == 0
    assert run(AT + timedelta(days=3)) == 1
    (notice, *_) = db.session.scalars(select(Notice).where(Notice.kind == "finance.cash_late"))
    assert (notice.subject_type, notice.subject_id) == ("cash_handover", handover.id)
    assert notice.params["amount"] == "10.00"


def test_an_invoice_that_waits_too_long_is_told_to_finance(people):
    """TL-15."""
    with clock.freeze(AT):
        make_invoice(make_due(Decimal("10.00")), people[Role.SALES], issue_due_at=MIDNIGHT)
    assert run(MIDNIGHT) == 0
    assert run(MIDNIGHT + clock.RESOLUTION) == 1
    assert told("finance.issue_late") == ids(people, Role.FINANCE)

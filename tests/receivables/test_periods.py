"""Every billing period that has begun is due once (W-5.4, J-09)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice.contracts import workflow as contracts
from backoffice.contracts.models import ContractState
from backoffice.contracts.rules import FeeMode
from backoffice.core import clock, jobs
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.fees.rules import TaxNature
from backoffice.receivables.models import Due, DueState
from backoffice.receivables.rules import DueSource
from backoffice.vouchers.models import CollectionPath
from tests import factories as make

TODAY = date(2026, 11, 26)


@pytest.fixture(autouse=True)
def _today():
    with clock.freeze(clock.day_start(TODAY) + timedelta(hours=1)):
        yield


def quarterly(**over: Any) -> Any:
    """1,000.00 a quarter, from the start of the year."""
    term = {"start_on": date(2026, 1, 1), "end_on": date(2026, 12, 31)}
    facts = {"fee_mode": FeeMode.PER_QUARTER, "fee_amount": Decimal("1000.00")}
    return make.make_contract(**term | facts | over)


def dues_of(contract: Any) -> list[Due]:
    query = select(Due).where(Due.contract_id == contract.id).order_by(Due.period_from)
    return list(db.session.scalars(query))


def test_each_period_that_has_begun_is_due_once(people) -> None:
    """W-5.4: missed days are caught up; a second run, and a run for an earlier day, make nothing more."""
    contract = quarterly()
    assert jobs.run("J-09") >= 4
    found = dues_of(contract)
    assert [(due.period_from, due.amount) for due in found] == [
        (date(2026, month, 1), Decimal(1000)) for month in (1, 4, 7, 10)
    ]
    first = found[0]
    assert (first.source, first.path, first.state) == (DueSource.CONTRACT, CollectionPath.INVOICE_FIRST, DueState.DUE)
    assert (first.due_on, first.source_number, first.customer_id) == (
        date(2026, 1, 1), contract.number, contract.customer_id
    )  # fmt: skip
    (line,) = first.lines
    assert (line.tax_nature, line.amount) == (TaxNature.MAINTENANCE, Decimal(1000))
    assert "2026-01-01" in line.name
    jobs.run("J-09")
    jobs.run("J-09", TODAY - timedelta(days=100))
    assert len(dues_of(contract)) == 4
    jobs.run("J-09", date(2027, 2, 1))
    assert len(dues_of(contract)) == 4, "it is over"


def test_first_day_of_a_period_makes_it_due(people) -> None:
    """W-5.4: not the day before."""
    contract = quarterly(start_on=TODAY, end_on=TODAY + timedelta(days=364))
    jobs.run("J-09", TODAY - timedelta(days=1))
    assert dues_of(contract) == []
    jobs.run("J-09", TODAY)
    assert len(dues_of(contract)) == 1


def test_terminated_contract_owes_what_had_begun(people) -> None:
    """W-5.4: a period that a termination cuts short stays whole; later ones never come, whenever the job runs."""
    before, after = quarterly(), quarterly()
    jobs.run("J-09", date(2026, 5, 1))
    supervisor = people[Role.SUPERVISOR]
    for contract in (before, after):
        contracts.terminate(contract, by=supervisor, last_on=date(2026, 8, 15), reason="停产")
    jobs.run("J-09")
    for contract in (before, after):
        assert [(due.period_from.month, due.amount) for due in dues_of(contract)] == [
            (1, Decimal(1000)), (4, Decimal(1000)), (7, Decimal(1000))
        ]  # fmt: skip
    never = quarterly(start_on=date(2026, 12, 1), end_on=date(2027, 11, 30))
    contracts.terminate(never, by=supervisor, last_on=date(2026, 11, 30), reason="x")
    jobs.run("J-09", date(2027, 1, 1))
    assert dues_of(never) == []


def test_short_last_period_costs_its_share(people) -> None:
    """E-09: as `billing_periods` says."""
    contract = quarterly(end_on=date(2026, 11, 15))
    jobs.run("J-09")
    assert [due.amount for due in dues_of(contract)][-1] == Decimal("500.00")


@pytest.mark.parametrize("over", [
    {"state": ContractState.DRAFT}, {"fee_mode": FeeMode.PER_VISIT}, {"fee_amount": Decimal(0)},
])  # fmt: skip
def test_drafts_visits_and_free_ones_owe_nothing_by_period(people, over: dict[str, Any]) -> None:
    """W-5.2, W-5.4: a fee per visit comes with the visits."""
    contract = quarterly(**over)
    jobs.run("J-09")
    assert dues_of(contract) == []


def test_voided_period_does_not_come_again(people) -> None:
    """W-5.4: what somebody voided by hand stays void."""
    contract = quarterly(start_on=date(2026, 10, 1))
    jobs.run("J-09")
    (due,) = dues_of(contract)
    db.session.execute(
        Due.__table__.update().where(Due.id == due.id).values(state=DueState.VOID, end_reason="开错")
    )  # fmt: skip
    jobs.run("J-09")
    assert db.session.scalar(select(func.count()).select_from(Due)) == 1


def test_contract_page_shows_what_is_due(as_role, people, app: Flask) -> None:
    """W-5.4: its periods, and the dues made of them."""
    contract = quarterly()
    jobs.run("J-09")
    page = as_role(people[Role.FINANCE]).get(f"/contracts/details/?id={contract.id}").text
    assert f"/dues/?contract={contract.id}" in page
    listed = as_role(people[Role.FINANCE]).get(f"/dues/?contract={contract.id}").text
    assert listed.count("<tr>") == 5

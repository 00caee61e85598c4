"""Two approvals at once, with real connections: one unit, one contract."""

import pytest
from sqlalchemy import func, select

from backoffice.contracts import workflow
from backoffice.contracts.models import ContractState, ServiceContract
from backoffice.core import attachments
from backoffice.core.attachments import AttachmentKind
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.products.models import InstalledUnit
from tests import factories as make
from tests.fixtures_live import LiveDatabase
from tests.pictures import png
from tests.test_concurrency import at_once

pytestmark = pytest.mark.no_app


def test_of_six_contracts_for_one_unit_one_is_approved(live_database: LiveDatabase) -> None:
    """E-09: units are locked in one order; the others are told which contract covers the unit, nothing deadlocks."""
    with live_database.app.app_context():
        customer = make.make_customer()
        units = [make.make_unit(customer) for _ in range(3)]
        assistant, manager = make.make_user(), make.make_user(Role.MANAGER).id
        drafts = []
        for n in range(6):
            chosen = units if n % 2 else [units[2], units[0]]
            draft = make.make_contract(ContractState.DRAFT, customer, chosen)
            attachments.attach(draft, attachments.prepare("a.png", png()), AttachmentKind.SCAN, by=assistant)
            drafts.append(draft.id)
        db.session.commit()

    def approve(n: int) -> str:
        by = db.session.get(User, manager)
        db.session.rollback()
        contract = workflow.activate(drafts[n], by=by)
        db.session.commit()
        return str(contract.number)

    results = at_once(live_database, 6, approve)
    won = [r for r in results if isinstance(r, str)]
    told = [r for r in results if isinstance(r, RuleViolated)]
    assert (len(won), len(told)) == (1, 5), results
    assert all(won[0] in str(r.message) for r in told)
    with live_database.app.app_context():
        active = select(func.count()).where(ServiceContract.state == ContractState.ACTIVE)
        assert db.session.scalar(active) == 1


def test_unit_added_to_two_contracts_at_once_is_in_one(live_database: LiveDatabase) -> None:
    """E-09: the same lock holds for the supervisors' additions."""
    with live_database.app.app_context():
        customer = make.make_customer()
        unit = make.make_unit(customer).id
        contracts = [make.make_contract(customer=customer).id for _ in range(4)]
        supervisor = make.make_user(Role.SUPERVISOR).id
        db.session.commit()

    def add(n: int) -> int:
        by = db.session.get(User, supervisor)
        chosen = db.session.get(InstalledUnit, unit)
        db.session.rollback()
        workflow.add_units(contracts[n], by=by, units=[chosen], reason="r")
        db.session.commit()
        return n

    results = at_once(live_database, 4, add)
    assert sum(isinstance(r, int) for r in results) == 1
    assert sum(isinstance(r, RuleViolated) for r in results) == 3, results

"""A part is given back and the job completed at the same time, with real connections."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import invariants
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Role
from backoffice.fees import workflow
from backoffice.fees.models import FeeSheet, SitePart
from backoffice.organisation.models import User
from backoffice.vouchers import workflow as vouchers
from tests import factories as make
from tests.fees.jobs import in_store, paid
from tests.fixtures_live import LiveDatabase
from tests.test_concurrency import at_once
from tests.vouchers.jobs import signed

pytestmark = [pytest.mark.no_app, pytest.mark.postgresql]


@pytest.mark.parametrize("first", ["complete", "give_back"])
def test_a_part_is_given_back_or_charged_and_never_both(live_database: LiveDatabase, first: str) -> None:
    """E-07, W-1.4: whoever has the call first wins; the fee and the stock tell the same afterwards."""
    with live_database.app.app_context():
        technician = make.make_user(Role.TECHNICIAN)
        call, part = paid(technician), in_store("80.00", 5)
        workflow.use_part(call, by=technician, part=part, quantity=Decimal(1))
        line = db.session.scalars(select(SitePart)).one()
        keys = (technician.id, call.id, line.id)
        db.session.commit()

    def work(n: int) -> str:
        by = db.session.get_one(User, keys[0])
        db.session.rollback()
        if (n == 0) is (first == "complete"):
            vouchers.complete(keys[1], by=by, **signed())
        else:
            workflow.give_back(keys[2], by=by, reason="没用上")
        db.session.commit()
        return "done"

    results = at_once(live_database, 2, work)
    assert all(result == "done" or isinstance(result, BackofficeError) for result in results), results
    with live_database.app.app_context():
        sheet = db.session.scalars(select(FeeSheet)).one()
        (line,) = db.session.scalars(select(SitePart))
        assert db.session.get_one(ServiceCall, keys[1]).state is CallState.COMPLETED
        assert sheet.parts_fee == (Decimal("80.00") if line.given_back_at is None else 0)
        assert [str(breach) for breach in invariants.breaches()] == []


def test_one_sheet_though_two_write_the_first_thing_on_it(live_database: LiveDatabase) -> None:
    """W-5.2: a discount and an other fee at once stand on the same sheet."""
    with live_database.app.app_context():
        technician, supervisor = make.make_user(Role.TECHNICIAN), make.make_user(Role.SUPERVISOR)
        keys = (paid(technician).id, technician.id, supervisor.id)
        db.session.commit()

    def work(n: int) -> int:
        by = db.session.get_one(User, keys[1 + n])
        db.session.rollback()
        if n:
            workflow.discount(keys[0], by=by, percent=Decimal(10), reason="r")
        else:
            workflow.add_fee(keys[0], by=by, amount=Decimal("30.00"), reason="吊车")
        db.session.commit()
        return n

    assert at_once(live_database, 2, work) == [0, 1]
    with live_database.app.app_context():
        sheet = db.session.scalars(select(FeeSheet)).one()
        assert (sheet.other_amount, sheet.discount_percent) == (Decimal("30.00"), Decimal("10.00"))

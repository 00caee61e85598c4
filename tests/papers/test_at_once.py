"""Two at one sheet, and many at one block, with real connections."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.papers import workflow as papers
from backoffice.papers.models import PaperBlock, PaperKind, PaperSheet, SheetState
from backoffice.vouchers import workflow
from backoffice.vouchers.models import ServiceVoucher
from tests import factories as make
from tests.fixtures_live import LiveDatabase
from tests.test_concurrency import at_once

pytestmark = pytest.mark.no_app


def _office(live: LiveDatabase, calls: int) -> tuple[list[int], int, int, int]:
    """Keys of calls, supervisor, technician, and of a block L1 to L9 in his hands; committed."""
    with live.app.app_context():
        keys = [make.make_call().id for _ in range(calls)]
        supervisor, technician = make.make_user(Role.SUPERVISOR), make.make_user(Role.TECHNICIAN)
        block = make.make_block(technician, prefix="L", first_no=1, width=1, count=9)
        found = keys, supervisor.id, technician.id, block.id
        db.session.commit()
    return found


def test_of_ten_vouchers_on_one_sheet_one_wins(live_database: LiveDatabase) -> None:
    """E-10: the others are told by whom the number is used; nothing of theirs is written."""
    calls, supervisor, technician, block = _office(live_database, 10)

    def dispatch(n: int) -> int:
        by, who = db.session.get(User, supervisor), db.session.get(User, technician)
        db.session.rollback()
        workflow.dispatch(calls[n], by=by, technician=who, paper_no="L3")
        db.session.commit()
        return calls[n]

    results = at_once(live_database, 10, dispatch)
    won = [r for r in results if isinstance(r, int)]
    told = [r for r in results if isinstance(r, RuleViolated)]
    assert (len(won), len(told)) == (1, 9), results
    with live_database.app.app_context():
        voucher = db.session.scalars(select(ServiceVoucher)).one()
        assert all((r.field, r.rule) == ("paper_no", "E-10") for r in told)
        assert all(voucher.number in str(r.message) for r in told)
        sheet = db.session.scalars(select(PaperSheet).where(PaperSheet.state == SheetState.USED)).one()
        assert (sheet.number, sheet.subject_id) == ("L3", voucher.id)
        assert db.session.get_one(PaperBlock, block).missing == 2


def test_many_at_one_block_lose_no_sheet(live_database: LiveDatabase) -> None:
    """E-10: sheets used in any order, spoiled and declared lost at once: no deadlock, and the count is true."""
    calls, supervisor, technician, block = _office(live_database, 6)

    def work(n: int) -> int:
        by, who = db.session.get(User, supervisor), db.session.get(User, technician)
        db.session.rollback()
        if n < 6:
            workflow.dispatch(calls[n], by=by, technician=who, paper_no=f"L{9 - n}" if n % 2 else f"L{n + 1}")
        elif n == 6:
            papers.spoil(block, by=by, first="L7", reason="wet")
        else:
            papers.declare_lost(block, by=by, first="L2", reason="gone")
        db.session.commit()
        return n

    assert at_once(live_database, 8, work) == list(range(8))
    with live_database.app.app_context():
        found = db.session.scalars(select(PaperSheet).order_by(PaperSheet.position)).all()
        states = {sheet.number: sheet.state for sheet in found}
        used = {f"L{9 - n}" if n % 2 else f"L{n + 1}" for n in range(6)}
        assert {number for number, state in states.items() if state is SheetState.USED} == used
        assert (states["L7"], states["L2"]) == (SheetState.SPOILED, SheetState.LOST)
        rest = set(states) - used - {"L7", "L2"}
        highest = max(used | {"L7"})
        assert {n for n in rest if states[n] is SheetState.MISSING} == {n for n in rest if n < highest}
        kept = db.session.get_one(PaperBlock, block)
        assert (kept.missing, kept.blank_left) == (
            sum(s is SheetState.MISSING for s in states.values()), sum(s is SheetState.BLANK for s in states.values()),
        )  # fmt: skip


def test_two_hand_out_the_same_pad(live_database: LiveDatabase) -> None:
    """E-10: one block; the other is refused, and no sheet stands twice."""
    _, supervisor, technician, _ = _office(live_database, 1)

    def hand_out(n: int) -> int:
        by, who = db.session.get(User, supervisor), db.session.get(User, technician)
        db.session.rollback()
        try:
            papers.hand_out(by=by, kind=PaperKind.CARD, first="M1", last="M5", holder=who)
            db.session.commit()
        except (IntegrityError, RuleViolated):
            db.session.rollback()
            return 0
        return 1

    assert sorted(at_once(live_database, 4, hand_out)) == [0, 0, 0, 1]
    with live_database.app.app_context():
        numbers = db.session.scalars(select(PaperSheet.number).where(PaperSheet.kind == PaperKind.CARD)).all()
        assert sorted(numbers) == ["M1", "M2", "M3", "M4", "M5"]

"""What waits at the desk: each block counts what it should, in the scope of the person."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from backoffice.core import clock, scope
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.finance.queries import waiting
from backoffice.invoices.models import InvoiceState
from backoffice.receivables.models import DueState
from backoffice.receivables.rules import DueSource, PaymentMethod
from backoffice.vouchers.models import CollectionPath
from tests import factories as make
from tests.money import make_due, make_payment

from .makers import make_handover, make_invoice

D = Decimal


def _fill(people, customer=None):
    """One of everything that waits, and beside each what does not."""
    now, technician, finance = clock.now(), people[Role.TECHNICIAN], people[Role.FINANCE]
    make_due("100.00", customer, path=CollectionPath.INVOICE_FIRST, request_due_at=now - timedelta(minutes=1))
    make_due("200.00", customer, path=CollectionPath.INVOICE_FIRST, request_due_at=clock.day_end(clock.today()))
    make_due("300.00", customer, state=DueState.CONFIRMED)
    make_due("30.00", customer, state=DueState.WAIVED, waived_by_id=people[Role.MANAGER].id)
    make_due("400.00", customer, paid_amount=D("150.00"), due_on=clock.today() - timedelta(days=40))
    cash_due = make_due("500.00", customer, is_invoiced=True, path=CollectionPath.INVOICE_FIRST)
    cash = make_payment(cash_due, technician, "50.00")
    make_handover(technician, [cash])
    make_payment(cash_due, finance, "60.00", PaymentMethod.WECHAT)
    seen = make_payment(cash_due, finance, "70.00", PaymentMethod.TRANSFER)
    seen.checked_at, seen.checked_by_id = now, finance.id
    taken_back = make_payment(cash_due, finance, "80.00", PaymentMethod.ALIPAY)
    make_payment(cash_due, finance, "-80.00", PaymentMethod.ALIPAY, reversal_of_id=taken_back.id, reason="twice")
    make_invoice(cash_due, finance, issue_due_at=now - timedelta(minutes=1))
    make_invoice(cash_due, finance, amount=D("7.00"))
    make_invoice(cash_due, finance, InvoiceState.ISSUED, issued_on=clock.today() - timedelta(days=3))
    make_invoice(cash_due, finance, InvoiceState.DELIVERED)
    make_invoice(cash_due, finance, InvoiceState.REJECTED)
    db.session.flush()


EXPECTED = {
    "count": (1, "50.00", 0), "check": (1, "60.00", 0), "invoice": (3, "600.00", 0), "late-request": (1, "100.00", 0),
    "request-today": (1, "200.00", 0), "jobs": (0, "0.00", None), "issue": (2, "507.00", 0),
    "late-issue": (1, "500.00", 0), "deliver": (1, "500.00", 3), "collect": (2, "750.00", 40),
}  # fmt: skip


@pytest.mark.parametrize("role", [Role.FINANCE, Role.SUPERVISOR, Role.MANAGER])
def test_each_block_counts_what_waits(people, role):
    """R-06, TL-07, TL-15, W-5.3: count, sum and age of the oldest."""
    _fill(people)
    found = waiting.figures(people[role])
    assert {key: (one.count, str(one.total), one.days) for key, one in found.items()} == EXPECTED


def test_finished_jobs_without_invoice(people):
    """Every due of a job that no invoice covers counts, however it is to be paid."""
    call = make.make_call()
    make_due("90.00", source=DueSource.JOB, call=call, path=CollectionPath.ONSITE)
    make_due("80.00", source=DueSource.JOB, call=make.make_call(), is_invoiced=True)
    assert (waiting.figures(people[Role.FINANCE])["jobs"].count) == 1


def test_what_is_seen_follows_the_branch(people):
    """P-1: finance sees its branch, finance at the headquarters every one."""
    _fill(people)
    there = make.make_branch("SH")
    make_due("1000.00", make.make_customer(there), due_on=clock.today())
    head = make.make_branch("HQ")
    totals = {
        name: waiting.figures(by)["collect"].total
        for name, by in (
            ("here", people[Role.FINANCE]), ("there", make.make_user(Role.FINANCE, there)),
            ("head", make.make_user(Role.FINANCE, head)), ("supervisor", make.make_user(Role.SUPERVISOR, head)),
        )
    }  # fmt: skip
    assert totals == {"here": D(750), "there": D(1000), "head": D(1750), "supervisor": D(0)}


def test_figures_are_those_of_the_conditions(people):
    """The figure, the first rows and the condition that the list uses agree."""
    _fill(people)
    by = people[Role.FINANCE]
    figures, rows = waiting.figures(by), waiting.first_rows(by, 2)
    for block in waiting.BLOCKS:
        number = db.session.scalar(
            select(func.count()).select_from(block.model).where(block.condition(), scope.visible(block.model, by))
        )
        assert figures[block.key].count == number
        if block in waiting.SHOWN:
            assert len(rows[block.key]) == min(2, number)
    assert [due.amount for due in rows["invoice"]] == [D(100), D(200)]  # what is late comes first


def test_figures_cost_the_same_whatever_waits(people, count_statements):
    """One statement for all figures, one for the first rows of each table."""
    by = people[Role.FINANCE]
    waiting.figures(by)
    for _ in range(2):
        with count_statements() as sent:
            waiting.figures(by)
            waiting.first_rows(by, 5)
        assert sent.count == 5
        for _turn in range(8):
            _fill(people | {Role.TECHNICIAN: make.make_user(Role.TECHNICIAN)})

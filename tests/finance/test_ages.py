"""Receivables by age: the bounds of the ages, and sums that equal those of the rows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.finance.queries import ages
from backoffice.finance.rules import ALL_AGES
from backoffice.receivables.models import Due, DueState
from backoffice.receivables.queries import of_age
from tests import factories as make
from tests.money import make_due

D = Decimal


@pytest.mark.parametrize(("days", "age"), [
    (-5, "0"), (0, "0"), (1, "1"), (30, "1"), (31, "31"), (60, "31"),
    (61, "61"), (90, "61"), (91, "91"), (4000, "91"),
])  # fmt: skip
def test_bounds(people, days, age):
    """R-06: 1–30, 31–60, 61–90 and over 90 days past due_on, both ends included."""
    due = make_due("10.00", due_on=clock.today() - timedelta(days=days))
    (branch,) = ages.by_branch(people[Role.FINANCE])
    (customer,) = ages.by_customer(people[Role.FINANCE], 9)
    assert branch.amounts == customer.amounts == {age: D(10)}
    assert branch.counts == customer.counts == {age: 1}
    assert list(db.session.scalars(select(Due).where(of_age(age)))) == [due]


def test_ages_are_those_of_the_list_of_dues():
    """R-06: every age of the desk is one by which the list filters."""
    from backoffice.receivables.admin.dues import AGE_LABELS

    assert list(AGE_LABELS) == list(ALL_AGES)


def test_only_what_is_outstanding(people):
    """Paid, waived and void dues owe nothing; of one that is paid in part the rest counts."""
    customer = make.make_customer()
    make_due("10.00", customer, state=DueState.COLLECTED)
    make_due("20.00", customer, state=DueState.WAIVED, waived_by_id=people[Role.MANAGER].id)
    make_due("30.00", customer, state=DueState.VOID)
    make_due("40.00", customer, paid_amount=D("39.99"))
    assert [one.total for one in ages.by_branch(people[Role.MANAGER])] == [D("0.01")]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(
    st.integers(-3, 130), st.integers(1, 10**9), st.integers(0, 100), st.integers(0, 4), st.booleans()
), max_size=25))  # fmt: skip
def test_sums_are_those_of_the_rows(people, rows):
    """R-06: whatever is owed, by age, branch and customer, every figure is the sum of its dues."""
    with db.session.begin_nested() as savepoint:
        branches = [make.make_branch("HZ"), make.make_branch("SH")]
        customers = [make.make_customer(branches[n % 2]) for n in range(5)]
        wanted: dict = {}
        of_customer: dict = {}
        for days, fen, percent, who, is_paid in rows:
            amount = D(fen).scaleb(-2)
            paid = amount if is_paid else (amount * percent / 101).quantize(D("0.01"), rounding="ROUND_DOWN")
            state = DueState.CONFIRMED if is_paid or paid == amount else DueState.DUE
            day = clock.today() - timedelta(days=days)
            make_due(amount, customers[who], state=state, due_on=day, paid_amount=paid)
            if state is DueState.DUE:
                age = next(age for age, low in (("91", 91), ("61", 61), ("31", 31), ("1", 1),
                                                ("0", -99)) if days >= low)  # fmt: skip
                key = (branches[who % 2].id, age)
                wanted[key] = wanted.get(key, 0) + amount - paid
                of_customer[customers[who].id] = of_customer.get(customers[who].id, 0) + amount - paid
        head = make.make_user(Role.FINANCE, make.make_branch("HQ"))
        found = ages.by_branch(head)
        assert {(one.of.id, age): amount for one in found for age, amount in one.amounts.items()} == wanted
        assert ages.together(found).total == sum(wanted.values())
        assert {one.of.id: one.total for one in ages.by_customer(head, 9)} == of_customer
        savepoint.rollback()

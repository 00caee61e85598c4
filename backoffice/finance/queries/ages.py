"""Receivables by age: what customers owe, by the days since it is due (R-06, K-16)."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from backoffice.core import clock, scope
from backoffice.core.db import db
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor
from backoffice.core.plans import plan
from backoffice.customers.models import Customer
from backoffice.finance.rules import ALL_AGES, NOT_PAST
from backoffice.organisation.models import Branch
from backoffice.receivables.models import Due
from backoffice.receivables.queries import is_open, of_age
from backoffice.receivables.rules import AGES, age_bounds

_OPEN = Due.amount - Due.paid_amount


@dataclass
class Aged:
    """What is outstanding of a branch or a customer, by age, with the number of dues."""

    #: the branch or the customer
    of: object
    amounts: dict[str, Decimal] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """All ages together."""
        return sum(self.amounts.values(), NOTHING)

    @property
    def count(self) -> int:
        """How many dues there are."""
        return sum(self.counts.values())


def _age() -> ColumnElement[str]:
    """The age of a due, out of `ALL_AGES`; the first bound that it reaches decides."""
    today = clock.today()
    bounds = {age: age_bounds(age, today)[0] for age in AGES}
    steps = [(Due.due_on >= first, age) for age, first in bounds.items() if first is not None]
    return case((Due.due_on >= today, NOT_PAST), *steps, else_=ALL_AGES[-1])


def by_branch(by: Actor) -> list[Aged]:
    """What each visible branch has outstanding; one statement, branches without anything are left out."""
    found: dict[int, Aged] = {}
    for branch, name, number, amount in db.session.execute(plan("finance.ages", by, lambda: _by_branch(by))):
        one = found.setdefault(branch.id, Aged(branch))
        one.amounts[name], one.counts[name] = amount, number
    return list(found.values())


def _by_branch(by: Actor) -> Select[Any]:
    age = _age()
    query = (
        select(Due.branch_id, age.label("age"), func.count().label("number"), func.sum(_OPEN).label("open"))
        .where(is_open(), scope.visible(Due, by))
        .group_by(Due.branch_id, age)
        .subquery()
    )
    return (
        select(Branch, query.c.age, query.c.number, query.c.open)
        .join(query, query.c.branch_id == Branch.id)
        .order_by(Branch.code)
    )


def together(found: list[Aged]) -> Aged:
    """The sum of several."""
    whole = Aged(None)
    for one in found:
        for age, amount in one.amounts.items():
            whole.amounts[age] = whole.amounts.get(age, NOTHING) + amount
            whole.counts[age] = whole.counts.get(age, 0) + one.counts[age]
    return whole


def by_customer(by: Actor, most: int) -> list[Aged]:
    """The customers who owe most, the largest first; one statement."""
    sums = [func.sum(case((of_age(age), _OPEN), else_=None)).label(f"sum_{age}") for age in ALL_AGES]
    numbers = [func.count(case((of_age(age), 1), else_=None)).label(f"number_{age}") for age in ALL_AGES]
    total = func.sum(_OPEN)
    largest = (
        select(Due.customer_id, total.label("total"), *sums, *numbers)
        .where(is_open(), scope.visible(Due, by))
        .group_by(Due.customer_id)
        .order_by(total.desc(), Due.customer_id)
        .limit(most)
        .subquery()
    )
    rows = db.session.execute(
        select(Customer, largest)
        .join(largest, largest.c.customer_id == Customer.id)
        .order_by(largest.c.total.desc(), Customer.id)
    )
    found = []
    for row in rows.mappings():
        one = Aged(row[Customer])
        for age in ALL_AGES:
            if number := row[f"number_{age}"]:
                one.amounts[age], one.counts[age] = row[f"sum_{age}"], number
        found.append(one)
    return found

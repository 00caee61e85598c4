"""One random history: acts of random people on random records of the office, with good inputs and bad ones.

A step is decoded from a number, so that a failing history shrinks to few steps and small choices.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from backoffice.core.acts import Act
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import GRANTS, Permission, Role
from backoffice.organisation.models import User
from backoffice.parts.models import Part
from backoffice.products.models import InstalledUnit
from tests.repairs.office import Office

BAD_TEXT = ("", "  ", "长" * 5000, "a\0b")
BAD_QUANTITY = (None, Decimal(0), Decimal(-1), Decimal("NaN"), Decimal("0.0001"), Decimal(10) ** 9)


class Choice:
    """A number from which choices are taken, one after the other; 0 chooses what is first everywhere."""

    def __init__(self, number: int) -> None:
        self.left = number

    def below(self, count: int) -> int:
        self.left, chosen = divmod(self.left, count)
        return chosen

    def of(self, things: Sequence[Any]) -> Any:
        return things[self.below(len(things))]

    def one_in(self, count: int) -> bool:
        return self.below(count) == count - 1

    def text(self, good: str) -> str:
        """Mostly the good one."""
        return self.of(BAD_TEXT) if self.one_in(12) else good

    def some(self, *good: Any) -> Any:
        """One of these; now and then nothing at all."""
        return None if self.one_in(12) else self.of(good)

    def quantity(self) -> Decimal | None:
        return (
            self.of(BAD_QUANTITY) if self.one_in(8) else self.of((Decimal(1), Decimal("0.5"), Decimal(2), Decimal(4)))
        )


Inputs = dict[str, Any]


class History:
    """The office from `office.moment` on; `log` tells what was tried and what became of it."""

    def __init__(self, office: Office) -> None:
        self.office, self.moment = office, office.moment
        db.session.expunge_all()
        found = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(office.people)))}
        self.people = [found[key] for key in office.people]
        self.log: list[str] = []
        self.done = 0
        #: what is expected by counting along: items in our hands, and stock by (part, branch, holder)
        self.items = office.items
        self.stock = defaultdict(Decimal, office.stock)
        #: when the last act was said to have happened
        self.at = self.moment

    # -- who and what --------------------------------------------------------------------------------------------------

    def person(self, choice: Choice, branch_id: int, natural: int | None, right: Permission | None = None) -> User:
        """Mostly whoever usually does it, or somebody of the branch with that right; now and then anybody."""
        if choice.one_in(8):
            return choice.of(self.people)
        if right is not None:
            return choice.of([user for user in self.holding(right) if user.branch_id == branch_id] or self.people)
        return next((user for user in self.people if user.id == natural), self.people[0])

    def holding(self, right: Permission) -> list[User]:
        """Who has that right by his role, or stands in for somebody who has it."""
        deputies = self.office.deputies if right in GRANTS[Role.SUPERVISOR] else []
        return [user for user in self.people if right in GRANTS[user.role] or user.id in deputies]

    def rows(self, model: type[Any], *conditions: Any) -> list[Any]:
        return list(db.session.scalars(select(model).where(*conditions).order_by(model.id)))

    def technician(self, choice: Choice, branch_id: int) -> User | None:
        """Mostly one of the branch who still works here."""
        if choice.one_in(6):
            return choice.some(*(user for user in self.people if user.id in self.office.technicians), self.people[0])
        here = (user for user in self.people if user.branch_id == branch_id and user.is_active)
        return choice.of([user for user in here if user.id in self.office.technicians])

    def unit(self, choice: Choice, customer_id: int | None) -> InstalledUnit | None:
        """Mostly one of the customer's."""
        units = self.rows(InstalledUnit)
        if choice.one_in(8):
            return choice.some(*units)
        return choice.of([unit for unit in units if unit.customer_id == customer_id] or units)

    def part(self, choice: Choice) -> Part:
        return db.session.get_one(Part, choice.of(self.office.parts))

    # -- doing it ------------------------------------------------------------------------------------------------------

    def attempt(self, act: Act, doc: Any, by: User, choice: Choice, inputs: Inputs) -> Any:
        """Do it in a savepoint as the web does in a transaction; None where it is refused, and then nothing stays."""
        if choice.one_in(6):
            inputs = {**inputs, "at": self.moment - choice.of((timedelta(minutes=3), timedelta(days=2), -timedelta(1)))}
        self.at = inputs.get("at", self.moment)
        if doc is not None and choice.one_in(20):
            inputs = {**inputs, "version": doc.version - choice.below(2)}
        told = f"{self.moment:%d %H:%M:%S} {by.username} {act.key} {doc or ''}"
        self.log.append(told)  # also when it breaks
        try:
            with db.session.begin_nested():
                result = act(doc, by=by, **inputs) if doc is not None else act(by=by, **inputs)
        except BackofficeError as refusal:
            self.log[-1] = f"{told}: {type(refusal).__name__} {refusal.rule}"
            assert not db.session.new
            assert not [row for row in db.session.dirty if db.session.is_modified(row)]
            return None
        self.log[-1] = f"{told}: done"
        self.done += 1
        return result if result is not None else True

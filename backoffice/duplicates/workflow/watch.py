"""Nothing is given to a customer who was merged, whichever feature writes it: looked at after every flush.

A row that refers to a customer holds that customer's row against the lock of a merge until it is committed, so that a
merge either moves it or is seen here.
"""

from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session, aliased

from backoffice.core.errors import Remedy, RuleViolated
from backoffice.customers.models import Customer
from backoffice.duplicates.queries import references


@cache
def _columns() -> dict[type[Any], list[str]]:
    found: dict[type[Any], list[str]] = {}
    for one in references():
        found.setdefault(one.model, []).append(one.column)
    return found


def _newly_named(session: Session) -> set[int]:
    """Keys of the customers to whom this flush gives something."""
    columns = _columns()
    rows = [(row, True) for row in session.new] + [(row, False) for row in session.dirty]
    return {
        getattr(row, column)
        for row, is_new in rows
        for column in columns.get(type(row), ())
        if is_new or inspect(row).attrs[column].history.has_changes()
    } - {None}


def _refuse_merged(session: Session, _context: Any) -> None:
    """Raises RuleViolated naming the survivor (E-04)."""
    if not (keys := _newly_named(session)):
        return
    survivor = aliased(Customer)
    query = (
        select(Customer.number, survivor.id, survivor.number)
        .join(survivor, survivor.id == Customer.merged_into_id)
        .where(Customer.id.in_(keys))
    )
    if (found := session.connection().execute(query).first()) is not None:
        number, key, other = found
        raise RuleViolated(
            _l("%(number)s was merged into %(survivor)s: use that one.", number=number, survivor=other),
            rule="E-04", field="customer",
            remedy=Remedy(_l("Open the customer"), "customers.details_view", {"id": key}),
        )  # fmt: skip


event.listen(Session, "after_flush", _refuse_merged)

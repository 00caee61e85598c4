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

_CHANGED = "rows of customers about to change"


@cache
def _columns() -> dict[type[Any], list[str]]:
    found: dict[type[Any], list[str]] = {}
    for one in references():
        found.setdefault(one.model, []).append(one.column)
    return found


def _newly_named(row: Any, *, is_new: bool) -> set[int]:
    """Keys of the customers to whom a flush gives this row."""
    columns = _columns().get(type(row), ())
    return {
        getattr(row, column) for column in columns if is_new or inspect(row).attrs[column].history.has_changes()
    } - {None}


def _look_after_all(session: Session, _context: Any) -> None:
    """What the unit of work has written."""
    named = [_newly_named(row, is_new=True) for row in session.new]
    named += [_newly_named(row, is_new=False) for row in session.dirty]
    _refuse_merged(session, set().union(*named))


def _note_changed(session: Session, _context: Any, _instances: Any) -> None:
    """Who is changed, before those that change alike are written past the unit of work (core/alike.py)."""
    session.info[_CHANGED] = [row for row in session.dirty if type(row) in _columns() and session.is_modified(row)]


def _look_after_alike(session: Session, _context: Any, _instances: Any) -> None:
    """What was written past the unit of work is clean by now."""
    written = [row for row in session.info.pop(_CHANGED, ()) if not session.is_modified(row)]
    _refuse_merged(session, set().union(*(_newly_named(row, is_new=True) for row in written)))


def _refuse_merged(session: Session, keys: set[int]) -> None:
    """Raises RuleViolated naming the survivor where one of these customers was merged (E-04)."""
    if not keys:
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


event.listen(Session, "before_flush", _note_changed, insert=True)  # before the kernel's own, which writes them
event.listen(Session, "before_flush", _look_after_alike)  # and after it
event.listen(Session, "after_flush", _look_after_all)

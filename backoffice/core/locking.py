"""Rows that an act changes besides its own document: read as they are now, and locked until the transaction ends."""

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import select

from .db import Stamped, db

Row = TypeVar("Row", bound=Stamped)


def locked(model: type[Row], keys: Iterable[int]) -> list[Row]:
    """The rows with these keys in the order of their keys, in which everybody locks them, so that nobody deadlocks.

    What is pending in the session for them has to be flushed before: they are read anew.
    """
    query = select(model).where(model.id.in_(sorted(set(keys)))).order_by(model.id).with_for_update(of=model)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def locked_one(model: type[Row], key: int) -> Row:
    """The one row with that key, which has to be there."""
    (row,) = locked(model, [key])
    return row

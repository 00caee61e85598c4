"""Fees and invoices by month: what became due, was invoiced, paid, is still owed; parts at cost (R-05, K-16)."""

from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, type_coerce, union_all

from backoffice.core import clock
from backoffice.core.db import Quantity, db
from backoffice.core.money import NOTHING, round_fen
from backoffice.core.permissions import Actor
from backoffice.fees.models import SitePart
from backoffice.finance.rules import months_back
from backoffice.invoices.models import NUMBERED, Invoice
from backoffice.organisation.queries import in_branch_of_money
from backoffice.receivables.models import Due, DueState, Payment
from backoffice.repairs.models import CardPart
from backoffice.sales.models import PartsSale, SaleLine, SaleState


class _Worth(Quantity):
    """A price times a quantity: five places, exact on both databases."""

    cache_ok = True
    places = 5


@dataclass(frozen=True)
class Month:
    """The figures of one month, in yuan."""

    first: date
    #: what became due, without what is void
    due: Decimal
    #: issued invoices less red ones
    invoiced: Decimal
    #: payments less reversals
    paid: Decimal
    #: cost of parts used on jobs and sold, less what came back
    parts: Decimal
    #: what is still owed of that month's dues
    uncollected: Decimal

    @property
    def last(self) -> date:
        """The last day of the month."""
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _of(column: Any, first: date, following: date) -> ColumnElement[bool]:
    if column.type.python_type is date:
        return (column >= first) & (column < following)
    return (column >= clock.day_start(first)) & (column < clock.day_start(following))


def _sources(by: Actor) -> list[tuple[str, Any, Any, Any, tuple[Any, ...]]]:
    """(figure, table, sum, column of its time, conditions) of everything that is added up."""
    live = Due.state != DueState.VOID
    site = type_coerce(func.sum(SitePart.unit_cost * SitePart.quantity), _Worth())
    card = type_coerce(func.sum(CardPart.unit_cost * CardPart.quantity), _Worth())
    left = SaleLine.quantity - SaleLine.returned_quantity
    sold = type_coerce(func.sum(SaleLine.unit_cost * left), _Worth())
    of_delivered = SaleLine.sale_id == PartsSale.id
    return [
        ("due", Due, func.sum(Due.amount), Due.made_at, (live,)),
        ("invoiced", Invoice, func.sum(Invoice.gross_total), Invoice.issued_on, (Invoice.state.in_(NUMBERED),)),
        ("paid", Payment, func.sum(Payment.amount), Payment.received_at, ()),
        ("site", SitePart, site, SitePart.taken_at, (SitePart.given_back_at.is_(None),)),
        ("card", CardPart, card, CardPart.taken_at, (CardPart.given_back_at.is_(None),)),
        ("sold", SaleLine, sold, PartsSale.delivered_at,
         (of_delivered, PartsSale.state.in_([SaleState.DELIVERED, SaleState.REVERSED]), ~PartsSale.is_history)),
        ("uncollected", Due, func.sum(Due.amount - Due.paid_amount), Due.made_at, (Due.state == DueState.DUE,)),
    ]  # fmt: skip


def months(by: Actor, count: int) -> list[Month]:
    """The last so many months, the running one first; a statement for each figure."""
    firsts = months_back(clock.today(), count)
    following = [*firsts[1:], (firsts[-1] + timedelta(days=31)).replace(day=1)]
    found: dict[str, dict[int, Decimal]] = {}
    for name, model, total, column, conditions in _sources(by):
        parts = [
            select(literal(place).label("place"), total.label("total")).where(
                _of(column, first, after), in_branch_of_money(model, by), *conditions
            )
            for place, (first, after) in enumerate(zip(firsts, following, strict=True))
        ]
        found[name] = {place: amount or NOTHING for place, amount in db.session.execute(union_all(*parts))}
    return [
        Month(
            first, found["due"][place], found["invoiced"][place], found["paid"][place],
            round_fen(found["site"][place] + found["card"][place] + found["sold"][place]),
            found["uncollected"][place],
        )
        for place, first in reversed(list(enumerate(firsts)))
    ]  # fmt: skip


#: The figures of a month in the order of the table.
FIGURES = tuple(one.name for one in fields(Month) if one.name != "first")

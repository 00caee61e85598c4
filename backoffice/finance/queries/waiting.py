"""What waits at the finance desk: one condition for each block, which its list uses as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import joinedload

from backoffice.core import clock, scope
from backoffice.core.db import db
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor
from backoffice.core.plans import plan
from backoffice.invoices import queries as invoices
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.receivables.models import CashHandover, Due, DueState, HandoverState, Payment
from backoffice.receivables.queries import to_check, to_collect
from backoffice.receivables.rules import DueSource
from backoffice.vouchers.models import CollectionPath

#: Written out in the statement: only so does SQLite see that the partial index of what is to be invoiced may serve.
_ENDED = bindparam(
    "ended", [DueState.WAIVED, DueState.VOID], type_=Due.state.type, expanding=True, literal_execute=True
)


def uninvoiced() -> ColumnElement[bool]:
    """Condition: no invoice and no request covers the due; the words are those of the partial index."""
    return ~Due.is_invoiced & Due.state.not_in(_ENDED)


def to_invoice() -> ColumnElement[bool]:
    """Condition: an invoice has to be requested: it comes first, or the money is there already (W-5.3)."""
    return uninvoiced() & or_(Due.path == CollectionPath.INVOICE_FIRST, Due.state != DueState.DUE)


def jobs_without_invoice() -> ColumnElement[bool]:
    """Condition: what is due for a finished job, and no invoice covers it."""
    return uninvoiced() & (Due.source == DueSource.JOB)


def request_late(at: datetime | None = None) -> ColumnElement[bool]:
    """Condition: the invoice should have been requested by that moment, by default now (TL-07)."""
    return uninvoiced() & Due.request_due_at.is_not(None) & (Due.request_due_at < (at or clock.now()))


def request_today() -> ColumnElement[bool]:
    """Condition: the invoice is to be requested by the end of today (TL-07)."""
    in_time = Due.request_due_at.between(clock.now(), clock.day_end(clock.today()))
    return uninvoiced() & Due.request_due_at.is_not(None) & in_time


def to_issue() -> ColumnElement[bool]:
    """Condition: requested, and to be issued on the tax platform."""
    return Invoice.state == InvoiceState.REQUESTED


def to_deliver() -> ColumnElement[bool]:
    """Condition: issued, and not with the customer yet."""
    return Invoice.state == InvoiceState.ISSUED


def to_count() -> ColumnElement[bool]:
    """Condition: cash that finance is to count."""
    return CashHandover.state == HandoverState.OPEN


@dataclass(frozen=True)
class Block:
    """A block of the desk: what waits, how it is summed, since when, and who is first."""

    key: str
    label: Any
    model: type[Any]
    condition: Any
    amount: Any
    #: column of the moment or day since which it waits
    since: Any
    #: columns of the order of its rows; the key is the last
    order: tuple[Any, ...]


_OPEN = Due.amount - Due.paid_amount
COUNT = Block("count", _l("Handovers to count"), CashHandover, to_count, CashHandover.total, CashHandover.handed_at,
              (CashHandover.handed_at,))  # fmt: skip
CHECK = Block("check", _l("Payments to check"), Payment, to_check, Payment.amount, Payment.received_at,
              (Payment.received_at,))  # fmt: skip
INVOICE = Block("invoice", _l("To invoice"), Due, to_invoice, Due.amount, Due.made_at,
                (Due.request_due_at.is_(None), Due.request_due_at, Due.made_at))  # fmt: skip
LATE_REQUEST = Block("late-request", _l("Invoice request late"), Due, request_late, Due.amount, Due.made_at, ())
REQUEST_TODAY = Block("request-today", _l("To be requested today"), Due, request_today, Due.amount, Due.made_at, ())
JOBS = Block("jobs", _l("Finished chargeable jobs without invoice"), Due, jobs_without_invoice, Due.amount,
             Due.made_at, ())  # fmt: skip
ISSUE = Block("issue", _l("To issue"), Invoice, to_issue, Invoice.gross_total, Invoice.requested_at,
              (Invoice.issue_due_at,))  # fmt: skip
LATE_ISSUE = Block(
    "late-issue", _l("Issue late"), Invoice, invoices.is_late, Invoice.gross_total, Invoice.requested_at, ()
)
DELIVER = Block("deliver", _l("To deliver"), Invoice, to_deliver, Invoice.gross_total, Invoice.issued_on,
                (Invoice.issued_on,))  # fmt: skip
COLLECT = Block("collect", _l("To collect"), Due, to_collect, _OPEN, Due.due_on, (Due.due_on,))
#: Every block that has figures, and those of them of which the desk shows the first rows.
BLOCKS = (COUNT, CHECK, INVOICE, LATE_REQUEST, REQUEST_TODAY, JOBS, ISSUE, LATE_ISSUE, DELIVER, COLLECT)
SHOWN = (COUNT, CHECK, INVOICE, ISSUE, DELIVER, COLLECT)
#: What comes along with the rows of a table.
_ALONG = {
    CashHandover: (joinedload(CashHandover.collector),), Payment: (joinedload(Payment.received_by),), Due: (),
    Invoice: (joinedload(Invoice.requested_by),),
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """How many wait, what they come to, and since when the oldest does."""

    count: int
    total: Decimal
    since: datetime | date | None

    @property
    def days(self) -> int | None:
        """Age of the oldest in days; None where nothing waits."""
        if self.since is None:
            return None
        day = clock.local(self.since).date() if isinstance(self.since, datetime) else self.since
        return (clock.today() - day).days


def figures(by: Actor) -> dict[str, Figure]:
    """The figures of all blocks, of what the person sees; one statement."""
    query = plan("finance.figures", by, lambda: _figures(by))
    found = {BLOCKS[row.place].key: row for row in db.session.execute(query)}
    return {
        key: Figure(row.number, row.total or NOTHING, row.moment if row.moment is not None else row.day)
        for key, row in found.items()
    }


def _figures(by: Actor) -> CompoundSelect[Any]:
    parts = []
    for place, block in enumerate(BLOCKS):
        is_day = block.since.type.python_type is date
        moment = cast(null(), Due.made_at.type) if is_day else func.min(block.since)
        day = func.min(block.since) if is_day else cast(null(), Due.due_on.type)
        parts.append(
            select(
                literal(place).label("place"), func.count().label("number"), func.sum(block.amount).label("total"),
                moment.label("moment"), day.label("day"),
            )
            .select_from(block.model)
            .where(block.condition(), scope.visible(block.model, by))
        )  # fmt: skip
    return union_all(*parts)


def first_rows(by: Actor, most: int) -> dict[str, list[Any]]:
    """The first rows of each block of `SHOWN`, at most so many; one statement for each table."""
    found: dict[str, list[Any]] = {}
    for model in dict.fromkeys(block.model for block in SHOWN):
        found |= _first_of(model, [block for block in SHOWN if block.model is model], by, most)
    return found


def _first_of(model: Any, blocks: Sequence[Block], by: Actor, most: int) -> dict[str, list[Any]]:
    query = plan("finance.first", by, lambda: _rows(model, blocks, by, most), model, most)
    found: dict[str, list[Any]] = {block.key: [] for block in blocks}
    for place, row in db.session.execute(query):
        found[blocks[place].key].append(row)
    for block in blocks:
        found[block.key].sort(key=lambda row, block=block: (*_place(row, block), row.id))  # type: ignore[misc]
    return found


def _rows(model: Any, blocks: Sequence[Block], by: Actor, most: int) -> Select[Any]:
    keys = []
    for place, block in enumerate(blocks):
        first = (
            select(model.id)
            .where(block.condition(), scope.visible(model, by))
            .order_by(*block.order, model.id)
            .limit(most)
            .subquery()
        )
        keys.append(select(literal(place).label("place"), first.c.id))
    chosen = union_all(*keys).subquery()
    return select(chosen.c.place, model).join(chosen, chosen.c.id == model.id).options(*_ALONG[model])


def _place(row: Any, block: Block) -> tuple[Any, ...]:
    """What the database ordered by, of a row in hand; a due that is watched comes before the others."""
    if block is INVOICE:
        return (row.request_due_at is None, row.request_due_at or row.made_at)
    return tuple(getattr(row, column.key) for column in block.order)

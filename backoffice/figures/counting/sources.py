"""The events behind the figures: for each source the rows, the moment by which they count, and what is summed.

One declaration serves the aggregates, the live count, and the list of the rows behind a figure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, String, and_, case, cast, exists, func, null, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from backoffice.calls.models import CallState, ServiceCall
from backoffice.goods.models import GoodsEntry, GoodsState
from backoffice.repairs.models import Inspection, RepairCard, TimeEntry
from backoffice.repairs.rules import InspectionResult
from backoffice.reports.models import DailyReport, ReportLine, ReportState
from backoffice.reports.rules import WorkType
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher, Visit, VoucherState


class epoch(FunctionElement[int]):  # noqa: N801 - used like a function of the database
    """Whole seconds of a moment since 1970, its fraction cut off; exact on both databases."""

    inherit_cache = True
    type = BigInteger()


@compiles(epoch, "sqlite")
def _epoch_on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    (moment,) = (compiler.process(one, **kw) for one in element.clauses)
    return f"CAST(strftime('%s', substr({moment}, 1, 19)) AS INTEGER)"


@compiles(epoch, "postgresql")
def _epoch_on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    (moment,) = (compiler.process(one, **kw) for one in element.clauses)
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM {moment})) AS BIGINT)"


def seconds(start: Any, end: Any) -> ColumnElement[int]:
    """Seconds from one moment to another, the fractions of both cut off."""
    return epoch(end) - epoch(start)


def minutes_of(start: Any, end: Any) -> ColumnElement[int]:
    """The same in whole minutes; shorter ones are 0."""
    return cast(seconds(start, end), Integer) // 60


@dataclass(frozen=True)
class Source:
    """Rows that are counted on the day of `moment`, which is a moment, or a day of the office.

    model: the table of the list behind the figure. joined: select_from of the tables besides. where: now -> condition.
    sums: columns of `FigureSum` with what is added up.
    """

    model: type[Any]
    moment: Any
    where: Callable[[datetime], ColumnElement[bool]]
    sums: Mapping[str, Any]
    branch: Any
    technician: Any
    zone: Any = None
    product: Any = None
    joined: Callable[[Any], Any] = field(default=lambda query: query)

    @property
    def is_daily(self) -> bool:
        """Whether it has a day of the office, no moment."""
        return self.moment.type.python_type is date

    def within(self, start: Any, end: Any, day: Any) -> ColumnElement[bool]:
        """Condition: it counts on that day, from its beginning to before its end."""
        return self.moment == day if self.is_daily else and_(self.moment >= start, self.moment < end)

    def keys(self) -> tuple[Any, Any, Any]:
        """Technician, zone and model as texts."""
        return tuple(cast(null() if one is None else one, String(20)) for one in  # type: ignore[return-value]
                     (self.technician, self.zone, self.product))  # fmt: skip

    def of(self, technician: int | None, zone: Any, model_id: int | None) -> list[ColumnElement[bool]]:
        """Conditions for one technician, zone or model; what has none of that kind has no rows."""
        asked = ((self.technician, technician), (self.zone, zone), (self.product, model_id))
        return [sql_false() if column is None else column == value for column, value in asked if value is not None]


def sql_false() -> ColumnElement[bool]:
    """A condition that nothing meets, in words that both databases plan for."""
    return null().is_not(None)


def _one(condition: Any) -> Any:
    """1 where it holds."""
    return case((condition, 1), else_=0)


_CALL: dict[str, Any] = {
    "model": ServiceCall, "branch": ServiceCall.branch_id, "technician": ServiceCall.technician_id,
    "zone": ServiceCall.zone, "product": ServiceCall.model_id,
}  # fmt: skip
_own = ServiceCall.is_history.is_(False)
_alive = ServiceCall.state != CallState.CANCELLED

DISPATCH_HIT = ServiceCall.dispatched_at <= ServiceCall.dispatch_due_at
DISPATCH = Source(
    moment=ServiceCall.dispatch_due_at,
    where=lambda now: and_(
        _own, or_(ServiceCall.cancelled_at.is_(None), ServiceCall.cancelled_at >= ServiceCall.dispatch_due_at),
        or_(ServiceCall.dispatched_at.is_not(None), ServiceCall.dispatch_due_at < now),
    ),
    sums={"dispatch_due": 1, "dispatch_hit": _one(DISPATCH_HIT)}, **_CALL,
)  # fmt: skip

ARRIVAL_HIT = ServiceCall.first_arrived_at <= ServiceCall.arrival_due_at
ARRIVAL = Source(
    moment=ServiceCall.arrival_due_at,
    where=lambda now: and_(
        _own, _alive, or_(ServiceCall.first_arrived_at.is_not(None), ServiceCall.arrival_due_at < now)
    ),
    sums={"arrival_due": 1, "arrival_hit": _one(ARRIVAL_HIT)}, **_CALL,
)  # fmt: skip

RESPONSE = Source(
    moment=ServiceCall.first_arrived_at, where=lambda now: _own,
    sums={"arrived": 1, "response_seconds": seconds(ServiceCall.received_at, ServiceCall.first_arrived_at)}, **_CALL,
)  # fmt: skip

_live = and_(ServiceVoucher.call_id == ServiceCall.id, ServiceVoucher.state != VoucherState.VOID)
_again = ServiceCall.__table__.alias("again")
_visits = select(func.count()).where(Visit.voucher_id == ServiceVoucher.id).correlate(ServiceVoucher).scalar_subquery()
_repeated = (
    exists()
    .where(_again.c.repeat_of_id == ServiceCall.id, _again.c.state != CallState.CANCELLED)
    .correlate(ServiceCall)
)
FIXABLE = and_(
    _own,
    or_(
        ServiceVoucher.onsite_result.is_(None),
        ServiceVoucher.onsite_result.not_in([OnsiteResult.NO_FAULT, OnsiteResult.REFUSED]),
    ),
)
FIXED_FIRST = and_(FIXABLE, ServiceVoucher.onsite_result == OnsiteResult.FIXED, _visits == 1, ~_repeated)
_on_site = (
    select(func.coalesce(func.sum(seconds(Visit.arrived_at, Visit.left_at)), 0))
    .join(ServiceVoucher, ServiceVoucher.id == Visit.voucher_id)
    .where(ServiceVoucher.call_id == ServiceCall.id, Visit.left_at.is_not(None))
    .correlate(ServiceCall)
    .scalar_subquery()
)
_on_cards = (
    select(func.coalesce(func.sum(TimeEntry.minutes), 0) * 60)
    .join(RepairCard, RepairCard.id == TimeEntry.card_id)
    .where(RepairCard.call_id == ServiceCall.id, TimeEntry.voided_at.is_(None))
    .correlate(ServiceCall)
    .scalar_subquery()
)
REPEAT = ServiceCall.repeat_of_id.is_not(None)
DONE = Source(
    moment=ServiceCall.completed_at, where=lambda now: _alive,
    joined=lambda query: query.outerjoin(ServiceVoucher, _live),
    sums={
        "fixable": _one(FIXABLE), "fixed_first": _one(FIXED_FIRST), "done": 1,
        "done_seconds": seconds(ServiceCall.received_at, ServiceCall.completed_at), "own_done": _one(_own),
        "work_seconds": case((_own, _on_site + _on_cards), else_=0), "repeats": _one(REPEAT),
    }, **_CALL,
)  # fmt: skip

CARRIED = ServiceCall.carry_over_count > 0
RECEIVED = Source(
    moment=ServiceCall.received_at, where=lambda now: or_(_own, _alive),
    sums={"received": 1, "carried": _one(CARRIED)}, **_CALL,
)  # fmt: skip

KEPT = GoodsEntry.returned_on <= GoodsEntry.first_promised_on
RETURNED = Source(
    model=GoodsEntry, moment=GoodsEntry.returned_on, where=lambda now: GoodsEntry.state == GoodsState.RETURNED,
    joined=lambda query: query.outerjoin(RepairCard, RepairCard.entry_id == GoodsEntry.id)
    .outerjoin(ServiceCall, ServiceCall.id == RepairCard.call_id),
    sums={"returned": 1, "kept": _one(KEPT)}, branch=GoodsEntry.branch_id,
    technician=RepairCard.technician_id, zone=ServiceCall.zone, product=ServiceCall.model_id,
)  # fmt: skip

_ANY = Inspection.__table__.alias()
#: A card counts once, on the day of its first inspection, whether it failed then or later.
FAILED = (
    exists().where(_ANY.c.card_id == Inspection.card_id, _ANY.c.result == InspectionResult.FAILED).correlate(Inspection)
)
INSPECTED = Source(
    model=Inspection, moment=Inspection.inspected_at, where=lambda now: Inspection.nth == 1,
    joined=lambda query: query.join(RepairCard, RepairCard.id == Inspection.card_id)
    .outerjoin(ServiceCall, ServiceCall.id == RepairCard.call_id),
    sums={"inspected": 1, "failed": _one(FAILED)}, branch=Inspection.branch_id,
    technician=RepairCard.technician_id, zone=ServiceCall.zone, product=ServiceCall.model_id,
)  # fmt: skip


def _line_minutes(*conditions: Any) -> Any:
    return (
        select(func.coalesce(func.sum(ReportLine.minutes), 0))
        .where(ReportLine.report_id == DailyReport.id, ReportLine.removed_at.is_(None), *conditions)
        .correlate(DailyReport)
        .scalar_subquery()
    )


_JOBS = (WorkType.PAID, WorkType.CONTRACT, WorkType.FREE)
REPORTED = Source(
    model=DailyReport, moment=DailyReport.report_on, where=lambda now: DailyReport.state == ReportState.REVIEWED,
    sums={
        "reports": 1, "job_minutes": _line_minutes(ReportLine.work_type.in_(_JOBS)), "minutes": _line_minutes(),
    }, branch=DailyReport.branch_id, technician=DailyReport.technician_id,
)  # fmt: skip

SOURCES = (DISPATCH, ARRIVAL, RESPONSE, DONE, RECEIVED, RETURNED, INSPECTED, REPORTED)

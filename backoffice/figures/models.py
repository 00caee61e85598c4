"""Aggregates of the figures: sums by day and month, response times, the backlog of each midnight, and what is stale.

They hold nothing that the events do not say: `flask figures --rebuild` makes them anew. Which days are stale is noted
by triggers (`touching`) in the transaction of every change, so that a reader knows which days he has to count himself.
"""

from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from backoffice.core.db import db, enum_type
from backoffice.core.states import LabelledEnum

from .rules import Kind


class Grain(LabelledEnum):
    """What one row of sums is of."""

    DAY = "day", _l("Day")
    MONTH = "month", _l("Month")


class _Keyed:
    """Of which branch, and of which technician, zone or model; "" stands for none."""

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(enum_type(Kind))
    #: key of the technician or the model, value of the zone
    key: Mapped[str] = mapped_column(String(20), default="")

    @declared_attr
    def branch_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("branch.id", ondelete="RESTRICT"))


#: Columns of sums, in the order in which they are told.
SUMS = (
    "dispatch_due", "dispatch_hit", "arrival_due", "arrival_hit", "arrived", "response_seconds", "fixable",
    "fixed_first", "done", "done_seconds", "own_done", "work_seconds", "repeats", "received", "carried", "returned",
    "kept", "inspected", "failed", "reports", "job_minutes", "minutes",
)  # fmt: skip
#: Columns of the backlog by age, the youngest first (K-07).
AGE_COLUMNS = ("d1", "d3", "d7", "d15", "d30", "more")


class FigureSum(_Keyed, db.Model):
    """Counts and sums of one day or month of the office."""

    __tablename__ = "figure_sum"
    __audited__ = False
    __table_args__ = (
        Index("uq_figure_sum_once", "branch_id", "grain", "kind", "start_on", "key", unique=True),
        Index("ix_figure_sum_start_on", "start_on"),
    )

    grain: Mapped[Grain] = mapped_column(enum_type(Grain))
    start_on: Mapped[date]
    #: K-01: calls whose dispatch was due, and those dispatched in time
    dispatch_due: Mapped[int] = mapped_column(default=0)
    dispatch_hit: Mapped[int] = mapped_column(default=0)
    #: K-02: calls whose arrival was due, and those reached in time
    arrival_due: Mapped[int] = mapped_column(default=0)
    arrival_hit: Mapped[int] = mapped_column(default=0)
    #: K-03: calls first reached, and the seconds from call to arrival
    arrived: Mapped[int] = mapped_column(default=0)
    response_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    #: K-04: completed calls that could be fixed, and those fixed on the first visit
    fixable: Mapped[int] = mapped_column(default=0)
    fixed_first: Mapped[int] = mapped_column(default=0)
    #: K-05: completed calls, the seconds from call to completion; those of our own register, the seconds worked on them
    done: Mapped[int] = mapped_column(default=0)
    done_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    own_done: Mapped[int] = mapped_column(default=0)
    work_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    #: K-06: completed calls that were the same fault again
    repeats: Mapped[int] = mapped_column(default=0)
    #: K-08: calls received, and those carried over
    received: Mapped[int] = mapped_column(default=0)
    carried: Mapped[int] = mapped_column(default=0)
    #: K-09: items returned, and those returned by the first promise
    returned: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    #: K-13: cards by their first inspection, and those of them that failed one
    inspected: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    #: K-15: reviewed reports, their minutes of paid, contract and free jobs, all their minutes
    reports: Mapped[int] = mapped_column(default=0)
    job_minutes: Mapped[int] = mapped_column(BigInteger, default=0)
    minutes: Mapped[int] = mapped_column(BigInteger, default=0)


class FigureResponse(db.Model):
    """How many calls of a day or month were first reached after so many minutes, so that medians are exact (K-03)."""

    __tablename__ = "figure_response"
    __audited__ = False
    __table_args__ = (Index("uq_figure_response_once", "branch_id", "grain", "start_on", "minutes", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id", ondelete="RESTRICT"))
    grain: Mapped[Grain] = mapped_column(enum_type(Grain, "response_grain"))
    start_on: Mapped[date]
    minutes: Mapped[int]
    calls: Mapped[int]


class FigureBacklog(_Keyed, db.Model):
    """Open calls by age at the midnight that ends a day (K-07, J-10)."""

    __tablename__ = "figure_backlog"
    __audited__ = False
    __table_args__ = (
        Index("uq_figure_backlog_once", "branch_id", "kind", "day", "key", unique=True),
        Index("ix_figure_backlog_day", "day"),
    )

    day: Mapped[date]
    d1: Mapped[int] = mapped_column(default=0)
    d3: Mapped[int] = mapped_column(default=0)
    d7: Mapped[int] = mapped_column(default=0)
    d15: Mapped[int] = mapped_column(default=0)
    d30: Mapped[int] = mapped_column(default=0)
    more: Mapped[int] = mapped_column(default=0)


class FigureDay(db.Model):
    """A day whose aggregates are made, with its beginning, its end, and the ages that are counted back from its end."""

    __tablename__ = "figure_day"
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(unique=True)
    start_at: Mapped[datetime]
    end_at: Mapped[datetime] = mapped_column(index=True)
    since_1: Mapped[datetime]
    since_3: Mapped[datetime]
    since_7: Mapped[datetime]
    since_15: Mapped[datetime]
    since_30: Mapped[datetime]


class Stale(LabelledEnum):
    """What of a day no longer follows from the events."""

    SUMS = "sums", _l("Sums")
    BACKLOG = "backlog", _l("Backlog")


class FigureTouch(db.Model):
    """Something of these days has changed since they were counted; written by triggers, taken away by the refresh.

    Either a stretch of time, from `since` to before `until`, or a day of the office. Without an end it goes up to now.
    """

    __tablename__ = "figure_touch"
    __audited__ = False
    __table_args__ = (
        CheckConstraint("(since IS NULL) <> (on_day IS NULL)", name="moment_or_day"),
        Index("ix_figure_touch_since", "what", "since"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[Stale] = mapped_column(enum_type(Stale))
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    on_day: Mapped[date | None]

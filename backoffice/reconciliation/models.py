"""The book of a branch's day, the calls that were in it when it was closed, and what was carried over (W-7)."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.db import Document, db, enum_type
from backoffice.core.states import StateEnum
from backoffice.reports.rules import Standing

from .rules import Decision

if TYPE_CHECKING:
    from backoffice.calls.models import ServiceCall
    from backoffice.organisation.models import Branch, User


class DayState(StateEnum):
    """The states of W-7."""

    OPEN = "open", _l("Not checked"), "warn"
    CHECKED = "checked", _l("Checked"), "info"
    CLOSED = "closed", _l("Day closed"), "good", True


class UndoneState(StateEnum):
    """Whether the supervisor has decided."""

    PENDING = "pending", _l("To decide"), "warn"
    DECIDED = "decided", _l("Decision made"), "good", True


class DayBook(Document, db.Model):
    """One day of one branch: its two checks, its closing, and every reopening."""

    __tablename__ = "day_book"
    __shown__ = ("day",)
    __table_args__ = (
        UniqueConstraint("branch_id", "day", name="uq_day_book_day"),
        CheckConstraint("(service_checked_at IS NULL) = (service_checked_by_id IS NULL)",
                        name="service_check_is_whole"),
        CheckConstraint("(sales_checked_at IS NULL) = (sales_checked_by_id IS NULL)", name="sales_check_is_whole"),
        CheckConstraint("service_checked_by_id <> sales_checked_by_id", name="checked_by_two"),
        CheckConstraint(
            "state = 'open' OR (service_checked_at IS NOT NULL AND sales_checked_at IS NOT NULL)",
            name="checked_by_both_sides",
        ),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL AND closed_by_id IS NOT NULL)",
                        name="closed_has_person"),
        CheckConstraint("(reopened_at IS NULL) = (reopen_reason = '')", name="reopened_has_reason"),
        Index("ix_day_book_by_state", "branch_id", "state", "day", "id"),
        Index("ix_day_book_day_id", "day", "id"),
    )  # fmt: skip

    day: Mapped[date]
    state: Mapped[DayState] = mapped_column(enum_type(DayState), default=DayState.OPEN)
    service_checked_at: Mapped[datetime | None]
    service_checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    sales_checked_at: Mapped[datetime | None]
    sales_checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    #: how often it was closed; the lines of each closing stay
    closing: Mapped[int] = mapped_column(default=0)
    #: calls in the book at the last closing
    members: Mapped[int] = mapped_column(default=0)
    reopened_at: Mapped[datetime | None]
    reopen_reason: Mapped[str] = mapped_column(String(500), default="")

    branch: Mapped["Branch"] = relationship(viewonly=True)
    service_checked_by: Mapped["User | None"] = relationship(foreign_keys=[service_checked_by_id])
    sales_checked_by: Mapped["User | None"] = relationship(foreign_keys=[sales_checked_by_id])
    closed_by: Mapped["User | None"] = relationship(foreign_keys=[closed_by_id])

    @property
    def number(self) -> str:
        """Its day."""
        return self.day.isoformat()

    def __str__(self) -> str:
        return self.number


class DayLine(db.Model):
    """A call in the one column in which it stood when the day was closed; rows are only ever added."""

    __tablename__ = "day_line"
    __audited__ = False  # the trail of the book says who closed it
    __table_args__ = (UniqueConstraint("book_id", "closing", "call_id", name="uq_day_line_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("day_book.id", ondelete="RESTRICT"))
    closing: Mapped[int]
    call_id: Mapped[int] = mapped_column(ForeignKey("service_call.id", ondelete="RESTRICT"), index=True)
    standing: Mapped[Standing] = mapped_column(enum_type(Standing))


class UndoneLine(Document, db.Model):
    """A call that was not served by the end of a day, for the supervisor on the next working morning (R-02)."""

    __tablename__ = "undone_line"
    __shown__ = ("deliver_on",)
    __table_args__ = (
        UniqueConstraint("call_id", "deliver_on", name="uq_undone_line_morning"),
        CheckConstraint("deliver_on > day", name="delivered_later"),
        CheckConstraint("standing IN ('not_dispatched', 'unfinished')", name="is_undone"),
        CheckConstraint(
            "(state = 'decided') = (decision IS NOT NULL AND decided_at IS NOT NULL AND decided_by_id IS NOT NULL)",
            name="decided_has_person",
        ),
        Index("ix_undone_line_by_state", "branch_id", "state", "deliver_on", "id"),
        Index("ix_undone_line_deliver_on_id", "deliver_on", "id"),
        Index("ix_undone_line_day", "branch_id", "day"),
    )

    call_id: Mapped[int] = mapped_column(ForeignKey("service_call.id", ondelete="RESTRICT"))
    #: the day at whose end it was found
    day: Mapped[date]
    #: the working day on whose morning it is handed to the supervisor
    deliver_on: Mapped[date]
    standing: Mapped[Standing] = mapped_column(enum_type(Standing))
    #: how often the call has been carried over by then
    times: Mapped[int]
    state: Mapped[UndoneState] = mapped_column(enum_type(UndoneState), default=UndoneState.PENDING)
    decision: Mapped[Decision | None] = mapped_column(enum_type(Decision))
    decision_note: Mapped[str] = mapped_column(String(500), default="")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)

    call: Mapped["ServiceCall"] = relationship(foreign_keys=[call_id])
    decided_by: Mapped["User | None"] = relationship(foreign_keys=[decided_by_id])
    branch: Mapped["Branch"] = relationship(viewonly=True)

    def __str__(self) -> str:
        return self.deliver_on.isoformat()

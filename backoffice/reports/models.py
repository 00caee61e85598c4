"""Daily reports of technicians (E-17), and the supervisor's with its frozen revisions (E-18)."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.db import MAX_KEY, Document, db, enum_type
from backoffice.core.states import StateEnum

from .rules import MOST_MINUTES, LineSource, WorkType

if TYPE_CHECKING:
    from backoffice.calls.models import ServiceCall
    from backoffice.organisation.models import Branch, User
    from backoffice.repairs.models import RepairCard
    from backoffice.vouchers.models import ServiceVoucher


class ReportState(StateEnum):
    """The states of W-6.1."""

    DRAFT = "draft", _l("Draft"), "warn"
    SUBMITTED = "submitted", _l("Submitted"), "info"
    RETURNED = "returned", _l("Sent back for correction"), "bad"
    REVIEWED = "reviewed", _l("Reviewed"), "good", True


class SummaryState(StateEnum):
    """The states of W-6.4."""

    DRAFT = "draft", _l("Draft"), "warn"
    SUBMITTED = "submitted", _l("Submitted"), "info"
    REVIEWED = "reviewed", _l("Reviewed"), "good", True


#: States in which the technician may still change it, and those in which it counts.
IN_HAND = (ReportState.DRAFT, ReportState.RETURNED)
HANDED_IN = (ReportState.SUBMITTED, ReportState.REVIEWED)


class DailyReport(Document, db.Model):
    """What one technician has done on one day of the office; of the branch to which he belonged that day."""

    __tablename__ = "daily_report"
    __shown__ = ("report_on",)
    __table_args__ = (
        UniqueConstraint("technician_id", "report_on", name="uq_daily_report_day"),
        CheckConstraint("state = 'draft' OR submitted_at IS NOT NULL", name="submitted_has_time"),
        CheckConstraint(
            "(state = 'reviewed') = (reviewed_at IS NOT NULL AND reviewed_by_id IS NOT NULL)",
            name="reviewed_has_person",
        ),
        CheckConstraint("reviewed_by_id <> technician_id", name="reviewed_by_another"),
        CheckConstraint("state <> 'returned' OR review_note <> ''", name="returned_has_note"),
        Index("ix_daily_report_by_state", "branch_id", "state", "report_on", "id"),
        Index("ix_daily_report_register", "branch_id", "report_on", "id"),
        Index("ix_daily_report_report_on_id", "report_on", "id"),
    )

    technician_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    report_on: Mapped[date]
    state: Mapped[ReportState] = mapped_column(enum_type(ReportState), default=ReportState.DRAFT)
    #: it is a supervisor's own, which the manager reviews (W-6.2)
    of_supervisor: Mapped[bool] = mapped_column(default=False)
    #: no working day, or the technician was absent
    on_day_off: Mapped[bool] = mapped_column(default=False)
    #: beginning and end of its day
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    #: what began before that is not looked for on it
    earliest_at: Mapped[datetime]
    #: until then it is in time (TL-08)
    due_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None] = mapped_column(index=True)
    #: it was handed in for the first time after `due_at`
    is_late: Mapped[bool] = mapped_column(default=False)
    #: kept with it, so that lists need not sum
    minutes: Mapped[int] = mapped_column(default=0)
    remark: Mapped[str] = mapped_column(String(500), default="")
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    review_note: Mapped[str] = mapped_column(String(500), default="")

    technician: Mapped["User"] = relationship(foreign_keys=[technician_id])
    reviewed_by: Mapped["User | None"] = relationship(foreign_keys=[reviewed_by_id])
    branch: Mapped["Branch"] = relationship(viewonly=True)
    all_lines: Mapped[list["ReportLine"]] = relationship(back_populates="report", order_by="ReportLine.id")

    @property
    def number(self) -> str:
        """Its day, by which people know it; the technician stands beside it."""
        return self.report_on.isoformat()

    @property
    def lines(self) -> list["ReportLine"]:
        """The lines that count, in the order of the day."""
        kept = [line for line in self.all_lines if line.removed_at is None]
        return sorted(
            kept, key=lambda line: (line.started_at is None, line.started_at or self.from_at, line.id or MAX_KEY)
        )

    def __str__(self) -> str:
        return self.number


class ReportLine(Document, db.Model):
    """One piece of work of a report: proposed from what was pressed, or typed. What was proposed stays beside it."""

    __tablename__ = "report_line"
    __shown__ = ("source", "minutes")
    __table_args__ = (
        UniqueConstraint("report_id", "visit_id", name="uq_report_line_visit"),
        UniqueConstraint("report_id", "time_entry_id", name="uq_report_line_time_entry"),
        CheckConstraint(f"minutes BETWEEN 0 AND {MOST_MINUTES}", name="minutes_in_range"),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="end_after_start"),
        CheckConstraint("(started_at IS NULL) = (ended_at IS NULL)", name="start_with_end"),
        CheckConstraint("work_type IS NULL OR (work_type = 'D') = (call_id IS NULL)", name="job_has_call"),
        CheckConstraint("(source = 'visit') = (visit_id IS NOT NULL)", name="visit_is_named"),
        CheckConstraint("(source = 'card') = (time_entry_id IS NOT NULL)", name="entry_is_named"),
        CheckConstraint("(source = 'typed') = (proposed_minutes IS NULL)", name="proposal_is_kept"),
        CheckConstraint("source = 'typed' OR minutes = proposed_minutes OR note <> ''", name="correction_has_note"),
        CheckConstraint("source <> 'typed' OR description <> ''", name="typed_has_words"),
    )

    report_id: Mapped[int] = mapped_column(ForeignKey("daily_report.id", ondelete="RESTRICT"))
    source: Mapped[LineSource] = mapped_column(enum_type(LineSource))
    #: none while the job's service type is undecided and the technician has not said
    work_type: Mapped[WorkType | None] = mapped_column(enum_type(WorkType))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id", ondelete="RESTRICT"), index=True)
    time_entry_id: Mapped[int | None] = mapped_column(ForeignKey("time_entry.id", ondelete="RESTRICT"), index=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("service_call.id", ondelete="RESTRICT"), index=True)
    voucher_id: Mapped[int | None] = mapped_column(ForeignKey("service_voucher.id", ondelete="RESTRICT"), index=True)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("repair_card.id", ondelete="RESTRICT"), index=True)
    description: Mapped[str] = mapped_column(String(500), default="")
    result: Mapped[str] = mapped_column(String(300), default="")
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    minutes: Mapped[int]
    #: what the visit or the entry of time says
    proposed_type: Mapped[WorkType | None] = mapped_column(enum_type(WorkType, "proposed_work_type"))
    proposed_started_at: Mapped[datetime | None]
    proposed_ended_at: Mapped[datetime | None]
    proposed_minutes: Mapped[int | None]
    #: the technician has put another value beside the proposed one; why
    is_corrected: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(300), default="")
    #: taken out by hand, or its visit or entry is gone
    removed_at: Mapped[datetime | None]

    report: Mapped[DailyReport] = relationship(back_populates="all_lines")
    call: Mapped["ServiceCall | None"] = relationship(foreign_keys=[call_id])
    voucher: Mapped["ServiceVoucher | None"] = relationship(foreign_keys=[voucher_id])
    card: Mapped["RepairCard | None"] = relationship(foreign_keys=[card_id])

    def __str__(self) -> str:
        return f"{self.source.label} · {self.minutes}"


class SupervisorReport(Document, db.Model):
    """A branch's day out of the technicians' reports; its figures are frozen in revisions."""

    __tablename__ = "supervisor_report"
    __shown__ = ("report_on",)
    __table_args__ = (
        UniqueConstraint("branch_id", "report_on", name="uq_supervisor_report_day"),
        CheckConstraint("state = 'draft' OR (submitted_at IS NOT NULL AND submitted_by_id IS NOT NULL)",
                        name="submitted_has_person"),
        CheckConstraint("(state = 'draft') = (revision = 0)", name="submitted_is_frozen"),
        CheckConstraint("(state = 'reviewed') = (reviewed_at IS NOT NULL AND reviewed_by_id IS NOT NULL)",
                        name="reviewed_has_person"),
        CheckConstraint("reviewed_by_id <> submitted_by_id", name="reviewed_by_another"),
        Index("ix_supervisor_report_by_state", "branch_id", "state", "report_on", "id"),
        Index("ix_supervisor_report_report_on_id", "report_on", "id"),
    )  # fmt: skip

    report_on: Mapped[date]
    state: Mapped[SummaryState] = mapped_column(enum_type(SummaryState), default=SummaryState.DRAFT)
    due_at: Mapped[datetime]
    remark: Mapped[str] = mapped_column(String(1000), default="")
    #: number of the newest revision; 0 in a draft
    revision: Mapped[int] = mapped_column(default=0)
    submitted_at: Mapped[datetime | None] = mapped_column(index=True)
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    is_late: Mapped[bool] = mapped_column(default=False)
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    review_note: Mapped[str] = mapped_column(String(500), default="")

    branch: Mapped["Branch"] = relationship(viewonly=True)
    submitted_by: Mapped["User | None"] = relationship(foreign_keys=[submitted_by_id])
    reviewed_by: Mapped["User | None"] = relationship(foreign_keys=[reviewed_by_id])
    revisions: Mapped[list["ReportRevision"]] = relationship(back_populates="report", order_by="ReportRevision.nth")

    @property
    def number(self) -> str:
        """Its day."""
        return self.report_on.isoformat()

    def __str__(self) -> str:
        return self.number


class ReportRevision(db.Model):
    """The figures of a supervisor's report as they were at a moment; rows are only ever added (E-18)."""

    __tablename__ = "report_revision"
    __audited__ = False  # the report's own trail says when and by whom
    __table_args__ = (UniqueConstraint("report_id", "nth", name="uq_report_revision_nth"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("supervisor_report.id", ondelete="RESTRICT"))
    nth: Mapped[int]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    reason: Mapped[str] = mapped_column(String(500), default="")
    received: Mapped[int]
    dispatched: Mapped[int]
    finished: Mapped[int]
    carried_over: Mapped[int]
    in_repair: Mapped[int]
    overdue: Mapped[int]

    report: Mapped[SupervisorReport] = relationship(back_populates="revisions")
    made_by: Mapped["User"] = relationship(foreign_keys=[made_by_id])
    cells: Mapped[list["RevisionCell"]] = relationship(order_by="RevisionCell.technician_id, RevisionCell.work_type")
    missing: Mapped[list["RevisionMissing"]] = relationship(order_by="RevisionMissing.technician_id")


class RevisionCell(db.Model):
    """Jobs and minutes of one technician and one kind of work in a revision."""

    __tablename__ = "revision_cell"
    __audited__ = False
    __table_args__ = (
        UniqueConstraint("revision_id", "technician_id", "work_type", name="uq_revision_cell_once"),
        CheckConstraint("jobs >= 0 AND minutes >= 0", name="not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("report_revision.id", ondelete="RESTRICT"))
    technician_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    work_type: Mapped[WorkType] = mapped_column(enum_type(WorkType))
    jobs: Mapped[int]
    minutes: Mapped[int]

    technician: Mapped["User"] = relationship(foreign_keys=[technician_id])


class RevisionMissing(db.Model):
    """A technician whose report was missing when the revision was made (W-6.3)."""

    __tablename__ = "revision_missing"
    __audited__ = False
    __table_args__ = (UniqueConstraint("revision_id", "technician_id", name="uq_revision_missing_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("report_revision.id", ondelete="RESTRICT"))
    technician_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)

    technician: Mapped["User"] = relationship(foreign_keys=[technician_id])

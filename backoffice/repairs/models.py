"""The repair card (E-13) and what is written on it: time, inspections, delay reports (E-14), parts (E-07)."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.calls.rules import FaultCause
from backoffice.core import clock
from backoffice.core.db import Document, db, enum_type
from backoffice.core.searching import Searchable
from backoffice.core.states import StateEnum
from backoffice.goods.models import ItemFacts
from backoffice.parts.models import BuiltIn

from .rules import MOST_MINUTES, DelayReason, InspectionResult, Offer, WaitingFor

if TYPE_CHECKING:
    from backoffice.calls.models import ServiceCall
    from backoffice.goods.models import GoodsEntry
    from backoffice.organisation.models import User
    from backoffice.products.models import InstalledUnit


class CardState(StateEnum):
    """The states of W-4."""

    PENDING = "pending", _l("To be repaired"), "warn"
    REPAIRING = "repairing", _l("Under repair"), "info"
    WAITING = "waiting", _l("Waiting"), "warn"
    REPAIRED = "repaired", _l("Repaired, to be inspected"), "info"
    INSPECTED = "inspected", _l("Inspected"), "good"
    RETURNED = "returned", _l("Returned to the customer"), "neutral", True
    UNREPAIRABLE = "unrepairable", _l("Cannot be repaired"), "bad"
    RELINQUISHED = "relinquished", _l("Given up by the customer"), "neutral", True
    VOID = "void", _l("Void"), "neutral", True


#: States of a card whose goods are in our hands, and those before the inspection.
OPEN = tuple(state for state in CardState if not state.is_final)
BEFORE_INSPECTION = (CardState.PENDING, CardState.REPAIRING, CardState.WAITING, CardState.REPAIRED)
_OPEN = text("state NOT IN ('returned', 'relinquished', 'void')")


class DelayState(StateEnum):
    """What became of a delay report."""

    REPORTED = "reported", _l("Reported"), "warn"
    ACCEPTED = "accepted", _l("New date accepted"), "good", True
    REFUSED = "refused", _l("New date refused"), "bad", True


class RepairCard(ItemFacts, Searchable, Document, db.Model):
    """The card that hangs on one item (S-3.5, S-3.6)."""

    __tablename__ = "repair_card"
    __shown__ = ("number", "customer_kind")
    __table_args__ = (
        CheckConstraint("is_history OR (entry_id IS NOT NULL AND call_id IS NOT NULL)", name="has_goods"),
        CheckConstraint("is_history OR technician_id IS NOT NULL", name="has_technician"),
        CheckConstraint("is_history OR planned_finish_at IS NOT NULL", name="has_plan"),
        CheckConstraint("is_history OR old_number = ''", name="old_number_is_history"),
        CheckConstraint("NOT is_history OR state IN ('returned', 'relinquished', 'void')",
                        name="history_is_over"),
        CheckConstraint(
            "is_history OR state NOT IN ('repaired', 'inspected') OR"
            " (finished_at IS NOT NULL AND fault_cause IS NOT NULL AND work_done <> '')",
            name="repaired_has_facts",
        ),
        CheckConstraint("state <> 'inspected' OR (inspected_at IS NOT NULL AND inspected_by_id IS NOT NULL)",
                        name="inspected_has_inspector"),
        CheckConstraint("(inspected_at IS NULL) = (inspected_by_id IS NULL)", name="inspection_is_whole"),
        CheckConstraint("state <> 'waiting' OR (waiting_for IS NOT NULL AND waiting_reason <> '')",
                        name="waiting_has_reason"),
        CheckConstraint("is_history OR state NOT IN ('unrepairable', 'relinquished') OR"
                        " (unrepairable_reason <> '' AND offer IS NOT NULL)", name="unrepairable_has_reason"),
        CheckConstraint("is_history OR state NOT IN ('returned', 'relinquished') OR ended_at IS NOT NULL",
                        name="ended_has_time"),
        CheckConstraint("quote_amount IS NULL OR quote_amount >= 0", name="quote_not_negative"),
        CheckConstraint("customer_agreed_at IS NULL OR quote_amount IS NOT NULL", name="agreed_to_quote"),
        CheckConstraint("rework_count >= 0", name="rework_not_negative"),
        Index("ix_repair_card_by_state", "branch_id", "state", "id"),
        Index("ix_repair_card_board", "branch_id", "state", "planned_finish_at", "id"),
        Index("ix_repair_card_due", "branch_id", "planned_finish_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_repair_card_own", "technician_id", "state"),
        Index("ix_repair_card_planned_finish_at_id", "planned_finish_at", "id"),
        Index("ix_repair_card_received_at_id", "received_at", "id"),
        Index("ix_repair_card_register", "branch_id", "received_at", "id"),
        Index("uq_repair_card_old_number", "branch_id", "old_number", unique=True,
              sqlite_where=text("old_number <> '' AND state <> 'void'"),
              postgresql_where=text("old_number <> '' AND state <> 'void'")),
    )  # fmt: skip
    __searched__ = ("number", "old_number", "paper_no", "serial_no", "model_text", "customer_name", "fault_text")
    __masked_by__ = ("customer_kind",)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    paper_no: Mapped[str | None] = mapped_column(String(30), unique=True)
    state: Mapped[CardState] = mapped_column(enum_type(CardState), default=CardState.PENDING)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("goods_entry.id", ondelete="RESTRICT"), unique=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("service_call.id", ondelete="RESTRICT"), index=True)
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    #: when the item came to us
    received_at: Mapped[datetime]
    fault_text: Mapped[str] = mapped_column(Text)
    diagnosis: Mapped[str] = mapped_column(Text, default="")
    #: the repair is to be finished by then; it moves only through a delay report (W-4.7)
    planned_finish_at: Mapped[datetime | None]
    #: since when the printed card may hang on the goods (W-4.1)
    printed_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    waiting_for: Mapped[WaitingFor | None] = mapped_column(enum_type(WaitingFor))
    waiting_reason: Mapped[str] = mapped_column(String(300), default="")

    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    finished_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    work_done: Mapped[str] = mapped_column(Text, default="")
    fault_cause: Mapped[FaultCause | None] = mapped_column(enum_type(FaultCause))
    #: ticked: the repair needed no parts
    no_parts: Mapped[bool] = mapped_column(default=False)
    #: readings of the trial run: m³/h, m, A, MΩ
    test_flow: Mapped[float | None]
    test_head: Mapped[float | None]
    test_current: Mapped[float | None]
    test_insulation: Mapped[float | None]
    test_note: Mapped[str] = mapped_column(String(300), default="")

    quote_amount: Mapped[Decimal | None]
    quoted_at: Mapped[datetime | None]
    customer_agreed_at: Mapped[datetime | None]
    agreed_by: Mapped[str] = mapped_column(String(120), default="")

    inspected_at: Mapped[datetime | None] = mapped_column(index=True)
    inspected_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    inspection_note: Mapped[str] = mapped_column(String(500), default="")
    rework_count: Mapped[int] = mapped_column(default=0)
    unrepairable_reason: Mapped[str] = mapped_column(String(500), default="")
    offer: Mapped[Offer | None] = mapped_column(enum_type(Offer))
    replacement_id: Mapped[int | None] = mapped_column(ForeignKey("installed_unit.id", ondelete="RESTRICT"), index=True)
    #: when the item left our hands: returned or given up
    ended_at: Mapped[datetime | None] = mapped_column(index=True)

    #: brought in from an older system: over, without goods, outside the figures
    is_history: Mapped[bool] = mapped_column(default=False)
    old_number: Mapped[str] = mapped_column(String(60), default="", index=True)
    #: what the older system says became of it
    outcome: Mapped[str] = mapped_column(String(300), default="")

    entry: Mapped["GoodsEntry | None"] = relationship(foreign_keys=[entry_id])
    call: Mapped["ServiceCall | None"] = relationship(foreign_keys=[call_id])
    technician: Mapped["User | None"] = relationship(foreign_keys=[technician_id])
    finished_by: Mapped["User | None"] = relationship(foreign_keys=[finished_by_id])
    inspected_by: Mapped["User | None"] = relationship(foreign_keys=[inspected_by_id])
    replacement: Mapped["InstalledUnit | None"] = relationship(foreign_keys=[replacement_id])
    time_entries: Mapped[list["TimeEntry"]] = relationship(back_populates="card", order_by="TimeEntry.started_at")
    parts: Mapped[list["CardPart"]] = relationship(back_populates="card", order_by="CardPart.id")
    inspections: Mapped[list["Inspection"]] = relationship(back_populates="card", order_by="Inspection.id")
    delay_reports: Mapped[list["DelayReport"]] = relationship(back_populates="card", order_by="DelayReport.id")

    @property
    def hangs(self) -> bool:
        """Whether a card hangs on the goods: ours was printed, or a pre-numbered one is used (W-4.1)."""
        return self.printed_at is not None or self.paper_no is not None

    def __str__(self) -> str:
        return self.number


class TimeEntry(Document, db.Model):
    """Working time on a card, stopped by a timer or entered by hand; minutes are missing while the timer runs."""

    __tablename__ = "time_entry"
    __shown__ = ("started_at",)
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (minutes IS NULL)", name="ended_has_minutes"),
        CheckConstraint("ended_at IS NULL OR ended_at > started_at", name="end_after_start"),
        CheckConstraint(f"minutes IS NULL OR minutes BETWEEN 1 AND {MOST_MINUTES}", name="minutes_in_range"),
        CheckConstraint("ended_at IS NULL OR work <> ''", name="ended_has_work"),
        CheckConstraint("voided_at IS NULL OR void_reason <> ''", name="void_has_reason"),
        Index("uq_time_entry_running", "user_id", unique=True, sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
        Index("ix_time_entry_span", "user_id", "started_at"),
        Index("ix_time_entry_started_at_id", "started_at", "id"),
    )  # fmt: skip

    card_id: Mapped[int] = mapped_column(ForeignKey("repair_card.id", ondelete="RESTRICT"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    minutes: Mapped[int | None]
    work: Mapped[str] = mapped_column(String(500), default="")
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(String(300), default="")

    card: Mapped[RepairCard] = relationship(back_populates="time_entries")
    user: Mapped["User"] = relationship(foreign_keys=[user_id])

    def __str__(self) -> str:
        return f"{clock.local(self.started_at):%Y-%m-%d %H:%M}"


class CardPart(BuiltIn, Document, db.Model):
    """A part built in, entered on the card (E-07, W-4.4)."""

    __tablename__ = "card_part"

    card_id: Mapped[int] = mapped_column(ForeignKey("repair_card.id", ondelete="RESTRICT"), index=True)

    card: Mapped[RepairCard] = relationship(back_populates="parts")


class Inspection(Document, db.Model):
    """What a second pair of eyes found; a card that failed one counts as rework (W-4.5, W-4.6, K-13)."""

    __tablename__ = "inspection"
    __shown__ = ("inspected_at", "result")
    __table_args__ = (
        CheckConstraint("result <> 'failed' OR note <> ''", name="failed_has_note"),
        UniqueConstraint("card_id", "nth", name="uq_inspection_nth"),
        Index("ix_inspection_inspected_at_id", "inspected_at", "id"),
    )

    card_id: Mapped[int] = mapped_column(ForeignKey("repair_card.id", ondelete="RESTRICT"), index=True)
    nth: Mapped[int]
    inspected_at: Mapped[datetime]
    inspected_by_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    result: Mapped[InspectionResult] = mapped_column(enum_type(InspectionResult), index=True)
    #: the customer rejected it at the door, though it had passed
    at_customer: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(500), default="")

    card: Mapped[RepairCard] = relationship(back_populates="inspections")
    inspected_by: Mapped["User"] = relationship(foreign_keys=[inspected_by_id])

    def __str__(self) -> str:
        return f"{clock.local(self.inspected_at):%Y-%m-%d %H:%M} {self.result.label}"


class DelayReport(Document, db.Model):
    """The planned finish cannot be kept: reported, decided by the supervisor, told to the customer (S-3.8, E-14)."""

    __tablename__ = "delay_report"
    __shown__ = ("reported_at",)
    __table_args__ = (
        CheckConstraint("new_finish_at > old_finish_at", name="new_date_is_later"),
        CheckConstraint("length(help_requested) > 0", name="has_request"),
        CheckConstraint("(state = 'reported') = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("decided_at IS NULL OR decided_by_id IS NOT NULL", name="decided_has_person"),
        CheckConstraint("customer_informed_at IS NULL OR informed_how <> ''", name="informed_says_how"),
        Index("uq_delay_report_open", "card_id", unique=True, sqlite_where=text("state = 'reported'"),
              postgresql_where=text("state = 'reported'")),
        Index("ix_delay_report_by_state", "branch_id", "state", "id"),
        Index("ix_delay_report_reported_at_id", "reported_at", "id"),
    )  # fmt: skip

    card_id: Mapped[int] = mapped_column(ForeignKey("repair_card.id", ondelete="RESTRICT"), index=True)
    state: Mapped[DelayState] = mapped_column(enum_type(DelayState), default=DelayState.REPORTED)
    reported_at: Mapped[datetime]
    reported_by_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    cause: Mapped[DelayReason] = mapped_column(enum_type(DelayReason), index=True)
    help_requested: Mapped[str] = mapped_column(String(500))
    old_finish_at: Mapped[datetime]
    new_finish_at: Mapped[datetime]
    #: found only after the planned finish had passed; reports before it and after it are counted apart
    is_found_after: Mapped[bool] = mapped_column(default=False, index=True)
    decision: Mapped[str] = mapped_column(String(500), default="")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    customer_informed_at: Mapped[datetime | None]
    informed_how: Mapped[str] = mapped_column(String(300), default="")

    card: Mapped[RepairCard] = relationship(back_populates="delay_reports")
    reported_by: Mapped["User"] = relationship(foreign_keys=[reported_by_id])
    decided_by: Mapped["User | None"] = relationship(foreign_keys=[decided_by_id])

    def __str__(self) -> str:
        return f"{clock.local(self.reported_at):%Y-%m-%d %H:%M}"

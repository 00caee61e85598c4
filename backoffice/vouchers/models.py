"""Service voucher and visit (E-10)."""

from datetime import datetime
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import clock
from backoffice.core.db import Document, db, enum_type, pii
from backoffice.core.searching import Searchable
from backoffice.core.states import LabelledEnum, StateEnum

if TYPE_CHECKING:
    from backoffice.calls.models import ServiceCall
    from backoffice.organisation.models import User


class VoucherState(StateEnum):
    """The states of W-2."""

    ISSUED = "issued", _l("Issued"), "info"
    SIGNED = "signed", _l("Signed"), "good"
    RETURNED = "returned", _l("Returned"), "warn"
    ARCHIVED = "archived", _l("Archived"), "neutral", True
    VOID = "void", _l("Void"), "neutral", True


class OnsiteResult(LabelledEnum):
    """What became of it on site."""

    FIXED = "fixed", _l("Fixed")
    NO_FAULT = "no_fault", _l("No fault found")
    TAKEN_AWAY = "taken_away", _l("Goods taken away")
    REVISIT = "revisit", _l("Another visit needed")
    REFUSED = "refused", _l("Customer refused")


class SignatureMode(LabelledEnum):
    """How the customer signed."""

    ON_SCREEN = "on_screen", _l("Signed on the screen")
    ON_PAPER = "on_paper", _l("Signed on paper (scan)")
    UNSIGNED = "unsigned", _l("Not signed")


class CollectionPath(LabelledEnum):
    """How the money of a paid job comes in (W-5.3)."""

    ONSITE = "onsite", _l("Collected on site")
    INVOICE_FIRST = "invoice_first", _l("Invoice first")


class VisitResult(LabelledEnum):
    """How one visit ended."""

    DONE = "done", _l("Done")
    REVISIT = "revisit", _l("Another visit needed")
    HANDED_ON = "handed_on", _l("Handed to another technician")
    REFUSED = "refused", _l("Customer refused")


voucher_helper = Table(
    "voucher_helper",
    db.metadata,
    Column("voucher_id", ForeignKey("service_voucher.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("user.id", ondelete="RESTRICT"), primary_key=True, index=True),
)


class ServiceVoucher(Searchable, Document, db.Model):
    """The paper with which a technician goes to the customer, and what he found there."""

    __tablename__ = "service_voucher"
    __shown__ = ("number",)
    __table_args__ = (
        CheckConstraint(
            "state <> 'signed' OR (signed_at IS NOT NULL AND onsite_result IS NOT NULL"
            " AND (fault_cause IS NOT NULL OR onsite_result = 'taken_away') AND signature_mode IS NOT NULL)",
            name="signed_has_facts",
        ),
        CheckConstraint("signature_mode <> 'unsigned' OR unsigned_reason <> ''", name="unsigned_has_reason"),
        CheckConstraint(
            "signed_at IS NULL OR signature_mode <> 'unsigned' OR unsigned_confirmed_by_id IS NOT NULL",
            name="unsigned_is_confirmed",
        ),
        CheckConstraint("state NOT IN ('returned', 'archived') OR returned_at IS NOT NULL", name="returned_has_time"),
        CheckConstraint("(state = 'archived') = (archived_at IS NOT NULL)", name="archived_has_time"),
        CheckConstraint("(state = 'void') = (voided_at IS NOT NULL)", name="void_has_time"),
        CheckConstraint("state <> 'void' OR void_reason <> ''", name="void_has_reason"),
        CheckConstraint("labour_minutes IS NULL OR labour_minutes BETWEEN 0 AND 14400", name="labour_in_range"),
        Index("uq_service_voucher_live", "call_id", unique=True, sqlite_where=text("state <> 'void'"),
              postgresql_where=text("state <> 'void'")),
        Index("ix_service_voucher_state", "branch_id", "state", "return_due_at"),
        Index("ix_service_voucher_unsigned", "branch_id", "id",
              sqlite_where=text("signature_mode = 'unsigned' AND signed_at IS NULL"),
              postgresql_where=text("signature_mode = 'unsigned' AND signed_at IS NULL")),
        Index("ix_service_voucher_by_state", "branch_id", "state", "id"),
        Index("ix_service_voucher_own", "technician_id", "state"),
    )  # fmt: skip
    __searched__ = ("number", "paper_no")
    __searched_with__ = {"call": ("number", "customer_name", "contact_name", "phone")}

    number: Mapped[str] = mapped_column(String(40), unique=True)
    #: number printed on the pre-numbered sheet, if one was used
    paper_no: Mapped[str | None] = mapped_column(String(30), unique=True)
    state: Mapped[VoucherState] = mapped_column(enum_type(VoucherState), default=VoucherState.ISSUED)
    call_id: Mapped[int] = mapped_column(ForeignKey("service_call.id", ondelete="RESTRICT"), index=True)
    technician_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    issued_at: Mapped[datetime] = mapped_column(index=True)

    service_type: Mapped[ServiceType | None] = mapped_column(enum_type(ServiceType))
    onsite_result: Mapped[OnsiteResult | None] = mapped_column(enum_type(OnsiteResult))
    work_done: Mapped[str] = mapped_column(Text, default="")
    fault_cause: Mapped[FaultCause | None] = mapped_column(enum_type(FaultCause))
    labour_minutes: Mapped[int | None]
    #: how it is to be paid, where the technician chose; none: as the rule says (W-5.3)
    path: Mapped[CollectionPath | None] = mapped_column(enum_type(CollectionPath))

    signature_mode: Mapped[SignatureMode | None] = mapped_column(enum_type(SignatureMode))
    signed_by: Mapped[str] = mapped_column(String(60), default="", info=pii("name"))
    signed_at: Mapped[datetime | None] = mapped_column(index=True)
    unsigned_reason: Mapped[str] = mapped_column(String(300), default="")
    unsigned_confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)

    #: none while goods of the job are still with us
    return_due_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None] = mapped_column(index=True)
    returned_to_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    write_off_due_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None] = mapped_column(index=True)
    archived_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    archive_location: Mapped[str] = mapped_column(String(60), default="")
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(String(300), default="")
    replaced_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("service_voucher.id", ondelete="RESTRICT"), index=True
    )

    call: Mapped["ServiceCall"] = relationship(foreign_keys=[call_id])
    technician: Mapped["User"] = relationship(foreign_keys=[technician_id])
    helpers: Mapped[list["User"]] = relationship(secondary=voucher_helper)
    visits: Mapped[list["Visit"]] = relationship(back_populates="voucher", order_by="Visit.arrived_at")
    unsigned_confirmed_by: Mapped["User | None"] = relationship(foreign_keys=[unsigned_confirmed_by_id])
    returned_to: Mapped["User | None"] = relationship(foreign_keys=[returned_to_id])
    archived_by: Mapped["User | None"] = relationship(foreign_keys=[archived_by_id])
    replaced_by: Mapped["ServiceVoucher | None"] = relationship(
        foreign_keys=[replaced_by_id], remote_side="ServiceVoucher.id", post_update=True
    )

    @property
    def open_visit(self) -> "Visit | None":
        """The visit that is going on, if any."""
        return next((visit for visit in self.visits if visit.left_at is None), None)

    @property
    def is_waiting_unsigned(self) -> bool:
        """Whether the technician's report without a signature waits for the supervisor (W-1.4)."""
        return self.signature_mode is SignatureMode.UNSIGNED and self.signed_at is None

    def __str__(self) -> str:
        return self.number


class Visit(Document, db.Model):
    """One attendance on site; a voucher may have several. Only the pressed times are kept, no track (X-23)."""

    __tablename__ = "visit"
    __shown__ = ("arrived_at",)
    __table_args__ = (
        CheckConstraint("left_at IS NULL OR left_at >= arrived_at", name="left_after_arrival"),
        CheckConstraint("departed_at IS NULL OR departed_at <= arrived_at", name="departed_before_arrival"),
        Index("ix_visit_span", "technician_id", "arrived_at"),
        Index("uq_visit_open", "voucher_id", unique=True, sqlite_where=text("left_at IS NULL"),
              postgresql_where=text("left_at IS NULL")),
    )  # fmt: skip

    voucher_id: Mapped[int] = mapped_column(ForeignKey("service_voucher.id", ondelete="RESTRICT"), index=True)
    technician_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    departed_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime] = mapped_column(index=True)
    left_at: Mapped[datetime | None]
    result: Mapped[VisitResult | None] = mapped_column(enum_type(VisitResult))
    note: Mapped[str] = mapped_column(String(500), default="")

    voucher: Mapped["ServiceVoucher"] = relationship(back_populates="visits")
    technician: Mapped["User"] = relationship(foreign_keys=[technician_id])

    def __str__(self) -> str:
        return f"{clock.local(self.arrived_at):%Y-%m-%d %H:%M}"

"""Parts used on site, and the fee of a job with its lines (E-10, W-5.2)."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.calls.rules import ServiceType
from backoffice.core.db import Document, Quantity, db, enum_type
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Role
from backoffice.parts.models import BuiltIn
from backoffice.vouchers.models import CollectionPath

from .rules import FeeKind, TaxNature

if TYPE_CHECKING:
    from backoffice.calls.models import ServiceCall
    from backoffice.organisation.models import User
    from backoffice.parts.models import Part
    from backoffice.repairs.models import RepairCard


class SitePart(BuiltIn, Document, db.Model):
    """A part built in on site (E-10)."""

    __tablename__ = "site_part"

    call_id: Mapped[int] = mapped_column(ForeignKey("service_call.id", ondelete="RESTRICT"), index=True)

    call: Mapped["ServiceCall"] = relationship(foreign_keys=[call_id])


class FeeSheet(Document, db.Model):
    """The fee of a job: what is added to it or taken off by hand while it runs, and its lines once it is settled.

    A job has one that is current; a correction of the service type after the signature replaces it by another (W-1.6).
    """

    __tablename__ = "fee_sheet"
    __shown__ = ("call_id", "total")
    __table_args__ = (
        CheckConstraint("other_amount >= 0", name="other_not_negative"),
        CheckConstraint("other_amount = 0 OR other_reason <> ''", name="other_has_reason"),
        CheckConstraint("discount_percent >= 0", name="discount_not_negative"),
        CheckConstraint("discount_percent = 0 OR (discount_reason <> '' AND discount_by_id IS NOT NULL"
                        " AND discount_at IS NOT NULL AND discount_role IS NOT NULL)",
                        name="discount_has_person"),
        CheckConstraint("settled_at IS NULL OR total = labour_fee + travel_fee + parts_fee + other_fee - discount",
                        name="adds_up"),
        CheckConstraint("settled_at IS NULL OR total >= 0", name="not_negative"),
        CheckConstraint("settled_at IS NULL OR service_type IS NOT NULL", name="settled_has_type"),
        CheckConstraint("settled_at IS NULL OR (hourly_rate IS NOT NULL AND travel_rate IS NOT NULL)",
                        name="settled_has_rates"),
        CheckConstraint("settled_at IS NULL OR (total > 0) = (path IS NOT NULL)", name="path_where_it_costs"),
        CheckConstraint("(replaces_id IS NULL) = (replaced_reason = '')", name="replaced_has_reason"),
        Index("uq_fee_sheet_current", "call_id", unique=True, sqlite_where=text("is_current"),
              postgresql_where=text("is_current")),
        Index("ix_fee_sheet_settled_at_id", "settled_at", "id"),
    )  # fmt: skip

    call_id: Mapped[int] = mapped_column(ForeignKey("service_call.id", ondelete="RESTRICT"), index=True)
    is_current: Mapped[bool] = mapped_column(default=True)
    #: what comes to it besides labour, travel and parts, and why
    other_amount: Mapped[Decimal] = mapped_column(default=NOTHING)
    other_reason: Mapped[str] = mapped_column(String(300), default="")
    #: taken off the whole, with whoever approved it (W-5.2)
    discount_percent: Mapped[Decimal] = mapped_column(default=NOTHING)
    discount_reason: Mapped[str] = mapped_column(String(300), default="")
    discount_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    discount_at: Mapped[datetime | None]
    #: how far the supervisor could go then (C-54), and in which role it was given
    discount_limit: Mapped[Decimal] = mapped_column(default=NOTHING)
    discount_role: Mapped[Role | None] = mapped_column(enum_type(Role, "discount_role"))

    #: copied when the job is completed, and never computed again
    settled_at: Mapped[datetime | None]
    service_type: Mapped[ServiceType | None] = mapped_column(enum_type(ServiceType))
    path: Mapped[CollectionPath | None] = mapped_column(enum_type(CollectionPath))
    #: what an hour and the way cost then (C-12, C-13); a correction of the service type reckons with them again
    hourly_rate: Mapped[Decimal | None]
    travel_rate: Mapped[Decimal | None]
    labour_fee: Mapped[Decimal] = mapped_column(default=NOTHING)
    travel_fee: Mapped[Decimal] = mapped_column(default=NOTHING)
    parts_fee: Mapped[Decimal] = mapped_column(default=NOTHING)
    #: other, and visits under a contract
    other_fee: Mapped[Decimal] = mapped_column(default=NOTHING)
    discount: Mapped[Decimal] = mapped_column(default=NOTHING)
    total: Mapped[Decimal] = mapped_column(default=NOTHING)
    #: the sheet in whose place it stands, and why
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("fee_sheet.id", ondelete="RESTRICT"), unique=True)
    replaced_reason: Mapped[str] = mapped_column(String(300), default="")

    call: Mapped["ServiceCall"] = relationship(foreign_keys=[call_id])
    discount_by: Mapped["User | None"] = relationship(foreign_keys=[discount_by_id])
    replaces: Mapped["FeeSheet | None"] = relationship(foreign_keys=[replaces_id], remote_side="FeeSheet.id")
    lines: Mapped[list["FeeLine"]] = relationship(back_populates="sheet", order_by="FeeLine.position")

    def __str__(self) -> str:
        return f"#{self.id}"


class FeeLine(Document, db.Model):
    """One line of a settled fee; a discount is a line below zero, what is free a line of 0 (W-5.2)."""

    __tablename__ = "fee_line"
    __shown__ = ("kind", "name")
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("(kind = 'discount') = (amount < 0)", name="only_discount_below_zero"),
        UniqueConstraint("sheet_id", "position", name="uq_fee_line_position"),
    )

    sheet_id: Mapped[int] = mapped_column(ForeignKey("fee_sheet.id", ondelete="RESTRICT"))
    position: Mapped[int]
    kind: Mapped[FeeKind] = mapped_column(enum_type(FeeKind))
    name: Mapped[str] = mapped_column(String(300))
    tax_nature: Mapped[TaxNature] = mapped_column(enum_type(TaxNature))
    quantity: Mapped[Decimal] = mapped_column(Quantity())
    unit: Mapped[str] = mapped_column(String(20), default="")
    #: with tax
    unit_price: Mapped[Decimal]
    amount: Mapped[Decimal]
    part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id", ondelete="RESTRICT"), index=True)
    #: the card from which it comes; none: from the visit
    card_id: Mapped[int | None] = mapped_column(ForeignKey("repair_card.id", ondelete="RESTRICT"), index=True)

    sheet: Mapped[FeeSheet] = relationship(back_populates="lines")
    part: Mapped["Part | None"] = relationship(foreign_keys=[part_id])
    card: Mapped["RepairCard | None"] = relationship(foreign_keys=[card_id])

    def __str__(self) -> str:
        return f"{self.kind.label} {self.name}"

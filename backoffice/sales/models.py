"""Parts sales and their lines (E-30)."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.db import Document, Quantity, db, enum_type
from backoffice.core.money import NOTHING
from backoffice.core.searching import Searchable
from backoffice.core.states import StateEnum
from backoffice.receivables.models import CustomerFacts

if TYPE_CHECKING:
    from backoffice.organisation.models import User
    from backoffice.parts.models import Part, StockMovement
    from backoffice.receivables.models import Due


class SaleState(StateEnum):
    """The states of a parts sale (E-30)."""

    DRAFT = "draft", _l("Draft"), "warn"
    DELIVERED = "delivered", _l("Delivered"), "good"
    REVERSED = "reversed", _l("Wholly taken back"), "neutral", True
    VOID = "void", _l("Void"), "neutral", True


class PartsSale(CustomerFacts, Searchable, Document, db.Model):
    """Parts supplied to a customer (N-23); a past one may be a reversal, below zero."""

    __tablename__ = "parts_sale"
    __shown__ = ("number", "customer_kind")
    __table_args__ = (
        CheckConstraint("state <> 'delivered' OR delivered_at IS NOT NULL", name="delivered_has_time"),
        CheckConstraint("(state = 'void') = (void_reason <> '')", name="void_has_reason"),
        CheckConstraint("is_history OR total >= 0", name="not_below_zero"),
        CheckConstraint("is_history OR old_number = ''", name="old_number_is_history"),
        CheckConstraint("NOT is_history OR state IN ('delivered', 'void')", name="history_is_over"),
        CheckConstraint("NOT is_history OR due_id IS NULL", name="history_is_paid"),
        CheckConstraint("returned_total >= 0", name="returned_not_negative"),
        Index("uq_parts_sale_old_number", "branch_id", "old_number", unique=True,
              sqlite_where=text("old_number <> '' AND state <> 'void'"),
              postgresql_where=text("old_number <> '' AND state <> 'void'")),
        Index("ix_parts_sale_by_state", "branch_id", "state", "id"),
        Index("ix_parts_sale_register", "branch_id", "id"),
        Index("ix_parts_sale_sold_at_id", "sold_at", "id"),
    )  # fmt: skip
    __searched__ = ("number", "old_number", "customer_name")
    __masked_by__ = ("customer_kind",)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[SaleState] = mapped_column(enum_type(SaleState), default=SaleState.DRAFT)
    sold_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    delivered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    total: Mapped[Decimal] = mapped_column(default=NOTHING)
    #: what was taken back of it, above 0
    returned_total: Mapped[Decimal] = mapped_column(default=NOTHING)
    remark: Mapped[str] = mapped_column(String(300), default="")
    void_reason: Mapped[str] = mapped_column(String(300), default="")
    #: what is due for it; made at delivery when the total is above 0
    due_id: Mapped[int | None] = mapped_column(ForeignKey("due.id", ondelete="RESTRICT"), unique=True)
    #: brought in from an older system: over and paid
    is_history: Mapped[bool] = mapped_column(default=False)
    old_number: Mapped[str] = mapped_column(String(60), default="", index=True)

    delivered_by: Mapped["User | None"] = relationship(foreign_keys=[delivered_by_id])
    due: Mapped["Due | None"] = relationship(foreign_keys=[due_id])
    lines: Mapped[list["SaleLine"]] = relationship(back_populates="sale", order_by="SaleLine.position")

    @property
    def valid_lines(self) -> list["SaleLine"]:
        """Its lines without those struck out of the draft."""
        return [line for line in self.lines if line.quantity]

    def __str__(self) -> str:
        return self.number


class SaleLine(Document, db.Model):
    """One part of a sale with its price of that moment; what comes back of it is counted on the line (E-30).

    A quantity of 0: struck out of the draft.
    """

    __tablename__ = "sale_line"
    __shown__ = ("name",)
    __table_args__ = (
        CheckConstraint("quantity <> 0 OR (amount = 0 AND movement_id IS NULL)", name="struck_is_nothing"),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("unit_price <= unit_cost OR price_reason <> ''", name="above_cost_has_reason"),
        CheckConstraint("movement_id IS NULL OR unit_cost IS NOT NULL", name="sold_has_cost"),
        CheckConstraint("returned_quantity >= 0 AND returned_amount >= 0", name="returned_not_negative"),
        CheckConstraint("returned_quantity = 0 OR returned_quantity <= quantity", name="returned_was_sold"),
        UniqueConstraint("sale_id", "position", name="uq_sale_line_position"),
    )

    sale_id: Mapped[int] = mapped_column(ForeignKey("parts_sale.id", ondelete="RESTRICT"))
    position: Mapped[int]
    #: none: a part of an older system that we do not keep
    part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id", ondelete="RESTRICT"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    quantity: Mapped[Decimal] = mapped_column(Quantity())
    unit: Mapped[str] = mapped_column(String(20), default="")
    #: what one of them cost us then; none: not known of a past sale (K-16)
    unit_cost: Mapped[Decimal | None]
    unit_price: Mapped[Decimal]
    price_reason: Mapped[str] = mapped_column(String(300), default="")
    amount: Mapped[Decimal]
    returned_quantity: Mapped[Decimal] = mapped_column(Quantity(), default=Decimal(0))
    returned_amount: Mapped[Decimal] = mapped_column(default=NOTHING)
    movement_id: Mapped[int | None] = mapped_column(ForeignKey("stock_movement.id", ondelete="RESTRICT"), unique=True)

    sale: Mapped[PartsSale] = relationship(back_populates="lines")
    part: Mapped["Part | None"] = relationship(foreign_keys=[part_id])
    movement: Mapped["StockMovement | None"] = relationship(foreign_keys=[movement_id])

    @property
    def left(self) -> Decimal:
        """What of it has not come back."""
        return self.quantity - self.returned_quantity

    def __str__(self) -> str:
        return self.name

"""Merges of customers, and pairs that were told apart."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.db import Document, db, enum_type
from backoffice.core.states import StateEnum

if TYPE_CHECKING:
    from backoffice.customers.models import Customer


class MergeState(StateEnum):
    """Where a proposal to merge stands."""

    PROPOSED = "proposed", _l("Proposed"), "warn"
    MERGED = "merged", _l("Merged"), "good", True
    DECLINED = "declined", _l("Declined"), "neutral", True


class CustomerMerge(Document, db.Model):
    """The proposal to give up one customer for another, and what became of it."""

    __tablename__ = "customer_merge"
    __shown__ = ("customer", "survivor")
    __table_args__ = (
        CheckConstraint("customer_id <> survivor_id", name="two_customers"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("(state = 'merged') = (moved IS NOT NULL)", name="merged_has_figures"),
        Index("ix_customer_merge_state", "branch_id", "state"),
        Index("uq_customer_merge_open", "customer_id", unique=True, sqlite_where=text("state = 'proposed'"),
              postgresql_where=text("state = 'proposed'")),
        Index("ix_customer_merge_customer", "customer_id"),
    )  # fmt: skip

    state: Mapped[MergeState] = mapped_column(enum_type(MergeState), default=MergeState.PROPOSED)
    #: the customer to be given up, and the one that stays
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"))
    survivor_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"), index=True)
    #: the fields whose value comes from the customer given up although the other one has one too
    taken: Mapped[list[str]] = mapped_column(default=list)
    reason: Mapped[str] = mapped_column(String(500))
    decided_at: Mapped[datetime | None]
    #: how many rows moved, by table; each of them has its own line in the audit trail
    moved: Mapped[dict[str, Any] | None] = mapped_column(info={"derived": True})

    customer: Mapped["Customer"] = relationship(foreign_keys=[customer_id])
    survivor: Mapped["Customer"] = relationship(foreign_keys=[survivor_id])

    def __str__(self) -> str:
        return f"{self.customer} → {self.survivor}"


class CustomerDistinct(Document, db.Model):
    """Two customers that look alike and are not the same; they are not found as doubles again."""

    __tablename__ = "customer_distinct"
    __shown__ = ("low", "high")
    __table_args__ = (
        CheckConstraint("low_id < high_id", name="in_order"),
        UniqueConstraint("low_id", "high_id", name="uq_customer_distinct_pair"),
    )

    low_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"))
    high_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"), index=True)
    reason: Mapped[str] = mapped_column(String(500), default="")

    low: Mapped["Customer"] = relationship(foreign_keys=[low_id])
    high: Mapped["Customer"] = relationship(foreign_keys=[high_id])

    def __str__(self) -> str:
        return f"{self.low} ≠ {self.high}"

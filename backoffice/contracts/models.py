"""Service contracts and the units that they cover (E-09)."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Column, ColumnElement, ForeignKey, Index, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.db import Document, db, enum_type
from backoffice.core.searching import Searchable
from backoffice.core.states import StateEnum

from .rules import MOST_VISITS, FeeMode

if TYPE_CHECKING:
    from backoffice.customers.models import Customer
    from backoffice.organisation.models import User
    from backoffice.products.models import InstalledUnit


class ContractState(StateEnum):
    """The states of E-09."""

    DRAFT = "draft", _l("Draft"), "warn"
    ACTIVE = "active", _l("In force"), "good"
    EXPIRED = "expired", _l("Expired"), "neutral", True
    TERMINATED = "terminated", _l("Terminated"), "neutral", True


contract_unit = Table(
    "contract_unit",
    db.metadata,
    Column("contract_id", ForeignKey("service_contract.id", ondelete="CASCADE"), primary_key=True),
    Column("unit_id", ForeignKey("installed_unit.id", ondelete="RESTRICT"), primary_key=True, index=True),
)
_ACTIVE = text("state = 'active'")


class ServiceContract(Searchable, Document, db.Model):
    """What a customer pays for the service of his units, from a day to a day."""

    __tablename__ = "service_contract"
    __shown__ = ("number",)
    __table_args__ = (
        CheckConstraint("end_on >= start_on", name="ends_after_start"),
        CheckConstraint("fee_amount >= 0", name="fee_not_negative"),
        CheckConstraint(f"visits_per_year IS NULL OR visits_per_year BETWEEN 1 AND {MOST_VISITS}", name="visits"),
        CheckConstraint("(activated_at IS NULL) = (activated_by_id IS NULL)", name="activation_has_person"),
        CheckConstraint("state <> 'draft' OR activated_at IS NULL", name="draft_is_not_activated"),
        CheckConstraint("state NOT IN ('active', 'expired') OR activated_at IS NOT NULL", name="active_is_activated"),
        CheckConstraint("(activated_at IS NULL) = (remind_from IS NULL)", name="active_has_warning"),
        CheckConstraint("(state = 'terminated') = (end_reason <> '')", name="terminated_has_reason"),
        CheckConstraint(
            "(terminated_on IS NOT NULL) = (state = 'terminated' AND activated_at IS NOT NULL)",
            name="terminated_has_day",
        ),
        CheckConstraint("terminated_on IS NULL OR terminated_on <= end_on", name="terminated_before_end"),
        CheckConstraint("renews_id <> id", name="not_after_itself"),
        Index("ix_service_contract_by_state", "branch_id", "state", "id"),
        Index("ix_service_contract_register", "branch_id", "id"),
        Index("ix_service_contract_ending", "branch_id", "remind_from", "id", sqlite_where=_ACTIVE,
              postgresql_where=_ACTIVE),
        Index("ix_service_contract_end_on_id", "end_on", "id"),
        Index("ix_service_contract_customer_id_id", "customer_id", "id"),
    )  # fmt: skip
    __searched__ = ("number", "customer_no")

    number: Mapped[str] = mapped_column(String(40), unique=True)
    #: the number that the contract has at the customer's
    customer_no: Mapped[str] = mapped_column(String(60), default="", index=True)
    state: Mapped[ContractState] = mapped_column(enum_type(ContractState), default=ContractState.DRAFT)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"))
    start_on: Mapped[date] = mapped_column(index=True)
    end_on: Mapped[date]
    fee_mode: Mapped[FeeMode] = mapped_column(enum_type(FeeMode), index=True)
    #: for a year, a quarter or a visit
    fee_amount: Mapped[Decimal]
    parts_included: Mapped[bool] = mapped_column(default=False)
    visits_per_year: Mapped[int | None]
    terms: Mapped[str] = mapped_column(sa.Text, default="")

    activated_at: Mapped[datetime | None] = mapped_column(index=True)
    activated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    #: from this day on it counts as ending soon (C-53)
    remind_from: Mapped[date | None]
    #: the last day on which it holds, where it was ended before its end
    terminated_on: Mapped[date | None]
    end_reason: Mapped[str] = mapped_column(String(300), default="")
    #: the contract on which it follows
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("service_contract.id", ondelete="RESTRICT"), index=True)

    customer: Mapped["Customer"] = relationship(foreign_keys=[customer_id])
    units: Mapped[list["InstalledUnit"]] = relationship(secondary=contract_unit, order_by="InstalledUnit.serial_no")
    activated_by: Mapped["User | None"] = relationship(foreign_keys=[activated_by_id])
    renews: Mapped["ServiceContract | None"] = relationship(foreign_keys=[renews_id], remote_side="ServiceContract.id")

    @property
    def last_on(self) -> date:
        """The last day on which it holds: its end, or the day on which it was terminated."""
        return self.terminated_on or self.end_on

    def __str__(self) -> str:
        return self.number


def last_day(contract: Any = ServiceContract) -> ColumnElement[date]:
    """`ServiceContract.last_on` in the database; contract: the class or an alias of it."""
    return sa.func.coalesce(contract.terminated_on, contract.end_on)

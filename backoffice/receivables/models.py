"""Dues and their lines, payments and their shares, cash handovers (E-15)."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from backoffice.core.db import Document, Quantity, db, enum_type, pii
from backoffice.core.money import NOTHING
from backoffice.core.searching import Searchable
from backoffice.core.states import StateEnum
from backoffice.customers.models import CustomerKind
from backoffice.fees.rules import TaxNature
from backoffice.vouchers.models import CollectionPath

from .rules import DueSource, PaymentMethod

if TYPE_CHECKING:
    from backoffice.calls.models import ServiceCall
    from backoffice.contracts.models import ServiceContract
    from backoffice.customers.models import Customer
    from backoffice.organisation.models import User


class DueState(StateEnum):
    """The states of W-5.1."""

    DUE = "due", _l("To be paid"), "warn"
    COLLECTED = "collected", _l("Paid, to be confirmed"), "info"
    CONFIRMED = "confirmed", _l("Paid and confirmed"), "good"
    WAIVED = "waived", _l("Waived"), "neutral", True
    VOID = "void", _l("Void"), "neutral", True


#: States of a due of which nothing is missing any more.
SETTLED = (DueState.CONFIRMED, DueState.WAIVED)


class HandoverState(StateEnum):
    """What became of cash that was handed over (E-15)."""

    OPEN = "open", _l("To be counted"), "warn"
    CONFIRMED = "confirmed", _l("Counted and confirmed"), "good", True
    WITHDRAWN = "withdrawn", _l("Withdrawn"), "neutral", True


#: Conditions of partial indexes as each database is asked: SQLite takes an index only for the very words.
_IN_HAND: dict[str, Any] = {
    "sqlite_where": text("is_handed_over = 0 AND holder_id IS NOT NULL"),
    "postgresql_where": text("NOT is_handed_over AND holder_id IS NOT NULL"),
}
_TO_INVOICE: dict[str, Any] = {
    "sqlite_where": text("is_invoiced = 0 AND state NOT IN ('waived', 'void')"),
    "postgresql_where": text("NOT is_invoiced AND state NOT IN ('waived', 'void')"),
}
_REQUEST_DUE: dict[str, Any] = {
    "sqlite_where": text("is_invoiced = 0 AND request_due_at IS NOT NULL"),
    "postgresql_where": text("NOT is_invoiced AND request_due_at IS NOT NULL"),
}
_TO_CHECK = text("checked_at IS NULL AND method <> 'cash' AND reversal_of_id IS NULL")


class CustomerFacts:
    """Whose it is, as it was when it was written."""

    customer_kind: Mapped[CustomerKind] = mapped_column(enum_type(CustomerKind), default=CustomerKind.COMPANY)
    customer_name: Mapped[str] = mapped_column(String(120), default="", info=pii("name"), index=True)

    @declared_attr
    def customer_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"), index=True)

    @declared_attr
    def customer(cls) -> Mapped["Customer"]:
        return relationship(foreign_keys=[cls.customer_id])  # type: ignore[list-item]

    def masks(self, field: str) -> bool:
        """A person's name is masked, a company's is not (X-20)."""
        return field != "customer_name" or self.customer_kind is not CustomerKind.COMPANY


class Due(CustomerFacts, Searchable, Document, db.Model):
    """What a customer owes for a job, a period of his contract or a parts sale (N-09)."""

    __tablename__ = "due"
    __shown__ = ("number", "customer_kind")
    __table_args__ = (
        CheckConstraint("amount > 0 OR state = 'void'", name="amount_positive"),
        CheckConstraint("paid_amount BETWEEN 0 AND amount", name="paid_in_range"),
        CheckConstraint("state <> 'due' OR paid_amount < amount", name="due_is_not_paid"),
        CheckConstraint("state NOT IN ('collected', 'confirmed') OR paid_amount = amount", name="collected_is_paid"),
        CheckConstraint("state <> 'void' OR paid_amount = 0", name="void_is_not_paid"),
        CheckConstraint("(state = 'waived') = (waived_at IS NOT NULL)", name="waived_has_time"),
        CheckConstraint("(waived_at IS NULL) = (waived_by_id IS NULL)", name="waived_has_person"),
        CheckConstraint("state NOT IN ('waived', 'void') OR end_reason <> ''", name="end_has_reason"),
        CheckConstraint("source <> 'job' OR call_id IS NOT NULL", name="job_has_call"),
        CheckConstraint("source <> 'contract' OR (contract_id IS NOT NULL AND period_from IS NOT NULL"
                        " AND period_to >= period_from)", name="contract_has_period"),
        Index("uq_due_live_call", "call_id", unique=True, sqlite_where=text("source = 'job' AND state <> 'void'"),
              postgresql_where=text("source = 'job' AND state <> 'void'")),
        Index("uq_due_period", "contract_id", "period_from", unique=True, sqlite_where=text("source = 'contract'"
              " AND state <> 'void'"), postgresql_where=text("source = 'contract' AND state <> 'void'")),
        Index("ix_due_by_state", "branch_id", "state", "id"),
        Index("ix_due_by_age", "branch_id", "state", "due_on", "id", "amount", "paid_amount", "customer_id", "path",
              "is_invoiced"),
        Index("ix_due_register", "branch_id", "id"),
        Index("ix_due_due_on_id", "due_on", "id"),
        Index("ix_due_to_invoice", "branch_id", "request_due_at", "made_at", "id", "state", "path", "source", "amount",
              **_TO_INVOICE),
        Index("ix_due_request_due", "branch_id", "request_due_at", **_REQUEST_DUE),
    )  # fmt: skip
    __searched__ = ("number", "source_number", "customer_name")
    __masked_by__ = ("customer_kind",)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[DueState] = mapped_column(enum_type(DueState), default=DueState.DUE)
    source: Mapped[DueSource] = mapped_column(enum_type(DueSource), index=True)
    #: number of the voucher, the contract or the sale
    source_number: Mapped[str] = mapped_column(String(40), default="", index=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("service_call.id", ondelete="RESTRICT"), index=True)
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("service_contract.id", ondelete="RESTRICT"), index=True)
    period_from: Mapped[date | None]
    period_to: Mapped[date | None]
    #: who collects it on site
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    path: Mapped[CollectionPath] = mapped_column(enum_type(CollectionPath), index=True)
    path_reason: Mapped[str] = mapped_column(String(300), default="")
    #: with tax
    amount: Mapped[Decimal]
    #: the sum of the shares of payments in it
    paid_amount: Mapped[Decimal] = mapped_column(default=NOTHING)
    made_at: Mapped[datetime] = mapped_column(index=True)
    #: from this day on it counts as outstanding; its age runs from here
    due_on: Mapped[date]
    #: by then its invoice has to be requested (TL-07)
    request_due_at: Mapped[datetime | None]
    #: whether an invoice that is not rejected or wholly red covers it
    is_invoiced: Mapped[bool] = mapped_column(default=False, index=True)
    waived_at: Mapped[datetime | None]
    waived_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    end_reason: Mapped[str] = mapped_column(String(300), default="")

    call: Mapped["ServiceCall | None"] = relationship(foreign_keys=[call_id])
    contract: Mapped["ServiceContract | None"] = relationship(foreign_keys=[contract_id])
    technician: Mapped["User | None"] = relationship(foreign_keys=[technician_id])
    waived_by: Mapped["User | None"] = relationship(foreign_keys=[waived_by_id])
    lines: Mapped[list["DueLine"]] = relationship(back_populates="due", order_by="DueLine.position")
    shares: Mapped[list["PaymentShare"]] = relationship(back_populates="due", order_by="PaymentShare.id")

    @property
    def open_amount(self) -> Decimal:
        """What is still to be paid; nothing once it is waived or void."""
        return NOTHING if self.state in (DueState.WAIVED, DueState.VOID) else self.amount - self.paid_amount

    def __str__(self) -> str:
        return self.number


class DueLine(Document, db.Model):
    """One line of what is due, copied from fee, contract or sale, and from here onto the invoice."""

    __tablename__ = "due_line"
    __shown__ = ("name",)
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        UniqueConstraint("due_id", "position", name="uq_due_line_position"),
    )

    due_id: Mapped[int] = mapped_column(ForeignKey("due.id", ondelete="RESTRICT"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(300))
    tax_nature: Mapped[TaxNature] = mapped_column(enum_type(TaxNature))
    quantity: Mapped[Decimal] = mapped_column(Quantity())
    unit: Mapped[str] = mapped_column(String(20), default="")
    #: with tax
    unit_price: Mapped[Decimal]
    amount: Mapped[Decimal]

    due: Mapped[Due] = relationship(back_populates="lines")

    def __str__(self) -> str:
        return self.name


class CashHandover(Searchable, Document, db.Model):
    """Cash that somebody who collects hands over to finance (N-10, P-4)."""

    __tablename__ = "cash_handover"
    __shown__ = ("number",)
    __table_args__ = (
        CheckConstraint("total = lines_total + carried", name="adds_up"),
        CheckConstraint("(state = 'confirmed') = (confirmed_at IS NOT NULL)", name="confirmed_has_time"),
        CheckConstraint("(confirmed_at IS NULL) = (confirmed_by_id IS NULL)", name="confirmed_has_person"),
        CheckConstraint("confirmed_by_id IS NULL OR confirmed_by_id <> collector_id", name="confirmed_by_another"),
        CheckConstraint("(confirmed_at IS NULL) = (counted_total IS NULL)", name="confirmed_is_counted"),
        CheckConstraint("counted_total IS NULL OR difference = counted_total - total", name="difference"),
        CheckConstraint("confirmed_at IS NULL OR difference = 0 OR difference_reason <> ''",
                        name="difference_has_reason"),
        CheckConstraint("(state = 'withdrawn') = (withdraw_reason <> '')", name="withdrawn_has_reason"),
        CheckConstraint("NOT is_latest OR confirmed_at IS NOT NULL", name="latest_is_counted"),
        Index("uq_cash_handover_open", "collector_id", unique=True, sqlite_where=text("state = 'open'"),
              postgresql_where=text("state = 'open'")),
        Index("ix_cash_handover_by_state", "branch_id", "state", "id"),
        Index("ix_cash_handover_latest", "collector_id", "state", "id"),
        Index("uq_cash_handover_latest", "collector_id", unique=True, sqlite_where=text("is_latest = 1"),
              postgresql_where=text("is_latest")),
        Index("ix_cash_handover_handed_at_id", "handed_at", "id"),
        Index("ix_cash_handover_confirmed_at", "confirmed_at"),
    )  # fmt: skip
    __searched__ = ("number",)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[HandoverState] = mapped_column(enum_type(HandoverState), default=HandoverState.OPEN)
    collector_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    handed_at: Mapped[datetime]
    #: the sum of its payments
    lines_total: Mapped[Decimal]
    #: what earlier counts left with the collector: missing cash above 0, surplus below
    carried: Mapped[Decimal] = mapped_column(default=NOTHING)
    total: Mapped[Decimal]
    counted_total: Mapped[Decimal | None]
    #: counted less total; what is missing stays with the collector
    difference: Mapped[Decimal | None]
    difference_reason: Mapped[str] = mapped_column(String(300), default="")
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    withdraw_reason: Mapped[str] = mapped_column(String(300), default="")
    #: the collector's latest count: what it has left with him is his still
    is_latest: Mapped[bool] = mapped_column(default=False)

    collector: Mapped["User"] = relationship(foreign_keys=[collector_id])
    confirmed_by: Mapped["User | None"] = relationship(foreign_keys=[confirmed_by_id])
    payments: Mapped[list["Payment"]] = relationship(back_populates="handover", order_by="Payment.id")

    def __str__(self) -> str:
        return self.number


class Payment(CustomerFacts, Searchable, Document, db.Model):
    """Money received for dues of a customer; never edited, only reversed by another one below zero (N-24)."""

    __tablename__ = "payment"
    __shown__ = ("number", "customer_kind")
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        CheckConstraint("(reversal_of_id IS NULL) = (amount > 0)", name="reversal_below_zero"),
        CheckConstraint("reversal_of_id IS NULL OR reason <> ''", name="reversal_has_reason"),
        CheckConstraint("holder_id IS NULL OR method = 'cash'", name="held_is_cash"),
        CheckConstraint("handover_id IS NULL OR holder_id IS NOT NULL", name="handed_over_was_held"),
        CheckConstraint("NOT is_handed_over OR handover_id IS NOT NULL", name="handed_over_by_slip"),
        CheckConstraint("(checked_at IS NULL) = (checked_by_id IS NULL)", name="checked_has_person"),
        CheckConstraint("checked_at IS NULL OR method <> 'cash'", name="cash_is_counted"),
        Index("ix_payment_in_hand", "holder_id", "received_at", "amount", "handover_id", "reversal_of_id", "id",
              **_IN_HAND),
        Index("ix_payment_checked_at", "checked_at", sqlite_where=text("checked_at IS NOT NULL"),
              postgresql_where=text("checked_at IS NOT NULL")),
        Index("ix_payment_to_check", "branch_id", "received_at", "id", "amount", sqlite_where=_TO_CHECK,
              postgresql_where=_TO_CHECK),
        Index("ix_payment_register", "branch_id", "id"),
        Index("ix_payment_received_at_id", "received_at", "id"),
    )  # fmt: skip
    __searched__ = ("number", "reference", "customer_name")
    __masked_by__ = ("customer_kind",)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    amount: Mapped[Decimal]
    method: Mapped[PaymentMethod] = mapped_column(enum_type(PaymentMethod), index=True)
    received_at: Mapped[datetime]
    received_by_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    #: number of the transfer or cheque
    reference: Mapped[str] = mapped_column(String(60), default="", index=True)
    reason: Mapped[str] = mapped_column(String(300), default="")
    #: with whom the cash is; none: no cash, or a reversal that finance paid out
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    handover_id: Mapped[int | None] = mapped_column(ForeignKey("cash_handover.id", ondelete="RESTRICT"), index=True)
    #: its handover is confirmed
    is_handed_over: Mapped[bool] = mapped_column(default=False)
    #: finance has seen the proof of what is no cash (W-5.1)
    checked_at: Mapped[datetime | None]
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    reversal_of_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id", ondelete="RESTRICT"), unique=True)

    received_by: Mapped["User"] = relationship(foreign_keys=[received_by_id])
    holder: Mapped["User | None"] = relationship(foreign_keys=[holder_id])
    handover: Mapped[CashHandover | None] = relationship(back_populates="payments", foreign_keys=[handover_id])
    checked_by: Mapped["User | None"] = relationship(foreign_keys=[checked_by_id])
    reversal_of: Mapped["Payment | None"] = relationship(
        foreign_keys=[reversal_of_id], remote_side="Payment.id", back_populates="reversal"
    )
    reversal: Mapped["Payment | None"] = relationship(foreign_keys=[reversal_of_id], back_populates="reversal_of")
    shares: Mapped[list["PaymentShare"]] = relationship(back_populates="payment", order_by="PaymentShare.id")

    @property
    def was_reversed(self) -> bool:
        """Whether another payment has reversed it."""
        return self.reversal is not None

    def __str__(self) -> str:
        return self.number


class PaymentShare(Document, db.Model):
    """What of a payment goes to a due; the shares of a payment add up to it."""

    __tablename__ = "payment_share"
    __shown__ = ("amount",)
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        UniqueConstraint("payment_id", "due_id", name="uq_payment_share_once"),
    )

    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id", ondelete="RESTRICT"))
    due_id: Mapped[int] = mapped_column(ForeignKey("due.id", ondelete="RESTRICT"), index=True)
    amount: Mapped[Decimal]

    payment: Mapped[Payment] = relationship(back_populates="shares")
    due: Mapped[Due] = relationship(back_populates="shares")

    def __str__(self) -> str:
        return f"¥{self.amount:,.2f}"

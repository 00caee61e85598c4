"""Invoices with their lines, and the dues that they cover (E-16)."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.db import Document, Quantity, db, enum_type, pii
from backoffice.core.money import NOTHING
from backoffice.core.searching import Searchable
from backoffice.core.states import StateEnum
from backoffice.customers.models import CustomerKind
from backoffice.fees.rules import TaxNature
from backoffice.receivables.models import CustomerFacts

from .rules import DeliveryWay, InvoiceKind, InvoiceMedium

if TYPE_CHECKING:
    from backoffice.organisation.models import User
    from backoffice.receivables.models import Due


class InvoiceState(StateEnum):
    """The states of W-5.5."""

    REQUESTED = "requested", _l("Requested"), "warn"
    ISSUED = "issued", _l("Issued, to be delivered"), "info"
    DELIVERED = "delivered", _l("Delivered"), "good"
    REJECTED = "rejected", _l("Rejected"), "bad", True
    RED_ISSUED = "red_issued", _l("Wholly red"), "neutral", True


#: States in which an invoice covers its dues, and those in which it has its number.
LIVE = (InvoiceState.REQUESTED, InvoiceState.ISSUED, InvoiceState.DELIVERED)
NUMBERED = (InvoiceState.ISSUED, InvoiceState.DELIVERED, InvoiceState.RED_ISSUED)


class Invoice(CustomerFacts, Searchable, Document, db.Model):
    """An invoice from its request on; a red one takes another back, in part or whole. Never edited (X-05)."""

    __tablename__ = "invoice"
    __shown__ = ("number", "customer_kind")
    __table_args__ = (
        CheckConstraint("gross_total = net_total + tax_total", name="adds_up"),
        CheckConstraint("gross_total <> 0", name="not_empty"),
        CheckConstraint("is_red = (gross_total < 0)", name="red_below_zero"),
        CheckConstraint("state NOT IN ('issued', 'delivered', 'red_issued') OR"
                        " (invoice_no IS NOT NULL AND issued_on IS NOT NULL AND issued_by_id IS NOT NULL)",
                        name="issued_has_number"),
        CheckConstraint("state NOT IN ('requested', 'rejected') OR invoice_no IS NULL", name="number_when_issued"),
        CheckConstraint("(state = 'rejected') = (reject_reason <> '')", name="rejected_has_reason"),
        CheckConstraint("(delivered_at IS NULL) = (delivered_via IS NULL)", name="delivered_has_way"),
        CheckConstraint("state <> 'delivered' OR delivered_at IS NOT NULL", name="delivered_has_time"),
        CheckConstraint("kind <> 'special' OR tax_id <> ''", name="special_has_tax_id"),
        CheckConstraint("is_red = (red_confirmation_no <> '')", name="red_has_confirmation"),
        CheckConstraint("NOT is_red OR red_of_id IS NOT NULL OR external_original_no <> ''", name="red_has_original"),
        CheckConstraint("is_red OR (red_of_id IS NULL AND external_original_no = '')", name="only_red_has_original"),
        CheckConstraint("red_total >= 0 AND (is_red OR red_total <= gross_total)", name="red_in_range"),
        CheckConstraint("state <> 'red_issued' OR red_total = gross_total", name="red_issued_in_whole"),
        CheckConstraint("NOT is_red OR red_total = 0", name="red_is_not_taken_back"),
        Index("uq_invoice_no", "invoice_no", "invoice_code", unique=True),
        Index("ix_invoice_by_state", "branch_id", "state", "id"),
        Index("ix_invoice_by_issue", "branch_id", "state", "issued_on", "id"),
        Index("ix_invoice_to_issue", "branch_id", "issue_due_at", "id", sqlite_where=text("state = 'requested'"),
              postgresql_where=text("state = 'requested'")),
        Index("ix_invoice_register", "branch_id", "id"),
        Index("ix_invoice_requested_at_id", "requested_at", "id"),
        Index("ix_invoice_issued_on_id", "issued_on", "id"),
        Index("ix_invoice_delivered_at", "delivered_at"),
    )  # fmt: skip
    __searched__ = ("number", "invoice_no", "title", "tax_id", "customer_name")
    __masked_by__ = ("customer_kind",)

    #: number of the request
    number: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[InvoiceState] = mapped_column(enum_type(InvoiceState), default=InvoiceState.REQUESTED)
    kind: Mapped[InvoiceKind] = mapped_column(enum_type(InvoiceKind), index=True)
    medium: Mapped[InvoiceMedium] = mapped_column(enum_type(InvoiceMedium), default=InvoiceMedium.DIGITAL)
    #: the buyer as it stands on the invoice
    title: Mapped[str] = mapped_column(String(120), info=pii("name"), index=True)
    tax_id: Mapped[str] = mapped_column(String(20), default="", index=True)
    buyer_address: Mapped[str] = mapped_column(String(200), default="", info=pii("address"))
    buyer_phone: Mapped[str] = mapped_column(String(40), default="", info=pii("phone"))
    bank_name: Mapped[str] = mapped_column(String(120), default="")
    bank_account: Mapped[str] = mapped_column(String(40), default="", info=pii("phone"))
    email: Mapped[str] = mapped_column(String(120), default="", info=pii("name"))
    remark: Mapped[str] = mapped_column(String(200), default="")
    net_total: Mapped[Decimal]
    tax_total: Mapped[Decimal]
    gross_total: Mapped[Decimal]
    #: what red invoices have taken back of it, above 0
    red_total: Mapped[Decimal] = mapped_column(default=NOTHING)
    requested_at: Mapped[datetime]
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    #: to be issued by then (TL-15)
    issue_due_at: Mapped[datetime]
    reject_reason: Mapped[str] = mapped_column(String(300), default="")
    #: of a paper invoice; a digital one has none (X-05)
    invoice_code: Mapped[str] = mapped_column(String(12), default="")
    invoice_no: Mapped[str | None] = mapped_column(String(20))
    issued_on: Mapped[date | None]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    delivered_via: Mapped[DeliveryWay | None] = mapped_column(enum_type(DeliveryWay))
    delivered_at: Mapped[datetime | None]
    tracking_no: Mapped[str] = mapped_column(String(60), default="")
    is_red: Mapped[bool] = mapped_column(default=False, index=True)
    red_of_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id", ondelete="RESTRICT"), index=True)
    #: number of an original that was issued outside this system
    external_original_no: Mapped[str] = mapped_column(String(40), default="")
    red_confirmation_no: Mapped[str] = mapped_column(String(40), default="")
    red_reason: Mapped[str] = mapped_column(String(300), default="")

    requested_by: Mapped["User"] = relationship(foreign_keys=[requested_by_id])
    issued_by: Mapped["User | None"] = relationship(foreign_keys=[issued_by_id])
    red_of: Mapped["Invoice | None"] = relationship(foreign_keys=[red_of_id], remote_side="Invoice.id")
    lines: Mapped[list["InvoiceLine"]] = relationship(back_populates="invoice", order_by="InvoiceLine.position")
    covers: Mapped[list["InvoiceDue"]] = relationship(back_populates="invoice", order_by="InvoiceDue.id")

    def masks(self, field: str) -> bool:
        """Telephone and account are masked always, what names a person where the buyer is one (X-20)."""
        return field in {"buyer_phone", "bank_account"} or self.customer_kind is not CustomerKind.COMPANY

    def __str__(self) -> str:
        return self.number


class InvoiceDue(Document, db.Model):
    """A due that an invoice covers, and whether it still does: one live invoice at most for each due."""

    __tablename__ = "invoice_due"
    __shown__ = ("amount",)
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        UniqueConstraint("invoice_id", "due_id", name="uq_invoice_due_once"),
        Index("uq_invoice_due_live", "due_id", unique=True, sqlite_where=text("is_live"),
              postgresql_where=text("is_live")),
    )  # fmt: skip

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id", ondelete="RESTRICT"))
    due_id: Mapped[int] = mapped_column(ForeignKey("due.id", ondelete="RESTRICT"), index=True)
    amount: Mapped[Decimal]
    is_live: Mapped[bool] = mapped_column(default=True)

    invoice: Mapped[Invoice] = relationship(back_populates="covers")
    due: Mapped["Due"] = relationship(foreign_keys=[due_id])

    def __str__(self) -> str:
        return f"¥{self.amount:,.2f}"


class InvoiceLine(Document, db.Model):
    """One line with the rate of its day; net and tax add up to gross to the fen (X-01, X-03)."""

    __tablename__ = "invoice_line"
    __shown__ = ("name",)
    __table_args__ = (
        CheckConstraint("gross = net + tax", name="adds_up"),
        CheckConstraint("rate >= 0", name="rate_not_negative"),
        CheckConstraint("quantity <> 0", name="quantity_not_zero"),
        UniqueConstraint("invoice_id", "position", name="uq_invoice_line_position"),
    )

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id", ondelete="RESTRICT"))
    position: Mapped[int]
    due_id: Mapped[int | None] = mapped_column(ForeignKey("due.id", ondelete="RESTRICT"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    tax_nature: Mapped[TaxNature] = mapped_column(enum_type(TaxNature))
    #: class of goods or service for the tax office
    tax_class: Mapped[str] = mapped_column(String(30), default="")
    #: below 0 on a red invoice
    quantity: Mapped[Decimal] = mapped_column(Quantity())
    unit: Mapped[str] = mapped_column(String(20), default="")
    #: with tax
    unit_price: Mapped[Decimal]
    #: percent
    rate: Mapped[Decimal]
    net: Mapped[Decimal]
    tax: Mapped[Decimal]
    gross: Mapped[Decimal]

    invoice: Mapped[Invoice] = relationship(back_populates="lines")

    def __str__(self) -> str:
        return self.name

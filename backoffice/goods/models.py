"""Goods receipt (E-11), line of the goods register (E-12) and the legs on which goods go out of the house."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship, validates

from backoffice.core import clock
from backoffice.core.db import Document, db, enum_type, pii
from backoffice.core.searching import Searchable
from backoffice.core.states import LabelledEnum, StateEnum
from backoffice.core.texts import fold_code
from backoffice.customers.models import CustomerKind

from .rules import days_held

if TYPE_CHECKING:
    from backoffice.customers.models import Customer
    from backoffice.organisation.models import User
    from backoffice.products.models import InstalledUnit
    from backoffice.vouchers.models import ServiceVoucher


class ReceiptState(StateEnum):
    """The states of W-3."""

    ISSUED = "issued", _l("With the customer"), "info"
    RECOVERED = "voided_on_return", _l("Recovered and void"), "neutral", True
    LOST = "lost_declared", _l("Declared lost"), "warn", True
    VOID = "void", _l("Void"), "neutral", True


class GoodsState(StateEnum):
    """Where an item is (E-12)."""

    WORKSHOP = "workshop", _l("In our workshop"), "info"
    OUTSOURCED = "outsourced", _l("Outsourced"), "warn"
    FACTORY = "factory", _l("At the factory"), "warn"
    BACK = "back", _l("Back from outside"), "info"
    RETURNED = "returned", _l("Returned to the customer"), "good", True
    GIVEN_UP = "given_up", _l("Given up by the customer"), "neutral", True
    VOID = "void", _l("Void: never left the site"), "neutral", True


#: Where goods are while they are in our hands, in the house and out of it.
IN_HOUSE = (GoodsState.WORKSHOP, GoodsState.BACK)
OUTSIDE = (GoodsState.OUTSOURCED, GoodsState.FACTORY)
#: Its order is that of the partial indexes: SQLite takes them for a condition that is written just so.
HELD = (GoodsState.WORKSHOP, GoodsState.OUTSOURCED, GoodsState.FACTORY, GoodsState.BACK)
_HELD = text("state IN ('workshop', 'outsourced', 'factory', 'back')")
_HELD_BY_SERIAL = text("serial_folded <> '' AND state IN ('workshop', 'outsourced', 'factory', 'back')")


class Destination(LabelledEnum):
    """Who repairs goods that are sent out."""

    OUTSOURCED = "outsourced", _l("Outside workshop")
    FACTORY = "factory", _l("Factory")


class ItemFacts:
    """What an item is and whose, as it was when it was taken in; kept on its receipt, register line and card."""

    customer_kind: Mapped[CustomerKind] = mapped_column(enum_type(CustomerKind), default=CustomerKind.COMPANY)
    customer_name: Mapped[str] = mapped_column(String(120), default="", info=pii("name"), index=True)
    model_text: Mapped[str] = mapped_column(String(120), index=True)
    #: may be empty: goods without a nameplate are taken in as well
    serial_no: Mapped[str] = mapped_column(String(60), default="", index=True)
    serial_folded: Mapped[str] = mapped_column(String(240), default="", info={"derived": True})

    @declared_attr
    def customer_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"), index=True)

    @declared_attr
    def unit_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("installed_unit.id", ondelete="RESTRICT"), index=True)

    @declared_attr
    def customer(cls) -> Mapped["Customer | None"]:
        return relationship(foreign_keys=[cls.customer_id])  # type: ignore[list-item]

    @declared_attr
    def unit(cls) -> Mapped["InstalledUnit | None"]:
        return relationship(foreign_keys=[cls.unit_id])  # type: ignore[list-item]

    @validates("serial_no")
    def _fold_serial(self, _key: str, serial_no: str) -> str:
        self.serial_folded = fold_code(serial_no)[:240]
        return serial_no

    def masks(self, field: str) -> bool:
        """A person's name is masked, a company's is not (X-20); whoever signed always is."""
        return field != "customer_name" or self.customer_kind is not CustomerKind.COMPANY


class GoodsReceipt(ItemFacts, Searchable, Document, db.Model):
    """What the customer holds while we hold his goods; he hands it in when he has them back (S-3.5, S-3.6)."""

    __tablename__ = "goods_receipt"
    __shown__ = ("number", "customer_kind")
    __table_args__ = (
        CheckConstraint("customer_id IS NOT NULL", name="has_customer"),
        CheckConstraint("length(accessories) > 0 AND length(appearance) > 0", name="has_condition"),
        CheckConstraint("(state = 'issued') = (ended_at IS NULL)", name="ended_has_time"),
        CheckConstraint("state NOT IN ('void', 'lost_declared') OR end_reason <> ''", name="end_has_reason"),
        CheckConstraint("estimated_fee IS NULL OR estimated_fee >= 0", name="fee_not_negative"),
        Index("ix_goods_receipt_by_state", "branch_id", "state", "id"),
        Index("ix_goods_receipt_issued_at_id", "issued_at", "id"),
    )
    __searched__ = ("number", "paper_no", "serial_no", "model_text", "customer_name")
    __masked_by__ = ("customer_kind",)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    paper_no: Mapped[str | None] = mapped_column(String(30), unique=True)
    state: Mapped[ReceiptState] = mapped_column(enum_type(ReceiptState), default=ReceiptState.ISSUED)
    voucher_id: Mapped[int] = mapped_column(ForeignKey("service_voucher.id", ondelete="RESTRICT"), index=True)
    accessories: Mapped[str] = mapped_column(String(300))
    appearance: Mapped[str] = mapped_column(String(300))
    fault_text: Mapped[str] = mapped_column(Text)
    estimated_fee: Mapped[Decimal | None]
    promised_return_on: Mapped[date]
    issued_by_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    issued_at: Mapped[datetime]
    #: when it was handed in, declared lost or voided, and why where it was not handed in
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(300), default="")

    voucher: Mapped["ServiceVoucher"] = relationship(foreign_keys=[voucher_id])
    issued_by: Mapped["User"] = relationship(foreign_keys=[issued_by_id])
    entry: Mapped["GoodsEntry"] = relationship(back_populates="receipt")

    def __str__(self) -> str:
        return self.number


class GoodsEntry(ItemFacts, Searchable, Document, db.Model):
    """A line of the goods register: where the item is, since when and by whom, and what was promised (S-3.5, S-3.6)."""

    __tablename__ = "goods_entry"
    __shown__ = ("number", "customer_kind")
    __table_args__ = (
        CheckConstraint("customer_id IS NOT NULL", name="has_customer"),
        CheckConstraint("(state = 'returned') = (returned_on IS NOT NULL)", name="returned_has_day"),
        CheckConstraint(
            "state <> 'returned' OR (return_signed_at IS NOT NULL AND received_by <> ''"
            " AND returned_by_id IS NOT NULL)",
            name="returned_is_signed",
        ),
        CheckConstraint("returned_on IS NULL OR returned_on >= in_on", name="returned_after_taken"),
        Index("uq_goods_entry_unit", "unit_id", unique=True, sqlite_where=_HELD, postgresql_where=_HELD),
        Index("uq_goods_entry_serial", "branch_id", "model_text", "serial_folded", unique=True,
              sqlite_where=_HELD_BY_SERIAL, postgresql_where=_HELD_BY_SERIAL),
        Index("ix_goods_entry_by_state", "branch_id", "state", "id"),
        Index("ix_goods_entry_register", "branch_id", "in_on", "id"),
        Index("ix_goods_entry_in_on_id", "in_on", "id"),
        Index("ix_goods_entry_promised_return_on_id", "promised_return_on", "id"),
        Index("ix_goods_entry_held", "branch_id", "promised_return_on", sqlite_where=_HELD, postgresql_where=_HELD),
        Index("ix_goods_entry_held_long", "branch_id", "long_after", sqlite_where=_HELD, postgresql_where=_HELD),
    )  # fmt: skip
    __searched__ = ("number", "serial_no", "model_text", "customer_name")
    __searched_with__ = {"receipt": ("number", "paper_no")}
    __masked_by__ = ("customer_kind",)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    receipt_id: Mapped[int] = mapped_column(ForeignKey("goods_receipt.id", ondelete="RESTRICT"), unique=True)
    state: Mapped[GoodsState] = mapped_column(enum_type(GoodsState), default=GoodsState.WORKSHOP)
    #: since when the item is where it is, and who brought it there
    moved_at: Mapped[datetime]
    moved_by_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    in_on: Mapped[date]
    #: after that day it counts as held too long; copied from the setting when it came in (C-52)
    long_after: Mapped[date]
    promised_return_on: Mapped[date]
    #: the first promise, by which K-09 is counted
    first_promised_on: Mapped[date]
    inspected_on: Mapped[date | None]
    returned_on: Mapped[date | None] = mapped_column(index=True)
    returned_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    #: who took the goods back, and when he signed for them
    received_by: Mapped[str] = mapped_column(String(60), default="", info=pii("name"))
    return_signed_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(String(500), default="")

    receipt: Mapped[GoodsReceipt] = relationship(back_populates="entry")
    moved_by: Mapped["User"] = relationship(foreign_keys=[moved_by_id])
    returned_by: Mapped["User | None"] = relationship(foreign_keys=[returned_by_id])
    legs: Mapped[list["GoodsLeg"]] = relationship(back_populates="entry", order_by="GoodsLeg.id")

    @property
    def open_leg(self) -> "GoodsLeg | None":
        """The leg on which the goods are outside, if they are."""
        return next((leg for leg in self.legs if leg.back_on is None), None)

    @property
    def days_held(self) -> int | None:
        """Days in our hands until they left or until today; None for a void line."""
        if self.state is GoodsState.VOID:
            return None
        out = None if self.state in HELD else clock.local(self.moved_at).date()
        return days_held(self.in_on, self.returned_on or out, clock.today())

    def __str__(self) -> str:
        return self.number


class GoodsLeg(Document, db.Model):
    """One way out of the house and back: to an outside workshop or to the factory."""

    __tablename__ = "goods_leg"
    __shown__ = ("sent_on", "destination")
    __table_args__ = (
        CheckConstraint("back_on IS NULL OR back_on >= sent_on", name="back_after_sent"),
        CheckConstraint("length(sent_to) > 0 OR destination = 'factory'", name="names_workshop"),
        Index("uq_goods_leg_open", "entry_id", unique=True, sqlite_where=text("back_on IS NULL"),
              postgresql_where=text("back_on IS NULL")),
        Index("ix_goods_leg_sent_on_id", "sent_on", "id"),
    )  # fmt: skip

    entry_id: Mapped[int] = mapped_column(ForeignKey("goods_entry.id", ondelete="RESTRICT"), index=True)
    destination: Mapped[Destination] = mapped_column(enum_type(Destination), index=True)
    sent_to: Mapped[str] = mapped_column(String(120), default="")
    carrier: Mapped[str] = mapped_column(String(60), default="")
    tracking_no: Mapped[str] = mapped_column(String(60), default="", index=True)
    sent_on: Mapped[date]
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    back_on: Mapped[date | None] = mapped_column(index=True)
    back_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)

    entry: Mapped[GoodsEntry] = relationship(back_populates="legs")
    sent_by: Mapped["User"] = relationship(foreign_keys=[sent_by_id])
    back_by: Mapped["User | None"] = relationship(foreign_keys=[back_by_id])

    def __str__(self) -> str:
        return f"{self.sent_on} {self.destination.label}"

"""Parts, and the movements of their stock."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship, validates

from backoffice.core import clock
from backoffice.core.db import Document, Quantity, Reference, db, enum_type
from backoffice.core.money import NOTHING, line_amount
from backoffice.core.searching import Searchable
from backoffice.core.states import LabelledEnum
from backoffice.core.texts import fold_code
from backoffice.organisation.models import User


class MovementKind(LabelledEnum):
    """Why stock becomes more or less."""

    IN = "in", _l("Goods in")
    TO_TECHNICIAN = "to_technician", _l("Handed out to a technician")
    FROM_TECHNICIAN = "from_technician", _l("Back from a technician")
    USED = "used", _l("Used")
    RETURNED = "returned", _l("Use taken back")
    SOLD = "sold", _l("Sold")
    SOLD_BACK = "sold_back", _l("Sale taken back")
    ADJUSTED = "adjusted", _l("Stock-take")


class Part(Searchable, Reference, db.Model):
    """A part that is kept in stock; the same in all branches (E-07)."""

    __tablename__ = "part"
    __shown__ = ("code", "name", "spec")
    __table_args__ = (
        CheckConstraint("length(code) > 0", name="has_code"),
        CheckConstraint("cost_price >= 0 AND sale_price >= 0", name="prices"),
        CheckConstraint("sale_price <= cost_price OR price_reason <> ''", name="above_cost_has_reason"),
        CheckConstraint("min_stock >= 0", name="min_stock"),
        Index("ix_part_with_minimum", "id", sqlite_where=text("min_stock IS NOT NULL"),
              postgresql_where=text("min_stock IS NOT NULL")),
    )  # fmt: skip
    __searched__ = ("code", "name", "spec")

    code: Mapped[str] = mapped_column(String(60), unique=True)
    #: the code without regard to width, case and blanks: two spellings of one code are one part
    code_folded: Mapped[str] = mapped_column(String(240), unique=True, info={"derived": True})
    name: Mapped[str] = mapped_column(String(120), index=True)
    spec: Mapped[str] = mapped_column(String(120), default="", index=True)
    unit: Mapped[str] = mapped_column(String(20))
    cost_price: Mapped[Decimal]
    #: what a customer pays outside the warranty; at cost unless there is a reason (S-1.2)
    sale_price: Mapped[Decimal]
    price_reason: Mapped[str] = mapped_column(String(300), default="")
    #: wears out in use
    is_wear_part: Mapped[bool] = mapped_column(default=False, index=True)
    #: what should be in each branch's store at least
    min_stock: Mapped[Decimal | None] = mapped_column(Quantity)
    is_active: Mapped[bool] = mapped_column(default=True, index=True)

    @validates("code")
    def _fold_code(self, _key: str, code: str) -> str:
        self.code_folded = fold_code(code)[:240]
        return code

    @property
    def label(self) -> str:
        """Code, name and specification, as it is chosen from a list."""
        return " · ".join(word for word in (self.code, self.name, self.spec) if word)

    def __str__(self) -> str:
        return self.label


class StockMovement(Document, db.Model):
    """A part becomes more or less in one place. Triggers of the database refuse UPDATE and DELETE (E-07)."""

    __tablename__ = "stock_movement"
    __shown__ = ("kind", "id")
    __table_args__ = (
        CheckConstraint("quantity <> 0", name="moves_something"),
        CheckConstraint("kind NOT IN ('in', 'returned', 'sold_back') OR quantity > 0", name="more"),
        CheckConstraint("kind NOT IN ('used', 'sold') OR quantity < 0", name="less"),
        CheckConstraint("kind NOT IN ('in', 'sold', 'sold_back') OR holder_id IS NULL",
                        name="goods_come_into_the_store"),
        CheckConstraint("(kind IN ('to_technician', 'from_technician')) = (transfer <> '')", name="transfer"),
        CheckConstraint("kind NOT IN ('used', 'returned', 'sold', 'sold_back') OR subject_type <> ''",
                        name="used_for_a_document"),
        CheckConstraint("(kind = 'returned') = (reversal_of_id IS NOT NULL)", name="returned_takes_back"),
        CheckConstraint("kind <> 'adjusted' OR reason <> ''", name="adjusted_has_reason"),
        # the balance: read from the index alone
        Index("ix_stock_movement_balance", "branch_id", "part_id", "holder_id", "quantity"),
        Index("ix_stock_movement_register", "branch_id", "moved_at", "id"),
        Index("ix_stock_movement_part", "part_id", "moved_at", "id"),
        Index("ix_stock_movement_holder", "holder_id", "moved_at", "id"),
        Index("ix_stock_movement_kind", "kind", "moved_at", "id"),
        Index("ix_stock_movement_subject", "subject_type", "subject_id"),
        Index("uq_stock_movement_transfer", "transfer", "quantity", unique=True,
              sqlite_where=text("transfer <> ''"), postgresql_where=text("transfer <> ''")),
    )  # fmt: skip

    part_id: Mapped[int] = mapped_column(ForeignKey("part.id", ondelete="RESTRICT"))
    #: with whom; nobody: in the branch's store
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    kind: Mapped[MovementKind] = mapped_column(enum_type(MovementKind))
    #: what came, or with a minus what went
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    #: what one of them cost then (K-16)
    unit_cost: Mapped[Decimal]
    moved_at: Mapped[datetime] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(300), default="")
    #: the document for which it was used, with its number
    subject_type: Mapped[str] = mapped_column(String(60), default="", info={"derived": True})
    subject_id: Mapped[int | None] = mapped_column(info={"derived": True})
    subject_number: Mapped[str] = mapped_column(String(40), default="")
    #: the same for the two movements by which something goes from one place to another
    transfer: Mapped[str] = mapped_column(String(32), default="", info={"derived": True})
    #: the use that this takes back; each once at most
    reversal_of_id: Mapped[int | None] = mapped_column(
        ForeignKey("stock_movement.id", ondelete="RESTRICT"), unique=True
    )

    part: Mapped[Part] = relationship(foreign_keys=[part_id])
    holder: Mapped[User | None] = relationship(foreign_keys=[holder_id])

    def __str__(self) -> str:
        return f"{self.kind.label} #{self.id}"


#: What is in the store of each branch: the sum of its movements, kept by triggers of the database with each of them, so
#: that what is below its minimum is found without adding up a million.
STORE = db.Table(
    "stock_balance",
    Column("branch_id", ForeignKey("branch.id", ondelete="RESTRICT"), primary_key=True),
    Column("part_id", ForeignKey("part.id", ondelete="RESTRICT"), primary_key=True, index=True),
    Column("quantity", Quantity(), nullable=False),
)


class BuiltIn:
    """What a table of parts that were built in shares, with cost and price of that moment (E-07, E-10).

    A part that was given back stays, marked.
    """

    __tablename__: str
    __shown__ = ("taken_at",)

    part_id: Mapped[int] = mapped_column(ForeignKey("part.id", ondelete="RESTRICT"), index=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity())
    unit_cost: Mapped[Decimal]
    unit_price: Mapped[Decimal]
    movement_id: Mapped[int] = mapped_column(ForeignKey("stock_movement.id", ondelete="RESTRICT"), unique=True)
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    taken_at: Mapped[datetime]
    #: the customer got the old part back
    old_part_returned: Mapped[bool] = mapped_column(default=False)
    given_back_at: Mapped[datetime | None]

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint("quantity > 0", name="quantity_positive"),
            CheckConstraint("unit_cost >= 0 AND unit_price >= 0", name="prices_not_negative"),
            Index(f"ix_{cls.__tablename__}_taken_at_id", "taken_at", "id"),
        )

    @declared_attr
    @classmethod
    def part(cls) -> Mapped[Part]:
        return relationship(foreign_keys=[cls.part_id])

    @declared_attr
    @classmethod
    def movement(cls) -> Mapped[StockMovement]:
        return relationship(foreign_keys=[cls.movement_id])

    @declared_attr
    @classmethod
    def taken_by(cls) -> Mapped[User]:
        return relationship(foreign_keys=[cls.taken_by_id])

    @property
    def amount(self) -> Decimal:
        """Price times quantity, to the fen; nothing once it is given back."""
        return NOTHING if self.given_back_at is not None else line_amount(self.unit_price, self.quantity)

    def __str__(self) -> str:
        return f"{clock.local(self.taken_at):%Y-%m-%d %H:%M}"

"""Product models, fault symptoms, installed units."""

from datetime import date
from typing import TYPE_CHECKING

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from backoffice.core.db import Document, Reference, db, enum_type, pii
from backoffice.core.searching import Searchable
from backoffice.core.states import LabelledEnum
from backoffice.core.texts import fold_code

from .rules import DEFAULT_MONTHS, SymptomFamily, WarrantyVerdict, warranty

if TYPE_CHECKING:
    from backoffice.customers.models import Customer, Project


class UnitStatus(LabelledEnum):
    """Where a unit stands in its life."""

    IN_USE = "in_use", _l("In use")
    IN_REPAIR = "in_repair", _l("In repair")
    RETURNED = "returned", _l("Returned to us")
    SCRAPPED = "scrapped", _l("Scrapped")
    VOID = "void", _l("Void (entered wrongly)")


class ProductModel(Searchable, Reference, db.Model):
    """A type of pump that we sell (E-06)."""

    __tablename__ = "product_model"
    __shown__ = ("code", "name")
    __table_args__ = (
        CheckConstraint("length(code) > 0", name="has_code"),
        CheckConstraint("default_warranty_months BETWEEN 0 AND 240", name="warranty_months"),
    )
    __searched__ = ("code", "name", "series")

    code: Mapped[str] = mapped_column(String(60), unique=True)
    #: the code without regard to width, case and blanks: two spellings of one code are one model
    code_folded: Mapped[str] = mapped_column(String(240), unique=True, info={"derived": True})
    name: Mapped[str] = mapped_column(String(120), default="", index=True)
    series: Mapped[str] = mapped_column(String(60), default="", index=True)
    #: rated flow in cubic metres an hour
    flow: Mapped[float | None]
    #: rated head in metres
    head: Mapped[float | None]
    power_kw: Mapped[float | None]
    default_warranty_months: Mapped[int] = mapped_column(default=DEFAULT_MONTHS)
    is_active: Mapped[bool] = mapped_column(default=True, index=True)

    @validates("code")
    def _fold_code(self, _key: str, code: str) -> str:
        self.code_folded = fold_code(code)[:240]
        return code

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


class FaultSymptom(Reference, db.Model):
    """What the customer sees of a fault (G-08)."""

    __tablename__ = "fault_symptom"
    __shown__ = ("name", "name_zh")

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_zh: Mapped[str] = mapped_column(String(120), default="")
    family: Mapped[SymptomFamily] = mapped_column(enum_type(SymptomFamily), default=SymptomFamily.OTHER, index=True)
    is_active: Mapped[bool] = mapped_column(default=True)

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        locale = get_locale()
        return self.name_zh if self.name_zh and locale is not None and locale.language == "zh" else self.name

    def __str__(self) -> str:
        return self.label


class InstalledUnit(Searchable, Document, db.Model):
    """One delivered pump (E-06)."""

    __tablename__ = "installed_unit"
    __shown__ = ("serial_no",)
    __table_args__ = (
        CheckConstraint("length(serial_no) > 0", name="has_serial_no"),
        CheckConstraint("warranty_months BETWEEN 0 AND 240", name="warranty_months"),
        CheckConstraint("warranty_extension_days BETWEEN 0 AND 3650", name="extension_days"),
        CheckConstraint("(status = 'void') = (void_no > 0)", name="void_gives_serial_back"),
        UniqueConstraint("serial_folded", "void_no", name="uq_installed_unit_serial"),
        Index("ix_installed_unit_register", "branch_id", "id"),
        Index("ix_installed_unit_customer", "customer_id", "id"),
        Index("ix_installed_unit_status_id", "status", "id"),
    )
    __searched__ = ("serial_no", "order_no")
    __searched_with__ = {"model": ("code",)}

    serial_no: Mapped[str] = mapped_column(String(60), index=True)
    #: the number without regard to width, case and blanks: two spellings of one number are one unit
    serial_folded: Mapped[str] = mapped_column(String(240), info={"derived": True})
    #: 0, and for a void unit its own key, so that its serial number may be entered again (G-03)
    void_no: Mapped[int] = mapped_column(default=0, info={"derived": True})
    model_id: Mapped[int] = mapped_column(ForeignKey("product_model.id", ondelete="RESTRICT"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id", ondelete="RESTRICT"), index=True)
    #: where at the customer's it stands, and its place in a set: "Station 3, stand-by"
    place: Mapped[str] = mapped_column(String(200), default="", info=pii("address"))
    order_no: Mapped[str] = mapped_column(String(60), default="", index=True)
    delivered_on: Mapped[date | None] = mapped_column(index=True)
    invoice_on: Mapped[date | None]
    commissioned_on: Mapped[date | None] = mapped_column(index=True)
    warranty_months: Mapped[int] = mapped_column(default=DEFAULT_MONTHS)
    warranty_extension_days: Mapped[int] = mapped_column(default=0)
    status: Mapped[UnitStatus] = mapped_column(enum_type(UnitStatus), default=UnitStatus.IN_USE)
    remark: Mapped[str] = mapped_column(String(500), default="")
    #: the faulty unit in whose place the customer got this one (W-4.9)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("installed_unit.id", ondelete="RESTRICT"), index=True)

    model: Mapped[ProductModel] = relationship(foreign_keys=[model_id])
    customer: Mapped["Customer"] = relationship(foreign_keys=[customer_id])
    project: Mapped["Project | None"] = relationship(foreign_keys=[project_id])
    replaces: Mapped["InstalledUnit | None"] = relationship(foreign_keys=[replaces_id], remote_side="InstalledUnit.id")

    @validates("serial_no")
    def _fold_serial(self, _key: str, serial_no: str) -> str:
        self.serial_folded = fold_code(serial_no)[:240]
        return serial_no

    def verdict(self, on: date) -> WarrantyVerdict:
        """Whether it is under warranty on the day `on`, with the date and the rule that say so (E-06)."""
        return warranty(
            self.commissioned_on, self.delivered_on, self.invoice_on, self.warranty_months,
            self.warranty_extension_days, on,
        )  # fmt: skip

    def masks(self, field: str) -> bool:
        """Where it stands is personal where the customer is a person (X-20)."""
        is_person = getattr(self.customer, "is_person", True)  # a row just made from a key has no customer at hand yet
        return field == "place" and is_person

    def __str__(self) -> str:
        return self.serial_no

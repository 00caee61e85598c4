"""Customers, contacts, projects."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, event, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from backoffice.core import masking
from backoffice.core.db import Document, db, enum_type, pii
from backoffice.core.errors import Text
from backoffice.core.searching import Searchable
from backoffice.core.states import LabelledEnum, StateEnum

from .rules import NameParts, digits, fold_name, name_parts, person_parts, reversed_digits

if TYPE_CHECKING:
    from backoffice.organisation.models import ServiceArea, User

#: Columns that follow from another one: found by searches, left out of the audit trail.
_DERIVED_PHONE = pii("phone") | {"derived": True}
_DERIVED_NAME = pii("name") | {"derived": True}


class CustomerKind(LabelledEnum):
    """Who the customer is; individuals and farmers are persons, whose name and address are personal data."""

    COMPANY = "company", _l("Company")
    INDIVIDUAL = "individual", _l("Individual")
    FARMER = "farmer", _l("Farmer")


class ProjectState(StateEnum):
    """The stages of W-9; a project in operation is visited from then on."""

    PLANNED = "planned", _l("Planned")
    INSTALLING = "installing", _l("Installing"), "info"
    COMMISSIONED = "commissioned", _l("Commissioned"), "info"
    TRAINED = "trained", _l("Trained"), "info"
    IN_OPERATION = "in_operation", _l("In operation"), "good"


#: The steps of a project by the column of their date, in their order (W-9).
PROJECT_STEPS: dict[str, Text] = {
    "install_guided_on": _l("Guided installation"),
    "commissioned_on": _l("Commissioning"),
    "accepted_on": _l("Acceptance"),
    "trained_on": _l("Training"),
    "in_operation_on": _l("Start of operation"),
}


class Customer(Searchable, Document, db.Model):
    """Somebody who has our pumps (E-04)."""

    __tablename__ = "customer"
    __shown__ = ("number", "name", "kind")
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="has_name"),
        CheckConstraint("credit_code = '' OR length(credit_code) = 18", name="credit_code_length"),
        CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
        CheckConstraint("(merged_into_id IS NULL) = (merged_at IS NULL)", name="merged_has_time"),
        CheckConstraint("merged_into_id IS NULL OR NOT is_active", name="merged_is_inactive"),
        Index("ix_customer_register", "branch_id", "id"),
        Index("ix_customer_name_in_branch", "branch_id", "name_folded"),
        Index("ix_customer_kind_id", "kind", "id"),
        Index("ix_customer_name_core", "branch_id", "name_core", "is_active"),
        Index("ix_customer_phone", "branch_id", "phone_digits", "is_active", "id"),
        Index("ix_customer_merged_into", "merged_into_id", sqlite_where=text("merged_into_id IS NOT NULL"),
              postgresql_where=text("merged_into_id IS NOT NULL")),
    )  # fmt: skip
    __searched__ = ("number", "former_number", "name", "phone")
    __masked_by__ = ("kind",)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    #: number in the system or book that the office used before
    former_number: Mapped[str] = mapped_column(String(60), default="", index=True)
    name: Mapped[str] = mapped_column(String(120), info=pii("name"), index=True)
    name_folded: Mapped[str] = mapped_column(String(240), default="", info=_DERIVED_NAME, index=True)
    #: the name taken apart, so that doubles are found by an index (rules.NameParts)
    name_core: Mapped[str] = mapped_column(String(240), default="", info=_DERIVED_NAME)
    name_place: Mapped[str] = mapped_column(String(8), default="", info=_DERIVED_NAME)
    name_form: Mapped[str] = mapped_column(String(8), default="", info=_DERIVED_NAME)
    name_aside: Mapped[str] = mapped_column(String(240), default="", info=_DERIVED_NAME)
    kind: Mapped[CustomerKind] = mapped_column(enum_type(CustomerKind), default=CustomerKind.COMPANY)
    phone: Mapped[str] = mapped_column(String(30), default="", info=pii("phone"))
    phone_digits: Mapped[str] = mapped_column(String(30), default="", info=_DERIVED_PHONE, index=True)
    phone_reversed: Mapped[str] = mapped_column(String(30), default="", info=_DERIVED_PHONE, index=True)
    address: Mapped[str] = mapped_column(String(200), default="", info=pii("address"))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("service_area.id", ondelete="RESTRICT"), index=True)

    credit_code: Mapped[str] = mapped_column(String(18), default="", index=True)
    invoice_title: Mapped[str] = mapped_column(String(120), default="", info=pii("name"))
    bank_name: Mapped[str] = mapped_column(String(120), default="")
    bank_account: Mapped[str] = mapped_column(String(40), default="", info=pii("phone"))
    invoice_email: Mapped[str] = mapped_column(String(120), default="", info=pii("name"))

    default_salesperson_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    is_overseas: Mapped[bool] = mapped_column(default=False)
    privacy_notice_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(String(500), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    #: the customer that took everything over when this one proved to be the same
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"))
    merged_at: Mapped[datetime | None]

    merged_into: Mapped["Customer | None"] = relationship(foreign_keys=[merged_into_id], remote_side="Customer.id")
    area: Mapped["ServiceArea | None"] = relationship(foreign_keys=[area_id])
    default_salesperson: Mapped["User | None"] = relationship(foreign_keys=[default_salesperson_id])
    contacts: Mapped[list["Contact"]] = relationship(
        back_populates="customer", order_by="Contact.is_primary.desc(), Contact.id"
    )
    projects: Mapped[list["Project"]] = relationship(back_populates="customer", order_by="Project.id")

    @validates("name")
    def _fold_name(self, _key: str, name: str) -> str:
        self.name_folded = fold_name(name)[:240]
        return name

    @validates("phone")
    def _take_digits(self, _key: str, phone: str) -> str:
        self.phone_digits = digits(phone)[:30]
        self.phone_reversed = reversed_digits(self.phone_digits)
        return phone

    @property
    def survivor(self) -> "Customer":
        """The customer that stands for this one: itself, or the one into which it was merged."""
        return self.merged_into or self

    @property
    def is_person(self) -> bool:
        """Whether name and address are those of a natural person (X-20)."""
        return self.kind is not CustomerKind.COMPANY

    def masks(self, field: str) -> bool:
        """Whether `field` is shown masked by default: phones always, the rest where the customer is a person (X-20)."""
        return field in {"phone", "phone_digits", "phone_reversed", "bank_account"} or self.is_person

    @property
    def masked_name(self) -> str:
        """The name as it may stand in lists."""
        return masking.mask_name(self.name) if self.is_person else self.name

    @property
    def masked_phone(self) -> str:
        """The phone as it may stand in lists."""
        return masking.mask("phone", self.phone)

    @property
    def masked_address(self) -> str:
        """The address as it may stand in lists."""
        return masking.mask("address", self.address) if self.is_person else self.address

    def __str__(self) -> str:
        return f"{self.number} {self.masked_name}"


def parts_of(name: str, kind: CustomerKind, address: str) -> NameParts:
    """A name taken apart as its kind wants it, each part as long as its column."""
    parts = name_parts(name) if kind is CustomerKind.COMPANY else person_parts(name, address)
    return NameParts(parts.core[:240], parts.place, parts.form, parts.aside[:240])


def _take_parts(_mapper: object, _connection: object, customer: Customer) -> None:
    """Keep the parts of the name in step with name, kind and address."""
    parts = parts_of(customer.name, customer.kind or CustomerKind.COMPANY, customer.address or "")
    customer.name_core, customer.name_place = parts.core, parts.place
    customer.name_form, customer.name_aside = parts.form, parts.aside


event.listen(Customer, "before_insert", _take_parts)
event.listen(Customer, "before_update", _take_parts)


class Contact(Searchable, Document, db.Model):
    """A person to speak to at a customer."""

    __tablename__ = "contact"
    __shown__ = ("name",)
    __table_args__ = (
        Index("ix_contact_phone", "branch_id", "phone_digits", "is_active", "customer_id"),
        Index("uq_contact_primary", "customer_id", unique=True, sqlite_where=text("is_primary"),
              postgresql_where=text("is_primary")),
    )  # fmt: skip
    __searched__ = ("name", "phone")

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"), index=True)
    name: Mapped[str] = mapped_column(String(60), info=pii("name"))
    title: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(30), default="", info=pii("phone"))
    phone_digits: Mapped[str] = mapped_column(String(30), default="", info=_DERIVED_PHONE, index=True)
    phone_reversed: Mapped[str] = mapped_column(String(30), default="", info=_DERIVED_PHONE, index=True)
    is_primary: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)

    customer: Mapped[Customer] = relationship(back_populates="contacts")

    @validates("phone")
    def _take_digits(self, _key: str, phone: str) -> str:
        self.phone_digits = digits(phone)[:30]
        self.phone_reversed = reversed_digits(self.phone_digits)
        return phone

    def __str__(self) -> str:
        return masking.mask_name(self.name)


class Project(Searchable, Document, db.Model):
    """A customer's project with its one responsible person (E-05, S-1.3)."""

    __tablename__ = "project"
    __shown__ = ("number", "name")
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="has_name"),
        CheckConstraint("(state = 'planned') = (install_guided_on IS NULL)", name="installing_has_date"),
        CheckConstraint(
            "(state IN ('planned', 'installing')) = (commissioned_on IS NULL)", name="commissioned_has_date"
        ),
        CheckConstraint("(state IN ('trained', 'in_operation')) = (trained_on IS NOT NULL)", name="trained_has_date"),
        CheckConstraint("(state = 'in_operation') = (in_operation_on IS NOT NULL)", name="in_operation_has_date"),
        CheckConstraint(
            "commissioned_on >= install_guided_on AND trained_on >= commissioned_on AND in_operation_on >= trained_on",
            name="steps_in_order",
        ),
        CheckConstraint(
            "accepted_on IS NULL OR (commissioned_on IS NOT NULL AND accepted_on >= commissioned_on)",
            name="accepted_after_commissioning",
        ),
        Index("ix_project_register", "branch_id", "id"),
        Index("ix_project_state", "branch_id", "state"),
    )
    __searched__ = ("number", "name")

    number: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[ProjectState] = mapped_column(enum_type(ProjectState), default=ProjectState.PLANNED)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="RESTRICT"), index=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    site_address: Mapped[str] = mapped_column(String(200), info=pii("address"))
    area_id: Mapped[int] = mapped_column(ForeignKey("service_area.id", ondelete="RESTRICT"), index=True)
    responsible_user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    install_guided_on: Mapped[date | None]
    commissioned_on: Mapped[date | None]
    accepted_on: Mapped[date | None]
    trained_on: Mapped[date | None]
    in_operation_on: Mapped[date | None]
    remark: Mapped[str] = mapped_column(String(500), default="")
    is_active: Mapped[bool] = mapped_column(default=True, index=True)

    customer: Mapped[Customer] = relationship(back_populates="projects")
    area: Mapped["ServiceArea"] = relationship(foreign_keys=[area_id])
    responsible_user: Mapped["User"] = relationship(foreign_keys=[responsible_user_id])

    @property
    def missing_steps(self) -> list[Text]:
        """The steps whose day is not known yet, in their order (R-14)."""
        return [label for field, label in PROJECT_STEPS.items() if getattr(self, field) is None]

    def masks(self, field: str) -> bool:
        """The site's address is personal where the customer is a person (X-20)."""
        is_person = getattr(self.customer, "is_person", True)  # a row just made from a key has no customer at hand yet
        return field == "site_address" and is_person

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

"""Look-ups of customers and projects, and the input pages of their acts."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Select
from wtforms import BooleanField

from backoffice.core.db import db
from backoffice.core.permissions import Permission
from backoffice.ui import registry, remarks
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import (
    EnumField,
    LocalDateField,
    LookupField,
    PhoneField,
    Required,
    TextBlock,
    TextLine,
    UploadField,
)
from backoffice.ui.lookups import lookup

from . import queries
from .models import Customer, CustomerKind, Project

SHOWN_DOUBLES = 5


@lookup(
    "customers", model=Customer, permission=Permission.CUSTOMER_READ,
    label=lambda customer: f"{customer.number} {customer.masked_name} {customer.masked_phone}".strip(),
)  # fmt: skip
def find_customers(term: str, by: Any) -> Select[Customer]:
    """Active customers by the first or last figures of a phone, by number, or by a part of the name."""
    return queries.matching(term, by).where(Customer.is_active)


@lookup("projects", model=Project, permission=Permission.CUSTOMER_READ)
def find_projects(term: str, by: Any, customer: int | None = None) -> Select[Project]:
    """Active projects, of one customer when it is chosen."""
    return queries.projects_matching(term, by, customer)


def keep_choice(field: LookupField, current: Any) -> None:
    """Let a record keep what it has, although it is no longer offered to others."""
    if current is not None and field.problem and field.raw_data and field.raw_data[0] == str(current.id):
        field.data, field.problem = current, ""


class AsksAboutDoubles(ActForm):
    """Asks once whether it is really another customer where there may be one already; never blocks (E-04).

    The form declares the tick `create_anyway` where it shall stand, and calls `ask` in its prefill.
    """

    def ask(self, doubles: Sequence[Customer]) -> None:
        """Offer the tick only where there are such customers."""
        self.doubles = doubles
        if not doubles:
            del self.create_anyway

    def validate(self, extra_validators: Any = None) -> bool:
        """As usual, and ask once."""
        valid = super().validate(extra_validators)
        if self.doubles and not self.create_anyway.data:
            self.create_anyway.errors = [*self.create_anyway.errors, _known(self.doubles)]
            return False
        return bool(valid)

    def inputs(self) -> dict[str, Any]:
        """The facts; the tick is a matter between the person and the form."""
        return {name: value for name, value in super().inputs().items() if name != "create_anyway"}


def anyway() -> BooleanField:
    """The tick of AsksAboutDoubles."""
    return BooleanField(_l("It is another customer: save all the same"))


class _CustomerForm(AsksAboutDoubles):
    """The facts of a customer; warns when there may be one, and lets it be entered all the same (E-04)."""

    name = TextLine(_l("Name"), 120, [Required()])
    kind = EnumField(_l("Kind"), CustomerKind, default=CustomerKind.COMPANY)
    phone = PhoneField(_l("Phone"), description=_l("Mobile, or landline with its area code"))
    create_anyway = anyway()
    address = TextLine(_l("Address"), 200)
    area = LookupField(_l("Service area"), lookup="service_areas")
    former_number = TextLine(_l("Old number"), 60, description=_l("Number in the system or book used before"))
    credit_code = TextLine(_l("Credit code"), 18, description=_l("For special invoices: 18 characters"))
    invoice_title = TextLine(_l("Invoice title"), 120)
    bank_name = TextLine(_l("Bank"), 120)
    bank_account = TextLine(_l("Bank account"), 40)
    invoice_email = TextLine(_l("E-mail for invoices"), 120)
    default_salesperson = LookupField(_l("Salesperson"), lookup="salespeople")
    is_overseas = BooleanField(_l("Overseas"))
    remark = TextBlock(_l("Remark"), 500)

    def prefill(self, docs: Sequence[Any], by: Any) -> None:
        """Offer the tick only where another customer has the phone, or for a new one a name like this."""
        doc = docs[0] if docs else None
        self.ask(self._doubles(doc, by))
        if doc is not None:
            keep_choice(self.area, doc.area)
            keep_choice(self.default_salesperson, doc.default_salesperson)

    def _doubles(self, doc: Any, by: Any) -> list[Customer]:
        name, phone = self.name.data or "", self.phone.data or ""
        if doc is None:
            query = queries.doubles(name, self.kind.data or CustomerKind.COMPANY, self.address.data or "", phone, by)
        elif phone and phone not in {getattr(self.phone, "masked_as", ""), doc.phone}:
            query = queries.with_phone(phone, by, besides=doc.id)
        else:
            return []
        return list(db.session.scalars(query.limit(SHOWN_DOUBLES)))


def _known(doubles: Sequence[Customer]) -> Markup:
    links = []
    for customer in doubles:
        words = f"{customer.number} {customer.masked_name}"
        url = registry.link_to(customer, customer.id)
        links.append(Markup('<a href="{}">{}</a>').format(url, words) if url else Markup("{}").format(words))
    sentence = gettext("There is a customer like this already. Use that one, or tick the box:")
    return Markup("{} {}").format(sentence, Markup(", ").join(links))


@form_for("customer.create")
class CreateForm(_CustomerForm):
    """A new customer; phone, address and area are known when somebody enters him."""

    def prefill(self, docs: Sequence[Any], by: Any) -> None:
        """Ask for what a change may leave open where it never was known."""
        super().prefill(docs, by)
        for field in (self.phone, self.address, self.area):
            field.validators, field.flags.required = [Required()], True


@form_for("customer.edit")
class EditForm(_CustomerForm):
    """Changes of a customer."""


@form_for("contact.add")
class ContactForm(ActForm):
    """A person to speak to."""

    name = TextLine(_l("Full name"), 60, [Required()])
    title = TextLine(_l("Position"), 60)
    phone = PhoneField(_l("Phone"), validators=[Required()])
    is_primary = BooleanField(_l("First person to speak to"))


@form_for("contact.edit")
class ContactEditForm(ContactForm):
    """Changes of a contact."""

    is_active = BooleanField(_l("In use"))


@form_for("project.create")
class ProjectForm(ActForm):
    """A new project of a customer."""

    customer = LookupField(_l("Customer"), [Required()], lookup="customers")
    name = TextLine(_l("Name"), 120, [Required()])
    site_address = TextLine(_l("Address of the site"), 200, [Required()])
    area = LookupField(_l("Service area"), [Required()], lookup="service_areas")
    responsible_user = LookupField(
        _l("Responsible person"), [Required()], lookup="users",
        description=_l("Guides installation and commissioning, trains the customer's people (S-1.3)"),
    )  # fmt: skip
    remark = TextBlock(_l("Remark"), 500)


@form_for("project.edit")
class ProjectEditForm(ProjectForm):
    """Changes of a project; it stays with its customer."""

    customer = None

    def prefill(self, docs: Sequence[Any], by: Any) -> None:
        """A project may keep an area that is no longer offered."""
        if docs:
            keep_choice(self.area, docs[0].area)


@form_for("customer.deactivate")
class DeactivateForm(ActForm):
    """Why a customer is taken out of the choices."""

    reason = TextLine(_l("Reason"), 500, [Required()])


@form_for("project.deactivate")
class ProjectDeactivateForm(DeactivateForm):
    """Why a project is taken out of the choices."""


@form_for("project.start_installing")
class InstallForm(ActForm):
    """When the installation was guided."""

    install_guided_on = LocalDateField(_l("Installation guided on"), [Required()])


class AcceptanceForm(ActForm):
    """A step with which the customer's acceptance may become known."""

    def prefill(self, docs: Sequence[Any], by: Any) -> None:
        """A known day of acceptance is not asked for again."""
        if docs and docs[0].accepted_on is not None:
            del self.accepted_on


@form_for("project.train")
class TrainForm(AcceptanceForm):
    """When the customer's people were trained."""

    trained_on = LocalDateField(_l("Trained on"), [Required()])
    attendance = UploadField(_l("Attendance list"), description=_l("PNG, JPEG or PDF"))
    accepted_on = LocalDateField(_l("Accepted on"), description=_l("Empty while the customer has not accepted it yet"))


@form_for("project.start_operation")
class OperationForm(AcceptanceForm):
    """When the customer began to work with it."""

    in_operation_on = LocalDateField(_l("In operation since"), [Required()])
    accepted_on = LocalDateField(_l("Accepted on"), description=_l("Empty while the customer has not accepted it yet"))


remarks.forms_for("project")

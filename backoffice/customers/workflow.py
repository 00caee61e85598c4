"""The acts on customers, contacts and projects."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core import clock, numbering
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean, given
from backoffice.organisation.models import Branch, ServiceArea, User
from backoffice.settings import queries as settings

from .models import Contact, Customer, CustomerKind, Project
from .rules import check_credit_code, check_email, normal_phone

#: Free texts of a customer: field and how much fits.
_TEXTS = {
    "former_number": 60, "address": 200, "invoice_title": 120, "bank_name": 120, "bank_account": 40, "remark": 500,
}  # fmt: skip


def _is_active(record: Any, _by: Actor) -> None:
    if not record.is_active:
        raise RuleViolated(_l("This record is no longer active."), rule="G-03")


def _is_inactive(record: Any, _by: Actor) -> None:
    if record.is_active:
        raise RuleViolated(_l("This record is active already."), rule="G-03")


def _reason(reason: str) -> None:
    given(reason, 500, "reason", _l("Say why."))


def _of_branch(record: Any, branch_id: int, field: str) -> None:
    """Raises NotPermitted for an area, person or customer of another branch (P-1)."""
    if record is not None and record.branch_id != branch_id:
        raise NotPermitted(_l("Choose one of your own branch."), rule="P-1", field=field)


def _number(document: str, branch_id: int) -> str:
    branch = db.session.get_one(Branch, branch_id)
    return numbering.take(
        document, settings.pattern(document), branch_id=branch.id, branch_code=branch.code, day=clock.today()
    )


def _checked(branch_id: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The given facts of a customer in the form in which they are stored; raises the reason why one cannot be."""
    checked = dict(facts)
    if "name" in facts:
        checked["name"] = given(facts["name"], 120, "name", _l("Enter the customer's name."))
    for field, longest in _TEXTS.items():
        if field in facts:
            checked[field] = clean(facts[field], longest, field)
    if "phone" in facts:
        checked["phone"] = normal_phone(clean(facts["phone"], 60, "phone"))
    if "credit_code" in facts:
        checked["credit_code"] = check_credit_code(facts["credit_code"])
    if "invoice_email" in facts:
        checked["invoice_email"] = check_email(clean(facts["invoice_email"], 120, "invoice_email"))
    _of_branch(facts.get("area"), branch_id, "area")
    salesperson = facts.get("default_salesperson")
    _of_branch(salesperson, branch_id, "default_salesperson")
    if salesperson is not None and not salesperson.is_active:
        raise RuleViolated(_l("This person is no longer active."), rule="E-04", field="default_salesperson")
    return checked


def _add(by: User, checked: Mapping[str, Any]) -> Customer:
    customer = Customer(branch_id=by.branch_id, number=_number("N-01", by.branch_id), **checked)
    db.session.add(customer)
    return customer


@act(
    "customer.create", Customer, permission=Permission.CUSTOMER_WRITE, label=_l("New customer"), rule="E-04",
    creates=True, bulk=False,
)  # fmt: skip
def create(
    *,
    by: User,
    at: datetime,
    name: str,
    kind: CustomerKind = CustomerKind.COMPANY,
    phone: str = "",
    address: str = "",
    area: ServiceArea | None = None,
    former_number: str = "",
    credit_code: str = "",
    invoice_title: str = "",
    bank_name: str = "",
    bank_account: str = "",
    invoice_email: str = "",
    default_salesperson: User | None = None,
    is_overseas: bool = False,
    privacy_notice_at: datetime | None = None,
    remark: str = "",
) -> Customer:
    """Enter a customer of the own branch; phone, address and service area are known when somebody enters him.

    A phone that another customer has is no obstacle: `queries.with_phone` finds it, and the form warns.
    """
    checked = _checked(
        by.branch_id,
        {
            "name": name, "kind": kind, "phone": phone, "address": address, "area": area,
            "former_number": former_number, "credit_code": credit_code, "invoice_title": invoice_title,
            "bank_name": bank_name, "bank_account": bank_account, "invoice_email": invoice_email,
            "default_salesperson": default_salesperson, "is_overseas": is_overseas,
            "privacy_notice_at": privacy_notice_at, "remark": remark,
        },
    )  # fmt: skip
    _required(checked)
    return _add(by, checked)


def _required(checked: Mapping[str, Any]) -> None:
    missing = {
        "phone": _l("Enter the phone number."),
        "address": _l("Enter the address."),
        "area": _l("Choose the service area: the time limits come from it."),
    }
    for field, message in missing.items():
        if not checked[field]:
            raise MissingInput(message, rule="E-04", field=field)


@act(
    "customer.edit", Customer, permission=Permission.CUSTOMER_WRITE, label=_l("Edit"), rule="E-04", bulk=False, order=80
)
def edit(customer: Customer, *, by: User, at: datetime, **facts: Any) -> None:
    """Change the given facts (those of `create`); the others stay. A known phone or address is never blanked."""
    unknown = facts.keys() - _FACTS
    if unknown:
        raise TypeError(f"customer.edit does not know {', '.join(sorted(unknown))}")
    checked = _checked(customer.branch_id, facts)
    for field, message in {"phone": _l("Enter the phone number."), "address": _l("Enter the address.")}.items():
        if checked.get(field) == "" and getattr(customer, field):
            raise MissingInput(message, rule="E-04", field=field)
    for field, value in checked.items():
        setattr(customer, field, value)


_FACTS = {
    *_TEXTS, "name", "kind", "phone", "area", "credit_code", "invoice_email", "default_salesperson", "is_overseas",
    "privacy_notice_at",
}  # fmt: skip


@act(
    "customer.deactivate", Customer, permission=Permission.CUSTOMER_WRITE, label=_l("Deactivate"), rule="G-03",
    guards=[_is_active], tone="danger", order=90,
)  # fmt: skip
def deactivate(customer: Customer, *, by: User, at: datetime, reason: str = "") -> None:
    """Take a customer out of the choices; everything about him stays."""
    _reason(reason)
    customer.is_active = False


@act(
    "customer.activate", Customer, permission=Permission.CUSTOMER_WRITE, label=_l("Activate again"), rule="G-03",
    guards=[_is_inactive], order=90,
)  # fmt: skip
def activate(customer: Customer, *, by: User, at: datetime) -> None:
    """Offer a customer again."""
    customer.is_active = True


@act(
    "customer.import", Customer, permission=Permission.DATA_IMPORT, label=_l("Import customers"), rule="E-04",
    creates=True, bulk=False,
)  # fmt: skip
def import_rows(*, by: User, at: datetime, rows: Sequence[Mapping[str, Any]]) -> list[Customer | BackofficeError]:
    """Enter many customers of the own branch at once; a name is enough. Answers each row: the customer, or why not."""
    results: list[Customer | BackofficeError] = []
    with numbering.reserving(len(rows)):
        for row in rows:
            try:
                results.append(_add(by, _checked(by.branch_id, row)))
            except BackofficeError as refusal:
                results.append(refusal)
    return results


@act(
    "contact.add", Customer, permission=Permission.CUSTOMER_WRITE, label=_l("Add contact"), rule="E-04",
    guards=[_is_active], bulk=False, order=60,
)  # fmt: skip
def add_contact(
    customer: Customer, *, by: User, at: datetime, name: str, phone: str, title: str = "", is_primary: bool = False
) -> Contact:
    """Enter a person to speak to; a new primary contact takes the place of the old one."""
    contact = Contact(branch_id=customer.branch_id, customer=customer)
    _write_contact(contact, name, phone, title, is_primary)
    db.session.add(contact)
    return contact


@act("contact.edit", Contact, permission=Permission.CUSTOMER_WRITE, label=_l("Edit"), rule="E-04", bulk=False, order=80)
def edit_contact(
    contact: Contact, *, by: User, at: datetime, name: str, phone: str, title: str = "", is_primary: bool = False,
    is_active: bool = True,
) -> None:  # fmt: skip
    """Correct a contact, or take him out of the choices."""
    _write_contact(contact, name, phone, title, is_primary and is_active)
    contact.is_active = is_active


def _write_contact(contact: Contact, name: str, phone: str, title: str, is_primary: bool) -> None:
    contact.name = given(name, 60, "name", _l("Enter the contact's name."))
    contact.title = clean(title, 60, "title")
    contact.phone = normal_phone(given(phone, 60, "phone", _l("Enter the phone number.")))
    others = [one for one in contact.customer.contacts if one is not contact and one.is_primary]
    if is_primary and others:
        for other in others:
            other.is_primary = False
        db.session.flush(others)  # first the old one steps back: there is one primary contact at any time
    contact.is_primary = is_primary


@act(
    "project.create", Project, permission=Permission.CUSTOMER_WRITE, label=_l("New project"), rule="E-05",
    creates=True, bulk=False,
)  # fmt: skip
def create_project(
    *,
    by: User,
    at: datetime,
    customer: Customer | None = None,
    name: str = "",
    site_address: str = "",
    area: ServiceArea | None = None,
    responsible_user: User | None = None,
    remark: str = "",
) -> Project:
    """Enter a project of a customer; it has one responsible person from the start (S-1.3)."""
    if customer is None:
        raise MissingInput(_l("Choose the customer."), rule="E-05", field="customer")
    _of_branch(customer, by.branch_id, "customer")
    if not customer.is_active:
        raise RuleViolated(_l("This customer is no longer active."), rule="E-05", field="customer")
    project = Project(branch_id=customer.branch_id, customer=customer)
    _write_project(project, name, site_address, area, responsible_user, remark)
    project.number = _number("N-02", customer.branch_id)
    db.session.add(project)
    return project


@act("project.edit", Project, permission=Permission.CUSTOMER_WRITE, label=_l("Edit"), rule="E-05", bulk=False, order=80)
def edit_project(
    project: Project,
    *,
    by: User,
    at: datetime,
    name: str = "",
    site_address: str = "",
    area: ServiceArea | None = None,
    responsible_user: User | None = None,
    remark: str = "",
) -> None:
    """Correct a project, or name another responsible person."""
    _write_project(project, name, site_address, area, responsible_user, remark)


def _write_project(
    project: Project, name: str, site_address: str, area: ServiceArea | None, responsible: User | None, remark: str
) -> None:
    project.name = given(name, 120, "name", _l("Enter the project's name."))
    project.site_address = given(site_address, 200, "site_address", _l("Enter the address of the site."))
    project.remark = clean(remark, 500, "remark")
    if area is None:
        raise MissingInput(_l("Choose the service area."), rule="E-05", field="area")
    if responsible is None:
        raise MissingInput(
            _l("Name the one responsible person of the project."), rule="S-1.3", field="responsible_user"
        )
    _of_branch(area, project.branch_id, "area")
    _of_branch(responsible, project.branch_id, "responsible_user")
    if not responsible.is_active:
        raise RuleViolated(_l("This person is no longer active."), rule="S-1.3", field="responsible_user")
    project.area, project.responsible_user = area, responsible


@act(
    "project.deactivate", Project, permission=Permission.CUSTOMER_WRITE, label=_l("Deactivate"), rule="G-03",
    guards=[_is_active], tone="danger", order=90,
)  # fmt: skip
def deactivate_project(project: Project, *, by: User, at: datetime, reason: str = "") -> None:
    """Take a project out of the choices; everything about it stays."""
    _reason(reason)
    project.is_active = False


@act(
    "project.activate", Project, permission=Permission.CUSTOMER_WRITE, label=_l("Activate again"), rule="G-03",
    guards=[_is_inactive], order=90,
)  # fmt: skip
def activate_project(project: Project, *, by: User, at: datetime) -> None:
    """Offer a project again."""
    project.is_active = True

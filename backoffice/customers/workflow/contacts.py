"""Contacts: the people to speak to at a customer."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.core.texts import clean, given
from backoffice.customers.models import Contact, Customer
from backoffice.customers.rules import normal_phone
from backoffice.organisation.models import User

from .checks import check_branch, is_active


@act(
    "contact.add", Customer, permission=Permission.CUSTOMER_WRITE, label=_l("Add contact"), rule="E-04",
    guards=[is_active], bulk=False, order=60,
)  # fmt: skip
def add_contact(
    customer: Customer, *, by: User, at: datetime, name: str, phone: str, title: str = "", is_primary: bool = False
) -> Contact:
    """Enter a person to speak to; a new primary contact takes the place of the old one."""
    facts = _contact_facts(name, phone, title)
    if is_primary:
        _step_back(customer.contacts)
    contact = Contact(branch_id=customer.branch_id, customer=customer, is_primary=is_primary, **facts)
    db.session.add(contact)
    return contact


@act("contact.edit", Contact, permission=Permission.CUSTOMER_WRITE, label=_l("Edit"), rule="E-04", bulk=False, order=80)
def edit_contact(
    contact: Contact, *, by: User, at: datetime, name: str, phone: str, title: str = "", is_primary: bool = False,
    is_active: bool = True,
) -> None:  # fmt: skip
    """Correct a contact, or take him out of the choices."""
    for field, value in _contact_facts(name, phone, title).items():
        setattr(contact, field, value)
    if is_primary and is_active:
        _step_back(other for other in contact.customer.contacts if other is not contact)
    contact.is_primary = is_primary and is_active
    contact.is_active = is_active


@act(
    "contact.import", Contact, permission=Permission.CUSTOMER_WRITE, label=_l("Import contacts"), rule="E-04",
    creates=True, bulk=False,
)  # fmt: skip
def import_contacts(*, by: User, at: datetime, rows: Sequence[Mapping[str, Any]]) -> list[Contact | BackofficeError]:
    """Enter many contacts at once. Answers each row: the contact, or why not.

    A contact becomes the first person to speak to only where the customer has none yet.
    """
    wanted = {row["customer"].id for row in rows if row.get("is_primary") and row.get("customer") is not None}
    query = select(Contact.customer_id).where(Contact.customer_id.in_(wanted), Contact.is_primary)
    have_primary = set(db.session.scalars(query)) if wanted else set()
    results: list[Contact | BackofficeError] = []
    for row in rows:
        try:
            results.append(_imported_contact(by, row, have_primary))
        except BackofficeError as refusal:
            results.append(refusal)
    return results


def _imported_contact(by: User, row: Mapping[str, Any], have_primary: set[int]) -> Contact:
    customer = row.get("customer")
    if customer is None:
        raise MissingInput(_l("Choose the customer."), rule="E-04", field="customer")
    check_branch(customer, by.branch_id, "customer")
    if not customer.is_active:
        raise RuleViolated(_l("This customer is no longer active."), rule="E-04", field="customer")
    facts = _contact_facts(row.get("name") or "", row.get("phone") or "", row.get("title") or "")
    is_primary = bool(row.get("is_primary")) and customer.id not in have_primary
    if is_primary:
        have_primary.add(customer.id)
    contact = Contact(branch_id=customer.branch_id, customer_id=customer.id, is_primary=is_primary, **facts)
    db.session.add(contact)
    return contact


@act(
    "contact.take_back_import", Contact, permission=Permission.CUSTOMER_WRITE, label=_l("Take the import back"),
    rule="G-03", creates=True, bulk=False,
)  # fmt: skip
def take_back_contacts(*, by: User, at: datetime, records: Sequence[Contact]) -> list[Contact]:
    """Take contacts out of the choices that an import has brought in."""
    for contact in records:
        contact.is_active = contact.is_primary = False
    return list(records)


def _contact_facts(name: str, phone: str, title: str) -> dict[str, str]:
    return {
        "name": given(name, 60, "name", _l("Enter the contact's name.")),
        "title": clean(title, 60, "title"),
        "phone": normal_phone(given(phone, 60, "phone", _l("Enter the phone number."))),
    }


def _step_back(contacts: Iterable[Contact]) -> None:
    """Let no one of them be the primary contact; at once, since there is one at any time."""
    for contact in contacts:
        contact.is_primary = False
    db.session.flush()

"""Contacts: the people to speak to at a customer."""

from collections.abc import Iterable
from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.permissions import Permission
from backoffice.core.texts import clean, given
from backoffice.customers.models import Contact, Customer
from backoffice.customers.rules import normal_phone
from backoffice.organisation.models import User

from .checks import is_active


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

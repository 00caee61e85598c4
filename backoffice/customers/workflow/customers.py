"""Customers: enter, import, edit, take out of the choices."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core import numbering
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.core.texts import clean, given
from backoffice.customers.models import Customer, CustomerKind
from backoffice.customers.rules import check_credit_code, check_email, normal_phone
from backoffice.organisation.models import ServiceArea, User

from .checks import check_branch, check_reason, is_active, is_inactive, is_not_merged, take_number

#: Free texts of a customer: field and how much fits.
_TEXTS = {
    "former_number": 60, "address": 200, "invoice_title": 120, "bank_name": 120, "bank_account": 40, "remark": 500,
}  # fmt: skip


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
    check_branch(facts.get("area"), branch_id, "area")
    salesperson = facts.get("default_salesperson")
    check_branch(salesperson, branch_id, "default_salesperson")
    if salesperson is not None and not salesperson.is_active:
        raise RuleViolated(_l("This person is no longer active."), rule="E-04", field="default_salesperson")
    return checked


def _add(by: User, checked: Mapping[str, Any]) -> Customer:
    customer = Customer(branch_id=by.branch_id, number=take_number("N-01", by.branch_id), **checked)
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

    A phone or name that another customer has is no obstacle: `queries.doubles` finds it, and the form warns.
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
    "customer.edit", Customer, permission=Permission.CUSTOMER_WRITE, label=_l("Edit"), rule="E-04",
    guards=[is_not_merged], bulk=False, order=80,
)  # fmt: skip
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
    guards=[is_active], tone="danger", order=90,
)  # fmt: skip
def deactivate(customer: Customer, *, by: User, at: datetime, reason: str = "") -> None:
    """Take a customer out of the choices; everything about him stays."""
    check_reason(reason)
    customer.is_active = False


@act(
    "customer.activate", Customer, permission=Permission.CUSTOMER_WRITE, label=_l("Activate again"), rule="G-03",
    guards=[is_not_merged, is_inactive], order=90,
)  # fmt: skip
def activate(customer: Customer, *, by: User, at: datetime) -> None:
    """Offer a customer again."""
    customer.is_active = True


@act(
    "customer.import", Customer, permission=Permission.CUSTOMER_WRITE, label=_l("Import customers"), rule="E-04",
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
    "customer.take_back_import", Customer, permission=Permission.CUSTOMER_WRITE, label=_l("Take the import back"),
    rule="G-03", creates=True, bulk=False,
)  # fmt: skip
def take_back_customers(*, by: User, at: datetime, records: Sequence[Customer]) -> list[Customer]:
    """Take customers out of the choices that an import has brought in; their old numbers are free again."""
    for customer in records:
        customer.is_active, customer.former_number = False, ""
    return list(records)

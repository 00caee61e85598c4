"""Customers, contacts and projects in the panel."""

from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import func, or_, select

from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission
from backoffice.ui import formatters, registry
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section

from . import forms as _forms  # noqa: F401 - declares the input pages and look-ups
from . import queries
from . import workflow as _workflow  # noqa: F401 - declares the acts
from .models import PROJECT_STEPS, Contact, Customer, Project, ProjectState


class _View(DocumentView):
    """What the three registers have in common."""

    group = NavGroup.CUSTOMERS
    read = Permission.CUSTOMER_READ

    def masks(self, row: Any, field: str) -> bool:
        """Phones always; name and address of persons (X-20)."""
        return bool(row.masks(field))


def _contacts(customer: Customer) -> Any:
    lines = []
    for contact in customer.contacts:
        words = f"{contact} {contact.title} {formatters.masked(contact, 'phone')}".replace("  ", " ")
        url = registry.link_to(contact, contact.id)
        line = Markup('<a href="{}">{}</a>').format(url, words) if url else Markup("{}").format(words)
        lines.append(line if contact.is_active else Markup("<del>{}</del>").format(line))
    return Markup("<br>").join(lines)


class CustomerView(_View):
    """Everybody who has our pumps."""

    model = Customer
    endpoint = "customers"
    url = "/customers/"
    name = _l("Customers")
    name_one = _l("Customer")
    order = 10
    icon = "customer"
    create_act = "customer.create"
    edit_act = "customer.edit"

    column_list = ("number", "name", "kind", "phone", "address", "area", "default_salesperson", "is_active")
    column_labels = {
        "name": _l("Name"), "kind": _l("Kind"), "phone": _l("Phone"), "address": _l("Address"),
        "area": _l("Service area"), "default_salesperson": _l("Salesperson"), "former_number": _l("Old number"),
        "credit_code": _l("Credit code"), "invoice_title": _l("Invoice title"), "bank_name": _l("Bank"),
        "bank_account": _l("Bank account"), "invoice_email": _l("E-mail for invoices"), "is_overseas": _l("Overseas"),
        "privacy_notice_at": _l("Privacy notice given"), "remark": _l("Remark"), "contacts": _l("Contacts"),
        "merged_into": _l("Merged into"), "merged_at": _l("Merged"),
    }  # fmt: skip
    column_searchable_list = ("number", "former_number", "name", "phone")
    column_sortable_list = ("number",)
    column_default_sort = ("id", True)
    column_filters = ("kind", "area", "default_salesperson", "is_active", "created_at", "merged_into")
    details_template = "customers/record.html"
    column_formatters_detail: Any = {"contacts": lambda view, context, customer, name: _contacts(customer)}
    sections = (
        Section(
            _l("Customer"), ("name", "kind", "phone", "address", "area", "contacts", "default_salesperson", "remark")
        ),
        Section(_l("Invoice"), ("invoice_title", "credit_code", "bank_name", "bank_account", "invoice_email")),
        Section(_l("Record"), ("former_number", "is_overseas", "privacy_notice_at", "is_active", "created_at")),
    )
    related: tuple[Related, ...] = (
        Related(
            _l("Projects"), "projects", "customer",
            lambda customer: select(func.count()).where(Project.customer_id == customer.id),
        ),
    )  # fmt: skip
    empty_text = _l("Here stands everybody who has our pumps.")

    def more(self, doc: Customer, by: Actor) -> dict[str, Any]:
        """Whoever was merged into this customer and leads here by the old number (E-04)."""
        return {"merged": list(db.session.scalars(queries.merged_into(doc, by)))}


class ContactView(_View):
    """The people to speak to, each entered from the page of his customer."""

    model = Contact
    endpoint = "contacts"
    url = "/contacts/"
    name = _l("Contacts")
    name_one = _l("Contact")
    order = 15
    icon = "user"
    edit_act = "contact.edit"

    column_list = ("name", "title", "phone", "customer", "is_primary", "is_active")
    column_labels = {
        "name": _l("Full name"), "title": _l("Position"), "phone": _l("Phone"), "customer": _l("Customer"),
        "is_primary": _l("First person to speak to"),
    }  # fmt: skip
    column_searchable_list = ("name", "phone", "customer.name")
    column_default_sort = ("id", True)
    column_filters = ("customer", "is_active")
    empty_text = _l("Contacts are entered on the page of their customer.")

    def masks(self, row: Any, field: str) -> bool:
        """A contact is always a person."""
        return True


def _missing(values: list[str], by: Actor) -> Any:
    return or_(*(getattr(Project, field).is_(None) for field in values))


class ProjectView(_View):
    """The customers' projects with their responsible persons, their stage and the steps that are missing (R-14)."""

    model = Project
    endpoint = "projects"
    url = "/projects/"
    name = _l("Projects")
    name_one = _l("Project")
    order = 20
    icon = "project"
    create_act = "project.create"
    edit_act = "project.edit"

    column_list = (
        "number", "state", "name", "customer", "responsible_user", "missing_steps", "site_address", "is_active",
    )  # fmt: skip
    column_labels = {
        "name": _l("Name"), "customer": _l("Customer"), "site_address": _l("Address of the site"),
        "area": _l("Service area"), "responsible_user": _l("Responsible person"), "remark": _l("Remark"),
        "missing_steps": _l("Missing steps"), "install_guided_on": _l("Installation guided on"),
        "commissioned_on": _l("Commissioned on"), "accepted_on": _l("Accepted on"), "trained_on": _l("Trained on"),
        "in_operation_on": _l("In operation since"),
    }  # fmt: skip
    column_searchable_list = ("number", "name", "customer.name")
    column_sortable_list = ("number", "name")
    column_default_sort = ("id", True)
    column_filters = (
        "state", "customer", "area", "responsible_user", "is_active",
        ChoiceFilter("missing", _l("Missing steps"), tuple(PROJECT_STEPS.items()), _missing),
    )  # fmt: skip
    list_needs = tuple(PROJECT_STEPS)
    column_formatters = {
        "missing_steps": lambda view, context, project, name: formatters.listed(project.missing_steps),
    }
    stages = tuple(ProjectState)
    next_actor = {state: _l("Responsible person") for state in ProjectState if state is not ProjectState.IN_OPERATION}
    sections = (
        Section(
            _l("Project"),
            ("name", "customer", "site_address", "area", "responsible_user", "remark", "is_active", "created_at"),
        ),
        Section(_l("Steps"), (*PROJECT_STEPS, "missing_steps")),
    )
    empty_text = _l("Here stands every project with the one person who is responsible for it.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """The projects that wait for a step of this technician."""
        if not by.can(Permission.PROJECT_CARE_OWN):
            return []
        waiting = [state.value for state in ProjectState if state is not ProjectState.IN_OPERATION]
        wanted = {"responsible_user": by.id, "state": waiting, "is_active": "yes"}
        return [Queue(_l("My projects"), queries.my_projects(by), wanted)]


VIEWS = [CustomerView, ContactView, ProjectView]

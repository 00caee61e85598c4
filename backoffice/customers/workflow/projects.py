"""Projects: each with its one responsible person (E-05, S-1.3)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.core.texts import clean, given
from backoffice.customers.models import Customer, Project
from backoffice.organisation.models import ServiceArea, User

from .checks import check_branch, check_in_use, check_reason, is_active, is_inactive, take_number


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
    check_branch(customer, by.branch_id, "customer")
    check_in_use(customer, "E-05")
    project = Project(branch_id=customer.branch_id, customer=customer)
    _write_project(project, name, site_address, area, responsible_user, remark)
    project.number = take_number("N-02", customer.branch_id)
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
    check_branch(area, project.branch_id, "area")
    check_branch(responsible, project.branch_id, "responsible_user")
    if not responsible.is_active:
        raise RuleViolated(_l("This person is no longer active."), rule="S-1.3", field="responsible_user")
    project.area, project.responsible_user = area, responsible


@act(
    "project.deactivate", Project, permission=Permission.CUSTOMER_WRITE, label=_l("Deactivate"), rule="G-03",
    guards=[is_active], tone="danger", order=90,
)  # fmt: skip
def deactivate_project(project: Project, *, by: User, at: datetime, reason: str = "") -> None:
    """Take a project out of the choices; everything about it stays."""
    check_reason(reason)
    project.is_active = False


@act(
    "project.activate", Project, permission=Permission.CUSTOMER_WRITE, label=_l("Activate again"), rule="G-03",
    guards=[is_inactive], order=90,
)  # fmt: skip
def activate_project(project: Project, *, by: User, at: datetime) -> None:
    """Offer a project again."""
    project.is_active = True

"""The pages of branches, service areas and users."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from backoffice.core.permissions import Permission
from backoffice.organisation.models import LOCALES, Branch, ServiceArea, User
from backoffice.ui import formatters
from backoffice.ui.views import DocumentView, NavGroup, Related, Section


class BranchView(DocumentView):
    """The places of the company."""

    model = Branch
    endpoint = "branches"
    url = "/branches/"
    name = _l("Branches")
    name_one = _l("Branch")
    group = NavGroup.ORGANISATION
    order = 10
    icon = "branch"
    read = Permission.BRANCH_READ
    create_act = "branch.create"
    edit_act = "branch.edit"

    column_list = ("code", "name", "kind", "parent", "city", "phone", "is_active")
    column_labels = {
        "code": _l("Code"), "name": _l("Name"), "kind": _l("Kind"), "parent": _l("Belongs to"), "city": _l("Town"),
        "address": _l("Address"), "phone": _l("Telephone"), "service_department_name": _l("Service department"),
        "is_active": _l("In use"),
    }  # fmt: skip
    column_searchable_list = ("code", "name")
    column_filters = ("kind", "is_active")
    column_sortable_list = ("code", "name")
    column_default_sort = "code"
    sections = (
        Section(_l("Branch"), ("code", "name", "kind", "parent", "is_active")),
        Section(_l("Address"), ("city", "address", "phone", "service_department_name")),
    )
    related = (
        Related(
            _l("Users"), "users", "branch", lambda branch: _count(User, User.branch_id == branch.id, User.is_active)
        ),
        Related(
            _l("Service areas"),
            "service_areas",
            "branch",
            lambda branch: _count(ServiceArea, ServiceArea.branch_id == branch.id),
        ),
    )


class ServiceAreaView(DocumentView):
    """The regions that the branches serve, with their limits."""

    model = ServiceArea
    endpoint = "service_areas"
    url = "/areas/"
    name = _l("Service areas")
    name_one = _l("Service area")
    group = NavGroup.ORGANISATION
    order = 20
    icon = "map"
    read = Permission.BRANCH_READ
    create_act = "area.create"
    edit_act = "area.edit"

    column_list = ("name", "zone", "region_code", "dispatch_limit_min", "arrival_limit_min", "branch", "is_active")
    column_labels = {
        "name": _l("Name"), "zone": _l("Zone"), "region_code": _l("Region code"), "branch": _l("Branch"),
        "dispatch_limit_min": _l("Dispatch within (minutes)"), "arrival_limit_min": _l("Arrival within (minutes)"),
        "is_active": _l("In use"),
    }  # fmt: skip
    column_searchable_list = ("name", "region_code")
    column_filters = ("zone", "branch", "is_active")
    column_sortable_list = ("name", "zone")
    column_default_sort = "name"


class UserView(DocumentView):
    """The people who may log in."""

    model = User
    endpoint = "users"
    url = "/users/"
    name = _l("Users")
    name_one = _l("User")
    group = NavGroup.ORGANISATION
    order = 30
    icon = "users"
    read = Permission.USER_READ
    create_act = "user.create"
    edit_act = "user.edit"

    column_list = ("username", "real_name", "role", "branch", "department", "skills", "is_active")
    column_labels = {
        "username": _l("User name"), "real_name": _l("Full name"), "role": _l("Role"), "branch": _l("Branch"),
        "department": _l("Department"), "phone": _l("Telephone"), "skills": _l("Skills"), "locale": _l("Language"),
        "certificate_no": _l("Certificate number"), "is_active": _l("Active"), "is_demo": _l("Demo account"),
        "password_hash": _l("Password"), "email": _l("E-mail"), "notify_by_email": _l("Notices by e-mail"),
    }  # fmt: skip
    column_formatters = {
        "skills": lambda view, context, user, name: formatters.listed(user.skill_labels),
        "locale": lambda view, context, user, name: LOCALES.get(user.locale, user.locale),
    }
    column_searchable_list = ("username", "real_name")
    column_filters = ("role", "branch", "is_active")
    column_sortable_list = ("username", "real_name", "role")
    column_default_sort = "username"
    sections = (
        Section(_l("User"), ("username", "real_name", "role", "branch", "department", "is_active")),
        Section(_l("Work"), ("phone", "email", "notify_by_email", "skills", "certificate_no", "locale")),
    )


def _count(model: Any, *conditions: Any) -> Any:
    return select(func.count()).select_from(model).where(*conditions)

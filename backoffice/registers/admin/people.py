"""The register of staff: R-15."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import String, cast, or_

from backoffice.core.permissions import Permission
from backoffice.organisation.admin.people import UserView
from backoffice.organisation.models import Skill, User
from backoffice.ui.filters import ChoiceFilter

from .base import RegisterView


def _skilled(values: list[str], by: Any) -> Any:
    """The skills are few and kept as a list of their short names."""
    return or_(*(cast(User.skills, String).like(f'%"{value}"%') for value in values))


class StaffView(RegisterView):
    """Who works in which branch, and what each can do (R-15, S-1.6)."""

    rule = "R-15"
    model = User
    endpoint = "staff_register"
    url = "/registers/staff/"
    name = _l("Staff by branch and skill")
    name_one = _l("User")
    read = Permission.USER_READ

    column_list = ("branch", "real_name", "role", "department", "skills", "certificate_no", "is_active")
    column_labels = UserView.column_labels
    column_formatters = UserView.column_formatters
    column_searchable_list = UserView.column_searchable_list
    column_filters = (
        "branch", ChoiceFilter("skill", _l("Skills"), tuple((one.value, one.label) for one in Skill), _skilled),
        "role", "is_active",
    )  # fmt: skip
    default_filters = {"is_active": ("yes",)}
    column_default_sort = "real_name"
    list_needs = ("username",)
    link_column = "real_name"

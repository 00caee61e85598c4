"""The acts on places (branches, areas), on people (users, absences) and on deputies."""

from .deputies import create_delegation, end_delegation
from .people import (
    cancel_absence,
    change_own_locale,
    change_own_mail,
    change_own_password,
    create_absence,
    create_user,
    deactivate_user,
    edit_absence,
    edit_user,
    new_user,
    reactivate_user,
    reset_password,
)
from .places import create_area, create_branch, edit_area, edit_branch

__all__ = [
    "cancel_absence",
    "change_own_locale",
    "change_own_mail",
    "change_own_password",
    "create_absence",
    "create_area",
    "create_branch",
    "create_delegation",
    "create_user",
    "deactivate_user",
    "edit_absence",
    "edit_area",
    "edit_branch",
    "edit_user",
    "end_delegation",
    "new_user",
    "reactivate_user",
    "reset_password",
]

"""The acts on customers, contacts and projects."""

from .care import STEP_GUARDS, attach, note, start_installing, start_operation, train, write_acceptance
from .checks import check_in_use, check_not_merged, is_not_merged
from .contacts import add_contact, edit_contact, import_contacts, take_back_contacts
from .customers import activate, create, deactivate, edit, import_rows, take_back_customers
from .projects import activate_project, create_project, deactivate_project, edit_project

__all__ = [
    "STEP_GUARDS", "activate", "activate_project", "add_contact", "attach", "check_in_use", "check_not_merged",
    "create", "create_project", "deactivate", "deactivate_project", "edit", "edit_contact", "edit_project",
    "import_contacts", "import_rows", "is_not_merged", "note", "start_installing", "start_operation",
    "take_back_contacts", "take_back_customers", "train", "write_acceptance",
]  # fmt: skip

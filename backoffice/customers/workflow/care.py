"""Project care (W-9): installation, commissioning, training, start of operation, each with its day.

Commissioning concerns the project's units too, so its act stands with the products.
"""

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import lazy_gettext as _l

from backoffice.core import attachments, clock, remarks
from backoffice.core.acts import act
from backoffice.core.attachments import AttachmentKind, Upload
from backoffice.core.errors import NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.customers.models import Project, ProjectState
from backoffice.customers.rules import check_step_day
from backoffice.organisation.models import User

from .checks import is_active

_CARE = (Permission.PROJECT_CARE, Permission.PROJECT_CARE_OWN)
_PAPERS = (*_CARE, Permission.CUSTOMER_WRITE)


def cares(project: Project, by: Actor) -> None:
    """Guard: the supervisor, or the project's responsible person himself (S-1.3). Raises NotPermitted."""
    if not by.can(Permission.PROJECT_CARE) and project.responsible_user_id != by.id:
        raise NotPermitted(_l("Only the project's responsible person may do this."), rule="S-1.3")


def keeps_papers(project: Project, by: Actor) -> None:
    """Guard: whoever keeps the registers, or cares for the project. Raises NotPermitted."""
    if not by.can(Permission.CUSTOMER_WRITE):
        cares(project, by)


def has_responsible(project: Project, _by: Actor) -> None:
    """Guard: the responsible person is still with us (S-1.3). Raises RuleViolated."""
    if not project.responsible_user.is_active:
        raise RuleViolated(
            _l("The responsible person has left; name another one first."),
            rule="S-1.3",
            remedy=Remedy(_l("Edit the project"), "projects.edit_view", {"id": project.id}),
        )


#: What holds before each step.
STEP_GUARDS = (is_active, cares, has_responsible)


@act(
    "project.start_installing", Project, permission=_CARE, label=_l("Record installation"), rule="W-9",
    sources=[ProjectState.PLANNED], target=ProjectState.INSTALLING, guards=STEP_GUARDS, tone="primary", bulk=False,
    order=10,
)  # fmt: skip
def start_installing(project: Project, *, by: User, at: datetime, install_guided_on: date | None = None) -> None:
    """Record the day on which the installation was guided."""
    project.install_guided_on = check_step_day(install_guided_on, None, clock.today(), "install_guided_on")


@act(
    "project.train", Project, permission=_CARE, label=_l("Record training"), rule="W-9",
    sources=[ProjectState.COMMISSIONED], target=ProjectState.TRAINED, guards=STEP_GUARDS, tone="primary", bulk=False,
    order=12,
)  # fmt: skip
def train(
    project: Project, *, by: User, at: datetime, trained_on: date | None = None, accepted_on: date | None = None,
    attendance: Sequence[Upload] = (),
) -> None:  # fmt: skip
    """Record the day on which the customer's people were trained, and keep their attendance list."""
    project.trained_on = check_step_day(trained_on, project.commissioned_on, clock.today(), "trained_on")
    write_acceptance(project, accepted_on)
    for upload in attendance:
        attachments.attach(project, upload, AttachmentKind.SCAN, by=by)


@act(
    "project.start_operation", Project, permission=_CARE, label=_l("Record start of operation"), rule="W-9",
    sources=[ProjectState.TRAINED], target=ProjectState.IN_OPERATION, guards=STEP_GUARDS, tone="primary", bulk=False,
    order=13,
)  # fmt: skip
def start_operation(
    project: Project, *, by: User, at: datetime, in_operation_on: date | None = None, accepted_on: date | None = None
) -> None:
    """Record the day on which the customer began to work with it; from here on he is visited regularly (S-1.4)."""
    project.in_operation_on = check_step_day(in_operation_on, project.trained_on, clock.today(), "in_operation_on")
    write_acceptance(project, accepted_on)


def write_acceptance(project: Project, accepted_on: date | None) -> None:
    """Note the day of acceptance when it is given; a known day stays."""
    if accepted_on is not None and project.accepted_on is None:
        project.accepted_on = check_step_day(accepted_on, project.commissioned_on, clock.today(), "accepted_on")


note, attach = remarks.declare("project", Project, _PAPERS, [keeps_papers])

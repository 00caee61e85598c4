"""Commissioning of a project (W-9); its pumps begin to run, and so does their warranty."""

from datetime import date, datetime

from flask_babel import lazy_gettext as _l

from backoffice.core import clock
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.permissions import Permission
from backoffice.customers.models import Project, ProjectState
from backoffice.customers.rules import check_step_day
from backoffice.customers.workflow import STEP_GUARDS, write_acceptance
from backoffice.organisation.models import User
from backoffice.products.queries import not_commissioned

from .units import start_warranty


@act(
    "project.commission",
    Project,
    permission=(Permission.PROJECT_CARE, Permission.PROJECT_CARE_OWN),
    label=_l("Record commissioning"),
    rule="W-9",
    sources=[ProjectState.INSTALLING],
    target=ProjectState.COMMISSIONED,
    guards=STEP_GUARDS,
    tone="primary",
    bulk=False,
    order=11,
)
def commission(
    project: Project,
    *,
    by: User,
    at: datetime,
    commissioned_on: date | None = None,
    accepted_on: date | None = None,
    with_units: bool = False,
) -> None:
    """Record the day of commissioning, perhaps of acceptance too; on request the day is written to the units.

    with_units: the project's units in use that have no date of commissioning take this one, so that their warranty
    runs from it (E-06).
    """
    project.commissioned_on = check_step_day(
        commissioned_on, project.install_guided_on, clock.today(), "commissioned_on"
    )
    write_acceptance(project, accepted_on)
    if with_units:
        query = not_commissioned(project).order_by("id").with_for_update()
        for unit in db.session.scalars(query.execution_options(populate_existing=True)):
            start_warranty(unit, project.commissioned_on)

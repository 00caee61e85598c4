"""Project care (W-9) on the pages: a technician's way through the steps, and what the list shows."""

from typing import Any

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers import queries
from backoffice.customers.models import ProjectState
from tests import factories as make
from tests.customers.test_care import STEPS, supervisor


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status
    return str(answer.get_data(as_text=True))


def test_a_technician_walks_his_project_through_the_pages(as_role: Any) -> None:
    by = make.make_user(Role.TECHNICIAN)
    project = make.make_project(responsible_user_id=by.id)
    unit = make.make_unit(project.customer, project_id=project.id, commissioned_on=None)
    client, today = as_role(by), clock.today().isoformat()
    assert "My projects" in text(client.get("/"))
    for act, field, _ in STEPS:
        where = f"/projects/act/{act.name}"
        page = text(client.get(f"{where}?id={project.id}"))
        assert ("with_units" in page) is (act.name == "commission")
        form = {"id": project.id, "version": project.version, field: today, "with_units": "y"}
        assert client.post(where, data=form | {field: ""}).status_code == 422
        assert client.post(where, data=form).status_code == 302
    db.session.refresh(unit)
    assert project.state is ProjectState.IN_OPERATION
    assert unit.commissioned_on == clock.today()
    page = text(client.get(f"/projects/details/?id={project.id}"))
    assert "Missing steps" in page
    assert db.session.scalar(queries.my_projects(by)) == 0


def test_the_list_shows_and_filters_what_is_missing(as_role: Any) -> None:
    """R-14."""
    done = make.make_project(ProjectState.TRAINED, number="XM-DONE")
    make.make_project(number="XM-BARE")
    client = as_role(supervisor())
    page = text(client.get("/projects/"))
    assert "Guided installation, Commissioning, Acceptance, Training, Start of operation" in page
    for query, shown, hidden in (
        ("missing=trained_on", "XM-BARE", "XM-DONE"),
        ("state=trained", "XM-DONE", "XM-BARE"),
        (f"responsible_user={done.responsible_user_id}", "XM-DONE", "XM-BARE"),
    ):
        page = text(client.get(f"/projects/?{query}"))
        assert shown in page
        assert hidden not in page

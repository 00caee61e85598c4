"""Project care (W-9): the steps, their days, and who takes them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backoffice.core import attachments, clock
from backoffice.core.attachments import AttachmentKind
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import (
    IllegalTransition,
    MissingInput,
    NotPermitted,
    RecordNotFound,
    RuleViolated,
    StaleDocument,
)
from backoffice.core.permissions import Role
from backoffice.core.scope import select_visible
from backoffice.customers import workflow
from backoffice.customers.models import PROJECT_STEPS, Customer, Project, ProjectState
from backoffice.products import workflow as products
from backoffice.products.models import InstalledUnit, UnitStatus
from tests import factories as make
from tests.pictures import png

STATES = list(ProjectState)
#: Act, the field of its day, and the state in which it begins.
STEPS: list[tuple[Any, str, ProjectState]] = [
    (workflow.start_installing, "install_guided_on", ProjectState.PLANNED),
    (products.commission, "commissioned_on", ProjectState.INSTALLING),
    (workflow.train, "trained_on", ProjectState.COMMISSIONED),
    (workflow.start_operation, "in_operation_on", ProjectState.TRAINED),
]
IDS = [act.name for act, _, _ in STEPS]


def supervisor() -> Any:
    return make.make_user(Role.SUPERVISOR)


def written(project: Project) -> list[str]:
    query = select(AuditEntry.act).where(AuditEntry.subject_type == "project", AuditEntry.subject_id == project.id)
    return list(db.session.scalars(query.order_by(AuditEntry.id)))


def test_a_project_goes_through_all_steps() -> None:
    """W-9: each step keeps its day, and the trail names the act."""
    by, today = supervisor(), clock.today()
    project = make.make_project()
    for act, field, state in STEPS:
        assert project.state is state
        act(project, by=by, **{field: today})
        assert getattr(project, field) == today
    assert project.state is ProjectState.IN_OPERATION
    assert list(map(str, project.missing_steps)) == ["Acceptance"]
    assert written(project)[-4:] == [act.key for act, _, _ in STEPS]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.value)
@pytest.mark.parametrize(("act", "field", "source"), STEPS, ids=IDS)
def test_a_step_begins_where_the_one_before_ended(act: Any, field: str, source: ProjectState, state: Any) -> None:
    """G-05: no step is left out, and none is taken twice."""
    project = make.make_project(state)
    if state is source:
        act(project, by=supervisor(), **{field: clock.today()})
        assert project.state is STATES[STATES.index(source) + 1]
        return
    with pytest.raises(IllegalTransition):
        act(project, by=supervisor(), **{field: clock.today()})


@pytest.mark.parametrize(("act", "field", "source"), STEPS, ids=IDS)
def test_a_step_needs_its_day(act: Any, field: str, source: ProjectState) -> None:
    project = make.make_project(source)
    for day, error in (
        (None, MissingInput),
        (clock.today() + timedelta(days=1), RuleViolated),
        (clock.today() - timedelta(days=60_000), (MissingInput, RuleViolated)),
    ):
        with pytest.raises(error) as refusal:  # type: ignore[arg-type]
            act(project, by=supervisor(), **{field: day})
        assert refusal.value.field == field
        db.session.refresh(project)
        assert project.state is source


@pytest.mark.parametrize(("act", "field", "source"), STEPS[1:], ids=IDS[1:])
def test_no_step_is_before_the_one_before(act: Any, field: str, source: ProjectState) -> None:
    """W-9: on the same day is right, a day earlier is not."""
    project = make.make_project(source)
    place = [name for _, name, _ in STEPS].index(field)
    previous = getattr(project, STEPS[place - 1][1])
    with pytest.raises(RuleViolated) as refusal:
        act(project, by=supervisor(), **{field: previous - timedelta(days=1)})
    assert (refusal.value.rule, refusal.value.field) == ("W-9", field)
    act(project, by=supervisor(), **{field: previous})


def test_acceptance_comes_with_a_later_step_once() -> None:
    by, today = supervisor(), clock.today()
    project = make.make_project(ProjectState.INSTALLING)
    day = today - timedelta(days=5)
    with pytest.raises(RuleViolated) as refusal:
        products.commission(project, by=by, commissioned_on=day, accepted_on=day - timedelta(days=1))
    assert refusal.value.field == "accepted_on"
    db.session.refresh(project)
    products.commission(project, by=by, commissioned_on=day)
    workflow.train(project, by=by, trained_on=today, accepted_on=today)
    workflow.start_operation(project, by=by, in_operation_on=today, accepted_on=day)
    assert project.accepted_on == today
    assert project.missing_steps == []


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
@pytest.mark.parametrize(("act", "field", "source"), STEPS, ids=IDS)
def test_who_takes_a_step(act: Any, field: str, source: ProjectState, role: Role) -> None:
    """5.3: the supervisor any, a technician where he is responsible, nobody else."""
    by = make.make_user(role)
    project = make.make_project(source, responsible_user_id=by.id)
    if role in (Role.SUPERVISOR, Role.TECHNICIAN):
        act(project, by=by, **{field: clock.today()})
        return
    with pytest.raises(NotPermitted):
        act(project, by=by, **{field: clock.today()})


def test_a_technician_takes_no_step_of_somebody_elses_project() -> None:
    """S-1.3, P-1: he may see it because of another project of the customer, and still not touch it."""
    by = make.make_user(Role.TECHNICIAN)
    own = make.make_project(responsible_user_id=by.id)
    beside = make.make_project(customer=own.customer)
    elsewhere = make.make_project()
    for act in (workflow.start_installing, workflow.note, workflow.attach):
        with pytest.raises(NotPermitted) as refusal:
            act(beside, by=by)
        assert refusal.value.rule == "S-1.3"
        with pytest.raises(RecordNotFound):
            act(elsewhere, by=by)


def test_another_branchs_project_is_not_there() -> None:
    """P-1."""
    project = make.make_project(customer=make.make_customer(make.make_branch("NB")))
    with pytest.raises(RecordNotFound):
        workflow.start_installing(project, by=supervisor(), install_guided_on=clock.today())


def test_what_was_not_seen_is_not_moved() -> None:
    """G-06."""
    project = make.make_project()
    with pytest.raises(StaleDocument):
        workflow.start_installing(project, by=supervisor(), version=project.version + 1)


def test_a_project_out_of_use_stands_still() -> None:
    project = make.make_project(is_active=False)
    with pytest.raises(RuleViolated) as refusal:
        workflow.start_installing(project, by=supervisor(), install_guided_on=clock.today())
    assert refusal.value.rule == "G-03"


def test_the_responsible_person_must_still_be_there() -> None:
    """S-1.3: and the refusal leads to where another one is named."""
    gone = make.make_user(Role.TECHNICIAN, is_active=False)
    project = make.make_project(responsible_user_id=gone.id)
    with pytest.raises(RuleViolated) as refusal:
        workflow.start_installing(project, by=supervisor(), install_guided_on=clock.today())
    assert refusal.value.rule == "S-1.3"
    assert refusal.value.remedy is not None
    assert refusal.value.remedy.endpoint == "projects.edit_view"


def test_the_responsible_technician_sees_project_customer_and_units() -> None:
    """P-1: as long as the project is his and in use."""
    by = make.make_user(Role.TECHNICIAN)
    project = make.make_project(responsible_user_id=by.id)
    unit = make.make_unit(project.customer, project_id=project.id)
    stranger = make.make_unit()
    for model, row in ((Project, project), (Customer, project.customer), (InstalledUnit, unit)):
        assert list(db.session.scalars(select_visible(model, by))) == [row]
    assert stranger not in list(db.session.scalars(select_visible(InstalledUnit, by)))
    project.responsible_user_id = make.make_user(Role.TECHNICIAN).id
    db.session.flush()
    assert list(db.session.scalars(select_visible(Project, by))) == []


def test_commissioning_starts_the_warranty_of_units_without_a_day() -> None:
    """E-06: on request, of this project only, and never over a known day."""
    by = make.make_user(Role.TECHNICIAN)
    project = make.make_project(ProjectState.INSTALLING, responsible_user_id=by.id)
    known = make.make_unit(project.customer, project_id=project.id)
    day_of_known = known.commissioned_on
    bare = [make.make_unit(project.customer, project_id=project.id, commissioned_on=None) for _ in range(2)]
    scrapped = make.make_unit(project.customer, project_id=project.id, commissioned_on=None, status=UnitStatus.SCRAPPED)
    other = make.make_unit(project.customer, commissioned_on=None)
    today = clock.today()
    products.commission(project, by=by, commissioned_on=today, with_units=True)
    assert [unit.commissioned_on for unit in bare] == [today, today]
    assert (known.commissioned_on, scrapped.commissioned_on, other.commissioned_on) == (day_of_known, None, None)
    assert bare[0].verdict(today).starts_on == today
    query = select(AuditEntry).where(AuditEntry.subject_type == "installed_unit", AuditEntry.user_id == by.id)
    entries = list(db.session.scalars(query))
    assert {entry.act for entry in entries} == {"project.commission"}
    assert {entry.subject_id for entry in entries} == {unit.id for unit in bare}


def test_commissioning_leaves_the_units_alone_unless_asked() -> None:
    project = make.make_project(ProjectState.INSTALLING)
    unit = make.make_unit(project.customer, project_id=project.id, commissioned_on=None)
    products.commission(project, by=supervisor(), commissioned_on=clock.today())
    assert unit.commissioned_on is None


def test_the_attendance_list_stays_with_the_project() -> None:
    project = make.make_project(ProjectState.COMMISSIONED)
    workflow.train(
        project, by=supervisor(), trained_on=clock.today(), attendance=[attachments.prepare("list.png", png())]
    )
    (kept,) = attachments.of(project)
    assert (kept.kind, kept.file_name) == (AttachmentKind.SCAN, "list.png")
    assert {"project.train", "project.attach"} <= set(written(project))


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_who_keeps_papers(role: Role) -> None:
    """Whoever keeps the registers, the supervisor, and the technician who is responsible."""
    by = make.make_user(role)
    project = make.make_project(responsible_user_id=by.id)
    files = [attachments.prepare("a.png", png())]
    if role in (Role.ASSISTANT, Role.SALES, Role.SUPERVISOR, Role.TECHNICIAN):
        workflow.note(project, by=by, note="called\nback")
        workflow.attach(project, by=by, files=files, kind=AttachmentKind.PHOTO)
        assert written(project)[-2:] == ["project.note", "project.attach"]
        return
    for act, inputs in ((workflow.note, {"note": "x"}), (workflow.attach, {"files": files, "kind": "photo"})):
        with pytest.raises(NotPermitted):
            act(project, by=by, **inputs)


def test_papers_need_content() -> None:
    project = make.make_project()
    for text in (" ", "a\x1bb", "x" * 2001):
        with pytest.raises(MissingInput) as refusal:
            workflow.note(project, by=supervisor(), note=text)
        assert refusal.value.field == "note"
    with pytest.raises(MissingInput) as refusal:
        workflow.attach(project, by=supervisor(), files=[], kind=AttachmentKind.PHOTO)
    assert refusal.value.field == "files"


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": ProjectState.INSTALLING, "install_guided_on": None},
        {"state": ProjectState.COMMISSIONED, "commissioned_on": None},
        {"state": ProjectState.TRAINED, "trained_on": None},
        {"state": ProjectState.IN_OPERATION, "in_operation_on": None},
        {"state": ProjectState.PLANNED, "commissioned_on": clock.today()},
        {"state": ProjectState.PLANNED, "accepted_on": clock.today()},
        {"state": ProjectState.TRAINED, "commissioned_on": clock.today()},
    ],
    ids=str,
)
def test_the_database_ties_states_to_their_days(wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), db.session.begin_nested():
        make.make_project(**wrong)


def test_every_step_has_a_word() -> None:
    assert set(PROJECT_STEPS) < {column.name for column in Project.__table__.columns}

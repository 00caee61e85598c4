"""Entering people, places and absences (E-01, E-02, E-03, E-31)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, NotPermitted, RecordNotFound, RuleViolated
from backoffice.core.permissions import Role
from backoffice.organisation import queries
from backoffice.organisation.models import BranchKind, Skill, User, Zone
from backoffice.organisation.workflow import (
    cancel_absence,
    create_absence,
    create_area,
    create_branch,
    create_user,
    deactivate_user,
    edit_absence,
    edit_area,
    edit_branch,
    edit_user,
    reactivate_user,
    reset_password,
)  # fmt: skip
from tests.factories import make_absence, make_area, make_branch, make_user

TODAY = date(2026, 3, 2)


@pytest.fixture
def admin():
    return make_user(Role.ADMIN)


def person(**over):
    facts = {
        "username": "Li.Qiang", "real_name": "李强", "role": Role.ASSISTANT, "branch": make_branch(),
        "password_hash": "hash",
    }  # fmt: skip
    return facts | over


def facts_of(user, **over):
    return {"real_name": user.real_name, "role": user.role, "branch": user.branch, "skills": user.skills} | over


# -- users ------------------------------------------------------------------------------------------------------------


def test_a_person_is_entered_and_the_secret_is_not_audited(admin):
    user = create_user(by=admin, **person(phone="13800001234"))
    assert (user.username, user.branch_id, user.is_active) == ("li.qiang", make_branch().id, True)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "user.create")).one()
    assert entry.changes["password_hash"] == ["***", "***"]
    assert "13800001234" not in str(entry.changes)


def test_a_user_name_is_given_once(admin):
    create_user(by=admin, **person())
    with pytest.raises(RuleViolated) as refusal:
        create_user(by=admin, **person(username="LI.QIANG"))
    assert refusal.value.field == "username"


def test_a_technician_has_a_skill(admin):
    """S-1.6"""
    with pytest.raises(MissingInput) as refusal:
        create_user(by=admin, **person(role=Role.TECHNICIAN))
    assert refusal.value.field == "skills"
    user = create_user(by=admin, **person(role=Role.TECHNICIAN, skills=["pump_repair", "pump_engineer"]))
    assert user.skills == ["pump_engineer", "pump_repair"]
    with pytest.raises(MissingInput):
        edit_user(user, by=admin, **facts_of(user, skills=[]))


@pytest.mark.parametrize(
    ("field", "value"), [("skills", ["flying"]), ("locale", "fr"), ("real_name", " "), ("real_name", "x" * 81)]
)
def test_unfit_facts_are_refused(admin, field, value):
    with pytest.raises(BackofficeError) as refusal:
        create_user(by=admin, **person(**{field: value}))
    assert refusal.value.field == field


def test_nobody_belongs_to_a_closed_branch(admin):
    closed = make_branch("XX", is_active=False)
    with pytest.raises(RuleViolated):
        create_user(by=admin, **person(branch=closed))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_the_administrator_enters_people(role):
    """P-3"""
    with pytest.raises(NotPermitted):
        create_user(by=make_user(role), **person())


def test_the_last_administrator_stays(admin):
    other = make_user(Role.ADMIN)
    edit_user(other, by=admin, **facts_of(other, role=Role.ASSISTANT))
    with pytest.raises(RuleViolated, match="last active administrator"):
        edit_user(admin, by=admin, **facts_of(admin, role=Role.ASSISTANT))


def test_nobody_deactivates_himself(admin):
    make_user(Role.ADMIN)
    with pytest.raises(RuleViolated) as refusal:
        deactivate_user(admin, by=admin)
    assert refusal.value.rule == "P-4"


def test_a_person_leaves_and_comes_back(admin):
    user = make_user()
    deactivate_user(user, by=admin)
    assert not user.is_active
    with pytest.raises(BackofficeError):
        deactivate_user(user, by=admin)
    reactivate_user(user, by=admin)
    assert user.is_active
    with pytest.raises(BackofficeError):
        reactivate_user(user, by=admin)


def test_a_new_password_makes_no_demo_account_any_more(admin):
    user = make_user(is_demo=True)
    reset_password(user, by=admin, password_hash="new")
    assert (user.password_hash, user.is_demo) == ("new", False)


def test_whoever_is_inactive_may_nothing(admin):
    user = make_user(Role.ADMIN, is_active=False)
    with pytest.raises(NotPermitted):
        create_user(by=user, **person())


# -- branches and areas -----------------------------------------------------------------------------------------------


def test_a_branch_opens(admin):
    head = make_branch("HQ")
    branch = create_branch(by=admin, code="nb", name="Ningbo", kind=BranchKind.OFFICE, parent=head)
    assert (branch.code, branch.parent_id, branch.service_department_name) == ("NB", head.id, "售后服务部")
    with pytest.raises(RuleViolated) as refusal:
        create_branch(by=admin, code="NB", name="Again", kind=BranchKind.OFFICE)
    assert refusal.value.field == "code"


def test_a_branch_never_stands_above_itself(admin):
    head = make_branch("HQ")
    branch = create_branch(by=admin, code="NB", name="Ningbo", kind=BranchKind.BRANCH, parent=head)
    for above in (branch, head):
        with pytest.raises(RuleViolated) as refusal:
            edit_branch(head, by=admin, name="Head", kind=head.kind, parent=branch if above is head else head)
        assert refusal.value.field == "parent"


def test_a_branch_with_people_stays_open(admin):
    branch = make_branch("NB")
    user = make_user(branch=branch)
    with pytest.raises(RuleViolated):
        edit_branch(branch, by=admin, name="Ningbo", kind=branch.kind, is_active=False)
    deactivate_user(user, by=admin)
    edit_branch(branch, by=admin, name="Ningbo", kind=branch.kind, is_active=False)
    assert not branch.is_active


def test_an_area_takes_the_limits_of_its_zone(admin):
    """E-03, TL-01, TL-02"""
    for zone, minutes in ((Zone.CITY, 60), (Zone.SUBURB, 120), (Zone.INTERCITY, 240)):
        area = create_area(by=admin, branch=make_branch(), name=str(zone.label), zone=zone)
        assert (area.dispatch_limit_min, area.arrival_limit_min) == (minutes, minutes)
    area = create_area(by=admin, branch=make_branch(), name="Far", zone=Zone.CITY, dispatch_limit_min=45)
    assert (area.dispatch_limit_min, area.arrival_limit_min) == (45, 60)


def test_a_region_belongs_to_one_area_of_a_branch(admin):
    create_area(by=admin, branch=make_branch(), name="A", zone=Zone.CITY, region_code="330106")
    with pytest.raises(RuleViolated) as refusal:
        create_area(by=admin, branch=make_branch(), name="B", zone=Zone.CITY, region_code="330106")
    assert refusal.value.field == "region_code"
    create_area(by=admin, branch=make_branch("NB"), name="B", zone=Zone.CITY, region_code="330106")
    for name in "CD":
        create_area(by=admin, branch=make_branch(), name=name, zone=Zone.CITY)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.MANAGER])
def test_supervisor_and_manager_edit_the_areas_of_their_branch(role):
    """P-3: but they open none, and see no other branch's."""
    by, area, foreign = make_user(role), make_area(), make_area(make_branch("NB"))
    facts = {"name": "New", "zone": Zone.SUBURB, "dispatch_limit_min": 90, "arrival_limit_min": 100}
    edit_area(area, by=by, **facts)
    assert (area.zone, area.dispatch_limit_min, area.arrival_limit_min) == (Zone.SUBURB, 90, 100)
    with pytest.raises(RecordNotFound):
        edit_area(foreign, by=by, **facts)
    with pytest.raises(NotPermitted):
        create_area(by=by, branch=make_branch(), name="A", zone=Zone.CITY)


# -- absences ---------------------------------------------------------------------------------------------------------


def test_a_technician_enters_his_own_absence(frozen_clock):
    """E-31"""
    by, other = make_user(Role.TECHNICIAN), make_user(Role.TECHNICIAN)
    absence = create_absence(by=by, from_on=TODAY, to_on=TODAY + timedelta(days=2), reason="Holiday")
    assert absence.user_id == by.id
    assert queries.is_absent(by.id, TODAY + timedelta(days=2))
    assert not queries.is_absent(by.id, TODAY + timedelta(days=3))
    assert not queries.is_absent(other.id, TODAY)
    with pytest.raises(NotPermitted):
        create_absence(by=by, user=other, from_on=TODAY, to_on=TODAY)
    with pytest.raises(RecordNotFound):
        cancel_absence(make_absence(other), by=by)


def test_the_supervisor_enters_absences_of_his_branch():
    by = make_user(Role.SUPERVISOR)
    absence = create_absence(by=by, user=make_user(Role.TECHNICIAN), from_on=TODAY, to_on=TODAY)
    edit_absence(absence, by=by, from_on=TODAY, to_on=TODAY + timedelta(days=1), reason="Ill")
    assert absence.to_on == TODAY + timedelta(days=1)
    with pytest.raises(NotPermitted):
        create_absence(by=by, user=make_user(Role.TECHNICIAN, make_branch("NB")), from_on=TODAY, to_on=TODAY)


def test_a_cancelled_absence_counts_no_more():
    by = make_user(Role.SUPERVISOR)
    user = make_user(Role.TECHNICIAN)
    absence = make_absence(user)
    assert queries.is_absent(user.id, clock.today())
    cancel_absence(absence, by=by)
    assert not queries.is_absent(user.id, clock.today())
    with pytest.raises(BackofficeError):
        edit_absence(absence, by=by, from_on=TODAY, to_on=TODAY)


def test_skills_have_labels():
    user = make_user(Role.TECHNICIAN, skills=["pump_repair"])
    assert user.skill_labels == [str(Skill.PUMP_REPAIR.label)]
    assert db.session.get(User, user.id) is user

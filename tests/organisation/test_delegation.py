"""Deputies (P-6) and what each person sees at all (P-1)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice.core import clock, scope
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, NotPermitted
from backoffice.core.notices import Notice
from backoffice.core.permissions import Permission, Role
from backoffice.organisation import queries
from backoffice.organisation.models import Absence, Branch, Delegation, ServiceArea, User
from backoffice.organisation.sessions import open_session, person_of
from backoffice.organisation.workflow import create_absence, create_delegation, edit_area, end_delegation
from tests.factories import make_absence, make_area, make_branch, make_delegation, make_user


def name_deputy(by, deputy, **over):
    days = {"from_on": clock.today(), "to_on": clock.today() + timedelta(days=2)}
    return create_delegation(by=by, deputy=deputy, **days | over)


def test_a_deputy_holds_the_rights_for_the_days(frozen_clock):
    """P-6"""
    principal, deputy = make_user(Role.SUPERVISOR), make_user(Role.ASSISTANT)
    assert not deputy.can(Permission.CALL_DISPATCH)
    name_deputy(principal, deputy, from_on=clock.today() + timedelta(days=1))
    assert not deputy.can(Permission.CALL_DISPATCH), "not before the first day"
    frozen_clock.advance(days=1)
    assert deputy.can(Permission.CALL_DISPATCH)
    assert deputy.roles == {Role.ASSISTANT, Role.SUPERVISOR}
    frozen_clock.advance(days=2)
    assert not deputy.can(Permission.CALL_DISPATCH), "not after the last day"


def test_an_act_of_a_deputy_says_for_whom(frozen_clock):
    """P-6: and only where the right is not his own."""
    principal, deputy = make_user(Role.SUPERVISOR), make_user(Role.TECHNICIAN)
    name_deputy(principal, deputy)
    area = make_area()
    edit_area(area, by=deputy, name="B", zone=area.zone, dispatch_limit_min=60, arrival_limit_min=60)
    create_absence(by=deputy, user=principal, from_on=clock.today(), to_on=clock.today())
    create_absence(by=make_user(Role.TECHNICIAN), from_on=clock.today(), to_on=clock.today())
    assert (
        db.session.scalars(select(AuditEntry).where(AuditEntry.act == "area.edit")).one().on_behalf_of_id
        == principal.id
    )
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "absence.create").order_by(AuditEntry.id))
    assert [entry.on_behalf_of_id for entry in entries] == [principal.id, None]
    assert deputy.on_behalf_of(Permission.CALL_WORK) is None


def test_an_administrator_is_never_a_deputy(frozen_clock):
    """P-6: neither by the act nor by a row that is there already."""
    principal, admin = make_user(Role.SUPERVISOR), make_user(Role.ADMIN)
    with pytest.raises(BackofficeError) as refusal:
        name_deputy(principal, admin)
    assert refusal.value.field == "deputy"
    make_delegation(principal, admin)
    assert admin.roles == {Role.ADMIN}
    assert not admin.can(Permission.CALL_DISPATCH)
    token = open_session(admin)
    db.session.commit()
    db.session.expunge_all()
    assert not person_of(token, clock.now()).can(Permission.CALL_DISPATCH)


def test_who_can_be_a_deputy(frozen_clock):
    principal = make_user(Role.MANAGER)
    for unfit in (principal, make_user(branch=make_branch("NB")), make_user(is_active=False), None):
        with pytest.raises(BackofficeError) as refusal:
            name_deputy(principal, unfit)
        assert refusal.value.field == "deputy"
    for days in ({"from_on": clock.today() - timedelta(days=1)}, {"to_on": clock.today() - timedelta(days=1)}):
        with pytest.raises(BackofficeError):
            name_deputy(principal, make_user(), **days)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.SUPERVISOR, Role.MANAGER)])
def test_only_supervisor_and_manager_name_deputies(role):
    """P-6"""
    with pytest.raises(NotPermitted):
        name_deputy(make_user(role), make_user())


def test_a_deputy_names_no_further_deputy(frozen_clock):
    principal, deputy = make_user(Role.SUPERVISOR), make_user()
    name_deputy(principal, deputy)
    with pytest.raises(NotPermitted):
        name_deputy(deputy, make_user())


def test_a_delegation_ends_at_once(frozen_clock):
    principal, deputy = make_user(Role.SUPERVISOR), make_user()
    delegation = name_deputy(principal, deputy)
    with pytest.raises(BackofficeError):
        end_delegation(delegation, by=make_user(Role.SUPERVISOR))
    end_delegation(delegation, by=principal)
    db.session.commit()
    deputy.deputise(())
    deputy._deputised = None
    assert not deputy.can(Permission.CALL_DISPATCH)
    with pytest.raises(BackofficeError):
        end_delegation(delegation, by=principal)
    kinds = db.session.scalars(select(Notice.kind).where(Notice.user_id == deputy.id).order_by(Notice.id))
    assert list(kinds) == ["delegation.created", "delegation.ended"]
    assert principal.real_name in db.session.scalars(select(Notice)).first().text


@pytest.mark.parametrize("what", ["principal inactive", "principal demoted", "principal moved", "deputy moved"])
def test_a_right_that_the_principal_has_lost_is_no_deputy_s(frozen_clock, what):
    principal, deputy, elsewhere = make_user(Role.SUPERVISOR), make_user(), make_branch("NB")
    make_delegation(principal, deputy)
    if what == "principal inactive":
        principal.is_active = False
    elif what == "principal demoted":
        principal.role = Role.SALES
    elif what == "principal moved":
        principal.branch_id = elsewhere.id
    else:
        deputy.branch_id = elsewhere.id
    token = open_session(deputy)
    db.session.commit()
    db.session.expunge_all()
    assert person_of(token, clock.now()).roles == {Role.ASSISTANT}
    assert db.session.get(User, deputy.id).roles == {Role.ASSISTANT}


def test_the_login_brings_the_rights_along(frozen_clock, count_statements):
    principal, deputy = make_user(Role.SUPERVISOR), make_user()
    make_delegation(principal, deputy)
    make_delegation(make_user(Role.MANAGER), deputy)
    token = open_session(deputy)
    db.session.commit()
    db.session.expunge_all()
    with count_statements() as sent:
        person = person_of(token, clock.now())
        assert person.roles == {Role.ASSISTANT, Role.SUPERVISOR, Role.MANAGER}
        assert not person.sees_all_branches
        assert person.on_behalf_of(Permission.CALL_DISPATCH) == principal.id
    assert sent.count == 1, str(sent)


def test_deputies_are_told_what_supervisors_are_told(frozen_clock):
    branch = make_branch()
    supervisor, deputy, manager = make_user(Role.SUPERVISOR), make_user(), make_user(Role.MANAGER)
    make_user(Role.SUPERVISOR, make_branch("NB"))
    make_user(Role.SUPERVISOR, is_active=False)
    assert queries.supervisor_ids(branch.id) == [supervisor.id]
    make_delegation(supervisor, deputy)
    assert queries.supervisor_ids(branch.id) == [supervisor.id, deputy.id]
    assert queries.manager_ids(branch.id) == [manager.id]


# -- row scope --------------------------------------------------------------------------------------------------------


def seen(model, by):
    return set(db.session.scalars(scope.select_visible(model, by)))


@pytest.fixture
def two_branches():
    """Two branches with an area, an absence and a delegation each."""
    rows = {}
    for code in ("HZ", "NB"):
        branch = make_branch(code)
        supervisor, technician = make_user(Role.SUPERVISOR, branch), make_user(Role.TECHNICIAN, branch)
        rows[code] = {
            Branch: branch, ServiceArea: make_area(branch), User: technician, Absence: make_absence(technician),
            Delegation: make_delegation(supervisor, technician),
        }  # fmt: skip
    return rows


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_everybody_sees_the_own_branch_only(two_branches, role):
    """P-1, G-02"""
    by = make_user(role, two_branches["HZ"][Branch])
    for model, foreign in two_branches["NB"].items():
        assert foreign not in seen(model, by), model
    for model in (Branch, ServiceArea, User):
        assert two_branches["HZ"][model] in seen(model, by), model


def test_the_manager_of_the_headquarters_sees_every_branch(two_branches):
    """P-1"""
    by = make_user(Role.MANAGER, make_branch("HQ"))
    for rows in two_branches.values():
        for model, row in rows.items():
            assert row in seen(model, by), model
    other = make_user(Role.SUPERVISOR, make_branch("HQ"))
    assert not other.sees_all_branches


def test_the_administrator_sees_people_and_places_and_no_work(two_branches):
    """P-1, P-4"""
    by = make_user(Role.ADMIN, two_branches["HZ"][Branch])
    for rows in two_branches.values():
        for model in (Branch, ServiceArea, User):
            assert rows[model] in seen(model, by), model
        for model in (Absence, Delegation):
            assert rows[model] not in seen(model, by), model


def test_absences_of_others_are_hidden_from_technicians(two_branches):
    """P-3"""
    branch = two_branches["HZ"][Branch]
    by = make_user(Role.TECHNICIAN, branch)
    own = make_absence(by)
    assert seen(Absence, by) == {own}
    assert two_branches["HZ"][Absence] in seen(Absence, make_user(Role.ASSISTANT, branch))


def test_the_audit_trail_is_read_by_branch(two_branches, frozen_clock):
    """G-04, P-3"""
    for code in ("HZ", "NB"):
        area = two_branches[code][ServiceArea]
        supervisor = make_user(Role.SUPERVISOR, two_branches[code][Branch])
        edit_area(area, by=supervisor, name=f"New {code}", zone=area.zone, dispatch_limit_min=60, arrival_limit_min=60)

    def branches_read(role, code="HZ"):
        by = make_user(role, make_branch(code))
        return {entry.branch_id for entry in seen(AuditEntry, by) if entry.act == "area.edit"}

    here, there = two_branches["HZ"][Branch].id, two_branches["NB"][Branch].id
    assert branches_read(Role.SUPERVISOR) == {here}
    assert branches_read(Role.MANAGER) == {here}
    assert branches_read(Role.MANAGER, "HQ") == {here, there}
    assert branches_read(Role.ADMIN) == {here, there}
    for role in (Role.ASSISTANT, Role.FINANCE, Role.TECHNICIAN, Role.SALES):
        assert branches_read(role) == set()


def test_notices_are_one_s_own():
    mine, other = make_user(), make_user()
    for user in (mine, other):
        db.session.add(Notice(user_id=user.id, kind="delegation.ended", subject_type="user", subject_id=user.id))
    db.session.flush()
    assert {notice.user_id for notice in seen(Notice, mine)} == {mine.id}

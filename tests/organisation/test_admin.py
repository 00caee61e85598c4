"""The pages of people, places, deputies, notices, settings and the audit trail."""

import pytest
from sqlalchemy import func, select

from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.organisation import passwords
from backoffice.organisation.models import Absence, Branch, Delegation, ServiceArea, User
from backoffice.settings.models import Holiday, Setting
from backoffice.settings.workflow import ensure_settings
from tests.factories import make_area, make_branch, make_delegation, make_user

GOOD = "three willows by the pump house"
LISTS = ("/branches/", "/areas/", "/users/", "/absences/", "/deputies/", "/audit/", "/settings/", "/holidays/")
OPEN_TO = {
    "/branches/": set(Role), "/areas/": set(Role), "/holidays/": set(Role),
    "/users/": {Role.ADMIN, Role.SUPERVISOR, Role.MANAGER}, "/absences/": set(Role) - {Role.ADMIN},
    "/deputies/": {Role.SUPERVISOR, Role.MANAGER}, "/audit/": {Role.ADMIN, Role.SUPERVISOR, Role.MANAGER},
    "/settings/": {Role.ADMIN, Role.SUPERVISOR, Role.MANAGER},
}  # fmt: skip


@pytest.fixture
def admin():
    return make_user(Role.ADMIN)


@pytest.fixture
def office(as_role, admin):
    return as_role(admin)


@pytest.mark.parametrize("role", list(Role))
def test_which_lists_are_open_to_whom(as_role, role):
    """P-3"""
    client = as_role(make_user(role))
    for path in LISTS:
        assert client.get(path).status_code == (200 if role in OPEN_TO[path] else 403), path


def user_data(**over):
    facts = {
        "username": "Li.Qiang", "real_name": "李强", "role": "technician", "branch": str(make_branch().id),
        "skills": ["pump_repair", "pump_engineer"], "password": GOOD, "phone": "13800001234", "locale": "zh_Hans_CN",
    }  # fmt: skip
    return facts | over


def test_the_administrator_enters_a_person_who_then_logs_in(office, client):
    assert office.get("/users/new/").status_code == 200
    answer = office.post("/users/new/", data=user_data())
    assert answer.status_code == 302, answer.text
    user = db.session.scalars(select(User).where(User.username == "li.qiang")).one()
    assert (user.role, user.skills, user.locale) == (Role.TECHNICIAN, ["pump_engineer", "pump_repair"], "zh_Hans_CN")
    assert user.password_hash.startswith("$argon2id$")
    assert client.post("/login", data={"username": "li.qiang", "password": GOOD}).status_code == 303
    page = client.get("/").text
    assert 'lang="zh-CN"' in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("password", "short", "at least 10 characters"), ("password", "password123", "first that are tried"),
        ("password", "", "Please fill this in"),
        ("username", "a b", "A user name has"), ("role", "king", "listed values"),
        ("branch", "999999", "cannot be chosen"), ("skills", [], "at least one skill"), ("skills", ["flying"], "valid"),
        ("real_name", "", "Please fill this in"), ("phone", "call me", "telephone number"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_new_person_is_said_beside_the_field(office, field, value, words):
    answer = office.post("/users/new/", data=user_data(**{field: value}))
    assert answer.status_code in {409, 422}
    assert words in answer.text
    assert GOOD not in answer.text, "a password is never sent back"
    assert db.session.scalar(select(func.count()).select_from(User)) == 1


def test_nothing_but_the_form_is_taken(office):
    """A5"""
    extra = {"is_active": "", "is_demo": "1", "password_hash": "x", "id": "77", "version": "9", "created_by_id": "5"}
    assert office.post("/users/new/", data=user_data() | extra).status_code == 302
    user = db.session.scalars(select(User).where(User.username == "li.qiang")).one()
    assert user.is_active
    assert not user.is_demo
    assert (user.version, user.id != 77, user.password_hash != "x") == (1, True, True)


def test_a_person_is_edited_deactivated_and_given_a_password(office, client, admin):
    user = make_user(Role.TECHNICIAN, phone="13800001234")
    page = office.get(f"/users/edit/?id={user.id}").text
    assert "13800001234" not in page, "masked, also for the administrator (P-1)"
    data = user_data(id=str(user.id), version=str(user.version), phone="138****1234", role="sales", skills=[])
    del data["username"], data["password"]
    assert office.post("/users/edit/", data=data).status_code == 302
    assert (user.role, user.phone, user.real_name) == (Role.SALES, "13800001234", "李强")

    answer = office.post("/users/act/reset_password", data={"id": user.id, "version": user.version, "password": "x"})
    assert answer.status_code == 422
    answer = office.post("/users/act/reset_password", data={"id": user.id, "version": user.version, "password": GOOD})
    assert answer.status_code == 302
    assert passwords.fits(GOOD, user.password_hash)

    data = {"id": user.id, "version": user.version}
    assert office.post("/users/act/deactivate", data=data).status_code == 200, "asks first"
    assert user.is_active
    assert office.post("/users/act/deactivate", data=data | {"confirmed": "1"}).status_code == 302
    assert not user.is_active
    assert client.post("/login", data={"username": user.username, "password": GOOD}).status_code == 401


def test_the_hash_is_on_no_page(office, as_role, admin):
    """A4"""
    user = make_user(Role.SUPERVISOR)
    for path in (f"/users/details/?id={user.id}", f"/users/edit/?id={user.id}", "/users/", "/audit/"):
        assert "argon2" not in office.get(path).text, path


def test_a_supervisor_reads_people_and_changes_nobody(as_role):
    user = make_user()
    client = as_role(make_user(Role.SUPERVISOR))
    assert client.get(f"/users/details/?id={user.id}").status_code == 200
    assert client.get("/users/new/").status_code == 403
    assert client.post("/users/new/", data=user_data()).status_code == 403
    assert client.get(f"/users/edit/?id={user.id}").status_code == 403
    assert client.post("/users/act/deactivate", data={"id": user.id, "confirmed": "1"}).status_code == 403
    foreign = make_user(branch=make_branch("NB"))
    assert client.get(f"/users/details/?id={foreign.id}").status_code == 404


def test_branches_and_areas(office):
    answer = office.post("/branches/new/", data={"code": "nb", "name": "Ningbo", "kind": "branch", "city": "宁波"})
    assert answer.status_code == 302, answer.text
    branch = db.session.scalars(select(Branch).where(Branch.code == "NB")).one()
    data = {
        "id": branch.id,
        "version": branch.version,
        "name": "Ningbo 2",
        "kind": "office",
        "is_active": "y",
        "code": "XX",
    }
    assert office.post("/branches/edit/", data=data).status_code == 302
    assert (branch.code, branch.name, branch.is_active) == ("NB", "Ningbo 2", True)
    answer = office.post("/areas/new/", data={"branch": branch.id, "name": "Centre", "zone": "suburb"})
    assert answer.status_code == 302, answer.text
    area = db.session.scalars(select(ServiceArea)).one()
    assert (area.branch_id, area.dispatch_limit_min) == (branch.id, 120)


def test_a_stale_edit_is_told(office):
    """G-06"""
    area = make_area(name="Old")
    stale = area.version
    data = {"id": area.id, "version": stale, "zone": "city", "dispatch_limit_min": "60", "arrival_limit_min": "60"}
    assert office.post("/areas/edit/", data=data | {"name": "First"}).status_code == 302
    answer = office.post("/areas/edit/", data=data | {"name": "Second"})
    assert answer.status_code == 409
    assert "First" in answer.text
    assert "Second" in answer.text
    assert area.name == "First"


def test_absences_over_the_web(as_role):
    technician = make_user(Role.TECHNICIAN)
    client = as_role(technician)
    assert 'name="user"' not in client.get("/absences/new/").text
    data = {"from_on": "2026-03-02", "to_on": "2026-03-04", "user": str(make_user().id)}
    assert client.post("/absences/new/", data=data).status_code == 302
    absence = db.session.scalars(select(Absence)).one()
    assert absence.user_id == technician.id
    answer = client.post("/absences/new/", data={"from_on": "2026-03-04", "to_on": "2026-03-02"})
    assert answer.status_code == 409
    assert "The last day lies before the first." in answer.text


def test_a_deputy_over_the_web(as_role):
    """P-6: the deputy sees at once what the principal may open."""
    principal, deputy = make_user(Role.SUPERVISOR), make_user()
    boss, helper = as_role(principal), as_role(deputy)
    assert helper.get("/users/").status_code == 403
    today = clock.today().isoformat()
    answer = boss.post("/deputies/new/", data={"deputy": deputy.id, "from_on": today, "to_on": today})
    assert answer.status_code == 302, answer.text
    assert helper.get("/users/").status_code == 200
    assert "You are the deputy of" in helper.get("/").text
    delegation = db.session.scalars(select(Delegation)).one()
    assert boss.post("/deputies/act/end", data={"id": delegation.id, "version": delegation.version}).status_code == 302
    assert helper.get("/users/").status_code == 403


def test_the_look_up_of_deputies_offers_no_administrator(as_role, admin):
    principal, colleague = make_user(Role.SUPERVISOR), make_user()
    make_user(branch=make_branch("NB"))
    found = as_role(principal).get("/lookup/colleagues").json["results"]
    assert [row["id"] for row in found] == [colleague.id]


@pytest.mark.parametrize("name", ["branches", "service_areas", "users", "salespeople", "colleagues"])
def test_look_ups_stay_within_the_branch(as_role, name):
    """P-1"""
    foreign = make_branch("NB")
    make_area(foreign)
    make_user(Role.SALES, foreign)
    here = {make_branch().id, make_area().id, make_user(Role.SALES).id}
    assert here
    client = as_role(make_user(Role.ASSISTANT))
    rows = client.get(f"/lookup/{name}").json["results"]
    model = {"branches": Branch, "service_areas": ServiceArea}.get(name, User)
    assert rows
    branches = {getattr(db.session.get(model, row["id"]), "branch_id", row["id"]) for row in rows}
    assert branches == {make_branch().id}


def test_a_setting_is_changed_over_the_web(office, as_role):
    ensure_settings()
    row = db.session.scalars(select(Setting).where(Setting.key == "C-11")).one()
    assert "from 1 to 365" in office.get(f"/settings/edit/?id={row.id}").text
    answer = office.post("/settings/edit/", data={"id": row.id, "version": row.version, "value": "400"})
    assert answer.status_code == 409
    assert "must lie between 1 and 365" in answer.text
    assert office.post("/settings/edit/", data={"id": row.id, "version": row.version, "value": "60"}).status_code == 302
    assert row.value == "60"
    reader = as_role(make_user(Role.SUPERVISOR))
    assert "60 days" in reader.get("/settings/").text
    assert reader.post("/settings/edit/", data={"id": row.id, "version": row.version, "value": "1"}).status_code == 403


def test_a_holiday_is_entered_once(office, as_role):
    """E-33"""
    data = {"on": "2026-11-25", "kind": "day_off", "name": "Stocktaking", "is_active": "y"}
    assert office.post("/holidays/new/", data=data).status_code == 302
    assert office.post("/holidays/new/", data=data).status_code == 422
    holiday = db.session.scalars(select(Holiday)).one()
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "holiday.create")).one()
    assert entry.subject_id == holiday.id
    assert as_role(make_user(Role.SUPERVISOR)).post("/holidays/new/", data=data).status_code == 403


def test_the_audit_trail_shows_what_happened(office):
    office.post("/areas/new/", data={"branch": make_branch().id, "name": "Centre", "zone": "city"})
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "area.create")).one()
    assert "area.create" in office.get("/audit/?act=area.create").text
    page = office.get(f"/audit/details/?id={entry.id}").text
    assert "Centre" in page
    for path in ("/audit/new/", f"/audit/edit/?id={entry.id}"):
        assert office.get(path).status_code in {403, 404, 405}


def test_notices_are_read(as_role):
    """E-32"""
    user, other = make_user(), make_user()
    client = as_role(user)
    assert "There is nothing yet" in client.get("/notices/").text
    for owner in (user, user, other):
        db.session.add(
            Notice(user_id=owner.id, kind="delegation.ended", params={"principal": "<b>王芳</b>"},
                   subject_type="user", subject_id=user.id)
        )  # fmt: skip
    db.session.commit()
    first, _, foreign = db.session.scalars(select(Notice.id).order_by(Notice.id))
    page = client.get("/").text
    assert "&lt;b&gt;王芳&lt;/b&gt;" in page
    assert client.get("/notices/read/").status_code == 405
    client.post("/notices/read/", data={"id": first})
    client.post("/notices/read/", data={"id": foreign})
    client.post("/notices/read/", data={"id": "x"})
    unread = select(Notice.user_id).where(Notice.read_at.is_(None)).order_by(Notice.id)
    assert list(db.session.scalars(unread)) == [user.id, other.id]
    client.post("/notices/read/")
    assert list(db.session.scalars(unread)) == [other.id]


def test_the_home_page_of_each_role(as_role):
    for role in Role:
        page = as_role(make_user(role)).get("/")
        assert page.status_code == 200
        assert ("never quarrel" in page.text) is (role is Role.TECHNICIAN), "G-09"


def test_a_deputy_sees_deputies(as_role):
    make_delegation(make_user(Role.MANAGER), deputy := make_user())
    assert as_role(deputy).get("/deputies/").status_code == 200

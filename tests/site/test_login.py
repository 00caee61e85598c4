"""Logging in and out, and when a session is over (D2, D4, D5, G-04)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from backoffice.core import audit
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.organisation import passwords, throttle
from backoffice.organisation.login import safe_address
from backoffice.organisation.models import LoginFailure, UserSession
from backoffice.organisation.workflow import deactivate_user, edit_user, reset_password
from backoffice.settings.models import Setting
from tests.factories import make_branch, make_user
from tests.fixtures_app import DEMO_PASSWORD

NEW_PASSWORD = "correct horse battery"


def log_in(client, username, password=DEMO_PASSWORD, **more):
    return client.post("/login", data={"username": username, "password": password, **more})


def is_in(client) -> bool:
    return client.get("/").status_code == 200


def cookie_of(client) -> str:
    return client.get_cookie("backoffice").value


def acts() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


def test_nobody_sees_the_home_page_before_the_login(client):
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=")


def test_login_leads_home_and_is_audited(client):
    """G-04"""
    user = make_user()
    answer = log_in(client, user.username)
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_in(client)
    assert acts()[-1] == "user.login"


def test_the_name_is_the_same_in_capitals_and_with_blanks(client):
    user = make_user(username="wang.fang")
    assert log_in(client, "  WANG.Fang ").status_code == 303
    assert user.username == "wang.fang"


@pytest.mark.parametrize("who", ["unknown", "wrong", "inactive"])
def test_every_refusal_looks_the_same(client, who):
    user = make_user(is_active=who != "inactive")
    name = "nobody" if who == "unknown" else user.username
    answer = log_in(client, name, "wrong password" if who != "inactive" else "demo")
    assert answer.status_code == 401
    assert "The user name or the password is wrong." in answer.text
    assert not is_in(client)
    assert acts()[-1] == "user.login_refused"


def test_an_unknown_name_is_not_written_down(client):
    """People type passwords into the wrong field."""
    log_in(client, "my secret password")
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.subject, entry.subject_id, entry.note, entry.changes) == ("", None, "", None)


def test_the_session_changes_at_every_login(client):
    """D2: nothing that was in the browser before goes on."""
    user = make_user()
    client.get("/login")
    before = cookie_of(client)
    log_in(client, user.username)
    first = cookie_of(client)
    other = client.application.test_client()
    log_in(client, user.username)
    assert len({before, first, cookie_of(client)}) == 3
    other.set_cookie("backoffice", first)
    assert not is_in(other), "the session before a second login has ended"


def test_logout_kills_a_copy_of_the_cookie(client, as_role):
    user = make_user()
    client = as_role(user)
    copy = client.application.test_client()
    copy.set_cookie("backoffice", cookie_of(client))
    assert is_in(copy)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").location == "/login"
    assert not is_in(client)
    assert not is_in(copy)
    assert acts()[-1] == "user.logout"


def test_the_cookie_holds_no_key_and_the_table_no_token(as_role):
    user = make_user()
    client = as_role(user)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
        assert set(cookie) <= {"_user_id", "_fresh", "_permanent", "seen", "locale", "csrf_token", "_flashes", "_id"}
    kept = db.session.scalar(select(UserSession.token_hash))
    assert len(token) >= 40
    assert token not in kept


def test_an_idle_session_ends_after_30_minutes(frozen_clock, as_role):
    """C-42"""
    client = as_role(make_user())
    frozen_clock.advance(minutes=29)
    assert is_in(client)
    frozen_clock.advance(minutes=29)
    assert is_in(client), "every request begins the idle time anew"
    frozen_clock.advance(minutes=31)
    assert not is_in(client)


def test_the_idle_time_is_a_setting(frozen_clock, as_role):
    """C-42"""
    db.session.add(Setting(key="C-42", value="60"))
    client = as_role(make_user())
    frozen_clock.advance(minutes=45)
    assert is_in(client)


def test_a_session_ends_after_12_hours_of_work(frozen_clock, as_role):
    """D2, C-46"""
    client = as_role(make_user())
    for _ in range(12 * 3 - 1):
        frozen_clock.advance(minutes=20)
        assert is_in(client)
    frozen_clock.advance(minutes=21)
    assert not is_in(client)


def test_reading_writes_nothing(frozen_clock, as_role):
    """Not even when the idle time is renewed."""
    client = as_role(make_user())
    before = db.session.execute(select(UserSession.__table__)).all(), acts()
    frozen_clock.advance(minutes=5)
    assert is_in(client)
    assert (db.session.execute(select(UserSession.__table__)).all(), acts()) == before


@pytest.mark.parametrize("what", ["role", "branch", "deactivate", "password"])
def test_what_ends_the_sessions_of_a_person(as_role, what):
    """D2: role change, deactivation and a new password end every session at once."""
    admin, user = make_user(Role.ADMIN), make_user(Role.ASSISTANT)
    client = as_role(user)
    facts = {"real_name": user.real_name, "role": user.role, "branch": user.branch}
    if what == "role":
        edit_user(user, by=admin, **facts | {"role": Role.FINANCE})
    elif what == "branch":
        edit_user(user, by=admin, **facts | {"branch": make_branch("NB")})
    elif what == "deactivate":
        deactivate_user(user, by=admin)
    else:
        reset_password(user, by=admin, password_hash=passwords.make_hash(NEW_PASSWORD))
    db.session.commit()
    assert not is_in(client)


def test_an_edit_of_the_name_ends_no_session(as_role):
    admin, user = make_user(Role.ADMIN), make_user(Role.ASSISTANT)
    client = as_role(user)
    edit_user(user, by=admin, real_name="王芳", role=user.role, branch=user.branch)
    db.session.commit()
    assert is_in(client)


def test_changing_the_own_password_ends_all_other_sessions(as_role):
    user = make_user()
    client, elsewhere = as_role(user), as_role(user)
    old = cookie_of(client)
    data = {"current": "demo", "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert client.post("/password", data=data).status_code == 303
    assert is_in(client)
    assert not is_in(elsewhere)
    elsewhere.set_cookie("backoffice", old)
    assert not is_in(elsewhere)
    assert log_in(elsewhere, user.username).status_code == 401
    assert log_in(elsewhere, user.username, NEW_PASSWORD).status_code == 303
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "user.change_password")).one()
    assert entry.changes == {"password_hash": ["***", "***"]}
    assert entry.user_id == user.id


@pytest.mark.parametrize(
    ("current", "password", "again", "words"),
    [
        ("wrong", NEW_PASSWORD, NEW_PASSWORD, "not your present password"),
        ("demo", NEW_PASSWORD, "another one of them", "two new passwords differ"),
        ("demo", "short", "short", "at least 10 characters"),
        ("demo", "password123", "password123", "first that are tried"),
    ],
)
def test_a_new_password_is_refused(as_role, current, password, again, words):
    client = as_role(make_user())
    answer = client.post("/password", data={"current": current, "password": password, "again": again})
    assert answer.status_code == 422
    assert words in answer.text
    assert is_in(client)


def test_ten_wrong_passwords_pause_the_account(frozen_clock, client):
    """D5, C-47: the right password does not help during the pause, and helps afterwards."""
    user = make_user()
    for _ in range(10):
        assert log_in(client, user.username, "wrong").status_code == 401
    answer = log_in(client, user.username)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) == 15 * 60
    assert "Try again in 15 minutes" in answer.text
    frozen_clock.advance(minutes=16)
    assert log_in(client, user.username).status_code == 303


def test_an_unknown_account_is_paused_like_a_known_one(client):
    for _ in range(10):
        assert log_in(client, "nobody", "wrong").status_code == 401
    assert log_in(client, "nobody", "wrong").status_code == 429


def test_thirty_wrong_passwords_pause_the_address(client):
    """D5, C-48"""
    user = make_user()
    for n in range(30):
        assert log_in(client, f"nobody{n}", "wrong").status_code == 401
    assert log_in(client, user.username).status_code == 429
    elsewhere = {"REMOTE_ADDR": "127.0.0.9"}
    answer = client.post("/login", data={"username": user.username, "password": "demo"}, environ_base=elsewhere)
    assert answer.status_code == 303


def test_a_paused_address_adds_no_rows(client):
    """D5: made-up names do not fill the table."""
    for n in range(60):
        log_in(client, f"nobody{n}", "wrong")
    assert db.session.scalar(select(func.count()).select_from(LoginFailure)) == 31


def test_a_right_password_takes_the_failures_back(client):
    """The account starts anew; the address keeps the wrong ones only."""
    user = make_user()
    for _ in range(3):
        for _ in range(9):
            assert log_in(client, user.username, "wrong").status_code == 401
        assert log_in(client, user.username).status_code == 303
    assert list(db.session.scalars(select(LoginFailure.failures))) == [27]


def test_the_table_of_failures_is_bounded(frozen_clock, monkeypatch):
    """D5: the mildest go first, and what is over goes in any case."""
    monkeypatch.setattr(throttle, "MOST_ROWS", 10)
    for n in range(30):
        throttle.count_attempt(f"name{n}", f"10.0.0.{n}")
    throttle.count_attempt("name0", "10.0.0.0")
    throttle.prune()
    assert db.session.scalar(select(func.count()).select_from(LoginFailure)) == 10
    assert db.session.scalar(select(func.max(LoginFailure.failures))) == 2
    frozen_clock.advance(minutes=16)
    throttle.prune()
    assert db.session.scalar(select(func.count()).select_from(LoginFailure)) == 0


def test_the_table_holds_neither_names_nor_addresses(client):
    log_in(client, "wang.fang", "wrong")
    for subject in db.session.scalars(select(LoginFailure.subject)):
        assert re.fullmatch(r"[0-9a-f]{64}", subject)


def test_the_hash_of_nobody_costs_what_a_real_one_costs():
    """D5: an unknown name is not told by the time of the answer."""
    assert not passwords.is_outdated(passwords._NOBODY)
    assert not passwords.fits("anything", None)
    assert passwords.fits("demo", passwords.make_hash("demo"))


def test_a_demo_account_does_not_enter_production(app, client, monkeypatch):
    """H1"""
    user = make_user(is_demo=True)
    monkeypatch.setitem(app.config, "MODE", "production")
    assert log_in(client, user.username).status_code == 401


def test_next_leads_to_a_page_of_this_site_only(client):
    user = make_user()
    assert log_in(client, user.username, next="/users/?q=a").location == "/users/?q=a"
    assert log_in(client, user.username, next="https://evil.example/").location == "/"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
        "/\t/evil.example", "/\n/evil.example", " //evil.example", "http:evil.example", "evil.example", "", "///evil",
        "/%0d%0aX: y\r\nX: y", "/logout", "data:text/html,x", "/ /evil.example", "/" + "a" * 3000,
    ],
)  # fmt: skip
def test_no_next_leads_away(target):
    """D4"""
    assert safe_address(target) == "/"


def test_the_language_is_kept_for_browser_and_person(client):
    user = make_user(locale="")
    assert (
        client.post("/locale", data={"locale": "zh", "next": "/login?next=/users/"}).location == "/login?next=/users/"
    )
    assert 'lang="zh-CN"' in client.get("/login").text
    log_in(client, user.username)
    assert 'lang="zh-CN"' in client.get("/").text, "the choice outlives the login"
    client.post("/locale", data={"locale": "en"})
    assert 'lang="en"' in client.get("/").text
    db.session.refresh(user)
    assert user.locale == "en"
    assert client.post("/locale", data={"locale": "xx"}).status_code == 409


def test_the_browser_chooses_the_language_of_a_stranger(client):
    for asked, lang in (("zh-TW,zh;q=0.9", "zh-CN"), ("zh", "zh-CN"), ("fr, en;q=0.5", "en"), ("fr", "en")):
        assert f'lang="{lang}"' in client.get("/login", headers={"Accept-Language": asked}).text


def test_the_address_is_in_the_audit_trail(client):
    user = make_user()
    log_in(client, user.username)
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry.ip == "127.0.0.1"
    assert audit.origin.get() == "", "nothing of the request stays behind"


def test_one_statement_knows_who_is_asking(as_role, count_statements):
    """Session, person, branch, deputies and idle time in one statement; the sidebar needs a second."""
    client = as_role(make_user())
    with count_statements() as sent:
        assert is_in(client)
    assert sent.count <= 2, str(sent)


def test_old_rows_of_a_person_are_removed_at_the_login(frozen_clock, client):
    user = make_user()
    log_in(client, user.username)
    frozen_clock.advance(days=40)
    log_in(client, user.username)
    assert db.session.scalar(select(func.count()).select_from(UserSession)) == 1
    assert timedelta(hours=12) == db.session.scalar(select(UserSession.expires_at)) - frozen_clock.now

"""Headers of every answer, refusals, and what happens without a database (D1, D3, F2, H1)."""

import io
import json
import logging

import pytest
from flask import abort
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

import config
from backoffice.core import audit
from backoffice.core.db import db, writing
from backoffice.core.permissions import Role
from backoffice.site import answers
from tests.factories import make_user
from tests.fixtures_app import WORKER, close, make_app

PRODUCTION = {
    "MODE": "production", "SECRET_KEY": "k7Qw-2mZp_9xTf4LbVn8Rc1Ys6Hd3Gj0", "ALLOWED_HOSTS": "office.example",
}  # fmt: skip


def check_headers(answer, *, is_static: bool = False) -> None:
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
                 "base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'", "form-action 'self'"):  # fmt: skip
        assert part in policy.split("; "), policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "geolocation=()" in answer.headers["Permissions-Policy"]
    if not is_static:
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.fixture
def office(as_role):
    """An administrator's browser."""
    return as_role(make_user(Role.ADMIN))


@pytest.fixture
def broken(app, monkeypatch):
    """`broken(error)`: from now on /healthz fails with it, as in real life, where nothing is raised to the caller."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", value=False)

    def fail(error):
        def view():
            raise error

        monkeypatch.setitem(app.view_functions, "health.alive", view)

    return fail


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/login", 302), ("/password", 200), ("/users/", 200), ("/users/?q=%00", 400), ("/nothing", 404),
     ("/logout", 405), ("/calls/", 403), ("/healthz", 200), ("/readyz", 200), ("/lookup/branches?q=", 200),
     ("/users/details/?id=999999", 404), ("/notices/", 200), ("/audit/", 200), ("/settings/", 200)],
)  # fmt: skip
def test_every_kind_of_answer_has_its_headers(office, path, status):
    """D1"""
    answer = office.get(path)
    assert answer.status_code == status
    check_headers(answer)


def test_headers_before_the_login(client):
    for answer in (client.get("/login"), client.get("/"), client.post("/login"), client.post("/users/new/")):
        check_headers(answer)


def test_static_files_have_headers_and_may_be_kept(client):
    answer = client.get("/static/office.css")
    assert answer.status_code == 200
    check_headers(answer, is_static=True)
    assert "no-store" not in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    answer.close()
    answer = client.get("/static/office.css?v=1")
    assert "immutable" in answer.headers["Cache-Control"]
    answer.close()


def test_too_large_a_body_is_refused_with_a_page(client):
    answer = client.post("/login", data=b"x" * (13 * 1024 * 1024), content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    check_headers(answer)


def test_a_refused_body_is_read_to_its_end(app):
    """Else the browser sees a cut connection and no page."""

    def inner(environ, start_response):
        start_response("413 REQUEST ENTITY TOO LARGE", [])
        return [b""]

    body = io.BytesIO(b"x" * 100_000)
    environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "100000", "wsgi.input": body}
    answers.Door(inner, app)(environ, lambda *details: None).close()
    assert body.tell() == 100_000


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "office.example", "a b"])
def test_a_foreign_host_is_refused(client, host):
    """D4: and its name is not echoed."""
    answer = client.get("/login", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text
    check_headers(answer)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:5000"])
def test_the_machine_itself_is_no_foreign_host(client, host):
    assert client.get("/login", headers={"Host": host}).status_code == 200


def test_another_host_by_a_proxy_header_changes_nothing(client):
    answer = client.get("/", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "10.9.9.9"})
    assert "evil.example" not in answer.location


def test_a_form_without_token_is_refused(app, client, monkeypatch):
    """B1"""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", value=True)
    user = make_user()
    for path in ("/login", "/logout", "/locale", "/password", "/notices/read/"):
        answer = client.post(path, data={"username": user.username, "password": "demo", "locale": "zh"})
        assert answer.status_code == 400, path
        check_headers(answer)
    assert 'lang="en"' in client.get("/login").text


def test_a_bug_shows_a_reference_and_no_inside(broken, office, caplog):
    broken(RuntimeError("13800001234"))
    with caplog.at_level(logging.ERROR):
        answer = office.get("/healthz?q=13900001111")
    assert answer.status_code == 500
    check_headers(answer)
    assert "13800001234" not in answer.text
    assert "RuntimeError" not in answer.text
    references = [r for r in caplog.records if "reference" in r.getMessage()]
    assert references
    assert all("13900001111" not in r.getMessage() for r in caplog.records)


@pytest.mark.parametrize("cut", [True, False])
def test_a_database_that_is_gone_gives_503(broken, office, cut):
    """F2"""
    broken(OperationalError("select", {}, Exception("gone"), connection_invalidated=cut))
    answer = office.get("/healthz")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    check_headers(answer)
    answer = office.get("/healthz", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 503
    assert json.loads(answer.text)["error"]


def test_the_page_comes_out_when_nobody_can_be_known(broken, office, monkeypatch):
    """F2: the database goes while it is asked who is there."""

    def gone(*args):
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr("backoffice.organisation.sessions.person_of", gone)
    broken(RuntimeError())
    monkeypatch.setattr("backoffice.organisation.throttle.count_attempt", gone)
    for answer in (*(office.get(path) for path in ("/", "/users/", "/login")), office.post("/login")):
        assert answer.status_code == 503
        assert "Nothing was saved" in answer.text
        check_headers(answer)


def test_readyz_says_when_there_is_no_database(client, monkeypatch):
    def gone(*args):
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(type(db.session), "execute", gone)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    check_headers(answer)


def test_a_connection_that_dies_when_it_is_given_back_costs_no_answer(client, monkeypatch):
    """F2: the work was committed, so the person is told so."""

    def dead(session):
        raise OperationalError("rollback", {}, Exception("gone"))

    with monkeypatch.context() as patch:
        patch.setattr("sqlalchemy.orm.Session.close", dead)
        answer = client.get("/readyz")
    assert answer.status_code == 200


def test_a_database_error_outside_all_handlers_gives_503(app):
    def inner(environ, start_response):
        start_response("200 OK", [])
        raise OperationalError("rollback", {}, Exception("gone"))

    sent = []
    door = answers.Door(inner, app)
    body = door({"REQUEST_METHOD": "GET"}, lambda *details: sent.append(details))
    assert [details[0] for details in sent] == ["503 SERVICE UNAVAILABLE"]
    assert b"503" in b"".join(body)
    body.close()


@pytest.mark.parametrize(("method", "writes"), [("GET", False), ("HEAD", False), ("OPTIONS", False), ("POST", True)])
def test_reading_requests_open_the_database_for_reading(app, monkeypatch, method, writes):
    seen = []

    def view():
        seen.append(writing.get())
        return "ok"

    monkeypatch.setitem(app.view_functions, "login.log_in", view)
    app.test_client().open("/login", method=method)
    assert seen in ([writes], [])
    assert writing.get() is True
    assert audit.origin.get() == ""


def test_cookies_are_closed_to_scripts_and_other_sites(client):
    """D3"""
    cookie = client.get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie


@pytest.fixture
def production(databases, instance, monkeypatch):
    """Makes applications in production, on a database of their own, with plain clients."""
    url = databases.create(f"production_{WORKER}")
    made = []

    def make(**more):
        with monkeypatch.context() as environ:
            for name, value in (PRODUCTION | more).items():
                environ.setenv(name, value)
            environ.setattr("tests.fixtures_app.SETTINGS", ())
            app = make_app(url, instance, TESTING=True, WTF_CSRF_ENABLED=False)
        app.test_client_class = FlaskClient
        made.append(app)
        return app

    yield make
    for app in made:
        close(app)
    databases.drop(f"production_{WORKER}")


@pytest.mark.no_app
def test_production_has_secure_cookies_and_hsts(production):
    """D1, D3"""
    app = production()
    answer = app.test_client().get("/login", base_url="https://office.example")
    assert answer.status_code == 200
    check_headers(answer)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-backoffice=")
    assert "Secure" in cookie
    assert app.test_client().get("/login", base_url="https://localhost").status_code == 400


@pytest.mark.no_app
def test_production_does_not_start_with_demo_accounts(production):
    """H1"""
    app = production()
    with app.app_context():
        make_user(is_demo=True)
        db.session.commit()
    with pytest.raises(config.Misconfigured, match="demo accounts"):
        production()


@pytest.mark.no_app
def test_behind_a_proxy_the_person_s_own_address_counts(production):
    """D5: by the configured number of proxies, and no further."""
    app = production(TRUSTED_PROXIES="1")
    with app.app_context():
        user = make_user()
        db.session.commit()
        name = user.username
    forwarded = {"X-Forwarded-For": "10.1.1.1, 10.2.2.2", "X-Forwarded-Proto": "https"}
    answer = app.test_client().post(
        "/login", data={"username": name, "password": "demo"}, headers=forwarded, base_url="http://office.example"
    )
    answer.close()
    assert answer.status_code == 303
    with app.app_context():
        entry = db.session.scalars(db.select(audit.AuditEntry).order_by(audit.AuditEntry.id.desc())).first()
        assert entry.ip == "10.2.2.2"


def test_an_abort_keeps_its_words(app, office, monkeypatch):
    def view():
        abort(403, description="only on Sundays")

    monkeypatch.setitem(app.view_functions, "health.alive", view)
    answer = office.get("/healthz")
    assert answer.status_code == 403
    assert "only on Sundays" in answer.text

"""The pause after wrong passwords holds across processes, and against many attempts sent at once (D5)."""

import threading

import pytest
from flask.testing import FlaskClient

from backoffice.core.db import db
from tests.factories import make_user
from tests.fixtures_app import close, make_app

pytestmark = pytest.mark.no_app


@pytest.fixture
def other_app(live_database, instance):
    """A second application on the same database: another worker."""
    app = make_app(live_database.url, instance, TESTING=True, WTF_CSRF_ENABLED=False)
    yield app
    close(app)


def status_of(app, username: str, password: str) -> int:
    with FlaskClient(app, use_cookies=True).post("/login", data={"username": username, "password": password}) as answer:
        return answer.status_code


def a_user(app) -> str:
    with app.app_context():
        user = make_user()
        db.session.commit()
        return user.username


def test_two_workers_count_together(live_database, other_app):
    app = live_database.app
    name = a_user(app)
    apps = [app, other_app]
    statuses = [status_of(apps[n % 2], name, "wrong") for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert [status_of(one, name, "demo") for one in apps] == [429, 429]


def test_forty_attempts_at_once_are_no_more_than_one_after_the_other(live_database, other_app):
    apps = [live_database.app, other_app]
    name = a_user(apps[0])
    start = threading.Barrier(20)
    statuses = []

    def attack(n: int) -> None:
        start.wait(20)
        statuses.extend(status_of(apps[n % 2], name, f"wrong{m}") for m in range(2))

    threads = [threading.Thread(target=attack, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [401] * 10 + [429] * 30

"""The login and the pages of the office in a real browser: the policy blocks nothing, nothing asks outside (D1)."""

import pytest

from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.settings.workflow import ensure_settings
from tests.factories import make_branch, make_user

pytestmark = pytest.mark.no_app

PAGES = (
    "/", "/notices/", "/password", "/branches/", "/branches/new/", "/areas/", "/areas/new/", "/users/", "/users/new/",
    "/settings/", "/holidays/", "/holidays/new/", "/audit/", "/nothing",
)  # fmt: skip


@pytest.fixture
def office(live_app, live_server):
    """Address of the office, with an administrator `chief` in it."""
    with live_app.app_context():
        if db.session.scalar(db.select(User.id).where(User.username == "chief")) is None:
            ensure_settings()
            make_user(Role.ADMIN, make_branch("HQ"), username="chief", real_name="王芳", locale="")
            db.session.commit()
    return live_server


def test_the_policy_blocks_nothing_of_our_own(office, page):
    complaints, foreign = [], []
    page.on("console", lambda message: complaints.append(message.text) if "Security Policy" in message.text else None)
    page.on(
        "request", lambda request: None if request.url.startswith((office, "data:")) else foreign.append(request.url)
    )
    page.goto(f"{office}/users/")
    assert page.url.startswith(f"{office}/login?next="), "the login comes first"
    page.fill("#username", "chief")
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    page.locator("[role=alert]").wait_for()
    assert page.input_value("#username") == "chief"
    page.fill("#password", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{office}/users/")
    for path in PAGES:
        page.goto(office + path)
        assert page.locator("h1").first.is_visible(), path
        assert page.locator("main").count() == 1, path
    assert complaints == []
    assert foreign == []


def test_languages_and_logout(office, page):
    page.goto(f"{office}/login")
    assert page.get_attribute("html", "lang") == "zh-CN", "as the browser asks"
    page.click("button[value=en]")
    assert page.get_attribute("html", "lang") == "en"
    page.fill("#username", "chief")
    page.fill("#password", "demo")
    page.click("button.btn-primary")
    page.wait_for_url(f"{office}/")
    assert page.get_attribute("html", "lang") == "en"
    page.click("details.menu summary")
    page.click("details.menu form button")
    page.wait_for_url(f"{office}/login")
    page.goto(f"{office}/")
    assert "/login" in page.url
    assert page.get_attribute("html", "lang") == "en", "the choice stays"

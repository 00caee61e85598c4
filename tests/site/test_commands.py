"""The operator's commands (H1, P-3)."""

from sqlalchemy import func, select

from backoffice import handbook
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.permissions import GRANTS, Permission, Role
from backoffice.organisation import passwords
from backoffice.organisation.models import Branch, BranchKind, User
from backoffice.products.rules import SYMPTOMS
from backoffice.settings.definitions import DEFINITIONS
from backoffice.settings.holidays_cn import DAYS
from backoffice.settings.models import Setting
from backoffice.watch.queries import LADDER
from tests.factories import make_branch

GOOD = "three willows by the pump house"


def run(app, *arguments, **more):
    return app.test_cli_runner().invoke(args=[*arguments], **more)


def test_the_first_administrator_of_an_empty_database(app, client):
    result = run(app, "create-user", "Root", "--password-stdin", input=GOOD + "\n")
    assert result.exit_code == 0, result.output
    user = db.session.scalars(select(User)).one()
    assert (user.username, user.role, user.branch.code) == ("root", Role.ADMIN, "HQ")
    assert user.branch.kind is BranchKind.HEADQUARTERS
    assert passwords.fits(GOOD, user.password_hash)
    assert db.session.scalar(select(func.count()).select_from(Setting)) == len(DEFINITIONS)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.subject_type == "user")).one()
    assert (entry.act, entry.note) == ("user.create", "flask create-user")
    assert GOOD not in result.output
    assert client.post("/login", data={"username": "root", "password": GOOD}).status_code == 303


def test_any_role_in_any_branch(app):
    make_branch("HZ")
    options = ("--role", "technician", "--branch", "hz", "--name", "李强", "--skill", "pump_repair", "--password-stdin")
    result = run(app, "create-user", "li", *options, input=GOOD + "\n")
    assert result.exit_code == 0, result.output
    user = db.session.scalars(select(User)).one()
    assert (user.real_name, user.role, user.skills) == ("李强", Role.TECHNICIAN, ["pump_repair"])


def test_the_password_is_asked_for_twice(app):
    result = run(app, "create-user", "root", input=f"{GOOD}\n{GOOD}\n")
    assert result.exit_code == 0, result.output
    assert GOOD not in result.output


def test_what_create_user_refuses(app):
    make_branch("HZ")
    db.session.commit()
    for arguments, password, words in (
        (("root", "--branch", "HZ"), "short", "at least 10 characters"),
        (("a b", "--branch", "HZ"), GOOD, "A user name has"),
        (("root", "--branch", "XX"), GOOD, "There is no branch XX. There are: HZ"),
        (("root", "--branch", "HZ", "--role", "technician"), GOOD, "at least one skill"),
    ):
        result = run(app, "create-user", *arguments, "--password-stdin", input=password + "\n")
        assert result.exit_code == 1, arguments
        assert words in result.output
    assert db.session.scalar(select(func.count()).select_from(User)) == 0
    assert db.session.scalar(select(func.count()).select_from(Branch)) == 1


def test_check_config_shows_no_secret(app):
    result = run(app, "check-config")
    assert result.exit_code == 0, result.output
    assert "The settings are in order." in result.output
    assert app.config["SECRET_KEY"] not in result.output


def test_the_role_matrix_says_what_the_grants_say():
    """P-3: one line per right, a mark per role that holds it."""
    lines = handbook.role_matrix().splitlines()
    rows = {
        cells[1].strip(): [bool(cell.strip()) for cell in cells[2:-1]]
        for line in lines[2:]
        if (cells := line.split("|"))
    }
    assert len(rows) == len(Permission)
    for permission in Permission:
        assert rows[str(permission.label)] == [permission in GRANTS[role] for role in Role]


def test_what_every_office_needs_is_installed_once(app):
    """Parameters, holidays (E-33), fault symptoms (G-08)."""
    assert (
        run(app, "install").output == f"{len(DEFINITIONS) + len(DAYS) + len(SYMPTOMS) + len(LADDER)} rows inserted.\n"
    )
    assert run(app, "install").output == "0 rows inserted.\n"

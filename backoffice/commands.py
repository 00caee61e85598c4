"""Commands for the operator, under `flask`: create-user, install, demo, check, job, sweep, worker, import and more.

A further group of commands is one more entry in COMMANDS.
"""

import sys
from datetime import datetime

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import make_url, select

from backoffice import handbook
from backoffice.core import audit, invariants, jobs
from backoffice.core.db import db, writing
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Role
from backoffice.demo import making
from backoffice.demo.accounts import ACCOUNTS
from backoffice.figures.cli import figures_command
from backoffice.imports.cli import import_command
from backoffice.organisation import passwords
from backoffice.organisation.models import Branch, BranchKind, Skill
from backoffice.organisation.rules import check_branch_code
from backoffice.organisation.workflow import new_user
from backoffice.products.workflow import add_symptoms
from backoffice.registers.cli import exports_command
from backoffice.search.cli import search_index_command
from backoffice.settings import queries as settings
from backoffice.settings.workflow import ensure_holidays, ensure_settings
from backoffice.watch.cli import sweep_command, worker_command
from backoffice.watch.workflow import ensure_ladder, run_by_command

#: Who may log in to the demo: user name, role, code of the branch.
DEMO_ACCOUNTS: tuple[tuple[str, str, str], ...] = tuple(
    (account.username, str(account.role.label), account.branch) for account in ACCOUNTS
)


@click.command("create-user")
@click.argument("username")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.ADMIN.value, show_default=True)
@click.option("--name", "real_name", help="The person's real name; the user name when left out.")
@click.option("--branch", "branch_code", default="HQ", show_default=True, help="Code of the branch.")
@click.option("--skill", "skills", multiple=True, type=click.Choice([skill.value for skill in Skill]))
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@with_appcontext
def create_user(
    *, username: str, role: str, real_name: str | None, branch_code: str, skills: tuple[str, ...], password_stdin: bool
) -> None:
    """Enter a user, for example the first administrator of an empty database."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        hashed = passwords.hash_password(password, minimum=settings.integer("C-50"), username=username)
        db.session.rollback()  # the hash took its time; the write transaction begins now
        with audit.during(audit.Occasion("user.create", note="flask create-user")):
            install_basics()
            user = new_user(
                username=username, real_name=real_name or username, role=Role(role), branch=_branch(branch_code),
                password_hash=hashed, skills=skills,
            )  # fmt: skip
            db.session.flush()  # inside the occasion, so that the audit rows carry it
        db.session.commit()
    except BackofficeError as refusal:
        db.session.rollback()
        raise click.ClickException(str(refusal)) from None
    click.echo(f"{user.username} may log in as {user.role.value} of branch {branch_code.upper()}.")


def _branch(code: str) -> Branch:
    """The branch with that code; the headquarters are made when there is no branch at all."""
    code = check_branch_code(code)
    branch = db.session.scalar(select(Branch).where(Branch.code == code))
    if branch is not None:
        return branch
    if db.session.scalar(select(Branch.id).limit(1)) is not None:
        known = ", ".join(db.session.scalars(select(Branch.code).order_by(Branch.code)))
        raise click.ClickException(f"There is no branch {code}. There are: {known}")
    branch = Branch(code=code, name="Headquarters", kind=BranchKind.HEADQUARTERS)
    db.session.add(branch)
    db.session.flush()  # its key is needed for the user
    return branch


def install_basics() -> int:
    """Insert the parameters, official holidays, fault symptoms and ladder that are missing; returns how many rows.

    What is there stays as it is. The caller commits.
    """
    return ensure_settings() + ensure_holidays() + add_symptoms() + ensure_ladder()


@click.command("install")
@with_appcontext
def install() -> None:
    """Insert missing parameters, holidays, symptoms, steps of the ladder: in a new database, after every migration."""
    count = install_basics()
    db.session.commit()
    click.echo(f"{count} rows inserted.")


def ensure_demo(app: Flask) -> bool:
    """Fill an empty database with demo data; returns whether it was empty. RuntimeError outside demo mode."""
    if app.config["MODE"] != "demo":
        raise RuntimeError("demo data are made in demo mode only")
    with app.app_context():
        return making.make(click.echo)


@click.command("demo")
@with_appcontext
def demo() -> None:
    """Fill the empty database of a demo with branches, people, customers, pumps and calls."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    if app.config["MODE"] != "demo":
        raise click.ClickException("Demo data are made in demo mode only (MODE=demo).")
    if not ensure_demo(app):
        raise click.ClickException("The database is not empty: demo data are made in an empty one only.")
    click.echo("Demo accounts, all with the password demo:")
    for username, role, branch in DEMO_ACCOUNTS:
        click.echo(f"  {username:<14} {role:<28} {branch}")


@click.command("check-config")
@with_appcontext
def check_config() -> None:
    """Say that the settings are in order: wrong ones are named, and the command fails, before it gets here."""
    settings_of = current_app.config
    for name, value in (
        ("mode", settings_of["MODE"]),
        ("database", make_url(settings_of["SQLALCHEMY_DATABASE_URI"]).render_as_string(hide_password=True)),
        ("hosts", ", ".join(settings_of["TRUSTED_HOSTS"])),
        ("uploads", settings_of["UPLOAD_DIR"]),
        ("zone", settings_of["BABEL_DEFAULT_TIMEZONE"]),
    ):
        click.echo(f"{name:<9} {value}")
    click.echo("The settings are in order.")


@click.command("check")
@with_appcontext
def check() -> None:
    """Look at every record for what must hold whatever happened; fails, naming each record that breaks a rule."""
    token = writing.set(False)  # nobody has to wait for it
    try:
        found = 0
        for found, breach in enumerate(invariants.breaches(), 1):  # noqa: B007 - how many there were
            click.echo(str(breach))
    finally:
        writing.reset(token)
    if found:
        raise click.ClickException(f"{found} breaches of {len(invariants.REGISTRY)} rules that must hold.")
    click.echo(f"All {len(invariants.REGISTRY)} rules that must hold do so.")


@click.command("job")
@click.argument("key", required=False)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day it is run for; today when left out.")
@with_appcontext
def run_job(*, key: str | None, day: datetime | None) -> None:
    """Run a job that the worker starts by its schedule, for example J-03; without a key, list them with their times.

    Started twice on one day it does nothing more. The run stands in the book of jobs.
    """
    if key is None:
        for declared in sorted(jobs.JOBS.values(), key=lambda one: one.key):
            click.echo(f"{declared.when:<14} {declared.key:<13} {declared.label}")
        return
    if key not in jobs.JOBS:
        raise click.ClickException(f"There is no job {key}. There are: {', '.join(sorted(jobs.JOBS))}")
    run = run_by_command(key, day.date() if day is not None else None)
    if run.state is not jobs.RunState.DONE:
        raise click.ClickException(f"{key} has failed: {run.error}")
    click.echo(f"{key}: {run.found} records.")


@click.command("handbook")
@with_appcontext
def write_handbook() -> None:
    """Draw docs/STATES.md and the role matrix of the README from the code."""
    handbook.write()


#: Every command of the office.
COMMANDS: tuple[click.Command, ...] = (
    create_user,
    install,
    check_config,
    check,
    run_job,
    sweep_command,
    worker_command,
    figures_command,
    write_handbook,
    import_command,
    search_index_command,
    exports_command,
    demo,
)


def init_app(app: Flask) -> None:
    """Give `flask` the office's commands."""
    for command in COMMANDS:
        app.cli.add_command(command)

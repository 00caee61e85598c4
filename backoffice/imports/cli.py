"""`flask import customers|models|units FILE`: an import from the command line, in the name of one person."""

from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput
from backoffice.core.permissions import Role
from backoffice.organisation.models import Branch, User
from backoffice.ui.importing.plan import Plan, Source, guess, parse_source
from backoffice.ui.importing.reading import ENCODINGS, Table, read
from backoffice.ui.importing.running import Result, refused_csv
from backoffice.ui.importing.values import Layout, fold

from .targets import TARGETS
from .workflow import NotClean, import_table

SHOWN = 20


@click.command("import")
@click.argument("kind", type=click.Choice(list(TARGETS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "username", help="User name of the person in whose name and branch it is done.")
@click.option("--branch", "branch_code", help="Code of the branch; without --as its one supervisor is taken.")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Column of a field; “a | b” takes the first that says something, “a + b” joins them.",
)
@click.option("--set", "constants", multiple=True, metavar="FIELD=VALUE", help="One value for all rows.")
@click.option("--value", "replacements", multiple=True, metavar="FIELD:CELL=VALUE", help="What a cell stands for.")
@click.option("--encoding", type=click.Choice(ENCODINGS), help="Found out when left out.")
@click.option("--separator", type=click.Choice([",", ";", "tab"]), help="Found out when left out.")
@click.option(
    "--date-order",
    type=click.Choice(["ymd", "mdy", "dmy"]),
    default="ymd",
    show_default=True,
    help="mdy: 03/01/2011 is the first of March; dmy: the third of January.",
)
@click.option("--year-as-first-day", is_flag=True, help="A year alone means its first of January.")
@click.option(
    "--unknown-year",
    "unknown_years",
    multiple=True,
    type=int,
    default=[0, 1900],
    show_default=True,
    help="Year that stands for “not known”.",
)
@click.option("--create-models", is_flag=True, help="Create missing models.")
@click.option("--create-customers", is_flag=True, help="Create missing customers, by their name.")
@click.option("--allow-doubles", is_flag=True, help="Import customers again whose name is there already.")
@click.option(
    "--good-rows",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="REFUSED.csv",
    help="Import the good rows and write the refused ones to this file; otherwise it is all or nothing.",
)
@click.option("--dry-run", is_flag=True, help="Do everything, say what would happen, and take it back.")
@with_appcontext
def import_command(*, kind: str, file: Path, good_rows: Path | None, dry_run: bool, **options: Any) -> None:
    """Import customers, product models or installed units from a CSV file (UTF-8 or GB18030, may be gzipped)."""
    try:
        by = _person(options["username"], options["branch_code"])
        separator = {"tab": "\t", None: ""}.get(options["separator"], options["separator"])
        content = file.read_bytes()
        table = read(content, encoding=options["encoding"] or "", separator=separator)
        plan = _plan(kind, table, options, good_rows_only=good_rows is not None)
        clean, result = _run(kind, table, plan, by, file.name, content)
    except BackofficeError as refusal:
        db.session.rollback()
        raise click.ClickException(str(refusal)) from None
    written = clean and not dry_run
    (db.session.commit if written else db.session.rollback)()
    for name, source in plan.sources.items():
        click.echo(f"  {name} ← {source.shown or repr(source.constant)}")
    _tell(result, written=written)
    if good_rows is not None and result.refused:
        good_rows.write_bytes(refused_csv(result))
        click.echo(f"The refused rows are in {good_rows}.")
    if not clean:
        raise click.ClickException(str(NotClean(result)))


def _run(kind: str, table: Table, plan: Plan, by: User, name: str, content: bytes) -> tuple[bool, Result]:
    try:
        return True, import_table(kind, table, plan, by=by, name=name, content=content)
    except NotClean as refusal:
        return False, refusal.result


def _person(username: str | None, branch_code: str | None) -> User:
    query = select(User).where(User.is_active)
    if branch_code:
        query = query.join(Branch, Branch.id == User.branch_id).where(Branch.code == branch_code.upper())
    if username:
        query = query.where(User.username == username)
    elif branch_code:
        query = query.where(User.role == Role.SUPERVISOR)
    else:
        raise MissingInput("Say in whose name: --as USERNAME, or --branch CODE for its supervisor.")
    people = list(db.session.scalars(query.limit(2)))
    if len(people) != 1:
        raise MissingInput("No one active person fits --as and --branch: name one by --as USERNAME.")
    return people[0]


def _plan(kind: str, table: Table, options: dict[str, Any], *, good_rows_only: bool) -> Plan:
    sources = guess(TARGETS[kind].fields, table.header)
    for text in options["maps"]:
        field, column = _pair(text, "--map FIELD=COLUMN")
        sources[field] = parse_source(column, table.header)
    for text in options["constants"]:
        field, value = _pair(text, "--set FIELD=VALUE")
        sources[field] = Source(constant=value)
    replacements: dict[str, dict[str, str]] = {}
    for text in options["replacements"]:
        left, value = _pair(text, "--value FIELD:CELL=VALUE")
        field, _, cell = left.partition(":")
        replacements.setdefault(field, {})[fold(cell)] = value
    switches = ("create_models", "create_customers", "allow_doubles")
    return Plan(
        sources=sources,
        replacements=replacements,
        layout=Layout(options["date_order"], options["year_as_first_day"], frozenset(options["unknown_years"])),
        options=frozenset(name for name in switches if options[name]),
        good_rows_only=good_rows_only,
    )


def _pair(text: str, form: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left.strip():
        raise MissingInput(f"Write {form}, not {text!r}.")
    return left.strip(), right


def _tell(result: Result, *, written: bool) -> None:
    words = "imported" if written else "would be imported"
    speed = result.rows / result.seconds if result.seconds else 0
    click.echo(
        f"{result.rows} rows read, {result.good} {words}, {len(result.refused)} refused"
        f" ({result.seconds:.1f} s, {speed:.0f} rows a second)."
    )
    for label, number in result.made.items():
        if number:
            click.echo(f"Made on the way: {number} {str(label).lower()}.")
    for column, message, number in result.reasons()[:SHOWN]:
        click.echo(f"  {number} × {column}: {message}" if column else f"  {number} × {message}")
    for row, problems in result.refused[:SHOWN]:
        click.echo(f"  row {row.number}: " + "; ".join(f"{p.column}: {p.message}" for p in problems))
    for note in result.warnings[:SHOWN]:
        click.echo(f"  note, row {note.row}, {note.column}: {note.message}")

"""`flask import KIND FILE` and `flask import --resume RUN`: an import from the command line, in one person's name."""

import hashlib
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput
from backoffice.core.permissions import Role
from backoffice.core.scope import select_visible
from backoffice.organisation.models import Branch, User
from backoffice.ui.importing.plan import Plan, Source, guess, parse_source
from backoffice.ui.importing.reading import ENCODINGS, read
from backoffice.ui.importing.tables import Table, spooled
from backoffice.ui.importing.values import Layout, fold

from . import queries, refused
from .models import ImportRun, RunState
from .targets import TARGETS
from .workflow import begin, discard, proceed, resume, start_try, sweep, target_of, undo, upload

SHOWN = 20
SWITCHES = ("create_models", "create_customers", "allow_doubles")


@click.command("import")
@click.argument("kind", type=click.Choice([kind.value for kind in TARGETS]), required=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
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
@click.option("--sheet", help="Name of the sheet of a workbook; the first one that holds something when left out.")
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
    help="Import the good rows and write the refused ones to this file; otherwise nothing begins while one is refused.",
)
@click.option("--dry-run", is_flag=True, help="Do everything, say what would happen, and take it back.")
@click.option("--resume", "resumed", type=int, metavar="RUN", help="Go on with an import that stopped half-way.")
@click.option("--undo", "undone", type=int, metavar="RUN", help="Take an import back.")
@with_appcontext
def import_command(
    *, kind: str | None, file: Path | None, good_rows: Path | None, dry_run: bool, resumed: int | None,
    undone: int | None, **options: Any,
) -> None:  # fmt: skip
    """Import customers, contacts, models, parts, units or past calls from a CSV file (or gzipped) or a workbook."""
    try:
        by = _person(options["username"], options["branch_code"])
        if resumed is not None or undone is not None:
            _go_on(by, resumed or undone or 0, back=undone is not None, good_rows=good_rows)
            return
        if kind is None or file is None:
            raise MissingInput("Say what to import and from which file, or --resume RUN, or --undo RUN.")
        _import(by, kind, file, options, good_rows=good_rows, dry_run=dry_run)
    except BackofficeError as refusal:
        db.session.rollback()
        raise click.ClickException(str(refusal)) from None


def _import(
    by: User, kind: str, file: Path, options: dict[str, Any], *, good_rows: Path | None, dry_run: bool
) -> None:  # fmt: skip
    separator = {"tab": "\t", None: ""}.get(options["separator"], options["separator"])
    content = file.read_bytes()
    table = read(content, encoding=options["encoding"] or "", separator=separator, sheet=options["sheet"] or "")
    plan = _plan(kind, table, options, good_rows_only=good_rows is not None)
    with spooled(table.rows()) as rows:
        sweep(by=by)
        run = upload(
            by=by, kind=target_of(kind).kind, table=table, rows=rows, file_name=file.name,
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
    del content, table
    if dry_run or not plan.good_rows_only:
        start_try(run, by=by, plan=plan, goes_on=not dry_run)
    else:
        begin(run, by=by, plan=plan)
    db.session.commit()
    for name, source in plan.sources.items():
        click.echo(f"  {name} ← {source.shown or repr(source.constant)}")
    _drive(run, by)
    if run.state is RunState.DONE:
        _tell(run, "imported", good_rows)
        return
    _tell(run, "would be imported", good_rows)
    clean, numbers = not run.refused or plan.good_rows_only, (run.refused, run.rows)
    discard(run, by=by)
    db.session.commit()
    if not clean or not dry_run:
        raise click.ClickException("Nothing was imported: {} of {} rows have a problem.".format(*numbers))


def _go_on(by: User, key: int, *, back: bool, good_rows: Path | None) -> None:
    run = db.session.scalar(select_visible(ImportRun, by).where(ImportRun.id == key))
    if run is None:
        raise MissingInput("This person has no such import.")
    if back and run.state is not RunState.UNDOING:
        undo(run, by=by)
    elif not back and run.state is RunState.STOPPED:
        resume(run, by=by)
    elif not back and not run.is_moving:
        raise MissingInput(f"Import {key} is “{run.state.value}”: there is nothing to go on with.")
    db.session.commit()
    if run.driven_until is not None and run.driver:
        time.sleep(max(0.0, (run.driven_until - clock.now()).total_seconds()))  # until the one that stopped has no hold
    _drive(run, by)
    if back:
        click.echo(f"Import {key}: {run.undone} records taken back, {run.kept} had to stay.")
        for one in queries.kept_records(run, SHOWN):
            click.echo(f"  row {one.row_number}: {one.reason}")
    else:
        _tell(run, "imported" if run.state is RunState.DONE else "would be imported", good_rows)


def _drive(run: ImportRun, by: User) -> None:
    """One chunk after the other, each its own transaction, until the run comes to rest."""
    driver = f"command {os.getpid()}"
    started = time.perf_counter()
    while run.is_moving:
        proceed(run, by=by, driver=driver)
        db.session.commit()
        if sys.stderr.isatty():
            click.echo(f"\r  {run.state.value}: {run.settled} of {run.rows} rows ", nl=False, err=True)
    click.echo(f"Import {run.id}: {time.perf_counter() - started:.1f} s.")


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
    sources = guess(target_of(kind).fields, table.header)
    for text in options["maps"]:
        field, column = _pair(text, "--map FIELD=COLUMN")
        sources[field] = parse_source(column, table.header)
    for text in options["constants"]:
        field, value = _pair(text, "--set FIELD=VALUE")
        mapped = sources[field] if field in {text.partition("=")[0].strip() for text in options["maps"]} else Source()
        sources[field] = replace(mapped, constant=value)  # a constant fills the gaps of a column that is named too
    replacements: dict[str, dict[str, str]] = {}
    for text in options["replacements"]:
        left, value = _pair(text, "--value FIELD:CELL=VALUE")
        field, _, cell = left.partition(":")
        replacements.setdefault(field, {})[fold(cell)] = value
    return Plan(
        sources=sources,
        replacements=replacements,
        layout=Layout(options["date_order"], options["year_as_first_day"], frozenset(options["unknown_years"])),
        options=frozenset(name for name in SWITCHES if options[name]),
        good_rows_only=good_rows_only,
    )


def _pair(text: str, form: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left.strip():
        raise MissingInput(f"Write {form}, not {text!r}.")
    return left.strip(), right


def _tell(run: ImportRun, words: str, good_rows: Path | None) -> None:
    click.echo(f"{run.rows} rows read, {run.good} {words}, {run.refused} refused.")
    for table, number in (run.made or {}).items():
        click.echo(f"Made on the way: {number} × {table}.")
    for column, message, number in queries.reasons(run)[:SHOWN]:
        click.echo(f"  {number} × {column}: {message}" if column else f"  {number} × {message}")
    for row in queries.first_refused(run, SHOWN):
        told = "; ".join(f"{column}: {message}" if column else message for column, message, _ in row.problems or ())
        click.echo(f"  row {row.number}: {told}")
    for row in queries.first_notes(run, SHOWN):
        for column, message, _ in row.problems or ():
            click.echo(f"  note, row {row.number}, {column}: {message}")
    if good_rows is not None and run.refused:
        with good_rows.open("wb") as file:
            file.writelines(refused.as_csv(run))
        click.echo(f"The refused rows are in {good_rows}.")

"""`flask exports`: the files that wait, made by hand; the worker makes them too."""

import click
from flask.cli import with_appcontext

from backoffice.watch.cli import BETWEEN

from .workflow import make_next, make_waiting

BETWEEN.append(make_next)


@click.command("exports")
@with_appcontext
def exports_command() -> None:
    """Make every file that waits or was put aside; safe at any time and from several hosts at once."""
    click.echo(f"{make_waiting()} files made.")

"""`flask figures`: bring the aggregates up to date, or make them anew from the events."""

from datetime import datetime

import click
from flask.cli import with_appcontext

from backoffice.core.db import db

from .workflow import rebuild, refresh


@click.command("figures")
@click.option("--rebuild", "anew", is_flag=True, help="Make them anew instead of only what is missing or stale.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="Only the days from this one on.")
@with_appcontext
def figures_command(*, anew: bool, first: datetime | None) -> None:
    """Bring the daily aggregates of the figures up to date; nothing is lost, they follow from the events."""
    if first is not None and not anew:
        raise click.UsageError("--from goes with --rebuild.")
    count = rebuild(first.date() if first is not None else None) if anew else refresh()
    db.session.commit()
    click.echo(f"{count} days counted.")

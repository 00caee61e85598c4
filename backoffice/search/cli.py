"""The command of the search index: whether it is true, and making it true again."""

from collections.abc import Iterator
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import inspect, select
from sqlalchemy.orm import joinedload, load_only

from backoffice.core import search_index
from backoffice.core.db import db
from backoffice.core.searching import Searchable, searched_texts


@click.group("search-index")
def search_index_command() -> None:
    """What records are searched by: compare it with the records, or make it anew."""


@search_index_command.command("check")
@with_appcontext
def check() -> None:
    """Compare the searched texts of every record and the index with the records; fails where they differ."""
    wrong = 0
    for model in searchable():
        name = model.__tablename__
        count = sum(len(changes) for changes in _differences(model))
        faults = _faults(name)
        wrong += count + len(faults)
        click.echo(f"{name:<16} {'; '.join([f'{count} rows differ', *faults])}")
    if wrong:
        raise click.ClickException("The search index is not true: flask search-index rebuild makes it so.")


@search_index_command.command("rebuild")
@with_appcontext
def rebuild() -> None:
    """Write the searched texts anew where they differ, and make every index anew."""
    for model in searchable():
        name, count = model.__tablename__, 0
        for changes in _differences(model):
            search_index.write(db.session.connection(), name, changes)
            db.session.commit()
            count += len(changes)
        search_index.mend(db.session.connection(), name)
        db.session.commit()
        click.echo(f"{name:<16} {count} rows written, index made")


def searchable() -> list[Any]:
    """The tables whose records are searched, by name."""
    registry: Any = db.Model.registry  # type: ignore[attr-defined]  # it is a DeclarativeBase
    models = [mapper.class_ for mapper in registry.mappers if issubclass(mapper.class_, Searchable)]
    return sorted(models, key=lambda model: model.__tablename__)


def _differences(model: Any) -> Iterator[list[dict[str, Any]]]:
    """What is to be written, chunk by chunk; between two chunks nothing is locked and nothing stays in memory."""
    columns = inspect(model).column_attrs
    needed = ("id", *model.__searched__, *model.__masked_by__, *search_index.COLUMNS)
    related = [joinedload(getattr(model, relation)) for relation in model.__searched_with__]
    keys = [name for name in columns.keys() if columns[name].columns[0].foreign_keys]  # noqa: SIM118 - no plain dict
    query = select(model).options(load_only(*(getattr(model, name) for name in (*needed, *keys))), *related)
    query, last = query.order_by(model.id).limit(search_index.CHUNK), 0
    while rows := db.session.scalars(query.where(model.id > last)).all():
        last, changes = rows[-1].id, search_index.differences(rows, searched_texts)
        db.session.expunge_all()
        db.session.rollback()
        yield changes


def _faults(name: str) -> list[str]:
    connection = db.session.connection()
    faults = search_index.faults(connection, name)
    if not faults and not search_index.is_true(connection, name):
        faults = [f"{search_index.fts_name(name)} does not agree with its table"]
    db.session.rollback()
    return faults

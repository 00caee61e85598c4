"""The index of the grams on both databases. For migrations and maintenance; it knows tables by their names only.

PostgreSQL: a GIN index over the grams as an array, without any extension. SQLite: a full-text table (FTS5) beside the
table, which holds no text of its own and is kept true by triggers. Migrations use these functions instead of a copy:
the index is derived, so what is wanted is always today's.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, column, table, update
from sqlalchemy.exc import DatabaseError

from .grams import Texts

COLUMNS = ("search_norm", "search_masked", "search_grams")
CHUNK = 1000
#: PostgreSQL looks at three hundred times as many rows for its statistics, and keeps ten times as many grams.
STATISTICS = 1000
#: Kilobytes of new records that PostgreSQL keeps aside before it puts their grams in; every search reads them all.
PENDING = 256
#: Of a table, and of one branch in it; in SQLite's notation.
ROWS_ASSUMED = "1000000 250000"


def fts_name(name: str) -> str:
    """Name of the full-text table that belongs to a table."""
    return f"{name}_fts"


def index_name(name: str) -> str:
    """Name of the index on PostgreSQL."""
    return f"ix_{name}_search"


def is_declared(name: str | None, kind: str) -> bool:
    """Whether the models declare this table or index: not what this module makes beside them."""
    if name is None:
        return True
    return not ((kind == "table" and "_fts" in name) or (kind == "index" and name.endswith("_search")))


def create(connection: Connection, name: str) -> None:
    """Index the grams that the table has, and keep the index true from now on."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            f"CREATE INDEX {index_name(name)} ON {name} USING gin (string_to_array(search_grams, ' '))"
            f" WITH (gin_pending_list_limit = {PENDING})"
        )
        # How common a gram is decides between this index and reading in the order of the list: it has to be known well.
        connection.exec_driver_sql(f"ALTER INDEX {index_name(name)} ALTER COLUMN 1 SET STATISTICS {STATISTICS}")
        connection.exec_driver_sql(f"ANALYZE {name}")
        return
    connection.exec_driver_sql(
        f"CREATE VIRTUAL TABLE {fts_name(name)} USING fts5("
        f"search_grams, content='{name}', content_rowid='id', detail=none, columnsize=0, tokenize='ascii')"
    )
    _create_triggers(connection, name)
    _tell(connection, name, "", "'rebuild'")
    _assume_large(connection, name)


def drop(connection: Connection, name: str) -> None:
    """Take the index away; harmless where there is none."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {index_name(name)}")
        return
    for trigger in _triggers(name):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}")
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {fts_name(name)}")


def faults(connection: Connection, name: str) -> list[str]:
    """What of the table's index is missing, in words for the operator; empty where it is complete."""
    if connection.dialect.name == "postgresql":
        found = connection.exec_driver_sql(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", (index_name(name),)
        ).scalar()
        return [] if found else [f"the index {index_name(name)} is missing"]
    there = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    return [f"{part} is missing" for part in (fts_name(name), *_triggers(name)) if part not in there]


def mend(connection: Connection, name: str) -> None:
    """Make the index anew from the grams that the table has."""
    drop(connection, name)
    create(connection, name)


def restore(connection: Connection) -> list[str]:
    """Give tables that SQLite has built anew their triggers again, and index them; returns their names.

    Called after every migration: a table that was built anew (batch mode) has lost its triggers without a word.
    """
    if connection.dialect.name == "postgresql":
        return []
    there = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'"
    )
    tables = [full_text.removesuffix("_fts") for full_text in there.scalars()]
    broken = [name for name in tables if faults(connection, name)]
    for name in broken:
        mend(connection, name)
    for name in tables:
        _assume_large(connection, name)
    return broken


def is_true(connection: Connection, name: str) -> bool:
    """Whether the full-text table of SQLite agrees with its table; PostgreSQL's index always does."""
    if connection.dialect.name == "postgresql":
        return True
    try:
        with connection.begin_nested():
            _tell(connection, name, "rank", "'integrity-check', 1")
    except DatabaseError:
        return False
    return True


def refill(connection: Connection, name: str, rows: Select[Any], texts: Callable[[Any], Texts]) -> int:
    """Write the searched columns of every row anew where they differ, in chunks; returns how many rows differed.

    rows: select of `id`, the searched columns, and whatever `texts` needs to tell a row's texts. Neither version nor
    audit trail are touched: the columns follow from what is there.
    """
    key = rows.selected_columns["id"]
    last, count = 0, 0
    while chunk := connection.execute(rows.where(key > last).order_by(key).limit(CHUNK)).all():
        changes = differences(chunk, texts)
        write(connection, name, changes)
        last, count = chunk[-1].id, count + len(changes)
    return count


def as_columns(texts: Texts) -> dict[str, str]:
    """The texts by the columns that hold them."""
    return dict(zip(COLUMNS, (texts.shown, texts.masked, texts.grams), strict=True))


def differences(rows: Iterable[Any], texts: Callable[[Any], Texts]) -> list[dict[str, Any]]:
    """What `write` has to put into those rows whose searched columns are not as `texts` wants them."""
    found = []
    for row in rows:
        values = as_columns(texts(row))
        if any(getattr(row, name) != value for name, value in values.items()):
            found.append({"key": row.id, **values})
    return found


def write(connection: Connection, name: str, changes: list[dict[str, Any]]) -> None:
    """Put the searched columns into rows, as `differences` gives them."""
    if changes:
        rows = table(name, column("id"), *map(column, COLUMNS))
        values: dict[str, Any] = {column_name: bindparam(column_name) for column_name in COLUMNS}
        connection.execute(update(rows).where(rows.c.id == bindparam("key")).values(values), changes)


def _triggers(name: str) -> dict[str, str]:
    """The triggers of SQLite by name: when they run and what they do."""
    full_text = fts_name(name)
    put = f"INSERT INTO {full_text}(rowid, search_grams) VALUES (new.id, new.search_grams);"  # noqa: S608
    take = (
        f"INSERT INTO {full_text}({full_text}, rowid, search_grams)"  # noqa: S608
        " VALUES ('delete', old.id, old.search_grams);"
    )
    return {
        f"{full_text}_insert": f"AFTER INSERT ON {name} BEGIN {put} END",
        f"{full_text}_delete": f"AFTER DELETE ON {name} BEGIN {take} END",
        f"{full_text}_update": f"AFTER UPDATE OF id, search_grams ON {name} BEGIN {take} {put} END",
    }


def _create_triggers(connection: Connection, name: str) -> None:
    for trigger, what in _triggers(name).items():
        connection.exec_driver_sql(f"CREATE TRIGGER {trigger} {what}")


def _assume_large(connection: Connection, name: str) -> None:
    """Tell SQLite that a branch has many rows of the table, until ANALYZE tells better.

    Without statistics it takes every value of an index for a rare one, goes through all rows of a branch in the order
    of the list, and leaves the index of the grams alone.
    """
    connection.exec_driver_sql("ANALYZE sqlite_master")  # makes the table of the statistics
    for index in connection.exec_driver_sql("SELECT name FROM pragma_index_list(?)", (name,)).scalars().all():
        first = connection.exec_driver_sql("SELECT name FROM pragma_index_info(?) WHERE seqno = 0", (index,)).scalar()
        known = connection.exec_driver_sql(
            "SELECT 1 FROM sqlite_stat1 WHERE tbl = ? AND idx = ?", (name, index)
        ).scalar()
        if first == "branch_id" and not known:
            connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (name, index, ROWS_ASSUMED))


def _tell(connection: Connection, name: str, columns: str, values: str) -> None:
    """Give FTS5 one of its commands, which are written as rows put in. Names and words are the code's own."""
    columns = ", ".join(part for part in (fts_name(name), columns) if part)
    connection.exec_driver_sql(f"INSERT INTO {fts_name(name)}({columns}) VALUES ({values})")  # noqa: S608

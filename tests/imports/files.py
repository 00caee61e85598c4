"""Makes CSV files for the tests, and imports them."""

from typing import Any

from backoffice.imports.targets import TARGETS
from backoffice.imports.workflow import NotClean, import_table
from backoffice.ui.importing.plan import Plan, Source, guess, parse_source
from backoffice.ui.importing.reading import read
from backoffice.ui.importing.running import Result
from backoffice.ui.importing.values import Layout


def csv_of(*lines: str, encoding: str = "utf-8", newline: str = "\n") -> bytes:
    """The lines as a file."""
    return (newline.join(lines) + newline).encode(encoding)


def bring_in(
    kind: str, content: bytes, by: Any, *, maps: dict[str, str] | None = None, constants: dict[str, str] | None = None,
    replacements: dict[str, dict[str, str]] | None = None, options: tuple[str, ...] = (), good_rows_only: bool = False,
    encoding: str = "", **layout: Any,
) -> Result:  # fmt: skip
    """Import and return the result, clean or not; nothing is committed and nothing rolled back."""
    table = read(content, encoding=encoding)
    sources = guess(TARGETS[kind].fields, table.header)
    sources |= {field: parse_source(column, table.header) for field, column in (maps or {}).items()}
    sources |= {field: Source(constant=value) for field, value in (constants or {}).items()}
    plan = Plan(sources, replacements or {}, Layout(**layout), frozenset(options), good_rows_only)
    try:
        return import_table(kind, table, plan, by=by, name="test.csv", content=content)
    except NotClean as refusal:
        return refusal.result


def reasons(result: Result) -> list[tuple[int, str, str]]:
    """(row, column, sentence) of every problem."""
    return [(p.row, p.column, str(p.message)) for p in result.problems]

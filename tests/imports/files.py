"""Makes files for the tests, and imports them: directly, or through the page."""

import hashlib
import io
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from backoffice.core.db import db
from backoffice.imports import queries
from backoffice.imports.models import ImportRow, ImportRun, RunState
from backoffice.imports.workflow import begin, proceed, start_try, target_of, upload
from backoffice.ui.importing.plan import Plan, Problem, Source, guess, parse_source
from backoffice.ui.importing.reading import read
from backoffice.ui.importing.values import Layout


def csv_of(*lines: str, encoding: str = "utf-8", newline: str = "\n") -> bytes:
    """The lines as a file."""
    return (newline.join(lines) + newline).encode(encoding)


@dataclass
class Result:
    """What became of a file."""

    run: ImportRun
    refused: list[ImportRow]
    notes: list[ImportRow]

    @property
    def rows(self) -> int:
        return self.run.rows

    @property
    def good(self) -> int:
        return self.run.good

    @property
    def is_clean(self) -> bool:
        return not self.refused

    @property
    def made(self) -> dict[str, int]:
        return self.run.made or {}

    @property
    def problems(self) -> list[Problem]:
        return _problems(self.refused)

    @property
    def warnings(self) -> list[Problem]:
        return _problems(self.notes)

    def reasons(self) -> list[tuple[str, str, int]]:
        return queries.reasons(self.run)


def _problems(rows: list[ImportRow]) -> list[Problem]:
    return [Problem(row.number, *told) for row in rows for told in row.problems or ()]


def plan_of(
    kind: str, header: list[str], *, maps: dict[str, str] | None = None, constants: dict[str, str] | None = None,
    replacements: dict[str, dict[str, str]] | None = None, options: tuple[str, ...] = (), good_rows_only: bool = False,
    **layout: Any,
) -> Plan:  # fmt: skip
    """The plan: what is guessed, then `maps` and `constants`."""
    sources = guess(target_of(kind).fields, header)
    sources |= {field: parse_source(column, header) for field, column in (maps or {}).items()}
    sources |= {field: Source(constant=value) for field, value in (constants or {}).items()}
    return Plan(sources, replacements or {}, Layout(**layout), frozenset(options), good_rows_only)


def staged(kind: str, content: bytes, by: Any, **reading: str) -> ImportRun:
    """The file, uploaded."""
    table = read(content, **reading)
    return upload(
        by=by, kind=target_of(kind).kind, table=table, rows=table.rows(), file_name="test.csv",
        sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip


def drive(run: ImportRun, by: Any) -> None:
    """Chunk after chunk, until it comes to rest."""
    while run.is_moving:
        proceed(run, by=by)


def bring_in(
    kind: str, content: bytes, by: Any, *, encoding: str = "", try_only: bool = False, **plan: Any
) -> Result:  # fmt: skip
    """Upload, try, and import where no row is refused or the good ones are enough."""
    run = staged(kind, content, by, encoding=encoding)
    made = plan_of(kind, run.header, **plan)
    if made.good_rows_only and not try_only:
        begin(run, by=by, plan=made)
    else:
        start_try(run, by=by, plan=made, goes_on=not try_only)
    drive(run, by)
    return Result(run, list(queries.refused_rows(run)), queries.first_notes(run, 1000))


def reasons(result: Result) -> list[tuple[int, str, str]]:
    """(row, column, sentence) of every problem."""
    return [(p.row, p.column, str(p.message)) for p in result.problems]


# -- through the page --------------------------------------------------------------------------------------------------


def upload_page(client: Any, content: bytes, kind: str = "customers", name: str = "list.csv") -> Any:
    """The answer to an upload."""
    file = FileStorage(io.BytesIO(content), filename=name)
    boundary, body = encode_multipart({"kind": kind, "file": file})  # else a large one lies in a file that none closes
    return client.post("/import/new/", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def latest_run() -> ImportRun:
    """The run that was made last."""
    return db.session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(1)).one()


def drive_page(client: Any, key: int) -> list[dict[str, Any]]:
    """Ask for chunk after chunk as the page's script does; the answers."""
    answers = []
    while not answers or answers[-1]["moving"]:
        answer = client.post(
            "/import/drive/", data={"id": key, "driver": "t"}, headers={"X-Requested-With": "fetch"}
        )  # fmt: skip
        assert answer.status_code == 200, answer.text[:500]
        answers.append(answer.get_json())
        assert len(answers) < 1000
    return answers


def through_the_page(client: Any, kind: str, content: bytes, plan: dict[str, str], name: str = "list.csv") -> ImportRun:
    """Upload, import by the plan as the form sends it, chunk by chunk; the run as it came to rest."""
    where = upload_page(client, content, kind, name).headers["Location"]
    run = latest_run()
    answer = client.post("/import/plan/", data=plan | {"id": run.id, "do": "import"})
    assert answer.status_code == 302, answer.text[:2000]
    assert where == f"/import/plan/?id={run.id}"
    drive_page(client, run.id)
    db.session.refresh(run)
    assert run.state in (RunState.DONE, RunState.TRIED)
    return run

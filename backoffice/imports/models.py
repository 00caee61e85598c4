"""A run of an import, the rows of its file, and what it has made."""

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.db import Document, db, enum_type
from backoffice.core.states import LabelledEnum, StateEnum


class ImportKind(LabelledEnum):
    """What is in the file."""

    CUSTOMERS = "customers", _l("Customers")
    CONTACTS = "contacts", _l("Contacts")
    MODELS = "models", _l("Product models")
    PARTS = "parts", _l("Parts")
    UNITS = "units", _l("Installed units")
    CALLS = "calls", _l("Past calls (history)")
    CARDS = "cards", _l("Past repair cards (history)")
    INVOICES = "invoices", _l("Issued invoices (list of the tax platform)")
    SALES = "sales", _l("Past parts sales (history)")


class RunState(StateEnum):
    """From the uploaded file to the records, and perhaps back."""

    UPLOADED = "uploaded", _l("Uploaded"), "warn"
    TRYING = "trying", _l("Being tried"), "info"
    TRIED = "tried", _l("Tried"), "warn"
    RUNNING = "running", _l("Being imported"), "info"
    STOPPED = "stopped", _l("Stopped"), "warn"
    DONE = "done", _l("Imported"), "good"
    UNDOING = "undoing", _l("Being taken back"), "info"
    UNDONE = "undone", _l("Taken back"), "neutral", True
    DISCARDED = "discarded", _l("Discarded"), "neutral", True


class RowState(LabelledEnum):
    """What became of a row of the file."""

    PENDING = "pending", _l("not read yet")
    GOOD = "good", _l("good")
    REFUSED = "refused", _l("refused")
    DONE = "done", _l("imported")


class MadeState(LabelledEnum):
    """Whether a record that a run has made is still there."""

    MADE = "made", _l("made")
    UNDONE = "undone", _l("taken back")
    KEPT = "kept", _l("kept")


class ImportRun(Document, db.Model):
    """One file of one person, from its upload to its end; it changes by acts, a chunk of rows at a time."""

    __tablename__ = "import_run"
    __shown__ = ("file_name",)
    __table_args__ = (
        CheckConstraint("good >= 0 AND refused >= 0 AND at_row >= 0 AND rows >= 0", name="counts_not_negative"),
        CheckConstraint("(state IN ('done', 'undone')) = (ended_at IS NOT NULL)", name="ended_has_time"),
        Index("ix_import_run_register", "branch_id", "id"),
    )

    kind: Mapped[ImportKind] = mapped_column(enum_type(ImportKind), index=True)
    state: Mapped[RunState] = mapped_column(enum_type(RunState), default=RunState.UPLOADED, index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    #: name of the file in the store, while it may have to be read again
    stored_name: Mapped[str] = mapped_column(String(40), default="", info={"derived": True})
    encoding: Mapped[str] = mapped_column(String(20), default="")
    separator: Mapped[str] = mapped_column(String(1), default="")
    sheet: Mapped[str] = mapped_column(String(120), default="")
    header: Mapped[list[str]]
    plan: Mapped[dict[str, Any] | None] = mapped_column(info={"derived": True})
    rows: Mapped[int] = mapped_column(default=0)
    #: the last row of the file that the running try, import or taking back has settled
    at_row: Mapped[int] = mapped_column(default=0, info={"derived": True})
    good: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    #: records taken back, and those that had to stay
    undone: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    #: what was made on the way: table and number
    made: Mapped[dict[str, Any] | None] = mapped_column(info={"derived": True})
    #: import at once when the try refuses nothing
    goes_on: Mapped[bool] = mapped_column(default=False, info={"derived": True})
    #: who drives it now, and until when nobody else may
    driver: Mapped[str] = mapped_column(String(64), default="", info={"derived": True})
    driven_until: Mapped[datetime | None] = mapped_column(info={"derived": True})
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    #: when the cells of its rows were dropped because nobody went on with it
    swept_at: Mapped[datetime | None]

    @property
    def digest(self) -> str:
        """The beginning of the file's digest, enough to tell whether it is the same file."""
        return f"{self.sha256[:16]}…"

    @property
    def settled(self) -> int:
        """How many rows the running try or import has settled."""
        return self.good + self.refused

    @property
    def is_moving(self) -> bool:
        """Whether chunks wait to be driven."""
        return self.state in MOVING

    def __str__(self) -> str:
        return self.file_name


MOVING = (RunState.TRYING, RunState.RUNNING, RunState.UNDOING)


class ImportRow(db.Model):
    """One row of the file; its cells are dropped as soon as it is in."""

    __tablename__ = "import_row"
    __audited__ = False
    __table_args__ = (
        UniqueConstraint("run_id", "number", name="uq_import_row_number"),
        Index("ix_import_row_state", "run_id", "state", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    number: Mapped[int]
    state: Mapped[RowState] = mapped_column(enum_type(RowState), default=RowState.PENDING)
    cells: Mapped[list[str] | None]
    #: what is wrong with the row as such: column and sentence
    fault: Mapped[list[str] | None]
    #: (column, sentence, rule) of each problem of a refused row, or of each note on one that is good
    problems: Mapped[list[list[str]] | None] = mapped_column(JSON(none_as_null=True))


class ImportKey(db.Model):
    """Something of which a file may hold only one, by its digest, and the first row that has it."""

    __tablename__ = "import_key"
    __audited__ = False
    __table_args__ = (UniqueConstraint("run_id", "digest", name="uq_import_key_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]


class ImportMade(db.Model):
    """One record that a run has made, as it was then."""

    __tablename__ = "import_made"
    __audited__ = False
    __table_args__ = (
        Index("ix_import_made_run", "run_id", "state", "id"),
        Index("ix_import_made_record", "table_name", "record_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="RESTRICT"))
    table_name: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[int]
    record_version: Mapped[int]
    row_number: Mapped[int]
    state: Mapped[MadeState] = mapped_column(enum_type(MadeState), default=MadeState.MADE)
    #: why it had to stay
    reason: Mapped[str] = mapped_column(String(200), default="")

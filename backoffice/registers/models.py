"""Table: files of lists that are made in the background."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.db import Stamped, db, enum_type
from backoffice.core.states import LabelledEnum, StateEnum
from backoffice.organisation.models import User

from .rules import LONGEST_ADDRESS


class FileFormat(LabelledEnum):
    """What kind of file."""

    CSV = "csv", _l("CSV")
    XLSX = "xlsx", _l("XLSX")


class ExportState(StateEnum):
    """How far a prepared file has come."""

    WAITING = "waiting", _l("Waits to be made"), "warn"
    RUNNING = "running", _l("Being made"), "info"
    READY = "ready", _l("Ready"), "good"
    FAILED = "failed", _l("Could not be made"), "bad", True
    EXPIRED = "expired", _l("Deleted"), "neutral", True


#: States of a file that is still to come.
OPEN = (ExportState.WAITING, ExportState.RUNNING)
_OPEN = text("state IN ('waiting', 'running')")


class ExportProblem(LabelledEnum):
    """Why a file could not be made."""

    NOT_ACTIVE = "not_active", _l("Whoever asked for it is no longer active.")
    NO_RIGHT = "no_right", _l("Whoever asked for it may no longer take this list.")
    TOO_MANY = "too_many", _l("The list has more records than a file takes. Set a filter, then ask again.")
    BROKEN = "broken", _l("Something went wrong on our side. Ask again; if it stays, tell your administrator.")


class ExportRun(Stamped, db.Model):
    """A file of a list that somebody has asked for. Its course is written by whoever makes it, who claims it first."""

    __tablename__ = "export_run"
    __shown__ = ("register", "format", "user_id")
    __audited__ = False  # it is a log itself; asking, taking and deleting stand in the trail as acts
    __table_args__ = (
        CheckConstraint("rows_done >= 0 AND bytes_done >= 0 AND attempts >= 0", name="counts_up"),
        CheckConstraint("(state = 'failed') = (problem IS NOT NULL)", name="failed_has_problem"),
        CheckConstraint("state = 'waiting' OR state = 'expired' OR started_at IS NOT NULL", name="started_has_time"),
        CheckConstraint("(state IN ('waiting', 'running')) = (finished_at IS NULL)", name="finished_has_time"),
        CheckConstraint("state <> 'ready' OR (size IS NOT NULL AND expires_at IS NOT NULL)", name="ready_has_file"),
        CheckConstraint("state = 'running' OR claim = ''", name="claimed_is_running"),
        Index("ix_export_run_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_export_run_state", "state", "expires_at"),
        Index("ix_export_run_user_id_id", "user_id", "id"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    #: the endpoint of the list's view, and the list's parameters as an address holds them
    register: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(LONGEST_ADDRESS), default="")
    format: Mapped[FileFormat] = mapped_column(enum_type(FileFormat))
    #: language of the file
    locale: Mapped[str] = mapped_column(String(12))
    state: Mapped[ExportState] = mapped_column(enum_type(ExportState), default=ExportState.WAITING)
    problem: Mapped[ExportProblem | None] = mapped_column(enum_type(ExportProblem))
    #: the largest key of the table when it was begun
    until_key: Mapped[int | None]
    rows_total: Mapped[int | None]
    #: the checkpoint: what stands safely in the part file, and behind which row to go on
    rows_done: Mapped[int] = mapped_column(default=0)
    bytes_done: Mapped[int] = mapped_column(BigInteger, default=0)
    place: Mapped[str] = mapped_column(String(1000), default="")
    #: under which the file lies
    stored_name: Mapped[str] = mapped_column(String(40), unique=True)
    size: Mapped[int | None] = mapped_column(BigInteger)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    #: who makes it, and when he last got on; both empty while it is put aside for a moment
    claim: Mapped[str] = mapped_column(String(120), default="")
    beat_at: Mapped[datetime | None]
    #: how often the making has broken off
    attempts: Mapped[int] = mapped_column(default=0)

    user: Mapped[User] = relationship(foreign_keys=user_id)

    @property
    def is_open(self) -> bool:
        """Whether the file is still to come."""
        return self.state in OPEN

    def __str__(self) -> str:
        return f"{self.register} {self.format.value}"

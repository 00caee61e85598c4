"""The database object, the column types, and the mixin that every document carries."""

import sqlite3
from contextvars import ContextVar
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, Date, DateTime, Enum, ForeignKey, Integer, MetaData, Numeric, event
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from .clock import now
from .states import LabelledEnum

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
#: Largest key that both databases keep in an INTEGER column.
MAX_KEY = 2**31 - 1


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC on both databases. Refuses naive datetimes (G-01)."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What forms and filters are made from."""
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is no moment")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class _Exact(TypeDecorator[Decimal]):
    """A decimal with fixed places: NUMERIC on PostgreSQL, whole last places on SQLite; sums are exact on both."""

    impl = Numeric
    cache_ok = True
    places = 2
    refusal = ""

    @property
    def python_type(self) -> type[Decimal]:
        """What forms and filters are made from."""
        return Decimal

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Numeric(12, self.places))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        if value is None:
            return None
        if not value.is_finite() or value != round(value, self.places):
            raise ValueError(self.refusal)
        return int(value.scaleb(self.places)) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        return Decimal(value).scaleb(-self.places) if dialect.name == "sqlite" else value


class Money(_Exact):
    """Yuan with two places: NUMERIC(12, 2) on PostgreSQL, whole fen on SQLite."""

    cache_ok = True
    refusal = "money is finite and exact to the fen"


class Quantity(_Exact):
    """A quantity with three places: NUMERIC(12, 3) on PostgreSQL, whole thousandths on SQLite."""

    cache_ok = True
    places = 3
    refusal = "a quantity is finite and exact to the thousandth"


def enum_type(kind: type[LabelledEnum], name: str = "") -> Enum:
    """Column type of a labelled enum: its readable value, with a CHECK named after the enum.

    name: another name for the CHECK, for a second column of the same enum in one table.
    """
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=name or kind.__name__.lower(),
        values_callable=lambda k: [member.value for member in k],
        validate_strings=True,
    )


class Base(DeclarativeBase):
    """Declarative base of every table. `__audited__ = False` leaves a table out of the audit trail."""

    metadata = MetaData(naming_convention=NAMING)
    __audited__ = True


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False})
db.Model.registry.update_type_annotation_map(  # type: ignore[attr-defined]  # it is a DeclarativeBase
    {
        datetime: UtcDateTime(),
        date: Date(),
        Decimal: Money(),
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
    }
)


def pii(kind: str) -> dict[str, str]:
    """Column info that marks personal data; kind is phone, name, address or email (X-20)."""
    return {"pii": kind}


SECRET = {"secret": True}


def _is_user(model: Any) -> bool:
    """Users refer to themselves; their keys are added after the table."""
    return bool(model.__name__ == "User")


class Stamped:
    """Key, maker, changer and version of a row; filled by the flush listener, never by hand."""

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    version: Mapped[int] = mapped_column(default=1)

    @declared_attr
    def created_by_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("user.id", ondelete="RESTRICT", use_alter=_is_user(cls)), index=True)

    @declared_attr
    def updated_by_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("user.id", ondelete="RESTRICT", use_alter=_is_user(cls)), index=True)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class Reference(Stamped):
    """Reference data: edited in the panel, audited, deactivated rather than deleted."""


class Document(Stamped):
    """A record of the office's work: belongs to a branch (G-02), is never deleted (G-03), changes by acts only."""

    @declared_attr
    def branch_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("branch.id", ondelete="RESTRICT"), index=True)


#: True while the running request or command is going to write: SQLite then opens with BEGIN IMMEDIATE.
writing: ContextVar[bool] = ContextVar("writing", default=True)


def install_engine_listeners() -> None:
    """Set up every connection of this process: WAL, foreign keys and explicit BEGINs on SQLite, plans on PostgreSQL.

    Safe to call twice.
    """
    if not event.contains(Engine, "connect", _on_connect):
        event.listen(Engine, "connect", _on_connect)
        event.listen(Engine, "begin", _on_begin)


def _on_connect(connection: Any, record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # the driver's own BEGIN comes too late for savepoints and locks
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
    else:
        # A statement sent often gets a plan for any values, which knows no partial index and no rare gram.
        connection.execute("SET plan_cache_mode = force_custom_plan")
        connection.commit()


def _on_begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing.get() else "BEGIN")

"""Tables: the value of each parameter (E-34), and the days that differ from Monday to Friday (E-33)."""

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.core.db import Reference, db, enum_type
from backoffice.core.errors import Text
from backoffice.core.states import LabelledEnum

from .definitions import BY_KEY, Definition


class HolidayKind(LabelledEnum):
    """How a day differs from the ordinary week."""

    DAY_OFF = "day_off", _l("Day off")
    WORKDAY = "workday", _l("Make-up workday")


class Setting(Reference, db.Model):
    """The value of one parameter, as text; what it means is said by its definition."""

    __tablename__ = "setting"
    __shown__ = ("key",)
    __table_args__ = (CheckConstraint("length(value) > 0", name="value_given"),)

    key: Mapped[str] = mapped_column(String(40), unique=True)
    value: Mapped[str] = mapped_column(String(200))

    @property
    def definition(self) -> Definition | None:
        """What the parameter means; None for a row that a newer or older version left behind."""
        return BY_KEY.get(self.key)

    @property
    def label(self) -> Text:
        """What the parameter is called."""
        return self.definition.label if self.definition else self.key

    @property
    def default(self) -> str:
        """The value it has when nobody has changed it."""
        return self.definition.default if self.definition else ""

    @property
    def shown_value(self) -> Text:
        """The value as a person reads it."""
        return self.definition.shown(self.value) if self.definition else self.value

    @property
    def shown_default(self) -> Text:
        """The default as a person reads it."""
        return self.definition.shown(self.default) if self.definition else ""

    @property
    def rule(self) -> str:
        """The rule of the office behind it."""
        return self.definition.rule if self.definition else ""

    @property
    def unit(self) -> Text:
        """What the figure counts: minutes, days, months."""
        return self.definition.unit if self.definition else ""

    def __str__(self) -> str:
        return str(self.label)


class Holiday(Reference, db.Model):
    """A public holiday, or a weekend day on which people work instead (E-33)."""

    __tablename__ = "holiday"
    __shown__ = ("on", "name")

    on: Mapped[date] = mapped_column(unique=True)
    kind: Mapped[HolidayKind] = mapped_column(enum_type(HolidayKind), default=HolidayKind.DAY_OFF, index=True)
    name: Mapped[str] = mapped_column(String(60), default="")
    is_active: Mapped[bool] = mapped_column(default=True, index=True)

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.name}".strip()

"""Changing a parameter, and bringing the table up to date with the definitions."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import audit
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import RecordNotFound
from backoffice.core.permissions import Actor, Permission

from .definitions import DEFINITIONS
from .holidays_cn import DAYS
from .models import Holiday, HolidayKind, Setting


@act(
    "setting.edit",
    Setting,
    permission=Permission.SETTING_WRITE,
    label=_l("Change"),
    rule="E-34",
    tone="primary",
    bulk=False,
)
def edit(setting: Setting, *, by: Actor, at: datetime, value: str) -> None:
    """Give the parameter another value, for everything that is entered from now on. Raises what its definition does."""
    if setting.definition is None:
        raise RecordNotFound
    setting.value = setting.definition.clean(value)


def ensure_settings() -> int:
    """Insert a row for each parameter that has none yet, with its default; returns how many. The caller commits."""
    known = set(db.session.scalars(select(Setting.key)))
    missing = [Setting(key=d.key, value=d.default) for d in DEFINITIONS if d.key not in known]
    with audit.during(audit.Occasion("setting.install")):
        db.session.add_all(missing)
        db.session.flush()  # inside the occasion, so that the audit rows say where the values come from
    return len(missing)


def ensure_holidays() -> int:
    """Insert the official days off and make-up workdays that are not there yet; returns how many. The caller commits.

    A day that is in the table already stays as it is: somebody may have corrected it.
    """
    known = set(db.session.scalars(select(Holiday.on)))
    missing = [
        Holiday(on=on, kind=HolidayKind.WORKDAY if works else HolidayKind.DAY_OFF, name=name)
        for on, name, works in DAYS
        if on not in known
    ]
    with audit.during(audit.Occasion("holiday.install")):
        db.session.add_all(missing)
        db.session.flush()  # inside the occasion, so that the audit rows say where the days come from
    return len(missing)

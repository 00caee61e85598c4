"""Rules of the reconciliation on plain values. Pure functions."""

from datetime import date, timedelta

from flask_babel import lazy_gettext as _l

from backoffice.core.deadlines import Calendar
from backoffice.core.states import LabelledEnum


class Decision(LabelledEnum):
    """What the supervisor wants done with a call that was carried over (W-7)."""

    DISPATCH = "dispatch", _l("Dispatch today")
    WAIT_FOR_PARTS = "wait_for_parts", _l("Wait for parts")
    CANCEL = "cancel", _l("Ask the customer whether to cancel")


def next_workday(day: date, calendar: Calendar) -> date:
    """The first working day after `day`, make-up workdays among them (TL-10)."""
    following = day + timedelta(days=1)
    while not calendar.is_workday(following):
        following += timedelta(days=1)
    return following

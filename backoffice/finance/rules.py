"""Rules of the finance desk on plain values."""

from datetime import date, timedelta

from flask_babel import lazy_gettext as _l

from backoffice.core.states import LabelledEnum


class Age(LabelledEnum):
    """For how many days a due is past the day from which it counts as outstanding (R-06, K-16).

    The values are the keys of `receivables.rules.AGES`, and "0" for what is not past.
    """

    NOT_PAST = "0", _l("Not past due")
    TO_30 = "1", _l("1–30 days")
    TO_60 = "31", _l("31–60 days")
    TO_90 = "61", _l("61–90 days")
    OVER_90 = "91", _l("Over 90 days")


def months_back(today: date, count: int) -> list[date]:
    """The first days of the last so many months, the running one last."""
    first = today.replace(day=1)
    found = [first]
    while len(found) < count:
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found[::-1]

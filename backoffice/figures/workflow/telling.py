"""On the first of a month the managers are told of the figures of the month before (J-11)."""

from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import jobs, notices
from backoffice.core.db import db
from backoffice.figures.queries import backlog
from backoffice.figures.queries.asking import Asked
from backoffice.figures.queries.figures import FIGURES
from backoffice.figures.queries.reading import read
from backoffice.figures.rules import MonthOfFigures, Span, percent, period
from backoffice.organisation.models import Branch
from backoffice.organisation.queries import manager_ids

from .refreshing import refresh

JOB = "J-11"
PACK = notices.kind(
    "figures.month",
    _l("Figures of %(month)s, branch %(branch)s: dispatched in time %(dispatched)s, arrived in time %(arrived)s, fixed"
       " on the first visit %(fixed)s, open at its end %(open)s. The pack of the month is ready to print."),
)  # fmt: skip


@jobs.job(JOB, _l("Tell the managers of the figures of the month before"), when="30 7 1 * *")
def tell(day: date, at: datetime) -> int:
    """Tell the managers of each branch once of the month before `day`; returns of how many branches."""
    refresh()
    month = period(Span.MONTH, day.replace(day=1) - timedelta(days=1))
    branches = db.session.scalars(select(Branch).where(Branch.is_active).order_by(Branch.id))
    told = jobs.fresh(JOB, month.first, at, [branch for branch in branches if manager_ids(branch.id)])
    for branch in told:
        asked = Asked(month, (branch.id,))
        found = read(asked)
        rate = {key: percent(one.value(found.total)) for key, one in FIGURES.items() if not one.is_time}
        still_open = backlog.at_ends_of([month.last], asked, found.standing)[month.last]
        notices.send(
            PACK, manager_ids(branch.id), MonthOfFigures.of(month.first), month=f"{month.first:%Y-%m}",
            branch=branch.name, dispatched=rate["K-01"], arrived=rate["K-02"], fixed=rate["K-04"],
            open=still_open.total(),
        )  # fmt: skip
    return len(told)

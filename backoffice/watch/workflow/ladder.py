"""The ladder as it is installed."""

from sqlalchemy import select

from backoffice.core import audit
from backoffice.core.db import db
from backoffice.watch.models import LadderStep
from backoffice.watch.queries import LADDER


def ensure_ladder() -> int:
    """Insert the default steps of each limit that has none at all; returns how many. The caller commits.

    A limit with a step of its own stays as somebody has made it, also where the steps are switched off.
    """
    known = set(db.session.scalars(select(LadderStep.limit_key)))
    missing = [
        LadderStep(limit_key=key, percent=percent, told=told, waits=waits)
        for key, percent, told, waits in LADDER
        if key not in known
    ]
    with audit.during(audit.Occasion("ladder_step.install")):
        db.session.add_all(missing)
        db.session.flush()  # inside the occasion, so that the audit rows say where the steps come from
    return len(missing)

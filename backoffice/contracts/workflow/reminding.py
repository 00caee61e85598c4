"""The night's work on contracts: those that are over are marked, and those that end soon are told (J-09)."""

from collections.abc import Callable
from datetime import date, datetime

from flask_babel import lazy_gettext as _l

from backoffice.contracts import queries
from backoffice.contracts.models import ContractState, ServiceContract
from backoffice.core import audit, jobs, notices
from backoffice.core.db import db
from backoffice.organisation.queries import supervisor_ids

from .ending import expire

ENDING = notices.kind("contract.ending", _l("Contract %(number)s ends on %(day)s. Speak with the customer in time."))


#: What the night does besides: upper features add `(day, at) -> number of records` (W-5.4).
NIGHTLY: list[Callable[[date, datetime], int]] = []


@jobs.job(
    queries.JOB, _l("Contracts: mark what is over, tell what ends soon, make due what has begun"), when="15 0 * * *"
)  # fmt: skip
def remind(day: date, at: datetime) -> int:
    """Mark as expired what is over on that day; tell of each that ends soon (C-53), once.

    Told are the supervisors of the branch and whoever drafted it. Before that what has begun is made due (`NIGHTLY`).
    Returns how many were marked, told and made.
    """
    made = sum(work(day, at) for work in NIGHTLY)
    over = list(db.session.scalars(queries.over(day).order_by(ServiceContract.id).with_for_update(of=ServiceContract)))
    with audit.during(audit.Occasion(expire.key, event_at=at, allowed=expire.moves)):
        for contract in over:
            contract.state = ContractState.EXPIRED
        db.session.flush()
    ending = jobs.fresh(queries.JOB, day, at, db.session.scalars(queries.to_remind_of(day)))
    for contract in ending:
        people = [contract.created_by_id, *supervisor_ids(contract.branch_id)]
        notices.send(ENDING, people, contract, number=contract.number, day=contract.end_on.isoformat())
    return made + len(over) + len(ending)

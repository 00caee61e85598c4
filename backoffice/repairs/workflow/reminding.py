"""The morning's reminder of repairs that are due or late (J-03, TL-06)."""

from collections import defaultdict
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import clock, jobs, notices
from backoffice.core.db import db
from backoffice.organisation.queries import supervisor_ids
from backoffice.repairs.models import RepairCard
from backoffice.repairs.queries import UNFINISHED

DUE = notices.kind("repair.due", _l("Repair card %(number)s is to be finished today."))
OVERDUE = notices.kind("repair.overdue", _l("Repair card %(number)s is beyond the planned finish of %(day)s."))


@jobs.job("J-03", _l("Remind of repairs that are due or late"), when="0 8 * * *")
def remind(day: date, at: datetime) -> int:
    """Tell the technician of every card that is due on that day; of late ones the supervisors too. Once a day each."""
    query = select(RepairCard).where(
        RepairCard.state.in_(UNFINISHED), RepairCard.planned_finish_at <= clock.day_end(day)
    )
    cards = jobs.fresh("J-03", day, at, db.session.scalars(query.order_by(RepairCard.id)))
    supervisors: dict[int, list[int]] = defaultdict(list)
    for branch_id in {card.branch_id for card in cards}:
        supervisors[branch_id] = supervisor_ids(branch_id)
    for card in cards:
        planned = card.planned_finish_at
        assert planned is not None  # noqa: S101 - the query asks for it
        if planned >= at:
            notices.send(DUE, [card.technician_id], card, number=card.number)
        else:
            shown = clock.local(planned - clock.RESOLUTION).date().isoformat()
            notices.send(
                OVERDUE, [card.technician_id, *supervisors[card.branch_id]], card, number=card.number, day=shown
            )
    return len(cards)

"""What is undone at the end of a day goes to the supervisor on the next working morning (W-7, J-04, TL-10)."""

from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from backoffice.calls.models import ServiceCall
from backoffice.core import audit, jobs, notices
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput
from backoffice.core.locking import locked
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean
from backoffice.organisation.models import Branch
from backoffice.organisation.queries import supervisor_ids
from backoffice.reconciliation import queries
from backoffice.reconciliation.models import DayBook, DayState, UndoneLine, UndoneState
from backoffice.reconciliation.rules import Decision, next_workday
from backoffice.settings import queries as settings

DELIVERED = notices.kind(
    "undone.delivered", _l("%(count)s calls were carried over to %(day)s; they stand on top of the dispatch list.")
)
JOB, MORNING = "J-04", "J-04-morning"
#: Days that are made up for after the worker was down.
LOOKED_BACK = 14


def _branches() -> list[Branch]:
    return list(db.session.scalars(select(Branch).where(Branch.is_active).order_by(Branch.id)))


def _open_books(day: date, at: datetime, branches: list[Branch]) -> None:
    """The book of the day for every branch that has none."""
    for branch in jobs.fresh(JOB, day, at, branches):
        if queries.book_of(branch.id, day) is None:
            try:
                with db.session.begin_nested():
                    db.session.add(DayBook(branch_id=branch.id, day=day, state=DayState.OPEN))
            except IntegrityError:
                continue  # somebody has begun it this very moment


def carry(branch_id: int, day: date) -> int:
    """Put what is undone at the end of the day on the list of the next working morning; how many came onto it.

    A call stands on the list of one morning once, and is counted as carried over once for it, however often this runs.
    """
    deliver_on = next_workday(day, settings.calendar())
    undone = queries.undone_at_end(branch_id, day)
    if not set(undone) - queries.lines_for(deliver_on, undone):
        return 0
    calls = locked(ServiceCall, undone)
    known = queries.lines_for(deliver_on, undone)  # asked anew: another run may have been before
    fresh = [call for call in calls if call.id not in known]
    for call in fresh:
        call.carry_over_count += 1
        db.session.add(
            UndoneLine(
                branch_id=branch_id, call_id=call.id, day=day, deliver_on=deliver_on, standing=undone[call.id],
                times=call.carry_over_count, state=UndoneState.PENDING,
            )
        )  # fmt: skip
    db.session.flush()
    return len(fresh)


@jobs.job(JOB, _l("List the calls that are undone at the end of the day, and count them as carried over"),
          when="55 23 * * *")  # fmt: skip
def carry_over(day: date, at: datetime) -> int:
    """For that day and those before it, whether they are closed or not; returns how many calls were carried over."""
    branches = _branches()
    count = 0
    with audit.during(audit.Occasion("undone.carry", event_at=at)):
        for back in reversed(range(LOOKED_BACK)):
            _open_books(day - timedelta(days=back), at, branches)
            count += sum(carry(branch.id, day - timedelta(days=back)) for branch in branches)
    return count


@jobs.job(MORNING, _l("Give the supervisors the calls that were carried over"), when="0 9 * * *")
def deliver(day: date, at: datetime) -> int:
    """On a working day: complete the list and tell the supervisors of each branch once; returns how many branches."""
    if not settings.calendar().is_workday(day):
        return 0
    carry_over(day - timedelta(days=1), at)
    query = select(UndoneLine.branch_id, func.count()).where(UndoneLine.deliver_on == day)
    counts = dict(db.session.execute(query.group_by(UndoneLine.branch_id)).all())
    told = jobs.fresh(MORNING, day, at, [branch for branch in _branches() if counts.get(branch.id)])
    for branch in told:
        notices.send(DELIVERED, supervisor_ids(branch.id), branch, count=counts[branch.id], day=day.isoformat())
    return len(told)


@act(
    "undone.decide", UndoneLine, permission=Permission.UNDONE_DECIDE, label=_l("Decide"), rule="W-7",
    sources=[UndoneState.PENDING, UndoneState.DECIDED], target=UndoneState.DECIDED, tone="primary", order=10,
)  # fmt: skip
def decide(line: UndoneLine, *, by: Actor, at: datetime, decision: Decision | None = None, note: str = "") -> None:
    """Say what becomes of a call that was carried over; the call itself changes by its own acts."""
    if decision is None:
        raise MissingInput(_l("Choose what becomes of the call."), rule="W-7", field="decision")
    line.decision, line.decision_note = decision, clean(note, 500, "note", lines=True)
    if decision is not Decision.DISPATCH and not line.decision_note:
        raise MissingInput(_l("Say what it waits for, or why it is to be cancelled."), rule="W-7", field="note")
    line.decided_at, line.decided_by_id = at, by.id

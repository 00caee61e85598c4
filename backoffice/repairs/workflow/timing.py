"""Working time on a card, by timer or by hand: never twice at once, never over 24 hours (E-13, S-3.6)."""

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from backoffice.core import clock
from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.locking import locked_one
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import given
from backoffice.organisation.models import User
from backoffice.repairs.models import BEFORE_INSPECTION, CardState, RepairCard, TimeEntry
from backoffice.repairs.rules import MOST_MINUTES, check_minutes, check_span

from .checks import not_its_inspector, own_card


def _lock_worker(user_id: int) -> None:
    """Two entries of one person are written one after the other, so that each sees the other."""
    db.session.scalars(select(User.id).where(User.id == user_id).with_for_update()).one()


def _check_free(user_id: int, started_at: datetime, ended_at: datetime | None, field: str, but: int = 0) -> None:
    """Raises RuleViolated where the person has other time in that span (E-13)."""
    query = select(TimeEntry).where(
        TimeEntry.user_id == user_id, TimeEntry.voided_at.is_(None), TimeEntry.id != but,
        TimeEntry.started_at > started_at - timedelta(minutes=MOST_MINUTES + 1),
        or_(TimeEntry.ended_at.is_(None), TimeEntry.ended_at > started_at),
    )  # fmt: skip
    if ended_at is not None:
        query = query.where(TimeEntry.started_at < ended_at)
    other = db.session.scalars(query.order_by(TimeEntry.started_at).limit(1)).one_or_none()
    if other is not None:
        raise RuleViolated(
            _l("At that time you worked on card %(number)s already, from %(start)s.", number=other.card.number,
               start=clock.local(other.started_at).strftime("%m-%d %H:%M")),
            rule="E-13", field=field,
        )  # fmt: skip


def running_of(user_id: int) -> TimeEntry | None:
    """The entry whose timer runs for that person, on whichever card."""
    return db.session.scalar(select(TimeEntry).where(TimeEntry.user_id == user_id, TimeEntry.ended_at.is_(None)))


def _no_own_timer(card: RepairCard, by: Actor) -> None:
    running = running_of(by.id)
    if running is not None:
        raise RuleViolated(
            _l("Your timer runs on card %(number)s already.", number=running.card.number), rule="E-13",
            remedy=Remedy(_l("Stop the timer"), "repair_cards.act_view", {"name": "stop_timer", "id": running.card_id}),
        )  # fmt: skip


@act(
    "card.start_timer", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Start the timer"), rule="E-13",
    sources=[CardState.REPAIRING], guards=[own_card, not_its_inspector, _no_own_timer], bulk=False, order=21,
)  # fmt: skip
def start_timer(card: RepairCard, *, by: User, at: datetime) -> None:
    """The working time runs from now."""
    check_after(at, card.started_at, _l("Started"))
    _lock_worker(by.id)
    _check_free(by.id, at, None, "at")
    db.session.add(TimeEntry(branch_id=card.branch_id, card=card, user_id=by.id, started_at=at))


def _timer_here(card: RepairCard, by: Actor) -> None:
    if _own_or_any_running(card, by) is None:
        raise RuleViolated(_l("No timer runs on this card."), rule="E-13")


def _own_or_any_running(card: RepairCard, by: Actor) -> TimeEntry | None:
    running = [entry for entry in card.time_entries if entry.ended_at is None]
    own = next((entry for entry in running if entry.user_id == by.id), None)
    return own or (running[0] if running and by.can(Permission.REPAIR_ASSIGN) else None)


@act(
    "card.stop_timer", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Stop the timer"), rule="E-13",
    sources=[CardState.REPAIRING], guards=[own_card, _timer_here], tone="primary", bulk=False, order=19,
)  # fmt: skip
def stop_timer(card: RepairCard, *, by: User, at: datetime, work: str) -> None:
    """The work is interrupted or done; what was done is written down. The supervisor may stop anybody's."""
    running = _own_or_any_running(card, by)
    if running is None:
        raise RuleViolated(_l("No timer runs on this card."), rule="E-13")
    work = given(work, 500, "work", _l("Write down what was done."), lines=True, rule="E-13")
    check_after(at, running.started_at, _l("Timer started"))
    if at - running.started_at > timedelta(minutes=MOST_MINUTES):
        raise RuleViolated(
            _l("The timer has run for more than 24 hours, since %(start)s. Enter under “When it happened” when you"
               " stopped.", start=clock.local(running.started_at).strftime("%m-%d %H:%M")),
            rule="E-13", field="at",
        )  # fmt: skip
    ended_at = max(at, running.started_at + clock.RESOLUTION)
    running.minutes = check_span(running.started_at, ended_at, max(clock.now(), ended_at))
    running.ended_at, running.work = ended_at, work


@act(
    "card.log_time", RepairCard, permission=Permission.REPAIR_WORK, label=_l("Enter time"), rule="E-13",
    sources=[CardState.REPAIRING], guards=[own_card, not_its_inspector], bulk=False, order=22,
)  # fmt: skip
def log_time(
    card: RepairCard, *, by: User, at: datetime, started_at: datetime | None, work: str,
    ended_at: datetime | None = None, minutes: int | None = None,
) -> None:  # fmt: skip
    """Enter working time by hand: from when to when, or from when and how many minutes."""
    if started_at is None:
        raise MissingInput(_l("When did the work begin?"), rule="E-13", field="started_at")
    if (ended_at is None) is (minutes is None):
        raise MissingInput(_l("Enter either the end or the minutes."), rule="E-13", field="ended_at")
    work = given(work, 500, "work", _l("Write down what was done."), lines=True, rule="E-13")
    if ended_at is None:
        ended_at = started_at + timedelta(minutes=check_minutes(minutes))
    spent = check_span(started_at, ended_at, clock.now())
    check_after(started_at, card.started_at, _l("Started"), field="started_at")
    _lock_worker(by.id)
    _check_free(by.id, started_at, ended_at, "started_at")
    db.session.add(
        TimeEntry(branch_id=card.branch_id, card=card, user_id=by.id, started_at=started_at, ended_at=ended_at,
                  minutes=spent, work=work)
    )  # fmt: skip


def _still_open(entry: TimeEntry, by: Actor) -> None:
    if entry.user_id != by.id and not by.can(Permission.REPAIR_ASSIGN):
        raise NotPermitted(_l("This is somebody else's time."), rule="P-1")
    if entry.voided_at is not None:
        raise RuleViolated(_l("This entry is void already."), rule="E-13")
    if entry.ended_at is None:
        raise RuleViolated(_l("The timer still runs. Stop it first."), rule="E-13")
    if entry.card.state not in BEFORE_INSPECTION:
        raise RuleViolated(
            _l("Card %(number)s is “%(state)s”; its time can only be read.", number=entry.card.number,
               state=entry.card.state.label),
            rule="E-13",
        )  # fmt: skip


@act(
    "time.void", TimeEntry, permission=Permission.REPAIR_WORK, label=_l("Void"), rule="E-13", guards=[_still_open],
    bulk=False, tone="danger", order=80,
)  # fmt: skip
def void(entry: TimeEntry, *, by: User, at: datetime, reason: str) -> None:
    """The time was entered wrongly; it stays on the card, marked, and counts no more."""
    reason = given(reason, 300, "reason", _l("Say why it is wrong."), lines=True, rule="E-13")
    card = locked_one(RepairCard, entry.card_id)
    left = [e for e in card.time_entries if e.voided_at is None and e.id != entry.id]
    if card.state is CardState.REPAIRED and not left:
        raise RuleViolated(
            _l("It is the only time on a repaired card. Let the supervisor send the card back first."), rule="W-4.4"
        )
    entry.voided_at, entry.void_reason = at, reason

"""What holds for the ladder and the outbox, whatever workers have done."""

from sqlalchemy import Select, and_, exists, or_, select

from backoffice.calls.models import ServiceCall
from backoffice.core.invariants import invariant
from backoffice.core.jobs import JobRun, RunState
from backoffice.core.notices import Notice
from backoffice.repairs.models import RepairCard
from backoffice.vouchers.models import ServiceVoucher

from .models import ChatRobot, MessageState, OutboxMessage, WatchMark

#: Tables whose limits are watched.
_WATCHED = (ServiceCall, ServiceVoucher, RepairCard)


@invariant(WatchMark, rule="TL-01", says="It marks a step of a record that is not there.")
def mark_has_record() -> Select[int, str]:
    """Every mark belongs to a record."""
    lost = [
        and_(WatchMark.subject_type == model.__tablename__, ~exists().where(model.id == WatchMark.subject_id))
        for model in _WATCHED
    ]
    return select(WatchMark.id, WatchMark.number).where(or_(*lost))


@invariant(WatchMark, rule="TL-01", says="It was marked as told, but nobody was told.")
def mark_was_told() -> Select[int, str]:
    """A step that was not passed over has left a notice of its limit at its record."""
    told = exists().where(
        Notice.subject_type == WatchMark.subject_type, Notice.subject_id == WatchMark.subject_id,
        or_(*(Notice.kind == "watch." + WatchMark.limit_key + f".{when}" for when in ("ahead", "late"))),
    )  # fmt: skip
    return select(WatchMark.id, WatchMark.number).where(WatchMark.is_skipped.is_(False), ~told)


@invariant(OutboxMessage, rule="E-32", says="It goes to a robot of another kind.")
def message_fits_its_robot() -> Select[int, str]:
    """A message goes by the way of its robot."""
    return (
        select(OutboxMessage.id, OutboxMessage.subject)
        .join(ChatRobot, ChatRobot.id == OutboxMessage.robot_id)
        .where(OutboxMessage.channel != ChatRobot.channel)
    )


@invariant(OutboxMessage, rule="E-32", says="It counts as sent without ever having been taken by a sender.")
def sent_was_taken() -> Select[int, str]:
    """What was sent was taken before."""
    return select(OutboxMessage.id, OutboxMessage.subject).where(
        OutboxMessage.state == MessageState.SENT, or_(OutboxMessage.attempts == 0, OutboxMessage.claim == "")
    )


@invariant(JobRun, rule="J-01", says="It was interrupted and never taken up again.")
def interrupted_was_run_again() -> Select[int, str]:
    """After an interrupted run comes the next attempt of the same."""
    following = JobRun.__table__.alias("following")
    again = exists().where(
        following.c.job == JobRun.job, following.c.due_at == JobRun.due_at, following.c.attempt == JobRun.attempt + 1
    )
    return select(JobRun.id, JobRun.job).where(JobRun.state == RunState.INTERRUPTED, ~again)

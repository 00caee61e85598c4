"""The sender: takes a message, commits that, sends it outside of any transaction, writes down what became of it.

So a message is never sent twice by itself and never lost unseen: killed before the sending it stays queued or, like
killed after it, becomes `unclear`, which a person decides on. A server that hangs costs PATIENCE once in a round: after
a failure of a channel its other messages wait for the next.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import not_, or_, select, update

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.watch.models import Channel, ChatRobot, MessageState, OutboxMessage
from backoffice.watch.rules import MOST_ATTEMPTS, one_line, pause_after

from .chatting import send_chat
from .mailing import send_mail
from .outbox import OUTSIDE
from .results import NotTaken, Refused, Unclear
from .running import here

log = logging.getLogger(__name__)
#: A message that a sender took so long ago will not be marked by it any more.
LEASE = timedelta(minutes=5)
#: Messages sent in one round at most; the others go in the next.
MOST_AT_ONCE = 200


def send_due(stop: Callable[[], bool] = lambda: False) -> int:
    """Send what waits; returns how many were taken. Commits message by message."""
    _give_up_lost()
    db.session.commit()
    count, resting = 0, set[tuple[Channel, int | None]]()
    for _ in range(MOST_AT_ONCE):
        message = None if stop() else _claim(resting)
        if message is None:
            break
        problem = _send(message)
        count += problem is None
        if isinstance(problem, (NotTaken, Unclear)):
            resting.add((message.channel, message.robot_id))
    return count


def _give_up_lost() -> None:
    """Messages whose sender is gone: nobody knows whether they went out."""
    now = clock.now()
    lost = update(OutboxMessage).where(
        OutboxMessage.state == MessageState.SENDING,
        or_(OutboxMessage.claimed_at < now - LEASE, OutboxMessage.claimed_at > now + LEASE),
    )
    values = {
        "state": MessageState.UNCLEAR, "last_error": "the sender was cut off", "updated_at": now,
        "version": OutboxMessage.version + 1,
    }  # fmt: skip
    db.session.execute(lost.values(values).execution_options(synchronize_session=False))


def _claim(resting: set[tuple[Channel, int | None]]) -> OutboxMessage | None:
    """The next message, now `sending` and committed as such, so that no other sender has it."""
    now = clock.now()
    rest = [
        not_((OutboxMessage.channel == channel) & (OutboxMessage.robot_id.is_not_distinct_from(robot_id)))
        for channel, robot_id in resting
    ]
    if OUTSIDE.mail is None:
        rest.append(OutboxMessage.channel != Channel.EMAIL)
    query = (
        select(OutboxMessage.id)
        .where(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.next_try_at <= now, *rest)
        .order_by(OutboxMessage.next_try_at, OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    key = db.session.scalar(query)
    if key is None:
        db.session.rollback()
        return None
    _write(
        key, (MessageState.QUEUED,), state=MessageState.SENDING, claimed_at=now, claim=f"{here()}:{uuid.uuid4().hex}",
        attempts=OutboxMessage.attempts + 1,
    )  # fmt: skip
    db.session.commit()
    found = select(OutboxMessage).where(OutboxMessage.id == key).execution_options(populate_existing=True)
    message = db.session.scalars(found).one()
    db.session.commit()
    return message


def _send(message: OutboxMessage) -> Exception | None:
    """Send it and write down what became of it; None where it was taken, else why not."""
    try:
        hand_over(message)
    except (NotTaken, Refused, Unclear) as problem:
        _note(message, problem)
        return problem
    except Exception as error:  # a fault of ours: whether it happened before or after the sending is not known
        log.exception("message %s", message.id)
        unknown = Unclear(type(error).__name__)
        _note(message, unknown)
        return unknown
    _finish(message, state=MessageState.SENT, sent_at=clock.now(), last_error="")
    return None


def hand_over(message: OutboxMessage) -> None:
    """Give the message to whoever takes it outside; no transaction is open meanwhile. Raises what became of it."""
    if message.channel is Channel.EMAIL:
        mail = OUTSIDE.mail
        if mail is None:
            raise NotTaken("no mail server is set up")
        host = mail.sender.rpartition("@")[2]
        send_mail(mail, message.address, message.subject, message.text, f"<outbox-{message.id}@{host}>")
        return
    robot = db.session.get(ChatRobot, message.robot_id, populate_existing=True)
    db.session.commit()
    if robot is None or not robot.is_active:
        raise Refused("the robot is switched off")
    send_chat(Channel(message.channel), robot.webhook, robot.signing_secret, message.text)


def _note(message: OutboxMessage, problem: Exception) -> None:
    words = one_line(str(problem), 280) or type(problem).__name__
    if isinstance(problem, Unclear):
        _finish(message, state=MessageState.UNCLEAR, last_error=words)
    elif isinstance(problem, Refused) or message.attempts >= MOST_ATTEMPTS:
        _finish(message, state=MessageState.FAILED, last_error=words)
    else:
        next_try = clock.now() + pause_after(message.attempts)
        _finish(message, state=MessageState.QUEUED, next_try_at=next_try, last_error=words)


def _finish(message: OutboxMessage, **values: Any) -> None:
    """Write the outcome, if the message is still this sender's; it may have been taken for lost meanwhile."""
    states = (MessageState.SENDING, MessageState.UNCLEAR)
    _write(message.id, states, OutboxMessage.claim == message.claim, **values)
    db.session.commit()


def _write(key: int, states: tuple[MessageState, ...], *conditions: Any, **values: Any) -> None:
    statement = update(OutboxMessage).where(OutboxMessage.id == key, OutboxMessage.state.in_(states), *conditions)
    values |= {"updated_at": clock.now(), "version": OutboxMessage.version + 1}
    db.session.execute(statement.values(values).execution_options(synchronize_session=False))

"""Rows of the outbox, the ladder and the book of jobs, made directly."""

from itertools import count
from typing import Any

from backoffice.core import clock
from backoffice.core.jobs import JobRun, RunState
from backoffice.watch.models import Channel, ChatRobot, MessageState, OutboxMessage, Told, WatchMark
from tests import factories as make

_serial = count(1)


def make_message(state: MessageState = MessageState.QUEUED, **over: Any) -> OutboxMessage:
    """An e-mail to somebody, that far on its way."""
    now = clock.now()
    values: dict[str, Any] = {
        "channel": Channel.EMAIL, "address": "wang@example.com", "subject": "Call JX1", "text": "t", "state": state,
        "dedupe_key": f"test{next(_serial)}", "next_try_at": now, "attempts": 1, "claim": "x", "claimed_at": now,
        "last_error": "550 unknown" if state in (MessageState.FAILED, MessageState.UNCLEAR) else "",
        "sent_at": now if state is MessageState.SENT else None,
    }  # fmt: skip
    values |= over
    if values["channel"] is Channel.EMAIL and "user_id" not in values:
        values["user_id"] = make.make_user(email="wang@example.com").id
    return make.saved(OutboxMessage(**values))


def make_robot(channel: Channel = Channel.DINGTALK, **over: Any) -> ChatRobot:
    """A robot of all branches that tells of everything."""
    values = {"name": f"Robot {next(_serial)}", "channel": channel, "webhook": "https://oapi.dingtalk.com/robot/send"}
    return make.saved(ChatRobot(**values | over))


def make_mark(**over: Any) -> WatchMark:
    """A step that was taken for a call."""
    call = make.make_call()
    values = {
        "limit_key": "TL-01", "subject_type": "service_call", "subject_id": call.id, "number": call.number,
        "due_at": call.dispatch_due_at, "percent": 50, "told": Told.SUPERVISOR, "marked_at": clock.now(),
    }  # fmt: skip
    return make.saved(WatchMark(**values | over))


def make_run(state: RunState = RunState.DONE, **over: Any) -> JobRun:
    """A run of J-03 in that state."""
    now = clock.now()
    is_open = state in (RunState.WAITING, RunState.RUNNING)
    values = {
        "job": "J-03", "day": clock.today(), "due_at": now, "state": state,
        "found": 1 if state is RunState.DONE else None,
        "started_at": None if state is RunState.WAITING else now, "finished_at": None if is_open else now,
        "error": "x" if state is RunState.FAILED else "",
    }  # fmt: skip
    return make.saved(JobRun(**values | over))

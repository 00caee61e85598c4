"""Direct edits of time limits, messages and the book of jobs past the acts, one for each invariant."""

from typing import Any

from backoffice.core.jobs import RunState
from backoffice.watch.models import Channel, MessageState
from tests.invariants.breaking import breaks
from tests.watch.making import make_mark, make_message, make_robot, make_run


@breaks("watch_mark.mark_has_record")
def _() -> Any:
    return make_mark(subject_id=999_999, is_skipped=True)


@breaks("watch_mark.mark_was_told")
def _() -> Any:
    return make_mark()


@breaks("outbox_message.message_fits_its_robot")
def _() -> Any:
    return make_message(channel=Channel.WECOM, robot_id=make_robot(Channel.DINGTALK).id, address="")


@breaks("outbox_message.sent_was_taken")
def _() -> Any:
    return make_message(MessageState.SENT, attempts=0)


@breaks("job_run.interrupted_was_run_again")
def _() -> Any:
    return make_run(RunState.INTERRUPTED)

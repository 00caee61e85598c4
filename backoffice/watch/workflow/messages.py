"""What a person decides on messages that did not go out by themselves."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from backoffice.core import clock
from backoffice.core.acts import act
from backoffice.core.permissions import Permission
from backoffice.organisation.models import User
from backoffice.watch.models import MessageState, OutboxMessage


@act(
    "outbox_message.send_again", OutboxMessage, permission=Permission.JOB_RUN, label=_l("Send again"), rule="E-32",
    sources=[MessageState.FAILED, MessageState.UNCLEAR], target=MessageState.QUEUED, tone="primary", order=10,
    confirm=_l("A message that is “unclear” may have arrived already; then its reader gets it twice."),
)  # fmt: skip
def send_again(message: OutboxMessage, *, by: User, at: datetime) -> None:
    """Let it be sent once more, as if it were new."""
    message.attempts, message.next_try_at = 0, clock.now()
    message.claim, message.claimed_at = "", None


@act(
    "outbox_message.drop", OutboxMessage, permission=Permission.JOB_RUN, label=_l("Drop"), rule="E-32",
    sources=[MessageState.QUEUED, MessageState.FAILED, MessageState.UNCLEAR], target=MessageState.DROPPED,
    tone="danger", order=20, confirm=_l("The message will not be sent. The notice in the application stays."),
)  # fmt: skip
def drop(message: OutboxMessage, *, by: User, at: datetime) -> None:
    """It is not sent any more: it has arrived after all, or is out of date."""

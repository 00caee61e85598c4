"""Messages that leave the house, and the robots that write into chat groups (E-32)."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from backoffice.core.permissions import Actor, Permission
from backoffice.organisation.models import LOCALES
from backoffice.ui import formatters, registry
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section
from backoffice.watch import queries
from backoffice.watch.models import ChatRobot, MessageState, OutboxMessage, Told

from .ladder import limit_words


def _messages_of(robot: Any) -> Any:
    return select(func.count()).where(OutboxMessage.robot_id == robot.id)


class OutboxMessageView(DocumentView):
    """Every message with what has become of it."""

    model = OutboxMessage
    endpoint = "outbox"
    url = "/outbox/"
    name = _l("Outbox")
    name_one = _l("Message")
    group = NavGroup.SYSTEM
    order = 35
    icon = "out"
    read = Permission.JOB_RUN

    column_list = ("created_at", "state", "channel", "user", "robot", "subject", "attempts", "last_error")
    column_labels = {
        "created_at": _l("Written"), "channel": _l("By"), "user": _l("To"), "robot": _l("Chat robot"),
        "address": _l("E-mail"), "subject": _l("Subject"), "text": _l("Text"), "attempts": _l("Attempts"),
        "last_error": _l("Last error"), "next_try_at": _l("Next attempt"), "sent_at": _l("Sent"), "about": _l("About"),
        "claimed_at": _l("Taken by the sender"),
    }  # fmt: skip
    column_filters = ("state", "channel", "user", "robot", "created_at")
    column_sortable_list = ("created_at",)
    column_default_sort = ("created_at", True)
    column_formatters_detail = {
        "about": lambda view, context, message, name: (
            registry.linked(message.subject_type, message.subject_id, message.subject_type)
            if message.subject_type
            else ""
        ),
    }
    sections = (
        Section(_l("Message"), ("channel", "user", "address", "robot", "subject", "text", "about"), only_filled=True),
        Section(
            _l("Course"), ("created_at", "attempts", "claimed_at", "next_try_at", "sent_at", "last_error"),
            only_filled=True,
        ),
    )  # fmt: skip
    stages = (MessageState.QUEUED, MessageState.SENDING, MessageState.SENT)

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Messages that wait for somebody to decide on them."""
        if not by.can(Permission.JOB_RUN):
            return []
        states = [MessageState.FAILED.value, MessageState.UNCLEAR.value]
        return [Queue(_l("Messages not sent"), queries.stuck(), {"state": states})]


class ChatRobotView(DocumentView):
    """The robots of the office's chat groups."""

    model = ChatRobot
    endpoint = "chat_robots"
    url = "/chat-robots/"
    name = _l("Chat robots")
    name_one = _l("Chat robot")
    read = Permission.JOB_RUN
    create_act = "chat_robot.create"
    edit_act = "chat_robot.edit"

    column_list = ("name", "channel", "branch", "limits", "tells", "is_active")
    column_labels = {
        "name": _l("Name"), "channel": _l("Lives in"), "branch": _l("Branch"), "limits": _l("Limits"),
        "tells": _l("Steps for"), "locale": _l("Language"), "is_active": _l("In use"),
        "webhook": _l("Address (webhook)"), "signing_secret": _l("Signing secret"),
    }  # fmt: skip
    column_formatters = {
        "limits": lambda view, context, robot, name: formatters.listed(map(limit_words, robot.limits)),
        "tells": lambda view, context, robot, name: formatters.listed(str(Told(one).label) for one in robot.tells),
        "locale": lambda view, context, robot, name: LOCALES.get(robot.locale, robot.locale),
    }
    column_filters = ("channel", "branch", "is_active")
    column_default_sort = "id"
    sections = (Section(_l("Chat robot"), ("name", "channel", "branch", "limits", "tells", "locale", "is_active")),)
    related = (Related(_l("Messages"), "outbox", "robot", _messages_of),)
    empty_text = _l("A robot tells a chat group of DingTalk, WeCom or Feishu of limits that run out.")

"""The ladder, its steps taken, chat robots, and the outbox (TL, E-32)."""

from datetime import datetime
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.db import SECRET, Reference, Stamped, db, enum_type, pii
from backoffice.core.jobs import JobRun
from backoffice.core.permissions import Role
from backoffice.core.states import LabelledEnum, StateEnum
from backoffice.organisation.models import User

if TYPE_CHECKING:
    from backoffice.organisation.models import Branch


class Told(LabelledEnum):
    """Who is told at a step of the ladder."""

    RESPONSIBLE = "responsible", _l("Whoever has to do it")
    ASSISTANT = "assistant", _l("Administrative assistants")
    FINANCE = "finance", _l("Finance assistants")
    SUPERVISOR = "supervisor", _l("Supervisors")
    MANAGER = "manager", _l("Branch general manager")

    @property
    def role(self) -> Role | None:
        """The role that is told; None for the responsible person."""
        return None if self is Told.RESPONSIBLE else Role(self.value)


class LadderStep(Reference, db.Model):
    """At which part of a limit who is told; data of the office, not code."""

    __tablename__ = "ladder_step"
    __shown__ = ("limit_key", "percent")
    __table_args__ = (
        CheckConstraint("percent BETWEEN 1 AND 1000", name="percent_in_range"),
        UniqueConstraint("limit_key", "percent", "told", name="uq_ladder_step_once"),
    )

    limit_key: Mapped[str] = mapped_column(String(20))
    #: part of the time from start to due time; 100 is the due time itself
    percent: Mapped[int]
    told: Mapped[Told] = mapped_column(enum_type(Told))
    #: reached at night or on a day off it is sent at the next opening (C-55, C-56)
    waits: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True, index=True)

    def __str__(self) -> str:
        return f"{self.limit_key} {self.percent} %"


class WatchMark(db.Model):
    """A step of the ladder was taken for one due time of one record, or passed over for a higher one; once for ever."""

    __tablename__ = "watch_mark"
    __shown__ = ("limit_key", "percent")
    __audited__ = False
    __table_args__ = (
        UniqueConstraint(
            "limit_key", "subject_type", "subject_id", "due_at", "percent", "told", name="uq_watch_mark_once"
        ),
        CheckConstraint("percent BETWEEN 1 AND 1000", name="percent_in_range"),
        Index("ix_watch_mark_marked_at_id", "marked_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    limit_key: Mapped[str] = mapped_column(String(20))
    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int]
    number: Mapped[str] = mapped_column(String(60), default="")
    due_at: Mapped[datetime]
    percent: Mapped[int]
    told: Mapped[Told] = mapped_column(enum_type(Told))
    #: nobody was told: a higher step was reached as well, or nobody is there
    is_skipped: Mapped[bool] = mapped_column(default=False)
    marked_at: Mapped[datetime]

    def __str__(self) -> str:
        return f"{self.limit_key} {self.number} {self.percent} %"


class Channel(LabelledEnum):
    """By which way a message goes."""

    EMAIL = "email", _l("E-mail")
    DINGTALK = "dingtalk", _l("DingTalk")
    WECOM = "wecom", _l("WeCom")
    FEISHU = "feishu", _l("Feishu")


#: Ways that need a robot of a chat group.
CHATS = tuple(channel for channel in Channel if channel is not Channel.EMAIL)


class ChatRobot(Reference, db.Model):
    """A robot that writes into a chat group of the office; its address is a password, nobody sees it again."""

    __tablename__ = "chat_robot"
    __shown__ = ("name",)
    __table_args__ = (CheckConstraint("channel <> 'email'", name="is_chat"),)

    name: Mapped[str] = mapped_column(String(60), unique=True)
    channel: Mapped[Channel] = mapped_column(enum_type(Channel))
    #: none: of all branches
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id", ondelete="RESTRICT"), index=True)
    webhook: Mapped[str] = mapped_column(String(500), info=SECRET)
    #: with which DingTalk and Feishu let messages be signed; empty where the robot does not ask for it
    signing_secret: Mapped[str] = mapped_column(String(200), default="", info=SECRET)
    locale: Mapped[str] = mapped_column(String(12), default="zh_Hans_CN")
    #: keys of the limits it tells of; empty: all
    limits: Mapped[list[str]] = mapped_column(default=list)
    #: of which steps it tells: those for these; empty: all
    tells: Mapped[list[str]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True, index=True)

    branch: Mapped["Branch | None"] = relationship(foreign_keys=[branch_id])

    def __str__(self) -> str:
        return self.name


class MessageState(StateEnum):
    """How far a message has come."""

    QUEUED = "queued", _l("Waiting to be sent"), "info"
    SENDING = "sending", _l("Being sent"), "info"
    SENT = "sent", _l("Sent"), "good", True
    FAILED = "failed", _l("Not sent"), "bad"
    UNCLEAR = "unclear", _l("Unclear whether it was sent"), "warn"
    DROPPED = "dropped", _l("Dropped"), "neutral", True


_QUEUED, _SENDING = text("state = 'queued'"), text("state = 'sending'")


class OutboxMessage(Stamped, db.Model):
    """A message outside the application, written in the transaction of what it tells of and sent afterwards.

    Its course is written by the sender, which locks it first; a person may only send it again or drop it.
    """

    __tablename__ = "outbox_message"
    __shown__ = ("subject",)
    __audited__ = False  # it is a log itself; who sends again or drops stands in the trail as that act
    __table_args__ = (
        CheckConstraint("(channel = 'email') = (user_id IS NOT NULL)", name="email_has_person"),
        CheckConstraint("(channel = 'email') = (robot_id IS NULL)", name="chat_has_robot"),
        CheckConstraint("channel <> 'email' OR address <> ''", name="email_has_address"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("state <> 'sending' OR (claimed_at IS NOT NULL AND claim <> '')", name="sending_is_claimed"),
        CheckConstraint("state NOT IN ('failed', 'unclear') OR last_error <> ''", name="failed_has_error"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        Index("ix_outbox_message_queued", "next_try_at", "id", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
        Index("ix_outbox_message_sending", "claimed_at", sqlite_where=_SENDING, postgresql_where=_SENDING),
        Index("ix_outbox_message_state_id", "state", "id"),
        Index("ix_outbox_message_created_at_id", "created_at", "id"),
    )

    channel: Mapped[Channel] = mapped_column(enum_type(Channel))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    robot_id: Mapped[int | None] = mapped_column(ForeignKey("chat_robot.id", ondelete="RESTRICT"), index=True)
    address: Mapped[str] = mapped_column(String(254), default="", info=pii("email"))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(String(60), default="")
    subject_id: Mapped[int | None]
    #: what makes two messages the same one
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    state: Mapped[MessageState] = mapped_column(enum_type(MessageState), default=MessageState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    #: which sender has it
    claim: Mapped[str] = mapped_column(String(120), default="")
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(300), default="")

    user: Mapped["User | None"] = relationship(foreign_keys=[user_id])
    robot: Mapped["ChatRobot | None"] = relationship(foreign_keys=[robot_id])

    def __str__(self) -> str:
        return self.subject


# The kernel's table knows users by key only; lists show their names.
JobRun.asked_by = relationship(User, foreign_keys=[JobRun.asked_by_id], viewonly=True)

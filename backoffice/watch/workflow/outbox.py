"""Putting messages into the outbox, in the transaction of what they tell of (E-32, X-20)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_babel import force_locale, gettext
from sqlalchemy import insert, select

from backoffice.core import clock, notices
from backoffice.core.db import db
from backoffice.organisation.models import User
from backoffice.watch.models import Channel, ChatRobot, MessageState, OutboxMessage
from backoffice.watch.rules import LONGEST_SUBJECT, MOST_LINES, body, one_line, outside

#: Language of messages to people who have chosen none; a browser that could be asked is not there.
LOCALE = "zh_Hans_CN"


@dataclass(frozen=True)
class Mail:
    """The server that takes e-mails. tls: starttls, implicit or none."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    sender: str


@dataclass
class Outside:
    """What the operator has set up for messages that leave the house; set at start-up."""

    mail: Mail | None = None
    public_url: str = ""
    #: hosts of robots besides the well-known ones; on these plain http is allowed too
    chat_hosts: frozenset[str] = frozenset()
    #: path of the page of a record, by table and key; "" where there is none
    path_of: Callable[[str, int | None], str] = field(default=lambda table, key: "")


OUTSIDE = Outside()


def configure(
    mail: dict[str, Any] | None, public_url: str, chat_hosts: Iterable[str], path_of: Callable[[str, int | None], str]
) -> None:
    """Take the operator's settings; without a mail server no e-mail is written at all."""
    OUTSIDE.mail = Mail(**mail) if mail is not None else None
    OUTSIDE.public_url, OUTSIDE.chat_hosts, OUTSIDE.path_of = public_url, frozenset(chat_hosts), path_of
    notices.carry = carry if OUTSIDE.mail is not None else None


def carry(rows: list[dict[str, Any]]) -> None:
    """Write an e-mail for each notice whose reader wants that; two statements whatever their number."""
    readers = {row["user_id"] for row in rows}
    query = select(User.id, User.email, User.locale).where(
        User.id.in_(readers), User.notify_by_email, User.is_active, User.email != ""
    )
    wanted = {key: (address, locale) for key, address, locale in db.session.execute(query)}
    messages = []
    for row in rows:
        if row["user_id"] not in wanted:
            continue
        address, locale = wanted[row["user_id"]]
        with force_locale(locale or LOCALE):
            text = outside(str(notices.KINDS[row["kind"]]), row["params"])
            lines = [
                text,
                "",
                *link(row["subject_type"], row["subject_id"]),
                gettext("Please do not reply to this message."),
            ]
        messages.append(
            message(
                Channel.EMAIL, f"notice:{row['id']}", text, body(lines), user_id=row["user_id"], address=address,
                subject_type=row["subject_type"], subject_id=row["subject_id"],
            )
        )  # fmt: skip
    enqueue(messages)


def link(table: str, key: int | None) -> list[str]:
    """The address of the record's page as a line of its own, where the operator has said how the office is reached."""
    path = OUTSIDE.path_of(table, key) if OUTSIDE.public_url else ""
    return [f"{OUTSIDE.public_url}{path}", ""] if path else []


def to_robot(robot: ChatRobot, key: str, lines: list[str], more: int = 0) -> dict[str, Any]:
    """One message to a robot of several lines, each a limit; `more` lines are left out and counted."""
    with force_locale(robot.locale or LOCALE):
        heading = gettext("Time limits")
        shown = [f"• {line}" for line in lines[:MOST_LINES]]
        if more:
            shown.append(gettext("… and %(count)s more.", count=more))
        if OUTSIDE.public_url:
            shown.append(OUTSIDE.public_url)
    return message(Channel(robot.channel), key, heading, body(shown), robot_id=robot.id)


def message(
    channel: Channel, key: str, subject: str, text: str, *, user_id: int | None = None, robot_id: int | None = None,
    address: str = "", subject_type: str = "", subject_id: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A message as `enqueue` takes it. key: what makes two of them the same one."""
    return {
        "channel": channel, "dedupe_key": key, "subject": one_line(subject, LONGEST_SUBJECT), "text": text,
        "user_id": user_id, "robot_id": robot_id, "address": address, "subject_type": subject_type,
        "subject_id": subject_id, "state": MessageState.QUEUED, "next_try_at": clock.now(),
    }  # fmt: skip


def enqueue(messages: list[dict[str, Any]]) -> None:
    """Put messages into the outbox, all with one statement; they are sent once the transaction is committed."""
    if messages:
        db.session.execute(insert(OutboxMessage), messages)

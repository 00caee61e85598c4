"""Setting up robots of chat groups, and trying them out."""

from collections.abc import Sequence
from datetime import datetime

from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.core.texts import clean, given
from backoffice.organisation.models import LOCALES, Branch, User
from backoffice.watch.models import CHATS, Channel, ChatRobot, Told
from backoffice.watch.queries import WATCHES

from .chatting import may_post_to
from .outbox import enqueue, to_robot


@act(
    "chat_robot.create", ChatRobot, permission=Permission.JOB_RUN, label=_l("New chat robot"), rule="E-32",
    creates=True, tone="primary",
)  # fmt: skip
def create_robot(
    *, by: User, at: datetime, name: str, channel: Channel | None, address: str, secret: str = "",
    branch: Branch | None = None, locale: str = "zh_Hans_CN", limits: Sequence[str] = (), tells: Sequence[str] = (),
) -> ChatRobot:  # fmt: skip
    """Enter a robot with the address that its group has given it; nobody is shown the address again."""
    if channel not in CHATS:
        raise MissingInput(_l("Choose where the robot lives."), rule="E-32", field="channel")
    robot = ChatRobot(channel=channel, signing_secret="")
    if not address.strip():
        raise MissingInput(_l("Paste the address of the robot from its chat group."), rule="E-32", field="address")
    _describe(robot, name, address, secret, branch, locale, limits, tells)
    db.session.add(robot)
    return robot


@act("chat_robot.edit", ChatRobot, permission=Permission.JOB_RUN, label=_l("Edit"), rule="E-32", bulk=False)
def edit_robot(
    robot: ChatRobot, *, by: User, at: datetime, name: str, address: str = "", secret: str = "",
    branch: Branch | None = None, locale: str = "zh_Hans_CN", limits: Sequence[str] = (), tells: Sequence[str] = (),
    is_active: bool = True,
) -> None:  # fmt: skip
    """Change what it tells of; an empty address and an empty secret stay as they are."""
    _describe(robot, name, address, secret, branch, locale, limits, tells)
    robot.is_active = is_active


def _describe(
    robot: ChatRobot, name: str, address: str, secret: str, branch: Branch | None, locale: str, limits: Sequence[str],
    tells: Sequence[str],
) -> None:  # fmt: skip
    robot.name = given(name, 60, "name", _l("Enter the name."), rule="E-32")
    other = select(ChatRobot.id).where(ChatRobot.name == robot.name, ChatRobot.id.is_distinct_from(robot.id))
    if db.session.scalar(other.limit(1)) is not None:
        raise RuleViolated(_l("Another robot has this name."), rule="E-32", field="name")
    if new := clean(address, 500, "address"):
        if not may_post_to(Channel(robot.channel), new):
            raise RuleViolated(
                _l("This is not the address of such a robot: it begins with https:// and the host of the service."),
                rule="E-32", field="address",
            )  # fmt: skip
        robot.webhook = new
    if new := clean(secret, 200, "secret"):
        robot.signing_secret = new
    if locale not in LOCALES:
        raise RuleViolated(_l("There is no such language."), rule="G-01", field="locale")
    robot.limits, robot.tells = [key for key in WATCHES if key in limits], [one.value for one in Told if one in tells]
    robot.branch_id, robot.locale = branch.id if branch is not None else None, locale


@act("chat_robot.try_out", ChatRobot, permission=Permission.JOB_RUN, label=_l("Send a test message"), rule="E-32")
def try_out(robot: ChatRobot, *, by: User, at: datetime) -> None:
    """Put a test message for it into the outbox."""
    with force_locale(robot.locale):
        line = gettext("This is a test message of the after-sales office.")
    enqueue([to_robot(robot, f"robot{robot.id}:try{clock.now():%Y%m%d%H%M%S%f}", [line])])

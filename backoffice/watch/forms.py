"""What is asked for a run of a job and for a chat robot."""

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, SelectField

from backoffice.core.jobs import JOBS
from backoffice.organisation.forms import SelectMultipleCheckboxField
from backoffice.organisation.models import LOCALES
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField, LocalDateField, LookupField, Required, TextLine

from .models import CHATS, Told
from .queries import WATCHES

#: The browser does not offer to fill in a password that it knows.
_HIDDEN = {"autocomplete": "new-password", "spellcheck": "false"}


@form_for("job_run.ask")
class AskForm(ActForm):
    """Which job, and for which day."""

    job = SelectField(_l("Scheduled job"), validators=[Required()])
    day = LocalDateField(_l("For the day"), description=_l("Empty: today"))

    def prefill(self, docs: Any, by: Any) -> None:
        """Every job by its key; the one out of the page's address."""
        self.job.choices = [(key, f"{key} {JOBS[key].label}") for key in sorted(JOBS)]
        if request.method == "GET" and request.args.get("job") in JOBS:
            self.job.data = request.args["job"]


class _Robot:
    """What is known of a robot."""

    name = TextLine(_l("Name"), 60, [Required()])
    branch = LookupField(_l("Branch"), lookup="branches", description=_l("Empty: all branches"))
    locale = SelectField(_l("Language"), choices=list(LOCALES.items()), default="zh_Hans_CN")
    limits = SelectMultipleCheckboxField(_l("Limits"), description=_l("None ticked: all"))
    tells = SelectMultipleCheckboxField(
        _l("Steps for"), choices=[(one.value, one.label) for one in Told], description=_l("None ticked: all")
    )
    secret = PasswordField(
        _l("Signing secret"), render_kw=_HIDDEN | {"maxlength": 200},
        description=_l("Only where the group asks for signed messages (DingTalk, Feishu)"),
    )  # fmt: skip

    def prefill(self, docs: Any, by: Any) -> None:
        """The limits that are watched."""
        self.limits.choices = [(one.key, f"{one.key} {one.label}") for one in WATCHES.values()]


@form_for("chat_robot.create")
class RobotForm(_Robot, ActForm):
    """A new robot."""

    channel = EnumField(_l("Lives in"), CHATS)
    address = PasswordField(
        _l("Address (webhook)"), [Required()], render_kw=_HIDDEN | {"maxlength": 500},
        description=_l("Copied from the chat group; it is like a password and not shown again"),
    )  # fmt: skip


@form_for("chat_robot.edit")
class RobotEditForm(_Robot, ActForm):
    """A robot's facts but the service it lives in."""

    address = PasswordField(
        _l("Address (webhook)"), render_kw=_HIDDEN | {"maxlength": 500}, description=_l("Empty: as it is")
    )
    is_active = BooleanField(_l("In use"))

"""Input pages of the evening."""

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l

from backoffice.core import clock
from backoffice.core.permissions import Actor
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField, LocalDateField, TextBlock

from .models import UndoneLine
from .rules import Decision


@form_for("day.open")
class OpenForm(ActForm):
    """Which day."""

    day = LocalDateField(_l("Day"), description=_l("Empty: today"))

    def prefill(self, docs: Sequence[Any], by: Actor) -> None:
        """Today, or the day that the link names."""
        if request.method == "GET" and self.day.data is None:
            self.day.process_formdata([request.args.get("day", "")])
            self.day.data = self.day.data or clock.today()


@form_for("day.reopen")
class ReopenForm(ActForm):
    """Why."""

    reason = TextBlock(_l("Reason"), max=500)


@form_for("undone.decide")
class DecideForm(ActForm):
    """What becomes of it."""

    decision = EnumField(_l("What becomes of the call"), Decision)
    note = TextBlock(_l("Note"), max=500, description=_l("What it waits for, or why it is to be cancelled"))

    def prefill(self, docs: Sequence[UndoneLine], by: Actor) -> None:
        """What was decided before."""
        if request.method == "GET" and len(docs) == 1:
            self.decision.data, self.note.data = docs[0].decision or Decision.DISPATCH, docs[0].decision_note

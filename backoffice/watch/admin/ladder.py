"""The ladder, which the administrator edits, and the steps that were taken on it."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import SelectField

from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.ui import formatters, registry
from backoffice.ui.fields import Required, WholeNumberField
from backoffice.ui.views import BaseView, ReferenceView
from backoffice.watch.models import LadderStep, WatchMark
from backoffice.watch.queries import WATCHES


def limit_words(key: str) -> str:
    """`TL-01 Dispatch`."""
    return f"{key} {WATCHES[key].label}" if key in WATCHES else key


def _limit_cell(view: Any, context: Any, row: Any, name: str) -> Any:
    return limit_words(row.limit_key)


def _percent_cell(view: Any, context: Any, row: Any, name: str) -> Any:
    return formatters.tag(f"{row.percent} %", "warn" if row.percent < 100 else "bad")


class LadderStepView(ReferenceView):
    """At which part of each limit who is told."""

    model = LadderStep
    endpoint = "ladder_steps"
    url = "/ladder/"
    name = _l("Ladder of time limits")
    name_one = _l("Step of the ladder")
    read = Permission.SETTING_READ
    write = Permission.SETTING_WRITE

    column_list = ("limit_key", "percent", "told", "waits", "is_active")
    column_labels = {
        "limit_key": _l("Limit"), "percent": _l("Part of the time (%)"), "told": _l("Who is told"),
        "waits": _l("Waits for working hours"), "is_active": _l("In use"),
    }  # fmt: skip
    column_descriptions = {
        "percent": _l("100 is the due time itself, 50 half of the way, 150 half as long again."),
        "waits": _l("Reached at night or on a day off, it is sent when the office opens (C-55, C-56)."),
    }  # fmt: skip
    column_filters = ("told", "waits", "is_active")
    column_default_sort = "id"
    column_formatters = {"limit_key": _limit_cell, "percent": _percent_cell}
    form_columns = ("limit_key", "percent", "told", "waits", "is_active")
    form_overrides = {
        "limit_key": SelectField(
            _l("Limit"), choices=lambda: [(key, limit_words(key)) for key in WATCHES], validators=[Required()]
        ),
        "percent": WholeNumberField(
            _l("Part of the time (%)"), [Required()], min=1, max=1000,
            description=_l("100 is the due time itself, 50 half of the way, 150 half as long again."),
        ),
    }  # fmt: skip
    empty_text = _l("Without a step nobody is told when a limit runs out. `flask install` puts in the usual ones.")

    def before_save(self, row: LadderStep, form: Any, by: Actor, *, is_new: bool) -> None:
        """One step for each limit, part and reader; raises RuleViolated for a second one."""
        if row.limit_key not in WATCHES:
            raise MissingInput(_l("Choose the limit."), rule="TL-01", field="limit_key")
        twin = select(LadderStep.id).where(
            LadderStep.limit_key == row.limit_key, LadderStep.percent == row.percent, LadderStep.told == row.told,
            LadderStep.id.is_distinct_from(row.id),
        )  # fmt: skip
        if db.session.scalar(twin.limit(1)) is not None:
            raise RuleViolated(_l("This step is there already."), rule="TL-01", field="percent")


class WatchMarkView(BaseView):
    """Every step that was taken, once for each due time."""

    model = WatchMark
    endpoint = "watch_marks"
    url = "/ladder/taken/"
    name = _l("Steps taken")
    name_one = _l("Step taken")
    read = Permission.JOB_RUN

    column_list = ("marked_at", "limit_key", "number", "percent", "told", "due_at", "is_skipped")
    column_labels = {
        "marked_at": _l("At"), "limit_key": _l("Limit"), "number": _l("Record"), "percent": _l("Part of the time (%)"),
        "told": _l("Who is told"), "due_at": _l("Runs out at"), "is_skipped": _l("Passed over"),
    }  # fmt: skip
    column_filters = ("told", "is_skipped", "marked_at")
    column_sortable_list = ("marked_at",)
    column_default_sort = ("marked_at", True)
    column_formatters = {
        "limit_key": _limit_cell, "percent": _percent_cell,
        "number": lambda view, context, mark, name: registry.linked(mark.subject_type, mark.subject_id, mark.number),
    }  # fmt: skip
    list_needs = ("subject_type", "subject_id")

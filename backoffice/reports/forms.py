"""Input pages of the daily reports."""

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import FieldList, Form, FormField

from backoffice.core import clock
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Actor
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import (
    ClockTimeField,
    EnumField,
    LocalDateField,
    LookupField,
    TextBlock,
    TextLine,
    WholeNumberField,
)  # fmt: skip
from backoffice.ui.formatters import duration
from backoffice.ui.guards import parse_number

from .models import DailyReport, ReportLine, SupervisorReport
from .rules import MOST_LINES, MOST_MINUTES, LineSource, WorkType
from .workflow import NewLine


class _OfDay(ActForm):
    report_on = LocalDateField(_l("Day"), description=_l("Empty: today"))

    def prefill(self, docs: Sequence[Any], by: Actor) -> None:
        """Today, or the day that the link names."""
        if request.method == "GET" and self.report_on.data is None:
            self.report_on.process_formdata([request.args.get("day", "")])
            self.report_on.data = self.report_on.data or clock.today()


@form_for("daily_report.open")
class OpenForm(_OfDay):
    """Of which day."""


@form_for("summary.create")
class CreateSummaryForm(_OfDay):
    """Of which day."""


class LineForm(Form):
    """One line that is typed."""

    work_type = EnumField(_l("Kind of work"), WorkType, default=WorkType.GENERAL)
    description = TextBlock(_l("What was done"), max=500)
    start = ClockTimeField(_l("From"))
    end = ClockTimeField(_l("To"))
    minutes = WholeNumberField(_l("Minutes"), max=MOST_MINUTES, description=_l("Empty: from start to end"))
    call = LookupField(_l("Call"), lookup="service_calls", description=_l("For A, B and C: on which job"))
    card = LookupField(_l("Repair card"), lookup="repair_cards", description=_l("Instead of the call, in the workshop"))
    result = TextLine(_l("Result"), max=300)

    #: What somebody has to have typed before a line counts.
    TYPED = ("description", "start", "end", "minutes", "call", "card", "result")

    def is_empty(self) -> bool:
        """Whether nothing was typed: a line that was added and not used."""
        return not any(self[name].data or getattr(self[name], "typed", "") for name in self.TYPED)


@form_for("daily_report.add_lines")
class AddLinesForm(ActForm):
    """General work, or work on a job that nothing proposes."""

    template = "reports/add_lines.html"
    most = MOST_LINES

    lines = FieldList(FormField(LineForm), min_entries=1, max_entries=MOST_LINES)

    def prefill(self, docs: Sequence[DailyReport], by: Actor) -> None:
        """As many lines as the address asks for."""
        wanted = parse_number(request.args.get("lines"), 1, 1, MOST_LINES)
        while request.method == "GET" and len(self.lines.entries) < wanted:
            self.lines.append_entry()

    def blank(self) -> Any:
        """An empty line, for the script that adds more; its fields are called `lines-__N__-…`."""
        return LineForm(prefix="lines-__N__-")

    def _used(self) -> list[Any]:
        forms = [entry.form for entry in self.lines.entries]
        return [form for place, form in enumerate(forms) if place == 0 or not form.is_empty()]

    def inputs(self) -> dict[str, Any]:
        """The lines that were filled in."""
        return {
            "lines": [NewLine(**{name: field.data for name, field in form._fields.items()}) for form in self._used()]
        }

    def blame(self, refusal: BackofficeError) -> bool:
        """Show the refusal beside the field of the line it names."""
        parts = refusal.field.split("-", 2)
        if len(parts) == 3 and parts[0] == "lines" and parts[1].isdigit():
            used = self._used()
            form = used[int(parts[1])] if int(parts[1]) < len(used) else None
            if form is not None and parts[2] in form:
                form[parts[2]].errors = [*form[parts[2]].errors, str(refusal)]
                return True
        return super().blame(refusal)


@form_for("daily_report.submit")
class SubmitForm(ActForm):
    """A remark, if there is one."""

    remark = TextBlock(_l("Remark"), max=500, description=_l("May stay empty"))

    def prefill(self, docs: Sequence[DailyReport], by: Actor) -> None:
        """What it comes to, and the remark that is there."""
        if len(docs) == 1:
            self.remark.description = gettext("May stay empty. The lines come to %(time)s.",
                                              time=duration(docs[0].minutes))  # fmt: skip
            if request.method == "GET":
                self.remark.data = docs[0].remark


@form_for("report_line.correct")
class CorrectForm(ActForm):
    """Another value beside the proposed one."""

    work_type = EnumField(_l("Kind of work"), WorkType, empty_label=_l("not decided"))
    start = ClockTimeField(_l("From"))
    end = ClockTimeField(_l("To"))
    minutes = WholeNumberField(_l("Minutes"), max=MOST_MINUTES)
    description = TextBlock(_l("What was done"), max=500)
    result = TextLine(_l("Result"), max=300)
    note = TextLine(_l("Why it differs"), max=300)

    def prefill(self, docs: Sequence[ReportLine], by: Actor) -> None:
        """The line as it is, and what was proposed."""
        if len(docs) != 1:
            return
        line = docs[0]
        if line.source is LineSource.TYPED:
            del self.note
        elif line.proposed_started_at is not None and line.proposed_ended_at is not None:
            self.minutes.description = gettext(
                "Pressed: %(start)s to %(end)s, %(minutes)s minutes. 0 where it does not count.",
                start=f"{clock.local(line.proposed_started_at):%H:%M}",
                end=f"{clock.local(line.proposed_ended_at):%H:%M}", minutes=line.proposed_minutes,
            )  # fmt: skip
        if request.method != "GET":
            return
        self.work_type.data, self.minutes.data = line.work_type, line.minutes
        self.description.data, self.result.data = line.description, line.result
        if line.started_at is not None and line.ended_at is not None:
            self.start.data, self.end.data = clock.local(line.started_at).time(), clock.local(line.ended_at).time()
        if "note" in self:
            self.note.data = line.note


class _Note(ActForm):
    note = TextBlock(_l("Note"), max=500, description=_l("May stay empty"))


@form_for("daily_report.review")
class ReviewForm(_Note):
    """A word to the technician, if any."""


@form_for("daily_report.review_supervisors")
class ReviewSupervisorsForm(_Note):
    """A word to the supervisor, if any."""


@form_for("daily_report.return")
class ReturnForm(ActForm):
    """What is to be corrected."""

    note = TextBlock(_l("What is to be corrected"), max=500)


@form_for("daily_report.return_supervisors")
class ReturnSupervisorsForm(ReturnForm):
    """What is to be corrected."""


@form_for("summary.submit")
class SubmitSummaryForm(ActForm):
    """The supervisor's own words on the day."""

    remark = TextBlock(_l("Remark"), max=1000, description=_l("May stay empty"))


@form_for("summary.revise")
class ReviseForm(ActForm):
    """What has changed."""

    reason = TextBlock(_l("What has changed"), max=500)


@form_for("summary.review")
class ReviewSummaryForm(_Note):
    """A word to the supervisor, if any."""

    def prefill(self, docs: Sequence[SupervisorReport], by: Actor) -> None:
        """Nothing to fill in."""

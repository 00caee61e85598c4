"""The lines of a report: typed ones are added, proposed ones corrected beside what was proposed (E-17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.acts import act
from backoffice.core.errors import BackofficeError, IllegalTransition, MissingInput, RuleViolated
from backoffice.core.locking import locked_one
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean, given
from backoffice.repairs.models import RepairCard
from backoffice.reports.models import IN_HAND, DailyReport, ReportLine, ReportState
from backoffice.reports.rules import MOST_LINES, LineSource, WorkType, check_minutes, span_of_day

from .reporting import own_report


@dataclass
class NewLine:
    """A line as it is typed: general work, or work on a job that nothing proposes, as a helper's."""

    work_type: WorkType | None = WorkType.GENERAL
    description: str = ""
    start: time | None = None
    end: time | None = None
    minutes: int | None = None
    call: ServiceCall | None = None
    card: RepairCard | None = None
    result: str = ""


def _typed(report: DailyReport, line: NewLine) -> ReportLine:
    if line.work_type is None:
        raise MissingInput(_l("Choose the kind of work."), rule="E-17", field="work_type")
    description = given(line.description, 500, "description", _l("Write down what you did."), rule="E-17", lines=True)
    call_id = line.card.call_id if line.card is not None else line.call.id if line.call is not None else None
    if line.work_type is WorkType.GENERAL and call_id is not None:
        raise RuleViolated(_l("General work belongs to no job. Choose A, B or C, or leave the job out."),
                           rule="E-17", field="work_type")  # fmt: skip
    if line.work_type is not WorkType.GENERAL and call_id is None:
        raise MissingInput(_l("On which job? General work without one is D."), rule="E-17", field="call")
    span = span_of_day(report.report_on, line.start, line.end)
    check_not_future(span.end if span else None)
    return ReportLine(
        branch_id=report.branch_id, source=LineSource.TYPED, work_type=line.work_type, call_id=call_id,
        card_id=line.card.id if line.card is not None else None, description=description,
        result=clean(line.result, 300, "result"), started_at=span.start if span else None,
        ended_at=span.end if span else None, minutes=check_minutes(line.minutes, span),
    )  # fmt: skip


def check_not_future(end: datetime | None) -> None:
    """Raises RuleViolated for work that is not done yet (G-04)."""
    if end is not None and end > clock.now():
        raise RuleViolated(_l("The time lies in the future."), rule="G-04", field="end")


@act(
    "daily_report.add_lines", DailyReport, permission=Permission.REPORT_WRITE_OWN, label=_l("Add lines"), rule="E-17",
    sources=[ReportState.DRAFT, ReportState.RETURNED], guards=[own_report], bulk=False, order=20,
)  # fmt: skip
def add_lines(report: DailyReport, *, by: Actor, at: datetime, lines: Sequence[NewLine] = ()) -> None:
    """Add what nothing proposes: general work, or work on a job as a helper."""
    if not lines:
        raise MissingInput(_l("Fill in at least one line."), rule="E-17")
    if len(lines) > MOST_LINES:
        raise RuleViolated(_l("At most %(most)s lines at once.", most=MOST_LINES), rule="E-17")
    for place, line in enumerate(lines):
        try:
            report.all_lines.append(_typed(report, line))
        except BackofficeError as refusal:
            refusal.field = f"lines-{place}-{refusal.field}"
            raise
    report.minutes = sum(line.minutes for line in report.lines)


def _own_line(line: ReportLine, by: Actor) -> None:
    own_report(line.report, by)
    _still_open(line.report)


def _still_open(report: DailyReport) -> None:
    if report.state not in IN_HAND:
        raise IllegalTransition(
            _l("The report is “%(state)s”. Only a draft or a returned one can be changed.", state=report.state.label),
            rule="W-6.1",
        )


def _is_there(line: ReportLine, by: Actor) -> None:
    if line.removed_at is not None:
        raise RuleViolated(_l("This line was taken out."), rule="E-17")


def _locked_report(line: ReportLine) -> DailyReport:
    """The report of the line, locked, and still in the technician's hands."""
    report = locked_one(DailyReport, line.report_id)
    _still_open(report)
    return report


@act(
    "report_line.correct", ReportLine, permission=Permission.REPORT_WRITE_OWN, label=_l("Correct"), rule="E-17",
    guards=[_own_line, _is_there], bulk=False, tone="primary", order=10,
)  # fmt: skip
def correct(
    line: ReportLine, *, by: Actor, at: datetime, work_type: WorkType | None = None, start: time | None = None,
    end: time | None = None, minutes: int | None = None, description: str = "", result: str = "", note: str = "",
) -> None:  # fmt: skip
    """Put another value beside a proposed one, with a note, or change a typed line; 0 minutes: it does not count.

    The kind of work of a job is not made general work, nor the other way round.
    """
    report = _locked_report(line)
    span = span_of_day(report.report_on, start, end)
    check_not_future(span.end if span else None)
    if work_type is not None and (work_type is WorkType.GENERAL) != (line.call_id is None):
        raise RuleViolated(_l("D is general work, A, B and C are jobs; this line stays what it is."), rule="E-17",
                           field="work_type")  # fmt: skip
    proposed = line.source is not LineSource.TYPED
    line.minutes = check_minutes(minutes, span, least=0 if proposed else 1)
    line.started_at, line.ended_at = (span.start, span.end) if span else (None, None)
    line.work_type = work_type or line.work_type
    line.result, line.note = clean(result, 300, "result"), clean(note, 300, "note")
    if proposed:
        line.description = clean(description, 500, "description", lines=True)
        line.is_corrected = _is_other(line)
        if line.is_corrected and not line.note:
            raise MissingInput(_l("Say why it differs from what was pressed."), rule="E-17", field="note")
    else:
        line.description = given(
            description, 500, "description", _l("Write down what you did."), rule="E-17", lines=True
        )
    report.minutes = sum(one.minutes for one in report.lines)


def _is_other(line: ReportLine) -> bool:
    """Whether the values differ from the proposed ones, times by the minute as they are typed."""

    def minute(moment: datetime | None) -> datetime | None:
        return moment.replace(second=0, microsecond=0) if moment is not None else None

    times = (minute(line.started_at), minute(line.ended_at))
    proposed = (minute(line.proposed_started_at), minute(line.proposed_ended_at))
    if times == proposed and line.minutes == line.proposed_minutes:
        line.started_at, line.ended_at = line.proposed_started_at, line.proposed_ended_at
    types = line.proposed_type is not None and line.work_type is not line.proposed_type
    return types or times != proposed or line.minutes != line.proposed_minutes


def _was_typed(line: ReportLine, by: Actor) -> None:
    if line.source is not LineSource.TYPED:
        raise RuleViolated(
            _l("This line comes from a visit or a card. Correct it to 0 minutes, with a note, if it does not count."),
            rule="E-17",
        )


@act(
    "report_line.remove", ReportLine, permission=Permission.REPORT_WRITE_OWN, label=_l("Take out"), rule="E-17",
    guards=[_own_line, _is_there, _was_typed], bulk=False, tone="danger", order=20,
)  # fmt: skip
def remove(line: ReportLine, *, by: Actor, at: datetime) -> None:
    """Take a typed line out again."""
    report = _locked_report(line)
    line.removed_at = at
    report.minutes = sum(one.minutes for one in report.lines)

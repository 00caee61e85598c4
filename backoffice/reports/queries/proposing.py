"""What a technician's day was, as it was pressed: visits, and time on repair cards (E-17)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.language import speaking
from backoffice.organisation.models import OFFICE_LOCALE
from backoffice.repairs.models import RepairCard, TimeEntry
from backoffice.reports.models import DailyReport, ReportLine
from backoffice.reports.rules import LineSource, WorkType, within, work_type_of
from backoffice.vouchers.models import ServiceVoucher, Visit, VisitResult

#: A visit or entry that began earlier than so long before a day is not looked for on it.
EARLIEST = timedelta(days=31)
#: So much of what was written elsewhere is taken over: the whole of it stands on the call or card.
MOST_SAID = 200


@dataclass(frozen=True)
class Proposal:
    """A line that the day's visits and entries of time propose."""

    source: LineSource
    source_id: int
    work_type: WorkType | None
    call_id: int | None
    voucher_id: int | None
    card_id: int | None
    description: str
    result: str
    started_at: datetime
    ended_at: datetime
    minutes: int

    @property
    def key(self) -> tuple[LineSource, int]:
        """What it comes from."""
        return self.source, self.source_id


def key_of(line: ReportLine) -> tuple[LineSource, int] | None:
    """What a line comes from; None for one that was typed."""
    source_id = line.visit_id if line.source is LineSource.VISIT else line.time_entry_id
    return (line.source, source_id) if source_id is not None else None


def proposals(technician_id: int, day: date) -> list[Proposal]:
    """The ended visits and entries of time of that day, what lies beyond midnight cut off, by their starts."""
    found = [*_visits(technician_id, day), *_entries(technician_id, day)]
    return sorted(found, key=lambda one: (one.started_at, one.source, one.source_id))


def _said(result: VisitResult | None) -> str:
    if result is None:
        return ""
    with speaking(OFFICE_LOCALE):  # kept on the report, and printed
        return str(result.label)


def _visits(technician_id: int, day: date) -> list[Proposal]:
    start, end = clock.day_start(day), clock.day_end(day)
    query = (
        select(Visit)
        .where(
            Visit.technician_id == technician_id, Visit.arrived_at < end, Visit.arrived_at > start - EARLIEST,
            Visit.left_at >= start, or_(Visit.left_at > start, Visit.arrived_at >= start),
        )
        .options(joinedload(Visit.voucher).joinedload(ServiceVoucher.call))
        .execution_options(populate_existing=True)
    )  # fmt: skip
    lines = []
    for visit in db.session.scalars(query):
        span = within(day, visit.arrived_at, visit.left_at) if visit.left_at is not None else None
        if span is None:
            continue
        voucher, call = visit.voucher, visit.voucher.call
        lines.append(
            Proposal(
                LineSource.VISIT, visit.id, work_type_of(voucher.service_type or call.service_type), call.id,
                voucher.id, None, (voucher.work_done or call.fault_text)[:MOST_SAID],
                _said(visit.result), span.start, span.end, span.minutes,
            )
        )  # fmt: skip
    return lines


def _entries(technician_id: int, day: date) -> list[Proposal]:
    start, end = clock.day_start(day), clock.day_end(day)
    query = (
        select(TimeEntry)
        .where(
            TimeEntry.user_id == technician_id, TimeEntry.started_at < end, TimeEntry.started_at > start - EARLIEST,
            TimeEntry.ended_at > start, TimeEntry.voided_at.is_(None),
        )
        .options(joinedload(TimeEntry.card).joinedload(RepairCard.call))
        .execution_options(populate_existing=True)
    )  # fmt: skip
    lines = []
    for entry in db.session.scalars(query):
        span = within(day, entry.started_at, entry.ended_at) if entry.ended_at is not None else None
        if span is None or entry.card.call is None:
            continue
        whole = span.start == entry.started_at and span.end == entry.ended_at
        minutes = entry.minutes if whole and entry.minutes is not None else span.minutes
        lines.append(
            Proposal(
                LineSource.CARD, entry.id, work_type_of(entry.card.call.service_type), entry.card.call_id, None,
                entry.card_id, entry.work[:MOST_SAID], "", span.start, span.end, minutes,
            )
        )  # fmt: skip
    return lines


def differences(report: DailyReport) -> list[tuple[str, Proposal | None, ReportLine | None]]:
    """What was entered (`new`), corrected (`changed`) or dropped (`gone`) since the report was last brought up to date.

    Asked of a report of any state, so that what comes after the hand-in shows (W-6.1).
    """
    wanted = {one.key: one for one in proposals(report.technician_id, report.report_on)}
    lines = {key: line for line in report.lines if (key := key_of(line)) is not None}
    found: list[tuple[str, Proposal | None, ReportLine | None]] = []
    for key, proposal in wanted.items():
        line = lines.get(key)
        if line is None:
            found.append(("new", proposal, None))
        elif (line.proposed_started_at, line.proposed_ended_at, line.proposed_minutes) != (
            proposal.started_at, proposal.ended_at, proposal.minutes,
        ):  # fmt: skip
            found.append(("changed", proposal, line))
    found += [("gone", None, line) for key, line in lines.items() if key not in wanted]
    return found

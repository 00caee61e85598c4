"""Generated days of an office, and the figures of a period counted anew in plain Python from the same rows."""

import random
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from backoffice.calls.models import CallState, CancelReason, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.goods.models import GoodsEntry
from backoffice.organisation.models import Zone
from backoffice.repairs.models import CardState, Inspection, RepairCard, TimeEntry
from backoffice.repairs.rules import InspectionResult
from backoffice.reports.models import DailyReport, ReportLine, ReportState
from backoffice.reports.rules import LineSource, WorkType
from backoffice.vouchers.models import OnsiteResult, ServiceVoucher, Visit, VoucherState
from tests import factories as make
from tests.custody import make_card
from tests.evening import make_line, make_report


class Office:
    """Two branches with technicians and models, and calls of `days` days from `first` on, in all their ways."""

    def __init__(self, seed: int, first: date, days: int, calls: int = 40) -> None:
        self.random, self.first, self.days = random.Random(seed), first, days
        self.branches = [make.make_branch("HZ"), make.make_branch("SH")]
        self.technicians = {one.id: [make.make_user(Role.TECHNICIAN, one) for _ in range(2)] for one in self.branches}
        self.models = [make.make_model() for _ in range(2)]
        self.customers = {one.id: make.make_customer(one) for one in self.branches}
        self.areas = {one.id: [make.make_area(one, zone) for zone in Zone] for one in self.branches}
        self.units = {
            one.id: make.make_unit(self.customers[one.id], model_id=self.models[0].id) for one in self.branches
        }
        self.calls: list[ServiceCall] = []
        for _ in range(calls):
            self.calls.append(self.call())
        for _ in range(calls // 4):
            self.item()
        for number in range(days):
            self.report(first + timedelta(days=number))
        db.session.flush()

    def moment(self) -> datetime:
        """Any minute of the days, often a border."""
        day = self.first + timedelta(days=self.random.randrange(self.days))
        minute = self.random.choice((0, 0, 1, 59, 540, 1380, 1439, self.random.randrange(1440)))
        return clock.day_start(day) + timedelta(minutes=minute)

    def call(self) -> ServiceCall:
        r = self.random
        branch = r.choice(self.branches)
        received = self.moment()
        state = r.choice([one for one in CallState if one is not CallState.IN_REPAIR])
        area = r.choice(self.areas[branch.id])
        after = [timedelta(minutes=r.choice((0, 30, 59, 60, 61, 120, 121, 240, 1500, 4000))) for _ in range(5)]
        over: dict[str, Any] = {
            "received_at": received, "area": area, "customer": self.customers[branch.id],
            "model_id": r.choice((None, *(one.id for one in self.models))), "unit_id": self.units[branch.id].id,
            "carry_over_count": r.choice((0, 0, 1, 2)),
        }  # fmt: skip
        technician = r.choice(self.technicians[branch.id])
        dispatched = received + after[0]
        arrived = dispatched + after[1]
        late: dict[str, Any] = {}
        if state is not CallState.REGISTERED and not (state is CallState.CANCELLED and r.random() < 0.5):
            over["technician"] = technician
            late["dispatched_at"] = dispatched
        if state in (CallState.ON_SITE, CallState.COMPLETED, CallState.CLOSED):
            late["first_arrived_at"] = arrived
        if state in (CallState.COMPLETED, CallState.CLOSED):
            late["completed_at"] = arrived + after[2]
        if state is CallState.CLOSED:
            late["closed_at"] = arrived + after[2] + after[3]
        if state is CallState.CANCELLED:
            over |= {"cancelled_at": received + after[4], "cancel_reason": CancelReason.CUSTOMER_WITHDREW}
        if state is CallState.CLOSED and r.random() < 0.2:
            over["is_history"] = True
        earlier = [one for one in self.calls if one.branch_id == branch.id]
        if earlier and r.random() < 0.25:
            over["repeat_of_id"] = r.choice(earlier).id
        call = make.make_call(state, branch=branch, **over)
        for name, value in late.items():
            setattr(call, name, value)
        voucher = db.session.scalar(select(ServiceVoucher).where(ServiceVoucher.call_id == call.id))
        if voucher is not None and state in (CallState.COMPLETED, CallState.CLOSED):
            voucher.onsite_result = r.choice(list(OnsiteResult))
            for visit in voucher.visits:
                visit.arrived_at = arrived
                visit.left_at = visit.arrived_at + timedelta(minutes=r.randrange(1, 90))
            if r.random() < 0.3:
                make.make_visit(voucher, arrived_at=arrived, left_at=arrived + timedelta(minutes=7))
        db.session.flush()
        return call

    def item(self) -> None:
        """An item of one of the calls that was inspected, sent back or not, and perhaps returned."""
        r = self.random
        state = r.choice((CardState.REPAIRED, CardState.INSPECTED, CardState.RETURNED))
        branch = r.choice(self.branches)
        technician = r.choice(self.technicians[branch.id])
        card = make_card(state, technician=technician, branch=branch)
        received = self.moment()
        card.call.received_at = received
        card.call.zone, card.call.model_id = r.choice(list(Zone)), r.choice(self.models).id
        if card.entry is not None and card.entry.returned_on is not None:
            card.entry.in_on = self.first - timedelta(days=30)
            card.entry.returned_on = clock.local(self.moment()).date()
            card.entry.first_promised_on = card.entry.returned_on + timedelta(days=r.choice((-1, 0, 1)))
        for nth in range(r.randrange(1, 4)):
            found = db.session.scalar(
                select(Inspection).where(Inspection.card_id == card.id, Inspection.nth == nth + 1)
            )
            if found is None:
                supervisor = make.make_user(Role.SUPERVISOR, branch)
                make.saved(Inspection(
                    branch_id=branch.id, card_id=card.id, nth=nth + 1, inspected_at=self.moment(),
                    inspected_by_id=supervisor.id, result=r.choice(list(InspectionResult)), note="x",
                ))  # fmt: skip

    def report(self, day: date) -> None:
        r = self.random
        for people in self.technicians.values():
            for technician in people:
                report = make_report(technician, ReportState.SUBMITTED, report_on=day, minutes=r.choice((0, 30, 60)))
                if r.random() < 0.7:
                    call = r.choice(self.calls)
                    make_line(report, work_type=r.choice((WorkType.PAID, WorkType.CONTRACT, WorkType.FREE)),
                              call_id=call.id, minutes=r.randrange(1, 200))  # fmt: skip
                    make_line(report, minutes=500, removed_at=clock.now())
                if r.random() < 0.7:
                    supervisor = make.make_user(Role.SUPERVISOR, technician.branch)
                    report.minutes = sum(line.minutes for line in report.all_lines if line.removed_at is None)
                    db.session.flush()
                    done = {"state": ReportState.REVIEWED, "reviewed_at": clock.now(), "reviewed_by_id": supervisor.id}
                    db.session.execute(update(DailyReport).where(DailyReport.id == report.id).values(done))


def anew(  # noqa: C901, PLR0912 - one loop for each source
    first: date, last: date, branches: list[int], technician: int | None = None, zone: Zone | None = None,
    model_id: int | None = None,
) -> tuple[Counter[str], Counter[int]]:  # fmt: skip
    """Every sum of the period in plain words of Python, and the minutes until calls were reached."""
    found: Counter[str] = Counter()
    times: Counter[int] = Counter()
    now = clock.now()

    def inside(moment: datetime | None) -> bool:
        return moment is not None and first <= clock.local(moment).date() <= last

    def wanted(branch_id: int, person: int | None, where: Any, what: int | None) -> bool:
        return (
            branch_id in branches and technician in (None, person) and zone in (None, where)
            and model_id in (None, what)
        )  # fmt: skip

    everyone = list(db.session.scalars(select(ServiceCall)))
    repeated = {c.repeat_of_id for c in everyone if c.state is not CallState.CANCELLED}
    vouchers = {v.call_id: v for v in db.session.scalars(select(ServiceVoucher)) if v.state is not VoucherState.VOID}
    visits = defaultdict(list)
    for visit in db.session.scalars(select(Visit)):
        visits[visit.voucher_id].append(visit)
    cards = {card.id: card for card in db.session.scalars(select(RepairCard))}
    on_cards: Counter[int] = Counter()
    for entry in db.session.scalars(select(TimeEntry)):
        if entry.voided_at is None and entry.minutes:
            on_cards[cards[entry.card_id].call_id] += entry.minutes
    calls = {c.id: c for c in everyone}
    for c in everyone:
        if not wanted(c.branch_id, c.technician_id, c.zone, c.model_id):
            continue
        own, alive = not c.is_history, c.state is not CallState.CANCELLED
        in_time = c.cancelled_at is not None and c.cancelled_at < c.dispatch_due_at
        if own and inside(c.dispatch_due_at) and not in_time and (c.dispatched_at or c.dispatch_due_at < now):
            found["dispatch_due"] += 1
            found["dispatch_hit"] += c.dispatched_at is not None and c.dispatched_at <= c.dispatch_due_at
        if own and alive and inside(c.arrival_due_at) and (c.first_arrived_at or c.arrival_due_at < now):
            found["arrival_due"] += 1
            found["arrival_hit"] += c.first_arrived_at is not None and c.first_arrived_at <= c.arrival_due_at
        if own and inside(c.first_arrived_at):
            took = c.first_arrived_at - c.received_at
            found["arrived"] += 1
            found["response_seconds"] += round(took.total_seconds())
            times[round(took.total_seconds()) // 60] += 1
        if alive and inside(c.completed_at):
            found["done"] += 1
            found["repeats"] += c.repeat_of_id is not None
            found["done_seconds"] += round((c.completed_at - c.received_at).total_seconds())
            voucher = vouchers.get(c.id)
            there = visits[voucher.id] if voucher else []
            if own:
                found["own_done"] += 1
                found["work_seconds"] += on_cards[c.id] * 60 + sum(
                    round((v.left_at - v.arrived_at).total_seconds()) for v in there if v.left_at
                )
                result = voucher.onsite_result if voucher else None
                if result not in (OnsiteResult.NO_FAULT, OnsiteResult.REFUSED):
                    found["fixable"] += 1
                    found["fixed_first"] += result is OnsiteResult.FIXED and len(there) == 1 and c.id not in repeated
        if inside(c.received_at) and (own or alive):
            found["received"] += 1
            found["carried"] += c.carry_over_count > 0
    for entry in db.session.scalars(select(GoodsEntry)):
        card = next((one for one in cards.values() if one.entry_id == entry.id), None)
        call = calls.get(card.call_id) if card else None
        if (
            entry.returned_on
            and first <= entry.returned_on <= last
            and wanted(entry.branch_id, card and card.technician_id, call and call.zone, call and call.model_id)
        ):
            found["returned"] += 1
            found["kept"] += entry.returned_on <= entry.first_promised_on
    inspections = list(db.session.scalars(select(Inspection)))
    failed = {one.card_id for one in inspections if one.result is InspectionResult.FAILED}
    for one in inspections:
        card = cards[one.card_id]
        call = calls[card.call_id]
        is_first = one.nth == 1 and inside(one.inspected_at)
        if is_first and wanted(one.branch_id, card.technician_id, call.zone, call.model_id):
            found["inspected"] += 1
            found["failed"] += card.id in failed
    lines = defaultdict(list)
    for line in db.session.scalars(select(ReportLine).where(ReportLine.removed_at.is_(None))):
        lines[line.report_id].append(line)
    for report in db.session.scalars(select(DailyReport).where(DailyReport.state == ReportState.REVIEWED)):
        if (
            zone is None
            and model_id is None
            and first <= report.report_on <= last
            and wanted(report.branch_id, report.technician_id, zone, model_id)
        ):
            found["reports"] += 1
            found["minutes"] += sum(line.minutes for line in lines[report.id])
            found["job_minutes"] += sum(x.minutes for x in lines[report.id] if x.work_type is not WorkType.GENERAL)
    return found, times


def backlog_anew(day: date, branches: list[int]) -> Counter[str]:
    """The open calls by age at the end of a day, in plain Python."""
    found: Counter[str] = Counter()
    moment = clock.day_end(day)
    for call in db.session.scalars(select(ServiceCall).where(ServiceCall.branch_id.in_(branches))):
        ended = call.closed_at or call.cancelled_at
        if call.received_at >= moment or (ended is not None and ended < moment):
            continue
        age = (moment - call.received_at) / timedelta(days=1)
        name = next((f"d{most}" for most in (1, 3, 7, 15, 30) if age <= most), "more")
        found[name] += 1
    return found


__all__ = ["LineSource", "Office", "anew", "backlog_anew"]

"""Random days with any order of acts: every call once, sums that are the register's, mornings that are the evenings'.

DAYS=2000 walks more of them.
"""

import os
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from backoffice.calls.models import CallState, CancelReason, ServiceCall
from backoffice.calls.rules import FaultCause
from backoffice.core import attachments, clock, invariants, jobs
from backoffice.core.acts import REGISTRY
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.factory import load_features
from backoffice.organisation.models import User
from backoffice.reconciliation import queries
from backoffice.reconciliation.models import DayBook, DayLine, DayState, UndoneLine
from backoffice.reconciliation.rules import next_workday
from backoffice.reconciliation.workflow.carrying import carry
from backoffice.repairs.models import RepairCard
from backoffice.reports import queries as reports
from backoffice.reports.models import HANDED_IN, DailyReport, ReportLine, RevisionCell, SummaryState, SupervisorReport
from backoffice.reports.rules import UNDONE, Standing, WorkType
from backoffice.reports.workflow import NewLine
from backoffice.settings import queries as parameters
from backoffice.vouchers.models import OnsiteResult, SignatureMode, VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import custody
from tests import factories as make
from tests.evening import TUESDAY, at
from tests.pictures import png
from tests.repairs.histories import Choice

load_features()
COUNT = int(os.environ.get("DAYS", "40"))
STEPS = st.lists(st.binary(min_size=10, max_size=10).map(int.from_bytes), min_size=20, max_size=45)
PAUSES = (timedelta(minutes=20), timedelta(minutes=3), timedelta(minutes=50), timedelta(hours=2), timedelta(hours=9),
          timedelta(minutes=5), timedelta(minutes=1), timedelta(days=1))  # fmt: skip
#: What is tried on a call in each state, the usual first.
ACTS = {
    CallState.REGISTERED: ("call.dispatch", "call.dispatch", "call.dispatch", "call.cancel"),
    CallState.DISPATCHED: ("call.arrive", "call.arrive", "call.reassign", "call.cancel"),
    CallState.ON_SITE: ("call.complete", "call.complete", "call.take_away", "call.revisit", "call.refuse",
                        "call.reassign"),
    CallState.IN_REPAIR: ("card.log_time", "voucher.void"),
    CallState.COMPLETED: ("voucher.take_back", "call.write_off", "voucher.take_back", "voucher.void"),
    CallState.CLOSED: ("call.undo_write_off",),
    CallState.CANCELLED: ("voucher.archive",),
}  # fmt: skip


class Walk:
    """A branch from Tuesday morning on."""

    def __init__(self) -> None:
        self.branch = make.make_branch()
        before = {"created_at": at(TUESDAY - timedelta(days=9), 8)}
        self.people = {role: make.make_user(role, self.branch, **before) for role in Role}
        self.technicians = [self.people[Role.TECHNICIAN], make.make_user(Role.TECHNICIAN, self.branch, **before)]
        self.customer = make.make_customer(self.branch)
        self.unit, self.symptom = make.make_unit(self.customer), make.make_symptom()
        self.image = attachments.prepare("s.png", png())
        self.moment = at(TUESDAY, 8)
        self.log: list[str] = []

    def again(self) -> None:
        """As it was before the walk."""
        db.session.expire_all()
        self.moment, self.log = at(TUESDAY, 8), []

    def attempt(self, key: str, doc: Any, by: User, **inputs: Any) -> Any:
        self.log.append(f"{clock.local(self.moment):%d %H:%M} {by.username} {key} {doc or ''}")
        try:
            with db.session.begin_nested():
                return REGISTRY[key](doc, by=by, **inputs) if doc is not None else REGISTRY[key](by=by, **inputs)
        except BackofficeError as refusal:
            self.log[-1] += f": {refusal.rule}"
            return None

    def step(self, number: int) -> None:
        choice = Choice(number)
        self.moment += choice.of(PAUSES)
        with clock.freeze(self.moment):
            kind = choice.below(10)
            if kind < 1:
                self.register(choice)
            elif kind < 8:
                self.work(choice)
            elif kind == 8:
                self.report(choice)
            else:
                self.close(choice)

    def when(self, choice: Choice) -> dict[str, Any]:
        """Now, or earlier, perhaps on a day that is over."""
        if not choice.one_in(6):
            return {}
        return {"at": self.moment - choice.of((timedelta(minutes=10), timedelta(hours=11), timedelta(days=1)))}

    def register(self, choice: Choice) -> None:
        self.attempt("call.register", None, self.people[Role.ASSISTANT], unit=self.unit, model_text="旧水泵",
                     customer=db.session.get_one(Customer, self.customer.id), fault_symptom=self.symptom,
                     fault_text="不出水", is_repeat=False, reason="补登", **self.when(choice))  # fmt: skip

    def work(self, choice: Choice) -> None:
        calls = list(db.session.scalars(select(ServiceCall).order_by(ServiceCall.id)))
        if not calls:
            self.register(choice)
            return
        call = choice.of(calls[-1 - choice.below(3) :])
        key = choice.of(ACTS[call.state])
        supervisor, assistant = self.people[Role.SUPERVISOR], self.people[Role.ASSISTANT]
        mine = next((one for one in self.technicians if one.id == call.technician_id), self.technicians[0])
        other = choice.of(self.technicians)
        signed = {"signed_by": "张三", "signature_mode": SignatureMode.ON_SCREEN, "signature": self.image}
        inputs: dict[str, tuple[User, dict[str, Any]]] = {
            "call.dispatch": (supervisor, {"technician": other}),
            "call.reassign": (supervisor, {"technician": other, "reason": "r"}),
            "call.cancel": (supervisor, {"cancel_reason": CancelReason.NOT_OURS}),
            "call.arrive": (mine, {}),
            "call.complete": (mine, {"onsite_result": OnsiteResult.FIXED, "work_done": "w",
                                     "fault_cause": FaultCause.PRODUCT, **signed}),
            "call.take_away": (mine, {"items": [custody.item(unit=self.unit)], **signed}),
            "call.revisit": (mine, {"reason": "r", "next_visit_at": self.moment + timedelta(days=1)}),
            "call.refuse": (supervisor, {"reason": "r"}),
            "call.write_off": (assistant, {"location": "A"}),
            "call.undo_write_off": (supervisor, {"reason": "r"}),
            "voucher.take_back": (assistant, {}), "voucher.archive": (assistant, {"location": "A"}),
            "voucher.void": (supervisor, {"reason": "r"}),
            "card.log_time": (mine, {"started_at": self.moment - timedelta(minutes=30), "minutes": 25, "work": "w"}),
        }  # fmt: skip
        by, values = inputs[key]
        doc: Any = call
        live = live_voucher(call) if key == "voucher.take_back" else None
        if live is not None and live.state is VoucherState.RETURNED:
            key, (by, values) = "call.write_off", inputs["call.write_off"]
        if key.startswith("voucher."):
            doc = live_voucher(call)
        elif key == "card.log_time":
            doc = db.session.scalar(select(RepairCard).where(RepairCard.call_id == call.id))
            db.session.execute(update(RepairCard).values(printed_at=self.moment))
            db.session.expire_all()
            if doc is not None and doc.started_at is None:
                self.attempt("card.start", doc, by)
        if doc is not None:
            when = {} if key == "card.log_time" else self.when(choice)
            self.attempt(key, doc, by, **values, **when)

    def report(self, choice: Choice) -> None:
        technician, day = choice.of(self.technicians), clock.today() - timedelta(days=choice.below(2))
        report = reports.report_of(technician.id, day)
        if report is None:
            self.attempt("daily_report.open", None, technician, report_on=day)
            return
        key = choice.of(("daily_report.add_lines", "daily_report.submit", "daily_report.submit", "daily_report.return",
                         "daily_report.review", "report_line.correct"))  # fmt: skip
        if key == "daily_report.add_lines":
            self.attempt(key, report, technician, lines=[NewLine(description="x", minutes=1 + choice.below(90))])
        elif key == "daily_report.submit":
            self.attempt(key, report, technician)
        elif key == "report_line.correct":
            for line in report.lines[:1]:
                self.attempt(key, line, technician, minutes=choice.below(60), note="n", description="x",
                             work_type=line.work_type)  # fmt: skip
        else:
            self.attempt(key, report, self.people[Role.SUPERVISOR], note="n")

    def close(self, choice: Choice) -> None:
        day = clock.today() - timedelta(days=choice.below(2))
        summary = reports.summary_of(self.branch.id, day)
        supervisor = self.people[Role.SUPERVISOR]
        if summary is None:
            self.attempt("summary.create", None, supervisor, report_on=day)
        else:
            key = choice.of(("summary.submit", "summary.review", "summary.revise"))
            by = self.people[Role.MANAGER] if key == "summary.review" else supervisor
            self.attempt(key, summary, by, **({"reason": "r"} if key == "summary.revise" else {}))
        book = queries.book_of(self.branch.id, day)
        if book is None:
            self.attempt("day.open", None, self.people[Role.SALES], day=day)
            return
        self.attempt("day.check_service", book, self.people[Role.ASSISTANT])
        self.attempt("day.check_sales", book, self.people[Role.SALES])
        self.attempt("day.close", book, self.people[Role.ASSISTANT])
        if choice.one_in(4):
            self.attempt("day.reopen", book, supervisor, reason="r")


def test_whatever_happens_the_evening_adds_up() -> None:
    """W-7, W-6.4, S-3.10, S-3.11: see above; and every invariant of the house holds after each walk."""
    with clock.freeze(at(TUESDAY, 8)):
        office = Walk()
    done = Counter[str]()

    @settings(max_examples=COUNT, deadline=None, database=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate])  # fmt: skip
    @given(STEPS)
    def walk(steps: list[int]) -> None:
        before = db.session.begin_nested()
        office.again()
        try:
            for number in steps:
                office.step(number)
            with clock.freeze(office.moment):
                first = TUESDAY - timedelta(days=2)  # nothing is back-dated further
                days = [first + timedelta(days=n) for n in range((clock.today() - first).days + 1)]
                for day in days:
                    _every_call_once(office, day)
                _summaries_are_sums(office)
                _closed_days_tell_what_changed(office)
                _mornings_are_evenings(office, days)
                assert [str(breach) for breach in invariants.breaches()] == []
            done.update(one.state.value for one in db.session.scalars(select(ServiceCall)))
        finally:
            before.rollback()
            note("\n".join(office.log))

    walk()
    everywhere = {"registered", "dispatched", "in_repair", "completed", "closed", "cancelled"}
    assert COUNT < 40 or everywhere <= set(done), f"the walks lead nowhere: {done}"


def _every_call_once(office: Walk, day: date) -> None:
    """Against the rows themselves, read here one by one."""
    start, end = clock.day_start(day), clock.day_end(day)
    expected = {
        call.id for call in db.session.scalars(select(ServiceCall))
        if call.received_at < end and not (call.closed_at and call.closed_at < start)
        and not (call.cancelled_at and call.cancelled_at < start)
    }  # fmt: skip
    found = queries.day_of(office.branch.id, day)
    keys = [key for rows in found.columns.values() for key, _ in rows]
    assert len(keys) == len(set(keys))
    assert {*keys, *(key for key, _ in found.unaccounted)} == expected
    assert found.registered == len(expected)
    if day == clock.today():
        assert not found.unaccounted
        for standing, rows in found.columns.items():
            states = {db.session.get_one(ServiceCall, key).state for key, _ in rows}
            assert states <= {
                Standing.WRITTEN_OFF: {CallState.CLOSED}, Standing.IN_REPAIR: {CallState.IN_REPAIR},
                Standing.NOT_DISPATCHED: {CallState.REGISTERED},
                Standing.UNFINISHED: {CallState.DISPATCHED, CallState.ON_SITE},
                Standing.CANCELLED: {CallState.CANCELLED}, Standing.NOT_BACK: {CallState.COMPLETED},
                Standing.NOT_WRITTEN_OFF: {CallState.COMPLETED},
            }[standing]  # fmt: skip


def _summaries_are_sums(office: Walk) -> None:
    for summary in db.session.scalars(select(SupervisorReport).where(SupervisorReport.state != SummaryState.DRAFT)):
        jobs_of: dict[tuple[int, WorkType], list[Any]] = defaultdict(list)
        minutes: Counter[tuple[int, WorkType]] = Counter()
        query = (
            select(DailyReport.technician_id, ReportLine)
            .join(ReportLine, ReportLine.report_id == DailyReport.id)
            .where(DailyReport.report_on == summary.report_on, DailyReport.state.in_(HANDED_IN))
        )
        for technician, line in db.session.execute(query):
            if line.removed_at is None and line.minutes:
                assert line.work_type is not None
                jobs_of[technician, line.work_type].append(line.call_id or f"D{line.id}")
                minutes[technician, line.work_type] += line.minutes
        newest = summary.revisions[-1]
        db.session.refresh(newest)
        assert newest.nth == summary.revision
        cells = db.session.scalars(select(RevisionCell).where(RevisionCell.revision_id == newest.id))
        kept = {(cell.technician_id, cell.work_type): (cell.jobs, cell.minutes) for cell in cells}
        assert kept == {key: (len(set(found)), minutes[key]) for key, found in jobs_of.items()}


def _closed_days_tell_what_changed(office: Walk) -> None:
    for book in db.session.scalars(select(DayBook).where(DayBook.state == DayState.CLOSED)):
        frozen = {
            line.call_id: line.standing
            for line in db.session.scalars(
                select(DayLine).where(DayLine.book_id == book.id, DayLine.closing == book.closing)
            )
        }
        assert len(frozen) == book.members
        day = queries.day_of(book.branch_id, book.day, book)
        for change in day.changes:
            assert frozen.get(change.call_id) is change.was
            frozen[change.call_id] = change.now  # type: ignore[assignment]
        now = {key: standing for standing, rows in day.columns.items() for key, _ in rows}
        assert {key: one for key, one in frozen.items() if one is not None} == now


def _mornings_are_evenings(office: Walk, days: list[date]) -> None:
    """The undone of each evening are the list of the next working morning, and head the dispatch list."""
    for day in days:
        carry(office.branch.id, day)
    jobs.run("J-04")
    calendar = parameters.calendar()
    wanted: dict[date, set[int]] = defaultdict(set)
    for day in days:
        for key, (_, standing) in reports.where_they_stand(office.branch.id, day).items():
            if standing in UNDONE:
                wanted[next_workday(day, calendar)].add(key)
    found: dict[date, set[int]] = defaultdict(set)
    for line in db.session.scalars(select(UndoneLine)):
        found[line.deliver_on].add(line.call_id)
    assert dict(found) == dict(wanted)
    waiting = select(ServiceCall).where(ServiceCall.state == CallState.REGISTERED)
    in_order = list(db.session.scalars(waiting.order_by(ServiceCall.dispatch_order_at, ServiceCall.id)))
    carried = {key for keys in wanted.values() for key in keys}
    head = [call.id for call in in_order if call.id in carried]
    assert [call.id for call in in_order[: len(head)]] == head

"""Daily reports of technicians and supervisors: the acts (W-6, E-17, E-18)."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from backoffice.calls.models import CallState
from backoffice.calls.rules import ServiceType
from backoffice.core import audit, clock, invariants, jobs
from backoffice.core.db import db
from backoffice.core.errors import IllegalTransition, MissingInput, NotPermitted, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.organisation.models import Branch
from backoffice.reports import queries, workflow
from backoffice.reports.models import (
    DailyReport,
    ReportLine,
    ReportRevision,
    ReportState,
    RevisionCell,
    SummaryState,
)
from backoffice.reports.rules import LineSource, WorkType
from backoffice.reports.workflow import NewLine
from backoffice.vouchers.models import Visit
from backoffice.vouchers.queries import live_voucher
from tests import custody
from tests import factories as make
from tests.evening import TUESDAY, at, make_report

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def evening_of_tuesday() -> Iterator[None]:
    """It is eight in the evening of a working day; people were entered long before."""
    with clock.freeze(at(TUESDAY, 20)):
        yield


@pytest.fixture
def people() -> dict[Role, Any]:
    return {role: make.make_user(role, created_at=at(TUESDAY - 30 * DAY, 8)) for role in Role}


def visit_of(technician: Any, start: float, end: float | None, day: date = TUESDAY, **over: Any) -> Visit:
    """A job of the technician with one visit, hours of the day."""
    call = make.make_call(CallState.DISPATCHED, technician=technician, received_at=at(day, 0), **over)
    voucher = live_voucher(call)
    begun = at(day, 0) + timedelta(hours=start)
    ended = at(day, 0) + timedelta(hours=end) if end is not None else None
    return make.make_visit(voucher, arrived_at=begun, left_at=ended)


def told(kind: str) -> list[int]:
    return list(db.session.scalars(select(Notice.user_id).where(Notice.kind == kind).order_by(Notice.user_id)))


def hand_in(technician: Any, minutes: int = 60, day: date = TUESDAY) -> DailyReport:
    report = workflow.open_report(by=technician, report_on=day)
    workflow.add_lines(report, by=technician, lines=[NewLine(description="整理仓库", minutes=minutes)])
    return workflow.submit(report, by=technician)


# -- what is proposed --------------------------------------------------------------------------------------------------


def test_visits_and_card_times_are_proposed(people) -> None:
    """E-17: with type, job and times; the part of the day alone; what is void, running or another's is not."""
    technician = people[Role.TECHNICIAN]
    visit_of(technician, 9, 10.5, service_type=ServiceType.PAID)
    visit_of(technician, -1, 1, service_type=ServiceType.UNDECIDED)
    visit_of(technician, 19, None)
    visit_of(make.make_user(Role.TECHNICIAN), 9, 10)
    card = custody.make_card(technician=make.make_user(Role.TECHNICIAN))
    custody.make_time(card, user_id=technician.id, started_at=at(TUESDAY, 14), ended_at=at(TUESDAY, 15), minutes=50)
    custody.make_time(card, user_id=technician.id, started_at=at(TUESDAY, 16), ended_at=at(TUESDAY, 17), minutes=60,
                      voided_at=at(TUESDAY, 18), void_reason="错")  # fmt: skip
    report = workflow.open_report(by=technician)
    lines = [(line.source, line.work_type, line.minutes) for line in report.lines]
    assert lines == [
        (LineSource.VISIT, None, 60), (LineSource.VISIT, WorkType.PAID, 90), (LineSource.CARD, WorkType.FREE, 50),
    ]  # fmt: skip
    assert report.minutes == 200
    assert all(line.call_id is not None for line in report.lines)
    assert queries.differences(report) == []


def test_report_follows_what_is_pressed_until_it_is_handed_in(people) -> None:
    """E-17: bringing it up to date twice changes nothing; what was corrected by hand keeps both values."""
    technician = people[Role.TECHNICIAN]
    visit = visit_of(technician, 9, 10)
    report = workflow.open_report(by=technician)
    (line,) = report.lines
    with pytest.raises(MissingInput) as refusal:
        workflow.correct(line, by=technician, start=time(9), end=time(10), minutes=40, work_type=line.work_type)
    assert refusal.value.field == "note"
    db.session.expire(line)
    workflow.correct(
        line, by=technician, start=time(9), end=time(10), minutes=40, note="等门", work_type=line.work_type
    )
    visit.left_at = at(TUESDAY, 11)
    visit_of(technician, 13, 14)
    assert [what for what, _, _ in queries.differences(report)] == ["changed", "new"]
    for _ in range(2):
        workflow.refresh(report, by=technician)
        assert [(line.minutes, line.proposed_minutes) for line in report.lines] == [(40, 120), (60, 60)]
        assert report.minutes == 100
    assert queries.differences(report) == []
    visit.left_at = at(TUESDAY, 9, 30)
    visit.technician_id = make.make_user(Role.TECHNICIAN).id
    workflow.refresh(report, by=technician)
    assert [line.minutes for line in report.lines] == [60]


def test_back_dated_visit_shows_on_the_report_and_is_not_swallowed(people) -> None:
    """E-17: entered, corrected or dropped after the hand-in; in the list, on the record, whatever the state."""
    technician = people[Role.TECHNICIAN]
    visit = visit_of(technician, 9, 10)
    report = workflow.submit(workflow.open_report(by=technician), by=technician)
    other = make_report(make.make_user(Role.TECHNICIAN))
    differing = select(DailyReport.id).where(queries.differs()).order_by(DailyReport.id)
    assert db.session.scalars(differing).all() == []
    later = visit_of(technician, 13, 14)
    assert db.session.scalars(differing).all() == [report.id]
    assert [what for what, _, _ in queries.differences(report)] == ["new"]
    later.technician_id = other.technician_id
    db.session.flush()
    assert db.session.scalars(differing).all() == [other.id]
    later.left_at = None
    visit.arrived_at = at(TUESDAY, 8)
    db.session.flush()
    assert db.session.scalars(differing).all() == [report.id]
    workflow.review(report, by=people[Role.SUPERVISOR])
    assert [what for what, _, _ in queries.differences(report)] == ["changed"]


# -- lines -------------------------------------------------------------------------------------------------------------


def test_general_work_and_helpers_jobs_are_typed(people) -> None:
    """S-3.1.4, E-17: D without a job, A to C with one; the field that is wrong is named."""
    technician = people[Role.TECHNICIAN]
    call = make.make_call(CallState.ON_SITE)
    report = workflow.open_report(by=technician)
    for line, field in (
        (NewLine(minutes=5), "lines-0-description"), (NewLine(description="x"), "lines-0-minutes"),
        (NewLine(description="x", minutes=5, work_type=WorkType.PAID), "lines-0-call"),
        (NewLine(description="x", minutes=5, call=call), "lines-0-work_type"),
        (NewLine(description="x", start=time(21), end=time(22)), "lines-0-end"),
        (NewLine(description="x" * 501, minutes=5), "lines-0-description"),
    ):  # fmt: skip
        with pytest.raises((MissingInput, RuleViolated)) as refusal:
            workflow.add_lines(report, by=technician, lines=[line])
        assert refusal.value.field == field
    with pytest.raises(MissingInput):
        workflow.add_lines(report, by=technician)
    workflow.add_lines(report, by=technician, lines=[
        NewLine(description="点检工具", start=time(8), end=time(9)),
        NewLine(description="帮助拆泵", minutes=30, work_type=WorkType.FREE, call=call),
    ])  # fmt: skip
    assert [(line.work_type, line.minutes) for line in report.lines] == [(WorkType.GENERAL, 60), (WorkType.FREE, 30)]
    first = report.lines[0]
    with pytest.raises(RuleViolated):
        workflow.correct(first, by=technician, work_type=WorkType.PAID, minutes=5, description="x")
    db.session.expire_all()
    workflow.remove(first, by=technician)
    assert report.minutes == 30
    with pytest.raises(RuleViolated):
        workflow.remove(first, by=technician)


def test_pressed_lines_are_not_taken_out_but_set_to_nothing(people) -> None:
    """E-17: both values stay."""
    technician = people[Role.TECHNICIAN]
    visit_of(technician, 9, 10)
    report = workflow.open_report(by=technician)
    (line,) = report.lines
    with pytest.raises(RuleViolated):
        workflow.remove(line, by=technician)
    workflow.correct(line, by=technician, work_type=line.work_type, minutes=0, note="误按")
    assert (line.minutes, line.proposed_minutes, report.minutes) == (0, 60, 0)
    with pytest.raises(MissingInput):
        workflow.submit(report, by=technician)


# -- handing in and reviewing ------------------------------------------------------------------------------------------


def test_own_report_handed_in_returned_and_reviewed(people) -> None:
    """W-6.1: nobody writes another's; returned with a note; reviewed it is locked, for the database too."""
    technician, supervisor = people[Role.TECHNICIAN], people[Role.SUPERVISOR]
    report = hand_in(technician)
    assert report.state is ReportState.SUBMITTED
    assert told("daily_report.submitted") == [supervisor.id]
    assert not report.is_late
    with pytest.raises(MissingInput):
        workflow.return_report(report, by=supervisor, note=" ")
    db.session.expire_all()
    workflow.return_report(report, by=supervisor, note="少了一单")
    assert told("daily_report.returned") == [technician.id]
    other = make.make_user(Role.TECHNICIAN)
    with pytest.raises(NotPermitted):
        workflow.submit(report, by=supervisor)
    with pytest.raises(Exception, match="no such record"):
        workflow.submit(report, by=other)
    line = report.lines[0]
    workflow.submit(report, by=technician)
    with pytest.raises(IllegalTransition):
        workflow.correct(line, by=technician, minutes=5, description="x")
    workflow.review(report, by=supervisor)
    assert (report.state, report.reviewed_by_id) == (ReportState.REVIEWED, supervisor.id)
    with pytest.raises(IllegalTransition):
        workflow.return_report(report, by=supervisor, note="x")
    with pytest.raises(DBAPIError), db.session.begin_nested():
        db.session.execute(update(ReportLine).where(ReportLine.id == line.id).values(minutes=1))
    with pytest.raises(DBAPIError), db.session.begin_nested():
        db.session.execute(update(DailyReport).where(DailyReport.id == report.id).values(minutes=1))


def test_nobody_reviews_his_own_report(people) -> None:
    """W-6.2, P-4, P-6: the supervisor's is the manager's, a technician who stands in reviews others only."""
    supervisor, manager, technician = people[Role.SUPERVISOR], people[Role.MANAGER], people[Role.TECHNICIAN]
    own = hand_in(supervisor)
    assert own.of_supervisor
    assert told("daily_report.submitted") == [manager.id]
    with pytest.raises(NotPermitted):
        workflow.review(own, by=supervisor)
    second = make.make_user(Role.SUPERVISOR)
    with pytest.raises(NotPermitted):
        workflow.review(own, by=second)
    make.make_delegation(supervisor, technician)
    his = hand_in(technician)
    with pytest.raises(NotPermitted):
        workflow.review(his, by=technician)
    others = hand_in(make.make_user(Role.TECHNICIAN))
    workflow.review(others, by=technician)
    entry = db.session.scalars(select(audit.AuditEntry).where(audit.AuditEntry.act == "daily_report.review")).one()
    assert entry.on_behalf_of_id == supervisor.id
    with pytest.raises(NotPermitted):
        workflow.review_supervisors(his, by=manager)
    make.make_delegation(manager, supervisor)
    with pytest.raises(NotPermitted):
        workflow.review_supervisors(own, by=supervisor)
    workflow.review_supervisors(own, by=manager)
    assert own.state is ReportState.REVIEWED


def test_hand_in_after_the_grace_is_marked_late(people) -> None:
    """TL-08: at ten of the next day it is in time, a second later it is late, and a return does not make it late."""
    technician, supervisor = people[Role.TECHNICIAN], people[Role.SUPERVISOR]
    report = workflow.open_report(by=technician)
    workflow.add_lines(report, by=technician, lines=[NewLine(description="x", minutes=5)])
    with clock.freeze(at(TUESDAY + DAY, 10)):
        workflow.submit(report, by=technician)
        assert not report.is_late
    with clock.freeze(at(TUESDAY + 3 * DAY, 10)):
        workflow.return_report(report, by=supervisor, note="x")
        workflow.submit(report, by=technician)
        assert not report.is_late
        assert hand_in(technician, day=TUESDAY + 2 * DAY).is_late is False
        assert hand_in(technician, day=TUESDAY + DAY).is_late is True


def test_one_report_a_day_and_none_of_tomorrow(people) -> None:
    """E-17: a second one is refused with the way to the first; a report for a day off is allowed and marked."""
    technician = people[Role.TECHNICIAN]
    report = workflow.open_report(by=technician)
    with pytest.raises(RuleViolated) as refusal:
        workflow.open_report(by=technician)
    assert refusal.value.remedy is not None
    assert refusal.value.remedy.params == {"id": report.id}
    with pytest.raises(RuleViolated):
        workflow.open_report(by=technician, report_on=TUESDAY + DAY)
    sunday = workflow.open_report(by=technician, report_on=TUESDAY - 2 * DAY)
    assert (sunday.on_day_off, report.on_day_off) == (True, False)


def test_more_than_a_day_is_refused_and_a_long_day_marked(people) -> None:
    """E-17: over 24 hours blocked, over 12 warned."""
    technician = people[Role.TECHNICIAN]
    report = workflow.open_report(by=technician)
    workflow.add_lines(report, by=technician, lines=[NewLine(description="x", minutes=1440)])
    workflow.add_lines(report, by=technician, lines=[NewLine(description="x", minutes=1)])
    with pytest.raises(RuleViolated) as refusal:
        workflow.submit(report, by=technician)
    assert refusal.value.rule == "E-17"
    db.session.expire_all()
    workflow.remove(report.lines[1], by=technician)
    workflow.submit(report, by=technician)
    assert db.session.scalars(select(DailyReport.id).where(queries.is_long())).all() == [report.id]


def test_undecided_job_needs_its_kind_of_work(people) -> None:
    """E-17: the hand-in names the job; the technician may say, and what is decided later wins over nothing."""
    technician = people[Role.TECHNICIAN]
    visit = visit_of(technician, 9, 10, service_type=ServiceType.UNDECIDED)
    report = workflow.open_report(by=technician)
    with pytest.raises(MissingInput) as refusal:
        workflow.submit(report, by=technician)
    assert visit.voucher.call.number in str(refusal.value)
    db.session.expire_all()
    workflow.correct(report.lines[0], by=technician, work_type=WorkType.PAID, start=time(9), end=time(10), minutes=60)
    workflow.submit(report, by=technician)
    assert report.lines[0].work_type is WorkType.PAID
    assert not report.lines[0].is_corrected


# -- who is missing ----------------------------------------------------------------------------------------------------


def test_missing_is_who_should_have_reported(people) -> None:
    """W-6.3, E-31: on working days, active technicians who are not away; a draft and a returned one do not count."""
    technician, branch_id = people[Role.TECHNICIAN], people[Role.TECHNICIAN].branch_id

    def names(day: date = TUESDAY) -> list[int]:
        return [person.id for person in queries.missing(branch_id, day)]

    away = make.make_user(Role.TECHNICIAN, created_at=at(TUESDAY - 9 * DAY, 8))
    make.make_absence(away, from_on=TUESDAY, to_on=TUESDAY)
    gone = make.make_user(Role.TECHNICIAN, created_at=at(TUESDAY - 9 * DAY, 8), is_active=False)
    assert names() == [technician.id]
    assert names(TUESDAY - DAY) == [technician.id, away.id]
    assert names(TUESDAY - 2 * DAY) == [], "a Sunday"
    assert gone.id not in names()
    report = workflow.open_report(by=technician)
    assert names() == [technician.id]
    workflow.add_lines(report, by=technician, lines=[NewLine(description="x", minutes=5)])
    workflow.submit(report, by=technician)
    assert names() == []
    workflow.return_report(report, by=people[Role.SUPERVISOR], note="x")
    assert names() == [technician.id]


def test_report_belongs_to_the_branch_of_that_day(people) -> None:
    """W-6.3: a technician who changes branch in mid-month is missed where he was, and his report lies there."""
    technician = people[Role.TECHNICIAN]
    here, there = technician.branch_id, make.make_branch("SH")
    with clock.freeze(at(TUESDAY + DAY, 9)), audit.during(audit.Occasion("user.edit")):
        technician.branch_id = there.id
        db.session.flush()
    with clock.freeze(at(TUESDAY + DAY, 12)):
        db.session.expire(technician)
        assert [one.id for one in queries.missing(here, TUESDAY)] == [technician.id]
        assert queries.missing(there.id, TUESDAY) == []
        assert [one.id for one in queries.missing(there.id, TUESDAY + DAY)] == [technician.id]
        assert workflow.open_report(by=technician, report_on=TUESDAY).branch_id == here
        assert workflow.open_report(by=technician, report_on=TUESDAY + DAY).branch_id == there.id


def test_evening_names_who_is_missing_once(people) -> None:
    """W-6.3: the supervisors are told, the drafts are made with what is proposed; run again, it does nothing more."""
    visit_of(people[Role.TECHNICIAN], 9, 10)
    assert jobs.run("W-6.3", TUESDAY) > 0
    count = len(told("daily_report.missing"))
    report = queries.report_of(people[Role.TECHNICIAN].id, TUESDAY)
    assert report is not None
    assert (report.state, report.minutes) == (ReportState.DRAFT, 60)
    assert jobs.run("W-6.3", TUESDAY) == 0
    assert len(told("daily_report.missing")) == count
    with clock.freeze(at(TUESDAY + DAY, 12)):
        assert report.id in db.session.scalars(select(DailyReport.id).where(queries.is_overdue())).all()
        make.make_absence(people[Role.TECHNICIAN], from_on=TUESDAY, to_on=TUESDAY)
        assert report.id not in db.session.scalars(select(DailyReport.id).where(queries.is_overdue())).all()
        assert jobs.run("TL-09", TUESDAY + DAY) > 0
        assert set(told("summary.late")) == {people[Role.MANAGER].id}
        assert jobs.run("TL-09", TUESDAY + DAY) == 0


# -- the supervisor's report -------------------------------------------------------------------------------------------


def cells(report: Any) -> dict[tuple[int, WorkType], tuple[int, int]]:
    query = (
        select(RevisionCell)
        .join(ReportRevision, ReportRevision.id == RevisionCell.revision_id)
        .where(ReportRevision.report_id == report.id, ReportRevision.nth == report.revision)
    )
    return {(c.technician_id, c.work_type): (c.jobs, c.minutes) for c in db.session.scalars(query)}


def test_supervisors_report_is_the_sum_of_the_lines(people) -> None:
    """Scenario 10, W-6.4, E-18: a D line, sums that equal the lines, the missing one named, nobody blocked."""
    technician, supervisor, manager = people[Role.TECHNICIAN], people[Role.SUPERVISOR], people[Role.MANAGER]
    missing = make.make_user(Role.TECHNICIAN, created_at=at(TUESDAY - 9 * DAY, 8))
    one = visit_of(technician, 9, 10, service_type=ServiceType.PAID)
    make.make_visit(one.voucher, arrived_at=at(TUESDAY, 11), left_at=at(TUESDAY, 11, 30))
    visit_of(technician, 14, 15, service_type=ServiceType.FREE)
    report = workflow.open_report(by=technician)
    workflow.add_lines(report, by=technician, lines=[NewLine(description="x", minutes=20),
                                                     NewLine(description="y", minutes=25)])  # fmt: skip
    workflow.submit(report, by=technician)
    summary = workflow.create_summary(by=supervisor)
    workflow.submit_summary(summary, by=supervisor, remark="正常")
    assert summary.state is SummaryState.SUBMITTED
    assert cells(summary) == {
        (technician.id, WorkType.PAID): (1, 90), (technician.id, WorkType.FREE): (1, 60),
        (technician.id, WorkType.GENERAL): (2, 45),
    }  # fmt: skip
    (revision,) = summary.revisions
    assert [one.technician_id for one in revision.missing] == [missing.id]
    assert (revision.received, revision.dispatched, revision.finished, revision.carried_over) == (2, 2, 0, 2)
    assert told("summary.submitted") == [manager.id]
    with pytest.raises(NotPermitted):
        workflow.review_summary(summary, by=supervisor)
    workflow.review_summary(summary, by=manager, note="知悉")
    assert list(invariants.breaches()) == []


def test_what_comes_later_makes_a_revision(people) -> None:
    """E-18: a late report and a returned one revise it by themselves, calls by hand; the manager sees it again."""
    technician, supervisor, manager = people[Role.TECHNICIAN], people[Role.SUPERVISOR], people[Role.MANAGER]
    summary = workflow.submit_summary(workflow.create_summary(by=supervisor), by=supervisor)
    assert (summary.revision, cells(summary)) == (1, {})
    workflow.review_summary(summary, by=manager)
    with pytest.raises(RuleViolated):
        workflow.revise_summary(summary, by=supervisor, reason="x")
    db.session.expire_all()
    report = hand_in(technician, 30)
    assert (summary.revision, summary.state) == (2, SummaryState.SUBMITTED)
    assert cells(summary) == {(technician.id, WorkType.GENERAL): (1, 30)}
    assert told("summary.revised") == [manager.id]
    workflow.return_report(report, by=supervisor, note="x")
    assert (summary.revision, cells(summary)) == (3, {})
    make.make_call(received_at=at(TUESDAY, 9))
    with pytest.raises(MissingInput):
        workflow.revise_summary(summary, by=supervisor)
    db.session.expire_all()
    workflow.revise_summary(summary, by=supervisor, reason="补登一单")
    assert summary.revision == 4
    assert [one.received for one in summary.revisions] == [0, 0, 0, 1]
    assert list(invariants.breaches()) == []


def test_one_summary_for_a_branch_and_day(people) -> None:
    """E-18: a second is refused; another branch has its own."""
    supervisor = people[Role.SUPERVISOR]
    workflow.create_summary(by=supervisor)
    with pytest.raises(RuleViolated):
        workflow.create_summary(by=supervisor)
    there = make.make_branch("SH")
    assert isinstance(there, Branch)
    assert workflow.create_summary(by=make.make_user(Role.SUPERVISOR, there)).branch_id == there.id
    with pytest.raises(RuleViolated):
        workflow.create_summary(by=supervisor, report_on=TUESDAY + DAY)

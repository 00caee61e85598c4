"""The evening: columns, checks, closing, what is carried over (W-7, J-04, TL-10, R-02)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.calls.models import CallState, CancelReason, ServiceCall
from backoffice.core import clock, invariants, jobs
from backoffice.core.db import db
from backoffice.core.deadlines import Calendar
from backoffice.core.errors import IllegalTransition, MissingInput, NotPermitted, RuleViolated
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.reconciliation import queries, workflow
from backoffice.reconciliation.models import DayLine, DayState, UndoneLine, UndoneState
from backoffice.reconciliation.rules import Decision, next_workday
from backoffice.reports.rules import Standing
from backoffice.settings.models import Holiday, HolidayKind
from backoffice.vouchers import workflow as vouchers
from backoffice.vouchers.models import VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import custody
from tests import factories as make
from tests.evening import TUESDAY, at, make_book, make_undone

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def evening_of_tuesday() -> Iterator[None]:
    with clock.freeze(at(TUESDAY, 22)):
        yield


def stand(branch_id: int, day: date = TUESDAY) -> dict[str, list[int]]:
    """Keys of the calls in the columns that hold any."""
    found = queries.day_of(branch_id, day)
    assert found.adds_up is not bool(found.unaccounted)
    columns = {standing.value: [key for key, _ in rows] for standing, rows in found.columns.items() if rows}
    return columns | ({"?": [key for key, _ in found.unaccounted]} if found.unaccounted else {})


def one_of_each(branch_id: int) -> dict[str, int]:
    """A call of Tuesday in every column."""
    received = at(TUESDAY, 9)
    taken = custody.make_card(received_at=received).call
    taken.received_at, taken.dispatched_at = received, at(TUESDAY, 10)
    live_voucher(taken).signed_at = at(TUESDAY, 11)
    return {
        "written_off": make.make_call(CallState.CLOSED, received_at=received).id,
        "in_repair": taken.id,
        "not_dispatched": make.make_call(received_at=received).id,
        "unfinished": make.make_call(CallState.ON_SITE, received_at=received).id,
        "cancelled": make.make_call(CallState.CANCELLED, received_at=received).id,
        "not_back": make.make_call(CallState.COMPLETED, received_at=received).id,
        "not_written_off": make.make_call(
            CallState.COMPLETED, received_at=received, voucher_state=VoucherState.RETURNED
        ).id,
    }  # fmt: skip


# -- the columns -------------------------------------------------------------------------------------------------------


def test_every_call_stands_in_one_column(people) -> None:
    """W-7: each column has its call, the sum is the register's, also seen from the days after."""
    branch_id = people[Role.ASSISTANT].branch_id
    calls = one_of_each(branch_id)
    assert stand(branch_id) == {name: [key] for name, key in calls.items()}
    with clock.freeze(at(TUESDAY + 3 * DAY, 9)):
        assert stand(branch_id) == {name: [key] for name, key in calls.items()}
        gone = {"written_off", "cancelled"}
        rest = {name: [key] for name, key in calls.items() if name not in gone}
        assert stand(branch_id, TUESDAY + DAY) == rest
    assert stand(branch_id, TUESDAY - DAY) == {}
    assert stand(make.make_branch("SH").id) == {}


def test_midnight_is_the_border(people) -> None:
    """W-7: the last moment of a day belongs to it, midnight to the next; over the end of a month too."""
    branch_id, last = people[Role.ASSISTANT].branch_id, date(2026, 11, 30)
    end = clock.day_end(last)
    with clock.freeze(end + 9 * timedelta(hours=1)):
        before = make.make_call(received_at=end - clock.RESOLUTION).id
        after = make.make_call(received_at=end).id
        closed = make.make_call(CallState.CLOSED, received_at=end - DAY, closed_at=end).id
        archived = live_voucher(db.session.get_one(ServiceCall, closed))
        archived.archived_at = end
        db.session.flush()
        assert stand(branch_id, last) == {"not_dispatched": [before], "not_written_off": [closed]}
        assert stand(branch_id, last + DAY) == {"not_dispatched": [before, after], "written_off": [closed]}


def test_history_stands_in_no_book(people) -> None:
    """W-1.14: what was brought in from an older system is outside the reconciliation."""
    make.make_call(CallState.CLOSED, received_at=at(TUESDAY, 9), is_history=True)
    assert stand(people[Role.ASSISTANT].branch_id) == {}


def test_contradiction_is_named_and_the_day_stays_open(people) -> None:
    """W-7: a call whose voucher says something else stands in no column; the day cannot be closed, the row is named."""
    assistant = people[Role.ASSISTANT]
    call = make.make_call(CallState.CLOSED, received_at=at(TUESDAY, 9))
    db.session.execute(live_voucher(call).__table__.update().values(archived_at=at(TUESDAY + DAY, 9)))
    assert stand(assistant.branch_id) == {"?": [call.id]}
    book = make_book(DayState.CHECKED, day=TUESDAY)
    with pytest.raises(RuleViolated) as refusal:
        workflow.close(book, by=assistant)
    assert call.number in str(refusal.value)
    assert refusal.value.rule == "W-7"


# -- checking and closing ----------------------------------------------------------------------------------------------


def test_checked_from_both_sides_then_closed(people) -> None:
    """W-7: service side AA or SS, sales side SA, two people; closing keeps each call in its column."""
    assistant, supervisor, sales = people[Role.ASSISTANT], people[Role.SUPERVISOR], people[Role.SALES]
    keys = one_of_each(assistant.branch_id)
    book = workflow.open_book(by=sales)
    with pytest.raises(RuleViolated) as refusal:
        workflow.open_book(by=assistant, day=TUESDAY)
    assert refusal.value.remedy is not None
    for act, by in ((workflow.check_service, sales), (workflow.check_sales, assistant), (workflow.close, sales)):
        with pytest.raises(NotPermitted):
            act(book, by=by)
    with pytest.raises(IllegalTransition):
        workflow.close(book, by=assistant)
    workflow.check_service(book, by=supervisor)
    assert book.state is DayState.OPEN
    with pytest.raises(RuleViolated):
        workflow.check_service(book, by=assistant)
    workflow.check_sales(book, by=sales)
    assert book.state is DayState.CHECKED
    workflow.close(book, by=assistant)
    assert (book.state, book.members, book.closing) == (DayState.CLOSED, 7, 1)
    frozen = {line.standing.value: line.call_id for line in db.session.scalars(select(DayLine))}
    assert frozen == keys
    assert list(invariants.breaches()) == []


def test_one_person_does_not_check_both_sides(people) -> None:
    """P-4: a salesperson who stands in for the supervisor checks one side only."""
    sales = people[Role.SALES]
    make.make_delegation(people[Role.SUPERVISOR], sales)
    book = workflow.open_book(by=sales)
    workflow.check_sales(book, by=sales)
    with pytest.raises(NotPermitted):
        workflow.check_service(book, by=sales)


def test_what_is_back_dated_shows_on_the_closed_day(people) -> None:
    """W-7: entered, cancelled or written off for a closed day: each a difference with where it stood and stands."""
    assistant, supervisor = people[Role.ASSISTANT], people[Role.SUPERVISOR]
    keys = one_of_each(assistant.branch_id)
    book = make_book(DayState.CHECKED, day=TUESDAY)
    workflow.close(book, by=assistant)
    assert queries.day_of(book.branch_id, TUESDAY, book).changes == []
    with clock.freeze(at(TUESDAY + DAY, 9)):
        late = make.make_call(received_at=at(TUESDAY, 15))
        waiting = db.session.get_one(ServiceCall, keys["not_dispatched"])
        vouchers.cancel(waiting, by=supervisor, at=at(TUESDAY, 21), cancel_reason=CancelReason.SOLVED_BY_PHONE)
        back = live_voucher(db.session.get_one(ServiceCall, keys["not_back"]))
        vouchers.take_back(back, by=assistant)
        changes = {(one.call_id, one.was, one.now) for one in queries.day_of(book.branch_id, TUESDAY, book).changes}
        assert changes == {
            (late.id, None, Standing.NOT_DISPATCHED), (waiting.id, Standing.NOT_DISPATCHED, Standing.CANCELLED),
        }, "taken back today is today's"  # fmt: skip
        with pytest.raises(MissingInput):
            workflow.reopen(book, by=supervisor)
        db.session.expire_all()
        with pytest.raises(NotPermitted):
            workflow.reopen(book, by=assistant, reason="x")
        workflow.reopen(book, by=supervisor, reason="补登")
        assert (book.state, book.service_checked_at, book.sales_checked_at) == (DayState.OPEN, None, None)
        workflow.check_service(book, by=supervisor)
        workflow.check_sales(book, by=people[Role.SALES])
        workflow.close(book, by=supervisor)
        assert (book.closing, book.members) == (2, 8)
        assert queries.day_of(book.branch_id, TUESDAY, book).changes == []
        assert len(list(db.session.scalars(select(DayLine).where(DayLine.closing == 1)))) == 7, "the first stays"
        assert list(invariants.breaches()) == []


def test_no_book_of_tomorrow(people) -> None:
    """W-7: a day that has not come has nothing to compare; with the clock set back nothing is opened ahead."""
    with pytest.raises(RuleViolated):
        workflow.open_book(by=people[Role.ASSISTANT], day=TUESDAY + DAY)


# -- carried over ------------------------------------------------------------------------------------------------------


def lines() -> list[UndoneLine]:
    query = select(UndoneLine).order_by(UndoneLine.deliver_on, UndoneLine.call_id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def test_two_open_calls_head_the_next_morning(as_role: Any, people) -> None:
    """Scenario 9: on top of the dispatch list, counted once, whatever their due time and however often the job runs."""
    branch_id = people[Role.SUPERVISOR].branch_id
    first = make.make_call(received_at=at(TUESDAY, 20), dispatch_limit_min=10_080,
                           dispatch_due_at=at(TUESDAY + 7 * DAY, 20))  # fmt: skip
    second = make.make_call(received_at=at(TUESDAY, 21))
    on_site = make.make_call(CallState.ON_SITE, received_at=at(TUESDAY, 19))
    with clock.freeze(at(TUESDAY, 23, 55)):
        assert jobs.run("J-04") == 3
        assert jobs.run("J-04") == 0
    with clock.freeze(at(TUESDAY + DAY, 9)):
        new = make.make_call(received_at=at(TUESDAY + DAY, 0, 30))
        assert jobs.run("J-04-morning") == 1
        assert jobs.run("J-04-morning") == 0
        told = db.session.scalars(select(Notice).where(Notice.kind == "undone.delivered")).all()
        assert [(one.user_id, one.params["count"]) for one in told] == [(people[Role.SUPERVISOR].id, 3)]
        assert [(one.call_id, one.times, one.deliver_on) for one in lines()] == [
            (key, 1, TUESDAY + DAY) for key in sorted((first.id, second.id, on_site.id))
        ]
        assert {one.call_id for one in lines()} == set(queries.undone_at_end(branch_id, TUESDAY))
        page = as_role(people[Role.SUPERVISOR]).get("/calls/?state=registered&sort=dispatch_order_at").text
        places = [page.index(call.number) for call in (second, first, new)]
        assert places == sorted(places)
        assert "state=registered&amp;sort=dispatch_order_at" in as_role(people[Role.SUPERVISOR]).get("/").text
    assert list(invariants.breaches()) == []


def test_list_comes_on_the_next_working_morning_once(people) -> None:
    """W-7, TL-10: what is undone on Friday, Saturday and Sunday comes on Monday, and counts as carried over once."""
    friday = date(2026, 11, 27)
    call = make.make_call(received_at=at(friday, 9))
    for day in (friday, friday + DAY, friday + 2 * DAY):
        with clock.freeze(at(day, 23, 55)):
            jobs.run("J-04")
    late = make.make_call(received_at=at(friday + DAY, 9))
    with clock.freeze(at(friday + DAY, 9)):
        assert jobs.run("J-04-morning") == 0, "nobody is there on Saturday"
    with clock.freeze(at(friday + 3 * DAY, 9)):
        assert jobs.run("J-04-morning") == 1
    assert [(one.call_id, one.day, one.deliver_on) for one in lines()] == [
        (call.id, friday, friday + 3 * DAY), (late.id, friday + DAY, friday + 3 * DAY),
    ]  # fmt: skip
    assert (call.carry_over_count, late.carry_over_count) == (1, 1)


def test_make_up_workday_is_a_morning_like_any_other(people) -> None:
    """TL-10, E-33: a Saturday on which people work gets the list of Friday."""
    friday = date(2026, 11, 27)
    make.saved(Holiday(on=friday + DAY, name="补班", kind=HolidayKind.WORKDAY))
    make.make_call(received_at=at(friday, 9))
    with clock.freeze(at(friday, 23, 55)):
        jobs.run("J-04")
    assert [one.deliver_on for one in lines()] == [friday + DAY]


def test_next_workday_by_counting() -> None:
    """E-33: over weekends, holidays and make-up workdays."""
    off = Calendar(frozenset({date(2026, 11, 30)}), frozenset({date(2026, 11, 29)}))
    assert next_workday(date(2026, 11, 27), off) == date(2026, 11, 29)
    assert next_workday(date(2026, 11, 29), off) == date(2026, 12, 1)


def test_worker_down_for_three_days_is_made_up_for(people) -> None:
    """J-04: back again, every day has its list, each call one line for each morning, and its count is that of them."""
    call = make.make_call(received_at=at(TUESDAY - DAY, 9))
    with clock.freeze(at(TUESDAY + 2 * DAY, 9)):
        assert jobs.run("J-04-morning") == 1
        done = [(one.day, one.times) for one in lines()]
    assert done == [(TUESDAY - DAY, 1), (TUESDAY, 2), (TUESDAY + DAY, 3)]
    assert call.carry_over_count == 3
    assert list(invariants.breaches()) == []


def test_supervisor_decides_on_each(people) -> None:
    """W-7: dispatch, wait, or ask to cancel, with the reason; it may be changed, and leaves the queue."""
    supervisor = people[Role.SUPERVISOR]
    line, other = make_undone(), make_undone()
    assert db.session.scalar(queries.to_decide(supervisor)) == 2
    for inputs, field in (({}, "decision"), ({"decision": Decision.WAIT_FOR_PARTS}, "note")):
        with pytest.raises(MissingInput) as refusal:
            workflow.decide(line, by=supervisor, **inputs)
        assert refusal.value.field == field
    db.session.expire_all()
    with pytest.raises(NotPermitted):
        workflow.decide(line, by=people[Role.ASSISTANT], decision=Decision.DISPATCH)
    workflow.decide(line, by=supervisor, decision=Decision.DISPATCH)
    assert (line.state, line.decided_by_id) == (UndoneState.DECIDED, supervisor.id)
    workflow.decide(line, by=supervisor, decision=Decision.CANCEL, note="客户要求")
    assert db.session.scalar(queries.to_decide(supervisor)) == 1
    vouchers.cancel(other.call, by=supervisor, cancel_reason=CancelReason.NOT_OURS)
    assert db.session.scalar(queries.to_decide(supervisor)) == 0, "served or cancelled, it waits for nobody"

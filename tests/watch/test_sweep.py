"""The ladder at exact moments, over nights and holidays, after outages, and what stops it."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.engine import Engine

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.organisation.models import Delegation
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import CardState
from backoffice.repairs.rules import DelayReason
from backoffice.settings.models import Holiday, HolidayKind
from backoffice.vouchers import workflow as vouchers
from backoffice.vouchers.models import VoucherState
from backoffice.vouchers.queries import live_voucher
from backoffice.watch.models import LadderStep, Told, WatchMark
from backoffice.watch.queries import LADDER, WATCHES
from backoffice.watch.workflow import ensure_ladder
from backoffice.watch.workflow.sweeping import BATCH, candidates
from tests import factories as make
from tests.custody import make_card
from tests.watch.conftest import at


def call_at(text, **over):
    return make.make_call(received_at=at(text), **over)


def ladder(key, percent, told, *, waits=False):
    return make.saved(LadderStep(limit_key=key, percent=percent, told=told, waits=waits))


def test_a_city_call_climbs_the_ladder_at_50_100_and_150_percent(office, sweep_at):
    """TL-01: amber at 50 %, red at 100 % to the supervisor, the manager at 150 %; not a microsecond earlier."""
    call = call_at("2026-03-02 09:00")
    boss, gm = office.supervisor.id, office.manager.id
    assert sweep_at("2026-03-02 09:29:59.999999") == set()
    assert sweep_at("2026-03-02 09:30") == {("watch.TL-01.ahead", call.id, boss, 50)}
    assert sweep_at("2026-03-02 09:30") == set()
    assert sweep_at("2026-03-02 09:59:59.999999") == set()
    assert sweep_at("2026-03-02 10:00") == {("watch.TL-01.late", call.id, boss, 100)}
    assert sweep_at("2026-03-02 10:30") == {("watch.TL-01.late", call.id, gm, 150)}
    assert sweep_at("2026-03-03 10:30") == set()
    told = db.session.scalars(select(Notice).where(Notice.kind == "watch.TL-01.late").order_by(Notice.id)).first()
    assert told.text == f"Call {call.number} is not dispatched; that was due at 03-02 10:00 (100 %)."


def test_nothing_more_is_sent_once_the_event_exists(office, sweep_at):
    """TL-01, TL-02: dispatched, only the arrival is watched; on site, nothing is."""
    call = call_at("2026-03-02 09:00")
    sweep_at("2026-03-02 09:30")
    with clock.freeze(at("2026-03-02 09:40")):
        vouchers.dispatch(call, by=office.supervisor, technician=office.technician)
    assert sweep_at("2026-03-02 09:41") == {("watch.TL-02.ahead", call.id, office.supervisor.id, 50)}
    with clock.freeze(at("2026-03-02 09:59")):
        vouchers.arrive(call, by=office.technician)
    assert sweep_at("2026-03-02 12:00") == set()


def test_cancelled_closed_and_past_calls_are_left_alone(office, sweep_at):
    for state in (CallState.CANCELLED, CallState.CLOSED, CallState.IN_REPAIR):
        call_at("2026-03-02 09:00", state=state)
    assert sweep_at("2026-03-02 23:00") == set()


def test_a_due_time_that_moves_starts_anew(office, sweep_at):
    """TL-06: the accepted delay gives the card a new due time, whose steps are told again."""
    card = make_card(CardState.REPAIRING, received_at=at("2026-03-02 09:00"), planned_finish_at=at("2026-03-05 00:00"))
    assert sweep_at("2026-03-05 09:00") == {("watch.TL-06.late", card.id, office.supervisor.id, 100)}
    with clock.freeze(at("2026-03-05 09:30")):
        report = repairs.report_delay(
            card, by=card.technician, cause=next(iter(DelayReason)), help_requested="h",
            new_finish_at=at("2026-03-10 00:00"),
        )  # fmt: skip
        repairs.decide(report, by=office.supervisor, accept=True, decision="d")
    assert sweep_at("2026-03-09 12:00") == set()
    assert sweep_at("2026-03-10 09:00") == {("watch.TL-06.late", card.id, office.supervisor.id, 100)}


def test_after_an_outage_each_reader_is_told_the_highest_step_alone(office, sweep_at):
    """The worker was down for three days: the supervisor gets 100 %, the manager 150 %, the 50 % is passed over."""
    call = call_at("2026-03-02 09:00")
    assert sweep_at("2026-03-05 09:00") == {
        ("watch.TL-01.late", call.id, office.supervisor.id, 100),
        ("watch.TL-01.late", call.id, office.manager.id, 150),
    }
    marks = {(m.percent, m.is_skipped) for m in db.session.scalars(select(WatchMark))}
    assert marks == {(50, True), (100, False), (150, False)}
    assert sweep_at("2026-03-05 09:01") == set()


def test_a_clock_that_is_set_back_tells_nobody_twice(office, sweep_at):
    call_at("2026-03-02 09:00")
    assert len(sweep_at("2026-03-02 10:00")) == 1
    for text in ("2026-03-02 09:30", "2026-03-01 12:00", "2026-03-02 10:00"):
        assert sweep_at(text) == set()
    assert len(sweep_at("2026-03-02 10:30")) == 1


def test_a_step_that_waits_is_sent_at_the_next_opening(office, sweep_at):
    """TL-04, C-55: due on Friday at 24:00, told on Monday at 8; over a holiday on the first workday after it."""
    call = call_at("2026-03-05 15:00", state=CallState.COMPLETED, technician=office.technician)
    voucher = live_voucher(call)
    voucher.return_due_at = at("2026-03-07 00:00")  # Friday's end
    make.saved(Holiday(on=at("2026-03-09 12:00").date(), kind=HolidayKind.DAY_OFF, name="x"))
    db.session.flush()
    for text in ("2026-03-07 00:00", "2026-03-07 10:00", "2026-03-08 10:00", "2026-03-09 10:00", "2026-03-10 07:59"):
        assert sweep_at(text) == set()
    assert sweep_at("2026-03-10 08:00") == {("watch.TL-04.late", voucher.id, office.technician.id, 100)}
    shown = db.session.scalars(select(Notice).where(Notice.subject_id == voucher.id)).first().text
    assert "03-06 24:00" in shown


def test_a_waiting_step_is_not_sent_when_the_event_came_in_the_night(office, sweep_at):
    call = call_at("2026-03-05 15:00", state=CallState.COMPLETED, technician=office.technician)
    voucher = live_voucher(call)
    voucher.return_due_at = at("2026-03-06 00:00")
    db.session.flush()
    assert sweep_at("2026-03-06 00:00") == set()
    with clock.freeze(at("2026-03-06 07:30")):
        vouchers.take_back(voucher, by=office.assistant)
    assert sweep_at("2026-03-06 08:00") == set()


def test_write_off_and_revisit_are_watched(office, sweep_at):
    """TL-05 asks the assistants, TL-03 the supervisor."""
    done = call_at("2026-03-02 09:00", state=CallState.COMPLETED, voucher_state=VoucherState.RETURNED)
    voucher = live_voucher(done)
    voucher.write_off_due_at = at("2026-03-03 00:00")
    again = call_at(
        "2026-03-02 09:00", state=CallState.DISPATCHED, first_arrived_at=at("2026-03-02 09:15"),
        next_visit_at=at("2026-03-03 09:00"), technician=office.technician,
    )  # fmt: skip
    db.session.flush()
    assert sweep_at("2026-03-03 08:59") == {("watch.TL-05.late", voucher.id, office.assistant.id, 100)}
    assert sweep_at("2026-03-03 09:00") == {("watch.TL-03.late", again.id, office.supervisor.id, 100)}


def test_the_ladder_is_data(office, sweep_at):
    """A step that is switched off tells nobody, one that is added does, a lower one added later is passed over."""
    call = call_at("2026-03-02 09:00")
    db.session.execute(update(LadderStep).where(LadderStep.percent == 50).values(is_active=False))
    ladder("TL-01", 75, Told.MANAGER)
    assert sweep_at("2026-03-02 09:45") == {("watch.TL-01.ahead", call.id, office.manager.id, 75)}
    ladder("TL-01", 60, Told.MANAGER)
    assert sweep_at("2026-03-02 09:46") == set()


def test_two_readers_at_one_step_are_both_told_and_one_person_once(office, sweep_at):
    """A deputy of the manager who is a supervisor himself reads one notice."""
    call = call_at("2026-03-02 09:00")
    ladder("TL-01", 100, Told.MANAGER)
    day = at("2026-03-02 12:00").date()
    make.saved(Delegation(
        branch_id=office.manager.branch_id, principal_id=office.manager.id, deputy_id=office.supervisor.id, from_on=day,
        to_on=day,
    ))  # fmt: skip
    assert sweep_at("2026-03-02 10:00") == {
        ("watch.TL-01.late", call.id, office.supervisor.id, 100),
        ("watch.TL-01.late", call.id, office.manager.id, 100),
    }


def test_where_nobody_is_there_the_next_one_up_is_told(sweep_at):
    """A branch without supervisor: its manager; without both: the manager of the headquarters; then nobody."""
    ensure_ladder()
    there = make.make_branch("SH")
    first = make.make_call(branch=there, received_at=at("2026-03-02 09:00"))
    assert sweep_at("2026-03-02 09:30") == set()
    assert db.session.scalars(select(WatchMark.is_skipped)).all() == [True]
    chief = make.make_user(Role.MANAGER, make.make_branch("HQ"))
    assert sweep_at("2026-03-02 10:00") == {("watch.TL-01.late", first.id, chief.id, 100)}
    manager = make.make_user(Role.MANAGER, there)
    second = make.make_call(branch=there, received_at=at("2026-03-02 10:00"))
    assert ("watch.TL-01.ahead", second.id, manager.id, 50) in sweep_at("2026-03-02 10:30")


def test_more_records_than_a_batch_are_all_told_once(office, sweep_at, monkeypatch):
    monkeypatch.setattr("backoffice.watch.workflow.sweeping.BATCH", 4)
    keys = {call_at("2026-03-02 09:00").id for _ in range(11)}
    told = sweep_at("2026-03-02 10:30")
    assert {key for _, key, *_ in told} == keys
    assert len(told) == 22
    assert len(LADDER) < BATCH


def test_the_statements_do_not_grow_with_the_records(office, sweep_at):
    """No statement per record."""

    def count_for(calls):
        for _ in range(calls):
            call_at("2026-03-02 09:00")
        db.session.flush()
        seen = []
        event.listen(Engine, "before_cursor_execute", lambda *args: seen.append(args[2]), named=False)
        return seen

    few = count_for(2)
    sweep_at("2026-03-02 09:30")
    count = len(few)
    many = count_for(40)
    sweep_at("2026-03-02 09:30")
    assert len(many) <= count + 2


@pytest.mark.parametrize("key", list(WATCHES))
def test_open_records_are_found_without_reading_the_closed_ones(key):
    """The plan goes through an index that begins with the branch or leads to one record; no table is read whole."""
    one = WATCHES[key]
    query = candidates(one, clock.now(), 0, is_open=False)
    bind = db.session.get_bind()
    table = one.model.__tablename__
    sql = str(query.compile(bind, compile_kwargs={"literal_binds": True}))
    if bind.dialect.name == "sqlite":
        steps = [row[3] for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
        assert not any(step.startswith(f"SCAN {table}") for step in steps), steps
    else:  # with empty tables any plan would do: show that there is one by index
        db.session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        steps = [row[0] for row in db.session.connection().exec_driver_sql(f"EXPLAIN {sql.replace('%', '%%')}")]
        assert any("Index" in step and table in step for step in steps), steps


def test_every_limit_of_the_usual_ladder_is_watched():
    assert {key for key, *_ in LADDER} == set(WATCHES)
    assert ensure_ladder() == len(LADDER)
    assert ensure_ladder() == 0


def test_the_event_wins_over_a_sweep_that_comes_later(office, sweep_at):
    """The condition is asked in the same statement that locks: what is dispatched is not told of."""
    call = call_at("2026-03-02 09:00")
    db.session.execute(
        update(ServiceCall).where(ServiceCall.id == call.id)
        .values(state="dispatched", dispatched_at=at("2026-03-02 09:10"), technician_id=office.technician.id,
                first_arrived_at=at("2026-03-02 09:10") + timedelta(minutes=1))
    )  # fmt: skip
    assert sweep_at("2026-03-02 12:00") == set()

"""Past repair cards: brought in as history with their outcome (W-4.11), and taken back."""

from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.calls.rules import FaultCause
from backoffice.core import clock
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, IllegalTransition, NotPermitted, RuleViolated
from backoffice.core.invariants import breaches
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.customers.models import Customer
from backoffice.goods.models import GoodsEntry, GoodsReceipt
from backoffice.imports import queries
from backoffice.imports.models import RunState
from backoffice.imports.workflow import undo
from backoffice.repairs import queries as repair_queries
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import CardState, Inspection, RepairCard, TimeEntry
from backoffice.repairs.workflow.history import MOST_MINUTES
from tests import factories as make
from tests.imports.files import bring_in, csv_of, drive, reasons, through_the_page

CARDS = csv_of(
    "编号,送修日期,修复日期,返还日期,客户名称,型号,出厂编号,故障描述,维修内容,结果,去向,原因,检验员,minutes",
    'R-1,2019-03-01 08:00,2019-03-03,2019-03-04 17:30,甲厂,ISG50,S1,"不出水\n漏水",换机封,已修复,已返还,磨损,王五,90',
    "R-2,2019-03-31,,2019-04-02,甲厂,=1+1,,<id> pump leaking,,no parts,放弃,,,",
    "R-3,2024-12-31 23:59,,2025-01-01 00:01,,QW80,,,,,,,,",
)


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def cards() -> list[RepairCard]:
    return list(db.session.scalars(select(RepairCard).order_by(RepairCard.id)))


@pytest.fixture
def by() -> Any:
    return make.make_user(Role.SUPERVISOR)


def take_back(result: Any, by: Any) -> None:
    undo(result.run, by=by)
    drive(result.run, by)


def test_past_cards_come_in_as_history(by: Any) -> None:
    """W-4.11: over, with the original times, numbered in the month of receipt; no goods, no call, no notice."""
    result = bring_in("cards", CARDS, by, options=("create_customers",))
    assert result.is_clean, reasons(result)
    first, second, third = cards()
    assert [c.number for c in (first, second, third)] == ["XKHZ-201903-0001", "XKHZ-201903-0002", "XKHZ-202412-0001"]
    assert [c.old_number for c in (first, second, third)] == ["R-1", "R-2", "R-3"]
    assert {c.is_history for c in (first, second, third)} == {True}
    assert [c.state for c in (first, second, third)] == [
        CardState.RETURNED, CardState.RELINQUISHED, CardState.RETURNED,
    ]  # fmt: skip
    times = [clock.local(t).isoformat() for t in (first.received_at, first.finished_at, first.ended_at)]
    assert times == ["2019-03-01T08:00:00+08:00", "2019-03-03T00:00:00+08:00", "2019-03-04T17:30:00+08:00"]
    assert (first.fault_text, first.work_done, first.fault_cause) == ("不出水\n漏水", "换机封", FaultCause.WEAR)
    assert [(c.model_text, c.customer_name) for c in (second, third)] == [("=1+1", "甲厂"), ("QW80", "")]
    assert first.customer_id == second.customer_id is not None
    assert (third.customer_id, third.technician_id, third.call_id, third.entry_id) == (None, None, None, None)
    assert (count(GoodsEntry), count(GoodsReceipt), count(Notice)) == (0, 0, 0)
    noted = select(func.count()).where(AuditEntry.act == "card.import")
    assert db.session.scalar(noted) == 3
    assert list(breaches()) == [], "nothing that has to hold in the office is broken by it"


def test_who_inspected_and_how_long_become_words_of_the_outcome(by: Any) -> None:
    """W-4.5, P-4, E-13: an import makes no inspection and no working time, and stamps nobody as the inspector."""
    inspector = make.make_user(Role.SUPERVISOR, real_name="王五")
    bring_in("cards", CARDS, by, options=("create_customers",))
    first, second, third = cards()
    assert first.outcome == "已修复; inspected by 王五; 90 minutes worked"
    assert [second.outcome, third.outcome] == ["no parts", ""]
    assert (first.inspected_by_id, first.inspected_at, first.finished_by_id) == (None, None, None)
    assert (count(Inspection), count(TimeEntry)) == (0, 0)
    assert db.session.scalar(select(func.count()).where(RepairCard.inspected_by_id == inspector.id)) == 0


def test_history_is_on_no_board_and_in_no_queue(by: Any) -> None:
    """W-4.11: nothing waits for anybody; a technician's open cards do not grow by his past ones."""
    technician = make.make_user(Role.TECHNICIAN, real_name="赵六")
    content = csv_of("编号,送修日期,返还日期,型号,维修人员", "1,2019-03-01,2019-03-02,ISG50,赵六")
    assert bring_in("cards", content, by).is_clean
    (card,) = cards()
    assert card.technician_id == technician.id
    assert not any(repair_queries.board(by, 20).values())
    waiting = [repair_queries.own_open(technician), repair_queries.delays_to_decide(by)]
    waiting += [repair_queries.in_state(state, by) for state in CardState if not state.is_final]
    conditions = (repair_queries.is_open, repair_queries.overdue, repair_queries.due_today, repair_queries.to_hand_back)
    waiting += [repair_queries.count(by, condition()) for condition in conditions]
    assert [db.session.scalar(query) for query in waiting] == [0] * len(waiting)


@pytest.mark.parametrize("key", ["start", "wait", "finish", "inspect", "send_back", "hand_back", "report_delay"])
def test_history_cannot_be_worked_on(by: Any, key: str) -> None:
    """W-4.11: the acts of the workshop do not know it."""
    bring_in("cards", CARDS, by, options=("create_customers",))
    inputs: dict[str, dict[str, Any]] = {
        "wait": {"waiting_for": None, "reason": "x"}, "finish": {"work_done": "x", "fault_cause": None},
        "send_back": {"note": "x"}, "report_delay": {"cause": None, "new_finish_at": None, "help_requested": "x"},
        "hand_back": {"signed_by": "x", "signature_mode": None},
    }  # fmt: skip
    with pytest.raises((IllegalTransition, RuleViolated)):
        getattr(repairs, key)(cards()[0], by=by, **inputs.get(key, {}))


def test_a_unit_that_is_here_is_linked_another_stays_a_number(by: Any) -> None:
    """W-4.11: with the unit come its customer and model; a number that nobody knows is kept as it is written."""
    unit = make.make_unit(make.make_customer(name="江南水务"), serial_no="A-1")
    other = make.make_unit(make.make_customer(make.make_branch("NB"), name="宁波"), serial_no="N-1")
    lines = ["a-1,2019-03-01,2019-03-02", "N-1,2019-03-01,2019-03-02", "unheard,2019-03-01,2019-03-02"]
    result = bring_in("cards", csv_of("serial,date,returned", *lines), by)
    assert result.is_clean, reasons(result)
    first, second, third = cards()
    assert (first.unit_id, first.customer_id, first.customer_name) == (unit.id, unit.customer_id, "江南水务")
    assert (first.serial_no, first.model_text) == ("A-1", unit.model.code)
    assert [(c.unit_id, c.customer_id, c.serial_no) for c in (second, third)] == [
        (None, None, "N-1"), (None, None, "unheard"),
    ]  # fmt: skip
    assert [(note.row, note.column) for note in result.warnings] == [(3, "serial_no"), (4, "serial_no")]
    assert other.customer.name not in {c.customer_name for c in cards()}, "P-1"


def test_wrong_rows_are_told_by_row_and_column(by: Any) -> None:
    """Nothing is half written: one wrong row and none comes in."""
    future = f"{clock.today().replace(year=clock.today().year + 1)}"
    lines = [
        "1,2019-03-01,2019-03-02,M,,10,,", "2,2019-03-02,2019-03-01,M,,,,", f"3,{future},{future},M,,,,",
        "4,2019-03-01,,M,,,,", ",2019-13-01,2019-03-02,M,,,,", "6,2019-03-01,2019-03-02,,,,,",
        "7,2019-03-01,2019-03-02,M,nobody,,,", "8,2019-03-01,2019-03-02,M,,-5,,",
        f"9,2019-03-01,2019-03-02,M,,{MOST_MINUTES + 1},,", "10,2019-03-01,2019-03-02,M,,1.5,,",
        "11,2019-03-01,2019-03-02,M,,,pending,", "1,2019-03-01,2019-03-02,M,,,,",
        "13,2019-03-01,2019-03-02,M,,,,nobody", "14,1949-12-31,2019-03-02,M,,,,",
        f"15,2019-03-01,2019-03-02,{'x' * 121},,,,",
    ]  # fmt: skip
    content = csv_of("number,date,returned,model,customer,minutes,state,technician", *lines)
    result = bring_in("cards", content, by)
    assert [(row, column) for row, column, _ in reasons(result)] == [
        (3, "returned"), (4, "date"), (5, "returned"), (6, "date"), (7, "model"), (8, "customer"), (9, "minutes"),
        (10, "minutes"), (11, "minutes"), (12, "state"), (13, "number"), (14, "technician"), (15, "date"),
        (16, "model"),
    ]  # fmt: skip
    assert (count(RepairCard), result.run.state) == (0, RunState.TRIED)
    good = bring_in("cards", content, by, good_rows_only=True)
    assert (good.good, count(RepairCard)) == (1, 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ended_at": None}, "ended_at"), ({"received_at": None}, "received_at"), ({"ended_at": "early"}, "ended_at"),
        ({"ended_at": "future"}, "ended_at"), ({"finished_at": "future"}, "finished_at"),
        ({"model_text": " "}, "model_text"), ({"fault_text": "x" * 9000}, "fault_text"), ({"outcome": "\0"}, "outcome"),
        ({"outcome": "x" * 290, "inspected_by": "somebody"}, "outcome"), ({"minutes": 0}, "minutes"),
        ({"customer": "other"}, "customer"), ({"technician": "other"}, "technician"), ({"unit": "other"}, "serial_no"),
    ],
)  # fmt: skip
def test_what_a_past_card_needs(by: Any, change: dict[str, Any], field: str) -> None:
    """P-1, G-04, W-4.11: the act itself refuses, whoever calls it."""
    now, there = clock.now(), make.make_branch("SH")
    moments = {"early": now - make.timedelta(days=20), "future": now + make.timedelta(days=1)}
    foreign = {
        "customer": lambda: make.make_customer(there), "technician": lambda: make.make_user(Role.TECHNICIAN, there),
        "unit": lambda: make.make_unit(make.make_customer(there)),
    }  # fmt: skip
    row = {
        "received_at": now - make.timedelta(days=9), "ended_at": now - make.timedelta(days=8), "model_text": "ISG50",
        "customer": make.make_customer(),
    }  # fmt: skip
    for name, value in change.items():
        row[name] = foreign[name]() if value == "other" else moments.get(value, value)
    (refusal,) = repairs.import_history(by=by, rows=[row])
    assert isinstance(refusal, BackofficeError)
    assert refusal.field == field
    assert not db.session.new


def test_old_numbers_exist_once_and_are_free_after_taking_back(by: Any) -> None:
    """G-03: taken back is void, never deleted; customers that came with the cards go with them."""
    result = bring_in("cards", CARDS, by, options=("create_customers",))
    first = cards()[0]
    again = bring_in("cards", CARDS, by, try_only=True, options=("create_customers",))
    assert [str(p.message) for p in again.problems] == [
        f"There already: card {card.number} has this old number." for card in cards()
    ]
    take_back(result, by)
    assert (result.run.undone, result.run.kept) == (4, 0)
    assert {card.state for card in cards()} == {CardState.VOID}
    assert set(db.session.scalars(select(Customer.is_active))) == {False}
    assert bring_in("cards", CARDS, by, options=("create_customers",)).is_clean
    assert count(RepairCard) == 6
    with pytest.raises(RuleViolated, match="brought in"):
        repairs.take_back_history(by=by, records=[first])


def test_a_past_card_that_was_noted_stays_with_its_customer(by: Any) -> None:
    result = bring_in("cards", CARDS, by, options=("create_customers",))
    repairs.note(cards()[0], by=by, note="asked again")
    take_back(result, by)
    assert [card.state for card in cards()] == [CardState.RETURNED, CardState.VOID, CardState.VOID]
    assert {(one.table_name, one.reason) for one in queries.kept_records(result.run, 10)} == {
        ("repair_card", "Something was done with it."), ("customer", "A repair card depends on it."),
    }  # fmt: skip


def test_cards_are_the_supervisors(as_role: Any) -> None:
    """P-3: REPAIR_IMPORT; an assistant is not even offered the kind."""
    assistant = make.make_user(Role.ASSISTANT)
    with pytest.raises(NotPermitted):
        bring_in("cards", CARDS, assistant)
    with pytest.raises(NotPermitted):
        repairs.import_history(by=assistant, rows=[])
    assert 'value="cards"' not in as_role(assistant).get("/import/new/").text


def test_history_is_marked_and_found_by_its_old_number(by: Any, as_role: Any) -> None:
    """W-4.11: in list, record and file; through the page's own requests."""
    client = as_role(by)
    plan = {
        "column-old_number": "编号", "column-received_at": "送修日期", "column-ended_at": "返还日期",
        "column-model_text": "型号", "column-fault_text": "故障描述", "column-outcome": "结果", "column-state": "去向",
        "values-state": "放弃 = relinquished",
    }  # fmt: skip
    assert through_the_page(client, "cards", CARDS, plan, "cards.csv").state is RunState.DONE
    first, second, _ = cards()
    listed = client.get("/repair-cards/").text
    assert ">history</span>" in listed
    assert second.number in client.get("/repair-cards/?q=R-2").text
    assert second.number not in client.get("/repair-cards/?history=without").text
    assert client.get("/search/?q=R-2").headers["Location"] == f"/repair-cards/details/?id={second.id}"
    page = client.get(f"/repair-cards/details/?id={second.id}").text
    assert "&lt;id&gt; pump leaking" in page
    assert "<id>" not in page
    assert "已修复" in client.get(f"/repair-cards/details/?id={first.id}").text
    exported = client.post("/repair-cards/export/", data={"as": "csv"}, buffered=True).text
    assert "history" in exported
    assert "<id> pump leaking" in exported
    assert "'=1+1" in exported


def test_many_rows_cost_few_statements(by: Any, count_statements: Any) -> None:
    """Statements grow with the chunks, not with the rows."""
    lines = [f"{n},20{10 + n % 9}-0{1 + n % 9}-01,2020-01-01,S{n},ISG50" for n in range(500)]
    with count_statements() as sent:
        assert bring_in("cards", csv_of("number,date,returned,serial,model", *lines), by, good_rows_only=True).is_clean
    others = [text for text in sent.texts if not text.startswith("INSERT INTO repair_card")]
    assert len(others) < 40, "\n".join(others)

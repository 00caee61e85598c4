"""Repair histories of a mine, of repair cafés, and short texts with angle brackets, through the page's own requests.

Of the repair events every tenth: the whole of them takes longer than a test may, and runs through the same code.
"""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.calls.rules import FaultCause
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.imports import queries
from backoffice.imports.models import RunState
from backoffice.repairs.models import CardState, RepairCard
from tests import factories as make
from tests.imports.files import through_the_page

EVERY = 10
Rows = list[dict[str, str]]
#: What the repair cafés say of an item: it went home with its owner, or had come to its end.
ENDS = "Fixed = returned\nRepairable = returned\nEnd of life = relinquished"


@pytest.fixture
def supervisor(as_role: Any) -> Any:
    return as_role(make.make_user(Role.SUPERVISOR))


def rows_of(path: Path) -> Rows:
    """The file as the standard library reads it, nothing of the product in between."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def file_of(rows: Rows) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def numbers_by(*columns: Any) -> Counter[Any]:
    """How many cards there are with each value of the columns."""
    found = db.session.execute(select(*columns, func.count()).group_by(*columns))
    return Counter({(values[0] if len(values) == 1 else tuple(values)): n for *values, n in found})


def days_of(moments: Iterable[Any]) -> Counter[str]:
    return Counter(f"{clock.local(moment):%Y-%m-%d}" for moment in moments)


def test_work_orders_of_two_excavators(supervisor: Any, shared_data: Callable[[str], Path]) -> None:
    """W-4.11: 3,391 orders, up to 23 of one machine on a day; one machine is a unit here, the other a number."""
    path = shared_data("work_orders_excavators.csv.gz")
    rows = rows_of(path)
    unit = make.make_unit(make.make_customer(name="矿山"), serial_no="D")
    db.session.commit()
    plan = {
        "column-old_number": "id", "column-received_at": "BscStartDate", "column-ended_at": "BscStartDate",
        "column-serial_no": "Asset", "column-model_text": "FuncLocation", "column-fault_text": "OriginalShorttext",
        "column-diagnosis": "MajorSystem", "else-diagnosis": "FM", "way-diagnosis": "and",
        "column-work_done": "Action", "good_rows_only": "1",
    }  # fmt: skip
    run = through_the_page(supervisor, "cards", path.read_bytes(), plan, "orders.csv.gz")
    assert (run.state, run.rows, run.good, run.refused) == (RunState.DONE, 3391, 3391, 0), queries.reasons(run)[:5]
    assert numbers_by(RepairCard.serial_no) == Counter(row["Asset"] for row in rows) == {"D": 2374, "B": 1017}
    assert numbers_by(RepairCard.unit_id) == {unit.id: 2374, None: 1017}
    assert numbers_by(RepairCard.fault_text) == Counter(row["OriginalShorttext"].strip() for row in rows)
    assert days_of(db.session.scalars(select(RepairCard.received_at))) == Counter(row["BscStartDate"] for row in rows)
    assert numbers_by(RepairCard.work_done) == Counter(row["Action"] for row in rows)
    assert len(set(db.session.scalars(select(RepairCard.number)))) == 3391
    assert len(queries.first_notes(run, 2000)) == 1017, "the machine that is no unit here"
    history = supervisor.get(f"/repair-cards/?unit={unit.id}")
    assert history.status_code == 200
    assert "grease" in supervisor.get("/repair-cards/?q=grease line").text.casefold()


def test_events_of_repair_cafes_with_their_outcome(supervisor: Any, shared_data: Callable[[str], Path]) -> None:
    """W-4.11: four languages, outcome unknown, barrier, one in ten without a text."""
    rows = rows_of(shared_data("repair_events.csv.gz"))
    assert len(rows) == 41_925
    rows = rows[::EVERY]
    plan = {
        "column-old_number": "id", "column-received_at": "event_date", "column-ended_at": "event_date",
        "column-model_text": "brand", "else-model_text": "product_category", "way-model_text": "and",
        "column-outcome": "repair_status", "else-outcome": "repair_barrier_if_end_of_life", "way-outcome": "and",
        "column-state": "repair_status", "values-state": ENDS, "column-fault_text": "problem", "good_rows_only": "1",
    }  # fmt: skip
    run = through_the_page(supervisor, "cards", file_of(rows), plan, "events.csv")
    assert (run.state, run.good, run.refused) == (RunState.DONE, len(rows), 0), queries.reasons(run)[:5]
    ended = Counter("relinquished" if row["repair_status"] == "End of life" else "returned" for row in rows)
    assert numbers_by(RepairCard.state) == {CardState(state): number for state, number in ended.items()}
    said = ((row["repair_status"].replace("Unknown", ""), row["repair_barrier_if_end_of_life"]) for row in rows)
    assert numbers_by(RepairCard.outcome) == Counter(" ".join(words for words in pair if words) for pair in said)
    items = ((row["brand"].replace("Unknown", "").strip(), row["product_category"].strip()) for row in rows)
    expected = Counter(" ".join(words for words in pair if words) for pair in items)
    assert sum((numbers_by(RepairCard.model_text) - expected).values()) < 20, "a brand such as “N/A” says nothing"
    assert numbers_by(RepairCard.fault_text) == Counter(row["problem"].strip() for row in rows)
    assert days_of(db.session.scalars(select(RepairCard.ended_at))) == Counter(row["event_date"] for row in rows)
    months = Counter(row["event_date"][:7].replace("-", "") for row in rows)
    numbered = Counter(number.split("-")[1] for number in db.session.scalars(select(RepairCard.number)))
    assert numbered == months, "numbered by the month of receipt"


def test_texts_with_an_agreed_fault(supervisor: Any, shared_data: Callable[[str], Path]) -> None:
    """W-4.11: the fault's code becomes the diagnosis, and a cause where the plan says which."""
    path = shared_data("repair_fault_types.csv.gz")
    rows = rows_of(path)
    causes = {"Motor": "wear", "Filter": "wear", "Blockage": "misuse", "External damage": "human_damage",
              "Power/battery": "power_supply"}  # fmt: skip
    others = {row["fault_type"] for row in rows} - set(causes)
    plan = {
        "column-old_number": "id_ords", "column-received_at": "event_date", "column-ended_at": "event_date",
        "column-model_text": "brand", "else-model_text": "product_category", "way-model_text": "and",
        "column-outcome": "repair_status", "column-state": "repair_status", "values-state": ENDS,
        "column-fault_text": "problem", "column-diagnosis": "fault_type", "column-fault_cause": "fault_type",
        "values-fault_cause": "\n".join(f"{fault} = {causes.get(fault, 'other')}" for fault in {*causes, *others}),
        "good_rows_only": "1",
    }  # fmt: skip
    run = through_the_page(supervisor, "cards", path.read_bytes(), plan, "faults.csv.gz")
    assert (run.state, run.rows, run.good) == (RunState.DONE, 1538, 1538), queries.reasons(run)[:5]
    assert numbers_by(RepairCard.diagnosis) == Counter(row["fault_type"] for row in rows)
    expected = Counter(FaultCause(causes.get(row["fault_type"], "other")) for row in rows)
    assert numbers_by(RepairCard.fault_cause) == expected
    assert numbers_by(RepairCard.fault_cause)[FaultCause.MISUSE] == 137


def test_short_texts_with_angle_brackets_go_through_unharmed(
    supervisor: Any, shared_data: Callable[[str], Path]
) -> None:
    """X-20: 543 texts as the faults of past cards: stored as they are, escaped on every page and paper, and found."""
    content = shared_data("maintenance_short_texts.csv").read_bytes()
    texts = [row["text"] for row in csv.DictReader(io.StringIO(content.decode()))]
    plan = {
        "column-fault_text": "text", "column-model_text": "text", "set-received_at": "2024-05-01",
        "set-ended_at": "2024-05-02", "good_rows_only": "1",
    }  # fmt: skip
    run = through_the_page(supervisor, "cards", content, plan, "texts.csv")
    assert (run.state, run.good, len(texts)) == (RunState.DONE, 543, 543), queries.reasons(run)[:5]
    assert list(db.session.scalars(select(RepairCard.fault_text).order_by(RepairCard.id))) == texts
    marks = ("<id>", "<num>", "<date>")
    cards = db.session.scalars(select(RepairCard).where(RepairCard.fault_text.contains("<")).order_by(RepairCard.id))
    told = [(card.id, card.number, card.fault_text) for card in cards]
    assert len(told) == sum("<" in text for text in texts) > 300
    for key, number, text in told[::12]:
        page = supervisor.get(f"/repair-cards/details/?id={key}").text
        assert text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in page.replace("&#39;", "'")
        paper = supervisor.get(f"/prints/new/F-05?id={key}").text
        assert text.replace("<", "&lt;").replace(">", "&gt;") in paper.replace("&#39;", "'").replace("&amp;", "&")
        found = supervisor.get("/repair-cards/", query_string={"q": text}).text
        assert number in found
        anywhere = supervisor.get("/search/", query_string={"q": text}, follow_redirects=True).text
        assert number in anywhere or anywhere.count("/repair-cards/details/") >= 8, "the newest eight are shown"
        assert not any(mark in shown for mark in marks for shown in (page, paper, found, anywhere))
    listed = supervisor.get("/repair-cards/?page_size=100").text
    assert "&lt;id&gt;" in listed
    assert not any(mark in listed for mark in marks)
    exported = supervisor.post("/repair-cards/export/", data={"as": "csv"}, buffered=True).get_data(as_text=True)
    faults = Counter(row["Fault"] for row in csv.DictReader(io.StringIO(exported.removeprefix("\ufeff"))))
    assert faults == Counter(texts)

"""Call logs of two cities and a survey in GB18030, through the page's own requests.

Of the log of Boston its first rows: the whole of it takes longer than a test may, and runs through the same code.
"""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from backoffice.calls.models import CallState, Channel, ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.imports import queries
from backoffice.imports.models import RunState
from backoffice.products.models import ProductModel
from tests import factories as make
from tests.imports.files import csv_of, through_the_page

SLICE = 6000


@pytest.fixture
def supervisor(as_role: Any) -> Any:
    make.make_area(name="西湖")
    make.make_symptom(code="other")
    return as_role(make.make_user(Role.SUPERVISOR))


def unpacked(path: Path, most: int | None = None) -> bytes:
    with gzip.open(path, "rb") as file:
        if most is None:
            return file.read()
        return b"".join(line for line, _ in zip(file, range(most + 1), strict=False))


def calls() -> int:
    return db.session.scalar(select(func.count()).select_from(ServiceCall)) or 0


def test_the_call_log_of_boston(supervisor: Any, shared_data: Callable[[str], Path]) -> None:
    """W-1.14: no place and no closing time for some, bursts on single days."""
    content = unpacked(shared_data("service_calls_boston.csv.gz"), SLICE)
    plan = {
        "column-old_number": "case_enquiry_id", "column-received_at": "open_dt", "column-closed_at": "closed_dt",
        "else-closed_at": "open_dt", "column-customer": "neighborhood", "set-customer": "Boston",
        "column-fault_text": "case_title", "else-fault_text": "closure_reason", "way-fault_text": "and",
        "column-address": "location", "column-model_text": "type", "column-channel": "source",
        "values-channel": "Citizens Connect App = wechat\nConstituent Call = phone\nSelf Service = email\n"
        "Employee Generated = salesperson\nCity Worker App = salesperson\nTwitter = wechat\nMaximo Integration = email",
        "set-fault_symptom": "other", "set-area": "西湖", "create_customers": "1", "good_rows_only": "1",
    }  # fmt: skip
    run = through_the_page(supervisor, "calls", content, plan, "boston.csv")
    assert (run.state, run.rows) == (RunState.DONE, SLICE)
    assert (run.good, run.refused) == (run.rows, 0), queries.reasons(run)[:5]
    assert calls() == run.rows
    assert run.made is not None
    assert 15 < run.made["customer"] < 40
    first = db.session.scalars(select(ServiceCall).where(ServiceCall.old_number == "101000295613")).one()
    assert (first.state, first.is_history, first.channel) == (CallState.CLOSED, True, Channel.SALESPERSON)
    assert clock.local(first.received_at).isoformat() == "2011-07-01T01:32:33+08:00"
    assert "\nCase Closed" in first.fault_text
    answer = supervisor.get("/search/?q=101000295613")
    assert answer.headers["Location"] == f"/calls/details/?id={first.id}"
    per_day = select(func.count()).select_from(ServiceCall).where(ServiceCall.number.startswith("JXHZ-20110706-"))
    assert (db.session.scalar(per_day) or 0) > 100, "a burst, numbered by its own day"


def test_the_call_log_of_new_york(supervisor: Any, shared_data: Callable[[str], Path]) -> None:
    """Another layout: American dates with AM and PM; what is still open is no history."""
    content = unpacked(shared_data("service_calls_newyork.csv.gz"))
    plan = {
        "column-old_number": "Unique Key", "column-received_at": "Created Date", "column-closed_at": "Closed Date",
        "order": "mdy", "column-customer": "Borough", "set-customer": "New York", "column-address": "Incident Address",
        "else-address": "Street Name", "column-fault_text": "Resolution Description",
        "column-model_text": "Complaint Type",
        "set-fault_symptom": "other", "set-area": "西湖", "create_customers": "1", "good_rows_only": "1",
    }  # fmt: skip
    run = through_the_page(supervisor, "calls", content, plan, "newyork.csv")
    assert run.state is RunState.DONE
    assert queries.reasons(run) == [("Closed Date", "This must be given.", 22)], "those that are not over"
    assert (run.good, calls()) == (977, 977)
    call = db.session.scalars(select(ServiceCall).where(ServiceCall.old_number == "19937903")).one()
    assert clock.local(call.received_at).strftime("%Y-%m-%d %H:%M:%S") == "2011-03-01 17:39:26"


def test_a_hostile_survey_as_the_text_of_calls(supervisor: Any, shared_data: Callable[[str], Path]) -> None:
    """GB18030 with emoji, line breaks, formulas: every text is stored as it stands and comes out harmless."""
    content = shared_data("survey_free_text_zh_gb18030.csv").read_bytes()
    plan = {
        "column-old_number": "答题序号", "column-customer": "单位名称", "column-fault_text": "Q30",
        "set-received_at": "2022-03-01", "set-closed_at": "2022-03-02", "set-fault_symptom": "other",
        "set-area": "西湖", "create_customers": "1", "good_rows_only": "1",
    }  # fmt: skip
    run = through_the_page(supervisor, "calls", content, plan, "survey.csv")
    assert (run.state, run.encoding, run.rows) == (RunState.DONE, "gb18030", 2023)
    rows = list(csv.DictReader(content.decode("gb18030").splitlines(keepends=True)))
    expected = {row["答题序号"]: row["Q30"].strip() for row in rows}
    stored = dict(db.session.execute(select(ServiceCall.old_number, ServiceCall.fault_text)).all())
    assert len(stored) == run.good > 1900, queries.reasons(run)[:5]
    assert stored == {number: expected[number] for number in stored}
    assert any("\n" in text for text in stored.values())
    assert any(text.startswith(("=", "+", "-")) for row in rows for text in row.values()), "the file is hostile"
    assert supervisor.get("/calls/").status_code == 200


def test_what_the_list_exports_comes_in_again_the_same(supervisor: Any) -> None:
    """C4: remarks and names with everything that spreadsheets and parsers trip over."""
    texts = ["=1+1", "'=x", "''quoted", "+86 1", "-5", "@a", "007", 'say "hi", you', "<b>&amp;", "泵💧", "a;b|c", "1E5"]
    lines = ["name"] + ['"' + text.replace('"', '""') + '"' for text in texts]
    through_the_page(supervisor, "models", csv_of("code,name", *(f"M{n},{line}" for n, line in enumerate(lines[1:]))),
                     {"column-code": "code", "column-name": "name"})  # fmt: skip
    before = dict(db.session.execute(select(ProductModel.code, ProductModel.name)).all())
    for kind in ("csv", "xlsx"):
        file = supervisor.post("/models/export/", data={"as": kind}, buffered=True).data
        plan = {"column-code": "Code", "column-name": "Name"}
        run = through_the_page(supervisor, "models", file, plan, f"m.{kind}")
        assert (run.state, run.refused) == (RunState.TRIED, len(texts)), "they are all there already"
        for model in db.session.scalars(select(ProductModel)):
            model.is_active, model.name = False, ""
        db.session.commit()
        again = through_the_page(supervisor, "models", file, plan, f"m.{kind}")
        assert again.state is RunState.DONE
        assert dict(db.session.execute(select(ProductModel.code, ProductModel.name)).all()) == before, kind

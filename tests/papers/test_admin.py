"""Paper on the pages: handed out, found, reported, and the right people only."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.papers import workflow
from backoffice.papers.models import PaperBlock, PaperKind, PaperSheet, SheetState
from backoffice.vouchers import workflow as vouchers
from backoffice.vouchers.queries import live_voucher
from tests import factories as make

Open = Callable[[Any], FlaskClient]


@pytest.fixture
def block(people) -> PaperBlock:
    """A1 to A6 with the technician; A3 is used, so that A1 and A2 are missing."""
    block = workflow.hand_out(
        by=people[Role.ASSISTANT], kind=PaperKind.VOUCHER, first="A1", last="A6", holder=people[Role.TECHNICIAN]
    )
    call = make.make_call()
    vouchers.dispatch(call, by=people[Role.SUPERVISOR], technician=people[Role.TECHNICIAN], paper_no="A3")
    return block


def numbers(page: str) -> list[str]:
    """The linked numbers of a list, in order."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return re.findall(r"<tr><td><a [^>]*><bdi>(.*?)</bdi>", body)


def test_handed_out_on_the_page(as_role: Open, people) -> None:
    """E-10: the form, its refusals beside the field, and the block with its sheets."""
    client = as_role(people[Role.ASSISTANT])
    assert client.get("/paper-blocks/new/").status_code == 200
    form = {"kind": "receipt", "first": "r-001", "last": "r-60", "holder": people[Role.TECHNICIAN].id}
    answer = client.post("/paper-blocks/new/", data=form)
    assert answer.status_code in (409, 422)
    assert "as many figures" in answer.text
    assert 'value="r-60"' in answer.text
    answer = client.post("/paper-blocks/new/", data=form | {"last": "r-060"})
    assert answer.status_code in (302, 303)
    block = db.session.scalars(select(PaperBlock)).one()
    page = client.get(f"/paper-blocks/details/?id={block.id}").text
    assert "R001–R060" in page
    assert f"/paper-sheets/?block={block.id}" in page
    assert len(numbers(client.get(f"/paper-sheets/?block={block.id}").text)) == 50


def test_the_report_names_each_missing_sheet(as_role: Open, people, block) -> None:
    """E-10: kind, block, holder, since when, and the sheets in use before and after; lost ones stay named."""
    client = as_role(people[Role.SUPERVISOR])
    page = client.get("/missing-sheets/").text
    assert numbers(page) == ["A1", "A2"]
    voucher = db.session.scalars(select(PaperSheet).where(PaperSheet.state == SheetState.USED)).one().subject_number
    assert f"A3 · {voucher}" in page
    assert people[Role.TECHNICIAN].real_name in page
    assert re.search(
        r'home-card[^"]*" href="/missing-sheets/\?state=missing"><strong class="home-count">2', client.get("/").text
    )
    workflow.declare_lost(block, by=people[Role.SUPERVISOR], first="A1", reason="bag stolen")
    assert set(numbers(client.get("/missing-sheets/").text)) == {"A1", "A2"}
    assert numbers(client.get("/missing-sheets/?state=missing").text) == ["A2"]
    detail = client.get(f"/missing-sheets/details/?id={_sheet('A2').id}").text
    assert voucher in detail
    assert "/paper-blocks/act/declare_lost" in detail


def test_the_report_as_a_file(as_role: Open, people, block) -> None:
    """R-02: the neighbours go along."""
    client = as_role(people[Role.SUPERVISOR])
    answer = client.post("/missing-sheets/export/", data={"as": "csv"}, buffered=True)
    assert answer.status_code == 200
    lines = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [line["Number"] for line in lines] == ["A1", "A2"]
    assert all(line["After it"].startswith("A3 · ") for line in lines)


def test_sheets_are_found_by_their_number(as_role: Open, people, block) -> None:
    """E-10: by search, by state, by block; the document is linked."""
    client = as_role(people[Role.ASSISTANT])
    assert numbers(client.get("/paper-sheets/?q=a3").text) == ["A3"]
    assert numbers(client.get("/paper-sheets/?state=missing").text) == ["A1", "A2"]
    assert numbers(client.get("/paper-blocks/?gaps=missing").text) == ["A1–A6"]
    page = client.get("/paper-sheets/?state=used").text
    assert f"/vouchers/details/?id={_sheet('A3').subject_id}" in page


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_who_sees_paper(as_role: Open, people, block, role: Role) -> None:
    """P-1, P-3: assistant, supervisor and manager read it; a technician what he holds; nobody else."""
    client = as_role(people[role])
    readers = (Role.ASSISTANT, Role.SUPERVISOR, Role.MANAGER, Role.TECHNICIAN)
    expected = 200 if role in readers else 403
    assert client.get("/paper-blocks/").status_code == expected
    assert client.get("/paper-sheets/").status_code == expected
    assert client.get("/missing-sheets/").status_code == (403 if role is Role.TECHNICIAN else expected)
    may_hand_out = role in (Role.ASSISTANT, Role.SUPERVISOR)
    assert client.get("/paper-blocks/new/").status_code == (200 if may_hand_out else 403)


def test_a_technician_sees_his_own(as_role: Open, people, block) -> None:
    """P-1."""
    make.make_block(make.make_user(Role.TECHNICIAN), prefix="Z", first_no=1, width=1, count=3)
    client = as_role(people[Role.TECHNICIAN])
    assert numbers(client.get("/paper-blocks/").text) == ["A1–A6"]
    assert numbers(client.get("/paper-sheets/").text) == ["A1", "A2", "A3", "A4", "A5", "A6"]


def test_acts_on_the_page(as_role: Open, people, block) -> None:
    """E-10: spoil, declare lost, take back and hand over through their forms."""
    client = as_role(people[Role.SUPERVISOR])
    act = "/paper-blocks/act"
    assert 'value="A1"' in client.get(f"{act}/declare_lost?id={block.id}").text
    assert "A4" in client.get(f"{act}/take_back?id={block.id}").text

    def send(name: str, **form: Any) -> int:
        answer = client.post(f"{act}/{name}", data={"id": block.id, "version": block.version, **form})
        db.session.refresh(block)
        return answer.status_code

    assert send("spoil", first="A5", reason="") == 422
    assert send("spoil", first="A5", reason="coffee") == 302
    assert _sheet("A4").state is SheetState.MISSING
    assert send("declare_lost", first="A1", last="A2", reason="bag") == 302
    assert send("hand_over", holder=people[Role.ASSISTANT].id) == 302
    assert _sheet("A6").holder_id == people[Role.ASSISTANT].id
    assert send("take_back") == 422
    assert send("take_back", present_from="A6") == 302
    assert (block.holder_id, block.missing, block.blank_left) == (None, 1, 1)


def test_forms_name_the_next_sheet(as_role: Open, people, block) -> None:
    """E-10: beside the number on the paper stands which one is next."""
    client = as_role(people[Role.SUPERVISOR])
    call, busy = make.make_call(), db.session.scalars(select(PaperSheet.subject_id).where(PaperSheet.number == "A3"))
    name = people[Role.TECHNICIAN].real_name
    assert f"{name} A4" in client.get(f"/calls/act/dispatch?id={call.id}").text
    assert "A4" in client.get(f"/vouchers/act/void?id={busy.one()}").text


def test_a_refused_number_stands_beside_its_field(as_role: Open, people, block) -> None:
    """E-10: the form comes back with the number, and leads to where paper is handed out."""
    client, call = as_role(people[Role.SUPERVISOR]), make.make_call()
    form = {"id": call.id, "version": call.version, "technician": people[Role.TECHNICIAN].id, "paper_no": "B 1"}
    answer = client.post("/calls/act/dispatch", data=form)
    assert answer.status_code == 409
    assert "Paper number B1 stands in no block that is handed out here." in answer.text
    assert "/paper-blocks/new/" in answer.text
    assert 'value="B 1"' in answer.text
    assert live_voucher(call) is None


def _sheet(number: str) -> PaperSheet:
    db.session.expire_all()
    return db.session.scalars(select(PaperSheet).where(PaperSheet.number == number)).one()


def test_a_used_sheet_speaks_of_its_document_and_of_no_table(as_role: Open, people, block) -> None:
    """E-10: page and timeline of a sheet name the voucher on it, linked for those who may open it."""
    sheet = db.session.scalars(select(PaperSheet).where(PaperSheet.state == SheetState.USED)).one()
    page = as_role(people[Role.ASSISTANT]).get(f"/paper-sheets/details/?id={sheet.id}").text
    assert f'<bdi><a href="/vouchers/details/?id={sheet.subject_id}">{sheet.subject_number}</a></bdi>' in page
    timeline = page.partition('class="timeline"')[2]
    assert sheet.subject_number in timeline
    assert "service_voucher" not in page
    assert "Subject" not in page

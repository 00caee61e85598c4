"""The fee on pages and papers: while it is written, on records, lists and the printed voucher (W-1.4, W-5.2)."""

import re
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.fees import workflow
from backoffice.fees.models import FeeSheet, SitePart
from backoffice.fees.queries import sheet_of
from backoffice.repairs.models import CardState
from backoffice.vouchers import workflow as vouchers
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.custody import make_card, make_card_part
from tests.fees.jobs import in_store, paid
from tests.fees.making import make_sheet
from tests.pictures import signature
from tests.printing.reading import facts_of, rows_of
from tests.printing.test_pages import printed, sheets_of
from tests.vouchers.jobs import signed

D = Decimal
FINDINGS = {"onsite_result": "fixed", "work_done": "换机封", "fault_cause": "product", "labour_minutes": "40"}


def compute(client: FlaskClient, call: ServiceCall, act: str = "complete", **sent: Any) -> str:
    """What the script shows below the fields."""
    answer = client.post(
        f"/calls/act/{act}", data={"id": call.id, "compute": "1", **sent}, headers={"X-Requested-With": "fetch"}
    )
    assert answer.status_code == 200
    return str(answer.json["html"])


def total_in(html: str) -> str:
    return re.search(r"<tfoot>.*?<strong>(.*?)</strong>", html, re.DOTALL)[1]


def test_fee_follows_what_is_typed_and_nothing_is_written(people, as_role):
    """W-5.2: minutes, full-width ones too, result and path; on both pages that end a job; with and without script."""
    call = paid(people[Role.TECHNICIAN])
    client = as_role(people[Role.TECHNICIAN])
    entries = len(db.session.scalars(select(AuditEntry.id)).all())
    assert total_in(client.get(f"/calls/act/complete?id={call.id}").text) == "¥50.00"
    assert total_in(compute(client, call, labour_minutes="60")) == "¥170.00"
    assert total_in(compute(client, call, labour_minutes="６０")) == "¥170.00"
    for wrong in ("NaN", "1e308", "-5", "0.5", "99999", ""):
        assert total_in(compute(client, call, labour_minutes=wrong)) == "¥50.00"
    assert "Invoice first" in compute(client, call, labour_minutes="240")
    assert total_in(compute(client, call, "report_unsigned", labour_minutes="30")) == "¥110.00"
    page = client.post("/calls/act/complete", data={"id": call.id, "compute": "1", **FINDINGS}).text
    assert total_in(page) == "¥130.00"
    assert "换机封" in page, "what was typed is kept"
    assert "is-invalid" not in page
    assert (call.state, db.session.scalar(select(FeeSheet))) == (CallState.ON_SITE, None)
    assert len(db.session.scalars(select(AuditEntry.id)).all()) == entries


def test_nobody_computes_the_fee_of_a_job_that_is_not_his(people, as_role):
    """P-1, P-7."""
    call, other = paid(people[Role.TECHNICIAN]), make.make_user(Role.TECHNICIAN)
    for who, status in ((other, 404), (people[Role.FINANCE], 403), (people[Role.ADMIN], 403)):
        answer = as_role(who).post("/calls/act/complete", data={"id": call.id, "compute": "1"})
        assert answer.status_code == status


def test_price_changed_between_page_and_click_is_refused_and_the_new_one_shown(people, as_role):
    """W-1.4: sent again with the fee that is shown then, it is signed."""
    call, client = paid(people[Role.TECHNICIAN]), as_role(people[Role.TECHNICIAN])
    seen = re.search(r'name="seen_total" value="([\d.]+)"', compute(client, call, **FINDINGS))[1]
    assert seen == "130.00"
    make.set_setting("C-12", "150.00")
    sent = {"id": call.id, "version": call.version, "signed_by": "张三", "signature_mode": "on_screen",
            "signature": signature(), "path": "", **FINDINGS}  # fmt: skip
    refused = client.post("/calls/act/complete", data={**sent, "seen_total": seen})
    assert refused.status_code == 409
    assert "The fee is now ¥150.00 (it was ¥130.00 when you looked)" in refused.text
    assert total_in(refused.text) == "¥150.00"
    assert call.state is CallState.ON_SITE
    shown = re.search(r'name="seen_total" value="([\d.]+)"', refused.text)[1]
    assert client.post("/calls/act/complete", data={**sent, "seen_total": shown}).status_code == 302
    assert (call.state, sheet_of(call.id).total) == (CallState.COMPLETED, D("150.00"))


def test_discount_and_other_fee_are_shown_before_they_are_given(people, as_role):
    """W-5.2: percent with its sign and full-width figures; wrong ones are said beside their field."""
    call = paid(people[Role.TECHNICIAN])
    client = as_role(people[Role.MANAGER])
    assert total_in(compute(client, call, "discount", percent="10")) == "¥45.00"
    sent = {"id": call.id, "version": call.version, "percent": "１０％", "reason": "老客户"}
    for wrong in ("NaN", "1e308", "-1", "101", "1.234", "x"):
        answer = client.post("/calls/act/discount", data=sent | {"percent": wrong})
        assert answer.status_code == 422
        assert 'id="percent-error"' in answer.text
    assert client.post("/calls/act/discount", data=sent).status_code == 302
    assert sheet_of(call.id).discount_percent == D("10.00")
    client = as_role(people[Role.TECHNICIAN])
    assert total_in(compute(client, call, "add_fee", amount="￥３０．００")) == "¥72.00"
    for wrong in ("NaN", "1e308", "-1", "0.001", "一百"):
        sent = {"id": call.id, "version": call.version, "amount": wrong, "reason": "吊车"}
        answer = client.post("/calls/act/add_fee", data=sent)
        assert answer.status_code in (409, 422)
        assert 'id="amount-error"' in answer.text


def test_record_shows_the_fee_before_and_after_it_is_settled(people, as_role):
    """W-5.2: lines, total, path, and the discount with who approved it; on the voucher the same."""
    technician, part = people[Role.TECHNICIAN], in_store()
    call = paid(technician)
    workflow.use_part(call, by=technician, part=part, quantity=D(1))
    workflow.discount(call, by=people[Role.SUPERVISOR], percent=D(10), reason="老客户")
    client = as_role(people[Role.FINANCE])
    shown = client.get(f"/calls/details/?id={call.id}").text
    assert "as it stands" in shown
    assert total_in(shown) == "¥117.00"
    vouchers.complete(call, by=technician, **signed())
    for path in (f"/calls/details/?id={call.id}", f"/vouchers/details/?id={live_voucher(call).id}"):
        shown = client.get(path).text
        assert "as it stands" not in shown
        assert total_in(shown) == "¥189.00"
        assert part.code in shown
        assert people[Role.SUPERVISOR].real_name in shown
        assert "老客户" in shown
    assert total_in(client.get(f"/calls/details/?id={make.make_call(CallState.ON_SITE).id}").text) == "¥0.00"
    old = make.make_call(CallState.COMPLETED)
    assert "<tfoot>" not in client.get(f"/calls/details/?id={old.id}").text, "completed before fees were kept"


def test_card_shows_its_labour_and_parts(people, as_role):
    """W-4.4: from the same figures as the fee of the job."""
    card = make_card(CardState.INSPECTED, technician=people[Role.TECHNICIAN])
    card.call.service_type = card.call.service_type.PAID
    make_card_part(card, "2")
    shown = as_role(people[Role.SUPERVISOR]).get(f"/repair-cards/details/?id={card.id}").text
    assert total_in(shown) == "¥246.00"


def test_registers_show_parts_fees_and_lines(people, as_role):
    """R-05: voucher, customer, the sums and the path; filters; the record of each."""
    technician, part = people[Role.TECHNICIAN], in_store()
    call = paid(technician)
    workflow.use_part(call, by=technician, part=part, quantity=D(1))
    vouchers.complete(call, by=technician, **signed())
    make_sheet(paid(technician), settled=False)
    client = as_role(people[Role.FINANCE])
    fees = client.get("/fees/?status=charged").text
    assert live_voucher(call).number in fees
    assert "¥210.00" in fees
    assert "not settled yet" not in re.search(r"<tbody>.*?</tbody>", fees, re.DOTALL)[0]
    assert "not settled yet" in re.search(r"<tbody>.*?</tbody>", client.get("/fees/").text, re.DOTALL)[0]
    sheet = sheet_of(call.id)
    assert call.number in client.get(f"/fees/details/?id={sheet.id}").text
    lines = client.get(f"/fee-lines/?sheet={sheet.id}").text
    assert lines.count("<tr>") == 4
    assert client.get(f"/fee-lines/details/?id={sheet.lines[0].id}").status_code == 200
    (line,) = db.session.scalars(select(SitePart))
    assert part.code in client.get(f"/site-parts/?call={call.id}&use=used").text
    assert client.get(f"/site-parts/details/?id={line.id}").status_code == 200
    other = as_role(make.make_user(Role.TECHNICIAN))
    for path in ("/fees/", "/fee-lines/", "/site-parts/"):
        assert part.code not in other.get(path).text, "P-1: not his job"
        assert other.get(f"{path}details/?id={sheet.id}").status_code == 404


@pytest.mark.parametrize("settled", [False, True])
def test_voucher_on_paper_has_its_fee_or_lines_to_write_on(people, as_role, settled):
    """F-02, E-10: parts and fee with the total in capitals once it is settled; before that lines to write on."""
    technician, part = people[Role.TECHNICIAN], in_store()
    call = paid(technician)
    workflow.use_part(call, by=technician, part=part, quantity=D(1))
    if settled:
        vouchers.complete(call, by=technician, **signed())
    sheet = sheets_of(printed(as_role(people[Role.ASSISTANT]), "F-02", id=live_voucher(call).id, lang="en"))[0]
    facts, rows = facts_of(sheet), rows_of(sheet)
    assert any(part.code in row[0] for row in rows if row)
    if settled:
        assert facts["Total in words"] == "贰佰壹拾元整"
        assert facts["Total"] == "¥210.00"
        assert facts["Labour"].endswith("¥80.00")
        assert facts["How it is paid"] == "Collected on site"
    else:
        assert facts["Total in words"] == ""
        assert sheet.count('<tr class="blank"><td></td><td></td><td></td><td></td><td></td></tr>') == 3

"""Twenty calls on real pumps, with real fault texts, walked through the pages to the archive or to the refusal.

The pumps are a city's lift stations, brought in by the import page; the texts are a mine's short notes.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.products.models import InstalledUnit
from backoffice.vouchers.models import ServiceVoucher, VoucherState
from tests import factories as make
from tests.imports.files import through_the_page
from tests.pictures import signature

FINDINGS = {
    "onsite_result": "fixed", "work_done": "seal changed", "fault_cause": "wear", "labour_minutes": "30",
    "signature_mode": "on_screen", "signed_by": "Smith",
}  # fmt: skip


def _import_units(client: FlaskClient, path: Path) -> str:
    """Bring the pumps in through the page, with twenty years of warranty; the text of the result page."""
    plan = {
        "column-serial_no": "FacilityID", "column-model": "PumpModel", "column-customer": "LiftStationID",
        "column-place": "LocationDescription", "column-commissioned_on": "InstallDate", "set-warranty_months": "240",
        "create_models": "1", "create_customers": "1", "good_rows_only": "1", "unknown_years": "1900",
    }  # fmt: skip
    run = through_the_page(client, "units", path.read_bytes(), plan, path.name)
    return client.get(f"/import/details/?id={run.id}").text


def _twenty(wanted: dict[str, int]) -> list[InstalledUnit]:
    """Units in warranty, out of it, and without evidence."""
    left, chosen = Counter(wanted), []
    today = make.clock.today()
    for unit in db.session.scalars(select(InstalledUnit).order_by(InstalledUnit.id)):
        state = unit.verdict(today).state.value
        if left[state] > 0:
            left[state] -= 1
            chosen.append(unit)
    assert len(chosen) == sum(wanted.values()), left
    return chosen


def test_twenty_calls_on_real_pumps(
    frozen_clock: Any, as_role: Callable[[Any], FlaskClient], shared_data: Callable[[str], Path]
) -> None:
    """In warranty to the archive; out of warranty to the fee; undecided to the refusal that explains itself (W-1.4)."""
    people = {role: make.make_user(role) for role in (Role.ASSISTANT, Role.SUPERVISOR, Role.TECHNICIAN)}
    desk, supervisor, technician = (as_role(people[role]) for role in people)
    result = _import_units(supervisor, shared_data("lift_station_pumps_bend.csv"))
    assert "73" in result
    area, symptom = make.make_area(), make.make_symptom()
    with shared_data("maintenance_short_texts.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    texts = [text for text in texts if "<" in text][:10] + texts[:10]
    ends: Counter[str] = Counter()
    for unit, text in zip(_twenty({"covered": 7, "expired": 9, "unknown": 4}), texts, strict=True):
        answer = desk.post("/calls/new/", data={
            "unit": unit.id, "phone": "0571-88880000", "address": "Bend, Oregon", "area": area.id, "fault_text": text,
            "fault_symptom": symptom.id, "channel": "phone", "priority": "normal", "new_customer_kind": "company",
            "is_repeat": "no",
        })  # fmt: skip
        assert answer.status_code == 302, re.findall(r"invalid-feedback.*?</div>", answer.text, re.DOTALL)
        page = answer.headers["Location"]
        call = db.session.scalars(select(ServiceCall).order_by(ServiceCall.id.desc()).limit(1)).one()
        assert call.fault_text == text.strip()
        shown = desk.get(page).text
        assert "<id>" not in shown or "&lt;id&gt;" in shown, "angle brackets are shown, not obeyed"
        _press(supervisor, call, "dispatch", technician=people[Role.TECHNICIAN].id)
        _press(technician, call, "arrive")
        done = _send(technician, call, "complete", signature=signature(), **FINDINGS)
        db.session.refresh(call)
        if call.service_type is ServiceType.FREE:
            assert done.status_code == 302
            voucher = db.session.scalars(select(ServiceVoucher).where(ServiceVoucher.call_id == call.id)).one()
            back = desk.post("/vouchers/act/take_back", data={"id": voucher.id, "version": voucher.version})
            assert back.status_code == 302
            _press(desk, call, "write_off", location="A-1")
            db.session.refresh(voucher)
            assert (call.state, voucher.state) == (CallState.CLOSED, VoucherState.ARCHIVED)
            ends["archived"] += 1
            continue
        if call.service_type is ServiceType.PAID:
            assert (done.status_code, call.state) == (302, CallState.COMPLETED)
            ends["completed: paid"] += 1
            continue
        assert done.status_code == 409
        assert call.state is CallState.ON_SITE
        assert "the warranty is known" in done.text
        assert "seal changed" in done.text, "what was typed is kept"
        assert f"/calls/act/propose_type?id={call.id}" in done.text.replace("&amp;", "&"), "the way out is linked"
        ends["refused: undecided"] += 1
    assert ends == {"archived": 7, "completed: paid": 9, "refused: undecided": 4}
    walked = set(db.session.scalars(select(AuditEntry.act).distinct()))
    assert walked >= {
        "call.register",
        "call.dispatch",
        "call.arrive",
        "call.complete",
        "voucher.take_back",
        "call.write_off",
    }


def _send(client: FlaskClient, call: ServiceCall, act: str, **inputs: Any) -> Any:
    db.session.refresh(call)
    return client.post(f"/calls/act/{act}", data={"id": call.id, "version": call.version, **inputs})


def _press(client: FlaskClient, call: ServiceCall, act: str, **inputs: Any) -> None:
    answer = _send(client, call, act, **inputs)
    assert answer.status_code == 302, re.findall(r"invalid-feedback.*?</div>", answer.text, re.DOTALL)
    db.session.refresh(call)

"""Units and models as pages."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import CustomerKind
from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel
from tests import factories as make


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status
    return str(answer.get_data(as_text=True))


def test_the_record_shows_the_verdict_with_date_evidence_and_rule(as_role: Any, frozen_clock: Any) -> None:
    """E-06: on 2026-03-02 a pump commissioned on 2024-03-15 is covered up to and including 2026-03-14."""
    unit = make.make_unit(commissioned_on=date(2024, 3, 15), delivered_on=date(2024, 1, 2))
    page = text(as_role(make.make_user(Role.ASSISTANT)).get(f"/units/details/?id={unit.id}"))
    for shown in ("In warranty", "2024-03-15", "2026-03-14", "Commissioning acceptance", "24 months", "E-06"):
        assert shown in page


@pytest.mark.parametrize(("dates", "words"), [({"commissioned_on": None}, "Warranty unknown"),
                                              ({"commissioned_on": date(2020, 1, 1)}, "Out of warranty")])  # fmt: skip
def test_the_list_shows_it_too(as_role: Any, dates: dict[str, Any], words: str) -> None:
    make.make_unit(**dates)
    assert words in text(as_role(make.make_user(Role.ASSISTANT)).get("/units/"))


def test_the_customer_of_a_unit_is_masked(as_role: Any) -> None:
    """X-20."""
    person = make.make_customer(name="王小明", kind=CustomerKind.FARMER)
    unit = make.make_unit(person, serial_no="SN-77", place="浙江省杭州市西湖区转塘村9号")
    client = as_role(make.make_user(Role.ASSISTANT))
    pages = text(client.get("/units/")) + text(client.get(f"/units/details/?id={unit.id}"))
    pages += client.get("/lookup/units?q=SN-77").get_data(as_text=True)
    assert "王小明" not in pages
    assert "转塘村9号" not in pages
    assert client.get("/lookup/units?q=SN-77").json["results"][0]["label"].endswith("王**")


def test_units_are_offered_for_the_chosen_customer(as_role: Any) -> None:
    unit, other = make.make_unit(serial_no="SN-1"), make.make_unit(serial_no="SN-2")
    client = as_role(make.make_user(Role.ASSISTANT))
    found = client.get("/lookup/units", query_string={"q": "SN", "customer": unit.customer_id}).json["results"]
    assert [row["id"] for row in found] == [unit.id]
    assert len(client.get("/lookup/units?q=SN").json["results"]) == 2
    assert other.customer_id != unit.customer_id


def test_new_unit_and_its_acts(as_role: Any) -> None:
    customer, model = make.make_customer(), make.make_model()
    client = as_role(make.make_user(Role.SUPERVISOR))
    form = {"serial_no": "SN-9", "model": model.id, "customer": customer.id, "commissioned_on": "2024-03-15"}
    assert client.post("/units/new/", data=form).status_code == 302
    assert client.post("/units/new/", data=form).status_code == 409
    (unit,) = db.session.scalars(select(InstalledUnit))
    for act, inputs in (
        ("change_status", {"status": "returned", "reason": "came back"}),
        ("extend_warranty", {"extension_days": "30", "reason": "goodwill"}),
        ("move", {"customer": make.make_customer().id, "reason": "sold on"}),
    ):
        db.session.refresh(unit)
        assert client.get(f"/units/act/{act}?id={unit.id}").status_code == 200
        answer = client.post(f"/units/act/{act}", data={"id": unit.id, "version": unit.version} | inputs)
        assert answer.status_code == 302, act
    db.session.refresh(unit)
    assert (unit.status.value, unit.warranty_extension_days) == ("returned", 30)
    assert unit.customer_id != customer.id


def test_a_model_no_longer_sold_may_stay(as_role: Any) -> None:
    unit = make.make_unit()
    unit.model.is_active = False
    client = as_role(make.make_user(Role.ASSISTANT))
    form = {"id": unit.id, "version": unit.version, "serial_no": unit.serial_no, "model": unit.model_id, "remark": "x"}
    assert client.post(f"/units/edit/?id={unit.id}", data=form).status_code == 302
    db.session.refresh(unit)
    assert (unit.remark, unit.model.is_active) == ("x", False)


def test_models_are_edited_by_the_supervisor(as_role: Any) -> None:
    client = as_role(make.make_user(Role.SUPERVISOR))
    form = {"code": "ISG 50", "name": "泵", "flow": "12.5", "default_warranty_months": "", "is_active": "y"}
    assert client.post("/models/new/", data=form).status_code == 302
    (model,) = db.session.scalars(select(ProductModel))
    assert (model.flow, model.default_warranty_months) == (12.5, 24)
    assert client.post("/models/new/", data=form | {"code": "isg50"}).status_code == 422
    for figure in ("1e308", "nan", "-1", "0", "1_0"):
        assert client.post("/models/new/", data=form | {"code": "X", "flow": figure}).status_code == 422
    assert as_role(make.make_user(Role.ASSISTANT)).get("/models/new/").status_code == 403
    assert text(client.get(f"/models/details/?id={model.id}"))


def test_symptoms_are_listed_in_both_languages(as_role: Any) -> None:
    """G-08."""
    symptom = make.make_symptom(name="Delivers no water", name_zh="不出水")
    client = as_role(make.make_user(Role.SUPERVISOR))
    page = text(client.get("/symptoms/"))
    assert "Delivers no water" in page
    assert "不出水" in page
    form = {"id": symptom.id, "version": symptom.version, "code": symptom.code, "name": "No water", "name_zh": "不出水",
            "family": "hydraulic", "is_active": "y"}  # fmt: skip
    assert client.post(f"/symptoms/edit/?id={symptom.id}", data=form).status_code == 302
    assert db.session.scalar(select(FaultSymptom.name).where(FaultSymptom.id == symptom.id)) == "No water"


def test_list_costs_few_statements(as_role: Any, count_statements: Any) -> None:
    client = as_role(make.make_user(Role.ASSISTANT))
    for _ in range(30):
        make.make_unit()
    client.get("/units/")
    with count_statements() as few:
        text(client.get("/units/"))
    assert few.count <= 8, str(few)

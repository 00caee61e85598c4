"""Installed units through their acts."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Role
from backoffice.core.scope import select_visible
from backoffice.customers.models import CustomerKind, Project
from backoffice.products import queries, workflow
from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel, UnitStatus
from backoffice.products.rules import WarrantyState
from tests import factories as make


def enter(by: Any, **facts: Any) -> InstalledUnit:
    values = {"serial_no": "SN-1", "customer": None, "model": None} | facts
    values["customer"] = values["customer"] or make.make_customer(by.branch)
    values["model"] = values["model"] or make.make_model()
    return workflow.create(by=by, **values)


def project_of(customer: Any) -> Project:
    project = Project(
        branch_id=customer.branch_id, customer=customer, number=f"XM{customer.id}", name="P", site_address="A",
        area=customer.area, responsible_user=make.make_user(Role.TECHNICIAN),
    )  # fmt: skip
    db.session.add(project)
    db.session.flush()
    return project


def test_create_copies_the_months_of_the_model() -> None:
    """E-06, ARCHITECTURE: the parameter is copied, so that tomorrow's change rewrites nothing."""
    by = make.make_user()
    model = make.make_model(default_warranty_months=36)
    unit = enter(by, model=model)
    model.default_warranty_months = 12
    db.session.flush()
    assert unit.warranty_months == 36
    assert unit.status is UnitStatus.IN_USE


@pytest.mark.parametrize("typed", ["SN-1", " sn-1 ", "ＳＮ-1", "S N-1"])
def test_a_serial_number_exists_once(typed: str) -> None:
    """E-06, in whichever branch and spelling."""
    enter(make.make_user(branch=make.make_branch("NB")))
    with pytest.raises(RuleViolated) as refusal:
        enter(make.make_user(), serial_no=typed)
    assert refusal.value.field == "serial_no"
    assert refusal.value.remedy is None, "a unit of another branch is not linked"


def test_a_double_in_the_own_branch_is_linked() -> None:
    by = make.make_user()
    unit = enter(by)
    with pytest.raises(RuleViolated) as refusal:
        enter(by)
    assert refusal.value.remedy is not None
    assert refusal.value.remedy.params == {"id": unit.id}


@pytest.mark.parametrize("field", ["serial_no", "model", "customer"])
def test_create_needs_serial_model_and_customer(field: str) -> None:
    by = make.make_user()
    values: dict[str, Any] = {"serial_no": "SN-1", "model": make.make_model(), "customer": make.make_customer()}
    with pytest.raises(MissingInput) as refusal:
        workflow.create(by=by, **(values | {field: "" if field == "serial_no" else None}))
    assert refusal.value.field == field


@pytest.mark.parametrize("field", ["commissioned_on", "delivered_on", "invoice_on"])
@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31), date(1899, 12, 31)])
def test_impossible_days_are_refused(field: str, day: date) -> None:
    with pytest.raises((MissingInput, RuleViolated)) as refusal:
        enter(make.make_user(), **{field: day})
    assert refusal.value.field == field


def test_the_customer_is_active_and_of_the_own_branch() -> None:
    """P-1."""
    by = make.make_user()
    with pytest.raises(NotPermitted):
        enter(by, customer=make.make_customer(make.make_branch("NB")))
    with pytest.raises(RuleViolated):
        enter(by, customer=make.make_customer(is_active=False))


def test_the_project_belongs_to_the_customer() -> None:
    by = make.make_user()
    customer = make.make_customer()
    project = project_of(customer)
    assert enter(by, customer=customer, project=project).project is project
    with pytest.raises(RuleViolated) as refusal:
        enter(by, serial_no="SN-2", project=project)
    assert refusal.value.field == "project"


def test_edit_corrects_and_keeps_the_number_single() -> None:
    by = make.make_user()
    unit, other = enter(by), enter(by, serial_no="SN-2")
    workflow.edit(unit, by=by, serial_no="sn-1", remark="painted")
    assert (unit.serial_no, unit.serial_folded, unit.remark) == ("sn-1", "SN-1", "painted")
    with pytest.raises(RuleViolated):
        workflow.edit(other, by=by, serial_no="SN-1")
    for field in ("customer", "branch_id", "warranty_months", "warranty_extension_days", "status"):
        with pytest.raises(TypeError):
            workflow.edit(unit, by=by, **{field: 1})


def test_move_gives_the_unit_to_another_customer() -> None:
    by = make.make_user()
    unit = enter(by, place="old")
    target = make.make_customer()
    with pytest.raises(MissingInput):
        workflow.move(unit, by=by, customer=target)
    workflow.move(unit, by=by, customer=target, reason="sold on")
    assert (unit.customer, unit.project, unit.place) == (target, None, "")
    with pytest.raises(NotPermitted):
        workflow.move(unit, by=by, customer=make.make_customer(make.make_branch("NB")), reason="sold on")


def test_status_changes_by_hand_but_not_into_or_out_of_repair() -> None:
    """W-1.9: the repair decides."""
    by = make.make_user()
    unit = enter(by)
    workflow.change_status(unit, by=by, status=UnitStatus.SCRAPPED, reason="burnt")
    assert unit.status is UnitStatus.SCRAPPED
    with pytest.raises(MissingInput):
        workflow.change_status(unit, by=by, status=UnitStatus.IN_REPAIR, reason="x")
    unit.status = UnitStatus.IN_REPAIR
    db.session.flush()
    with pytest.raises(RuleViolated):
        workflow.change_status(unit, by=by, status=UnitStatus.IN_USE, reason="x")


def test_only_the_supervisor_extends_a_warranty() -> None:
    assistant, supervisor = make.make_user(Role.ASSISTANT), make.make_user(Role.SUPERVISOR)
    day = clock.today() - timedelta(days=800)
    unit = enter(assistant, commissioned_on=day)
    assert unit.verdict(clock.today()).state is WarrantyState.EXPIRED
    with pytest.raises(NotPermitted):
        workflow.extend_warranty(unit, by=assistant, extension_days=200, reason="goodwill")
    for days in (None, -1, 3651):
        with pytest.raises(MissingInput):
            workflow.extend_warranty(unit, by=supervisor, extension_days=days, reason="goodwill")
    with pytest.raises(MissingInput):
        workflow.extend_warranty(unit, by=supervisor, extension_days=200)
    workflow.extend_warranty(unit, by=supervisor, extension_days=200, reason="goodwill")
    assert unit.verdict(clock.today()).state is WarrantyState.COVERED


def test_units_are_found_by_serial_model_and_customer() -> None:
    by = make.make_user()
    customer = make.make_customer(name="江北水务")
    unit = enter(by, customer=customer, model=make.make_model(code="ISG50-160"))
    enter(by, serial_no="XX-9", model=make.make_model(code="QW80"))
    for term in ("sn-1", "SN", "isg50", "江北"):
        assert list(db.session.scalars(queries.units_matching(term, by))) == [unit], term
    assert list(db.session.scalars(queries.units_matching("", by, customer.id))) == [unit]
    assert list(db.session.scalars(queries.units_matching("XX", by, customer.id))) == []


def test_scope_follows_the_customer() -> None:
    """P-1."""
    unit = make.make_unit()
    make.make_unit(make.make_customer(make.make_branch("NB")))
    assert list(db.session.scalars(select_visible(InstalledUnit, make.make_user()))) == [unit]
    assert list(db.session.scalars(select_visible(InstalledUnit, make.make_user(Role.TECHNICIAN)))) == []
    assert list(db.session.scalars(select_visible(ProductModel, make.make_user(Role.ADMIN)))) == []


def test_the_place_is_personal_at_a_persons() -> None:
    """X-20."""
    person = make.make_customer(kind=CustomerKind.FARMER)
    assert make.make_unit(person, place="village").masks("place")
    assert not make.make_unit(place="station 3").masks("place")


def test_symptoms_are_added_once() -> None:
    """G-08."""
    known = len(list(db.session.scalars(select(FaultSymptom))))
    assert workflow.add_symptoms() + known >= 10
    assert workflow.add_symptoms() == 0
    names = {s.name_zh for s in db.session.scalars(select(FaultSymptom))}
    assert "机械密封泄漏" in names

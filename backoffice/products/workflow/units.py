"""The acts on installed units, and the import of models."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import audit, clock
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.core.scope import visible
from backoffice.core.texts import clean, fold_code, given
from backoffice.customers.models import Customer, Project
from backoffice.customers.workflow import check_in_use
from backoffice.organisation.models import User
from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel, UnitStatus
from backoffice.products.queries import with_serial
from backoffice.products.rules import SYMPTOMS, check_past_day
from backoffice.settings import queries as settings

_DATES = ("delivered_on", "invoice_on", "commissioned_on")
#: Free texts of a unit: field and how much fits.
_TEXTS = {"place": 200, "order_no": 60, "remark": 500}


def checked_facts(facts: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The given facts of a unit in the form in which they are stored; raises the reason why one cannot be."""
    checked = dict(facts)
    if "serial_no" in facts:
        checked["serial_no"] = given(facts["serial_no"], 60, "serial_no", _l("Enter the serial number."))
    for field, longest in _TEXTS.items():
        if field in facts:
            checked[field] = clean(facts[field], longest, field)
    for field in _DATES:
        if field in facts:
            checked[field] = check_past_day(facts[field], today, field)
    return checked


def check_owner(customer: Customer | None, project: Project | None, branch_id: int) -> Customer:
    """The customer, who is active and of the branch. Raises MissingInput, NotPermitted, RuleViolated (E-06, P-1)."""
    if customer is None:
        raise MissingInput(_l("Choose the customer."), rule="E-06", field="customer")
    if customer.branch_id != branch_id:
        raise NotPermitted(_l("Choose one of your own branch."), rule="P-1", field="customer")
    check_in_use(customer, "E-06")
    if project is not None and project.customer_id != customer.id:
        raise RuleViolated(_l("This project belongs to another customer."), rule="E-06", field="project")
    return customer


def _check_serial_free(serial_no: str, by: User) -> None:
    key = db.session.scalar(with_serial(serial_no))
    if key is None:
        return
    seen = db.session.scalar(select(InstalledUnit.id).where(InstalledUnit.id == key, visible(InstalledUnit, by)))
    raise RuleViolated(
        _l("There is a unit with this serial number already."),
        rule="E-06",
        field="serial_no",
        remedy=Remedy(_l("Open the unit"), "units.details_view", {"id": key}) if seen is not None else None,
    )


def add_unit(by: User, checked: Mapping[str, Any], model: ProductModel, customer: Customer) -> InstalledUnit:
    """A new unit of checked facts; the months of warranty are the model's unless given."""
    facts = {"warranty_months": model.default_warranty_months, **checked}
    unit = InstalledUnit(branch_id=customer.branch_id, model=model, customer=customer, **facts)
    db.session.add(unit)
    return unit


def _check_valid(unit: InstalledUnit) -> None:
    if unit.status is UnitStatus.VOID:
        raise RuleViolated(_l("This unit is void: its import was taken back."), rule="G-03")


def check_model(model: ProductModel | None) -> ProductModel:
    """The model; raises MissingInput where there is none (E-06)."""
    if model is None:
        raise MissingInput(_l("Choose the model."), rule="E-06", field="model")
    return model


@act(
    "unit.create", InstalledUnit, permission=Permission.CUSTOMER_WRITE, label=_l("New unit"), rule="E-06",
    creates=True, bulk=False,
)  # fmt: skip
def create(
    *,
    by: User,
    at: datetime,
    serial_no: str,
    model: ProductModel | None = None,
    customer: Customer | None = None,
    project: Project | None = None,
    place: str = "",
    order_no: str = "",
    delivered_on: date | None = None,
    invoice_on: date | None = None,
    commissioned_on: date | None = None,
    remark: str = "",
) -> InstalledUnit:
    """Enter a delivered pump of one of the own branch's customers; its months of warranty come from the model."""
    model = check_model(model)
    customer = check_owner(customer, project, by.branch_id)
    checked = checked_facts(
        {
            "serial_no": serial_no, "place": place, "order_no": order_no, "delivered_on": delivered_on,
            "invoice_on": invoice_on, "commissioned_on": commissioned_on, "remark": remark,
        },
        clock.today(),
    )  # fmt: skip
    _check_serial_free(checked["serial_no"], by)
    return add_unit(by, checked | {"project": project}, model, customer)


@act(
    "unit.edit",
    InstalledUnit,
    permission=Permission.CUSTOMER_WRITE,
    label=_l("Edit"),
    rule="E-06",
    bulk=False,
    order=80,
)
def edit(unit: InstalledUnit, *, by: User, at: datetime, **facts: Any) -> None:
    """Correct the given facts (serial_no, model, place, order_no, the three dates, remark); the others stay."""
    _check_valid(unit)
    unknown = facts.keys() - {"serial_no", "model", *_TEXTS, *_DATES}
    if unknown:
        raise TypeError(f"unit.edit does not know {', '.join(sorted(unknown))}")
    if "model" in facts:
        check_model(facts["model"])
    checked = checked_facts(facts, clock.today())
    if fold_code(checked.get("serial_no", unit.serial_no)) != unit.serial_folded:
        _check_serial_free(checked["serial_no"], by)
    for field, value in checked.items():
        setattr(unit, field, value)


def start_warranty(unit: InstalledUnit, commissioned_on: date) -> None:
    """Give the unit its day of commissioning by the rules of an edit; the running act is what the trail names."""
    for field, value in checked_facts({"commissioned_on": commissioned_on}, clock.today()).items():
        setattr(unit, field, value)


@act(
    "unit.move", InstalledUnit, permission=Permission.CUSTOMER_WRITE, label=_l("Give to another customer"), rule="E-06",
    order=70,
)  # fmt: skip
def move(
    unit: InstalledUnit,
    *,
    by: User,
    at: datetime,
    customer: Customer | None = None,
    project: Project | None = None,
    place: str = "",
    reason: str = "",
) -> None:
    """Let the unit belong to another customer of the branch, or to another of his projects."""
    _check_valid(unit)
    given(reason, 500, "reason", _l("Say why."))
    unit.customer = check_owner(customer, project, unit.branch_id)
    unit.project = project
    unit.place = clean(place, 200, "place")


@act(
    "unit.change_status", InstalledUnit, permission=Permission.CUSTOMER_WRITE, label=_l("Change status"), rule="E-06",
    order=70,
)  # fmt: skip
def change_status(
    unit: InstalledUnit, *, by: User, at: datetime, status: UnitStatus | None = None, reason: str = ""
) -> None:
    """Say that the unit came back to us, was scrapped, or is in use again; “in repair” comes from the repair alone."""
    given(reason, 500, "reason", _l("Say why."))
    if status is None or status in (UnitStatus.IN_REPAIR, UnitStatus.VOID):
        raise MissingInput(_l("Choose in use, returned or scrapped."), rule="E-06", field="status")
    _check_valid(unit)
    if unit.status is UnitStatus.IN_REPAIR:
        raise RuleViolated(_l("The unit is in repair; its repair decides what becomes of it."), rule="W-1.9")
    unit.status = status


def replace_unit(faulty: InstalledUnit, unit: InstalledUnit) -> None:
    """Link the unit that a customer got to the faulty one whose place it takes (W-4.9).

    Raises RuleViolated where it takes the place of another one already.
    """
    if unit.replaces_id is not None and unit.replaces_id != faulty.id:
        raise RuleViolated(
            _l("Unit %(serial)s takes the place of another one already.", serial=unit.serial_no), rule="W-4.9",
            field="unit",
        )  # fmt: skip
    unit.replaces_id = faulty.id


@act(
    "unit.extend_warranty", InstalledUnit, permission=Permission.PRODUCT_WRITE, label=_l("Extend warranty"),
    rule="E-06", bulk=False, order=75,
)  # fmt: skip
def extend_warranty(
    unit: InstalledUnit, *, by: User, at: datetime, extension_days: int | None = None, reason: str = ""
) -> None:
    """Set by how many days the warranty is longer than its months (0 takes it back); needs a reason."""
    given(reason, 500, "reason", _l("Say why."))
    if extension_days is None or not 0 <= extension_days <= 3650:
        raise MissingInput(_l("Enter 0 to 3650 days."), rule="E-06", field="extension_days")
    unit.warranty_extension_days = extension_days


def usual_months() -> int:
    """Months of warranty of a model for which none are given (S-1.1, C-02)."""
    return settings.integer("C-02")


def check_figure(value: float | None, field: str) -> float | None:
    """A rated figure: None, or finite, above 0 and below 100,000. Raises MissingInput otherwise."""
    if value is None or (math.isfinite(value) and 0 < value < 100_000):
        return value
    raise MissingInput(_l("Enter a figure above 0 and below 100,000."), rule="E-06", field=field)


def add_symptoms(by: User | None = None) -> int:
    """Add those symptoms of G-08 that are not there yet; returns how many. The caller commits."""
    known = set(db.session.scalars(select(FaultSymptom.code)))
    missing = [s for s in SYMPTOMS if s.code not in known]
    with audit.during(audit.Occasion("symptom.add", by)):
        db.session.add_all(FaultSymptom(code=s.code, name=s.name, name_zh=s.name_zh, family=s.family) for s in missing)
        db.session.flush()
    return len(missing)

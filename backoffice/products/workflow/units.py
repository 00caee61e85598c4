"""The acts on installed units, and the import of models."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import audit, clock
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.core.scope import visible
from backoffice.core.texts import clean, given
from backoffice.customers.models import Customer, Project
from backoffice.customers.workflow import check_in_use
from backoffice.organisation.models import User
from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel, UnitStatus
from backoffice.products.queries import with_serial
from backoffice.products.rules import SYMPTOMS, check_months, check_past_day, fold_serial
from backoffice.settings import queries as settings

_DATES = ("delivered_on", "invoice_on", "commissioned_on")
#: Free texts of a unit and of a model: field and how much fits.
_TEXTS = {"place": 200, "order_no": 60, "remark": 500}
_MODEL_TEXTS = {"name": 120, "series": 60}
_FIGURES = ("flow", "head", "power_kw")


def _checked(facts: Mapping[str, Any], today: date) -> dict[str, Any]:
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


def _check_owner(customer: Customer | None, project: Project | None, branch_id: int) -> Customer:
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


def _add(by: User, checked: Mapping[str, Any], model: ProductModel, customer: Customer) -> InstalledUnit:
    facts = {"warranty_months": model.default_warranty_months, **checked}
    unit = InstalledUnit(branch_id=customer.branch_id, model=model, customer=customer, **facts)
    db.session.add(unit)
    return unit


def _check_model(model: ProductModel | None) -> ProductModel:
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
    model = _check_model(model)
    customer = _check_owner(customer, project, by.branch_id)
    checked = _checked(
        {
            "serial_no": serial_no, "place": place, "order_no": order_no, "delivered_on": delivered_on,
            "invoice_on": invoice_on, "commissioned_on": commissioned_on, "remark": remark,
        },
        clock.today(),
    )  # fmt: skip
    _check_serial_free(checked["serial_no"], by)
    return _add(by, checked | {"project": project}, model, customer)


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
    unknown = facts.keys() - {"serial_no", "model", *_TEXTS, *_DATES}
    if unknown:
        raise TypeError(f"unit.edit does not know {', '.join(sorted(unknown))}")
    if "model" in facts:
        _check_model(facts["model"])
    checked = _checked(facts, clock.today())
    if fold_serial(checked.get("serial_no", unit.serial_no)) != unit.serial_folded:
        _check_serial_free(checked["serial_no"], by)
    for field, value in checked.items():
        setattr(unit, field, value)


def start_warranty(unit: InstalledUnit, commissioned_on: date) -> None:
    """Give the unit its day of commissioning by the rules of an edit; the running act is what the trail names."""
    for field, value in _checked({"commissioned_on": commissioned_on}, clock.today()).items():
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
    given(reason, 500, "reason", _l("Say why."))
    unit.customer = _check_owner(customer, project, unit.branch_id)
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
    if status is None or status is UnitStatus.IN_REPAIR:
        raise MissingInput(_l("Choose in use, returned or scrapped."), rule="E-06", field="status")
    if unit.status is UnitStatus.IN_REPAIR:
        raise RuleViolated(_l("The unit is in repair; its repair decides what becomes of it."), rule="W-1.9")
    unit.status = status


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


@act(
    "unit.import", InstalledUnit, permission=Permission.DATA_IMPORT, label=_l("Import units"), rule="E-06",
    creates=True, bulk=False,
)  # fmt: skip
def import_rows(*, by: User, at: datetime, rows: Sequence[Mapping[str, Any]]) -> list[InstalledUnit | BackofficeError]:
    """Enter many units at once, in any status but “in repair”. Answers each row: the unit, or why not."""
    today = clock.today()
    known = _known_serials(rows)
    results: list[InstalledUnit | BackofficeError] = []
    for row in rows:
        try:
            results.append(_imported(by, row, known, today))
        except BackofficeError as refusal:
            results.append(refusal)
    return results


def _known_serials(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    folded = {fold_serial(row.get("serial_no") or "")[:240] for row in rows}
    query = select(InstalledUnit.serial_folded).where(InstalledUnit.serial_folded.in_(folded))
    return set(db.session.scalars(query))


def _imported(by: User, row: Mapping[str, Any], known: set[str], today: date) -> InstalledUnit:
    facts = dict(row)
    model = _check_model(facts.pop("model", None))
    customer = _check_owner(facts.pop("customer", None), facts.get("project"), by.branch_id)
    checked = _checked(facts, today)
    if checked.get("status") is UnitStatus.IN_REPAIR:
        raise RuleViolated(_l("A unit gets into repair by a call, not by an import."), rule="W-1.5", field="status")
    if "warranty_months" in checked:
        check_months(checked["warranty_months"])
    serial = fold_serial(checked.get("serial_no") or given("", 60, "serial_no", _l("Enter the serial number.")))[:240]
    if serial in known:
        raise RuleViolated(_l("There is a unit with this serial number already."), rule="E-06", field="serial_no")
    known.add(serial)
    return _add(by, checked, model, customer)


def usual_months() -> int:
    """Months of warranty of a model for which none are given (S-1.1, C-02)."""
    return settings.integer("C-02")


def check_figure(value: float | None, field: str) -> float | None:
    """A rated figure: None, or finite, above 0 and below 100,000. Raises MissingInput otherwise."""
    if value is None or (math.isfinite(value) and 0 < value < 100_000):
        return value
    raise MissingInput(_l("Enter a figure above 0 and below 100,000."), rule="E-06", field=field)


@act(
    "model.import", ProductModel, permission=Permission.PRODUCT_WRITE, label=_l("Import models"), rule="E-06",
    creates=True, bulk=False,
)  # fmt: skip
def import_models(*, by: User, at: datetime, rows: Sequence[Mapping[str, Any]]) -> list[ProductModel | BackofficeError]:
    """Enter many product models at once; a code is enough. Answers each row: the model, or why not."""
    folded = {fold_serial(row.get("code") or "")[:240] for row in rows}
    known = set(db.session.scalars(select(ProductModel.code_folded).where(ProductModel.code_folded.in_(folded))))
    months = usual_months()
    results: list[ProductModel | BackofficeError] = []
    for row in rows:
        try:
            results.append(_imported_model(row, known, months))
        except BackofficeError as refusal:
            results.append(refusal)
    return results


def _imported_model(row: Mapping[str, Any], known: set[str], months: int) -> ProductModel:
    code = given(row.get("code"), 60, "code", _l("Enter the model's code."))
    if fold_serial(code) in known:
        raise RuleViolated(_l("There is a model with this code already."), rule="E-06", field="code")
    own_months = row.get("default_warranty_months")
    model = ProductModel(
        code=code,
        default_warranty_months=check_months(months if own_months is None else own_months),
        **{field: clean(row.get(field), longest, field) for field, longest in _MODEL_TEXTS.items()},
        **{field: check_figure(row.get(field), field) for field in _FIGURES},
    )
    known.add(model.code_folded)
    db.session.add(model)
    return model


def add_symptoms(by: User | None = None) -> int:
    """Add those symptoms of G-08 that are not there yet; returns how many. The caller commits."""
    known = set(db.session.scalars(select(FaultSymptom.code)))
    missing = [s for s in SYMPTOMS if s.code not in known]
    with audit.during(audit.Occasion("symptom.add", by)):
        db.session.add_all(FaultSymptom(code=s.code, name=s.name, name_zh=s.name_zh, family=s.family) for s in missing)
        db.session.flush()
    return len(missing)

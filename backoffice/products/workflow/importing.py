"""Importing models and units, and taking an import back."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import clock
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.core.texts import clean, fold_code, given
from backoffice.organisation.models import User
from backoffice.products.models import InstalledUnit, ProductModel, UnitStatus
from backoffice.products.rules import check_months

from .units import add_unit, check_figure, check_model, check_owner, checked_facts, usual_months

#: Free texts of a model and how much fits, and its rated figures.
_MODEL_TEXTS = {"name": 120, "series": 60}
_FIGURES = ("flow", "head", "power_kw")


@act(
    "unit.import", InstalledUnit, permission=Permission.CUSTOMER_WRITE, label=_l("Import units"), rule="E-06",
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
    folded = {fold_code(row.get("serial_no") or "")[:240] for row in rows}
    query = select(InstalledUnit.serial_folded).where(
        InstalledUnit.serial_folded.in_(folded), InstalledUnit.status != UnitStatus.VOID
    )
    return set(db.session.scalars(query))


def _imported(by: User, row: Mapping[str, Any], known: set[str], today: date) -> InstalledUnit:
    facts = dict(row)
    model = check_model(facts.pop("model", None))
    customer = check_owner(facts.pop("customer", None), facts.get("project"), by.branch_id)
    checked = checked_facts(facts, today)
    if checked.get("status") is UnitStatus.VOID:
        raise RuleViolated(_l("A unit that is void is not imported."), rule="G-03", field="status")
    if checked.get("status") is UnitStatus.IN_REPAIR:
        raise RuleViolated(_l("A unit gets into repair by a call, not by an import."), rule="W-1.5", field="status")
    if "warranty_months" in checked:
        check_months(checked["warranty_months"])
    serial = fold_code(checked.get("serial_no") or given("", 60, "serial_no", _l("Enter the serial number.")))[:240]
    if serial in known:
        raise RuleViolated(_l("There is a unit with this serial number already."), rule="E-06", field="serial_no")
    known.add(serial)
    return add_unit(by, checked, model, customer)


@act(
    "model.import", ProductModel, permission=Permission.PRODUCT_WRITE, label=_l("Import models"), rule="E-06",
    creates=True, bulk=False,
)  # fmt: skip
def import_models(*, by: User, at: datetime, rows: Sequence[Mapping[str, Any]]) -> list[ProductModel | BackofficeError]:
    """Enter many product models at once; a code is enough. Answers each row: the model, or why not.

    A model that was taken out of the choices is offered again, with what the row says.
    """
    folded = {fold_code(row.get("code") or "")[:240] for row in rows}
    there = db.session.scalars(select(ProductModel).where(ProductModel.code_folded.in_(folded)))
    known: dict[str, ProductModel | None] = {model.code_folded: model for model in there}
    months = usual_months()
    results: list[ProductModel | BackofficeError] = []
    for row in rows:
        try:
            results.append(_imported_model(row, known, months))
        except BackofficeError as refusal:
            results.append(refusal)
    return results


def _imported_model(row: Mapping[str, Any], known: dict[str, ProductModel | None], months: int) -> ProductModel:
    code = given(row.get("code"), 60, "code", _l("Enter the model's code."))
    folded = fold_code(code)[:240]
    former = known.get(folded)
    if folded in known and (former is None or former.is_active):
        raise RuleViolated(_l("There is a model with this code already."), rule="E-06", field="code")
    own_months = row.get("default_warranty_months")
    facts: dict[str, Any] = {
        "code": code, "default_warranty_months": check_months(months if own_months is None else own_months),
    }  # fmt: skip
    facts |= {field: clean(row.get(field), longest, field) for field, longest in _MODEL_TEXTS.items()}
    facts |= {field: check_figure(row.get(field), field) for field in _FIGURES}
    model = former or ProductModel()
    for field, value in facts.items():
        setattr(model, field, value)
    model.is_active = True
    known[folded] = None
    db.session.add(model)
    return model


@act(
    "unit.take_back_import", InstalledUnit, permission=Permission.CUSTOMER_WRITE, label=_l("Take the import back"),
    rule="G-03", creates=True, bulk=False,
)  # fmt: skip
def take_back_units(*, by: User, at: datetime, records: Sequence[InstalledUnit]) -> list[InstalledUnit]:
    """Make units void that an import has brought in; their serial numbers are free again."""
    for unit in records:
        unit.status, unit.void_no = UnitStatus.VOID, unit.id
    return list(records)


@act(
    "model.take_back_import", ProductModel, permission=Permission.PRODUCT_WRITE, label=_l("Take the import back"),
    rule="G-03", creates=True, bulk=False,
)  # fmt: skip
def take_back_models(*, by: User, at: datetime, records: Sequence[ProductModel]) -> list[ProductModel]:
    """Take models out of the choices that an import has brought in; an import may bring them in again."""
    for model in records:
        model.is_active = False
    return list(records)

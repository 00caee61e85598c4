"""Importing parts, and taking an import back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, MissingInput, RuleViolated
from backoffice.core.money import check_amount
from backoffice.core.permissions import Actor, Permission
from backoffice.core.quantity import check_quantity
from backoffice.core.texts import clean, fold_code, given
from backoffice.parts.models import Part
from backoffice.parts.rules import checked_price

#: Numbers of a part, and what checks each.
_NUMBERS: dict[str, Callable[[Decimal], Decimal]] = {
    "cost_price": check_amount,
    "sale_price": check_amount,
    "min_stock": check_quantity,
}


@act(
    "part.import", Part, permission=Permission.PART_WRITE, label=_l("Import parts"), rule="E-07", creates=True,
    bulk=False,
)  # fmt: skip
def import_parts(*, by: Actor, at: datetime, rows: Sequence[Mapping[str, Any]]) -> list[Part | BackofficeError]:
    """Enter many parts at once: code, name, unit and cost price are needed. Answers each row: the part, or why not.

    A part that was taken out of use is in use again, with what the row says.
    """
    folded = {fold_code(row.get("code"))[:240] for row in rows}
    known: dict[str, Part | None] = {
        part.code_folded: part for part in db.session.scalars(select(Part).where(Part.code_folded.in_(folded)))
    }
    results: list[Part | BackofficeError] = []
    for row in rows:
        try:
            results.append(_imported(row, known))
        except BackofficeError as refusal:
            results.append(refusal)
    return results


def _imported(row: Mapping[str, Any], known: dict[str, Part | None]) -> Part:
    code = given(row.get("code"), 60, "code", _l("Enter the part's code."))
    folded = fold_code(code)[:240]
    former = known.get(folded)
    if folded in known and (former is None or former.is_active):
        raise RuleViolated(_l("There is a part with this code already."), rule="E-07", field="code")
    numbers = {field: _number(row, field) for field in _NUMBERS}
    cost = numbers["cost_price"]
    if cost is None:
        raise MissingInput(_l("Enter the cost price."), rule="E-07", field="cost_price")
    reason = clean(row.get("price_reason"), 300, "price_reason")
    sale, reason = checked_price(cost, numbers["sale_price"], reason)
    facts: dict[str, Any] = {
        "code": code, "name": given(row.get("name"), 120, "name", _l("Enter the part's name.")),
        "spec": clean(row.get("spec"), 120, "spec"), "unit": given(row.get("unit"), 20, "unit", _l("Enter the unit.")),
        "cost_price": cost, "sale_price": sale, "price_reason": reason, "min_stock": numbers["min_stock"],
        "is_wear_part": bool(row.get("is_wear_part")), "is_active": True,
    }  # fmt: skip
    part = former or Part()
    for field, value in facts.items():
        setattr(part, field, value)
    known[folded] = None
    db.session.add(part)
    return part


def _number(row: Mapping[str, Any], field: str) -> Decimal | None:
    value = row.get(field)
    if value is None:
        return None
    try:
        return _NUMBERS[field](value)
    except RuleViolated as refusal:
        raise RuleViolated(refusal.message, rule=refusal.rule, field=field) from None


@act(
    "part.take_back_import", Part, permission=Permission.PART_WRITE, label=_l("Take the import back"), rule="G-03",
    creates=True, bulk=False,
)  # fmt: skip
def take_back_parts(*, by: Actor, at: datetime, records: Sequence[Part]) -> list[Part]:
    """Take parts out of use that an import has brought in; an import may bring them in again."""
    for part in records:
        part.is_active = False
    return list(records)

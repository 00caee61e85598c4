"""Look-ups of models and units, and the input pages of the acts on units."""

import math
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from wtforms import BooleanField

from backoffice.core.db import db
from backoffice.core.permissions import Permission
from backoffice.customers.forms import AcceptanceForm, keep_choice
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import (
    EnumField,
    LocalDateField,
    LookupField,
    Required,
    TextBlock,
    TextLine,
    WholeNumberField,
)
from backoffice.ui.lookups import lookup

from . import queries
from .models import InstalledUnit, ProductModel, UnitStatus


@lookup("product_models", model=ProductModel, permission=Permission.PRODUCT_READ)
def find_models(term: str, by: Any) -> Select[ProductModel]:
    """Active models by code, name or series."""
    return queries.models_matching(term, by)


@lookup(
    "units", model=InstalledUnit, permission=Permission.CUSTOMER_READ,
    label=lambda unit: f"{unit.serial_no} · {unit.model.code} · {unit.customer.masked_name}",
)  # fmt: skip
def find_units(term: str, by: Any, customer: int | None = None) -> Select[InstalledUnit]:
    """Units by serial number, model or customer, of one customer when it is chosen."""
    return queries.units_matching(term, by, customer)


class FigureField(WholeNumberField):
    """A rated figure above 0 and below 100,000; data is float or None."""

    def written(self, value: float | None) -> str:
        """The figure without needless places."""
        return "" if value is None else f"{value:g}"

    def read(self, typed: str) -> float:
        """The figure; raises ValueError."""
        try:
            figure = float(typed) if typed.isascii() and "_" not in typed else math.nan
        except ValueError:
            figure = math.nan
        if not math.isfinite(figure) or not 0 < figure < 100_000:
            raise ValueError(gettext("Enter a figure above 0 and below 100,000."))
        return figure


@form_for("unit.create")
class CreateForm(ActForm):
    """A delivered pump."""

    serial_no = TextLine(_l("Serial number"), 60, [Required()], description=_l("On the nameplate"))
    model = LookupField(_l("Model"), [Required()], lookup="product_models")
    customer = LookupField(_l("Customer"), [Required()], lookup="customers")
    project = LookupField(_l("Project"), lookup="projects", context=("customer",))
    place = TextLine(_l("Where it stands"), 200, description=_l("Station, room, place in a set"))
    order_no = TextLine(_l("Order number"), 60)
    commissioned_on = LocalDateField(
        _l("Commissioned on"), description=_l("The warranty runs from here; without it from delivery, then invoice")
    )
    delivered_on = LocalDateField(_l("Delivered on"))
    invoice_on = LocalDateField(_l("Invoice of"))
    remark = TextBlock(_l("Remark"), 500)


@form_for("unit.edit")
class EditForm(CreateForm):
    """Corrections of a unit's facts; whose it is changes by an act of its own."""

    customer = project = None

    def prefill(self, docs: Sequence[Any], by: Any) -> None:
        """A unit may keep a model that is no longer sold."""
        if docs:
            keep_choice(self.model, docs[0].model)


@form_for("unit.move")
class MoveForm(ActForm):
    """Whose the unit is from now on."""

    customer = LookupField(_l("Customer"), [Required()], lookup="customers")
    project = LookupField(_l("Project"), lookup="projects", context=("customer",))
    place = TextLine(_l("Where it stands"), 200)
    reason = TextLine(_l("Reason"), 500, [Required()])


@form_for("unit.change_status")
class StatusForm(ActForm):
    """What became of the unit."""

    status = EnumField(_l("Status"), [UnitStatus.IN_USE, UnitStatus.RETURNED, UnitStatus.SCRAPPED])
    reason = TextLine(_l("Reason"), 500, [Required()])


@form_for("unit.extend_warranty")
class ExtendForm(ActForm):
    """By how much the warranty is longer."""

    extension_days = WholeNumberField(
        _l("Days beyond the months of the warranty"), [Required()], max=3650, description=_l("0 takes it back")
    )
    reason = TextLine(_l("Reason"), 500, [Required()])

    def prefill(self, docs: Sequence[Any], by: Any) -> None:
        """Begin with what holds now."""
        if docs and self.extension_days.raw is None:
            self.extension_days.data = docs[0].warranty_extension_days


@form_for("project.commission")
class CommissionForm(AcceptanceForm):
    """When the project was commissioned; its pumps' warranty may begin on that day."""

    commissioned_on = LocalDateField(_l("Commissioned on"), [Required()])
    accepted_on = LocalDateField(_l("Accepted on"), description=_l("Empty while the customer has not accepted it yet"))
    with_units = BooleanField(_l("Its units without a date were commissioned on this day too"), default=True)

    def prefill(self, docs: Sequence[Any], by: Any) -> None:
        """Say how many units the tick concerns; where there are none, there is no tick."""
        super().prefill(docs, by)
        count = select(func.count()).select_from(queries.not_commissioned(docs[0]).subquery()) if docs else None
        found = db.session.scalar(count) if count is not None else 0
        if not found:
            del self.with_units
            return
        self.with_units.description = gettext(
            "Units concerned: %(n)s. Their warranty runs from the day of commissioning.", n=found
        )

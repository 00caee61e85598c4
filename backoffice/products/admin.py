"""Product models, fault symptoms and installed units in the panel."""

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.errors import MissingInput
from backoffice.core.permissions import Permission
from backoffice.customers.admin import CustomerView, ProjectView
from backoffice.ui import formatters
from backoffice.ui.fields import WholeNumberField
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.views import DocumentView, NavGroup, ReferenceView, Related, Section

from . import workflow as _workflow
from .forms import FigureField
from .models import FaultSymptom, InstalledUnit, ProductModel, UnitStatus
from .rules import WarrantyState

_TONES = {WarrantyState.COVERED: "good", WarrantyState.EXPIRED: "neutral", WarrantyState.UNKNOWN: "warn"}


def _warranty(unit: InstalledUnit) -> Any:
    verdict = unit.verdict(clock.today())
    return formatters.tag(verdict.state.label, _TONES[verdict.state], str(verdict.explanation))


def _validity(values: list[str], by: Any) -> Any:
    void = InstalledUnit.status == UnitStatus.VOID
    return or_(*(void if value == "void" else ~void for value in values))


class InstalledUnitView(DocumentView):
    """Each delivered pump, whose it is, and whether it is under warranty."""

    model = InstalledUnit
    endpoint = "units"
    url = "/units/"
    name = _l("Units")
    name_one = _l("Unit")
    group = NavGroup.CUSTOMERS
    order = 30
    icon = "unit"
    read = Permission.CUSTOMER_READ
    create_act = "unit.create"
    edit_act = "unit.edit"

    column_list = ("serial_no", "model", "customer", "place", "commissioned_on", "warranty", "status")
    column_labels = {
        "serial_no": _l("Serial number"), "model": _l("Model"), "customer": _l("Customer"), "project": _l("Project"),
        "place": _l("Where it stands"), "order_no": _l("Order number"), "delivered_on": _l("Delivered on"),
        "invoice_on": _l("Invoice of"), "commissioned_on": _l("Commissioned on"), "warranty": _l("Warranty"),
        "warranty_starts_on": _l("Runs from"), "warranty_ends_on": _l("Up to and including"),
        "warranty_evidence": _l("Evidence"), "warranty_rule": _l("Rule"), "warranty_months": _l("Warranty months"),
        "warranty_extension_days": _l("Extension, days"), "status": _l("Status"), "remark": _l("Remark"),
        "replaces": _l("Replaces the faulty unit"),
    }  # fmt: skip
    column_searchable_list = ("serial_no", "order_no", "model.code", "customer.name", "customer.number")
    column_sortable_list = ("serial_no", "delivered_on", "commissioned_on")
    column_default_sort = ("id", True)
    column_filters = (
        "model", "customer", "project", "status", "commissioned_on", "delivered_on",
        ChoiceFilter("validity", _l("Entries"), (("valid", _l("valid")), ("void", _l("void"))), _validity),
    )  # fmt: skip
    default_filters: ClassVar = {"validity": ("valid",)}
    list_needs = ("commissioned_on", "delivered_on", "invoice_on", "warranty_months", "warranty_extension_days")
    export_more = ("warranty_starts_on", "warranty_ends_on")
    column_formatters = {
        "warranty": lambda view, context, unit, name: _warranty(unit),
        "warranty_starts_on": lambda view, context, unit, name: unit.verdict(clock.today()).starts_on,
        "warranty_ends_on": lambda view, context, unit, name: unit.verdict(clock.today()).ends_on,
        "warranty_evidence": lambda view, context, unit, name: unit.verdict(clock.today()).explanation,
        "warranty_rule": lambda view, context, unit, name: unit.verdict(clock.today()).rule,
    }
    sections = (
        Section(_l("Unit"), ("serial_no", "model", "customer", "project", "place", "status", "order_no", "remark")),
        Section(
            _l("Warranty"),
            ("warranty", "warranty_starts_on", "warranty_ends_on", "warranty_evidence", "warranty_rule",
             "commissioned_on", "delivered_on", "invoice_on", "warranty_months", "warranty_extension_days"),
        ),
        Section(_l("Replacement"), ("replaces",), only_filled=True),
    )  # fmt: skip
    empty_text = _l("Here stands every pump that was delivered, with its warranty.")

    def masks(self, row: InstalledUnit, field: str) -> bool:
        """Where it stands is personal where the customer is a person (X-20)."""
        return row.masks(field)


class ProductModelView(ReferenceView):
    """The types of pumps that we sell."""

    model = ProductModel
    endpoint = "product_models"
    url = "/models/"
    name = _l("Product models")
    name_one = _l("Product model")
    group = NavGroup.CUSTOMERS
    order = 40
    icon = "product"
    read = Permission.PRODUCT_READ
    write = Permission.PRODUCT_WRITE

    column_list = ("code", "name", "series", "flow", "head", "power_kw", "default_warranty_months", "is_active")
    column_labels = {
        "code": _l("Code"), "name": _l("Name"), "series": _l("Series"), "flow": _l("Flow (m³/h)"),
        "head": _l("Head (m)"), "power_kw": _l("Power (kW)"), "default_warranty_months": _l("Warranty months"),
        "is_active": _l("Sold"),
    }  # fmt: skip
    column_searchable_list = ("code", "name", "series")
    column_sortable_list = ("code", "name", "series")
    column_default_sort = "code"
    column_filters = ("series", "is_active")
    form_columns = column_list
    form_overrides = {
        "flow": FigureField, "head": FigureField, "power_kw": FigureField,
        "default_warranty_months": WholeNumberField(_l("Warranty months"), max=240),
    }  # fmt: skip
    related = (
        Related(
            _l("Units"), "units", "model",
            lambda model: select(func.count()).where(InstalledUnit.model_id == model.id),
        ),
    )  # fmt: skip

    def before_save(self, row: ProductModel, form: Any, by: Any, *, is_new: bool) -> None:
        """Two spellings of one code are one model; a warranty left out is the usual one."""
        query = select(ProductModel.id).where(ProductModel.code_folded == row.code_folded)
        if not is_new:
            query = query.where(ProductModel.id != row.id)
        if db.session.scalar(query) is not None:
            raise MissingInput(_l("There is a model with this code already."), rule="E-06", field="code")
        if row.default_warranty_months is None:
            row.default_warranty_months = _workflow.usual_months()


class FaultSymptomView(ReferenceView):
    """What customers see of a fault (G-08)."""

    model = FaultSymptom
    endpoint = "fault_symptoms"
    url = "/symptoms/"
    name = _l("Fault symptoms")
    name_one = _l("Fault symptom")
    group = NavGroup.CUSTOMERS
    order = 50
    icon = "tag"
    read = Permission.PRODUCT_READ
    write = Permission.PRODUCT_WRITE

    column_list = ("code", "name", "name_zh", "family", "is_active")
    column_labels = {
        "name": _l("Name"), "name_zh": _l("Chinese name"), "family": _l("Family"), "is_active": _l("On offer"),
    }  # fmt: skip
    column_descriptions = {"family": _l("The same family on the same unit counts as the fault coming back")}
    column_searchable_list = ("code", "name", "name_zh")
    column_sortable_list = ("code",)
    column_default_sort = "id"
    column_filters = ("family", "is_active")
    form_columns = column_list


CustomerView.related += (
    Related(
        _l("Units"), "units", "customer",
        lambda customer: select(func.count()).where(InstalledUnit.customer_id == customer.id),
    ),
)  # fmt: skip
ProjectView.related += (
    Related(
        _l("Units"), "units", "project",
        lambda project: select(func.count()).where(InstalledUnit.project_id == project.id),
    ),
)  # fmt: skip

VIEWS = [InstalledUnitView, ProductModelView, FaultSymptomView]

"""Input pages of the call register's acts, and the look-ups that they use."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select

from backoffice.core import searching
from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission
from backoffice.customers import queries as customers
from backoffice.customers.forms import SHOWN_DOUBLES, AsksAboutDoubles, anyway
from backoffice.customers.models import CustomerKind
from backoffice.organisation.models import Skill
from backoffice.products.models import FaultSymptom
from backoffice.ui import remarks
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField, LookupField, PhoneField, TextBlock, TextLine
from backoffice.ui.lookups import lookup

from . import queries
from .models import Channel, Priority, RepeatAnswer, ServiceCall
from .rules import FaultCause, ServiceType


@lookup("fault_symptoms", model=FaultSymptom, permission=Permission.CALL_READ, label=lambda symptom: symptom.label)
def find_symptoms(term: str, by: Actor) -> Select[Any]:
    """Active symptoms whose name in either language holds the words."""
    query = select(FaultSymptom).where(FaultSymptom.is_active).order_by(FaultSymptom.id)
    if term:
        query = query.where(
            or_(
                FaultSymptom.name.icontains(term, autoescape=True), FaultSymptom.name_zh.contains(term, autoescape=True)
            )
        )
    return query


@lookup("service_calls", model=ServiceCall, permission=Permission.CALL_READ)
def find_calls(term: str, by: Actor) -> Select[Any]:
    """Calls by number, customer or phone, the newest first; not those whose import was taken back."""
    query = select(ServiceCall).where(~queries.taken_back()).order_by(ServiceCall.id.desc())
    return query.where(searching.matches(ServiceCall, term, by)) if term else query


@form_for("call.register")
class RegisterForm(AsksAboutDoubles):
    """A new call: the phone first, then who, where, what."""

    event_time = True

    customer = LookupField(_l("Customer"), lookup="customers", description=_l("Phone, its last digits, number or name"))
    new_customer_name = TextLine(
        _l("New customer"), max=120, description=_l("Only when the look-up does not find the customer")
    )
    new_customer_kind = EnumField(_l("Kind of new customer"), CustomerKind, default=CustomerKind.COMPANY)
    phone = PhoneField(_l("Phone"), description=_l("Empty: the customer's own"))
    create_anyway = anyway()
    contact_name = TextLine(_l("Who is calling"), max=60)
    address = TextLine(_l("Address of the job"), max=200, description=_l("Empty: the customer's own"))
    area = LookupField(_l("Service area"), lookup="service_areas", description=_l("Empty: the customer's own"))
    unit = LookupField(
        _l("Unit"), lookup="units", context=("customer",), description=_l("Serial number; customer and model follow")
    )
    model_text = TextLine(_l("Model"), max=120, description=_l("Without a unit: the model as the customer says"))
    fault_symptom = LookupField(_l("Symptom"), lookup="fault_symptoms")
    fault_text = TextBlock(_l("What the customer reports"), max=2000)
    is_repeat = EnumField(
        _l("The same fault again?"),
        RepeatAnswer,
        empty_label=_l("– not asked –"),
        description=_l("Only when the same unit had the same kind of fault lately"),
    )
    channel = EnumField(_l("Channel"), Channel, default=Channel.PHONE)
    priority = EnumField(_l("Priority"), Priority, default=Priority.NORMAL)
    wanted_skill = EnumField(_l("Wanted skill"), Skill, empty_label=_l("any"))
    project = LookupField(_l("Project"), lookup="projects", context=("customer",))
    salesperson = LookupField(_l("Salesperson"), lookup="salespeople")
    remark = TextLine(_l("Remark"), max=500)
    reason = TextLine(_l("Why entered late"), max=200)

    def prefill(self, docs: Sequence[Any], by: Actor) -> None:
        """Ask before a customer is entered who may be there already (E-04)."""
        name = self.new_customer_name.data if self.customer.data is None and self.unit.data is None else ""
        kind = self.new_customer_kind.data or CustomerKind.COMPANY
        found = customers.doubles(name, kind, self.address.data or "", self.phone.data or "", by) if name else None
        self.ask([] if found is None else list(db.session.scalars(found.limit(SHOWN_DOUBLES))))

    def inputs(self) -> dict[str, Any]:
        """The answer on the repeat as yes, no or not asked."""
        values = super().inputs()
        answer = self.is_repeat.data
        return {**values, "is_repeat": None if answer is None else answer is RepeatAnswer.YES}


@form_for("call.edit")
class EditForm(ActForm):
    """Corrections of what was written down."""

    phone = PhoneField(_l("Phone"))
    contact_name = TextLine(_l("Who is calling"), max=60)
    address = TextLine(_l("Address of the job"), max=200)
    area = LookupField(_l("Service area"), lookup="service_areas")
    model_text = TextLine(_l("Model"), max=120)
    fault_symptom = LookupField(_l("Symptom"), lookup="fault_symptoms")
    fault_text = TextBlock(_l("What the customer reports"), max=2000)
    priority = EnumField(_l("Priority"), Priority)
    wanted_skill = EnumField(_l("Wanted skill"), Skill, empty_label=_l("any"))
    project = LookupField(_l("Project"), lookup="projects")
    salesperson = LookupField(_l("Salesperson"), lookup="salespeople")
    remark = TextLine(_l("Remark"), max=500)


@form_for("call.link_unit")
class LinkUnitForm(ActForm):
    """Which unit it is."""

    unit = LookupField(_l("Unit"), lookup="units", description=_l("Serial number, on the nameplate"))


class _TypeForm(ActForm):
    service_type = EnumField(_l("Service type"), [ServiceType.PAID, ServiceType.CONTRACT, ServiceType.FREE])
    cause = EnumField(
        _l("Cause"), FaultCause, empty_label=_l("not in question"),
        description=_l("Wrong operation and damage by people exclude free repair; a photo proves it (G-07)"),
    )  # fmt: skip
    reason = TextBlock(_l("Reason"), max=300)


@form_for("call.propose_type")
class ProposeTypeForm(_TypeForm):
    """What the technician asks for."""


@form_for("call.decide_type")
class DecideTypeForm(_TypeForm):
    """What the supervisor decides."""


@form_for("call.escalate")
class EscalateForm(ActForm):
    """Why it goes up."""

    reason = TextBlock(_l("What has to be decided or done"), max=500)


@form_for("call.take_over")
class TakeOverForm(ActForm):
    """What will be done."""

    note = TextBlock(_l("What will be done"), max=500)


remarks.forms_for("call")

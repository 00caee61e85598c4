"""The register itself: enter a call, correct it (W-1.1)."""

from datetime import datetime
from typing import TypeVar

from flask_babel import lazy_gettext as _l

from backoffice.calls import queries
from backoffice.calls.models import UNSIGNED, CallState, Channel, Priority, ServiceCall
from backoffice.calls.rules import needs_late_reason
from backoffice.core import clock, deadlines, notices, numbering
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, Text
from backoffice.core.permissions import Actor, Permission
from backoffice.customers import rules as customer_rules
from backoffice.customers import workflow as customer_workflow
from backoffice.customers.models import Customer, CustomerKind, Project
from backoffice.organisation.models import Branch, ServiceArea, Skill, User
from backoffice.organisation.queries import supervisor_ids
from backoffice.products.models import FaultSymptom, InstalledUnit, ProductModel
from backoffice.settings import queries as settings

from .service_type import check_unit, propose_for

T = TypeVar("T")

REGISTERED = notices.kind("call.registered", _l("Call %(number)s waits for dispatch, due %(due)s."))


@act(
    "call.register",
    ServiceCall,
    permission=Permission.CALL_REGISTER,
    label=_l("Register call"),
    rule="W-1.1",
    creates=True,
    bulk=False,
)
def register(
    *,
    by: User,
    at: datetime,
    customer: Customer | None = None,
    new_customer_name: str = "",
    new_customer_kind: CustomerKind = CustomerKind.COMPANY,
    contact_name: str = "",
    phone: str = "",
    address: str = "",
    unit: InstalledUnit | None = None,
    model: ProductModel | None = None,
    model_text: str = "",
    fault_symptom: FaultSymptom | None = None,
    fault_text: str = "",
    area: ServiceArea | None = None,
    channel: Channel = Channel.PHONE,
    priority: Priority = Priority.NORMAL,
    wanted_skill: Skill | None = None,
    project: Project | None = None,
    salesperson: User | None = None,
    is_repeat: bool | None = None,
    remark: str = "",
    reason: str = "",
) -> ServiceCall:
    """Enter a call with the four facts of S-3.2 and tell the supervisors at once.

    at: when the customer called; the clocks run from it. A customer that is not known yet is made from
    `new_customer_name`, phone, address and area. is_repeat answers whether it is the same fault as the proposed
    earlier call. Raises MissingInput naming the field.
    """
    if unit is not None:
        customer = customer or unit.customer
        model = model or unit.model
        check_unit(unit, customer)
    if customer is not None:
        customer_workflow.check_in_use(customer, "E-04")
        phone = phone or customer.phone
        address = address or customer.address
        area = area or customer.area
        salesperson = salesperson or customer.default_salesperson
    _given(customer or new_customer_name, "customer", _l("Who is calling? Choose a customer or enter a new name."))
    phone = _given(phone, "phone", _l("Enter the phone number under which the customer can be reached."))
    address = _given(address, "address", _l("Enter the address where the technician has to go."))
    model = model or queries.model_by_code(model_text)
    model_text = model.code if model is not None else model_text.strip()
    _given(model_text, "model_text", _l("Enter the model, or what the customer says about it."))
    fault_symptom = _given(fault_symptom, "fault_symptom", _l("Choose the symptom."))
    _given(fault_text.strip(), "fault_text", _l("Write down what the customer reports."))
    area = _given(area, "area", _l("Choose the service area: the time limits come from it."))
    _same_branch(by, area)
    phone = customer_rules.normal_phone(phone)
    now = clock.now()
    if needs_late_reason(at, now, settings.integer("C-45")):
        _given(reason, "reason", _l("The call came in a while ago: say why it is entered only now."))
    if customer is None:
        customer = customer_workflow.create(
            by=by, name=new_customer_name, kind=new_customer_kind, phone=phone, address=address, area=area
        )
    call = ServiceCall(
        branch_id=area.branch_id, state=CallState.REGISTERED, received_at=at, channel=channel, late_reason=reason,
        is_entered_late=needs_late_reason(at, now, settings.integer("TL-00")),
        customer=customer, customer_kind=customer.kind, customer_name=customer.name, contact_name=contact_name,
        phone=phone, phone_digits=customer_rules.digits(phone), address=address,
        unit=unit, model=model, model_text=model_text, fault_symptom=fault_symptom, fault_text=fault_text.strip(),
        priority=priority, wanted_skill=wanted_skill, project=project, salesperson=salesperson, remark=remark,
    )  # fmt: skip
    copy_limits(call, area)
    propose_for(call)
    call.repeat_of = _repeat(call, is_repeat)
    branch = db.session.get_one(Branch, area.branch_id)
    call.number = numbering.take(
        "N-03", settings.pattern("N-03"), branch_id=branch.id, branch_code=branch.code, day=clock.local(now).date()
    )
    call.reported_to_supervisor_at = now
    db.session.add(call)
    notices.send(
        REGISTERED, supervisor_ids(call.branch_id), call, number=call.number,
        due=clock.local(call.dispatch_due_at).strftime("%m-%d %H:%M"),
    )  # fmt: skip
    return call


def _given(value: T | None, field: str, message: Text) -> T:
    if not value:
        raise MissingInput(message, rule="W-1.1", field=field)
    return value


def _same_branch(by: User, area: ServiceArea) -> None:
    if area.branch_id != by.branch_id:
        raise NotPermitted(_l("Choose a service area of your own branch."), rule="P-1", field="area")


def copy_limits(call: ServiceCall, area: ServiceArea) -> None:
    """Give the call the area with its zone and limits, and the due times that follow from when it came in."""
    call.area, call.zone = area, area.zone
    call.dispatch_limit_min, call.arrival_limit_min = area.dispatch_limit_min, area.arrival_limit_min
    call.dispatch_due_at = deadlines.after_minutes(call.received_at, area.dispatch_limit_min)
    call.arrival_due_at = deadlines.after_minutes(call.received_at, area.arrival_limit_min)


def _repeat(call: ServiceCall, is_repeat: bool | None) -> ServiceCall | None:
    if call.unit is None or is_repeat is False:
        return None
    earlier = queries.repeat_candidate(
        call.unit, call.fault_symptom, call.received_at, settings.integer("C-11"), call.branch_id
    )
    if earlier is not None and is_repeat is None:
        raise MissingInput(
            _l("The same unit had the same kind of fault in call %(number)s. Is it that fault again?",
               number=earlier.number),
            rule="E-08", field="is_repeat",
            remedy=Remedy(_l("Open call %(number)s", number=earlier.number), "service_calls.details_view",
                          {"id": earlier.id}),
        )  # fmt: skip
    return earlier


def _own_edit(call: ServiceCall, by: Actor) -> None:
    if not by.can(Permission.CALL_EDIT) and call.created_by_id != by.id:
        raise NotPermitted(_l("You may edit only the calls that you registered yourself."), rule="P-3")


@act(
    "call.edit",
    ServiceCall,
    permission=(Permission.CALL_EDIT, Permission.CALL_EDIT_OWN),
    label=_l("Edit"),
    rule="P-3",
    sources=UNSIGNED,
    guards=[_own_edit],
    bulk=False,
    order=80,
)
def edit(
    call: ServiceCall,
    *,
    by: User,
    at: datetime,
    contact_name: str,
    phone: str,
    address: str,
    model_text: str,
    fault_symptom: FaultSymptom | None,
    fault_text: str,
    area: ServiceArea | None,
    priority: Priority,
    wanted_skill: Skill | None = None,
    project: Project | None = None,
    salesperson: User | None = None,
    remark: str = "",
) -> None:
    """Correct what was written down; another area brings its own limits, counted from the call (TL-01, TL-02)."""
    phone = _given(phone, "phone", _l("Enter the phone number under which the customer can be reached."))
    address = _given(address, "address", _l("Enter the address where the technician has to go."))
    _given(model_text, "model_text", _l("Enter the model, or what the customer says about it."))
    fault_symptom = _given(fault_symptom, "fault_symptom", _l("Choose the symptom."))
    _given(fault_text.strip(), "fault_text", _l("Write down what the customer reports."))
    area = _given(area, "area", _l("Choose the service area: the time limits come from it."))
    if area.id != call.area_id:
        if area.branch_id != call.branch_id:
            raise NotPermitted(_l("Choose a service area of your own branch."), rule="P-1", field="area")
        copy_limits(call, area)
    call.phone = customer_rules.normal_phone(phone)
    call.phone_digits = customer_rules.digits(call.phone)
    call.contact_name, call.address, call.model_text = contact_name, address, model_text
    call.fault_symptom, call.fault_text = fault_symptom, fault_text.strip()
    call.priority, call.wanted_skill, call.project = priority, wanted_skill, project
    call.salesperson, call.remark = salesperson, remark

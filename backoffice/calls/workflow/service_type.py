"""Which service type a job has: the system proposes, the technician asks, the supervisor decides (W-1.6)."""

from datetime import date, datetime

from flask_babel import lazy_gettext as _l

from backoffice.calls import queries
from backoffice.calls.models import UNSIGNED, ServiceCall
from backoffice.calls.rules import FaultCause, ServiceType, propose
from backoffice.contracts import queries as contracts
from backoffice.contracts.models import ServiceContract
from backoffice.core import clock, notices
from backoffice.core.acts import act
from backoffice.core.errors import MissingInput, NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.customers.models import Customer
from backoffice.organisation.models import User
from backoffice.organisation.queries import supervisor_ids
from backoffice.products.models import InstalledUnit, UnitStatus

TYPE_PROPOSED = notices.kind("call.type_proposed", _l("Call %(number)s: please decide the service type. %(reason)s"))
TYPE_DECIDED = notices.kind("call.type_decided", _l("Call %(number)s: the service type is decided. %(reason)s"))


def check_unit(unit: InstalledUnit, customer: Customer) -> None:
    """Raises RuleViolated unless the unit is the customer's and still at work (E-06, E-08)."""
    if unit.customer_id != customer.id:
        raise RuleViolated(_l("This unit belongs to another customer."), rule="E-08", field="unit")
    if unit.status in (UnitStatus.RETURNED, UnitStatus.SCRAPPED, UnitStatus.VOID):
        raise RuleViolated(
            _l("Unit %(serial)s is “%(status)s”.", serial=unit.serial_no, status=unit.status.label), rule="E-06",
            field="unit", remedy=Remedy(_l("Open the unit"), "units.details_view", {"id": unit.id}),
        )  # fmt: skip


def propose_for(call: ServiceCall) -> None:
    """Set the proposed service type and its reason from contract and warranty on the day of the call (W-1.6)."""
    verdict = call.unit.verdict(_day_of(call)) if call.unit else None
    call.warranty_state = verdict.state if verdict else None
    call.warranty_evidence = verdict.evidence if verdict else None
    call.warranty_starts_on = verdict.starts_on if verdict else None
    call.warranty_ends_on = verdict.ends_on if verdict else None
    call.contract = _contract_of(call)
    call.service_type = propose(call.warranty_state, has_contract=call.contract is not None)
    call.service_type_reason = ""
    call.service_type_decided_by_id, call.proposed_type = None, None


def _day_of(call: ServiceCall) -> date:
    return clock.local(call.received_at).date()


def _contract_of(call: ServiceCall) -> ServiceContract | None:
    """The contract that covers the unit on the day of the call."""
    return contracts.covering(call.unit, _day_of(call)) if call.unit is not None else None


def checked_type(call: ServiceCall, service_type: ServiceType | None) -> tuple[ServiceType, ServiceContract | None]:
    """The type that somebody decides, with the contract where it is contract service (W-1.6).

    Raises MissingInput for none, RuleViolated where no contract covers the unit on the day of the call.
    """
    contract = _contract_of(call) if service_type is ServiceType.CONTRACT else None
    if service_type is ServiceType.CONTRACT and contract is None:
        raise RuleViolated(
            _l("Contract service needs a contract that covers the unit on the day of the call, and there is none.")
            if call.unit is not None
            else _l("Contract service needs a unit that a contract covers, and no unit is linked."),
            rule="W-1.6", field="service_type",
        )  # fmt: skip
    if service_type is None or service_type is ServiceType.UNDECIDED:
        raise MissingInput(_l("Choose paid, contract or free."), rule="W-1.6", field="service_type")
    return service_type, contract


def write_type(
    call: ServiceCall, service_type: ServiceType, contract: ServiceContract | None, *, by: Actor, reason: str
) -> None:
    """Give the call the type that was decided, by whom and why."""
    call.service_type, call.contract, call.service_type_decided_by_id = service_type, contract, by.id
    call.service_type_reason = reason.strip()[:300]


def own_job(call: ServiceCall, by: Actor) -> None:
    """Guard: the job is dispatched to this technician; raises NotPermitted."""
    if call.technician_id != by.id:
        raise NotPermitted(_l("This job is dispatched to somebody else."), rule="P-1")


def _desk_or_own_job(call: ServiceCall, by: Actor) -> None:
    if not by.can(Permission.CALL_EDIT):
        own_job(call, by)


@act(
    "call.link_unit",
    ServiceCall,
    permission=(Permission.CALL_EDIT, Permission.CALL_WORK),
    label=_l("Link the unit"),
    rule="W-1.6",
    sources=UNSIGNED,
    guards=[_desk_or_own_job],
    bulk=False,
    order=60,
)
def link_unit(call: ServiceCall, *, by: User, at: datetime, unit: InstalledUnit | None) -> None:
    """Name the customer's unit; contract, warranty and with them the proposed service type follow (W-1.6)."""
    if unit is None:
        raise MissingInput(_l("Choose the unit by its serial number."), rule="W-1.6", field="unit")
    check_unit(unit, call.customer)
    call.unit, call.model, call.model_text = unit, unit.model, unit.model.code
    propose_for(call)


@act(
    "call.propose_type",
    ServiceCall,
    permission=Permission.CALL_WORK,
    label=_l("Ask for another service type"),
    rule="W-1.6",
    sources=UNSIGNED,
    guards=[own_job],
    bulk=False,
    order=61,
)
def propose_type(
    call: ServiceCall, *, by: User, at: datetime, service_type: ServiceType | None, reason: str,
    cause: FaultCause | None = None,
) -> None:  # fmt: skip
    """Ask the supervisor for another type; it counts only when he decides it."""
    if not reason.strip():
        raise MissingInput(_l("Say why the type should be another."), rule="W-1.6", field="reason")
    if service_type is None:
        raise MissingInput(_l("Choose paid, contract or free."), rule="W-1.6", field="service_type")
    call.proposed_type = service_type
    notices.send(TYPE_PROPOSED, supervisor_ids(call.branch_id), call, number=call.number, reason=reason)


@act(
    "call.decide_type",
    ServiceCall,
    permission=Permission.CALL_DECIDE_TYPE,
    label=_l("Decide the service type"),
    rule="W-1.6",
    sources=UNSIGNED,
    bulk=False,
    order=62,
)
def decide_type(
    call: ServiceCall, *, by: User, at: datetime, service_type: ServiceType | None, reason: str,
    cause: FaultCause | None = None,
) -> None:  # fmt: skip
    """Settle the type with a reason; a confirmed cause of misuse needs a photo and makes it paid (G-07).

    Contract service needs a contract that covers the unit on the day of the call.
    """
    if not reason.strip():
        raise MissingInput(_l("Give the reason for the decision."), rule="W-1.6", field="reason")
    service_type, contract = checked_type(call, service_type)
    if cause is not None and not queries.photo_exists(call):
        raise MissingInput(
            _l("A confirmed cause needs at least one photo on the call."), rule="G-07", field="cause",
            remedy=Remedy(_l("Attach a photo"), "service_calls.act_view", {"name": "attach", "id": call.id}),
        )  # fmt: skip
    write_type(call, service_type, contract, by=by, reason=reason)
    call.confirmed_cause, call.proposed_type = cause, None
    notices.send(TYPE_DECIDED, [call.technician_id], call, number=call.number, reason=reason)

"""The call register in the panel."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import func, or_, select

from backoffice.contracts.admin import ServiceContractView
from backoffice.contracts.models import ServiceContract
from backoffice.core import clock
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.customers.admin import CustomerView
from backoffice.organisation.models import User
from backoffice.products.admin import InstalledUnitView
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter, QuietFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries
from .models import LIVE, CallState, Priority, ServiceCall
from .rules import Clock


def _clock_cell(call: ServiceCall) -> Any:
    """The clock that runs: dispatch until dispatched, then arrival; a kept or missed one in words."""
    running = call.dispatch_clock if call.dispatched_at is None else call.arrival_clock
    if call.is_history or (call.state.is_final and running.met_at is None):
        return ""
    return formatters.deadline(running.due_at, running.met_at, running.start)


def _clock_words(call: ServiceCall) -> str:
    """The same in a file."""
    running = call.dispatch_clock if call.dispatched_at is None else call.arrival_clock
    if call.is_history or (call.state.is_final and running.met_at is None):
        return ""
    return formatters.deadline_words(running.due_at, running.met_at, running.start)[0]


def _notes(call: ServiceCall) -> list[tuple[Any, str]]:
    """(words, tone) of what is out of the ordinary."""
    found: list[tuple[Any, str]] = []
    if call.is_history:
        found.append((gettext("history"), "neutral"))
    if call.is_carried_over:
        found.append((gettext("carried over %(n)s×", n=call.carry_over_count), "bad"))
    if call.priority is Priority.URGENT:
        found.append((Priority.URGENT.label, "bad"))
    if call.escalated_to is not None:
        found.append((gettext("escalated"), "warn"))
    if call.is_entered_late:
        found.append((gettext("entered late"), "neutral"))
    return found


def _notes_cell(call: ServiceCall) -> Any:
    return Markup(" ").join(formatters.tag(words, tone) for words, tone in _notes(call))


def _waiting_for(values: list[str], by: Actor) -> Any:
    conditions = {
        "me": ServiceCall.escalated_to.in_(by.roles),
        "anybody": ServiceCall.escalated_to.is_not(None),
    }
    return conditions["anybody" if "anybody" in values else "me"]


def _history(values: list[str], by: Actor) -> Any:
    taken_back = queries.taken_back()
    conditions = {
        "register": ~taken_back,
        "only": ServiceCall.is_history & ~taken_back,
        "without": ~ServiceCall.is_history,
        "taken_back": taken_back,
    }
    return or_(*(conditions[value] for value in values))


def _timing(values: list[str], by: Actor) -> Any:
    return queries.is_late()


def _decision_asked(values: list[str], by: Actor) -> Any:
    return ServiceCall.proposed_type.is_not(None)


class ServiceCallView(DocumentView):
    """Every call, the newest first; the supervisor's desk begins with what waits for a technician."""

    model = ServiceCall
    endpoint = "service_calls"
    url = "/calls/"
    name = _l("Calls")
    name_one = _l("Service call")
    group = NavGroup.SERVICE
    order = 10
    icon = "phone"
    read = Permission.CALL_READ
    create_act = "call.register"
    edit_act = "call.edit"

    column_list = (
        "number", "state", "urgency", "due", "customer_name", "phone", "model_text", "fault_symptom", "service_type",
        "technician", "received_at",
    )  # fmt: skip
    column_labels = {
        "urgency": _l("Note"), "due": _l("Time limit"), "customer_name": _l("Customer"), "phone": _l("Phone"),
        "model_text": _l("Model"), "fault_symptom": _l("Symptom"), "service_type": _l("Service type"),
        "technician": _l("Technician"), "received_at": _l("Received"), "fault_text": _l("What the customer reports"),
        "address": _l("Address"), "contact_name": _l("Who is calling"), "channel": _l("Channel"), "area": _l("Area"),
        "zone": _l("Zone"), "priority": _l("Priority"), "unit": _l("Unit"), "customer": _l("Customer record"),
        "service_type_why": _l("Why"), "service_type_decided_by": _l("Decided by"), "repeat_of": _l("Repeat of"),
        "duplicate_of": _l("Duplicate of"), "late_reason": _l("Why entered late"), "remark": _l("Remark"),
        "wanted_skill": _l("Wanted skill"), "project": _l("Project"), "salesperson": _l("Salesperson"),
        "dispatched_at": _l("Dispatched"), "first_arrived_at": _l("Arrived"), "completed_at": _l("Completed"),
        "closed_at": _l("Written off"), "cancelled_at": _l("Cancelled"), "cancel_reason": _l("Reason of cancelling"),
        "next_visit_at": _l("Next visit"), "proposed_type": _l("Asked for"), "confirmed_cause": _l("Confirmed cause"),
        "escalated_to": _l("Escalated to"), "escalated_at": _l("Escalated"), "phone_digits": _l("Phone"),
        "escalation_reason": _l("Reason of escalation"), "customer_kind": _l("Kind of customer"),
        "dispatch_limit_min": _l("Limit of dispatch, minutes"), "arrival_limit_min": _l("Limit of arrival, minutes"),
        "dispatch_due_at": _l("Dispatch by"), "dispatch_order_at": _l("Order of dispatch"),
        "arrival_due_at": _l("Arrive by"), "is_entered_late": _l("Entered late"),
        "reported_to_supervisor_at": _l("Told the supervisor"), "carry_over_count": _l("Times carried over"),
        "is_history": _l("History"), "old_number": _l("Old number"),
        "service_type_reason": _l("Reason of the decision"), "model": _l("Product model"),
        "warranty_state": _l("Warranty"), "warranty_evidence": _l("Evidence"),
        "warranty_starts_on": _l("Warranty from"),
        "warranty_ends_on": _l("Warranty to"), "contract": _l("Contract"),
    }  # fmt: skip
    column_searchable_list = (
        "number", "old_number", "customer_name", "contact_name", "phone", "model_text", "unit.serial_no",
    )  # fmt: skip
    column_sortable_list = (
        "number", "received_at", "dispatch_due_at", "dispatch_order_at", "arrival_due_at", "completed_at",
        "closed_at", "next_visit_at",
    )  # fmt: skip
    column_default_sort = ("received_at", True)
    column_filters = (
        "state", "priority", "service_type", "zone", "technician", "customer", "unit", "received_at",
        QuietFilter("contract", _l("Contract"), target=ServiceContract, where=ServiceCall.contract_id.in_),
        QuietFilter("salesperson", _l("Salesperson"), target=User, where=ServiceCall.salesperson_id.in_),
        ChoiceFilter(
            "escalated", _l("Escalated"), (("me", _l("to me")), ("anybody", _l("to anybody"))), _waiting_for
        ),
        ChoiceFilter(
            "history", _l("History"),
            (("register", _l("all but what was taken back")), ("without", _l("own calls only")),
             ("only", _l("history only")), ("taken_back", _l("taken back"))), _history,
        ),
        ChoiceFilter("timing", _l("Time limit"), (("late", _l("beyond it, not kept yet")),), _timing),
        ChoiceFilter("decision", _l("Service type"), (("asked", _l("decision asked for")),), _decision_asked),
    )  # fmt: skip
    column_formatters = {
        "due": lambda view, context, call, name: _clock_cell(call),
        "urgency": lambda view, context, call, name: _notes_cell(call),
    }
    column_formatters_export = {
        "due": lambda view, context, call, name: _clock_words(call),
        "urgency": lambda view, context, call, name: formatters.listed(words for words, _ in _notes(call)),
    }
    column_formatters_detail: Any = {}
    list_needs = (
        "dispatch_limit_min", "dispatched_at", "arrival_limit_min", "first_arrived_at", "carry_over_count", "priority",
        "escalated_to", "is_entered_late", "is_history",
    )  # fmt: skip
    export_more = (
        "dispatch_due_at", "dispatched_at", "arrival_due_at", "first_arrived_at", "completed_at", "closed_at",
        "old_number",
    )  # fmt: skip
    stages = (CallState.REGISTERED, CallState.DISPATCHED, CallState.ON_SITE, CallState.COMPLETED, CallState.CLOSED)
    next_actor = {
        CallState.REGISTERED: Role.SUPERVISOR.label,
        CallState.DISPATCHED: Role.TECHNICIAN.label,
        CallState.ON_SITE: Role.TECHNICIAN.label,
        CallState.COMPLETED: Role.ASSISTANT.label,
    }
    sections = (
        Section(
            _l("Call"),
            ("received_at", "channel", "contact_name", "fault_symptom", "fault_text", "priority", "wanted_skill",
             "area", "zone", "late_reason", "remark", "old_number"),
            only_filled=True,
        ),
        Section(
            _l("Customer and unit"),
            ("customer_name", "phone", "address", "customer", "unit", "model_text", "project", "salesperson"),
        ),
        Section(
            _l("Service"),
            ("service_type", "service_type_why", "contract", "service_type_decided_by", "proposed_type",
             "confirmed_cause", "technician", "repeat_of", "duplicate_of"),
            only_filled=True,
        ),
        Section(
            _l("Course"),
            ("dispatched_at", "first_arrived_at", "next_visit_at", "completed_at", "closed_at", "cancelled_at",
             "cancel_reason", "escalated_to", "escalated_at", "escalation_reason"),
            only_filled=True,
        ),
    )  # fmt: skip
    details_template = "calls/record.html"
    empty_text = _l("Here stands every call of a customer, from the first word to the written-off voucher.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """What waits for this role: to dispatch, to decide, own jobs, completed calls, escalations."""
        found = []
        if by.can(Permission.CALL_DISPATCH):
            found.append(
                Queue(_l("Calls to dispatch"), queries.to_dispatch(by),
                      {"state": CallState.REGISTERED.value, "sort": "dispatch_order_at"},
                      ("number", "due", "urgency", "customer_name"))
            )  # fmt: skip
        if by.can(Permission.CALL_DECIDE_TYPE):
            found.append(Queue(_l("Service types to decide"), queries.to_decide(by), {"decision": "asked"}))
        if by.can(Permission.CALL_WORK):
            open_states = [CallState.DISPATCHED.value, CallState.ON_SITE.value]
            found.append(
                Queue(_l("My jobs"), queries.my_jobs(by),
                      {"technician": by.id, "state": open_states, "sort": "arrival_due_at"},
                      ("number", "due", "customer_name", "fault_symptom"))
            )  # fmt: skip
        if by.can(Permission.CALL_WRITE_OFF):
            completed = {"state": CallState.COMPLETED.value}
            found.append(
                Queue(_l("Completed, not written off"), queries.to_write_off(by), completed,
                      ("number", "due", "customer_name", "technician"))
            )  # fmt: skip
        if by.can(Permission.CALL_ACKNOWLEDGE):
            found.append(
                Queue(_l("Calls escalated to me"), queries.escalated_to_me(by), {"escalated": "me"},
                      ("number", "due", "customer_name", "technician"))
            )  # fmt: skip
        if by.roles & {Role.SUPERVISOR, Role.MANAGER}:
            found.append(
                Queue(_l("Calls beyond a time limit"), queries.count_late(by), {"timing": "late"},
                      ("number", "due", "customer_name", "technician"))
            )  # fmt: skip
        if by.role is Role.SALES:
            own = {"salesperson": by.id, "state": [state.value for state in LIVE]}
            found.append(
                Queue(_l("Open calls of my customers"), queries.count_of_salesperson(by), own,
                      ("number", "state", "due", "customer_name", "fault_symptom"))
            )  # fmt: skip
        return found

    def heading(self, doc: ServiceCall) -> str:
        """Number, symptom and customer, the name of a person masked."""
        return f"{doc.number} · {doc.fault_symptom.label} · {formatters.masked(doc, 'customer_name')}"

    def masks(self, row: ServiceCall, field: str) -> bool:
        """Phones and contacts always; name and address of persons (X-20)."""
        return row.masks(field)

    def may_unmask(self, doc: ServiceCall, by: Actor) -> bool:
        """The desk any call; technician and salesperson their own while it is open (X-20)."""
        if by.can(Permission.CUSTOMER_UNMASK):
            return True
        own = by.id in (doc.technician_id, doc.salesperson_id, doc.created_by_id)
        return by.can(Permission.CUSTOMER_UNMASK_OWN) and own and doc.state in LIVE

    def more(self, doc: ServiceCall, by: Actor) -> dict[str, Any]:
        """Both clocks with their explanation, and the calls that the unit had before."""
        shown = () if doc.is_history else (doc.dispatch_clock, doc.arrival_clock)  # outside K-01 to K-04 (W-1.14)
        clocks = [self._explained(doc, one) for one in shown]
        return {"clocks": clocks, "earlier": queries.earlier_calls(doc, by)}

    @staticmethod
    def _explained(call: ServiceCall, one: Clock) -> dict[str, Any]:
        now = clock.now()
        shown = one.state(now) != "stopped"
        return {
            "name": one.name, "rule": one.rule, "due": one.due_at,
            "badge": formatters.deadline(one.due_at, one.met_at, one.start) if shown else "",
            "lines": one.explanation(call.area.name, call.zone.label),
        }  # fmt: skip


#: The lower pages show what hangs on them without knowing this feature.
CustomerView.related += (
    Related(
        _l("Calls"), "service_calls", "customer",
        lambda customer: select(func.count()).select_from(ServiceCall).where(ServiceCall.customer_id == customer.id),
    ),
)  # fmt: skip
ServiceContractView.related += (
    Related(
        _l("Calls"), "service_calls", "contract",
        lambda contract: select(func.count()).select_from(ServiceCall).where(ServiceCall.contract_id == contract.id),
    ),
)  # fmt: skip
InstalledUnitView.related += (
    Related(
        _l("Calls"), "service_calls", "unit",
        lambda unit: select(func.count()).select_from(ServiceCall).where(ServiceCall.unit_id == unit.id),
    ),
)  # fmt: skip

VIEWS = [ServiceCallView]

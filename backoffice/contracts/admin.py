"""Service contracts in the panel."""

from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import func, or_, select

from backoffice.core import clock
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.customers.admin import CustomerView
from backoffice.products.admin import InstalledUnitView
from backoffice.products.models import InstalledUnit
from backoffice.ui import formatters, registry
from backoffice.ui.filters import ChoiceFilter, LinkFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries
from .models import ContractState, ServiceContract, contract_unit
from .rules import periods_begun

#: Units that the record page names.
_NAMED = 12


def _days_words(contract: ServiceContract) -> tuple[str, str]:
    """(how long an active contract still holds, the tone of it); ("", "") for others."""
    if contract.state is not ContractState.ACTIVE:
        return "", ""
    today = clock.today()
    days = (contract.end_on - today).days
    if days < 0:
        return ngettext("over since %(num)s day", "over since %(num)s days", -days), "bad"
    if contract.start_on > today:
        return gettext("from %(day)s", day=contract.start_on.isoformat()), "info"
    is_soon = contract.remind_from is not None and contract.remind_from <= today
    words = gettext("ends today") if days == 0 else ngettext("%(num)s day left", "%(num)s days left", days)
    return words, "warn" if is_soon else ""


def _days_cell(contract: ServiceContract) -> Any:
    words, tone = _days_words(contract)
    return formatters.tag(words, tone) if tone else words


def _units_cell(contract: ServiceContract) -> Any:
    """The first units, linked."""
    units = queries.first_units(contract, _NAMED + 1)
    links = [registry.linked(unit, unit.id, unit.serial_no) for unit in units[:_NAMED]]
    return Markup("、").join([*links, *(["…"] if len(units) > _NAMED else [])])


def _visits_cell(contract: ServiceContract) -> Any:
    """Visits of the running year of the contract: `2 of 4`."""
    if contract.activated_at is None:
        return ""
    used = queries.visits_used(contract, min(clock.today(), contract.last_on))
    if contract.visits_per_year is None:
        return str(used)
    words = gettext("%(used)s of %(most)s", used=used, most=contract.visits_per_year)
    return formatters.tag(words, "warn") if used > contract.visits_per_year else words


def _ends(values: list[str], by: Actor) -> Any:
    return queries.ending()


def _waits(values: list[str], by: Actor) -> Any:
    conditions = {
        "ready": queries.waiting(), "unready": (ServiceContract.state == ContractState.DRAFT) & ~queries.waiting(),
    }  # fmt: skip
    return or_(*(conditions[value] for value in values))


class ServiceContractView(DocumentView):
    """Every contract, whose it is, how long it holds."""

    model = ServiceContract
    endpoint = "service_contracts"
    url = "/contracts/"
    name = _l("Contracts")
    name_one = _l("Service contract")
    group = NavGroup.CUSTOMERS
    order = 35
    icon = "file"
    read = Permission.CONTRACT_READ
    create_act = "contract.create"
    edit_act = "contract.edit"

    column_list = (
        "number", "state", "customer", "unit_count", "end_on", "days_left", "fee_mode", "fee_amount",
    )  # fmt: skip
    column_labels = {
        "customer": _l("Customer"), "customer_no": _l("Number at the customer's"), "start_on": _l("First day"),
        "end_on": _l("Last day"), "days_left": _l("Days left"), "fee_mode": _l("The fee is paid"),
        "fee_amount": _l("Fee"), "parts_included": _l("Parts are included"), "visits_per_year": _l("Visits a year"),
        "visits": _l("Visits this contract year"), "units": _l("Units"), "unit_count": _l("Units"),
        "terms": _l("Terms"), "activated_at": _l("Approved"), "activated_by": _l("Approved by"),
        "terminated_on": _l("Held until"), "end_reason": _l("Why it was ended"), "renews": _l("Follows on"),
        "remind_from": _l("Ends soon from"),
    }  # fmt: skip
    column_searchable_list = ("number", "customer_no", "customer.name", "customer.number")
    column_sortable_list = ("number", "start_on", "end_on")
    column_default_sort = ("id", True)
    column_filters = (
        "state", "customer", "renews", LinkFilter("unit", _l("Unit"), target=InstalledUnit, where=queries.with_units),
        "fee_mode", "start_on", "end_on",
        ChoiceFilter("ending", _l("Ends"), (("soon", _l("soon, and no other follows")),), _ends),
        ChoiceFilter(
            "approval", _l("Approval"),
            (("ready", _l("waits for the manager")), ("unready", _l("paper or units missing"))), _waits,
        ),
    )  # fmt: skip
    computed = {
        "unit_count": select(func.count())
        .select_from(contract_unit)
        .where(contract_unit.c.contract_id == ServiceContract.__table__.c.id)
        .correlate(ServiceContract.__table__)
        .scalar_subquery()
    }
    column_formatters = {"days_left": lambda view, context, contract, name: _days_cell(contract)}
    column_formatters_export = {"days_left": lambda view, context, contract, name: _days_words(contract)[0]}
    column_formatters_detail = {
        "days_left": lambda view, context, contract, name: _days_cell(contract),
        "units": lambda view, context, contract, name: _units_cell(contract),
        "visits": lambda view, context, contract, name: _visits_cell(contract),
    }
    list_needs = ("start_on", "remind_from")
    export_more = (
        "customer_no", "start_on", "parts_included", "visits_per_year", "activated_at", "terminated_on", "end_reason",
    )  # fmt: skip
    stages = (ContractState.DRAFT, ContractState.ACTIVE, ContractState.EXPIRED)
    next_actor = {ContractState.DRAFT: Role.MANAGER.label}
    sections = (
        Section(
            _l("Contract"),
            ("customer", "customer_no", "start_on", "end_on", "days_left", "units", "visits", "renews"),
            only_filled=True,
        ),
        Section(_l("Fee and terms"), ("fee_mode", "fee_amount", "parts_included", "visits_per_year", "terms")),
        Section(
            _l("Course"), ("activated_at", "activated_by", "terminated_on", "end_reason"), only_filled=True,
        ),
    )  # fmt: skip
    related: tuple[Related, ...] = (
        Related(_l("Units"), "units", "contract", queries.count_of_units),
        Related(
            _l("Follow-on contracts"), "service_contracts", "renews",
            lambda contract: select(func.count()).where(ServiceContract.renews_id == contract.id),
        ),
    )  # fmt: skip
    details_template = "contracts/record.html"
    empty_text = _l("A contract names the units that it covers: their jobs are contract service while it holds.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Drafts that wait for the manager, and contracts that end soon (J-09)."""
        found = []
        if by.can(Permission.CONTRACT_APPROVE):
            found.append(Queue(_l("Contracts to approve"), queries.to_approve(by), {"approval": "ready"}))
        if by.roles & {Role.ASSISTANT, Role.SUPERVISOR, Role.MANAGER}:
            found.append(Queue(_l("Contracts that end soon"), queries.count_ending(by), {"ending": "soon"}))
        return found

    def more(self, doc: ServiceContract, by: Actor) -> dict[str, Any]:
        """The billing periods that begin up to the last day on which it holds (W-5.4)."""
        return {"periods": periods_begun(doc, doc.last_on)}


#: The lower pages show what hangs on them without knowing this feature.
CustomerView.related += (
    Related(
        _l("Contracts"), "service_contracts", "customer",
        lambda customer: select(func.count()).where(ServiceContract.customer_id == customer.id),
    ),
)  # fmt: skip
InstalledUnitView.related += (Related(_l("Contracts"), "service_contracts", "unit", queries.count_with_unit),)
InstalledUnitView.column_filters += (
    LinkFilter("contract", _l("Contract"), target=ServiceContract, where=queries.in_contracts),
)

VIEWS = [ServiceContractView]

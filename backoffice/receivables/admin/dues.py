"""Dues and their lines in the panel."""

from typing import Any

from flask import redirect, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from backoffice.calls.admin import ServiceCallView
from backoffice.contracts.admin import ServiceContractView
from backoffice.core import clock
from backoffice.core.acts import Act
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.customers.admin import CustomerView
from backoffice.receivables import forms as _forms  # noqa: F401 - declares the input pages
from backoffice.receivables import queries
from backoffice.receivables.models import Due, DueLine, DueState
from backoffice.receivables.rules import AGES, MOST_DUES, age_of
from backoffice.receivables.workflow import receive
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section

#: How old what is open is, in words.
AGE_LABELS = {
    "0": _l("not past its day"), "1": _l("1 to 30 days"), "31": _l("31 to 60 days"), "61": _l("61 to 90 days"),
    "91": _l("more than 90 days"),
}  # fmt: skip


def _aged(values: list[str], by: Actor) -> Any:
    return or_(*(queries.of_age(value) for value in values))


def _collectable(values: list[str], by: Actor) -> Any:
    return queries.to_collect()


def _due_on_cell(due: Due) -> Any:
    """The day, in the tone of its age while something is open."""
    age = age_of(due.due_on, clock.today()) if due.state is DueState.DUE else ""
    if not age:
        return formatters.day(due.due_on)
    return formatters.tag(due.due_on.isoformat(), "bad" if AGES[age][0] > AGES["31"][0] else "warn")


class DueView(DocumentView):
    """Everything that customers owe or have owed."""

    model = Due
    endpoint = "dues"
    url = "/dues/"
    name = _l("Dues")
    name_one = _l("Due")
    group = NavGroup.MONEY
    order = 10
    icon = "list"
    read = Permission.DUE_READ

    column_list = (
        "number", "state", "customer_name", "amount", "open_amount", "due_on", "path", "is_invoiced", "source_number",
    )  # fmt: skip
    column_labels = {
        "customer_name": _l("Customer"), "customer": _l("Customer record"), "source": _l("For"),
        "source_number": _l("Voucher, contract or sale"), "amount": _l("Amount"), "paid_amount": _l("Paid"),
        "open_amount": _l("Open"), "due_on": _l("To be paid on"), "path": _l("How it is collected"),
        "path_reason": _l("Why so"), "is_invoiced": _l("Invoiced"), "technician": _l("Technician"), "call": _l("Call"),
        "contract": _l("Contract"), "period_from": _l("Period from"), "period_to": _l("Period to"),
        "made_at": _l("Made due"), "request_due_at": _l("Request the invoice by"), "waived_at": _l("Waived at"),
        "waived_by": _l("Waived by"), "end_reason": _l("Why it is not paid"),
    }  # fmt: skip
    column_searchable_list = ("number", "source_number", "customer_name")
    column_sortable_list = ("number", "due_on")
    column_default_sort = ("id", True)
    column_filters = (
        "state", "path", "source", "is_invoiced", "customer", "technician", "call", "contract", "due_on",
        ChoiceFilter("age", _l("Open"), tuple(AGE_LABELS.items()), _aged),
        ChoiceFilter("collect", _l("To collect"), (("now", _l("may be collected by the technician")),), _collectable),
    )  # fmt: skip
    computed = {"open_amount": queries.open_amount(Due.__table__)}
    column_formatters = {"due_on": lambda view, context, due, name: _due_on_cell(due)}
    column_formatters_export = {"due_on": lambda view, context, due, name: due.due_on}
    export_more = ("source", "paid_amount", "technician", "made_at", "end_reason")
    stages = (DueState.DUE, DueState.COLLECTED, DueState.CONFIRMED)
    next_actor = {DueState.COLLECTED: Role.FINANCE.label}
    sections = (
        Section(_l("Due"), ("customer_name", "customer", "amount", "paid_amount", "open_amount", "due_on")),
        Section(
            _l("For"), ("source", "source_number", "call", "contract", "period_from", "period_to"), only_filled=True
        ),
        Section(
            _l("Collecting"),
            ("path", "path_reason", "technician", "is_invoiced", "request_due_at", "made_at", "waived_at", "waived_by",
             "end_reason"),
            only_filled=True,
        ),
    )  # fmt: skip
    related: tuple[Related, ...] = ()
    details_template = "receivables/due.html"
    empty_text = _l("A due is made when a paid job is completed, a contract period begins or parts are sold.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """What a technician may collect now."""
        if Role.TECHNICIAN not in by.roles:
            return []
        return [
            Queue(_l("To collect"), queries.count_to_collect(by), {"collect": "now", "technician": by.id}),
        ]

    def more(self, doc: Due, by: Actor) -> dict[str, Any]:
        """What was paid of it."""
        return {"shares": queries.shares_of(doc)}

    def handle_action(self, act: Act, keys: list[int]) -> Any:
        """Several dues are paid by one payment, on a page of its own."""
        return self._act_on_many(act, keys, self._by()) if act is receive else super().handle_action(act, keys)

    def _act_on_many(self, act: Act, keys: list[int], by: Actor) -> Any:
        if act is not receive:
            return super()._act_on_many(act, keys, by)
        rows = self._rows(keys)
        if len(rows) == 1:
            return redirect(url_for("dues.act_view", name=act.name, id=rows[0].id))
        if len(rows) > MOST_DUES:
            raise RuleViolated(
                _l("A payment is for at most %(most)s dues, these are %(count)s.", most=MOST_DUES, count=len(rows)),
                rule="E-15",
            )  # fmt: skip
        return redirect(url_for("payments.create_view", dues=[due.id for due in rows]))


class DueLineView(DocumentView):
    """What the dues are made of."""

    model = DueLine
    endpoint = "due_lines"
    url = "/due-lines/"
    name = _l("Lines of dues")
    name_one = _l("Line of a due")
    icon = "list"
    read = Permission.DUE_READ

    column_list = ("name", "due", "tax_nature", "quantity", "unit", "unit_price", "amount")
    column_labels = {
        "name": _l("For what"), "due": _l("Due"), "tax_nature": _l("For the tax"), "quantity": _l("Quantity"),
        "unit": _l("Unit"), "unit_price": _l("Unit price"), "amount": _l("Amount"), "position": _l("Line"),
    }  # fmt: skip
    column_default_sort = ("id", True)
    column_filters = ("due", "tax_nature", "amount")
    sections = (
        Section(_l("Line"), ("due", "position", "name", "tax_nature", "quantity", "unit", "unit_price", "amount")),
    )
    empty_text = _l("The lines of a due are copied from what it is for.")


#: The lower pages show what hangs on them without knowing this feature.
CustomerView.related += (
    Related(
        _l("Dues"), "dues", "customer",
        lambda customer: select(func.count()).select_from(Due).where(Due.customer_id == customer.id),
    ),
)  # fmt: skip
ServiceCallView.related += (
    Related(
        _l("Dues"), "dues", "call", lambda call: select(func.count()).select_from(Due).where(Due.call_id == call.id)
    ),
)
ServiceContractView.related += (
    Related(
        _l("Dues"), "dues", "contract",
        lambda contract: select(func.count()).select_from(Due).where(Due.contract_id == contract.id),
    ),
)  # fmt: skip

"""Customers that may be the same, side by side; and the register of merges."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Select

from backoffice.core.db import db
from backoffice.core.permissions import Actor, Permission
from backoffice.customers.models import Customer
from backoffice.ui import formatters, registry
from backoffice.ui.guards import PageView, Queue, actor, parse_number
from backoffice.ui.views import DocumentView, NavGroup, Section

from . import forms as _forms
from . import queries
from .models import CustomerMerge, MergeState

PER_PAGE = 20
RIGHTS = (Permission.CUSTOMER_PROPOSE_MERGE, Permission.CUSTOMER_MERGE)


@dataclass(frozen=True)
class Pair:
    """Two customers that may be the same: the one that would stay, the other, why, and whether it is proposed."""

    stays: Customer
    goes: Customer
    reasons: list[Any]
    is_proposed: bool


class DuplicatesView(PageView):
    """The pairs that the finder has found, by name and by telephone."""

    endpoint = "duplicates"
    url = "/duplicates"
    name = _l("Duplicates")
    group = NavGroup.CUSTOMERS
    order = 16
    icon = "users"
    read = RIGHTS

    @expose("/")
    def index_view(self) -> Any:
        """Same or similar names."""
        return self._page(queries.pairs_by_name(_by()), "duplicates.index_view")

    @expose("/phone/")
    def phone_view(self) -> Any:
        """Same telephone numbers."""
        return self._page(queries.pairs_by_phone(_by()), "duplicates.phone_view")

    def _page(self, query: Select[Any], endpoint: str) -> Any:
        by, number = _by(), parse_number(request.args.get("page"), 1, 1, 100_000)
        found = db.session.execute(query.limit(PER_PAGE + 1).offset((number - 1) * PER_PAGE)).all()
        keys = [key for pair in found[:PER_PAGE] for key in pair]
        customers, weights, proposed = (
            queries.customers_with(keys, by), queries.weights(keys), queries.open_merges(keys),
        )  # fmt: skip
        by_phone = endpoint.endswith("phone_view")
        pairs = [
            _pair(customers[low], customers[high], weights, proposed, by_phone=by_phone)
            for low, high in found[:PER_PAGE]
            if low in customers and high in customers
        ]
        return render_template(
            "duplicates/list.html", view=self, home_of=url_for("admin.index"), pairs=pairs, weights=weights,
            here=endpoint, page=number, has_more=len(found) > PER_PAGE,
            may_propose=by.can(Permission.CUSTOMER_PROPOSE_MERGE),
            tabs=(("duplicates.index_view", _l("By name")), ("duplicates.phone_view", _l("By phone"))),
            cell=lambda name, customer: formatters.cell_of(name, Customer)(customer),
        )  # fmt: skip


def _by() -> Actor:
    by = actor()
    if by is None:
        raise LookupError("a page without a person")  # the door is behind the login
    return by


def _pair(a: Customer, b: Customer, weights: dict[int, int], proposed: set[Any], *, by_phone: bool) -> Pair:
    """The pair with the customer on whom more hangs as the one that stays, else the one entered first."""
    stays, goes = sorted((a, b), key=lambda one: (-weights.get(one.id, 0), one.id))
    reasons = [_l("Same phone")] if by_phone or (a.phone_digits and a.phone_digits == b.phone_digits) else []
    if a.name_folded == b.name_folded:
        reasons.append(_l("Same name"))
    elif not by_phone or a.name_core == b.name_core:
        reasons.append(_l("Similar name"))
    return Pair(stays, goes, reasons, frozenset((a.id, b.id)) in proposed)


def _moved(merge: CustomerMerge) -> Any:
    lines = [formatters.labelled(_forms.name_of(table), n) for table, n in (merge.moved or {}).items()]
    return Markup("<br>").join(lines) if lines else formatters.EMPTY


def _taken(merge: CustomerMerge) -> Any:
    labels = [registry.view_of(Customer).label(field) for field in merge.taken]
    return formatters.listed(labels)


class CustomerMergeView(DocumentView):
    """Every proposal to merge two customers, and what became of it."""

    model = CustomerMerge
    endpoint = "customer_merges"
    url = "/customer-merges/"
    name = _l("Merges")
    name_one = _l("Merge of customers")
    group = NavGroup.CUSTOMERS
    order = 17
    icon = "board"
    read = RIGHTS

    column_list = ("customer", "survivor", "state", "reason", "created_at", "decided_at")
    column_labels = {
        "customer": _l("Given up"), "survivor": _l("Stays"), "reason": _l("Why they are the same"),
        "created_at": _l("Proposed"), "decided_at": _l("Decided"), "moved": _l("Moved"),
        "taken": _l("Kept of the customer given up"),
    }  # fmt: skip
    column_default_sort = ("id", True)
    column_filters = ("state", "customer", "survivor", "created_at")
    column_formatters_detail: Any = {
        "moved": lambda view, context, merge, name: _moved(merge),
        "taken": lambda view, context, merge, name: _taken(merge),
    }
    link_column = "customer"
    stages = (MergeState.PROPOSED, MergeState.MERGED)
    next_actor = {MergeState.PROPOSED: _l("Branch general manager")}
    sections = (
        Section(_l("Merge of customers"), ("customer", "survivor", "reason", "taken", "created_at")),
        Section(_l("What became of it"), ("decided_at", "moved"), only_filled=True),
    )
    empty_text = _l("Here stands every proposal to merge two customers who are the same.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """The proposals that wait for this manager."""
        if not by.can(Permission.CUSTOMER_MERGE):
            return []
        return [Queue(_l("Merges to decide"), queries.to_decide(by), {"state": MergeState.PROPOSED.value})]


VIEWS = [DuplicatesView, CustomerMergeView]

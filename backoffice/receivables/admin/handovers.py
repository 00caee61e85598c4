"""Cash handovers in the panel."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from backoffice.core.permissions import Actor, Permission, Role
from backoffice.receivables import queries
from backoffice.receivables.models import CashHandover, HandoverState, Payment
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section


def _for_me(values: list[str], by: Actor) -> Any:
    return queries.to_confirm_by(by)


def _difference_cell(handover: CashHandover) -> Any:
    difference = handover.difference
    if not difference:
        return "" if difference is None else formatters.money(difference)
    return formatters.tag(formatters.money(difference), "bad" if difference < 0 else "warn")


class CashHandoverView(DocumentView):
    """Every slip by which cash went to finance."""

    model = CashHandover
    endpoint = "cash_handovers"
    url = "/handovers/"
    name = _l("Cash handovers")
    name_one = _l("Cash handover")
    group = NavGroup.MONEY
    order = 30
    icon = "list"
    read = (Permission.CASH_READ, Permission.CASH_READ_OWN)
    create_act = "handover.create"

    column_list = (
        "number", "state", "collector", "handed_at", "total", "counted_total", "difference", "confirmed_by",
        "confirmed_at",
    )  # fmt: skip
    column_labels = {
        "collector": _l("Collector"), "handed_at": _l("Handed over"), "lines_total": _l("Payments on it"),
        "carried": _l("Left from earlier counts"), "total": _l("Total"), "counted_total": _l("Counted"),
        "difference": _l("Difference"), "difference_reason": _l("Reason of the difference"),
        "confirmed_at": _l("Confirmed"), "confirmed_by": _l("Confirmed by"), "withdraw_reason": _l("Why withdrawn"),
    }  # fmt: skip
    column_searchable_list = ("number",)
    column_sortable_list = ("number", "handed_at")
    column_default_sort = ("id", True)
    column_filters = (
        "state", "collector", "confirmed_by", "handed_at", "difference",
        ChoiceFilter("waiting", _l("Waits"), (("me", _l("for me to count")),), _for_me),
    )  # fmt: skip
    column_formatters = {"difference": lambda view, context, handover, name: _difference_cell(handover)}
    column_formatters_export = {"difference": lambda view, context, handover, name: handover.difference}
    export_more = ("lines_total", "carried", "difference_reason", "withdraw_reason")
    stages = (HandoverState.OPEN, HandoverState.CONFIRMED)
    next_actor = {HandoverState.OPEN: Role.FINANCE.label}
    sections = (
        Section(_l("Handover"), ("collector", "handed_at", "lines_total", "carried", "total")),
        Section(
            _l("Count"),
            ("counted_total", "difference", "difference_reason", "confirmed_at", "confirmed_by", "withdraw_reason"),
            only_filled=True,
        ),
    )  # fmt: skip
    related: tuple[Related, ...] = (
        Related(
            _l("Payments"), "payments", "handover",
            lambda handover: select(func.count()).where(Payment.handover_id == handover.id),
        ),
    )  # fmt: skip
    details_template = "receivables/handover.html"
    empty_text = _l("Whoever has collected cash hands it over to finance, who counts and confirms it.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Handovers that this person has to count."""
        if not by.can(Permission.HANDOVER_CONFIRM):
            return []
        return [Queue(_l("Handovers to confirm"), queries.count_to_confirm(by), {"waiting": "me"})]

    def more(self, doc: CashHandover, by: Actor) -> dict[str, Any]:
        """The payments on it."""
        return {"lines": queries.lines_of(doc)}

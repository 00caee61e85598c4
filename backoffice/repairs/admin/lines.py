"""What is written on cards, each as a register of its own: time, parts, inspections, delays."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_

from backoffice.core.permissions import Actor, Permission
from backoffice.parts.admin import BuiltInView
from backoffice.repairs import queries
from backoffice.repairs.models import CardPart, DelayReport, DelayState, Inspection, TimeEntry
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Section

_CARD = {"card": _l("Repair card"), "card.model_text": _l("Model"), "card.customer_name": _l("Customer")}


def _time_kind(values: list[str], by: Actor) -> Any:
    conditions = {
        "valid": TimeEntry.voided_at.is_(None), "void": TimeEntry.voided_at.is_not(None),
        "running": TimeEntry.ended_at.is_(None),
    }  # fmt: skip
    return or_(*(conditions[value] for value in values))


class TimeEntryView(DocumentView):
    """Working time on cards."""

    model = TimeEntry
    endpoint = "time_entries"
    url = "/repair-times/"
    name = _l("Working time")
    name_one = _l("Time on a card")
    icon = "clock"
    read = Permission.REPAIR_READ

    column_list = ("started_at", "minutes", "user", "card", "card.model_text", "work", "void_reason")
    column_labels = {
        **_CARD, "started_at": _l("Began"), "ended_at": _l("Ended"), "minutes": _l("Minutes"), "user": _l("Who"),
        "work": _l("Work done"), "voided_at": _l("Void since"), "void_reason": _l("Why void"), "kind": _l("Entries"),
    }  # fmt: skip
    column_sortable_list = ("started_at",)
    column_default_sort = ("started_at", True)
    column_filters = (
        "card", "user", "started_at",
        ChoiceFilter("kind", _l("Entries"), (("valid", _l("valid")), ("void", _l("void")),
                                             ("running", _l("timer runs"))), _time_kind),
    )  # fmt: skip
    link_column = "started_at"
    sections = (
        Section(_l("Time"), ("card", "user", "started_at", "ended_at", "minutes", "work")),
        Section(_l("Void"), ("voided_at", "void_reason"), only_filled=True),
    )
    empty_text = _l("Time is entered on a repair card, by timer or by hand.")


class CardPartView(BuiltInView):
    """Parts that were built in."""

    model = CardPart
    subject = "card"
    endpoint = "card_parts"
    url = "/repair-parts/"
    name = _l("Parts on cards")
    name_one = _l("Part on a card")
    read = Permission.REPAIR_READ

    column_labels = BuiltInView.column_labels | _CARD
    empty_text = _l("Parts are entered on a repair card; the stock moves with them.")


class InspectionView(DocumentView):
    """What the second pair of eyes found."""

    model = Inspection
    endpoint = "inspections"
    url = "/inspections/"
    name = _l("Inspections")
    name_one = _l("Inspection")
    icon = "audit"
    read = Permission.REPAIR_READ

    column_list = ("inspected_at", "result", "card", "card.model_text", "inspected_by", "at_customer", "note")
    column_labels = {
        **_CARD, "inspected_at": _l("Inspected"), "result": _l("Result"), "inspected_by": _l("Inspected by"),
        "at_customer": _l("Rejected by the customer"), "note": _l("Note"), "nth": _l("Which time"),
    }  # fmt: skip
    column_sortable_list = ("inspected_at",)
    column_default_sort = ("inspected_at", True)
    column_filters = ("card", "result", "inspected_by", "inspected_at")
    link_column = "inspected_at"
    sections = (
        Section(_l("Inspection"), ("card", "nth", "inspected_at", "inspected_by", "result", "at_customer", "note")),
    )
    empty_text = _l("A repaired item is inspected by somebody who did not repair it.")


def _when_told(values: list[str], by: Actor) -> Any:
    conditions = {"before": ~DelayReport.is_found_after, "after": DelayReport.is_found_after}
    return or_(*(conditions[value] for value in values))


def _customer_told(values: list[str], by: Actor) -> Any:
    conditions = {
        "yes": DelayReport.customer_informed_at.is_not(None),
        "no": DelayReport.customer_informed_at.is_(None),
    }
    return or_(*(conditions[value] for value in values))


class DelayReportView(DocumentView):
    """Repairs that could not be finished as planned: told before, or found after."""

    model = DelayReport
    endpoint = "delay_reports"
    url = "/delays/"
    name = _l("Delay reports")
    name_one = _l("Delay report")
    group = NavGroup.GOODS
    order = 15
    icon = "clock"
    read = Permission.REPAIR_READ

    column_list = (
        "reported_at", "state", "card", "card.model_text", "cause", "old_finish_at", "new_finish_at", "told",
        "customer_informed_at", "reported_by",
    )  # fmt: skip
    column_labels = {
        **_CARD, "reported_at": _l("Reported"), "cause": _l("Reason"), "old_finish_at": _l("Planned"),
        "new_finish_at": _l("New date"), "told": _l("Told"), "customer_informed_at": _l("Customer told"),
        "reported_by": _l("Reported by"), "help_requested": _l("Help needed"), "decision": _l("Decision"),
        "decided_at": _l("Decided"), "decided_by": _l("Decided by"), "informed_how": _l("How he was told"),
        "informed": _l("Customer told"),
    }  # fmt: skip
    column_sortable_list = ("reported_at",)
    column_default_sort = ("reported_at", True)
    column_filters = (
        "state", "card", "reported_by", "reported_at",
        ChoiceFilter("told", _l("Told"), (("before", _l("before the planned finish")), ("after", _l("found after it"))),
                     _when_told),
        ChoiceFilter("informed", _l("Customer told"), (("yes", _l("yes")), ("no", _l("no"))), _customer_told),
    )  # fmt: skip
    list_needs = ("is_found_after",)
    column_formatters = {
        "told": lambda view, context, report, name: formatters.tag(
            *((_l("found after"), "bad") if report.is_found_after else (_l("told before"), "good"))
        )
    }
    column_formatters_export = {
        "told": lambda view, context, report, name: _l("found after") if report.is_found_after else _l("told before")
    }
    link_column = "reported_at"
    sections = (
        Section(
            _l("Delay"),
            ("card", "card.customer_name", "reported_at", "reported_by", "told", "cause", "help_requested",
             "old_finish_at", "new_finish_at"),
        ),
        Section(_l("Decision"), ("decision", "decided_at", "decided_by"), only_filled=True),
        Section(_l("Customer"), ("customer_informed_at", "informed_how"), only_filled=True),
    )  # fmt: skip
    empty_text = _l("A technician who cannot keep the planned finish reports it here before it is past.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Delays on which the supervisor has to decide."""
        if not by.can(Permission.REPAIR_DECIDE):
            return []
        waiting = {"state": DelayState.REPORTED.value}
        return [Queue(_l("Delays to decide"), queries.delays_to_decide(by), waiting)]

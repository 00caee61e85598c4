"""Repair cards in the panel."""

from typing import Any

from flask import abort, redirect
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import func, or_, select

from backoffice.calls.admin import ServiceCallView
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.goods.admin import promise_cell
from backoffice.products.admin import InstalledUnitView
from backoffice.repairs import forms as _forms  # noqa: F401 - declares the input pages
from backoffice.repairs import queries
from backoffice.repairs.models import OPEN, CardPart, CardState, DelayReport, Inspection, RepairCard, TimeEntry
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue, anyone
from backoffice.ui.views import DocumentView, NavGroup, Related, Section


def plan_cell(card: RepairCard) -> Any:
    """The planned finish as a clock that stops with the repair."""
    if card.is_history or card.planned_finish_at is None or card.state.is_final:
        return ""
    if card.state is CardState.UNREPAIRABLE:
        return ""
    return formatters.deadline(card.planned_finish_at, card.finished_at, card.received_at)


def notes(card: RepairCard) -> list[tuple[Any, str]]:
    """(words, tone) of what is out of the ordinary."""
    found: list[tuple[Any, str]] = []
    if card.is_history:
        found.append((gettext("history"), "neutral"))
    if card.state is CardState.WAITING and card.waiting_for is not None:
        found.append((card.waiting_for.label, "warn"))
    if card.rework_count:
        found.append((gettext("rework %(n)s×", n=card.rework_count), "bad"))
    if card.state is CardState.PENDING and not card.hangs:
        found.append((gettext("card not printed"), "neutral"))
    return found


def notes_cell(card: RepairCard) -> Any:
    """The same as tags."""
    return Markup(" ").join(formatters.tag(words, tone) for words, tone in notes(card))


def _due(values: list[str], by: Actor) -> Any:
    conditions = {
        "over": queries.overdue(), "today": queries.due_today(), "open": queries.is_open(),
        "hand_back": queries.to_hand_back(),
    }  # fmt: skip
    return or_(*(conditions[value] for value in values))


def _history(values: list[str], by: Actor) -> Any:
    conditions = {"only": RepairCard.is_history, "without": ~RepairCard.is_history}
    return or_(*(conditions[value] for value in values))


class RepairCardView(DocumentView):
    """Every card, the newest first."""

    model = RepairCard
    endpoint = "repair_cards"
    url = "/repair-cards/"
    name = _l("Repair cards")
    name_one = _l("Repair card")
    group = NavGroup.GOODS
    order = 5
    icon = "voucher"
    read = Permission.REPAIR_READ

    column_list = (
        "number", "state", "remarks", "due", "customer_name", "model_text", "serial_no", "technician", "received_at",
    )  # fmt: skip
    column_labels = {
        "remarks": _l("Note"), "due": _l("Planned finish"), "customer_name": _l("Customer"), "model_text": _l("Model"),
        "serial_no": _l("Serial number"), "technician": _l("Technician"), "received_at": _l("Taken in"),
        "call": _l("Call"), "call.service_type": _l("Service type"), "entry": _l("Register line"),
        "entry.promised_return_on": _l("Promised for"), "unit": _l("Unit"), "customer": _l("Customer record"),
        "fault_text": _l("Fault"), "diagnosis": _l("Diagnosis"), "planned_finish_at": _l("Planned finish"),
        "printed_at": _l("Card printed"), "started_at": _l("Started"), "waiting_for": _l("Waits for"),
        "waiting_reason": _l("What is missing"), "finished_at": _l("Repaired"), "finished_by": _l("Repaired by"),
        "work_done": _l("Work done"), "fault_cause": _l("Cause"), "no_parts": _l("No parts were needed"),
        "test_flow": _l("Trial run: flow (m³/h)"), "test_head": _l("Trial run: head (m)"),
        "test_current": _l("Trial run: current (A)"), "test_insulation": _l("Trial run: insulation (MΩ)"),
        "test_note": _l("Trial run: remark"), "quote_amount": _l("Quote"), "quoted_at": _l("Quoted"),
        "customer_agreed_at": _l("Customer agreed"), "agreed_by": _l("Who agreed"), "inspected_at": _l("Inspected"),
        "inspected_by": _l("Inspected by"), "inspection_note": _l("Inspection note"),
        "rework_count": _l("Times sent back"), "unrepairable_reason": _l("Why it cannot be repaired"),
        "offer": _l("Offered"), "replacement": _l("Replacement"), "ended_at": _l("Left us"),
        "old_number": _l("Old number"), "outcome": _l("Outcome"), "paper_no": _l("Paper number"),
        "minutes": _l("Minutes worked"), "cost": _l("Comes to"), "timing": _l("Time limit"), "history": _l("History"),
    }  # fmt: skip
    column_searchable_list = ("number", "serial_no", "model_text", "customer_name", "fault_text")
    column_sortable_list = ("number", "received_at", "finished_at", "inspected_at")
    column_default_sort = ("received_at", True)
    column_filters = (
        "state", "technician", "customer", "unit", "call", "received_at", "finished_at",
        ChoiceFilter(
            "timing", _l("Time limit"),
            (("open", _l("in our hands")), ("over", _l("planned finish past")), ("today", _l("due today")),
             ("hand_back", _l("to be handed back"))),
            _due,
        ),
        ChoiceFilter("history", _l("History"), (("without", _l("without")), ("only", _l("only"))), _history),
    )  # fmt: skip
    list_needs = (
        "planned_finish_at", "finished_at", "is_history", "waiting_for", "rework_count", "printed_at", "paper_no",
    )  # fmt: skip
    export_more = ("fault_text", "finished_at", "inspected_at", "ended_at", "rework_count")
    column_formatters = {
        "due": lambda view, context, card, name: plan_cell(card),
        "remarks": lambda view, context, card, name: notes_cell(card),
        "minutes": lambda view, context, card, name: formatters.duration(queries.minutes_of(card)),
        "cost": lambda view, context, card, name: formatters.money(queries.estimate_of(card).total),
        "entry.promised_return_on": lambda view, context, card, name: promise_cell(
            card.entry.promised_return_on if card.entry else None, is_held=card.state in OPEN
        ),
    }
    column_formatters_export = {
        "remarks": lambda view, context, card, name: "; ".join(str(words) for words, _tone in notes(card)),
        "due": lambda view, context, card, name: card.planned_finish_at,
    }
    stages = (
        CardState.PENDING, CardState.REPAIRING, CardState.REPAIRED, CardState.INSPECTED, CardState.RETURNED,
    )  # fmt: skip
    next_actor = {
        CardState.PENDING: Role.TECHNICIAN.label, CardState.REPAIRING: Role.TECHNICIAN.label,
        CardState.WAITING: Role.TECHNICIAN.label, CardState.REPAIRED: Role.SUPERVISOR.label,
        CardState.INSPECTED: Role.TECHNICIAN.label, CardState.UNREPAIRABLE: Role.TECHNICIAN.label,
    }  # fmt: skip
    sections = (
        Section(
            _l("Item"),
            ("customer_name", "customer", "unit", "model_text", "serial_no", "fault_text", "call", "call.service_type",
             "entry", "paper_no", "old_number", "outcome"),
            only_filled=True,
        ),
        Section(
            _l("Plan"),
            ("technician", "received_at", "planned_finish_at", "entry.promised_return_on", "printed_at", "waiting_for",
             "waiting_reason"),
            only_filled=True,
        ),
        Section(
            _l("Repair"),
            ("started_at", "diagnosis", "minutes", "cost", "finished_at", "finished_by", "fault_cause", "work_done",
             "no_parts", "test_flow", "test_head", "test_current", "test_insulation", "test_note"),
            only_filled=True,
        ),
        Section(_l("Quote"), ("quote_amount", "quoted_at", "customer_agreed_at", "agreed_by"), only_filled=True),
        Section(
            _l("Inspection and way back"),
            ("inspected_at", "inspected_by", "inspection_note", "rework_count", "unrepairable_reason", "offer",
             "replacement", "ended_at"),
            only_filled=True,
        ),
    )  # fmt: skip
    related = (
        Related(_l("Time"), "time_entries", "card",
                lambda card: select(func.count()).select_from(TimeEntry).where(TimeEntry.card_id == card.id)),
        Related(_l("Parts"), "card_parts", "card",
                lambda card: select(func.count()).select_from(CardPart).where(CardPart.card_id == card.id)),
        Related(_l("Inspections"), "inspections", "card",
                lambda card: select(func.count()).select_from(Inspection).where(Inspection.card_id == card.id)),
        Related(_l("Delays"), "delay_reports", "card",
                lambda card: select(func.count()).select_from(DelayReport).where(DelayReport.card_id == card.id)),
    )  # fmt: skip
    rights = {**DocumentView.rights, "scan_view": anyone}
    empty_text = _l("A card is written when goods are taken away from a customer; it hangs on them until they go back.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Cards to inspect, beyond their plan, to hand back; a technician's own."""
        found = []
        if by.role is Role.TECHNICIAN:
            open_cards = {"timing": "open", "technician": by.id}
            found.append(
                Queue(_l("My repair cards"), queries.own_open(by), open_cards,
                      ("number", "state", "due", "model_text"))
            )  # fmt: skip
        if by.can(Permission.REPAIR_ASSIGN):
            repaired = {"state": CardState.REPAIRED.value}
            found.append(Queue(_l("Repairs to inspect"), queries.in_state(CardState.REPAIRED, by), repaired,
                               ("number", "due", "model_text", "technician")))  # fmt: skip
            found.append(Queue(_l("Repairs beyond the plan"), queries.count(by, queries.overdue()), {"timing": "over"}))
        return found

    @expose("/scan/<number>")
    def scan_view(self, number: str) -> Any:
        """What the QR code on a card opens: its page; 404 for a card of another branch or another technician."""
        card = queries.with_number(number[:40], self._by())
        if card is None:
            abort(404, description=gettext("There is no such card here."))
        return redirect(self.url_of(card))


#: The lower pages show what hangs on them without knowing this feature.
ServiceCallView.related += (
    Related(
        _l("Repair cards"), "repair_cards", "call",
        lambda call: select(func.count()).select_from(RepairCard).where(RepairCard.call_id == call.id),
    ),
)  # fmt: skip
InstalledUnitView.related += (
    Related(
        _l("Repair cards"), "repair_cards", "unit",
        lambda unit: select(func.count()).select_from(RepairCard).where(RepairCard.unit_id == unit.id),
    ),
)  # fmt: skip

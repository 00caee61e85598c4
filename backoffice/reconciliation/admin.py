"""The evening in the panel: the screen of a day, the day books, and what was carried over."""

from datetime import date, timedelta
from typing import Any

from flask import render_template, request
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_

from backoffice.core import clock
from backoffice.core.acts import REGISTRY
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.reports.queries import missing
from backoffice.reports.rules import DIFFERENCES, UNDONE, Standing
from backoffice.ui import registry
from backoffice.ui.fields import FIRST_YEAR
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import PageView, Queue, actor
from backoffice.ui.views import DocumentView, NavGroup, Section

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries
from .models import DayBook, DayState, UndoneLine, UndoneState

#: Calls of a column that are shown at first, and at most.
SHOWN, MOST = 50, 2000
#: The columns of the screen: heading, and the standings in it.
COLUMNS = (
    (_l("Written off"), (Standing.WRITTEN_OFF,)),
    (_l("Goods taken away, in repair"), (Standing.IN_REPAIR,)),
    (_l("Undone"), UNDONE),
    (_l("Cancelled"), (Standing.CANCELLED,)),
    (_l("Differences"), DIFFERENCES),
)
_TONES = {
    Standing.WRITTEN_OFF: "good", Standing.IN_REPAIR: "info", Standing.NOT_DISPATCHED: "warn",
    Standing.UNFINISHED: "warn", Standing.CANCELLED: "neutral", Standing.NOT_BACK: "bad",
    Standing.NOT_WRITTEN_OFF: "bad",
}  # fmt: skip


def _screen(branch_id: int, day: date, book: DayBook | None) -> dict[str, Any]:
    """What the screen of a day shows."""
    everything = request.args.get("show") == "all"
    return {
        "today": queries.day_of(branch_id, day, book), "columns": COLUMNS, "tones": _TONES,
        "shown": MOST if everything else SHOWN, "everything": everything,
        "label": lambda standing: standing.label if standing is not None else gettext("not in the book"),
    }  # fmt: skip


def _asked_day() -> date:
    """The day of the address; today where it names none that can be."""
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return clock.today()
    return day if day.year >= FIRST_YEAR and day <= clock.today() else clock.today()


class EveningView(PageView):
    """The register of a day against the vouchers, on one screen (W-7)."""

    endpoint = "evening"
    url = "/evening"
    name = _l("Evening")
    group = NavGroup.SERVICE
    order = 45
    icon = "board"
    read = Permission.DAY_READ

    @expose("/")
    def index_view(self) -> Any:
        """The day at hand, of the own branch."""
        by = actor()
        assert by is not None  # noqa: S101 - the door asks for `read`
        day = _asked_day()
        book = queries.book_of(by.branch_id, day)
        names = [person.name for person in missing(by.branch_id, day)] if by.can(Permission.REPORT_READ) else None
        beside = [registry.view_at(one) for one in ("day_books", "undone_lines", "supervisor_reports", "daily_reports")]
        return render_template(
            "reconciliation/evening.html", view=self, admin_view=self, day=day, book=book, missing=names,
            before=day - timedelta(days=1), after=day + timedelta(days=1) if day < clock.today() else None,
            may_begin=book is None and REGISTRY["day.open"].permitted(by),
            beside=[view for view in beside if view is not None and view.is_accessible()],
            **_screen(by.branch_id, day, book),
        )  # fmt: skip


def _book_look(values: list[str], by: Actor) -> Any:
    return queries.to_close()


class DayBookView(DocumentView):
    """The reconciliation of every day."""

    model = DayBook
    endpoint = "day_books"
    url = "/evening/days/"
    name = _l("Reconciliations")
    name_one = _l("Reconciliation of a day")
    icon = "board"
    read = Permission.DAY_READ
    create_act = "day.open"

    column_list = (
        "day", "state", "branch", "members", "service_checked_by", "sales_checked_by", "closed_by", "closed_at",
    )  # fmt: skip
    column_labels = {
        "day": _l("Day"), "members": _l("Calls in it"), "service_checked_by": _l("Service side"),
        "service_checked_at": _l("Service side checked"), "sales_checked_by": _l("Sales side"),
        "sales_checked_at": _l("Sales side checked"), "closed_by": _l("Closed by"), "closed_at": _l("Closed at"),
        "closing": _l("Times closed"), "reopened_at": _l("Reopened"), "reopen_reason": _l("Why it was reopened"),
    }  # fmt: skip
    column_sortable_list = ("day",)
    column_default_sort = ("day", True)
    column_filters = (
        "state", "day", ChoiceFilter("look", _l("Look at"), (("to_close", _l("over, not closed")),), _book_look),
    )  # fmt: skip
    link_column = "day"
    stages = (DayState.OPEN, DayState.CHECKED, DayState.CLOSED)
    next_actor = {DayState.CHECKED: Role.ASSISTANT.label}
    sections = (
        Section(
            _l("Checks"),
            ("day", "branch", "service_checked_by", "service_checked_at", "sales_checked_by", "sales_checked_at",
             "closed_by", "closed_at", "closing", "members", "reopened_at", "reopen_reason"),
            only_filled=True,
        ),
    )  # fmt: skip
    details_template = "reconciliation/record.html"
    empty_text = _l("Every evening the register of the day is compared with the vouchers.")

    def more(self, doc: DayBook, by: Actor) -> dict[str, Any]:
        """The columns of the day."""
        return _screen(doc.branch_id, doc.day, doc)


def _undone_look(values: list[str], by: Actor) -> Any:
    conditions = {"waiting": queries.waiting(), "open": queries.still_unserved(), "served": ~queries.still_unserved()}
    return or_(*(conditions[value] for value in values))


class UndoneLineView(DocumentView):
    """The calls that were not served by the end of a day, for the next working morning (R-02)."""

    model = UndoneLine
    endpoint = "undone_lines"
    url = "/evening/undone/"
    name = _l("Carried over")
    name_one = _l("Carried-over call")
    group = NavGroup.SERVICE
    order = 15
    icon = "clock"
    read = Permission.DAY_READ

    column_list = (
        "deliver_on", "state", "call", "call.customer_name", "call.state", "call.received_at", "standing", "times",
        "decision", "decision_note",
    )  # fmt: skip
    column_labels = {
        "deliver_on": _l("For the morning of"), "day": _l("Undone at the end of"), "call": _l("Call"),
        "call.customer_name": _l("Customer"), "call.state": _l("Call is"), "call.received_at": _l("Received"),
        "standing": _l("Where it stood"), "times": _l("Times carried over"), "decision": _l("Decision"),
        "decision_note": _l("Note"), "decided_by": _l("Decision by"), "decided_at": _l("Decision at"),
    }  # fmt: skip
    column_sortable_list = ("deliver_on",)
    column_default_sort = ("deliver_on", True)
    column_filters = (
        "state", "deliver_on", "day", "decision", "call",
        ChoiceFilter(
            "look", _l("Look at"),
            (("waiting", _l("to decide")), ("open", _l("still not served")), ("served", _l("served since"))),
            _undone_look,
        ),
    )  # fmt: skip
    list_needs = ("call.customer_kind",)
    link_column = "deliver_on"
    next_actor = {UndoneState.PENDING: Role.SUPERVISOR.label}
    also_acts = (("call", _l("Service call")),)
    sections = (
        Section(
            _l("Carried-over call"),
            ("call", "call.customer_name", "call.state", "call.received_at", "day", "deliver_on", "standing", "times",
             "decision", "decision_note", "decided_by", "decided_at"),
            only_filled=True,
        ),
    )  # fmt: skip
    empty_text = _l("Here stands what was not served by the end of a day, for the next working morning.")

    def is_visible(self) -> bool:
        """In the sidebar of whoever decides; others reach it from the evening's screen."""
        by = actor()
        return by is not None and by.can(Permission.UNDONE_DECIDE)

    def heading(self, doc: UndoneLine) -> str:
        """The call, and for which morning."""
        return f"{doc.call.number} · {doc.deliver_on.isoformat()}"

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Carried-over calls for which the supervisor has not decided yet (W-7)."""
        if not by.can(Permission.UNDONE_DECIDE):
            return []
        return [Queue(_l("Carried over, to decide"), queries.to_decide(by), {"look": "waiting"},
                      ("deliver_on", "call", "call.customer_name", "times"))]  # fmt: skip


VIEWS = [EveningView, DayBookView, UndoneLineView]

"""The audit trail, the print log and the number series, to read."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.core.audit import AuditEntry
from backoffice.core.numbering import NumberSeries
from backoffice.core.permissions import Permission
from backoffice.core.printing import PrintEntry
from backoffice.settings.definitions import BY_KEY
from backoffice.ui import formatters, printing, registry, trail
from backoffice.ui.guards import actor
from backoffice.ui.views import BaseView, NavGroup, Section


class AuditView(BaseView):
    """Who did what, when it happened and when it was entered; nobody can change it (G-04)."""

    model = AuditEntry
    endpoint = "audit"
    url = "/audit/"
    name = _l("Audit trail")
    name_one = _l("Audit entry")
    group = NavGroup.SYSTEM
    order = 20
    icon = "audit"
    read = Permission.AUDIT_READ

    column_list = ("at", "user", "act", "subject", "on_behalf_of", "is_late", "branch")
    column_labels = {
        "at": _l("Entered"), "event_at": _l("Happened"), "user": _l("Who"), "act": _l("Act"), "subject": _l("Record"),
        "on_behalf_of": _l("On behalf of"), "is_late": _l("Entered late"), "branch": _l("Branch"),
        "ip": _l("Network address"),
        "note": _l("Note"), "changes": _l("Changes"), "subject_type": _l("Kind of record"),
    }  # fmt: skip
    column_formatters = {
        "act": lambda view, context, entry, name: trail.act_words(entry.act),
        "subject": lambda view, context, entry, name: _subject(entry),
        "changes": lambda view, context, entry, name: _changes(entry),
    }
    column_filters = ("at", "user", "act", "subject_type", "branch", "is_late")
    column_sortable_list = ("at",)
    column_default_sort = ("at", True)
    list_needs = ("subject_type", "subject_id")
    link_column = "at"
    sections = (
        Section(_l("Audit entry"), ("at", "event_at", "is_late", "user", "on_behalf_of", "branch", "ip")),
        Section(_l("Act"), ("act", "subject", "note", "changes")),
    )

    def heading(self, doc: AuditEntry) -> str:
        """What was done to which record."""
        return f"{trail.act_words(doc.act)} · {doc.subject}" if doc.subject else str(trail.act_words(doc.act))


def _subject(entry: AuditEntry) -> Any:
    view = registry.view_of(entry.subject_type)
    kind = view.name_one if view is not None else entry.subject_type
    words = f"{kind} {entry.subject or ''}".strip()
    return registry.linked(entry.subject_type, entry.subject_id, words)


def _changes(entry: AuditEntry) -> Any:
    view = registry.view_of(entry.subject_type)
    if view is None or not entry.changes:
        return ""
    names = trail.Names(view.model, [entry.changes], actor())
    lines = [
        formatters.labelled(label, Markup("{} → {}").format(old if old is not None else "", new))
        for label, old, new in trail.changed(view, names, entry)
    ]
    return Markup("<br>").join(lines)


class PrintLogView(BaseView):
    """Which paper was printed when and by whom, the first time and again (E-39)."""

    model = PrintEntry
    endpoint = "print_log"
    url = "/print-log/"
    name = _l("Print log")
    name_one = _l("Print")
    group = NavGroup.SYSTEM
    order = 18
    icon = "print"
    read = Permission.AUDIT_READ

    column_list = ("printed_at", "form", "subject", "nth", "printed_by", "branch")
    column_labels = {
        "printed_at": _l("Printed at"), "form": _l("Form"), "subject": _l("Record"), "nth": _l("Which print"),
        "printed_by": _l("Who"), "branch": _l("Branch"), "locale": _l("Language"),
    }  # fmt: skip
    column_formatters = {
        "form": lambda view, context, entry, name: _form_words(entry.form),
        "subject": lambda view, context, entry, name: _printed(entry),
        "nth": lambda view, context, entry, name: _nth_words(entry.nth),
    }
    column_filters = ("printed_at", "printed_by", "form", "subject", "branch")
    column_sortable_list = ("printed_at",)
    column_default_sort = ("printed_at", True)
    list_needs = ("subject_type", "subject_id")
    link_column = "printed_at"
    sections = (Section(_l("Print"), ("form", "subject", "nth", "printed_at", "printed_by", "branch", "locale")),)
    empty_text = _l("Every print of a voucher, a receipt, a card or a register stands here.")

    def heading(self, doc: PrintEntry) -> str:
        """The form and the record."""
        return f"{_form_words(doc.form)} {doc.subject}".strip()


def _form_words(key: str) -> str:
    form = printing.PRINTS.get(key)
    return f"{key} {form.label}" if form is not None else key


def _printed(entry: PrintEntry) -> Any:
    if not entry.subject:
        return gettext("extract")
    return registry.linked(entry.subject_type, entry.subject_id, entry.subject)


def _nth_words(nth: int) -> str:
    return gettext("first print") if nth == 1 else gettext("Reprint no. %(n)s", n=nth - 1)


class NumberSeriesView(BaseView):
    """The last number given per document, branch and period (E-35); the patterns are settings."""

    model = NumberSeries
    endpoint = "number_series"
    url = "/numbers/"
    name = _l("Number series")
    name_one = _l("Number series")
    group = NavGroup.SYSTEM
    order = 15
    icon = "list"
    read = Permission.SETTING_READ

    column_list = ("document", "branch", "period", "last")
    column_labels = {
        "document": _l("Document"), "branch": _l("Branch"), "period": _l("Period"), "last": _l("Last number given"),
    }  # fmt: skip
    column_formatters = {
        "document": lambda view, context, series, name: _document_words(series.document),
    }
    column_sortable_list = ("document",)
    column_default_sort = "document"
    empty_text = _l("A series begins with the first number that is given.")


def _document_words(key: str) -> str:
    definition = BY_KEY.get(key)
    return f"{definition.label} ({key})" if definition is not None else key

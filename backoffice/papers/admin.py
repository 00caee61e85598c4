"""Blocks of paper, their sheets, and the report of the missing ones in the panel."""

from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core.permissions import Actor, Permission
from backoffice.ui import formatters, registry
from backoffice.ui.filters import ChoiceFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries
from .models import BlockState, PaperBlock, PaperSheet, SheetState

_READ = (Permission.PAPER_READ, Permission.PAPER_READ_OWN)


def _has_missing(values: list[str], by: Actor) -> Any:
    return PaperBlock.missing > 0


def _missing_cell(block: PaperBlock) -> Any:
    return formatters.tag(block.missing, "bad") if block.missing else ""


def _document(sheet: PaperSheet) -> Any:
    """The document on the sheet, linked where the person may open it."""
    if not sheet.subject_number:
        return ""
    return registry.linked(sheet.subject_type, sheet.subject_id, sheet.subject_number)


class PaperBlockView(DocumentView):
    """Every pad of numbered sheets, and who has it."""

    model = PaperBlock
    endpoint = "paper_blocks"
    url = "/paper-blocks/"
    name = _l("Paper blocks")
    name_one = _l("Block of paper")
    group = NavGroup.SERVICE
    order = 40
    icon = "list"
    read = _READ
    create_act = "paper.hand_out"

    column_list = ("number", "kind", "state", "holder", "blank_left", "missing", "handed_out_at", "taken_back_at")
    column_labels = {
        "number": _l("Numbers"), "kind": _l("Paper"), "holder": _l("Holder"), "blank_left": _l("Blank sheets"),
        "missing": _l("Missing sheets"), "handed_out_at": _l("Handed out"), "taken_back_at": _l("Back since"),
        "gaps": _l("Sheets"),
    }  # fmt: skip
    column_sortable_list = ("handed_out_at",)
    column_default_sort = ("handed_out_at", True)
    column_filters = (
        "kind", "state", "holder", "handed_out_at",
        ChoiceFilter("gaps", _l("Sheets"), (("missing", _l("some are missing")),), _has_missing),
    )  # fmt: skip
    column_formatters = {"missing": lambda view, context, block, name: _missing_cell(block)}
    column_formatters_export = {"missing": lambda view, context, block, name: block.missing}
    sections = (
        Section(
            _l("Block of paper"),
            ("kind", "number", "holder", "handed_out_at", "taken_back_at", "blank_left", "missing"),
        ),
    )
    stages = (BlockState.OPEN, BlockState.CLOSED)
    related = (
        Related(_l("Sheets"), "paper_sheets", "block", lambda block: queries.count_of(block.id)),
        Related(
            _l("Missing or lost"), "missing_sheets", "block",
            lambda block: queries.count_of(block.id, SheetState.MISSING, SheetState.LOST),
        ),
    )  # fmt: skip
    empty_text = _l("A pad of pre-numbered sheets is handed to a person here; every sheet is then accounted for.")


class PaperSheetView(DocumentView):
    """Every numbered sheet, and what became of it."""

    model = PaperSheet
    endpoint = "paper_sheets"
    url = "/paper-sheets/"
    name = _l("Sheets")
    name_one = _l("Numbered sheet")
    group = NavGroup.SERVICE
    order = 42
    icon = "file"
    read = _READ

    column_list: tuple[str, ...] = ("number", "kind", "state", "block", "holder", "document", "used_at", "reason")
    column_labels = {
        "kind": _l("Paper"), "block": _l("Block of paper"), "holder": _l("Holder"), "document": _l("Document"),
        "used_at": _l("Used"), "missing_since": _l("Missing since"), "spoiled_at": _l("Spoiled"),
        "lost_at": _l("Declared lost"), "subject_number": _l("Document"), "before": _l("Before it"),
        "after": _l("After it"),
    }  # fmt: skip
    column_searchable_list = ("number",)
    column_sortable_list = ("number", "used_at")
    column_default_sort: Any = ("number", False)
    column_filters = ("state", "block", "holder", "used_at")
    column_formatters = {"document": lambda view, context, sheet, name: _document(sheet)}
    column_formatters_export = {"document": lambda view, context, sheet, name: sheet.subject_number}
    column_formatters_detail: Any = {
        "document": lambda view, context, sheet, name: _document(sheet),
        "before": lambda view, context, sheet, name: queries.neighbour_of(sheet, before=True),
        "after": lambda view, context, sheet, name: queries.neighbour_of(sheet, before=False),
    }
    list_needs: tuple[str, ...] = ("subject_type", "subject_id", "subject_number")
    also_acts = (("block", _l("Block of paper")),)
    sections = (
        Section(_l("Numbered sheet"), ("number", "kind", "block", "holder")),
        Section(
            _l("What became of it"), ("document", "used_at", "missing_since", "spoiled_at", "lost_at", "reason"),
            only_filled=True,
        ),
        Section(_l("Sheets in use beside it"), ("before", "after"), only_filled=True),
    )  # fmt: skip
    empty_text = _l("The sheets stand here once their block is handed out.")


class MissingSheetView(PaperSheetView):
    """The report: each missing and each lost sheet, its holder, since when, and the sheets in use around it."""

    endpoint = "missing_sheets"
    url = "/missing-sheets/"
    name = _l("Missing sheets")
    order = 44
    icon = "audit"
    read = Permission.PAPER_READ

    column_list = ("number", "kind", "state", "holder", "missing_since", "before", "after", "block")
    export_more = ("lost_at", "reason")
    column_sortable_list = ("missing_since",)
    column_default_sort = ("missing_since", False)
    column_filters = ("state", "block", "holder", "missing_since")
    default_filters = {"state": (SheetState.MISSING.value, SheetState.LOST.value)}
    computed = {"before": queries.neighbour(before=True), "after": queries.neighbour(before=False)}
    column_formatters: dict[str, Any] = {}
    list_needs = ()
    empty_text = _l("No sheet is missing.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """The missing sheets of which the supervisor has to find out what became of them."""
        if not by.can(Permission.PAPER_DECLARE_LOST):
            return []
        missing = {"state": SheetState.MISSING.value}
        return [Queue(_l("Missing sheets"), queries.in_state(SheetState.MISSING, by), missing)]


VIEWS = [PaperBlockView, PaperSheetView, MissingSheetView]

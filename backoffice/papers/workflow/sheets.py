"""Sheets that are spoiled or lost: acts on their block, which is locked before they are (E-10)."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import alike
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.papers.models import BlockState, PaperBlock, PaperSheet, SheetState
from backoffice.papers.rules import normal

from .using import take_out

#: A block without blank sheets is used up.
_CLOSING = (
    (PaperBlock, BlockState.OPEN, BlockState.CLOSED),
    (PaperBlock, BlockState.RETURNED, BlockState.CLOSED),
)


@act(
    "paper.spoil", PaperBlock, permission=(Permission.PAPER_SPOIL, Permission.PAPER_SPOIL_OWN),
    label=_l("Spoil sheets"), rule="E-10", bulk=False, order=30,
    also=[
        (PaperSheet, SheetState.BLANK, SheetState.SPOILED), (PaperSheet, SheetState.MISSING, SheetState.SPOILED),
        (PaperSheet, SheetState.LOST, SheetState.SPOILED), (PaperSheet, SheetState.BLANK, SheetState.MISSING),
        *_CLOSING,
    ],
)  # fmt: skip
def spoil(block: PaperBlock, *, by: Actor, at: datetime, first: str, reason: str, last: str = "") -> None:
    """Sheets from `first` to `last` (or only the first) were spoiled or turned up spoiled; they are not used again."""
    sheets = _chosen(block, first, last, (SheetState.BLANK, SheetState.MISSING, SheetState.LOST))
    if not by.can(Permission.PAPER_SPOIL) and any(sheet.holder_id != by.id for sheet in sheets):
        raise NotPermitted(_l("Only your own sheets can be entered by you."), rule="P-3")
    reason = _given(reason, _l("Say how the sheet was spoiled."))
    take_out(block, sheets, at, consumed=True)
    for sheet in sheets:
        sheet.state, sheet.spoiled_at, sheet.reason, sheet.missing_since = SheetState.SPOILED, at, reason, None
    with alike.together():
        db.session.flush()


@act(
    "paper.declare_lost", PaperBlock, permission=Permission.PAPER_DECLARE_LOST, label=_l("Declare sheets lost"),
    rule="E-10", bulk=False, tone="danger", order=40,
    also=[
        (PaperSheet, SheetState.BLANK, SheetState.LOST), (PaperSheet, SheetState.MISSING, SheetState.LOST), *_CLOSING,
    ],
)  # fmt: skip
def declare_lost(block: PaperBlock, *, by: Actor, at: datetime, first: str, reason: str, last: str = "") -> None:
    """The supervisor gives up sheets from `first` to `last` (or only the first); the report keeps naming them."""
    sheets = _chosen(block, first, last, (SheetState.BLANK, SheetState.MISSING))
    reason = _given(reason, _l("Say what is known about the loss."))
    take_out(block, sheets, at, consumed=False)
    for sheet in sheets:
        sheet.state, sheet.lost_at, sheet.reason, sheet.missing_since = SheetState.LOST, at, reason, None
    with alike.together():
        db.session.flush()


def _chosen(block: PaperBlock, first: str, last: str, allowed: tuple[SheetState, ...]) -> list[PaperSheet]:
    """The sheets of the block from `first` to `last`; raises where one is not in one of the allowed states."""
    low = _place(block, first, "first")
    high = _place(block, last, "last") if normal(last) else low
    if high < low:
        raise RuleViolated(_l("The last number lies before the first one."), rule="E-10", field="last")
    query = select(PaperSheet).where(PaperSheet.block_id == block.id, PaperSheet.position.between(low, high))
    query = query.order_by(PaperSheet.position).execution_options(populate_existing=True)
    sheets = list(db.session.scalars(query))
    for sheet in sheets:
        if sheet.state not in allowed:
            raise RuleViolated(
                _l("Sheet %(number)s is “%(state)s”.", number=sheet.number, state=sheet.state.label), rule="E-10",
                field="first" if sheet.position == low else "last",
            )  # fmt: skip
    return sheets


def _place(block: PaperBlock, text: str, field: str) -> int:
    number = normal(text)
    if not number:
        raise MissingInput(_l("Enter the number of the sheet."), rule="E-10", field=field)
    query = select(PaperSheet.position).where(PaperSheet.block_id == block.id, PaperSheet.number == number)
    place = db.session.scalar(query)
    if place is None:
        raise RuleViolated(
            _l("%(number)s is no sheet of block %(block)s.", number=number[:60], block=block.number), rule="E-10",
            field=field,
        )  # fmt: skip
    return place


def _given(reason: str, message: object) -> str:
    kept = reason.strip()
    if not kept:
        raise MissingInput(message, rule="E-10", field="reason")
    return kept[:300]

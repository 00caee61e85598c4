"""Sheets used and spoiled by documents of other features; no acts of their own (E-10)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import alike
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, Remedy, RuleViolated
from backoffice.organisation.models import User
from backoffice.papers.models import BlockState, PaperBlock, PaperKind, PaperSheet, SheetState
from backoffice.papers.queries import blanks_of, sheet_of
from backoffice.papers.rules import LONGEST, normal

Row = TypeVar("Row", PaperBlock, PaperSheet)

#: Moves that an act declares in which a document may take a sheet (`also=[*USING]`).
USING = (
    (PaperSheet, SheetState.BLANK, SheetState.USED),
    (PaperSheet, SheetState.MISSING, SheetState.USED),
    (PaperSheet, SheetState.BLANK, SheetState.MISSING),
    (PaperBlock, BlockState.OPEN, BlockState.CLOSED),
)
#: Moves that an act declares in which a document on a sheet may become void.
SPOILING = ((PaperSheet, SheetState.USED, SheetState.SPOILED),)


def free_number(model: type[Any], paper_no: str | None, *, field: str = "paper_no") -> str | None:
    """The number as it is kept, None for ""; raises RuleViolated where a document of `model` has it (E-10).

    Asked of the documents themselves: some are older than the accounting of paper, and their sheets are not known.
    """
    number = normal(paper_no)
    if not number:
        return None
    other = db.session.scalar(select(model.number).where(model.paper_no == number))
    if other is not None:
        raise _used(number, other, field)
    return number


def use_sheet(
    kind: PaperKind, paper_no: str | None, *, branch_id: int, people: Collection[int | None], subject: Any,
    at: datetime, field: str = "paper_no",
) -> PaperSheet | None:  # fmt: skip
    """Write a document on the sheet with that number; returns the sheet, whose `number` the document keeps.

    paper_no: as typed; "" and None give None. people: keys of those whose paper it may be. subject: the document, in
    the session and complete, with its own number: the session is flushed to get its key, so call this before other
    rows are changed. Sheets before it that are still blank are missing from now on.
    Raises RuleViolated (E-10, naming `field`) where no block with that number is handed out in the branch, where the
    sheet is used, spoiled or lost, and where somebody else holds it.
    """
    number = normal(paper_no)
    if not number:
        return None
    if len(number) > LONGEST:
        raise MissingInput(_l("At most %(length)s characters fit here.", length=LONGEST), rule="E-10", field=field)
    known = db.session.execute(
        select(PaperSheet.id, PaperSheet.block_id).where(
            PaperSheet.kind == kind, PaperSheet.number == number, PaperSheet.branch_id == branch_id
        )
    ).one_or_none()
    if known is None:
        raise _not_handed_out(number, field)
    block = _as_it_is(PaperBlock, known.block_id, lock=True)
    sheet = _as_it_is(PaperSheet, known.id)
    _check_usable(sheet, people, field)
    db.session.flush()  # the document gets its key
    take_out(block, [sheet], at, consumed=True)
    sheet.state, sheet.used_at, sheet.missing_since = SheetState.USED, at, None
    sheet.subject_type, sheet.subject_id, sheet.subject_number = subject.__tablename__, subject.id, subject.number
    return sheet


def spoil_sheet(kind: PaperKind, paper_no: str | None, *, at: datetime, reason: str) -> PaperSheet | None:
    """The document on that sheet is void: the sheet is spoiled and stays with its number (G-03).

    Returns the sheet; None where the number is "" or stands on no known sheet.
    """
    number = normal(paper_no)
    sheet = sheet_of(kind, number) if number else None
    if sheet is not None and sheet.state is SheetState.USED:
        sheet.state, sheet.spoiled_at, sheet.reason = SheetState.SPOILED, at, reason.strip()[:300]
    return sheet


def _as_it_is(model: type[Row], key: int, *, lock: bool = False) -> Row:
    """The row read anew; as it stands in the session where this act has changed it, which it did under the lock."""
    held: Row | None = db.session.identity_map.get(db.session.identity_key(model, key))
    if held is not None and db.session.is_modified(held):
        return held
    found: Row = db.session.get_one(model, key, populate_existing=True, with_for_update=lock or None)
    return found


def _used(number: str, document: str, field: str) -> RuleViolated:
    return RuleViolated(
        _l("Paper number %(number)s is used already, by %(document)s.", number=number, document=document),
        rule="E-10", field=field,
    )  # fmt: skip


def _not_handed_out(number: str, field: str) -> RuleViolated:
    return RuleViolated(
        _l("Paper number %(number)s stands in no block that is handed out here.", number=number),
        rule="E-10", field=field, remedy=Remedy(_l("Hand out paper"), "paper_blocks.create_view"),
    )  # fmt: skip


def _check_usable(sheet: PaperSheet, people: Collection[int | None], field: str) -> None:
    if sheet.state is SheetState.USED:
        raise _used(sheet.number, sheet.subject_number, field)
    if sheet.state in (SheetState.SPOILED, SheetState.LOST):
        raise RuleViolated(
            _l("Sheet %(number)s cannot be used: it is “%(state)s” (%(reason)s).", number=sheet.number,
               state=sheet.state.label, reason=sheet.reason or sheet.subject_number),
            rule="E-10", field=field,
        )  # fmt: skip
    if sheet.holder_id is None:
        raise _not_handed_out(sheet.number, field)
    if sheet.holder_id not in people:
        holder = db.session.get_one(User, sheet.holder_id)
        raise RuleViolated(
            _l("Sheet %(number)s is in the hands of %(holder)s.", number=sheet.number, holder=holder.real_name),
            rule="E-10", field=field,
        )  # fmt: skip


def take_out(block: PaperBlock, sheets: list[PaperSheet], at: datetime, *, consumed: bool) -> None:
    """Count sheets out of their locked block while they are still blank, missing or lost.

    consumed: they are used or spoiled, so that blank sheets before them are missing; otherwise they are lost.
    """
    highest = max(sheet.position for sheet in sheets) if consumed else 0
    chosen = {sheet.id for sheet in sheets}
    block.missing -= sum(sheet.state is SheetState.MISSING for sheet in sheets)
    block.blank_left -= sum(sheet.state is SheetState.BLANK for sheet in sheets)
    mark_missing(block, [s for s in blanks_of(block) if s.position < highest and s.id not in chosen], at)


def mark_missing(block: PaperBlock, sheets: list[PaperSheet], at: datetime) -> None:
    """Blank sheets of a locked block are missing from `at` on; a block without blank sheets is used up."""
    for sheet in sheets:
        sheet.state, sheet.missing_since = SheetState.MISSING, at
    block.missing += len(sheets)
    block.blank_left -= len(sheets)
    if block.blank_left == 0 and block.state is not BlockState.CLOSED:
        block.state = BlockState.CLOSED
    if sheets:
        with alike.together():
            db.session.flush()

"""Who sees which paper, which sheet carries a number, and which sheets are missing."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, select

from backoffice.core.db import db
from backoffice.core.once import know, once
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch

from .models import PaperBlock, PaperKind, PaperSheet, SheetState
from .rules import normal


def _held_or_all(model: Any, by: Actor) -> ColumnElement[bool]:
    if by.can(Permission.PAPER_READ):
        return in_branch(model, by)
    if by.can(Permission.PAPER_READ_OWN):
        return and_(in_branch(model, by), model.holder_id == by.id)
    return false()


@scoped(PaperBlock)
def visible_blocks(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician the blocks that he holds (P-1)."""
    return _held_or_all(PaperBlock, by)


@scoped(PaperSheet)
def visible_sheets(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician the sheets for which he answers (P-1)."""
    return _held_or_all(PaperSheet, by)


def sheet_of(kind: PaperKind, number: str) -> PaperSheet | None:
    """The sheet that carries a number (in its normal spelling), in any branch; None where there is none."""
    query = select(PaperSheet).where(PaperSheet.kind == kind, PaperSheet.number == number)
    return once(("paper_sheet", kind, number), lambda: db.session.scalar(query))


def know_sheets(kind: PaperKind, paper_numbers: Collection[str | None]) -> None:
    """Find the sheets of all these numbers at once, before `sheet_of` is asked for each (bulk acts)."""
    numbers = {normal(one) for one in paper_numbers} - {""}
    if not numbers:
        return
    query = select(PaperSheet).where(PaperSheet.kind == kind, PaperSheet.number.in_(sorted(numbers)))
    found = {sheet.number: sheet for sheet in db.session.scalars(query)}
    for number in numbers:
        know(("paper_sheet", kind, number), found.get(number))


def sheets_with(kind: PaperKind, numbers: Sequence[str]) -> list[PaperSheet]:
    """The sheets of any branch that carry one of these numbers, in their order."""
    query = select(PaperSheet).where(PaperSheet.kind == kind, PaperSheet.number.in_(numbers))
    return list(db.session.scalars(query.order_by(PaperSheet.number)))


def blanks_of(block: PaperBlock) -> list[PaperSheet]:
    """The blank sheets of a block in their order, as they are now."""
    query = select(PaperSheet).where(PaperSheet.block_id == block.id, PaperSheet.state == SheetState.BLANK)
    return list(db.session.scalars(query.order_by(PaperSheet.position).execution_options(populate_existing=True)))


def next_blank(kind: PaperKind, holder_id: int) -> str:
    """The number of the next blank sheet of that kind in a person's hands, or ""."""
    held = and_(PaperSheet.holder_id == holder_id, PaperSheet.kind == kind, PaperSheet.state == SheetState.BLANK)
    return db.session.scalar(select(PaperSheet.number).where(held).order_by(PaperSheet.id).limit(1)) or ""


def missing_count(by: Actor) -> Any:
    """Selects how many visible sheets are missing."""
    return select(func.count()).select_from(PaperSheet).where(
        PaperSheet.state == SheetState.MISSING, visible_sheets(by)
    )  # fmt: skip

"""Who sees which paper, which sheet carries a number, and which sheets are missing."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, select
from sqlalchemy.orm import aliased

from backoffice.core.db import db
from backoffice.core.once import know, once
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import scoped
from backoffice.organisation.models import User
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


def next_blanks(kind: PaperKind, branch_id: int, limit: int) -> list[tuple[str, str]]:
    """(name, number of the next blank sheet) of those in the branch who hold paper of that kind, by name."""
    first = (
        select(func.min(PaperSheet.id))
        .where(PaperSheet.branch_id == branch_id, PaperSheet.kind == kind, PaperSheet.state == SheetState.BLANK,
               PaperSheet.holder_id.is_not(None))
        .group_by(PaperSheet.holder_id)
    )  # fmt: skip
    held = select(User.real_name, PaperSheet.number).join(User, User.id == PaperSheet.holder_id)
    found = db.session.execute(
        held.where(PaperSheet.id.in_(first)).order_by(User.real_name, PaperSheet.id).limit(limit)
    )
    return [(name, number) for name, number in found]


def first_in_state(block: PaperBlock, state: SheetState) -> str:
    """The lowest number of a block in that state, or ""."""
    held = select(PaperSheet.number).where(PaperSheet.block_id == block.id, PaperSheet.state == state)
    return db.session.scalar(held.order_by(PaperSheet.position).limit(1)) or ""


def in_state(state: SheetState, by: Actor) -> Select[int]:
    """How many visible sheets are in that state."""
    return select(func.count()).select_from(PaperSheet).where(PaperSheet.state == state, visible_sheets(by))


def count_of(block_id: int, *states: SheetState) -> Select[int]:
    """How many sheets of a block are in one of these states; in any, where none is named."""
    query = select(func.count()).select_from(PaperSheet).where(PaperSheet.block_id == block_id)
    return query.where(PaperSheet.state.in_(states)) if states else query


def neighbour(*, before: bool) -> Any:
    """Expression over a row of `paper_sheet`: the nearest sheet of its block before or after it that is accounted for.

    As text: its number, and that of the document on it.
    """
    other = aliased(PaperSheet)
    words = other.number + case((other.subject_number != "", literal(" · ") + other.subject_number), else_="")
    # Not “in used and spoiled”: the sheets are to be read by place until the first one fits.
    query = select(words).where(
        other.block_id == PaperSheet.block_id,
        other.state.not_in([SheetState.BLANK, SheetState.MISSING, SheetState.LOST]),
        other.position < PaperSheet.position if before else other.position > PaperSheet.position,
    )  # fmt: skip
    order = other.position.desc() if before else other.position
    return query.order_by(order).limit(1).correlate(PaperSheet).scalar_subquery()


def neighbour_of(sheet: PaperSheet, *, before: bool) -> str:
    """The same for one sheet; "" where there is none."""
    return db.session.scalar(select(neighbour(before=before)).where(PaperSheet.id == sheet.id)) or ""

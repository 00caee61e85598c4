"""Blocks go out, change hands and come back (E-10)."""

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert

from backoffice.core import alike, grams, notices
from backoffice.core.acts import act, check_after
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.search_index import as_columns
from backoffice.organisation.models import User
from backoffice.papers.models import BlockState, PaperBlock, PaperKind, PaperSheet, SheetState
from backoffice.papers.queries import blanks_of, sheets_with
from backoffice.papers.rules import normal, numbers_between

from .using import mark_missing

HANDED_OUT = notices.kind(
    "paper.handed_out", _l("You now hold the sheets %(number)s; every one is to be accounted for.")
)


def _check_holder(holder: User | None, branch_id: int) -> User:
    if holder is None:
        raise MissingInput(_l("Choose who gets the paper."), rule="E-10", field="holder")
    if holder.branch_id != branch_id or not holder.is_active:
        raise RuleViolated(
            _l("%(name)s is not an active member of this branch.", name=holder.real_name), rule="E-10", field="holder"
        )
    return holder


@act(
    "paper.hand_out", PaperBlock, permission=Permission.PAPER_HAND_OUT, label=_l("Hand out paper"), rule="E-10",
    creates=True, tone="primary",
)  # fmt: skip
def hand_out(
    *, by: Actor, at: datetime, kind: PaperKind | None, first: str, last: str, holder: User | None
) -> PaperBlock:
    """Give a pad to a person: first and last are the numbers printed on its first and last sheet."""
    if kind is None:
        raise MissingInput(_l("Choose what is printed on the sheets."), rule="E-10", field="kind")
    holder = _check_holder(holder, by.branch_id)
    numbers = numbers_between(first, last)
    taken = sheets_with(kind, list(numbers))
    if taken:
        raise RuleViolated(
            _l("Number %(number)s belongs to block %(block)s already.", number=taken[0].number,
               block=taken[0].block.number),
            rule="E-10", field="first",
        )  # fmt: skip
    block = PaperBlock(
        branch_id=by.branch_id, number=numbers.name, kind=kind, prefix=numbers.prefix, first_no=numbers.first,
        last_no=numbers.last, width=numbers.width, state=BlockState.OPEN, holder_id=holder.id, handed_out_at=at,
        blank_left=len(numbers),
    )  # fmt: skip
    db.session.add(block)
    db.session.flush()  # the sheets need its key
    common = {
        "branch_id": block.branch_id, "block_id": block.id, "kind": kind, "state": SheetState.BLANK,
        "holder_id": holder.id, "created_by_id": by.id,
    }  # fmt: skip
    db.session.execute(
        insert(PaperSheet),
        [
            {**common, "number": number, "position": place, **as_columns(grams.texts_of([(number, "")]))}
            for place, number in enumerate(numbers, 1)
        ],
    )
    notices.send(HANDED_OUT, [holder.id], block, number=block.number)
    return block


@act(
    "paper.hand_over", PaperBlock, permission=Permission.PAPER_HAND_OUT, label=_l("Hand over"), rule="E-10",
    sources=[BlockState.OPEN, BlockState.RETURNED], target=BlockState.OPEN, bulk=False, order=20,
)  # fmt: skip
def hand_over(block: PaperBlock, *, by: Actor, at: datetime, holder: User | None) -> None:
    """Give the blank sheets of a block to somebody else; for the others whoever had them keeps answering."""
    holder = _check_holder(holder, block.branch_id)
    if holder.id == block.holder_id:
        raise RuleViolated(_l("%(name)s holds it already.", name=holder.real_name), rule="E-10", field="holder")
    check_after(at, block.handed_out_at, _l("Handed out"))
    block.state, block.holder_id, block.taken_back_at = BlockState.OPEN, holder.id, None
    _give(blanks_of(block), holder.id)
    notices.send(HANDED_OUT, [holder.id], block, number=block.number)


@act(
    "paper.take_back", PaperBlock, permission=Permission.PAPER_HAND_OUT, label=_l("Take back"), rule="E-10",
    sources=[BlockState.OPEN], bulk=False, tone="primary", order=10,
    also=[
        (PaperBlock, BlockState.OPEN, BlockState.RETURNED), (PaperBlock, BlockState.OPEN, BlockState.CLOSED),
        (PaperSheet, SheetState.BLANK, SheetState.MISSING),
    ],
)  # fmt: skip
def take_back(block: PaperBlock, *, by: Actor, at: datetime, present_from: str = "", none_there: bool = False) -> None:
    """The block comes back: the blank sheets from `present_from` on are there, those before it are missing.

    none_there: no blank sheet is there; the block is then used up.
    """
    check_after(at, block.handed_out_at, _l("Handed out"))
    number, blanks = normal(present_from), blanks_of(block)
    if bool(number) is none_there:
        raise MissingInput(
            _l("Enter the first blank sheet that is there, or say that none is there."), rule="E-10",
            field="present_from",
        )  # fmt: skip
    place = next((sheet.position for sheet in blanks if sheet.number == number), None)
    if number and place is None:
        raise RuleViolated(
            _l("%(number)s is no blank sheet of this block; its blank sheets begin with %(first)s.", number=number,
               first=blanks[0].number),
            rule="E-10", field="present_from",
        )  # fmt: skip
    there = [sheet for sheet in blanks if place is not None and sheet.position >= place]
    block.taken_back_at = at
    if there:
        block.state, block.holder_id = BlockState.RETURNED, None
        _give(there, None)
    mark_missing(block, [sheet for sheet in blanks if sheet not in there], at)


def _give(sheets: Sequence[PaperSheet], holder_id: int | None) -> None:
    for sheet in sheets:
        sheet.holder_id = holder_id
    with alike.together():
        db.session.flush()

"""What holds for pre-numbered paper, and what the features declare whose documents stand on it (E-10)."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from backoffice.core.invariants import invariant

from .models import PaperBlock, PaperKind, PaperSheet, SheetState


@invariant(PaperBlock, rule="E-10", says="Its counts of blank and missing sheets differ from its sheets.")
def counts_its_sheets() -> Select[int, str]:
    """What a block says of its sheets is what they say."""

    def counted(state: SheetState) -> ColumnElement[int]:
        return func.count(case((PaperSheet.state == state, 1)))

    return (
        select(PaperBlock.id, PaperBlock.number)
        .outerjoin(PaperSheet, PaperSheet.block_id == PaperBlock.id)
        .group_by(PaperBlock.id)
        .having(
            or_(PaperBlock.blank_left != counted(SheetState.BLANK), PaperBlock.missing != counted(SheetState.MISSING))
        )
    )


def documents_on_paper(model: type[Any], kind: PaperKind, void: Any, *, always_known: bool = True) -> None:
    """Declare that a used sheet and the document that stands on it name each other.

    void: the state of `model` in which its sheet is spoiled. always_known: no document is older than the accounting of
    paper, so that each number written on one is that of a known sheet.
    """
    table = model.__tablename__

    @invariant(PaperSheet, rule="E-10", says=f"It is used, but that {table.replace('_', ' ')} does not stand on it.",
               name=f"is_used_by_its_{table}")  # fmt: skip
    def is_used_by_its_document() -> Select[int, str]:
        return (
            select(PaperSheet.id, PaperSheet.number)
            .outerjoin(
                model,
                and_(model.id == PaperSheet.subject_id, model.paper_no == PaperSheet.number, model.state != void),
            )
            .where(PaperSheet.state == SheetState.USED, PaperSheet.subject_type == table, model.id.is_(None))
        )

    @invariant(model, rule="E-10", says="The sheet of its paper number is not used by it.")
    def uses_its_sheet() -> Select[int, str]:
        state = case((model.state == void, SheetState.SPOILED), else_=SheetState.USED)
        # none of these is true of a sheet that is not known
        wrong = [or_(PaperSheet.subject_type != table, PaperSheet.subject_id != model.id, PaperSheet.state != state)]
        if always_known:
            wrong.append(PaperSheet.id.is_(None))
        return (
            select(model.id, model.number)
            .outerjoin(PaperSheet, and_(PaperSheet.kind == kind, PaperSheet.number == model.paper_no))
            .where(model.paper_no.is_not(None), or_(*wrong))
        )

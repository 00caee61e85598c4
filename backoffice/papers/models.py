"""Blocks of pre-numbered paper and their sheets."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.db import Document, db, enum_type
from backoffice.core.searching import Searchable
from backoffice.core.states import LabelledEnum, StateEnum
from backoffice.organisation.models import User

from .rules import LONGEST, MOST_SHEETS


class PaperKind(LabelledEnum):
    """What is printed on the sheets."""

    VOUCHER = "voucher", _l("Service vouchers")
    RECEIPT = "receipt", _l("Goods receipts")
    CARD = "card", _l("Repair cards")


class BlockState(StateEnum):
    """Where a block is."""

    OPEN = "open", _l("Handed out"), "info"
    RETURNED = "returned", _l("Back in the office"), "neutral"
    CLOSED = "closed", _l("Used up"), "neutral", True


class SheetState(StateEnum):
    """What became of a sheet."""

    BLANK = "blank", _l("Blank"), "neutral"
    USED = "used", _l("Used"), "good"
    MISSING = "missing", _l("Missing"), "bad"
    SPOILED = "spoiled", _l("Spoiled"), "neutral", True
    LOST = "lost", _l("Declared lost"), "warn"


class PaperBlock(Document, db.Model):
    """A pad of numbered sheets in somebody's hands."""

    __tablename__ = "paper_block"
    __shown__ = ("number",)
    __table_args__ = (
        CheckConstraint(f"first_no <= last_no AND last_no - first_no < {MOST_SHEETS}", name="size"),
        CheckConstraint("state <> 'open' OR holder_id IS NOT NULL", name="open_has_holder"),
        CheckConstraint("state <> 'returned' OR taken_back_at IS NOT NULL", name="returned_has_time"),
        CheckConstraint("blank_left >= 0 AND missing >= 0", name="counts"),
        CheckConstraint("(state = 'closed') = (blank_left = 0)", name="closed_is_empty"),
        Index("ix_paper_block_by_state", "branch_id", "state", "id"),
        Index("ix_paper_block_missing", "branch_id", "id", sqlite_where=text("missing > 0"),
              postgresql_where=text("missing > 0")),
    )  # fmt: skip

    #: first and last number, `A0012301–A0012350`
    number: Mapped[str] = mapped_column(String(2 * LONGEST + 1), index=True)
    kind: Mapped[PaperKind] = mapped_column(enum_type(PaperKind), index=True)
    prefix: Mapped[str] = mapped_column(String(LONGEST), default="")
    first_no: Mapped[int]
    last_no: Mapped[int]
    #: figures to which the numbers are printed
    width: Mapped[int]
    state: Mapped[BlockState] = mapped_column(enum_type(BlockState), default=BlockState.OPEN)
    #: who has it; nobody while it is back in the office, whoever had it last when it is used up
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    handed_out_at: Mapped[datetime] = mapped_column(index=True)
    taken_back_at: Mapped[datetime | None]
    #: how many of its sheets are blank, and missing; kept along with them under the block's lock
    blank_left: Mapped[int] = mapped_column(info={"derived": True})
    missing: Mapped[int] = mapped_column(default=0, info={"derived": True})

    holder: Mapped[User | None] = relationship(foreign_keys=[holder_id])

    def __str__(self) -> str:
        return self.number


class PaperSheet(Searchable, Document, db.Model):
    """One numbered sheet. It changes only while its block is locked, but for a used one whose document is voided."""

    __tablename__ = "paper_sheet"
    __shown__ = ("number",)
    __table_args__ = (
        UniqueConstraint("kind", "number", name="uq_paper_sheet_number"),
        UniqueConstraint("block_id", "position", name="uq_paper_sheet_position"),
        CheckConstraint("state <> 'used' OR (used_at IS NOT NULL AND subject_type <> '')", name="used_has_document"),
        CheckConstraint("(state = 'spoiled') = (spoiled_at IS NOT NULL)", name="spoiled_has_time"),
        CheckConstraint("(state = 'missing') = (missing_since IS NOT NULL)", name="missing_has_time"),
        CheckConstraint("state <> 'lost' OR lost_at IS NOT NULL", name="lost_has_time"),
        CheckConstraint("state <> 'lost' OR reason <> ''", name="lost_has_reason"),
        CheckConstraint("state <> 'spoiled' OR reason <> '' OR subject_type <> ''", name="spoiled_has_reason"),
        Index("ix_paper_sheet_by_state", "branch_id", "state", "id"),
        Index("ix_paper_sheet_held", "holder_id", "kind", "state", "id"),
        Index("ix_paper_sheet_state", "block_id", "state", "position"),
        Index("ix_paper_sheet_subject", "subject_type", "subject_id"),
        Index("ix_paper_sheet_missing", "branch_id", "missing_since", sqlite_where=text("state = 'missing'"),
              postgresql_where=text("state = 'missing'")),
    )  # fmt: skip
    __searched__ = ("number",)

    block_id: Mapped[int] = mapped_column(ForeignKey("paper_block.id", ondelete="RESTRICT"))
    kind: Mapped[PaperKind] = mapped_column(enum_type(PaperKind))
    #: as printed, in the spelling of `rules.normal`
    number: Mapped[str] = mapped_column(String(LONGEST), index=True)
    #: place in the block, from 1
    position: Mapped[int]
    state: Mapped[SheetState] = mapped_column(enum_type(SheetState), default=SheetState.BLANK)
    #: who answers for it; nobody while it lies blank in the office
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    used_at: Mapped[datetime | None] = mapped_column(index=True)
    #: the document that stands on it; the trail tells its number
    subject_type: Mapped[str] = mapped_column(String(60), default="", info={"derived": True})
    subject_id: Mapped[int | None] = mapped_column(info={"derived": True})
    subject_number: Mapped[str] = mapped_column(String(40), default="")
    #: when a sheet behind it was used or spoiled, or its block came back without it
    missing_since: Mapped[datetime | None]
    spoiled_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]
    #: why it is spoiled or lost; may be empty where its document is void
    reason: Mapped[str] = mapped_column(String(300), default="")

    block: Mapped[PaperBlock] = relationship()
    holder: Mapped[User | None] = relationship(foreign_keys=[holder_id])

    def __str__(self) -> str:
        return self.number

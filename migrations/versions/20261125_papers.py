"""Create blocks of pre-numbered paper and their sheets, which are searched by number."""

import sqlalchemy as sa
from alembic import op

from backoffice.core import search_index

revision = "20261125_papers"
down_revision = "20261124_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the index of the search."""
    op.create_table(
        "paper_block",
        sa.Column("number", sa.String(length=61), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "voucher", "receipt", "card", name="paperkind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("prefix", sa.String(length=30), nullable=False),
        sa.Column("first_no", sa.Integer(), nullable=False),
        sa.Column("last_no", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open", "returned", "closed", name="blockstate", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("holder_id", sa.Integer(), nullable=True),
        sa.Column("handed_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blank_left", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(state = 'closed') = (blank_left = 0)", name=op.f("ck_paper_block_closed_is_empty")),
        sa.CheckConstraint("state <> 'open' OR holder_id IS NOT NULL", name=op.f("ck_paper_block_open_has_holder")),
        sa.CheckConstraint(
            "state <> 'returned' OR taken_back_at IS NOT NULL", name=op.f("ck_paper_block_returned_has_time")
        ),
        sa.CheckConstraint("blank_left >= 0 AND missing >= 0", name=op.f("ck_paper_block_counts")),
        sa.CheckConstraint("first_no <= last_no AND last_no - first_no < 500", name=op.f("ck_paper_block_size")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_paper_block_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_paper_block_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["user.id"], name=op.f("fk_paper_block_holder_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_paper_block_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_block")),
    )
    with op.batch_alter_table("paper_block") as batch:
        batch.create_index(batch.f("ix_paper_block_branch_id"), ["branch_id"])
        batch.create_index("ix_paper_block_by_state", ["branch_id", "state", "id"])
        batch.create_index(batch.f("ix_paper_block_created_by_id"), ["created_by_id"])
        batch.create_index(batch.f("ix_paper_block_handed_out_at"), ["handed_out_at"])
        batch.create_index(batch.f("ix_paper_block_holder_id"), ["holder_id"])
        batch.create_index(batch.f("ix_paper_block_kind"), ["kind"])
        batch.create_index(
            "ix_paper_block_missing",
            ["branch_id", "id"],
            sqlite_where=sa.text("missing > 0"),
            postgresql_where=sa.text("missing > 0"),
        )
        batch.create_index(batch.f("ix_paper_block_number"), ["number"])
        batch.create_index(batch.f("ix_paper_block_updated_by_id"), ["updated_by_id"])

    op.create_table(
        "paper_sheet",
        sa.Column("block_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "voucher", "receipt", "card", name="paperkind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "blank",
                "used",
                "missing",
                "spoiled",
                "lost",
                name="sheetstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("holder_id", sa.Integer(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("subject_number", sa.String(length=40), nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spoiled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("search_norm", sa.Text(), server_default="", nullable=False),
        sa.Column("search_masked", sa.Text(), server_default="", nullable=False),
        sa.Column("search_grams", sa.Text(), server_default="", nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'missing') = (missing_since IS NOT NULL)", name=op.f("ck_paper_sheet_missing_has_time")
        ),
        sa.CheckConstraint(
            "(state = 'spoiled') = (spoiled_at IS NOT NULL)", name=op.f("ck_paper_sheet_spoiled_has_time")
        ),
        sa.CheckConstraint("state <> 'lost' OR lost_at IS NOT NULL", name=op.f("ck_paper_sheet_lost_has_time")),
        sa.CheckConstraint("state <> 'lost' OR reason <> ''", name=op.f("ck_paper_sheet_lost_has_reason")),
        sa.CheckConstraint(
            "state <> 'spoiled' OR reason <> '' OR subject_type <> ''", name=op.f("ck_paper_sheet_spoiled_has_reason")
        ),
        sa.CheckConstraint(
            "state <> 'used' OR (used_at IS NOT NULL AND subject_type <> '')",
            name=op.f("ck_paper_sheet_used_has_document"),
        ),
        sa.ForeignKeyConstraint(
            ["block_id"], ["paper_block.id"], name=op.f("fk_paper_sheet_block_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_paper_sheet_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_paper_sheet_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["user.id"], name=op.f("fk_paper_sheet_holder_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_paper_sheet_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_sheet")),
        sa.UniqueConstraint("block_id", "position", name="uq_paper_sheet_position"),
        sa.UniqueConstraint("kind", "number", name="uq_paper_sheet_number"),
    )
    with op.batch_alter_table("paper_sheet") as batch:
        batch.create_index(batch.f("ix_paper_sheet_branch_id"), ["branch_id"])
        batch.create_index("ix_paper_sheet_by_state", ["branch_id", "state", "id"])
        batch.create_index(batch.f("ix_paper_sheet_created_by_id"), ["created_by_id"])
        batch.create_index("ix_paper_sheet_held", ["holder_id", "kind", "state", "id"])
        batch.create_index(
            "ix_paper_sheet_missing",
            ["branch_id", "missing_since"],
            sqlite_where=sa.text("state = 'missing'"),
            postgresql_where=sa.text("state = 'missing'"),
        )
        batch.create_index(batch.f("ix_paper_sheet_number"), ["number"])
        batch.create_index("ix_paper_sheet_state", ["block_id", "state", "position"])
        batch.create_index("ix_paper_sheet_subject", ["subject_type", "subject_id"])
        batch.create_index(batch.f("ix_paper_sheet_updated_by_id"), ["updated_by_id"])
        batch.create_index(batch.f("ix_paper_sheet_used_at"), ["used_at"])
    search_index.create(op.get_bind(), "paper_sheet")


def downgrade() -> None:
    """Drop index and tables."""
    search_index.drop(op.get_bind(), "paper_sheet")
    op.drop_table("paper_sheet")
    op.drop_table("paper_block")

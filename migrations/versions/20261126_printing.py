"""The log of printed papers."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_printing"
down_revision = "20261125_papers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "print_entry",
        sa.Column("form", sa.String(20), nullable=False),
        sa.Column("subject_type", sa.String(60), nullable=False),
        sa.Column("subject_id", sa.Integer()),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("printed_by_id", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(12), nullable=False),
        sa.Column("ticket", sa.String(64), nullable=False),
        sa.Column("extent", sa.JSON(none_as_null=True)),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_entry")),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{table}.id"], name=op.f(f"fk_print_entry_{name}_id"), ondelete="RESTRICT")
            for name, table in (("branch", "branch"), ("printed_by", "user"))
        ),
    )
    for name in ("form", "subject", "printed_at", "printed_by_id", "ticket", "branch_id"):
        op.create_index(op.f(f"ix_print_entry_{name}"), "print_entry", [name])
    of_record, of_list = sa.text("subject_id IS NOT NULL"), sa.text("subject_id IS NULL AND subject <> ''")
    op.create_index(
        "uq_print_entry_nth", "print_entry", ["subject_type", "subject_id", "form", "nth"], unique=True,
        sqlite_where=of_record, postgresql_where=of_record,
    )
    op.create_index(
        "uq_print_entry_list_nth", "print_entry", ["branch_id", "form", "subject", "nth"], unique=True,
        sqlite_where=of_list, postgresql_where=of_list,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("print_entry")

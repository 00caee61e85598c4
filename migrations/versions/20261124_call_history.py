"""Let calls of an older system stand in the register as history, with their old number."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_call_history"
down_revision = "20261125_duplicates"
branch_labels = None
depends_on = None

REASONS = ("customer_withdrew", "solved_by_phone", "duplicate", "not_ours", "refused", "other")
REASON_CHECK = "ck_service_call_cancelreason"
CHECKS = {
    "ck_service_call_history_is_over": "NOT is_history OR state IN ('closed', 'cancelled')",
    "ck_service_call_old_number_is_history": "is_history OR old_number = ''",
    "ck_service_call_undone_is_history": "is_history OR cancel_reason <> 'import_undone'",
}
LIVES = sa.text("old_number <> '' AND state <> 'cancelled'")


def _reasons(*more: str) -> str:
    return f"cancel_reason IN ({', '.join(repr(reason) for reason in (*REASONS, *more))})"


def upgrade() -> None:
    """Add the mark and the old number; the calls that are there are no history."""
    with op.batch_alter_table("service_call", recreate="never") as batch:
        batch.add_column(sa.Column("is_history", sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("old_number", sa.String(length=60), nullable=True))
    op.execute(sa.text("UPDATE service_call SET is_history = :no, old_number = ''").bindparams(no=False))
    with op.batch_alter_table("service_call") as batch:
        batch.alter_column("is_history", existing_type=sa.Boolean(), nullable=False)
        batch.alter_column("old_number", existing_type=sa.String(length=60), nullable=False)
        batch.drop_constraint(op.f(REASON_CHECK), type_="check")
        batch.create_check_constraint(op.f(REASON_CHECK), _reasons("import_undone"))
        for name, check in CHECKS.items():
            batch.create_check_constraint(op.f(name), check)
        batch.create_index("ix_service_call_old_number", ["old_number"], unique=False)
        batch.create_index(
            "uq_service_call_old_number", ["branch_id", "old_number"], unique=True, sqlite_where=LIVES,
            postgresql_where=LIVES,
        )  # fmt: skip


def downgrade() -> None:
    """Take the mark and the old number away; past calls stay as calls that are over."""
    op.execute("UPDATE service_call SET cancel_reason = 'other' WHERE cancel_reason = 'import_undone'")
    with op.batch_alter_table("service_call") as batch:
        batch.drop_index("uq_service_call_old_number")
        batch.drop_index("ix_service_call_old_number")
        for name in (*CHECKS, REASON_CHECK):
            batch.drop_constraint(op.f(name), type_="check")
        batch.create_check_constraint(op.f(REASON_CHECK), _reasons())
        batch.drop_column("old_number")
        batch.drop_column("is_history")

"""Mark the latest count of each collector, so that what it left with him is found at once."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_handovers"
down_revision = "20261129_sales"
branch_labels = None
depends_on = None

UNIQUE = "uq_cash_handover_latest"
LATEST = """
    UPDATE cash_handover SET is_latest = true WHERE state = 'confirmed' AND NOT EXISTS (
        SELECT 1 FROM cash_handover AS later WHERE later.collector_id = cash_handover.collector_id
        AND later.state = 'confirmed' AND later.id > cash_handover.id)
"""


def upgrade() -> None:
    op.add_column("cash_handover", sa.Column("is_latest", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(LATEST)
    with op.batch_alter_table("cash_handover") as batch:
        batch.alter_column("is_latest", server_default=None)
        batch.create_check_constraint("latest_is_counted", "NOT is_latest OR confirmed_at IS NOT NULL")
        batch.create_index(
            UNIQUE, ["collector_id"], unique=True, sqlite_where=sa.text("is_latest = 1"),
            postgresql_where=sa.text("is_latest"),
        )  # fmt: skip


def downgrade() -> None:
    with op.batch_alter_table("cash_handover") as batch:
        batch.drop_index(UNIQUE)
        batch.drop_constraint("latest_is_counted", type_="check")
        batch.drop_column("is_latest")

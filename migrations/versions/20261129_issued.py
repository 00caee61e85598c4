"""Index invoices by the day of their issue within a state: what is to be delivered, the oldest first."""

from alembic import op

revision = "20261129_issued"
down_revision = "20261129_handovers"
branch_labels = None
depends_on = None

NAME = "ix_invoice_by_issue"


def upgrade() -> None:
    op.create_index(NAME, "invoice", ["branch_id", "state", "issued_on", "id"])


def downgrade() -> None:
    op.drop_index(NAME, "invoice")

"""Give the lists an index with the key for the columns that they are sorted by and that many records share."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_lists"
down_revision = "20261124_project_care"
branch_labels = None
depends_on = None

#: table, column: the index of the column alone gives way to one of the column and the key
WIDENED = (
    ("customer", "kind"),
    ("installed_unit", "status"),
    ("service_call", "service_type"),
    ("service_call", "model_text"),
    ("service_call", "received_at"),
    ("audit_entry", "act"),
)
#: tables whose states were indexed with a time limit only
STATES = ("service_call", "service_voucher")
#: name, table, condition: what waits for somebody's decision is counted on every page
WAITING = (
    ("ix_service_call_proposed", "service_call", "proposed_type IS NOT NULL"),
    ("ix_service_voucher_unsigned", "service_voucher", "signature_mode = 'unsigned' AND signed_at IS NULL"),
)
OPEN = sa.text("state <> 'closed' AND state <> 'cancelled'")


def upgrade() -> None:
    """Widen the indexes; one of two values that nearly all rows share helps nobody."""
    op.drop_index("ix_customer_is_active", "customer")
    op.create_index(
        "ix_service_call_open_due", "service_call", ["branch_id", "dispatch_due_at", "id"], sqlite_where=OPEN,
        postgresql_where=OPEN, postgresql_include=["state", "received_at"],
    )  # fmt: skip
    for table, column in WIDENED:
        op.drop_index(f"ix_{table}_{column}", table)
        op.create_index(f"ix_{table}_{column}_id", table, [column, "id"])
    for table in STATES:
        op.create_index(f"ix_{table}_by_state", table, ["branch_id", "state", "id"])
    for name, table, condition in WAITING:
        where = sa.text(condition)
        op.create_index(name, table, ["branch_id", "id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Narrow them again."""
    op.create_index("ix_customer_is_active", "customer", ["is_active"])
    op.drop_index("ix_service_call_open_due", "service_call")
    for name, table, _ in WAITING:
        op.drop_index(name, table)
    for table in STATES:
        op.drop_index(f"ix_{table}_by_state", table)
    for table, column in WIDENED:
        op.drop_index(f"ix_{table}_{column}_id", table)
        op.create_index(f"ix_{table}_{column}", table, [column])

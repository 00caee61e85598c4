"""Give projects their stages with their days; projects that are there already begin as planned."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_project_care"
down_revision = "20261124_vouchers"
branch_labels = None
depends_on = None

DAYS = ("install_guided_on", "commissioned_on", "accepted_on", "trained_on", "in_operation_on")
CHECKS = {
    "ck_project_projectstate": "state IN ('planned', 'installing', 'commissioned', 'trained', 'in_operation')",
    "ck_project_installing_has_date": "(state = 'planned') = (install_guided_on IS NULL)",
    "ck_project_commissioned_has_date": "(state IN ('planned', 'installing')) = (commissioned_on IS NULL)",
    "ck_project_trained_has_date": "(state IN ('trained', 'in_operation')) = (trained_on IS NOT NULL)",
    "ck_project_in_operation_has_date": "(state = 'in_operation') = (in_operation_on IS NOT NULL)",
    "ck_project_steps_in_order": (
        "commissioned_on >= install_guided_on AND trained_on >= commissioned_on AND in_operation_on >= trained_on"
    ),
    "ck_project_accepted_after_commissioning": (
        "accepted_on IS NULL OR (commissioned_on IS NOT NULL AND accepted_on >= commissioned_on)"
    ),
}


def upgrade() -> None:
    """Add the state and the days."""
    with op.batch_alter_table("project", recreate="never") as batch:
        batch.add_column(sa.Column("state", sa.String(length=40), nullable=True))
        for day in DAYS:
            batch.add_column(sa.Column(day, sa.Date(), nullable=True))
    op.execute("UPDATE project SET state = 'planned'")
    with op.batch_alter_table("project") as batch:
        batch.alter_column("state", existing_type=sa.String(length=40), nullable=False)
        for name, check in CHECKS.items():
            batch.create_check_constraint(op.f(name), check)
        batch.create_index("ix_project_state", ["branch_id", "state"], unique=False)


def downgrade() -> None:
    """Take the state and the days away."""
    with op.batch_alter_table("project") as batch:
        batch.drop_index("ix_project_state")
        for name in CHECKS:
            batch.drop_constraint(op.f(name), type_="check")
        for day in reversed(DAYS):
            batch.drop_column(day)
        batch.drop_column("state")

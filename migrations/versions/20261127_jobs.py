"""Remember with which records a job has dealt on a day."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_jobs"
down_revision = "20261127_import_cards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "job_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_mark")),
        sa.UniqueConstraint("job", "day", "subject_type", "subject_id", name="uq_job_mark_once"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("job_mark")

"""Let a unit be void, so that its serial number may be entered again."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_void_units"
down_revision = "20261124_call_history"
branch_labels = None
depends_on = None

STATUSES = ("in_use", "in_repair", "returned", "scrapped")
STATUS_CHECK = "ck_installed_unit_unitstatus"
VOID_CHECK = "ck_installed_unit_void_gives_serial_back"


def _statuses(*more: str) -> str:
    return f"status IN ({', '.join(repr(status) for status in (*STATUSES, *more))})"


def upgrade() -> None:
    """Number the void entries of a serial number; none is void yet."""
    with op.batch_alter_table("installed_unit", recreate="never") as batch:
        batch.add_column(sa.Column("void_no", sa.Integer(), nullable=True))
    op.execute("UPDATE installed_unit SET void_no = 0")
    with op.batch_alter_table("installed_unit") as batch:
        batch.alter_column("void_no", existing_type=sa.Integer(), nullable=False)
        batch.drop_constraint(op.f("uq_installed_unit_serial_no"), type_="unique")
        batch.drop_constraint(op.f("uq_installed_unit_serial_folded"), type_="unique")
        batch.drop_constraint(op.f(STATUS_CHECK), type_="check")
        batch.create_check_constraint(op.f(STATUS_CHECK), _statuses("void"))
        batch.create_check_constraint(op.f(VOID_CHECK), "(status = 'void') = (void_no > 0)")
        batch.create_unique_constraint("uq_installed_unit_serial", ["serial_folded", "void_no"])
        batch.create_index("ix_installed_unit_serial_no", ["serial_no"], unique=False)


def downgrade() -> None:
    """A void unit becomes a scrapped one, its serial number followed by its key."""
    op.execute(
        "UPDATE installed_unit SET serial_no = substr(serial_no, 1, 48) || '~' || id,"
        " serial_folded = substr(serial_folded, 1, 228) || '~' || id WHERE status = 'void'"
    )
    with op.batch_alter_table("installed_unit") as batch:
        batch.drop_constraint(op.f(VOID_CHECK), type_="check")
        batch.drop_constraint(op.f(STATUS_CHECK), type_="check")
    op.execute("UPDATE installed_unit SET status = 'scrapped' WHERE status = 'void'")
    with op.batch_alter_table("installed_unit") as batch:
        batch.drop_index("ix_installed_unit_serial_no")
        batch.drop_constraint("uq_installed_unit_serial", type_="unique")
        batch.create_check_constraint(op.f(STATUS_CHECK), _statuses())
        batch.create_unique_constraint("uq_installed_unit_serial_no", ["serial_no"])
        batch.create_unique_constraint("uq_installed_unit_serial_folded", ["serial_folded"])
        batch.drop_column("void_no")

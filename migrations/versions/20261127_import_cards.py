"""Let a run of an import bring in past repair cards."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_import_cards"
down_revision = "20261127_repairs"
branch_labels = None
depends_on = None

KINDS = ("customers", "contacts", "models", "parts", "units", "calls")
CHECK = "ck_import_run_importkind"


def _check(*more: str) -> None:
    kinds = ", ".join(repr(kind) for kind in (*KINDS, *more))
    with op.batch_alter_table("import_run") as batch:
        batch.drop_constraint(op.f(CHECK), type_="check")
        batch.create_check_constraint(op.f(CHECK), f"kind IN ({kinds})")


def upgrade() -> None:
    """Allow the kind."""
    _check("cards")


def downgrade() -> None:
    """Forbid it again; runs that brought cards stay in the register as runs of history."""
    op.execute(sa.text("UPDATE import_run SET kind = 'calls' WHERE kind = 'cards'"))
    _check()

"""Keep what is in each store beside its movements, by triggers, from the movements that are there."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_stores"
down_revision = "20261129_issued"
branch_labels = None
depends_on = None

QUANTITY = sa.Numeric(12, 3).with_variant(sa.Integer(), "sqlite")
ADD = """
    INSERT INTO stock_balance (branch_id, part_id, quantity) VALUES (NEW.branch_id, NEW.part_id, NEW.quantity)
    ON CONFLICT (branch_id, part_id) DO UPDATE SET quantity = stock_balance.quantity + excluded.quantity
"""


def upgrade() -> None:
    op.create_table(
        "stock_balance",
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("part_id", sa.Integer(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_stock_balance_branch_id_branch"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["part_id"], ["part.id"], name=op.f("fk_stock_balance_part_id_part"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("branch_id", "part_id", name=op.f("pk_stock_balance")),
    )
    op.create_index(op.f("ix_stock_balance_part_id"), "stock_balance", ["part_id"])
    op.execute(
        "INSERT INTO stock_balance (branch_id, part_id, quantity) SELECT branch_id, part_id, sum(quantity)"
        " FROM stock_movement WHERE holder_id IS NULL GROUP BY branch_id, part_id"
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER stock_movement_kept AFTER INSERT ON stock_movement WHEN NEW.holder_id IS NULL"
            f" BEGIN {ADD}; END"
        )
        return
    op.execute(
        "CREATE FUNCTION stock_movement_kept() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {ADD}; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER stock_movement_kept AFTER INSERT ON stock_movement FOR EACH ROW WHEN (NEW.holder_id IS NULL)"
        " EXECUTE FUNCTION stock_movement_kept()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER stock_movement_kept" + _on_table())
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION stock_movement_kept()")
    op.drop_table("stock_balance")


def _on_table() -> str:
    return " ON stock_movement" if op.get_bind().dialect.name == "postgresql" else ""

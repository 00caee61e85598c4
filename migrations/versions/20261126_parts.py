"""The catalogue of parts, and the movements of their stock, which are written once and never changed."""

import sqlalchemy as sa
from alembic import op

from backoffice.core import search_index

revision = "20261126_parts"
down_revision = "20261126_printing"
branch_labels = None
depends_on = None


KINDS = ("customers", "contacts", "models", "units", "calls")
KIND_CHECK = "ck_import_run_importkind"


def let_import(*kinds: str) -> None:
    """Say what a run of an import may bring in."""
    with op.batch_alter_table("import_run") as batch:
        batch.drop_constraint(op.f(KIND_CHECK), type_="check")
        batch.create_check_constraint(op.f(KIND_CHECK), f"kind IN ({', '.join(map(repr, kinds))})")


def make_append_only(table: str) -> None:
    """Let the database refuse every change of a row that is written."""
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
    )


def upgrade() -> None:
    """Make the tables, the index of the search and the triggers, and let parts be imported."""
    op.create_table(
        "part",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("code_folded", sa.String(length=240), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("spec", sa.String(length=120), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("cost_price", sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sale_price", sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("price_reason", sa.String(length=300), nullable=False),
        sa.Column("is_wear_part", sa.Boolean(), nullable=False),
        sa.Column("min_stock", sa.Numeric(12, 3).with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("search_norm", sa.Text(), server_default="", nullable=False),
        sa.Column("search_masked", sa.Text(), server_default="", nullable=False),
        sa.Column("search_grams", sa.Text(), server_default="", nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "sale_price <= cost_price OR price_reason <> ''", name=op.f("ck_part_above_cost_has_reason")
        ),
        sa.CheckConstraint("cost_price >= 0 AND sale_price >= 0", name=op.f("ck_part_prices")),
        sa.CheckConstraint("length(code) > 0", name=op.f("ck_part_has_code")),
        sa.CheckConstraint("min_stock >= 0", name=op.f("ck_part_min_stock")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_part_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_part_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
        sa.UniqueConstraint("code", name=op.f("uq_part_code")),
        sa.UniqueConstraint("code_folded", name=op.f("uq_part_code_folded")),
    )
    with op.batch_alter_table("part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_part_created_by_id"), ["created_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_part_is_active"), ["is_active"], unique=False)
        batch_op.create_index(batch_op.f("ix_part_is_wear_part"), ["is_wear_part"], unique=False)
        batch_op.create_index(batch_op.f("ix_part_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_part_spec"), ["spec"], unique=False)
        batch_op.create_index(batch_op.f("ix_part_updated_by_id"), ["updated_by_id"], unique=False)
        batch_op.create_index(
            "ix_part_with_minimum",
            ["id"],
            unique=False,
            sqlite_where=sa.text("min_stock IS NOT NULL"),
            postgresql_where=sa.text("min_stock IS NOT NULL"),
        )

    op.create_table(
        "stock_movement",
        sa.Column("part_id", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "in",
                "to_technician",
                "from_technician",
                "used",
                "returned",
                "adjusted",
                name="movementkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("quantity", sa.Numeric(12, 3).with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_cost", sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("subject_number", sa.String(length=40), nullable=False),
        sa.Column("transfer", sa.String(length=32), nullable=False),
        sa.Column("reversal_of_id", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'returned') = (reversal_of_id IS NOT NULL)", name=op.f("ck_stock_movement_returned_takes_back")
        ),
        sa.CheckConstraint(
            "(kind IN ('to_technician', 'from_technician')) = (transfer <> '')", name=op.f("ck_stock_movement_transfer")
        ),
        sa.CheckConstraint("kind <> 'adjusted' OR reason <> ''", name=op.f("ck_stock_movement_adjusted_has_reason")),
        sa.CheckConstraint(
            "kind <> 'in' OR holder_id IS NULL", name=op.f("ck_stock_movement_goods_come_into_the_store")
        ),
        sa.CheckConstraint("kind <> 'used' OR quantity < 0", name=op.f("ck_stock_movement_less")),
        sa.CheckConstraint("kind NOT IN ('in', 'returned') OR quantity > 0", name=op.f("ck_stock_movement_more")),
        sa.CheckConstraint(
            "kind NOT IN ('used', 'returned') OR subject_type <> ''", name=op.f("ck_stock_movement_used_for_a_document")
        ),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_stock_movement_moves_something")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_stock_movement_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_stock_movement_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["user.id"], name=op.f("fk_stock_movement_holder_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_stock_movement_part_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["reversal_of_id"],
            ["stock_movement.id"],
            name=op.f("fk_stock_movement_reversal_of_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_stock_movement_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
        sa.UniqueConstraint("reversal_of_id", name=op.f("uq_stock_movement_reversal_of_id")),
    )
    with op.batch_alter_table("stock_movement", schema=None) as batch_op:
        batch_op.create_index(
            "ix_stock_movement_balance", ["branch_id", "part_id", "holder_id", "quantity"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_stock_movement_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stock_movement_created_by_id"), ["created_by_id"], unique=False)
        batch_op.create_index("ix_stock_movement_holder", ["holder_id", "moved_at", "id"], unique=False)
        batch_op.create_index("ix_stock_movement_kind", ["kind", "moved_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stock_movement_moved_at"), ["moved_at"], unique=False)
        batch_op.create_index("ix_stock_movement_part", ["part_id", "moved_at", "id"], unique=False)
        batch_op.create_index("ix_stock_movement_register", ["branch_id", "moved_at", "id"], unique=False)
        batch_op.create_index("ix_stock_movement_subject", ["subject_type", "subject_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stock_movement_updated_by_id"), ["updated_by_id"], unique=False)
        batch_op.create_index(
            "uq_stock_movement_transfer",
            ["transfer", "quantity"],
            unique=True,
            sqlite_where=sa.text("transfer <> ''"),
            postgresql_where=sa.text("transfer <> ''"),
        )
    search_index.create(op.get_bind(), "part")
    make_append_only("stock_movement")
    let_import(*KINDS, "parts")


def downgrade() -> None:
    """Drop triggers, index and tables; runs that brought parts in are kept as runs of models."""
    op.execute("UPDATE import_run SET kind = 'models' WHERE kind = 'parts'")
    let_import(*KINDS)
    op.drop_table("stock_movement")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION stock_movement_is_append_only()")
    search_index.drop(op.get_bind(), "part")
    op.drop_table("part")

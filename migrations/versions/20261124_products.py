"""Create product models, fault symptoms and installed units."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_products"
down_revision = "20261124_customers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "fault_symptom",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_zh", sa.String(length=120), nullable=False),
        sa.Column(
            "family",
            sa.Enum(
                "hydraulic",
                "sealing",
                "mechanical",
                "electrical",
                "control",
                "other",
                name="symptomfamily",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_fault_symptom_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_fault_symptom_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault_symptom")),
        sa.UniqueConstraint("code", name=op.f("uq_fault_symptom_code")),
    )
    op.create_index(op.f("ix_fault_symptom_created_by_id"), "fault_symptom", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_fault_symptom_family"), "fault_symptom", ["family"], unique=False)
    op.create_index(op.f("ix_fault_symptom_updated_by_id"), "fault_symptom", ["updated_by_id"], unique=False)
    op.create_table(
        "product_model",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("code_folded", sa.String(length=240), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("series", sa.String(length=60), nullable=False),
        sa.Column("flow", sa.Double(), nullable=True),
        sa.Column("head", sa.Double(), nullable=True),
        sa.Column("power_kw", sa.Double(), nullable=True),
        sa.Column("default_warranty_months", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("default_warranty_months BETWEEN 0 AND 240", name=op.f("ck_product_model_warranty_months")),
        sa.CheckConstraint("length(code) > 0", name=op.f("ck_product_model_has_code")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_product_model_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_product_model_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_model")),
        sa.UniqueConstraint("code", name=op.f("uq_product_model_code")),
        sa.UniqueConstraint("code_folded", name=op.f("uq_product_model_code_folded")),
    )
    op.create_index(op.f("ix_product_model_created_by_id"), "product_model", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_product_model_is_active"), "product_model", ["is_active"], unique=False)
    op.create_index(op.f("ix_product_model_name"), "product_model", ["name"], unique=False)
    op.create_index(op.f("ix_product_model_series"), "product_model", ["series"], unique=False)
    op.create_index(op.f("ix_product_model_updated_by_id"), "product_model", ["updated_by_id"], unique=False)
    op.create_table(
        "installed_unit",
        sa.Column("serial_no", sa.String(length=60), nullable=False),
        sa.Column("serial_folded", sa.String(length=240), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("order_no", sa.String(length=60), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("invoice_on", sa.Date(), nullable=True),
        sa.Column("commissioned_on", sa.Date(), nullable=True),
        sa.Column("warranty_months", sa.Integer(), nullable=False),
        sa.Column("warranty_extension_days", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "in_use",
                "in_repair",
                "returned",
                "scrapped",
                name="unitstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(serial_no) > 0", name=op.f("ck_installed_unit_has_serial_no")),
        sa.CheckConstraint("warranty_extension_days BETWEEN 0 AND 3650", name=op.f("ck_installed_unit_extension_days")),
        sa.CheckConstraint("warranty_months BETWEEN 0 AND 240", name=op.f("ck_installed_unit_warranty_months")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_installed_unit_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_installed_unit_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_installed_unit_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["product_model.id"], name=op.f("fk_installed_unit_model_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_installed_unit_project_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_installed_unit_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installed_unit")),
        sa.UniqueConstraint("serial_folded", name=op.f("uq_installed_unit_serial_folded")),
        sa.UniqueConstraint("serial_no", name=op.f("uq_installed_unit_serial_no")),
    )
    op.create_index(op.f("ix_installed_unit_branch_id"), "installed_unit", ["branch_id"], unique=False)
    op.create_index(op.f("ix_installed_unit_commissioned_on"), "installed_unit", ["commissioned_on"], unique=False)
    op.create_index(op.f("ix_installed_unit_created_by_id"), "installed_unit", ["created_by_id"], unique=False)
    op.create_index("ix_installed_unit_customer", "installed_unit", ["customer_id", "id"], unique=False)
    op.create_index(op.f("ix_installed_unit_delivered_on"), "installed_unit", ["delivered_on"], unique=False)
    op.create_index(op.f("ix_installed_unit_model_id"), "installed_unit", ["model_id"], unique=False)
    op.create_index(op.f("ix_installed_unit_order_no"), "installed_unit", ["order_no"], unique=False)
    op.create_index(op.f("ix_installed_unit_project_id"), "installed_unit", ["project_id"], unique=False)
    op.create_index("ix_installed_unit_register", "installed_unit", ["branch_id", "id"], unique=False)
    op.create_index(op.f("ix_installed_unit_status"), "installed_unit", ["status"], unique=False)
    op.create_index(op.f("ix_installed_unit_updated_by_id"), "installed_unit", ["updated_by_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(op.f("ix_installed_unit_updated_by_id"), table_name="installed_unit")
    op.drop_index(op.f("ix_installed_unit_status"), table_name="installed_unit")
    op.drop_index("ix_installed_unit_register", table_name="installed_unit")
    op.drop_index(op.f("ix_installed_unit_project_id"), table_name="installed_unit")
    op.drop_index(op.f("ix_installed_unit_order_no"), table_name="installed_unit")
    op.drop_index(op.f("ix_installed_unit_model_id"), table_name="installed_unit")
    op.drop_index(op.f("ix_installed_unit_delivered_on"), table_name="installed_unit")
    op.drop_index("ix_installed_unit_customer", table_name="installed_unit")
    op.drop_index(op.f("ix_installed_unit_created_by_id"), table_name="installed_unit")
    op.drop_index(op.f("ix_installed_unit_commissioned_on"), table_name="installed_unit")
    op.drop_index(op.f("ix_installed_unit_branch_id"), table_name="installed_unit")
    op.drop_table("installed_unit")
    op.drop_index(op.f("ix_product_model_updated_by_id"), table_name="product_model")
    op.drop_index(op.f("ix_product_model_series"), table_name="product_model")
    op.drop_index(op.f("ix_product_model_name"), table_name="product_model")
    op.drop_index(op.f("ix_product_model_is_active"), table_name="product_model")
    op.drop_index(op.f("ix_product_model_created_by_id"), table_name="product_model")
    op.drop_table("product_model")
    op.drop_index(op.f("ix_fault_symptom_updated_by_id"), table_name="fault_symptom")
    op.drop_index(op.f("ix_fault_symptom_family"), table_name="fault_symptom")
    op.drop_index(op.f("ix_fault_symptom_created_by_id"), table_name="fault_symptom")
    op.drop_table("fault_symptom")

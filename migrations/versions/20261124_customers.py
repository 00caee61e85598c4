"""Create customers, contacts and projects."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_customers"
down_revision = "20261124_foundation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "customer",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("former_number", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_folded", sa.String(length=240), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "company",
                "individual",
                "farmer",
                name="customerkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("phone_digits", sa.String(length=30), nullable=False),
        sa.Column("phone_reversed", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("invoice_title", sa.String(length=120), nullable=False),
        sa.Column("bank_name", sa.String(length=120), nullable=False),
        sa.Column("bank_account", sa.String(length=40), nullable=False),
        sa.Column("invoice_email", sa.String(length=120), nullable=False),
        sa.Column("default_salesperson_id", sa.Integer(), nullable=True),
        sa.Column("is_overseas", sa.Boolean(), nullable=False),
        sa.Column("privacy_notice_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("credit_code = '' OR length(credit_code) = 18", name=op.f("ck_customer_credit_code_length")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_customer_has_name")),
        sa.ForeignKeyConstraint(
            ["area_id"], ["service_area.id"], name=op.f("fk_customer_area_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_customer_branch_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_customer_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["default_salesperson_id"],
            ["user.id"],
            name=op.f("fk_customer_default_salesperson_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_customer_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("number", name=op.f("uq_customer_number")),
    )
    op.create_index(op.f("ix_customer_area_id"), "customer", ["area_id"], unique=False)
    op.create_index(op.f("ix_customer_branch_id"), "customer", ["branch_id"], unique=False)
    op.create_index(op.f("ix_customer_created_by_id"), "customer", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_customer_credit_code"), "customer", ["credit_code"], unique=False)
    op.create_index(op.f("ix_customer_default_salesperson_id"), "customer", ["default_salesperson_id"], unique=False)
    op.create_index(op.f("ix_customer_former_number"), "customer", ["former_number"], unique=False)
    op.create_index(op.f("ix_customer_is_active"), "customer", ["is_active"], unique=False)
    op.create_index(op.f("ix_customer_kind"), "customer", ["kind"], unique=False)
    op.create_index(op.f("ix_customer_name"), "customer", ["name"], unique=False)
    op.create_index(op.f("ix_customer_name_folded"), "customer", ["name_folded"], unique=False)
    op.create_index("ix_customer_name_in_branch", "customer", ["branch_id", "name_folded"], unique=False)
    op.create_index(op.f("ix_customer_phone_digits"), "customer", ["phone_digits"], unique=False)
    op.create_index(op.f("ix_customer_phone_reversed"), "customer", ["phone_reversed"], unique=False)
    op.create_index("ix_customer_register", "customer", ["branch_id", "id"], unique=False)
    op.create_index(op.f("ix_customer_updated_by_id"), "customer", ["updated_by_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("phone_digits", sa.String(length=30), nullable=False),
        sa.Column("phone_reversed", sa.String(length=30), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_contact_branch_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_contact_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_contact_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_contact_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_branch_id"), "contact", ["branch_id"], unique=False)
    op.create_index(op.f("ix_contact_created_by_id"), "contact", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_contact_customer_id"), "contact", ["customer_id"], unique=False)
    op.create_index(op.f("ix_contact_phone_digits"), "contact", ["phone_digits"], unique=False)
    op.create_index(op.f("ix_contact_phone_reversed"), "contact", ["phone_reversed"], unique=False)
    op.create_index(op.f("ix_contact_updated_by_id"), "contact", ["updated_by_id"], unique=False)
    op.create_index(
        "uq_contact_primary",
        "contact",
        ["customer_id"],
        unique=True,
        sqlite_where=sa.text("is_primary"),
        postgresql_where=sa.text("is_primary"),
    )
    op.create_table(
        "project",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("site_address", sa.String(length=200), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("responsible_user_id", sa.Integer(), nullable=False),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_project_has_name")),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_project_area_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_project_branch_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_project_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_project_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["responsible_user_id"], ["user.id"], name=op.f("fk_project_responsible_user_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_project_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("number", name=op.f("uq_project_number")),
    )
    op.create_index(op.f("ix_project_area_id"), "project", ["area_id"], unique=False)
    op.create_index(op.f("ix_project_branch_id"), "project", ["branch_id"], unique=False)
    op.create_index(op.f("ix_project_created_by_id"), "project", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_project_customer_id"), "project", ["customer_id"], unique=False)
    op.create_index(op.f("ix_project_is_active"), "project", ["is_active"], unique=False)
    op.create_index(op.f("ix_project_name"), "project", ["name"], unique=False)
    op.create_index("ix_project_register", "project", ["branch_id", "id"], unique=False)
    op.create_index(op.f("ix_project_responsible_user_id"), "project", ["responsible_user_id"], unique=False)
    op.create_index(op.f("ix_project_updated_by_id"), "project", ["updated_by_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(op.f("ix_project_updated_by_id"), table_name="project")
    op.drop_index(op.f("ix_project_responsible_user_id"), table_name="project")
    op.drop_index("ix_project_register", table_name="project")
    op.drop_index(op.f("ix_project_name"), table_name="project")
    op.drop_index(op.f("ix_project_is_active"), table_name="project")
    op.drop_index(op.f("ix_project_customer_id"), table_name="project")
    op.drop_index(op.f("ix_project_created_by_id"), table_name="project")
    op.drop_index(op.f("ix_project_branch_id"), table_name="project")
    op.drop_index(op.f("ix_project_area_id"), table_name="project")
    op.drop_table("project")
    op.drop_index(
        "uq_contact_primary",
        table_name="contact",
        sqlite_where=sa.text("is_primary"),
        postgresql_where=sa.text("is_primary"),
    )
    op.drop_index(op.f("ix_contact_updated_by_id"), table_name="contact")
    op.drop_index(op.f("ix_contact_phone_reversed"), table_name="contact")
    op.drop_index(op.f("ix_contact_phone_digits"), table_name="contact")
    op.drop_index(op.f("ix_contact_customer_id"), table_name="contact")
    op.drop_index(op.f("ix_contact_created_by_id"), table_name="contact")
    op.drop_index(op.f("ix_contact_branch_id"), table_name="contact")
    op.drop_table("contact")
    op.drop_index(op.f("ix_customer_updated_by_id"), table_name="customer")
    op.drop_index("ix_customer_register", table_name="customer")
    op.drop_index(op.f("ix_customer_phone_reversed"), table_name="customer")
    op.drop_index(op.f("ix_customer_phone_digits"), table_name="customer")
    op.drop_index("ix_customer_name_in_branch", table_name="customer")
    op.drop_index(op.f("ix_customer_name_folded"), table_name="customer")
    op.drop_index(op.f("ix_customer_name"), table_name="customer")
    op.drop_index(op.f("ix_customer_kind"), table_name="customer")
    op.drop_index(op.f("ix_customer_is_active"), table_name="customer")
    op.drop_index(op.f("ix_customer_former_number"), table_name="customer")
    op.drop_index(op.f("ix_customer_default_salesperson_id"), table_name="customer")
    op.drop_index(op.f("ix_customer_credit_code"), table_name="customer")
    op.drop_index(op.f("ix_customer_created_by_id"), table_name="customer")
    op.drop_index(op.f("ix_customer_branch_id"), table_name="customer")
    op.drop_index(op.f("ix_customer_area_id"), table_name="customer")
    op.drop_table("customer")

"""Create saved filters and what people choose about them."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_saved_filters"
down_revision = "20261124_lists"
branch_labels = None
depends_on = None

BRANCH_DEFAULT = sa.text("visibility = 'branch' AND default_role IS NOT NULL")
COMPANY_DEFAULT = sa.text("visibility = 'company' AND default_role IS NOT NULL")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "saved_filter",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=4000), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum("private", "branch", "company", name="visibility", native_enum=False, create_constraint=True,
                    length=40),
            nullable=False,
        ),
        sa.Column(
            "default_role",
            sa.Enum("assistant", "finance", "technician", "supervisor", "manager", "sales", "admin", name="role",
                    native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_saved_filter_has_name")),
        sa.CheckConstraint("default_role IS NULL OR visibility <> 'private'",
                           name=op.f("ck_saved_filter_role_default_is_shared")),
        sa.CheckConstraint("default_role IS NULL OR is_active", name=op.f("ck_saved_filter_role_default_is_active")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_saved_filter_branch_id"),
                                ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_saved_filter_created_by_id"),
                                ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_saved_filter_owner_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["updated_by_id"], ["user.id"], name=op.f("fk_saved_filter_updated_by_id"),
                                ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    with op.batch_alter_table("saved_filter") as batch:
        for column in ("branch_id", "created_by_id", "owner_id", "updated_by_id"):
            batch.create_index(batch.f(f"ix_saved_filter_{column}"), [column], unique=False)
        batch.create_index("ix_saved_filter_register", ["register", "visibility"], unique=False)
        batch.create_index("uq_saved_filter_name", ["owner_id", "register", "name"], unique=True,
                           sqlite_where=sa.text("is_active"), postgresql_where=sa.text("is_active"))
        batch.create_index("uq_saved_filter_branch_default", ["register", "branch_id", "default_role"], unique=True,
                           sqlite_where=BRANCH_DEFAULT, postgresql_where=BRANCH_DEFAULT)
        batch.create_index("uq_saved_filter_company_default", ["register", "default_role"], unique=True,
                           sqlite_where=COMPANY_DEFAULT, postgresql_where=COMPANY_DEFAULT)
    op.create_table(
        "saved_filter_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("saved_filter_id", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(length=60), nullable=False),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["saved_filter_id"], ["saved_filter.id"],
                                name=op.f("fk_saved_filter_choice_saved_filter_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_saved_filter_choice_user_id"),
                                ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter_choice")),
        sa.UniqueConstraint("user_id", "saved_filter_id", name="uq_saved_filter_choice"),
    )
    with op.batch_alter_table("saved_filter_choice") as batch:
        batch.create_index(batch.f("ix_saved_filter_choice_saved_filter_id"), ["saved_filter_id"], unique=False)
        batch.create_index("uq_saved_filter_choice_default", ["user_id", "register"], unique=True,
                           sqlite_where=sa.text("is_default"), postgresql_where=sa.text("is_default"))


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("saved_filter_choice")
    op.drop_table("saved_filter")

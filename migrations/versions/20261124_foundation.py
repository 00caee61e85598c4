"""Create the kernel's tables, settings and organisation."""

import sqlalchemy as sa
from alembic import op

#: Trails that nobody may rewrite: the database itself refuses UPDATE and DELETE.
APPEND_ONLY = ("audit_entry", "pii_access")


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


revision = "20261124_foundation"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "login_failure",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_login_failure")),
    )
    op.create_index(op.f("ix_login_failure_started_at"), "login_failure", ["started_at"], unique=False)
    op.create_table(
        "number_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=20), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("document", "branch_id", "period", name="uq_number_series_key"),
    )
    op.create_table(
        "user",
        sa.Column("username", sa.String(length=40), nullable=False),
        sa.Column("real_name", sa.String(length=80), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "assistant",
                "finance",
                "technician",
                "supervisor",
                "manager",
                "sales",
                "admin",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("skills", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("certificate_no", sa.String(length=60), nullable=False),
        sa.Column("locale", sa.String(length=12), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_user_branch_id"), ondelete="RESTRICT", use_alter=True
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_user_created_by_id"), ondelete="RESTRICT", use_alter=True
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_user_updated_by_id"), ondelete="RESTRICT", use_alter=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("username", name=op.f("uq_user_username")),
    )
    op.create_index(op.f("ix_user_branch_id"), "user", ["branch_id"], unique=False)
    op.create_index(op.f("ix_user_created_by_id"), "user", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_user_is_active"), "user", ["is_active"], unique=False)
    op.create_index(op.f("ix_user_real_name"), "user", ["real_name"], unique=False)
    op.create_index(op.f("ix_user_role"), "user", ["role"], unique=False)
    op.create_index(op.f("ix_user_updated_by_id"), "user", ["updated_by_id"], unique=False)
    op.create_table(
        "branch",
        sa.Column("code", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "headquarters",
                "branch",
                "office",
                name="branchkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("city", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("service_department_name", sa.String(length=60), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_branch_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["branch.id"], name=op.f("fk_branch_parent_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_branch_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
        sa.UniqueConstraint("code", name=op.f("uq_branch_code")),
    )
    op.create_index(op.f("ix_branch_created_by_id"), "branch", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_branch_is_active"), "branch", ["is_active"], unique=False)
    op.create_index(op.f("ix_branch_kind"), "branch", ["kind"], unique=False)
    op.create_index(op.f("ix_branch_name"), "branch", ["name"], unique=False)
    op.create_index(op.f("ix_branch_parent_id"), "branch", ["parent_id"], unique=False)
    op.create_index(op.f("ix_branch_updated_by_id"), "branch", ["updated_by_id"], unique=False)
    op.create_table(
        "holiday",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("day_off", "workday", name="holidaykind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_holiday_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_holiday_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday")),
        sa.UniqueConstraint("on", name=op.f("uq_holiday_on")),
    )
    op.create_index(op.f("ix_holiday_created_by_id"), "holiday", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_holiday_is_active"), "holiday", ["is_active"], unique=False)
    op.create_index(op.f("ix_holiday_kind"), "holiday", ["kind"], unique=False)
    op.create_index(op.f("ix_holiday_updated_by_id"), "holiday", ["updated_by_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("params", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notice_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(
        "ix_notice_unread",
        "notice",
        ["user_id", "id"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
        sqlite_where=sa.text("read_at IS NULL"),
    )
    op.create_index(op.f("ix_notice_user_id"), "notice", ["user_id"], unique=False)
    op.create_table(
        "pii_access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_pii_access_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pii_access")),
    )
    op.create_index(op.f("ix_pii_access_at"), "pii_access", ["at"], unique=False)
    op.create_index("ix_pii_access_subject", "pii_access", ["subject_type", "subject_id", "id"], unique=False)
    op.create_index(op.f("ix_pii_access_user_id"), "pii_access", ["user_id"], unique=False)
    op.create_table(
        "setting",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(value) > 0", name=op.f("ck_setting_value_given")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_setting_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_setting_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting")),
        sa.UniqueConstraint("key", name=op.f("uq_setting_key")),
    )
    op.create_index(op.f("ix_setting_created_by_id"), "setting", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_setting_updated_by_id"), "setting", ["updated_by_id"], unique=False)
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("location", sa.String(length=500), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_submission_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("user_id", "key", name="uq_submission_user_key"),
    )
    op.create_index(op.f("ix_submission_created_at"), "submission", ["created_at"], unique=False)
    op.create_table(
        "user_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_session_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
    )
    op.create_index(op.f("ix_user_session_expires_at"), "user_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "absence",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("from_on <= to_on", name=op.f("ck_absence_range")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_absence_branch_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_absence_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_absence_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_absence_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_branch_id"), "absence", ["branch_id"], unique=False)
    op.create_index(op.f("ix_absence_created_by_id"), "absence", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_absence_from_on"), "absence", ["from_on"], unique=False)
    op.create_index(op.f("ix_absence_to_on"), "absence", ["to_on"], unique=False)
    op.create_index(op.f("ix_absence_updated_by_id"), "absence", ["updated_by_id"], unique=False)
    op.create_index(op.f("ix_absence_user_id"), "absence", ["user_id"], unique=False)
    op.create_index("ix_absence_user_range", "absence", ["user_id", "from_on", "to_on"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "photo",
                "scan",
                "signature",
                "other",
                name="attachmentkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stored_name", sa.String(length=80), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_attachment_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_attachment_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_attachment_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("stored_name", name=op.f("uq_attachment_stored_name")),
    )
    op.create_index(op.f("ix_attachment_branch_id"), "attachment", ["branch_id"], unique=False)
    op.create_index(op.f("ix_attachment_created_by_id"), "attachment", ["created_by_id"], unique=False)
    op.create_index("ix_attachment_subject", "attachment", ["subject_type", "subject_id"], unique=False)
    op.create_index(op.f("ix_attachment_updated_by_id"), "attachment", ["updated_by_id"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("on_behalf_of_id", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("changes", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_audit_entry_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["on_behalf_of_id"], ["user.id"], name=op.f("fk_audit_entry_on_behalf_of_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_audit_entry_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_act"), "audit_entry", ["act"], unique=False)
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_index("ix_audit_entry_branch", "audit_entry", ["branch_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_entry_on_behalf_of_id"), "audit_entry", ["on_behalf_of_id"], unique=False)
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject_type", "subject_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_entry_user_id"), "audit_entry", ["user_id"], unique=False)
    op.create_table(
        "delegation",
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("from_on <= to_on", name=op.f("ck_delegation_range")),
        sa.CheckConstraint("principal_id <> deputy_id", name=op.f("ck_delegation_two_people")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_delegation_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_delegation_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["deputy_id"], ["user.id"], name=op.f("fk_delegation_deputy_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["user.id"], name=op.f("fk_delegation_principal_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_delegation_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index(op.f("ix_delegation_branch_id"), "delegation", ["branch_id"], unique=False)
    op.create_index(op.f("ix_delegation_created_by_id"), "delegation", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_delegation_deputy_id"), "delegation", ["deputy_id"], unique=False)
    op.create_index("ix_delegation_deputy_range", "delegation", ["deputy_id", "from_on", "to_on"], unique=False)
    op.create_index(op.f("ix_delegation_from_on"), "delegation", ["from_on"], unique=False)
    op.create_index(op.f("ix_delegation_principal_id"), "delegation", ["principal_id"], unique=False)
    op.create_index(op.f("ix_delegation_to_on"), "delegation", ["to_on"], unique=False)
    op.create_index(op.f("ix_delegation_updated_by_id"), "delegation", ["updated_by_id"], unique=False)
    op.create_table(
        "service_area",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "zone",
            sa.Enum("city", "suburb", "intercity", name="zone", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("region_code", sa.String(length=6), nullable=True),
        sa.Column("dispatch_limit_min", sa.Integer(), nullable=False),
        sa.Column("arrival_limit_min", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("arrival_limit_min > 0", name=op.f("ck_service_area_arrival_limit_positive")),
        sa.CheckConstraint("dispatch_limit_min > 0", name=op.f("ck_service_area_dispatch_limit_positive")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_service_area_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_service_area_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_service_area_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_area")),
        sa.UniqueConstraint("branch_id", "region_code", name="uq_service_area_region"),
    )
    op.create_index(op.f("ix_service_area_branch_id"), "service_area", ["branch_id"], unique=False)
    op.create_index(op.f("ix_service_area_created_by_id"), "service_area", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_service_area_is_active"), "service_area", ["is_active"], unique=False)
    op.create_index(op.f("ix_service_area_name"), "service_area", ["name"], unique=False)
    op.create_index(op.f("ix_service_area_updated_by_id"), "service_area", ["updated_by_id"], unique=False)
    op.create_index(op.f("ix_service_area_zone"), "service_area", ["zone"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        # users and branches point to each other: the keys that close the circle come last
        for column, target in (("branch_id", "branch"), ("created_by_id", "user"), ("updated_by_id", "user")):
            op.create_foreign_key(f"fk_user_{column}", "user", target, [column], ["id"], ondelete="RESTRICT")
    for table in APPEND_ONLY:
        make_append_only(table)


def downgrade() -> None:
    """Drop the tables."""
    if op.get_bind().dialect.name == "postgresql":
        for column in ("branch_id", "created_by_id", "updated_by_id"):
            op.drop_constraint(f"fk_user_{column}", "user", type_="foreignkey")
        for table in APPEND_ONLY:
            op.execute(f"DROP FUNCTION {table}_is_append_only() CASCADE")
    op.drop_index(op.f("ix_service_area_zone"), table_name="service_area")
    op.drop_index(op.f("ix_service_area_updated_by_id"), table_name="service_area")
    op.drop_index(op.f("ix_service_area_name"), table_name="service_area")
    op.drop_index(op.f("ix_service_area_is_active"), table_name="service_area")
    op.drop_index(op.f("ix_service_area_created_by_id"), table_name="service_area")
    op.drop_index(op.f("ix_service_area_branch_id"), table_name="service_area")
    op.drop_table("service_area")
    op.drop_index(op.f("ix_delegation_updated_by_id"), table_name="delegation")
    op.drop_index(op.f("ix_delegation_to_on"), table_name="delegation")
    op.drop_index(op.f("ix_delegation_principal_id"), table_name="delegation")
    op.drop_index(op.f("ix_delegation_from_on"), table_name="delegation")
    op.drop_index("ix_delegation_deputy_range", table_name="delegation")
    op.drop_index(op.f("ix_delegation_deputy_id"), table_name="delegation")
    op.drop_index(op.f("ix_delegation_created_by_id"), table_name="delegation")
    op.drop_index(op.f("ix_delegation_branch_id"), table_name="delegation")
    op.drop_table("delegation")
    op.drop_index(op.f("ix_audit_entry_user_id"), table_name="audit_entry")
    op.drop_index("ix_audit_entry_subject", table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_on_behalf_of_id"), table_name="audit_entry")
    op.drop_index("ix_audit_entry_branch", table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_at"), table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_act"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_index(op.f("ix_attachment_updated_by_id"), table_name="attachment")
    op.drop_index("ix_attachment_subject", table_name="attachment")
    op.drop_index(op.f("ix_attachment_created_by_id"), table_name="attachment")
    op.drop_index(op.f("ix_attachment_branch_id"), table_name="attachment")
    op.drop_table("attachment")
    op.drop_index("ix_absence_user_range", table_name="absence")
    op.drop_index(op.f("ix_absence_user_id"), table_name="absence")
    op.drop_index(op.f("ix_absence_updated_by_id"), table_name="absence")
    op.drop_index(op.f("ix_absence_to_on"), table_name="absence")
    op.drop_index(op.f("ix_absence_from_on"), table_name="absence")
    op.drop_index(op.f("ix_absence_created_by_id"), table_name="absence")
    op.drop_index(op.f("ix_absence_branch_id"), table_name="absence")
    op.drop_table("absence")
    op.drop_index(op.f("ix_user_session_user_id"), table_name="user_session")
    op.drop_index(op.f("ix_user_session_expires_at"), table_name="user_session")
    op.drop_table("user_session")
    op.drop_index(op.f("ix_submission_created_at"), table_name="submission")
    op.drop_table("submission")
    op.drop_index(op.f("ix_setting_updated_by_id"), table_name="setting")
    op.drop_index(op.f("ix_setting_created_by_id"), table_name="setting")
    op.drop_table("setting")
    op.drop_index(op.f("ix_pii_access_user_id"), table_name="pii_access")
    op.drop_index("ix_pii_access_subject", table_name="pii_access")
    op.drop_index(op.f("ix_pii_access_at"), table_name="pii_access")
    op.drop_table("pii_access")
    op.drop_index(op.f("ix_notice_user_id"), table_name="notice")
    op.drop_index(
        "ix_notice_unread",
        table_name="notice",
        postgresql_where=sa.text("read_at IS NULL"),
        sqlite_where=sa.text("read_at IS NULL"),
    )
    op.drop_table("notice")
    op.drop_index(op.f("ix_holiday_updated_by_id"), table_name="holiday")
    op.drop_index(op.f("ix_holiday_kind"), table_name="holiday")
    op.drop_index(op.f("ix_holiday_is_active"), table_name="holiday")
    op.drop_index(op.f("ix_holiday_created_by_id"), table_name="holiday")
    op.drop_table("holiday")
    op.drop_index(op.f("ix_branch_updated_by_id"), table_name="branch")
    op.drop_index(op.f("ix_branch_parent_id"), table_name="branch")
    op.drop_index(op.f("ix_branch_name"), table_name="branch")
    op.drop_index(op.f("ix_branch_kind"), table_name="branch")
    op.drop_index(op.f("ix_branch_is_active"), table_name="branch")
    op.drop_index(op.f("ix_branch_created_by_id"), table_name="branch")
    op.drop_table("branch")
    op.drop_index(op.f("ix_user_updated_by_id"), table_name="user")
    op.drop_index(op.f("ix_user_role"), table_name="user")
    op.drop_index(op.f("ix_user_real_name"), table_name="user")
    op.drop_index(op.f("ix_user_is_active"), table_name="user")
    op.drop_index(op.f("ix_user_created_by_id"), table_name="user")
    op.drop_index(op.f("ix_user_branch_id"), table_name="user")
    op.drop_table("user")
    op.drop_table("number_series")
    op.drop_index(op.f("ix_login_failure_started_at"), table_name="login_failure")
    op.drop_table("login_failure")
